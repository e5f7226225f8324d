// What reads, writes and instruction fetches do to pages.

import { beforeEach, describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt, places } from "./ground.js";

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64, build: "checked" });
  process = kernel.spawn();
});

describe("private anonymous memory", () => {
  test("that is only read shows the zero page, which nothing counts", () => {
    lay(process, 0, 2);
    expect(process.read(at(0))).toBe(0);
    expect(process.pages()).toEqual([{ address: at(0), frame: -1 }]);
    expect(process.pageAt(at(0))).toBeNull();
    expect(process.rss).toEqual({ anon: 0, file: 0, swap: 0 });
    expect(process.vmas()[0]!.anonVma).toBe(0);
    expect(kernel.counters).toMatchObject({ faults: 1, anonVmasCreated: 0, chainsCreated: 0 });
  });

  test("that is written gets a page, an anon_vma and one chain link", () => {
    lay(process, 0, 2);
    process.write(at(1) + 100, 7);
    const page = pageAt(process, 1);
    expect(page).toMatchObject({ mapcount: 1, refcount: 1, word: 7, anon: true, file: null });
    expect(page).toMatchObject({ swapBacked: true, swapCache: false, inode: 0 });
    expect(page.index).toBe(at(1) / PAGE);
    expect(page.anonVma).toBe(process.vmas()[0]!.anonVma);
    expect(process.read(at(1))).toBe(7);
    expect(kernel.counters).toMatchObject({ faults: 1, anonVmasCreated: 1, chainsCreated: 1 });
    expectHealthy(kernel);
  });

  test("that was read and is then written leaves the zero page with a second fault", () => {
    lay(process, 0, 1);
    process.read(at(0));
    process.write(at(0), 4);
    expect(kernel.counters).toMatchObject({ faults: 2, pagesCopied: 1 });
    expect(process.rss.anon).toBe(1);
    expect(pageAt(process, 0).mapcount).toBe(1);
  });

  test("is not faulted again once it is there", () => {
    lay(process, 0, 1);
    for (let i = 0; i < 5; i++) process.write(at(0), i);
    expect(process.read(at(0))).toBe(4);
    expect(kernel.counters.faults).toBe(1);
  });
});

describe("a file's mapping", () => {
  test.each(["disk", "tmpfs"] as const)(
    "shows the page of the cache when it is read (%s)",
    (kind) => {
      const file = kernel.createFile({ pages: 4, kind, word: 100, name: "data" });
      lay(process, 0, 2, { file, pgoff: 2, prot: "r" });
      expect(process.read(at(1))).toBe(103);
      const page = pageAt(process, 1);
      expect(page).toMatchObject({ mapcount: 1, refcount: 2, index: 3, anon: false, anonVma: 0 });
      expect(page.file!.name).toBe("data");
      expect(page.inode).toBe(file.inode);
      expect(page.swapBacked).toBe(kind === "tmpfs");
      expect(process.rss).toEqual({ anon: 0, file: 1, swap: 0 });
    },
  );

  test("that is private gets a copy when it is written; the cache keeps its own", () => {
    const file = kernel.createFile({ pages: 1, word: 100 });
    lay(process, 0, 1, { file });
    lay(process, 1, 1, { file, shared: true });
    process.write(at(0), 5);
    expect([process.read(at(0)), process.read(at(1))]).toEqual([5, 100]);
    const copy = pageAt(process, 0);
    expect(copy.anon).toBe(true);
    // A private copy keeps the offset of the file it was copied from.
    expect(copy.index).toBe(0);
    expect(kernel.counters.pagesCopied).toBe(1);
    expect(process.rss).toEqual({ anon: 1, file: 1, swap: 0 });
  });

  test("that is private and was read is copied out of the file's rss", () => {
    const file = kernel.createFile({ pages: 1, word: 100 });
    lay(process, 0, 1, { file });
    process.read(at(0));
    const cached = pageAt(process, 0);
    process.write(at(0), 5);
    expect(process.rss).toEqual({ anon: 1, file: 0, swap: 0 });
    expect(cached).toMatchObject({ mapcount: 0, refcount: 1, word: 100 });
    expect(places(pageAt(process, 0))).toEqual([`${process.pid}:0`]);
  });

  test("that is shared writes into the file", () => {
    const file = kernel.createFile({ pages: 1, word: 100 });
    const other = kernel.spawn();
    lay(process, 0, 1, { file, shared: true });
    lay(other, 7, 1, { file, prot: "r" });
    process.write(at(0), 5);
    expect(other.read(at(7))).toBe(5);
    expect(pageAt(process, 0)).toMatchObject({ mapcount: 2, dirty: true });
  });

  // A disk file accounts its dirty pages, so the first write has to be noticed; tmpfs does not.
  test.each([
    ["disk", 2],
    ["tmpfs", 1],
  ] as const)("that is shared and was read takes %s faults to write: %i", (kind, faults) => {
    const file = kernel.createFile({ pages: 1, kind });
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    process.write(at(0), 5);
    expect(kernel.counters).toMatchObject({ faults, pagesCopied: 0 });
  });

  test("beyond the end of the file is SIGBUS, for reading and writing, shared and private", () => {
    const file = kernel.createFile({ pages: 1, word: 1 });
    lay(process, 0, 2, { file });
    lay(process, 2, 2, { file, shared: true });
    for (const page of [1, 3]) {
      expect(codeOf(() => process.read(at(page)))).toBe("SIGBUS");
      expect(codeOf(() => process.write(at(page), 1))).toBe("SIGBUS");
    }
    expect([process.read(at(0)), process.read(at(2))]).toEqual([1, 1]);
    expect(process.pages()).toHaveLength(2);
    expectHealthy(kernel);
  });

  // The write prepares the anon_vma before it asks the file: spec/rmap.md Part 3.
  test("keeps the anon_vma that a write beyond the end prepared", () => {
    lay(process, 0, 1, { file: kernel.createFile({ pages: 0 }) });
    codeOf(() => process.read(at(0)));
    expect(process.vmas()[0]!.anonVma).toBe(0);
    codeOf(() => process.write(at(0), 1));
    expect(process.vmas()[0]!.anonVma).not.toBe(0);
  });
});

describe("SIGSEGV", () => {
  test("where nothing is mapped, for every access", () => {
    for (const access of [
      () => process.read(at(0)),
      () => process.write(at(0), 1),
      () => process.execute(at(0)),
    ]) {
      expect(codeOf(access)).toBe("SIGSEGV");
    }
  });

  // As the hardware of x86-64 has it, whatever may be written or executed may be read.
  test.each([
    ["none", []],
    ["r", ["read"]],
    ["w", ["read", "write"]],
    ["x", ["read", "execute"]],
    ["rw", ["read", "write"]],
    ["rx", ["read", "execute"]],
    ["rwx", ["read", "write", "execute"]],
  ] as const)("memory with %s allows %j, and no more", (prot, allowed) => {
    lay(process, 0, 1, { prot });
    const accesses = {
      read: () => process.read(at(0)),
      write: () => process.write(at(0), 1),
      execute: () => process.execute(at(0)),
    };
    for (const [name, access] of Object.entries(accesses)) {
      const expected = (allowed as readonly string[]).includes(name) ? "" : "SIGSEGV";
      expect(codeOf(access), name).toBe(expected);
    }
  });
});

test("an instruction fetch brings the page in, as a read does", () => {
  const file = kernel.createFile({ pages: 1 });
  lay(process, 0, 1, { file, prot: "rx" });
  process.execute(at(0));
  expect(process.rss.file).toBe(1);
});

test("what has exited answers ESRCH", () => {
  lay(process, 0, 1);
  process.exit();
  expect(process.alive).toBe(false);
  for (const use of [
    () => process.mmap({ length: PAGE }),
    () => process.munmap(at(0), PAGE),
    () => process.mprotect(at(0), PAGE, "r"),
    () => process.mremap(at(0), PAGE, PAGE),
    () => process.madvise(at(0), PAGE, "dontneed"),
    () => process.brk(),
    () => process.fork(),
    () => process.exec(),
    () => process.exit(),
    () => process.read(at(0)),
    () => process.write(at(0), 1),
    () => process.execute(at(0)),
    () => process.vmas(),
    () => process.pages(),
    () => process.pageAt(at(0)),
    () => process.rss,
    () => process.vmaCount,
    () => process.lockedPages,
    () => process.sharesWith(process),
  ]) {
    expect(codeOf(use), String(use)).toBe("ESRCH");
  }
  expect(kernel.vmaCount).toBe(0);
});
