// Huge pages of the pool: what it promises, how faults use it, what fork and truncation do to them.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { at, codeOf, lay, PAGE, pageAt } from "./ground.js";
import { HUGE, pool, poolOf } from "./pool.js";

/** What an action says when it fails. */
function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return String(error);
  }
  return "";
}

describe("the pool", () => {
  test("takes rows of frames, and gives them back", async () => {
    const { kernel } = await pool(2);
    expect(kernel.vmstat().nr_free_pages).toBe(kernel.options.frames - 2 * HUGE);
    expect(kernel.setHugePages(1)).toBe(1);
    expect(poolOf(kernel)).toBe("1 1 0");
    expect(kernel.setHugePages(9)).toBe(2);
    expect(kernel.setHugePages(0)).toBe(0);
    expect(kernel.vmstat().nr_free_pages).toBe(kernel.options.frames);
    expect(kernel.verify()).toEqual([]);
  });

  test("promises pages to mappings, and no more than it has", async () => {
    const { kernel, process } = await pool(3);
    lay(process, 0, 2 * HUGE, { hugetlb: true });
    expect(poolOf(kernel)).toBe("3 3 2");
    expect(codeOf(() => lay(process, 4 * HUGE, 2 * HUGE, { hugetlb: true }))).toBe("ENOMEM");
    lay(process, 4 * HUGE, 2 * HUGE, { hugetlb: true, noReserve: true });
    expect(kernel.setHugePages(0)).toBe(2);
    expect(kernel.verify()).toEqual([]);
    process.munmap(at(0), HUGE * PAGE);
    expect(poolOf(kernel)).toBe("2 2 1");
    process.exit();
    expect(poolOf(kernel)).toBe("2 2 0");
    expect(kernel.verify()).toEqual([]);
  });

  test("says why a mapping is refused", async () => {
    const { process } = await pool(1);
    expect(messageOf(() => lay(process, 0, 2 * HUGE, { hugetlb: true }))).toContain(
      "it wants 2 huge pages, and the pool has 1 that are free and not promised",
    );
    expect(messageOf(() => lay(process, 0, 3, { hugetlb: true }))).toContain(
      "length is 0x3000, accepted: multiples of 2097152",
    );
    expect(messageOf(() => lay(process, 1, HUGE, { hugetlb: true }))).toContain(
      "address is 0x200000001000, accepted: multiples of 2097152",
    );
  });

  test("counts what shared mappings of one file are promised once", async () => {
    const { kernel, process } = await pool(3);
    const file = kernel.createFile({ pages: 3 * HUGE, kind: "hugetlb" });
    lay(process, 0, 2 * HUGE, { file, shared: true });
    lay(process, 4 * HUGE, 2 * HUGE, { file, shared: true, pgoff: HUGE });
    expect(poolOf(kernel)).toBe("3 3 3");
    process.write(at(HUGE), 7);
    expect(poolOf(kernel)).toBe("3 2 2");
    process.munmap(at(0), 8 * HUGE * PAGE);
    expect(poolOf(kernel)).toBe("3 2 2");
    expect(file.cached).toBe(HUGE);
    expect(file.read(HUGE)).toBe(7);
    expect(kernel.verify()).toEqual([]);
    file.truncate(HUGE);
    expect(poolOf(kernel)).toBe("3 3 1");
    expect(kernel.verify()).toEqual([]);
    file.close();
    expect(poolOf(kernel)).toBe("3 3 0");
    expect(kernel.verify()).toEqual([]);
  });
});

describe("a fault", () => {
  test("maps the whole huge page, which is zero", async () => {
    const { kernel, process } = await pool(1);
    lay(process, 0, HUGE, { hugetlb: true });
    expect(process.read(at(5))).toBe(0);
    process.write(at(7), 70);
    process.write(at(511), 71);
    expect([process.read(at(7)), process.read(at(511)), process.read(at(0))]).toEqual([70, 71, 0]);
    expect(kernel.counters.faults).toBe(2);
    expect(process.rss).toEqual({ anon: 0, file: 0, swap: 0 });
    expect(kernel.vmstat()).toMatchObject({ nr_anon_pages: 0, nr_mapped: 0 });
    expect(kernel.verify()).toEqual([]);
  });

  test("is a SIGBUS beyond the end of the file, and without a page for it", async () => {
    const { kernel, process } = await pool(1);
    const file = kernel.createFile({ pages: HUGE, kind: "hugetlb" });
    lay(process, 0, 2 * HUGE, { file, shared: true, prot: "r", noReserve: true });
    expect(messageOf(() => process.read(at(HUGE)))).toContain("beyond the end of its file at 512");
    expect(codeOf(() => process.read(at(HUGE)))).toBe("SIGBUS");
    lay(process, 4 * HUGE, HUGE, { hugetlb: true });
    expect(messageOf(() => process.read(at(0)))).toContain("no huge page of the pool is free");
    process.write(at(4 * HUGE), 1);
    expect(kernel.verify()).toEqual([]);
  });

  test("through a private mapping copies what the file has there", async () => {
    const { kernel, process } = await pool(3);
    const file = kernel.createFile({ pages: HUGE, kind: "hugetlb" });
    lay(process, 0, HUGE, { file, shared: true });
    process.write(at(3), 3);
    lay(process, HUGE, HUGE, { file });
    expect(process.read(at(HUGE + 3))).toBe(3);
    process.write(at(HUGE + 3), 4);
    process.write(at(4), 5);
    expect([process.read(at(3)), process.read(at(HUGE + 3)), process.read(at(HUGE + 4))]).toEqual([
      3, 4, 0,
    ]);
    expect(pageAt(process, HUGE).anon).toBe(true);
    expect(pageAt(process, 0).anon).toBe(false);
    expect(kernel.verify()).toEqual([]);
  });

  test("writes through a private mapping into the file when nobody else maps the page, as v3.7 does", async () => {
    const { kernel, process } = await pool(3);
    const file = kernel.createFile({ pages: HUGE, kind: "hugetlb" });
    lay(process, 0, HUGE, { file, shared: true });
    process.write(at(3), 3);
    process.munmap(at(0), HUGE * PAGE);
    lay(process, HUGE, HUGE, { file });
    process.write(at(HUGE + 3), 4);
    expect(file.read(3)).toBe(4);
    expect(kernel.verify()).toEqual([]);
  });

  test("grows a file that is mapped to be written, and no other", async () => {
    const { kernel, process } = await pool(3);
    const file = kernel.createFile({ pages: 0, kind: "hugetlb" });
    lay(process, 0, HUGE, { file, shared: true, prot: "r" });
    expect(file.pages).toBe(0);
    lay(process, HUGE, HUGE, { file, pgoff: HUGE });
    expect(file.pages).toBe(2 * HUGE);
  });
});

describe("fork", () => {
  test("shares the pages, which are copied when they are written", async () => {
    const { kernel, process } = await pool(2);
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(1), 1);
    const child = process.fork();
    expect(pageAt(child, 1).frame).toBe(pageAt(process, 1).frame);
    expect(pageAt(child, 1).mapcount).toBe(2);
    child.write(at(2), 2);
    expect([child.read(at(1)), child.read(at(2)), process.read(at(2))]).toEqual([1, 2, 0]);
    expect(kernel.verify()).toEqual([]);
    child.exit();
    expect(poolOf(kernel)).toBe("2 1 0");
    process.write(at(1), 3);
    expect(poolOf(kernel)).toBe("2 1 0");
    expect(kernel.verify()).toEqual([]);
  });

  test("leaves the promise with the parent: a child that finds no page is refused", async () => {
    const { kernel, process } = await pool(1);
    lay(process, 0, HUGE, { hugetlb: true });
    const child = process.fork();
    expect(codeOf(() => child.read(at(0)))).toBe("SIGBUS");
    process.write(at(0), 1);
    expect(kernel.verify()).toEqual([]);
  });

  test("takes the page from the child when the parent writes and none is free", async () => {
    const { kernel, process } = await pool(1);
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(0), 1);
    const child = process.fork();
    expect(codeOf(() => child.write(at(0), 2))).toBe("SIGBUS");
    expect(child.read(at(0))).toBe(1);
    process.write(at(0), 3);
    expect(process.read(at(0))).toBe(3);
    expect(codeOf(() => child.read(at(0)))).toBe("SIGBUS");
    // What it had is lost: a zeroed page must not pass for it, though one is free now.
    process.munmap(at(0), HUGE * PAGE);
    expect(poolOf(kernel)).toBe("1 1 0");
    expect(codeOf(() => child.read(at(0)))).toBe("SIGBUS");
    expect(kernel.verify()).toEqual([]);
  });
});

describe("calls on a mapping of huge pages", () => {
  test("cut it between huge pages only", async () => {
    const { kernel, process } = await pool(4);
    lay(process, 0, 4 * HUGE, { hugetlb: true });
    for (const page of [0, HUGE, 2 * HUGE, 3 * HUGE]) process.write(at(page), page + 1);
    const unaligned = [
      () => process.munmap(at(1), HUGE * PAGE),
      () => process.munmap(at(0), PAGE),
      () => process.mprotect(at(0), PAGE, "r"),
      () => process.madvise(at(1), PAGE, "dontfork"),
      () => process.madvise(at(0), HUGE * PAGE, "dontneed"),
      () => process.mremap(at(0), 4 * HUGE * PAGE, 5 * HUGE * PAGE),
      () => process.mremap(at(0), HUGE * PAGE, HUGE * PAGE, { to: at(8 * HUGE) }),
      () => process.mremap(at(0), 4 * HUGE * PAGE, PAGE),
    ];
    expect(unaligned.map(codeOf)).toEqual(unaligned.map(() => "EINVAL"));
    expect(messageOf(unaligned[0]!)).toContain("0x200000001000 is inside a huge page");
    process.mprotect(at(HUGE), HUGE * PAGE, "r");
    expect(codeOf(() => process.write(at(HUGE), 9))).toBe("SIGSEGV");
    process.mprotect(at(HUGE), HUGE * PAGE, "rw");
    process.write(at(HUGE), 9);
    process.munmap(at(2 * HUGE), HUGE * PAGE);
    process.mremap(at(3 * HUGE), HUGE * PAGE, HUGE * PAGE);
    expect(process.vmas().length).toBe(3);
    expect(poolOf(kernel)).toBe("4 1 0");
    expect(kernel.verify()).toEqual([]);
  });

  test("never lock it: mlock passes over it, MAP_LOCKED only makes its pages present", async () => {
    const { kernel, process } = await pool(3);
    lay(process, 0, HUGE, { hugetlb: true });
    process.mlock(at(0), HUGE * PAGE);
    lay(process, HUGE, 2 * HUGE, { hugetlb: true, locked: true });
    expect(process.lockedPages).toBe(0);
    expect(poolOf(kernel)).toBe("3 1 1");
    expect(kernel.vmstat().nr_mlock).toBe(0);
    expect(kernel.verify()).toEqual([]);
  });

  test("cut its file, which takes private copies too", async () => {
    const { kernel, process } = await pool(4);
    const file = kernel.createFile({ pages: 2 * HUGE, kind: "hugetlb" });
    lay(process, 0, 2 * HUGE, { file, shared: true });
    lay(process, 2 * HUGE, 2 * HUGE, { file });
    for (const page of [0, HUGE, 2 * HUGE, 3 * HUGE]) process.write(at(page), page);
    expect(poolOf(kernel)).toBe("4 0 0");
    expect(codeOf(() => file.truncate(HUGE + 1))).toBe("EINVAL");
    file.truncate(HUGE);
    expect(poolOf(kernel)).toBe("4 2 0");
    expect(codeOf(() => process.read(at(HUGE)))).toBe("SIGBUS");
    expect(codeOf(() => process.read(at(3 * HUGE)))).toBe("SIGBUS");
    expect(process.read(at(2 * HUGE))).toBe(2 * HUGE);
    expect(kernel.verify()).toEqual([]);
  });

  test("place it at a huge page", async () => {
    const { process } = await pool(2);
    const small = process.mmap({ length: PAGE });
    const huge = process.mmap({ length: HUGE * PAGE, hugetlb: true });
    expect(huge % (HUGE * PAGE)).toBe(0);
    expect(huge).toBeLessThan(small);
    const near = process.mmap({ length: HUGE * PAGE, hugetlb: true, address: at(5) });
    expect(near).toBe(at(HUGE));
  });
});

describe("memory cgroups", () => {
  test("have no charge for huge pages of the pool: not when they are made, copied, of a file, moved or given back", async () => {
    const kernel = await createKernel({ frames: 6 * 512, hugePages: 4, build: "checked" });
    const cgroup = kernel.createCgroup("g", { limit: 8 });
    const other = kernel.createCgroup("other");
    const process = kernel.spawn({ cgroup });
    const file = kernel.createFile({ pages: 512, kind: "hugetlb" });
    const uncharged = (): void => {
      for (const { usage } of [cgroup, other, kernel.rootCgroup]) expect(usage).toBe(0);
      expect(cgroup.stat()).toMatchObject({ cache: 0, rss: 0, mapped_file: 0, pgpgin: 0 });
      expect(kernel.verify()).toEqual([]);
    };
    lay(process, 0, 512, { hugetlb: true });
    process.write(at(0), 1);
    lay(process, 512, 512, { file, shared: true });
    process.write(at(512), 2);
    uncharged();
    const child = process.fork();
    child.write(at(0), 3);
    expect(pageAt(child, 0).cgroup).toBe(kernel.rootCgroup.number);
    uncharged();
    expect(kernel.migratePage(pageAt(process, 0)).result).toBe("moved");
    uncharged();
    other.move(child);
    uncharged();
    child.exit();
    file.truncate(0);
    process.exit();
    uncharged();
  });

  test("leave their limits to the small pages beside them", async () => {
    const kernel = await createKernel({ frames: 4 * 512, hugePages: 2, swap: 0, build: "checked" });
    const cgroup = kernel.createCgroup("g", { limit: 8 });
    const process = kernel.spawn({ cgroup });
    lay(process, 0, 1024, { hugetlb: true });
    lay(process, 1024, 8);
    for (let i = 0; i < 8; i++) process.write(at(1024 + i), i);
    process.write(at(0), 1);
    process.write(at(512), 2);
    lay(process, 2048, 1);
    expect(codeOf(() => process.write(at(2048), 1))).toBe("ENOMEM");
    expect(cgroup.usage).toBe(8);
    expect([process.read(at(0)), process.read(at(512))]).toEqual([1, 2]);
    process.munmap(at(1024), PAGE);
    process.write(at(2048), 1);
    expect(kernel.verify()).toEqual([]);
  });
});
