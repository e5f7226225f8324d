// Pages of files leave the cache: the file shrinks or gets a hole, its cache is dropped, or reclaim takes them.

import { beforeEach, describe, expect, test } from "vitest";
import type { File, Kernel, Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { machine, swapOut } from "./machine.js";

let kernel: Kernel;
let process: Process;
let file: File;

beforeEach(async () => {
  ({ kernel, process } = await machine());
  file = kernel.createFile({ pages: 4, word: 100 });
});

describe("truncation", () => {
  test("takes cached pages and private copies beyond the end, and leaves those before it", () => {
    lay(process, 0, 4, { file, shared: true });
    lay(process, 8, 4, { file });
    for (const i of [0, 1, 2, 3]) process.read(at(i));
    for (const i of [9, 10]) process.write(at(i), i);
    file.truncate(2);
    expect(process.pages().map(({ address }) => address)).toEqual([at(0), at(1), at(9)]);
    expect(process.rss).toEqual({ anon: 1, file: 2, swap: 0 });
    expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 2, nr_anon_pages: 1 });
    expectHealthy(kernel);
  });

  test("throws dirty pages away unwritten, and what the disk had: growing again shows zeroes", () => {
    file.write(2, 7);
    file.writeback();
    file.write(3, 8);
    file.truncate(2);
    expect(kernel.vmstat()).toMatchObject({ nr_dirty: 0, nr_file_pages: 0 });
    expect(file.writeback()).toBe(0);
    file.truncate(4);
    expect([0, 1, 2, 3].map((i) => file.read(i))).toEqual([100, 101, 0, 0]);
    expectHealthy(kernel);
  });

  test("a page that the file has lost is nobody's: not anonymous either", () => {
    file.read(1);
    lay(process, 0, 2, { file, shared: true });
    process.read(at(1));
    const page = pageAt(process, 1);
    kernel.pin(page);
    file.truncate(0);
    expect(page).toMatchObject({ anon: false, inode: 0, mapcount: 0 });
    kernel.unpin(page);
  });

  test("a page that somebody holds is no longer the file's, and is free when it is let go", () => {
    lay(process, 0, 4, { file, shared: true });
    process.write(at(3), 7);
    const page = pageAt(process, 3);
    kernel.pin(page);
    file.truncate(3);
    expect(page).toMatchObject({ mapcount: 0, refcount: 1, inode: 0, word: 7, buffers: false });
    kernel.unpin(page);
    expect(codeOf(() => page.word)).toBe("ESTALE");
    expect(kernel.vmstat().nr_free_pages).toBe(64);
    expectHealthy(kernel);
  });
});

describe("a hole", () => {
  test("takes the cached page from all who map it: they read zero, the size stays", () => {
    const other = kernel.spawn();
    lay(process, 0, 4, { file, shared: true });
    lay(other, 0, 4, { file, prot: "r" });
    process.write(at(1), 7);
    for (const one of [process, other]) for (const i of [0, 1, 2]) one.read(at(i));
    const page = pageAt(process, 1);
    file.punchHole(1, 1);
    expect(codeOf(() => page.word)).toBe("ESTALE");
    expect([process.rss.file, other.rss.file]).toEqual([2, 2]);
    expect([0, 1, 2].map((i) => other.read(at(i)))).toEqual([100, 0, 102]);
    expect(file.pages).toBe(4);
    expectHealthy(kernel);
  });

  test("leaves private copies, in memory and in swap", () => {
    lay(process, 0, 4, { file });
    for (const i of [0, 1, 2]) process.write(at(i), i);
    process.read(at(3));
    swapOut(kernel, process, [1]);
    file.punchHole(0, 4);
    expect(process.rss).toEqual({ anon: 2, file: 0, swap: 1 });
    expect([0, 1, 2, 3].map((i) => process.read(at(i)))).toEqual([0, 1, 2, 0]);
    expectHealthy(kernel);
  });

  test("is a hole on the disk too, whatever had been written there", () => {
    for (const i of [0, 1, 2]) file.write(i, 7);
    file.writeback();
    file.write(1, 8);
    file.punchHole(1, 1);
    expect(kernel.vmstat().nr_dirty).toBe(0);
    file.writeback();
    file.invalidate(0, 4);
    expect([0, 1, 2, 3].map((i) => file.read(i))).toEqual([7, 0, 7, 103]);
    file.write(1, 9);
    expect(file.read(1)).toBe(9);
    expectHealthy(kernel);
  });

  test("ends where the file ends", () => {
    file.punchHole(3, 10);
    file.punchHole(8, 1);
    expect(file.pages).toBe(4);
    expect([2, 3, 4].map((i) => file.read(i))).toEqual([102, 0, 0]);
  });
});

describe("invalidation of idle pages", () => {
  test("drops clean ones that nobody maps or holds, and counts them", () => {
    lay(process, 0, 4, { file, shared: true, prot: "r" });
    file.write(0, 7);
    process.read(at(1));
    process.read(at(2));
    const held = pageAt(process, 2);
    kernel.pin(held);
    process.munmap(at(2), PAGE);
    file.read(3);
    // Dirty, mapped and held ones stay; the fourth goes.
    expect(file.invalidate(0, 4)).toBe(1);
    expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 3, nr_dirty: 1, nr_mapped: 1 });
    expect(held.inode).toBe(file.inode);
    kernel.unpin(held);
    expect(file.invalidate(0, 4)).toBe(1);
    expectHealthy(kernel);
  });

  test("takes buffers along, of a page that was written back", () => {
    file.write(0, 7);
    file.writeback();
    expect(file.invalidate(0, 1)).toBe(1);
    expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 0, nr_free_pages: 64 });
  });

  test("leaves what is under writeback", () => {
    file.write(0, 7);
    kernel.holdIo(true);
    file.writeback();
    expect(file.invalidate(0, 1)).toBe(0);
    expect(kernel.vmstat().nr_writeback).toBe(1);
    kernel.holdIo(false);
    expect(file.invalidate(0, 1)).toBe(1);
    expectHealthy(kernel);
  });

  test("stays within its range", () => {
    for (const i of [0, 1, 2, 3]) file.read(i);
    expect(file.invalidate(1, 2)).toBe(2);
    expect(kernel.vmstat().nr_file_pages).toBe(2);
  });
});

describe("invalidation of all pages", () => {
  test("unmaps them first, everywhere; private copies stay", () => {
    const other = kernel.spawn();
    lay(process, 0, 4, { file, shared: true });
    lay(other, 0, 4, { file });
    for (const one of [process, other]) one.read(at(0));
    other.write(at(1), 7);
    expect(file.invalidate(0, 4, "all")).toBe(2);
    expect([process.rss, other.rss]).toEqual([
      { anon: 0, file: 0, swap: 0 },
      { anon: 1, file: 0, swap: 0 },
    ]);
    expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 0, nr_mapped: 0 });
    expect([process.read(at(0)), other.read(at(0)), other.read(at(1))]).toEqual([100, 100, 7]);
    expectHealthy(kernel);
  });

  test("a dirty page stays, unmapped: EBUSY, and the clean ones are gone", () => {
    lay(process, 0, 4, { file, shared: true });
    process.write(at(1), 7);
    for (const i of [0, 2]) process.read(at(i));
    expect(codeOf(() => file.invalidate(0, 4, "all"))).toBe("EBUSY");
    expect(process.rss.file).toBe(0);
    expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 1, nr_dirty: 1 });
    file.writeback();
    expect(file.invalidate(0, 4, "all")).toBe(1);
    expect(file.read(1)).toBe(7);
    expectHealthy(kernel);
  });

  test.each(["tmpfs", "ramfs"] as const)(
    "a dirty page of a %s stays: it is nowhere else",
    (kind) => {
      const memory = kernel.createFile({ pages: 1, kind });
      memory.write(0, 7);
      expect(memory.invalidate(0, 1)).toBe(0);
      expect(codeOf(() => memory.invalidate(0, 1, "all"))).toBe("EBUSY");
      expect(memory.read(0)).toBe(7);
      expectHealthy(kernel);
    },
  );

  test("a page that somebody holds goes all the same: only whoever holds it still has it", () => {
    lay(process, 0, 1, { file, shared: true, prot: "r" });
    process.read(at(0));
    const page = pageAt(process, 0);
    kernel.pin(page);
    expect(file.invalidate(0, 1, "all")).toBe(1);
    expect(page).toMatchObject({ mapcount: 0, inode: 0, refcount: 1, word: 100 });
    process.read(at(0));
    expect(pageAt(process, 0).frame).not.toBe(page.frame);
    kernel.unpin(page);
    expectHealthy(kernel);
  });
});

describe("reclaim", () => {
  test("leaves ramfs alone: its pages are found, and put where they are not looked for again", () => {
    const ram = kernel.createFile({ pages: 4, kind: "ramfs" });
    lay(process, 0, 4, { file: ram, shared: true });
    for (const i of [0, 1, 2, 3]) process.write(at(i), i);
    expect(kernel.reclaim(64, { background: true })).toBe(0);
    expect(process.rss.file).toBe(4);
    expect(kernel.vmstat()).toMatchObject({ nr_unevictable: 4, unevictable_pgs_culled: 4 });
    const scanned = kernel.vmstat().pgscan_kswapd;
    kernel.reclaim(64, { background: true });
    expect(kernel.vmstat().pgscan_kswapd).toBe(scanned);
    expectHealthy(kernel);
  });

  test("of tmpfs can only free holes: what was written is nowhere else", () => {
    const memory = kernel.createFile({ pages: 2, kind: "tmpfs", word: 0 });
    lay(process, 8, 2, { file: memory, shared: true });
    // Page 0 has never been written, page 1 begins with a word.
    const fates = [8, 9].map((i) => {
      process.read(at(i));
      return kernel.shrinkPage(pageAt(process, i), { force: true });
    });
    expect(fates).toEqual(["reclaimed", "activated"]);
    expect(process.read(at(9))).toBe(1);
    expectHealthy(kernel);
  });

  test("takes buffers and page together, once they are clean", () => {
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 7);
    file.writeback();
    const page = pageAt(process, 0);
    expect(page).toMatchObject({ buffers: true, refcount: 3 });
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 0, nr_free_pages: 64 });
    expect(process.read(at(0))).toBe(7);
    // What was read is not yet written to: it has no buffers.
    expect(pageAt(process, 0).buffers).toBe(false);
    expectHealthy(kernel);
  });

  test("buffers of a dirty page stay; of a clean one they go, with their reference", () => {
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 7);
    const page = pageAt(process, 0);
    expect(kernel.releaseBuffers(page)).toBe(false);
    expect(page.buffers).toBe(true);
    file.writeback();
    expect(kernel.releaseBuffers(page)).toBe(true);
    expect(page).toMatchObject({ buffers: false, refcount: 2, mapcount: 1 });
    process.write(at(0), 8);
    expect(page).toMatchObject({ buffers: true, dirty: true });
    expectHealthy(kernel);
  });
});
