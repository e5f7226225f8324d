// memory_failure: what becomes of a page whose frame is broken, and of those who use it.

import { describe, expect, test } from "vitest";
import type { Kernel, Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { fill, machine, mergeable, swapOut } from "./machine.js";

/** What it came to, in short. */
function fail(kernel: Kernel, process: Process, page: number, early = false) {
  const { result, page: kind, signalled } = kernel.memoryFailure(pageAt(process, page), { early });
  return `${kind} ${result}, ${signalled.map(({ pid }) => pid).join(" ") || "nobody"}`;
}

describe("an anonymous page", () => {
  test("is unmapped from everybody: who comes to it meets a marker", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 2);
    const child = process.fork();
    const page = pageAt(process, 0);
    expect(fail(kernel, process, 0)).toBe("dirty LRU recovered, nobody");
    expect([process, child].map((p) => codeOf(() => p.read(at(0))))).toEqual(["SIGBUS", "SIGBUS"]);
    expect([process.rss.anon, child.rss.anon]).toEqual([1, 1]);
    expect(page).toMatchObject({ mapcount: 0, refcount: 1, lru: false, poisoned: true });
    expect(kernel.hardwareCorrupted).toBe(1);
    expect(process.read(at(1))).toBe(101);
    expectHealthy(kernel);
  });

  test("in locked VMAs goes as well, touched or not", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    process.mlock(at(0), PAGE);
    expect(fail(kernel, process, 0)).toBe("dirty LRU recovered, nobody");
    expect(kernel.vmstat().nr_mlock).toBe(0);
    expect(codeOf(() => process.write(at(0), 1))).toBe("SIGBUS");
    expectHealthy(kernel);
  });

  test("that somebody holds is still used", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    kernel.pin(pageAt(process, 0));
    expect(fail(kernel, process, 0)).toBe("dirty LRU failed, nobody");
    expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    expectHealthy(kernel);
  });

  test("of a huge one breaks alone: the others go on", async () => {
    const { kernel, process } = await machine({ frames: 2048, transparentHugepage: "always" });
    lay(process, 0, 512);
    process.write(at(3), 5);
    process.write(at(4), 6);
    const child = process.fork();
    expect(pageAt(process, 3).hugePage).not.toBe(null);
    expect(fail(kernel, process, 3)).toBe("dirty LRU recovered, nobody");
    expect([process, child].map((p) => codeOf(() => p.read(at(3))))).toEqual(["SIGBUS", "SIGBUS"]);
    expect([process.read(at(4)), child.read(at(4)), process.read(at(5))]).toEqual([6, 6, 0]);
    expect(kernel.hardwareCorrupted).toBe(1);
    expectHealthy(kernel);
  });

  test("that KSM shares stays where it is", async () => {
    const { kernel, process } = await machine();
    mergeable(process, 0, [7, 7]);
    kernel.ksm.settle();
    expect(fail(kernel, process, 0, true)).toBe("mapped failed, nobody");
    expect([process.read(at(0)), process.read(at(1))]).toEqual([7, 7]);
    process.munmap(at(0), 2 * PAGE);
    expectHealthy(kernel);
  });
});

describe("the frame", () => {
  test("is never used again", async () => {
    const { kernel, process } = await machine({ frames: 8 });
    fill(process, 0, 1);
    const { frame } = pageAt(process, 0);
    fail(kernel, process, 0);
    process.munmap(at(0), PAGE);
    lay(process, 0, 8);
    for (let i = 0; i < 7; i++) process.write(at(i), i);
    expect(codeOf(() => process.write(at(7), 7))).toBe("ENOMEM");
    expect(process.pages().map((entry) => entry.frame)).not.toContain(frame);
    expect(kernel.vmstat().nr_free_pages).toBe(0);
    expectHealthy(kernel);
  });

  test("that is free is passed over when its turn comes", async () => {
    const { kernel, process } = await machine({ frames: 8 });
    for (const frame of [1, 5]) {
      expect(kernel.memoryFailure(frame)).toEqual({
        result: "delayed",
        page: "free",
        signalled: [],
      });
    }
    expect(kernel.vmstat().nr_free_pages).toBe(6);
    fill(process, 0, 6);
    expect(codeOf(() => fill(process, 6, 1))).toBe("ENOMEM");
    expect(process.pages().map((entry) => entry.frame)).toEqual(expect.not.arrayContaining([1, 5]));
    expectHealthy(kernel);
  });

  test("that is known to be broken is so once", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.poison(page);
    expect(kernel.memoryFailure(page).result).toBe("known");
    expect(kernel.memoryFailure(page.frame).result).toBe("known");
    expect(process.read(at(0))).toBe(100);
    expect(kernel.hardwareCorrupted).toBe(1);
    // A mark alone keeps nobody from using the page, but its frame is not used after it.
    process.munmap(at(0), PAGE);
    expect(kernel.vmstat().nr_free_pages).toBe(63);
    expectHealthy(kernel);
  });

  test("of a page on no list is marked, and left alone", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.isolate(page);
    expect(fail(kernel, process, 0)).toBe("non-LRU ignored, nobody");
    expect(process.read(at(0))).toBe(100);
    kernel.putback(page);
    expectHealthy(kernel);
  });

  test("has to exist", async () => {
    const { kernel } = await machine();
    for (const frame of [0, 65, 1.5]) {
      expect(() => kernel.memoryFailure(frame)).toThrow(
        /page is .*, accepted: integers from 1 to 64/,
      );
    }
    expect(() => kernel.memoryFailure("x" as unknown as number)).toThrow(
      /page is "x", accepted: a Page of this kernel .*, or the number of a frame, 1 to 64$/,
    );
  });
});

describe("a page in the swap cache", () => {
  /** A page in the swap cache that is mapped again, clean or dirty. */
  async function cached(dirty: boolean) {
    const ground = await machine();
    const { kernel, process } = ground;
    fill(process, 0, 1);
    const child = process.fork();
    swapOut(kernel, process, [0]);
    expect(process.read(at(0))).toBe(100);
    expect(pageAt(process, 0)).toMatchObject({ swapCache: true, dirty: false });
    if (dirty) {
      child.read(at(0));
      kernel.tryToUnmap(pageAt(process, 0), { ignoreAccess: true });
      child.read(at(0));
    }
    return { ...ground, child };
  }

  test("and clean: its copy in swap is read again", async () => {
    const { kernel, process, child } = await cached(false);
    const { frame } = pageAt(process, 0);
    expect(fail(kernel, process, 0)).toBe("clean swapcache recovered, nobody");
    expect([process.rss.swap, child.rss.swap]).toEqual([1, 1]);
    expect([process.read(at(0)), child.read(at(0))]).toEqual([100, 100]);
    expect(pageAt(process, 0).frame).not.toBe(frame);
    expectHealthy(kernel);
  });

  test("and dirty: it stays there for those who come back for it", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const child = process.fork();
    const page = pageAt(process, 0);
    kernel.tryToUnmap(page, { ignoreAccess: true });
    child.read(at(0));
    expect(page).toMatchObject({ swapCache: true, dirty: true, mapcount: 1 });
    expect(kernel.memoryFailure(page)).toMatchObject({
      result: "delayed",
      page: "dirty swapcache",
    });
    expect(page).toMatchObject({ swapCache: true, dirty: false, refcount: 2, lru: false });
    expect([process, child].map((p) => codeOf(() => p.read(at(0))))).toEqual(["SIGBUS", "SIGBUS"]);
    expectHealthy(kernel);
    // With the last of them it leaves the swap cache too.
    process.exit();
    child.exit();
    expect(page).toMatchObject({ swapCache: false, refcount: 1 });
    expect(kernel.swapAreas[0]?.used).toBe(0);
    expectHealthy(kernel);
  });

  test("and dirty: swapoff brings it back all the same, as v3.7", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.tryToUnmap(page, { ignoreAccess: true });
    expect(kernel.memoryFailure(page).result).toBe("delayed");
    kernel.swapoff(0);
    expect(process.read(at(0))).toBe(100);
    expectHealthy(kernel);
    process.munmap(at(0), PAGE);
    expect(page.refcount).toBe(1);
    expectHealthy(kernel);
  });
});

describe("a page of a file", () => {
  test("that is clean is read again from the disk: nobody notices", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 2, word: 50 });
    lay(process, 0, 2, { file, shared: true });
    process.read(at(1));
    const page = pageAt(process, 1);
    expect(fail(kernel, process, 1, true)).toBe("clean LRU recovered, nobody");
    expect(page).toMatchObject({ mapcount: 0, refcount: 1, inode: 0 });
    expect(process.rss.file).toBe(0);
    expect(process.read(at(1))).toBe(51);
    expectHealthy(kernel);
  });

  test("that was written to is lost: markers stay, and the disk has what it had", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1, word: 50 });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 7);
    expect(fail(kernel, process, 0)).toBe("dirty LRU recovered, nobody");
    expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    expect(file.read(0)).toBe(50);
    expect(kernel.vmstat().nr_dirty).toBe(0);
    process.munmap(at(0), PAGE);
    lay(process, 0, 1, { file, shared: true });
    expect(process.read(at(0))).toBe(50);
    expectHealthy(kernel);
  });

  test("that is written only through an entry is dirty all the same", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1, word: 50 });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 7);
    file.writeback();
    process.write(at(0), 8);
    expect(fail(kernel, process, 0, true)).toBe("dirty LRU recovered, 1");
    expect(file.read(0)).toBe(7);
    expectHealthy(kernel);
  });

  test("that is only in memory is a hole from then on", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 2, word: 50, kind: "tmpfs" });
    lay(process, 0, 2, { file, shared: true });
    process.read(at(0));
    process.read(at(1));
    expect(fail(kernel, process, 0)).toBe("dirty LRU recovered, nobody");
    expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    expect([file.read(0), file.read(1)]).toEqual([0, 51]);
    expectHealthy(kernel);
  });

  test("of a ramfs stays if it was written to, and goes if not", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 2, word: 50, kind: "ramfs" });
    lay(process, 0, 2, { file, shared: true });
    process.read(at(0));
    process.write(at(1), 1);
    // Reclaim finds out that it can do nothing with them.
    for (const i of [0, 1]) expect(kernel.shrinkPage(pageAt(process, i))).toBe("culled");
    expect(fail(kernel, process, 0)).toBe("clean unevictable recovered, nobody");
    expect(fail(kernel, process, 1)).toBe("dirty unevictable failed, nobody");
    expect(codeOf(() => file.read(0))).toBe("");
    expect(file.cached).toBe(2);
    expect(codeOf(() => process.read(at(1)))).toBe("SIGBUS");
    expectHealthy(kernel);
  });

  test("that is broken and cached is SIGBUS for who faults it in", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1, word: 50, kind: "ramfs" });
    file.write(0, 1);
    lay(process, 0, 1, { file });
    const frame = [1, 2, 3].find((n) => codeOf(() => kernel.page(n)) === "")!;
    expect(kernel.memoryFailure(frame)).toMatchObject({ result: "failed" });
    expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    expectHealthy(kernel);
  });

  test("under writeback is written first", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1, word: 50 });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 7);
    kernel.holdIo(true);
    file.writeback();
    expect(pageAt(process, 0).writeback).toBe(true);
    expect(fail(kernel, process, 0)).toBe("clean LRU recovered, nobody");
    expect(process.read(at(0))).toBe(7);
    expectHealthy(kernel);
  });
});

describe("those who lose something", () => {
  test("are told at once if that is wanted: each once, with the address", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 3);
    const child = process.fork();
    const thread = child.fork({ shareMemory: true });
    const other = process.fork();
    other.write(at(1), 1);
    child.mremap(at(1), PAGE, PAGE, { to: at(20) });
    const report = kernel.memoryFailure(pageAt(process, 1), { early: true });
    expect(report.signalled).toEqual([process, child, thread]);
    expect(process.signal).toEqual({ name: "SIGBUS", address: at(1) });
    expect(thread.signal).toEqual({ name: "SIGBUS", address: at(20) });
    expect(other.signal).toBe(null);
    // A signal is only noted: they go on, and their children have none.
    expect(process.read(at(0))).toBe(100);
    expect(process.fork().signal).toBe(null);
    expectHealthy(kernel);
  });

  test("are not if nothing was lost", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file });
    process.read(at(0));
    expect(fail(kernel, process, 0, true)).toBe("clean LRU recovered, nobody");
    expect(process.signal).toBe(null);
  });

  test("are not told of what was never written to, though only memory has it", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1, kind: "tmpfs" });
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    expect(fail(kernel, process, 0, true)).toBe("clean LRU recovered, nobody");
    expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    expectHealthy(kernel);
  });

  test("of a file's page are all who map it, whether they have it or not", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 2, kind: "tmpfs" });
    const other = kernel.spawn();
    const third = kernel.spawn();
    for (const p of [process, other]) lay(p, 0, 2, { file, shared: true });
    lay(third, 0, 1, { file, pgoff: 1, shared: true });
    process.write(at(0), 1);
    const { signalled } = kernel.memoryFailure(pageAt(process, 0), { early: true });
    expect(signalled).toEqual([process, other]);
  });

  test("hear of the next page that breaks too, and of the first address", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 2);
    expect(fail(kernel, process, 0, true)).toBe("dirty LRU recovered, 1");
    expect(fail(kernel, process, 1, true)).toBe("dirty LRU recovered, 1");
    expect(process.signal).toEqual({ name: "SIGBUS", address: at(0) });
  });

  test("are killed if the page can't be taken from them", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 4, kind: "tmpfs" });
    lay(process, 0, 4, { file, shared: true });
    // Where a nonlinear mapping has touched it, it is passed over once.
    lay(process, 10, 4, { file, shared: true });
    process.remapFilePages(at(10), PAGE, 1);
    file.write(1, 5);
    expect(fail(kernel, process, 10, true)).toBe("mapped failed, 1");
    expect(process.signal?.name).toBe("SIGKILL");
    expectHealthy(kernel);
  });
});

describe("a marker", () => {
  async function marked() {
    const ground = await machine();
    fill(ground.process, 0, 2);
    ground.kernel.memoryFailure(pageAt(ground.process, 0));
    return ground;
  }

  test("goes to children, moves with its VMA, and stays when that is protected", async () => {
    const { kernel, process } = await marked();
    const child = process.fork();
    child.mprotect(at(0), PAGE, "r");
    child.mprotect(at(0), PAGE, "rw");
    child.mremap(at(0), 2 * PAGE, 2 * PAGE, { to: at(10) });
    expect([process.read(at(1)), child.read(at(11))]).toEqual([101, 101]);
    expect(codeOf(() => child.write(at(10), 1))).toBe("SIGBUS");
    expect(codeOf(() => process.write(at(0), 1))).toBe("SIGBUS");
    kernel.swapoff(0);
    expectHealthy(kernel);
  });

  test("goes with what is unmapped or dropped, and then a new page comes", async () => {
    const { kernel, process } = await marked();
    process.madvise(at(0), PAGE, "dontneed");
    expect(process.read(at(0))).toBe(0);
    process.write(at(0), 3);
    expect(process.rss.anon).toBe(2);
    expectHealthy(kernel);
  });

  test("keeps mlock from making the page present", async () => {
    const { process } = await marked();
    expect(codeOf(() => process.mlock(at(0), 2 * PAGE))).toBe("ENOMEM");
  });
});
