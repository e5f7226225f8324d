// mmap, munmap, mprotect and madvise as a program sees them.

import { beforeEach, describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout, PAGE, pageAt, stateOf } from "./ground.js";

const TASK_SIZE = 0x7ffffffff000;

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64, maxMapCount: 32, build: "checked" });
  process = kernel.spawn();
});

describe("mmap", () => {
  test("rounds its length up to pages and describes what it made", () => {
    const address = process.mmap({ length: PAGE + 1, prot: "rx" });
    const [vma] = process.vmas();
    expect(vma).toMatchObject({
      start: address,
      end: address + 2 * PAGE,
      prot: "rx",
      perms: "r-xp",
    });
    expect(vma).toMatchObject({ process, shared: false, file: null, anonVma: 0 });
    expect(vma!.pgoff).toBe(address / PAGE);
  });

  test.each([
    ["none", "---p"],
    ["r", "r--p"],
    ["w", "-w-p"],
    ["x", "--xp"],
    ["rw", "rw-p"],
    ["rx", "r-xp"],
    ["wx", "-wxp"],
    ["rwx", "rwxp"],
  ] as const)("gives %s the permissions %s", (prot, perms) => {
    lay(process, 0, 1, { prot });
    expect(process.vmas()[0]).toMatchObject({ prot, perms });
  });

  test("takes a free hint, and another place when the hint is taken", () => {
    expect(process.mmap({ length: PAGE, address: at(5) })).toBe(at(5));
    const elsewhere = process.mmap({ length: PAGE, address: at(5) });
    expect(elsewhere).not.toBe(at(5));
    expect(elsewhere % PAGE).toBe(0);
    expect(process.mmap({ length: PAGE, address: at(9) + 123 })).toBe(at(9));
  });

  test("replaces what is there if it is fixed, but not with no-replace", () => {
    lay(process, 0, 4);
    process.write(at(1), 5);
    expect(
      codeOf(() => process.mmap({ address: at(3), length: 2 * PAGE, fixed: "no-replace" })),
    ).toBe("EEXIST");
    expect(layout(process)).toEqual(["0-4 rw-p"]);
    lay(process, 1, 1, { prot: "r" });
    expect(layout(process)).toEqual(["0-1 rw-p", "1-2 r--p", "2-4 rw-p"]);
    expect(process.read(at(1))).toBe(0);
    process.mmap({ address: at(4), length: PAGE, fixed: "no-replace", prot: "r" });
    expect(layout(process).at(-1)).toBe("4-5 r--p");
    expectHealthy(kernel);
  });

  test.each([
    ["EINVAL", "no length", { length: 0 }],
    [
      "EINVAL",
      "a fixed address that is not a page's",
      { length: PAGE, address: at(0) + 1, fixed: true },
    ],
    ["ENOMEM", "more than an address space", { length: TASK_SIZE + PAGE }],
    [
      "ENOMEM",
      "a fixed range that ends too high",
      { length: 2 * PAGE, address: TASK_SIZE - PAGE, fixed: true },
    ],
  ] as const)("fails with %s for %s", (code, _, options) => {
    expect(codeOf(() => process.mmap(options))).toBe(code);
    expect(process.vmas()).toEqual([]);
  });

  test("reaches up to the last address of a process", () => {
    process.mmap({ address: TASK_SIZE - PAGE, length: PAGE, fixed: true });
    process.write(TASK_SIZE - 1, 3);
    expect(process.read(TASK_SIZE - PAGE)).toBe(3);
    expect(codeOf(() => process.read(TASK_SIZE))).toBe("SIGSEGV");
  });

  // v3.7 tests map_count > limit before it maps, so one VMA more than the limit fits.
  test("stops with ENOMEM one VMA above the limit", () => {
    for (let i = 0; i < 33; i++) lay(process, 2 * i, 1);
    expect(process.vmaCount).toBe(33);
    expect(codeOf(() => lay(process, 100, 1))).toBe("ENOMEM");
    expect(process.vmaCount).toBe(33);
  });

  test("of shared anonymous memory makes an object without a name, two calls two objects", () => {
    lay(process, 0, 2, { shared: true });
    lay(process, 2, 2, { shared: true });
    const [first, second] = process.vmas();
    expect([first!.perms, first!.pgoff, first!.file!.kind]).toEqual(["rw-s", 0, "shmem"]);
    expect(first!.file!.pages).toBe(2);
    expect(second!.file!.inode).not.toBe(first!.file!.inode);
    expect(layout(process)).toEqual(["0-2 rw-s", "2-4 rw-s"]);
  });
});

describe("munmap", () => {
  test("cuts a hole, and takes the pages with it", () => {
    lay(process, 0, 6);
    for (let i = 0; i < 6; i++) process.write(at(i), i);
    const gone = pageAt(process, 2);
    process.munmap(at(2), 2 * PAGE);
    expect(layout(process)).toEqual(["0-2 rw-p", "4-6 rw-p"]);
    expect(process.rss.anon).toBe(4);
    expect(process.pageAt(at(2))).toBeNull();
    expect(codeOf(() => gone.mapcount)).toBe("ESTALE");
    expect(codeOf(() => process.read(at(2)))).toBe("SIGSEGV");
    expectHealthy(kernel);
  });

  test("reaches over several VMAs and holes", () => {
    for (const first of [0, 2, 4, 6]) lay(process, first, 1);
    process.munmap(at(2), 4 * PAGE);
    expect(layout(process)).toEqual(["0-1 rw-p", "6-7 rw-p"]);
  });

  test("of nothing succeeds", () => {
    process.munmap(at(0), 1000 * PAGE);
    expect(process.vmas()).toEqual([]);
  });

  test.each([
    ["an address that is not a page's", 1, PAGE],
    ["no length", 0, 0],
    ["an end beyond the address space", 0, TASK_SIZE],
  ])("fails with EINVAL for %s", (_, offset, length) => {
    lay(process, 0, 1);
    expect(codeOf(() => process.munmap(at(0) + offset, length))).toBe("EINVAL");
    expect(layout(process)).toEqual(["0-1 rw-p"]);
  });

  test("fails with ENOMEM only when it would cut a hole at the limit of VMAs", () => {
    for (let i = 0; i < 32; i++) lay(process, 4 * i, 3);
    expect(codeOf(() => process.munmap(at(1), PAGE))).toBe("ENOMEM");
    process.munmap(at(0), PAGE);
    process.munmap(at(6), PAGE);
    expect(process.vmaCount).toBe(32);
  });
});

describe("mprotect", () => {
  test("splits at both ends, and joins again when permissions agree", () => {
    lay(process, 0, 6);
    process.mprotect(at(2), 2 * PAGE, "r");
    expect(layout(process)).toEqual(["0-2 rw-p", "2-4 r--p", "4-6 rw-p"]);
    expect(kernel.counters.vmaSplits).toBe(2);
    process.mprotect(at(2), 2 * PAGE, "rw");
    expect(layout(process)).toEqual(["0-6 rw-p"]);
    expect(kernel.counters.vmaMerges).toBe(1);
  });

  test("takes the right to write away, and gives it back", () => {
    lay(process, 0, 1);
    process.write(at(0), 1);
    process.mprotect(at(0), PAGE, "r");
    expect(codeOf(() => process.write(at(0), 2))).toBe("SIGSEGV");
    expect(process.read(at(0))).toBe(1);
    process.mprotect(at(0), PAGE, "none");
    expect(codeOf(() => process.read(at(0)))).toBe("SIGSEGV");
    process.mprotect(at(0), PAGE, "rw");
    process.write(at(0), 3);
    expect(process.read(at(0))).toBe(3);
    expect(kernel.counters.pagesCopied).toBe(0);
  });

  test("changes what comes before a hole, and then fails with ENOMEM", () => {
    lay(process, 0, 2);
    lay(process, 4, 2);
    expect(codeOf(() => process.mprotect(at(0), 6 * PAGE, "r"))).toBe("ENOMEM");
    expect(layout(process)).toEqual(["0-2 r--p", "4-6 rw-p"]);
  });

  test("fails with ENOMEM where nothing is mapped at its start", () => {
    lay(process, 2, 2);
    expect(codeOf(() => process.mprotect(at(0), 4 * PAGE, "r"))).toBe("ENOMEM");
    expect(layout(process)).toEqual(["2-4 rw-p"]);
  });

  test("fails with EINVAL for an address that is not a page's; no length is nothing to do", () => {
    lay(process, 0, 1);
    expect(codeOf(() => process.mprotect(at(0) + 1, PAGE, "r"))).toBe("EINVAL");
    process.mprotect(at(0), 0, "r");
    expect(layout(process)).toEqual(["0-1 rw-p"]);
  });

  test("fails with ENOMEM when its split passes the limit of VMAs", () => {
    for (let i = 0; i < 32; i++) lay(process, 4 * i, 2);
    const before = stateOf(kernel);
    expect(codeOf(() => process.mprotect(at(0), PAGE, "r"))).toBe("ENOMEM");
    expect(stateOf(kernel)).toEqual(before);
  });
});

describe("madvise", () => {
  test("dontneed drops pages: private memory reads as zero, a file comes back", () => {
    const file = kernel.createFile({ pages: 2, word: 50 });
    lay(process, 0, 2);
    lay(process, 2, 2, { file });
    process.write(at(0), 9);
    process.write(at(2), 9);
    process.read(at(3));
    process.madvise(at(0), 4 * PAGE, "dontneed");
    expect(process.pages()).toEqual([]);
    expect(process.rss).toEqual({ anon: 0, file: 0, swap: 0 });
    expect([0, 2, 3].map((page) => process.read(at(page)))).toEqual([0, 50, 51]);
    expect(layout(process)).toEqual(["0-2 rw-p", "2-4 rw-p"]);
  });

  test("random and sequential split a VMA, and normal joins it again", () => {
    lay(process, 0, 4);
    process.madvise(at(1), PAGE, "random");
    expect(process.vmaCount).toBe(3);
    process.madvise(at(1), PAGE, "sequential");
    expect(process.vmaCount).toBe(3);
    process.madvise(at(1), PAGE, "normal");
    expect(process.vmaCount).toBe(1);
  });

  test("dontfork keeps a range from children, dofork gives it to them again", () => {
    lay(process, 0, 4);
    process.madvise(at(1), PAGE, "dontfork");
    expect(layout(process.fork())).toEqual(["0-1 rw-p", "2-4 rw-p"]);
    process.madvise(at(1), PAGE, "dofork");
    expect(layout(process.fork())).toEqual(["0-4 rw-p"]);
  });

  test("passes over holes, and says ENOMEM at the end", () => {
    lay(process, 0, 1);
    lay(process, 2, 1);
    process.write(at(0), 1);
    process.write(at(2), 1);
    expect(codeOf(() => process.madvise(at(0), 3 * PAGE, "dontneed"))).toBe("ENOMEM");
    expect(process.rss.anon).toBe(0);
  });

  // Anonymous memory could not be asked to be read ahead before v3.9.
  test("willneed is for files: EBADF on anonymous memory", () => {
    lay(process, 0, 1, { file: kernel.createFile({ pages: 1 }) });
    lay(process, 1, 1);
    process.madvise(at(0), PAGE, "willneed");
    expect(codeOf(() => process.madvise(at(1), PAGE, "willneed"))).toBe("EBADF");
  });

  test("fails with EINVAL for an address that is not a page's, EAGAIN at the limit of VMAs", () => {
    for (let i = 0; i < 32; i++) lay(process, 4 * i, 3);
    expect(codeOf(() => process.madvise(at(0) + 1, PAGE, "random"))).toBe("EINVAL");
    expect(codeOf(() => process.madvise(at(1), PAGE, "random"))).toBe("EAGAIN");
    process.madvise(at(0), 0, "random");
    expect(process.vmaCount).toBe(32);
  });

  test("unmergeable has nothing to do, and finds holes", () => {
    lay(process, 0, 1);
    process.madvise(at(0), PAGE, "unmergeable");
    expect(codeOf(() => process.madvise(at(0), 2 * PAGE, "unmergeable"))).toBe("ENOMEM");
  });
});
