// remap_file_pages: pages of a shared mapping in another order than the file's, and what the other calls make of it.

import { beforeEach, describe, expect, test } from "vitest";
import { VmFlag } from "../../assembly/abi/flag.js";
import { KernelError, type File, type Kernel, type Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout, PAGE, pageAt, places } from "./ground.js";
import { machine } from "./machine.js";

let kernel: Kernel;
let process: Process;
let file: File;

/** Pages 10 to 17 show pages 0 to 7 of a file whose page i has the word 100 + i. */
beforeEach(async () => {
  ({ kernel, process } = await machine());
  file = kernel.createFile({ pages: 16, kind: "tmpfs", word: 100 });
  lay(process, 10, 8, { file, shared: true });
});

function words(first: number, n: number, owner = process): number[] {
  return Array.from({ length: n }, (_, i) => owner.read(at(first + i)));
}

function present(owner = process): number[] {
  return owner.pages().map(({ address }) => (address - at(0)) / PAGE);
}

/** Entries that only say which page they show, as "page:pgoff". */
function kept(owner = process): string[] {
  return owner.fileEntries().map(({ address, pgoff }) => `${(address - at(0)) / PAGE}:${pgoff}`);
}

function isNonlinear(page: number, owner = process): boolean {
  return ((owner.vmaAt(at(page))?.flags ?? 0) & VmFlag.Nonlinear) !== 0;
}

function detailOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof KernelError) return `${error.code}: ${error.detail}`;
    throw error;
  }
  return "";
}

describe("the call", () => {
  test("a range shows other pages, the mapping stays one VMA, and is nonlinear", () => {
    process.remapFilePages(at(12), 2 * PAGE, 6);
    expect(layout(process)).toEqual(["10-18 rw-s"]);
    expect(isNonlinear(10)).toBe(true);
    expect(present()).toEqual([12, 13]);
    expect(words(10, 8)).toEqual([100, 101, 106, 107, 104, 105, 106, 107]);
    expect(pageAt(process, 12)).toMatchObject({ index: 6, mapcount: 2 });
    expectHealthy(kernel);
  });

  test("what was there goes, and what was written to it does not", () => {
    process.write(at(12), 7);
    const old = pageAt(process, 12);
    process.remapFilePages(at(12), PAGE, 5);
    expect(old).toMatchObject({ mapcount: 0, dirty: true, word: 7, referenced: false });
    expect(process.rss.file).toBe(1);
    expect(file.read(2)).toBe(7);
    process.write(at(12), 8);
    expect(process.read(at(15))).toBe(8);
    expectHealthy(kernel);
  });

  test("a page that only its entry knows to be dirty knows it from then on", () => {
    const zeros = kernel.createFile({ pages: 4, kind: "tmpfs" });
    lay(process, 30, 4, { file: zeros, shared: true });
    process.read(at(30));
    process.write(at(30), 7);
    const page = pageAt(process, 30);
    expect(page.dirty).toBe(false);
    process.remapFilePages(at(30), PAGE, 2);
    expect(page.dirty).toBe(true);
  });

  test("not to block is to leave the pages to be faulted in", () => {
    process.remapFilePages(at(12), 2 * PAGE, 6, { nonBlock: true });
    expect(present()).toEqual([]);
    expect(kept()).toEqual(["12:6", "13:7"]);
    expect(process.read(at(13))).toBe(107);
    process.write(at(12), 9);
    expect(kept()).toEqual([]);
    expect(file.read(6)).toBe(9);
    expectHealthy(kernel);
  });

  test("where the mapping shows the file there already nothing happens", () => {
    process.remapFilePages(at(12), 2 * PAGE, 2);
    expect(present()).toEqual([]);
    expect(isNonlinear(10)).toBe(false);
  });

  test("a nonlinear mapping stays so when everything is in its place again", () => {
    process.remapFilePages(at(12), PAGE, 6);
    process.remapFilePages(at(12), PAGE, 2, { nonBlock: true });
    expect(isNonlinear(12)).toBe(true);
    expect(kept()).toEqual(["12:2"]);
    expect(process.read(at(12))).toBe(102);
    expectHealthy(kernel);
  });

  test("address and length are rounded down to pages", () => {
    process.remapFilePages(at(12) + 5, 2 * PAGE - 1, 6, { nonBlock: true });
    expect(kept()).toEqual(["12:6"]);
  });

  test("shared anonymous memory can be remapped as well", () => {
    lay(process, 30, 4, { shared: true });
    for (let i = 0; i < 4; i++) process.write(at(30 + i), i);
    process.remapFilePages(at(30), 2 * PAGE, 2);
    expect(words(30, 4)).toEqual([2, 3, 2, 3]);
    expectHealthy(kernel);
  });

  test("what the program may not read is not made present", () => {
    process.mprotect(at(10), 8 * PAGE, "w");
    process.remapFilePages(at(12), PAGE, 6);
    expect(present()).toEqual([]);
    process.mprotect(at(10), 8 * PAGE, "none");
    process.remapFilePages(at(13), PAGE, 5);
    expect(kept()).toEqual(["12:6", "13:5"]);
  });

  test("pages beyond the end of the file may be named, and are SIGBUS until it grows", () => {
    process.remapFilePages(at(12), 2 * PAGE, 15);
    expect(present()).toEqual([12]);
    expect(kept()).toEqual(["13:16"]);
    expect(detailOf(() => process.read(at(13)))).toBe(
      "SIGBUS: page 16 is beyond the end of its file at 16",
    );
    file.truncate(17);
    expect(process.read(at(13))).toBe(0);
    expectHealthy(kernel);
  });

  test("a batch has it too", () => {
    const batch = kernel.batch();
    batch.remapFilePages(process, at(12), PAGE, 6);
    batch.remapFilePages(process, at(13), PAGE, 6, { nonBlock: true });
    batch.remapFilePages(process, at(40), PAGE, 6);
    expect(batch.run()).toBe(1);
    expect(batch.error(2)).toBe("EINVAL");
    expect([present(), kept()]).toEqual([[12], ["13:6"]]);
  });

  test("what is refused says why, and nothing has changed", () => {
    lay(process, 30, 2);
    const range = "accepted: integers from 0 to 2^53-1";
    const cases: [() => unknown, string][] = [
      [() => process.remapFilePages(at(10), 0, 1), "length is 0, accepted: at least 4096"],
      [() => process.remapFilePages(at(10), 4095, 1), "length is 4095, accepted: at least 4096"],
      [() => process.remapFilePages(at(10), PAGE, -1), `pgoff is -1, ${range}`],
      [
        () => process.remapFilePages(at(10), PAGE, 2 ** 46 - 1),
        `pgoff is ${2 ** 46 - 1}, accepted: below 2^46 together with the length`,
      ],
      [
        () => process.remapFilePages(at(20), PAGE, 1),
        `nothing is mapped at 0x${at(20).toString(16)}`,
      ],
      [() => process.remapFilePages(at(17), 2 * PAGE, 1), "the range is more than the VMA there"],
      [
        () => process.remapFilePages(at(30), PAGE, 1),
        `the VMA at 0x${at(30).toString(16)} is rw-p, accepted: shared ones`,
      ],
    ];
    for (const [action, detail] of cases) expect(detailOf(action)).toBe(`EINVAL: ${detail}`);
    process.remapFilePages(at(10), PAGE, 2 ** 46 - 2, { nonBlock: true });
    expect(kept()).toEqual([`10:${2 ** 46 - 2}`]);
    expectHealthy(kernel);
  });

  test("an s390x keeps larger offsets", async () => {
    const other = await machine({ arch: "s390x" });
    const zeros = other.kernel.createFile({ pages: 2 ** 52, kind: "tmpfs" });
    lay(other.process, 0, 2, { file: zeros, shared: true });
    other.process.remapFilePages(at(0), PAGE, 2 ** 52 - 2);
    expect(pageAt(other.process, 0).index).toBe(2 ** 52 - 2);
    expect(detailOf(() => other.process.remapFilePages(at(0), PAGE, 2 ** 52 - 1))).toBe(
      `EINVAL: pgoff is ${2 ** 52 - 1}, accepted: below 2^52 together with the length`,
    );
    expectHealthy(other.kernel);
  });

  test("a private mapping of the file and the gap below a mapping are refused", () => {
    lay(process, 30, 2, { file });
    expect(codeOf(() => process.remapFilePages(at(30), PAGE, 1))).toBe("EINVAL");
    expect(codeOf(() => process.remapFilePages(at(9), PAGE, 1))).toBe("EINVAL");
    expect(codeOf(() => process.remapFilePages(at(9), 2 * PAGE, 1))).toBe("EINVAL");
  });

  test("entries that need more page tables than there can be are ENOMEM, and the mapping stays linear", () => {
    const huge = kernel.createFile({ pages: 2 ** 40, kind: "tmpfs" });
    const length = 2 ** 45;
    const address = process.mmap({ length, file: huge, shared: true });
    expect(detailOf(() => process.remapFilePages(address, length, 1))).toBe(
      "ENOMEM: memory is exhausted",
    );
    expect(process.vmaAt(address)!.flags & VmFlag.Nonlinear).toBe(0);
    process.remapFilePages(address + 2 ** 40, PAGE, 1);
    expect(process.read(address + 2 ** 40)).toBe(0);
    expectHealthy(kernel);
  });
});

describe("of a disk", () => {
  beforeEach(() => {
    file = kernel.createFile({ pages: 16, kind: "disk", word: 100 });
    lay(process, 10, 8, { file, shared: true });
  });

  test("the range becomes a linear VMA, with nothing present", () => {
    process.write(at(12), 7);
    process.remapFilePages(at(12), 2 * PAGE, 6);
    expect(layout(process)).toEqual(["10-12 rw-s", "12-14 rw-s", "14-18 rw-s"]);
    expect(process.vmas().map(({ pgoff }) => pgoff)).toEqual([0, 6, 4]);
    expect([isNonlinear(12), present()]).toEqual([false, []]);
    expect(words(10, 8)).toEqual([100, 101, 106, 107, 104, 105, 106, 107]);
    expect(file.read(2)).toBe(7);
    expectHealthy(kernel);
  });

  test("which joins its neighbours again when it fits", () => {
    process.remapFilePages(at(12), 2 * PAGE, 6);
    process.remapFilePages(at(12), 2 * PAGE, 2);
    expect(layout(process)).toEqual(["10-18 rw-s"]);
    expectHealthy(kernel);
  });

  test("protection and advice are those of the mapping", () => {
    process.mprotect(at(10), 8 * PAGE, "r");
    process.madvise(at(10), 8 * PAGE, "sequential");
    process.remapFilePages(at(12), PAGE, 6);
    expect(process.vmaAt(at(12))).toMatchObject({ perms: "r--s" });
    expect(process.vmaAt(at(12))!.flags).toBe(process.vmaAt(at(10))!.flags);
  });

  test("a locked range is locked and present in its new place", () => {
    process.mlock(at(10), 8 * PAGE);
    process.remapFilePages(at(12), 2 * PAGE, 8);
    expect(process.lockedPages).toBe(8);
    expect(present()).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
    expect(pageAt(process, 12)).toMatchObject({ index: 8, mlocked: true });
    expect(kernel.vmstat().nr_mlock).toBe(8);
    expectHealthy(kernel);
  });

  test("the mapping may be all that is left of the file", () => {
    process.write(at(10), 5);
    file.close();
    process.remapFilePages(at(10), 8 * PAGE, 8);
    expect(process.read(at(10))).toBe(108);
    process.remapFilePages(at(10), 8 * PAGE, 0);
    expect(process.read(at(10))).toBe(5);
    expectHealthy(kernel);
  });

  test("one VMA too many is ENOMEM before anything is unmapped", async () => {
    const small = await machine({ maxMapCount: 1 });
    const disk = small.kernel.createFile({ pages: 8, kind: "disk", word: 100 });
    lay(small.process, 10, 8, { file: disk, shared: true });
    expect(detailOf(() => small.process.remapFilePages(at(12), PAGE, 6))).toBe(
      "ENOMEM: a process has at most 1 VMAs (maxMapCount), and this one has 1",
    );
    expect(layout(small.process)).toEqual(["10-18 rw-s"]);
    expectHealthy(small.kernel);
  });
});

describe("a locked mapping", () => {
  beforeEach(() => process.mlock(at(10), 8 * PAGE));

  test("pages that go are no longer mlocked, those that come are", () => {
    const old = pageAt(process, 12);
    process.remapFilePages(at(12), 2 * PAGE, 8);
    expect(old).toMatchObject({ mapcount: 0, mlocked: false });
    expect(pageAt(process, 12)).toMatchObject({ index: 8, mlocked: true, unevictable: true });
    expect(process.lockedPages).toBe(8);
    expect(process.vmaAt(at(12))!.flags & VmFlag.Locked).not.toBe(0);
    expect(kernel.vmstat().nr_mlock).toBe(8);
    expectHealthy(kernel);
  });

  test("also once it is nonlinear; not to block leaves them out", () => {
    process.remapFilePages(at(12), PAGE, 8);
    process.remapFilePages(at(12), PAGE, 9);
    expect(pageAt(process, 12)).toMatchObject({ index: 9, mlocked: true });
    process.remapFilePages(at(12), PAGE, 10, { nonBlock: true });
    expect(kept()).toEqual(["12:10"]);
    expect(kernel.vmstat().nr_mlock).toBe(7);
    process.munlock(at(10), 8 * PAGE);
    expect([process.lockedPages, kernel.vmstat().nr_mlock]).toEqual([0, 0]);
    process.mlock(at(10), 8 * PAGE);
    expect(kept()).toEqual([]);
    expect(kernel.vmstat().nr_mlock).toBe(8);
    expectHealthy(kernel);
  });

  test("a page that stays locked elsewhere in the process stays mlocked only if reclaim meets it", () => {
    // Page 2 of the file is at 12 and at 14: the one at 14 is in the same address space, whose mmap_sem is taken.
    process.remapFilePages(at(14), PAGE, 2);
    const page = pageAt(process, 12);
    expect(page).toMatchObject({ mapcount: 2, mlocked: true });
    process.remapFilePages(at(12), PAGE, 8);
    expect(page).toMatchObject({ mapcount: 1, mlocked: false });
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("mlock");
    expect(page.mlocked).toBe(true);
    expectHealthy(kernel);
  });
});

describe("other calls", () => {
  beforeEach(() => {
    process.remapFilePages(at(12), 2 * PAGE, 6);
    process.remapFilePages(at(14), 2 * PAGE, 0, { nonBlock: true });
  });

  test("fork copies every entry, though the mapping has no anon_vma", () => {
    const child = process.fork();
    expect([present(child), kept(child)]).toEqual([
      [12, 13],
      ["14:0", "15:1"],
    ]);
    expect(child.rss.file).toBe(2);
    expect(pageAt(process, 12).mapcount).toBe(2);
    expect(words(10, 8, child)).toEqual([100, 101, 106, 107, 100, 101, 106, 107]);
    child.write(at(12), 9);
    expect(process.read(at(12))).toBe(9);
    process.exit();
    expect(pageAt(child, 12).mapcount).toBe(2);
    expectHealthy(kernel);
  });

  test("mprotect cuts it, and its parts stay nonlinear", () => {
    process.mprotect(at(13), 2 * PAGE, "r");
    expect(layout(process)).toEqual(["10-13 rw-s", "13-15 r--s", "15-18 rw-s"]);
    expect([10, 13, 15].map((page) => isNonlinear(page))).toEqual([true, true, true]);
    expect(kept()).toEqual(["14:0", "15:1"]);
    expect(codeOf(() => process.write(at(13), 1))).toBe("SIGSEGV");
    process.mprotect(at(13), 2 * PAGE, "rw");
    expect(layout(process)).toEqual(["10-18 rw-s"]);
    expect(words(10, 8)).toEqual([100, 101, 106, 107, 100, 101, 106, 107]);
    expectHealthy(kernel);
  });

  test("it does not merge with a linear neighbour that continues the file", () => {
    lay(process, 18, 2, { file, shared: true, pgoff: 8 });
    expect(layout(process)).toEqual(["10-18 rw-s", "18-20 rw-s"]);
    process.remapFilePages(at(18), PAGE, 1);
    process.mprotect(at(18), 2 * PAGE, "r");
    process.mprotect(at(18), 2 * PAGE, "rw");
    expect(layout(process)).toEqual(["10-20 rw-s"]);
    expect(words(17, 3)).toEqual([107, 101, 109]);
    expectHealthy(kernel);
  });

  test("mremap moves entries as they are", () => {
    process.mremap(at(12), 4 * PAGE, 4 * PAGE, { to: at(40) });
    expect(layout(process)).toEqual(["10-12 rw-s", "16-18 rw-s", "40-44 rw-s"]);
    expect([isNonlinear(40), present(), kept()]).toEqual([true, [40, 41], ["42:0", "43:1"]]);
    expect(words(40, 4)).toEqual([106, 107, 100, 101]);
    expectHealthy(kernel);
  });

  test("and lets it grow, in the file's order", () => {
    process.mremap(at(10), 8 * PAGE, 10 * PAGE);
    expect(words(16, 4)).toEqual([106, 107, 108, 109]);
    process.mremap(at(10), 10 * PAGE, 4 * PAGE);
    expect(words(10, 4)).toEqual([100, 101, 106, 107]);
    expectHealthy(kernel);
  });

  test("forgetting pages does not forget which they were", () => {
    process.read(at(10));
    process.madvise(at(10), 5 * PAGE, "dontneed");
    // Page 10 was at its linear place: nothing needs to be kept of it.
    expect([present(), kept()]).toEqual([[], ["12:6", "13:7", "14:0", "15:1"]]);
    expect(words(10, 6)).toEqual([100, 101, 106, 107, 100, 101]);
    expectHealthy(kernel);
  });

  test("munmap takes its entries with it", () => {
    process.munmap(at(13), 2 * PAGE);
    lay(process, 13, 2, { file, shared: true, pgoff: 3 });
    expect(words(12, 4)).toEqual([106, 103, 104, 101]);
    process.munmap(at(10), 8 * PAGE);
    expect(process.rss.file).toBe(0);
    expectHealthy(kernel);
  });

  test("truncation takes pages from wherever they are, and leaves what they were", () => {
    words(10, 8);
    file.truncate(6);
    expect(present()).toEqual([10, 11, 14, 15]);
    expect(kept()).toEqual(["12:6", "13:7"]);
    expect([12, 13, 16, 17].map((page) => codeOf(() => process.read(at(page))))).toEqual(
      Array.from({ length: 4 }, () => "SIGBUS"),
    );
    file.truncate(8);
    expect(words(12, 2)).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("a hole takes exactly its pages", () => {
    words(10, 8);
    file.punchHole(1, 1);
    expect(present()).toEqual([10, 12, 13, 14, 16, 17]);
    expect(kept()).toEqual(["15:1"]);
    expect(words(10, 8)).toEqual([100, 0, 106, 107, 100, 0, 106, 107]);
    expectHealthy(kernel);
  });

  test("invalidation drops a clean page that is mapped twice in it", () => {
    const ram = kernel.createFile({ pages: 4, kind: "ramfs", word: 50 });
    lay(process, 30, 4, { file: ram, shared: true });
    process.remapFilePages(at(30), PAGE, 2);
    process.read(at(32));
    expect(ram.invalidate(2, 1)).toBe(0);
    expect(ram.invalidate(2, 1, "all")).toBe(1);
    expect([ram.cached, kept().at(-1)]).toEqual([0, "30:2"]);
    expect(words(30, 3)).toEqual([52, 51, 52]);
    expectHealthy(kernel);
  });

  test("the end of the process ends it", () => {
    process.fork().exit();
    process.exit();
    file.close();
    expect(kernel.vmstat().nr_mapped).toBe(0);
    expectHealthy(kernel);
  });

  test("a snapshot has it", () => {
    const snapshot = kernel.snapshot();
    words(14, 2);
    kernel.restore(snapshot);
    expect(kept()).toEqual(["14:0", "15:1"]);
    expectHealthy(kernel);
  });

  test("its pages are mapped, but no walk finds them there", () => {
    const other = kernel.spawn();
    lay(other, 0, 1, { file, shared: true, pgoff: 6 });
    other.read(at(0));
    const page = pageAt(process, 12);
    expect(page.mapcount).toBe(2);
    expect(places(page)).toEqual([`${other.pid}:0`]);
  });
});
