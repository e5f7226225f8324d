// What --explain says of operations that make the kernel work on pages. Of each script the last line is
// compared, without its line number and its words.

import { describe, expect, test } from "vitest";
import { explain } from "./explained.js";

type Case = readonly [behaviour: string, lines: readonly string[], words: string | RegExp];

async function last(lines: readonly string[]): Promise<string> {
  const explained = await explain(lines);
  expect(explained).toHaveLength(lines.length);
  const beginning = `${lines.length} ${lines.at(-1)}: `;
  expect(explained.at(-1)).toContain(beginning);
  return explained.at(-1)!.slice(beginning.length);
}

async function check([, lines, words]: Case): Promise<void> {
  const said = await last(lines);
  if (typeof words === "string") expect(said).toBe(words);
  else expect(said).toMatch(words);
}

const A = ["spawn A", "mmap A 10 4 rw anon private"];
const WRITTEN = [...A, "write A 10 7", "write A 11 8"];
/** A 10, A 11 and B 12 have one frame. */
const MERGED = [
  "spawn A",
  "spawn B",
  "mmap A 10 4 rw anon private",
  "mmap B 10 4 rw anon private",
  "write A 10 7",
  "write A 11 7",
  "write B 12 7",
  "madvise A 10 4 mergeable",
  "madvise B 10 4 mergeable",
  "ksm",
];
const DISK = ["file F 8 disk", "spawn A", "mmap A 0 8 rw file:F:0 shared"];

describe("KSM", () => {
  test.each<Case>([
    [
      "a VMA becomes mergeable",
      [...WRITTEN, "madvise A 10 4 mergeable"],
      "VMA 10-14 is mergeable (mg)",
    ],
    [
      "a part of a VMA becomes mergeable",
      [...A, "madvise A 11 2 mergeable"],
      "VMA 10-14 split at 11; VMA 11-14 split at 13; VMA 11-13 is mergeable (mg)",
    ],
    [
      "shared memory does not",
      ["spawn A", "mmap A 0 2 rw anon shared", "madvise A 0 2 mergeable"],
      "VMA 0-2 is shared, and KSM leaves that alone",
    ],
    [
      "pages that are merged are named where they are",
      MERGED,
      "2 pages gave way to an equal one: A 10, A 11 and B 12 share one frame now; " +
        "KSM shares 1 frame, mapped at 3 places",
    ],
    [
      "a scan that finds nothing new says so",
      [...MERGED, "ksm"],
      "nothing new to merge; KSM shares 1 frame, mapped at 3 places",
    ],
    [
      "a write to a page that KSM shares names who shares it, the same process too",
      [...MERGED, "write A 10 9"],
      "page copied, KSM shares the frame with A 11 and B 12",
    ],
    [
      "the last who shows a page of KSM's copies it all the same",
      [...MERGED, "write A 10", "write A 11", "write B 12"],
      "page copied, KSM shared the frame and nobody else is left",
    ],
    [
      "unmerging copies",
      [...MERGED, "madvise A 10 4 unmergeable"],
      "pages 10-11 copied, KSM shares the frame with B 12; VMA 10-14 is not mergeable",
    ],
    [
      "migration refuses what KSM shares",
      [...MERGED, "migrate B 10 4"],
      "0 pages moved; page 12 stays: KSM shares it, at A 10, A 11 and B 12",
    ],
  ])("%s", (...given) => check(given));
});

describe("files", () => {
  test.each<Case>([
    [
      "a write makes a page dirty",
      ["file F 8 disk", "file-write F 3"],
      "page 3 of F read into the page cache and written, dirty until it is written back",
    ],
    [
      "a write beyond the end makes the file grow",
      ["file F 8 tmpfs", "file-write F 9"],
      "page 9 of F written; F grows from 8 to 10 pages",
    ],
    [
      "a read tells where the value comes from",
      ["file F 8 disk", "file-read F 3"],
      "1000000003, read from disk into the page cache",
    ],
    [
      "a second read finds it there",
      ["file F 8 disk", "file-read F 3", "file-read F 3"],
      "1000000003, found in the page cache",
    ],
    ["a read beyond the end", ["file F 8 disk", "file-read F 8"], "0, F ends at 8"],
    [
      "a hole",
      [...DISK, "read A 2", "file-read F 3", "punch F 2 9"],
      "pages 2-7 of F read as zero now, 2 left the page cache; 1 page unmapped",
    ],
    ["a hole beyond the end", [...DISK, "punch F 8 2"], "nothing to change, F ends at 8"],
    ["clean pages are dropped", [...DISK, "file-read F 2", "invalidate F 0 8"], "1 page dropped"],
    [
      "mapped ones are unmapped first",
      [...DISK, "read A 2", "read A 3", "invalidate F 0 8 all"],
      "2 pages dropped; 2 pages unmapped",
    ],
    [
      "a dirty one stays",
      [...DISK, "write A 2", "invalidate F 0 8 all"],
      "EBUSY, a dirty page had to stay, writeback cleans it; 1 page unmapped",
    ],
    [
      "writeback does not help tmpfs",
      ["file F 8", "file-write F 2", "invalidate F 0 8 all"],
      "EBUSY, a dirty page had to stay, and it can't be written anywhere",
    ],
    [
      "a file shrinks",
      [...DISK, "read A 2", "truncate F 2"],
      "F shrinks from 8 to 2 pages, 1 left the page cache; 1 page unmapped",
    ],
    ["a file grows", [...DISK, "truncate F 9"], "F grows from 8 to 9 pages, the new ones are zero"],
    ["a file stays", [...DISK, "truncate F 8"], "F has 8 pages already"],
    ["dirty pages are written", [...DISK, "write A 2", "writeback F"], "1 page written"],
    ["nothing is dirty", [...DISK, "read A 2", "writeback F"], "0 pages written"],
    [
      "memory is written nowhere",
      ["file F 8", "file-write F 2", "writeback F"],
      "0 pages written; tmpfs has nowhere to write to",
    ],
    ["held I/O", [...DISK, "io hold"], "pages that are written from now on stay under writeback"],
    [
      "a page stays under writeback",
      [...DISK, "write A 2", "io hold", "writeback F"],
      "1 page written; under writeback while I/O is held",
    ],
    [
      "I/O goes on",
      [...DISK, "write A 2", "io hold", "writeback F", "io release"],
      "writes end, 1 page no longer under writeback",
    ],
    [
      "held I/O that somebody has to wait for",
      [...DISK, "write A 2", "io hold", "writeback F", "migrate A 0 8"],
      "1 page moved; 1 mapping of page 2 leads to another frame now; " +
        "held I/O of 1 page is over, as its end had to be waited for",
    ],
    [
      "held I/O of pages that are dropped",
      [...DISK, "write A 2", "write A 3", "io hold", "writeback F", "invalidate F 0 8 all"],
      "2 pages dropped; 2 pages unmapped; " +
        "held I/O of 2 pages is over, as their end had to be waited for",
    ],
    [
      "held I/O that a write through a mapping waits for",
      [...DISK, "write A 2", "io hold", "writeback F", "write A 2"],
      "shared page made writable, all who map it see the write; " +
        "held I/O of 1 page is over, as its end had to be waited for",
    ],
    ["I/O that nobody waited for", ["io hold", "io release"], "no page was under writeback"],
  ])("%s", (...given) => check(given));
});

describe("reclaim and swap", () => {
  test.each<Case>([
    [
      "pages go to swap, with all mappings",
      [...WRITTEN, "fork A B", "swap-out A 10 4"],
      "2 pages reclaimed; 4 mappings of pages 10-11 became swap entries; contents of 2 pages written out",
    ],
    [
      "there is nothing to take",
      [...A, "swap-out A 10 4"],
      "0 pages reclaimed; no page is present there",
    ],
    [
      "a pinned page stays, without entries",
      [...WRITTEN, "pin A 10", "swap-out A 10 1"],
      "0 pages reclaimed; page 10 stays: pinned; 1 mapping of page 10 became a swap entry",
    ],
    [
      "locked pages stay",
      [...WRITTEN, "mlock A 10 2", "swap-out A 10 2"],
      "0 pages reclaimed; pages 10-11 stay: mlocked",
    ],
    [
      "there is no swap",
      [...WRITTEN, "swapoff 0", "swap-out A 10 2"],
      "0 pages reclaimed; pages 10-11 stay: there is no swap",
    ],
    [
      "swap is full",
      [...WRITTEN, "swapoff 0", "swapon 1", "swap-out A 10 2"],
      /^1 page reclaimed; page 11 stays: swap is full;/,
    ],
    [
      "a range of no page",
      [...WRITTEN, "swap-out A 10 0"],
      "0 pages reclaimed; the range has 0 pages",
    ],
    [
      "memory of tmpfs stays",
      ["file F 4", "spawn A", "mmap A 0 4 rw file:F:0 shared", "write A 0", "swap-out A 0 4"],
      "0 pages reclaimed; page 0 stays: only unmapped, tmpfs is never swapped out in this model; " +
        "1 mapping of page 0 removed",
    ],
    [
      "shared memory stays, unmapped from everybody",
      [
        ...["spawn A", "mmap A 0 4 rw anon shared", "write A 0", "write A 1", "fork A B"],
        ...["read B 1", "swap-out A 0 4"],
      ],
      "0 pages reclaimed; pages 0-1 stay: only unmapped, shared memory is never swapped out in this " +
        "model; 3 mappings of pages 0-1 removed",
    ],
    [
      "pages of a disk go, and their mappings are told",
      [...DISK, "read A 2", "write A 3", "swap-out A 0 8"],
      "2 pages reclaimed; 2 mappings of pages 2-3 removed; contents written out",
    ],
    [
      "a page is known by its number in the range, whoever else maps it",
      [
        ...["spawn A", "mmap A 10 1 rw anon private", "write A 10", "fork A B"],
        ...["mremap B 10 1 12", "swap-out A 10 4"],
      ],
      "1 page reclaimed; 2 mappings of page 10 became swap entries; contents written out",
    ],
    [
      "a ramfs is left alone",
      ["file F 4 ramfs", "spawn A", "mmap A 0 4 rw file:F:0 shared", "read A 0", "swap-out A 0 4"],
      "0 pages reclaimed; page 0 stays: ramfs is never reclaimed",
    ],
    [
      "what is being written stays",
      [...DISK, "write A 0", "io hold", "writeback F", "swap-out A 0 4"],
      "0 pages reclaimed; page 0 stays: being written, I/O is held",
    ],
    [
      "different pages of two processes under one number are counted",
      [
        ...["A", "B"].flatMap((name) => [`spawn ${name}`, `mmap ${name} 0 2 rw anon private`]),
        ...["write A 0", "write B 0", "write A 1", "write B 1", "reclaim 9"],
      ],
      /^(\d) pages reclaimed; \1 mappings of \1 pages became swap entries;/,
    ],
    [
      "reclaim tells what it left",
      [...DISK, "write A 0", "reclaim 1"],
      /^0 pages reclaimed; page 0 of F stays: (touched lately|dirty)/,
    ],
    ["reclaim of nothing", ["reclaim 1"], "0 pages reclaimed; there was none to look at"],
    ["nothing to reclaim", [...WRITTEN, "reclaim 0"], "0 pages reclaimed; none was asked for"],
    [
      "reclaim without swap",
      [...WRITTEN, "swapoff 0", "reclaim 5"],
      "0 pages reclaimed; 2 pages without a file on disk are passed over: there is no swap",
    ],
    [
      "reclaim with full swap",
      [...WRITTEN, "swapoff 0", "swapon 1", "swap-out A 10 1", "reclaim 5"],
      "0 pages reclaimed; 1 page without a file on disk is passed over: swap is full",
    ],
    [
      "reclaim where nothing may be taken",
      [...WRITTEN, "mlock A 10 2", "reclaim 5"],
      "0 pages reclaimed; 2 pages can't be reclaimed, mlocked or of a ramfs",
    ],
    [
      "reclaim that only makes pages old",
      [...DISK, "file-read F 0", "file-read F 0", "file-read F 0", "reclaim 5"],
      "0 pages reclaimed; 1 page of files was active, the next reclaim looks there",
    ],
    [
      "a page that was touched has no other reason",
      [...WRITTEN, "swap-out A 10 1", "read A 10", "reclaim 1"],
      "0 pages reclaimed; A 10 stays: touched lately",
    ],
    [
      "pages of several processes are counted, not numbered",
      [
        ...["spawn A", "mmap A 0 2 rw anon private", "write A 0", "write A 1", "fork A B"],
        ...["spawn C", "mmap C 0 2 rw anon private", "write C 0", "reclaim 3"],
      ],
      /^3 pages reclaimed; 5 mappings of 3 pages became swap entries;/,
    ],
    [
      "so are those that swapoff brings back",
      [
        ...["A", "B"].flatMap((name) => [
          `spawn ${name}`,
          `mmap ${name} 0 2 rw anon private`,
          `write ${name} 0`,
          `pin ${name} 0`,
          `write ${name} 1`,
          `swap-out ${name} 0 2`,
        ]),
        "swapoff 0",
      ],
      "swap area 0 is out of use; 4 pages mapped again, 2 of them read back from swap area 0",
    ],
    [
      "a page comes back",
      [...WRITTEN, "swap-out A 10 1", "read A 10"],
      "page read back from swap area 0",
    ],
    [
      "a page that never left memory is only mapped again",
      [...WRITTEN, "pin A 10", "swap-out A 10 1", "read A 10"],
      "page mapped again, still in the swap cache",
    ],
    [
      "a write to what others have in swap copies",
      [...WRITTEN, "fork A B", "swap-out A 10 1", "write A 10"],
      "page read back from swap area 0; page copied, others still have it in swap",
    ],
    [
      "what is dropped with its VMA is counted",
      [...WRITTEN, "swap-out A 10 4", "munmap A 10 4"],
      "VMA 10-14 removed; 2 swap entries dropped",
    ],
    [
      "what is dropped by advice is counted",
      [...WRITTEN, "swap-out A 10 1", "madvise A 10 4 dontneed"],
      "1 page unmapped; 1 swap entry dropped",
    ],
    ["a swap area", ["swapon 100 5"], "swap area 1, of 100 pages"],
    ["an area that is empty", ["swapon 100", "swapoff 1"], "swap area 1 is out of use"],
    [
      "an area that is not",
      [...WRITTEN, "fork A B", "swapon 9 9", "swap-out A 10 2", "swapoff 1"],
      "swap area 1 is out of use; 2 pages read back from swap area 1, 4 mappings in all",
    ],
    ["no area", ["swapoff 3"], "EINVAL, there is no swap area 3"],
    [
      "too many areas",
      Array.from({ length: 8 }, () => "swapon 1"),
      "EPERM, there are eight swap areas, and no more than that",
    ],
    [
      "too large an area",
      ["swapon 2147483647"],
      "EINVAL, all swap areas together have at most 2147483647 pages",
    ],
    ["touched", [...WRITTEN, "referenced A 10"], "touched through 1 mapping"],
    ["not touched", [...WRITTEN, "referenced A 10", "referenced A 10"], "not touched"],
  ])("%s", (...given) => check(given));
});

describe("pins and migration", () => {
  test.each<Case>([
    ["a pin", [...WRITTEN, "pin A 10"], "pinned"],
    ["another", [...WRITTEN, "fork A B", "pin A 10", "pin B 10"], "pinned 2 times"],
    ["one of two goes", [...WRITTEN, "pin A 10", "pin A 10", "unpin A 10"], "still pinned"],
    ["the last goes", [...WRITTEN, "pin A 10", "unpin A 10"], "no longer pinned"],
    ["no pin to take", [...WRITTEN, "unpin A 10"], "EINVAL, the page is not pinned"],
    ["no page to pin", [...WRITTEN, "pin A 13"], "EFAULT, no page is present there"],
    ["nothing to pin", [...WRITTEN, "pin A 99"], "EFAULT, nothing is mapped there"],
    [
      "a page in swap can be brought back",
      [...WRITTEN, "swap-out A 10 1", "pin A 10"],
      "EFAULT, no page is present there, read brings back what is in swap",
    ],
    [
      "pages move with their mappings",
      [...WRITTEN, "fork A B", "migrate B 10 4"],
      "2 pages moved; 4 mappings of pages 10-11 lead to other frames now",
    ],
    [
      "a pinned page does not",
      [...WRITTEN, "pin A 10", "migrate A 10 4"],
      "1 page moved; page 10 stays: pinned; 1 mapping of page 11 leads to another frame now",
    ],
    [
      "nor a dirty page of a ramfs",
      ["file F 4 ramfs", "spawn A", "mmap A 0 4 rw file:F:0 shared", "write A 0", "migrate A 0 4"],
      "0 pages moved; page 0 stays: dirty, and ramfs can't write it",
    ],
    ["no page to move", [...A, "migrate A 10 4"], "0 pages moved; no page is present there"],
    ["no range", [...WRITTEN, "migrate A 10 0"], "0 pages moved; the range has 0 pages"],
  ])("%s", (...given) => check(given));
});

describe("locked memory", () => {
  test.each<Case>([
    [
      "pages are made present and mlocked",
      [...WRITTEN, "mlock A 10 4"],
      "pages 12-13 made, nothing was there; 4 pages mlocked, reclaim leaves them alone; VMA 10-14 is locked (lo)",
    ],
    ["what is locked already", [...A, "mlock A 10 4", "mlock A 10 4"], "VMA 10-14 is locked (lo)"],
    [
      "a part is unlocked",
      [...WRITTEN, "mlock A 10 4", "munlock A 10 1"],
      /^VMA 10-14 split at 11; 1 page no longer mlocked;.*VMA 10-11 is not locked$/,
    ],
    [
      "everything is locked",
      [...WRITTEN, "mlockall A"],
      /4 pages mlocked, reclaim leaves them alone; all VMAs are locked \(lo\), 4 pages$/,
    ],
    ["what comes is", [...A, "mlockall A future"], "what is mapped from now on will be locked"],
    ["nothing is", [...A, "munlockall A"], "no VMA is locked, and none will be"],
    [
      "what can't be read can't be made present",
      ["spawn A", "mmap A 0 2 none anon private", "mlock A 0 2"],
      "ENOMEM, VMA 0-2 is locked, but ---p: no page can be made present",
    ],
    [
      "what a file does not have neither",
      ["file F 1", "spawn A", "mmap A 0 2 r file:F:0 shared", "mlock A 0 2"],
      /^ENOMEM, VMA 0-2 is locked, but F ends at 1;/,
    ],
    [
      "locked pages are not dropped",
      [...A, "mlock A 10 4", "madvise A 10 1 dontneed"],
      "EINVAL, VMA 10-14 is locked, and keeps its pages",
    ],
  ])("%s", (...given) => check(given));
});

const MEMORY = ["file F 16", "spawn A", "mmap A 10 8 rw file:F:0 shared"];
const NONLINEAR = [...MEMORY, "remap_file_pages A 12 2 6"];

describe("nonlinear mappings", () => {
  test.each<Case>([
    [
      "pages get another order",
      [...MEMORY, "read A 12", "remap_file_pages A 12 1 6"],
      "1 page unmapped; page 12 shows page 6 of the file; page 6 of F mapped; VMA 10-18 is nonlinear (nl)",
    ],
    [
      "and need not be there",
      [...MEMORY, "remap_file_pages A 12 2 6 nonblock"],
      "pages 12-13 show pages 6-7 of the file; VMA 10-18 is nonlinear (nl)",
    ],
    [
      "the file's order is there already",
      [...MEMORY, "remap_file_pages A 12 2 2"],
      "nothing to change",
    ],
    [
      "of a disk they become a VMA",
      [...DISK, "remap_file_pages A 2 2 6"],
      "VMA 0-8 split at 2; VMA 2-8 split at 4; VMA 2-4 removed; new VMA 2-4; " +
        "apart from VMA 0-2: file offsets do not continue; " +
        "apart from VMA 4-8: file offsets do not continue",
    ],
    [
      "entries keep what reclaim unmaps",
      [...NONLINEAR, "swap-out A 12 1", "swap-out A 12 1"],
      "0 pages reclaimed; page 12 stays: only unmapped, tmpfs is never swapped out in this model; " +
        "2 mappings of pages 12-13 removed, their offsets are kept",
    ],
    [
      "migration waits for its part of the mapping",
      [...NONLINEAR, "migrate A 12 1"],
      "0 pages moved; page 12 stays: mapped in a nonlinear VMA, of which a part is unmapped at a time",
    ],
    [
      "a page beyond the end",
      [...MEMORY, "remap_file_pages A 12 1 20", "read A 12"],
      "SIGBUS, page 20 of F is beyond its end at 16",
    ],
    ["no page", [...MEMORY, "remap_file_pages A 12 0 6"], "EINVAL, the range has 0 pages"],
    ["a hole", [...MEMORY, "remap_file_pages A 20 1 6"], "EINVAL, nothing is mapped at page 20"],
    [
      "more than a VMA",
      [...MEMORY, "remap_file_pages A 17 2 6"],
      "EINVAL, 17-19 is more than VMA 10-18",
    ],
    [
      "a private mapping",
      [...A, "remap_file_pages A 12 1 6"],
      "EINVAL, VMA 10-14 is rw-p, not shared",
    ],
    [
      "an offset that no entry can keep",
      [...MEMORY, `remap_file_pages A 12 1 ${2 ** 46 - 1}`],
      "EINVAL, an entry can't keep page offsets from 2^46 on",
    ],
  ])("%s", (...given) => check(given));
});

describe("ranges that can't be done", () => {
  test.each<Case>([
    ["a hole at once", [...A, "mlock A 14 2"], "ENOMEM, nothing is mapped at page 14"],
    [
      "a hole further on",
      [...A, "mprotect A 10 6 r"],
      "ENOMEM, nothing is mapped at page 14, what is before it is done",
    ],
    [
      "a hole that is passed over",
      [...A, "madvise A 10 6 mergeable"],
      "ENOMEM, nothing is mapped at page 14, the rest is done",
    ],
    ["no page", [...A, "munmap A 10 0"], "EINVAL, the range has 0 pages"],
    [
      "ranges that overlap",
      [...A, "mremap A 10 2 11"],
      "EINVAL, the old and the new range overlap",
    ],
    [
      "more than a VMA",
      [...A, "mremap A 10 5 20"],
      "EFAULT, 10-15 is more than VMA 10-14; 20-25 is unmapped all the same",
    ],
    ["another protection", [...A, "mprotect A 10 4 r"], "VMA 10-14 is r--p"],
  ])("%s", (...given) => check(given));
});

describe("a small machine", () => {
  test("mlock says that frames ran out", async () => {
    const lines = ["spawn A", "mmap A 0 9 rw anon private", "mlock A 0 9"];
    expect((await explain(lines, { frames: 5 })).at(-1)).toMatch(
      /^3 .*: EAGAIN, locked, but not every page could be made present: no frame is free;.* pages 0-4 made,/,
    );
  });

  test.each<readonly [memlock: number, operation: string, words: string]>([
    [3, "mlock A 0 4", "ENOMEM, a process may lock at most 3 pages (memlock), this would be 4"],
    [0, "mlock A 0 4", "EPERM, a process may lock at most 0 pages (memlock)"],
    [3, "mlockall A", "ENOMEM, a process may lock at most 3 pages (memlock), and more is mapped"],
    [0, "mlockall A", "EPERM, a process may lock at most 0 pages (memlock)"],
  ])("with a limit of %d pages %s says so", async (memlock, operation, words) => {
    const lines = ["spawn A", "mmap A 0 9 rw anon private", operation];
    expect((await explain(lines, { memlock })).at(-1)).toBe(`3 ${operation}: ${words}`);
  });

  test.each([
    ["mmap A 9 2 rw anon private", 4],
    ["mremap A 0 2 20 4", 4],
  ])("%s beyond the limit says how much it would be", async (operation, wanted) => {
    const lines = ["spawn A", "mlockall A future", "mmap A 0 2 rw anon private", operation];
    const words = `EAGAIN, a process may lock at most 3 pages (memlock), and with this it would be ${wanted}`;
    expect((await explain(lines, { memlock: 3 })).at(-1)).toBe(`4 ${operation}: ${words}`);
  });
});

describe("an s390x", () => {
  test("speaks of no mappings where its storage key tells of a touch", async () => {
    const lines = ["s390", "spawn A", "mmap A 0 2 rw anon private", "write A 0", "referenced A 0"];
    expect((await explain(lines)).at(-1)).toBe("5 referenced A 0: touched");
    lines.push("notifier A g kvm", "device-read g 0", "referenced A 0");
    expect((await explain(lines)).at(-1)).toBe(
      "8 referenced A 0: touched: its storage key and devices count 2",
    );
  });

  test("says which pages are dirty by their storage keys", async () => {
    const lines = ["s390", "file F 3", "truncate F 0", "truncate F 3", "spawn A"];
    lines.push("mmap A 0 3 rw file:F:0 shared", "read A 0", "read A 1", "write A 0", "write A 1");
    const explained = await explain([...lines, "munmap A 0 3"]);
    expect(explained.at(-1)).toBe(
      "11 munmap A 0 3: 2 pages unmapped; VMA 0-3 removed; " +
        "2 pages are dirty: their storage keys say that they were changed",
    );
  });
});

describe("many pages", () => {
  const MANY = ["spawn A", "mmap A 0 3000 rw anon private", "mlock A 0 3000", "munlock A 0 3000"];

  test("are all told of", async () => {
    expect((await explain([...MANY, "swap-out A 0 3000"])).at(-1)).toBe(
      "5 swap-out A 0 3000: 3000 pages reclaimed; 3000 mappings of pages 0-2999 became swap entries; " +
        "contents of 3000 pages written out",
    );
  });

  test("are told of as far as there is room, and it is said that there were more", async () => {
    const explained = await explain([...MANY, "swap-out A 0 3000"], { most: 4000 });
    expect(explained.at(-1)).toMatch(
      /^5 .*: 3000 pages reclaimed; at least, as only the first 4000 events are kept: 13\d\d mappings/,
    );
  });
});
