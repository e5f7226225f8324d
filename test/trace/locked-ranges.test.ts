// Locked and mergeable ranges. What stands in the snapshots, and which pages are present, is what Linux 6.18
// showed when a program made these calls (/proc/PID/maps, mincore).

import { describe, expect, test } from "vitest";
import { VmFlag } from "../../assembly/abi/flag.js";
import type { ReplayRun } from "../../bindings/trace/replay-run.js";
import { PROGRAM, processOf, replayCalls, replaySnippet, runCalls } from "./snippet.js";

const RW = "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0";
const LOCKED = "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0";
const BASE = 0x10000000;
const ENOMEM = "-1 ENOMEM (Cannot allocate memory)";

/** Which pages from `start` on are present, as mincore tells: 1 or 0 for each. */
function present(run: ReplayRun, start: number, pages: number): string {
  const there = new Set(
    processOf(run)
      .pages()
      .map(({ address }) => address),
  );
  return Array.from({ length: pages }, (_, page) => (there.has(start + page * 4096) ? 1 : 0)).join(
    "",
  );
}

/** Which pages from `start` on are in VMAs that have a flag. */
function flagged(run: ReplayRun, flag: VmFlag, start: number, pages: number, tid = 10): string {
  const process = processOf(run, tid);
  const has = (page: number) => (process.vmaAt(start + page * 4096)?.flags ?? 0) & flag;
  return Array.from({ length: pages }, (_, page) => (has(page) ? 1 : 0)).join("");
}

const locked = (run: ReplayRun, start: number, pages: number, tid = 10) =>
  flagged(run, VmFlag.Locked, start, pages, tid);

/** Ranges of a snapshot, all "rw-p" of nothing, from their bounds. */
function ranges(...bounds: string[]): string {
  return bounds.map((range) => `${range} rw-p 00000000 00:00 0`).join("\n");
}

describe("VMAs are cut where the live kernel's are", () => {
  test.each([
    [
      "mlock of the middle",
      `mmap(NULL, 32768, ${RW}) = 0x10000000
       mlock(0x10002064, 4096) = 0`,
      ranges("10000000-10002000", "10002000-10004000", "10004000-10008000"),
    ],
    [
      "munlock of the middle",
      `mmap(NULL, 32768, ${LOCKED}) = 0x10000000
       munlock(0x10002000, 8192) = 0`,
      ranges("10000000-10002000", "10002000-10004000", "10004000-10008000"),
    ],
    [
      "locking on fault",
      `mmap(NULL, 32768, ${RW}) = 0x10000000
       mlock2(0x10002000, 8192, MLOCK_ONFAULT) = 0`,
      ranges("10000000-10002000", "10002000-10004000", "10004000-10008000"),
    ],
    [
      "advice about merging pages, which does what it can where it meets a hole",
      `mmap(NULL, 32768, ${RW}) = 0x10000000
       madvise(0x10002000, 8192, MADV_MERGEABLE) = 0
       madvise(0x10003000, 4096, MADV_UNMERGEABLE) = 0
       madvise(0x10007000, 8192, MADV_MERGEABLE) = ${ENOMEM}`,
      ranges("10000000-10002000", "10002000-10003000", "10003000-10007000", "10007000-10008000"),
    ],
    [
      "mlock and munlock up to a hole",
      `mmap(NULL, 16384, ${RW}) = 0x10000000
       mmap(NULL, 16384, ${RW}) = 0x10006000
       mlock(0x10002000, 24576) = ${ENOMEM}
       munlock(0x10003000, 24576) = ${ENOMEM}`,
      ranges("10000000-10002000", "10002000-10003000", "10003000-10004000", "10006000-1000a000"),
    ],
    [
      "mlock of what can't be made present",
      `mmap(NULL, 24576, ${RW}) = 0x10000000
       mprotect(0x10002000, 4096, PROT_NONE) = 0
       mlock(0x10001000, 16384) = ${ENOMEM}`,
      `${ranges("10000000-10001000", "10001000-10002000")}
       10002000-10003000 ---p 00000000 00:00 0
       ${ranges("10003000-10005000", "10005000-10006000")}`,
    ],
    [
      "dropping pages from locked memory",
      `mmap(NULL, 24576, ${RW}) = 0x10000000
       mlock(0x10002000, 8192) = 0
       madvise(0x10000000, 24576, MADV_DONTNEED) = -1 EINVAL (Invalid argument)
       madvise(0x10002000, 4096, MADV_DONTNEED_LOCKED) = 0`,
      ranges("10000000-10002000", "10002000-10004000", "10004000-10006000"),
    ],
    [
      "a limit of locked memory that is reached: not at all",
      `mmap(NULL, 65536, ${RW}) = 0x10000000
       mlock(0x10002000, 49152) = ${ENOMEM}
       mlock2(0x10002000, 49152, MLOCK_ONFAULT) = ${ENOMEM}
       mmap(0x10010000, 65536, ${LOCKED}) = -1 EAGAIN (Resource temporarily unavailable)
       mlockall(MCL_CURRENT) = ${ENOMEM}
       mlock(0x10002000, 4096) = -1 EPERM (Operation not permitted)`,
      ranges("10000000-10010000"),
    ],
    [
      "mlockall, for what is mapped and what will be",
      `mmap(NULL, 8192, ${RW}) = 0x10000000
       mlockall(MCL_FUTURE) = 0
       mmap(NULL, 8192, ${RW}) = 0x10002000
       mmap(NULL, 8192, ${RW}) = 0x10010000
       mlockall(MCL_CURRENT) = 0
       mmap(NULL, 8192, ${RW}) = 0x10020000
       munlockall() = 0
       mmap(NULL, 8192, ${RW}) = 0x10022000`,
      ranges("10000000-10004000", "10010000-10012000", "10020000-10024000"),
    ],
    [
      "memory that was locked before and after it was mapped",
      `mmap(NULL, 8192, ${RW}) = 0x10000000
       mlockall(MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT) = 0
       mmap(NULL, 8192, ${RW}) = 0x10002000
       mmap(NULL, 8192, ${LOCKED}) = 0x10004000
       mlockall(MCL_CURRENT) = 0
       mmap(NULL, 8192, ${RW}) = 0x10006000`,
      ranges("10000000-10006000", "10006000-10008000"),
    ],
  ])("%s", async (_, calls, mapped) => {
    const result = await replayCalls(calls, mapped);
    expect(result.maps).toMatchObject({ differences: 0, boundaries: 0, snapshots: 1 });
    expect(result.refused).toEqual({ count: 0, details: [] });
    expect(result.notReplayed).toEqual({});
    expect(result.violations).toEqual([]);
  });

  test("MREMAP_DONTUNMAP takes the lock from all of the VMA that it leaves", async () => {
    const run = await runCalls(
      `mmap(NULL, 24576, ${LOCKED}) = 0x10000000
       mremap(0x10000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, 0x10010000) = 0x10010000`,
    );
    expect(locked(run, BASE, 6)).toBe("000000");
    expect(locked(run, 0x10010000, 2)).toBe("11");
    run.kernel.dispose();
  });

  test("a child has no locks, and may make its own", async () => {
    const run = await runCalls(
      `10 mmap(NULL, 8192, ${LOCKED}) = 0x10000000
       10 mlockall(MCL_CURRENT|MCL_FUTURE) = 0
       10 fork() = 11
       11 mmap(NULL, 8192, ${RW}) = 0x10010000
       11 mlock(0x10011000, 4096) = 0`,
    );
    expect(locked(run, BASE, 2)).toBe("11");
    expect(locked(run, BASE, 2, 11)).toBe("00");
    expect(locked(run, 0x10010000, 2, 11)).toBe("01");
    run.kernel.dispose();
  });

  test("a new program has none either", async () => {
    const result = await replaySnippet({
      strace: `${PROGRAM.strace}
        10 2.0 mlockall(MCL_CURRENT|MCL_FUTURE) = 0
        10 2.1 execve("/bin/p", ["p"], 0x1 /* 0 vars */) = 0
        10 2.3 mmap(NULL, 8192, ${RW}) = 0x10000000
        10 2.4 mlock(0x10000000, 4096) = 0
        10 2.5 exit_group(0) = ?
        `,
      faults: "",
      maps: `${PROGRAM.maps}
        ${PROGRAM.maps.replace("1.002", "2.2")}
        ## exit pid=10 ts=2.6 exe=/bin/p
        ${PROGRAM.lines}
        ${ranges("10000000-10001000", "10001000-10002000")}
        ${PROGRAM.end}
        `,
    });
    expect(result.maps).toMatchObject({ differences: 0, boundaries: 0 });
  });
});

describe("pages are present that the live kernel made present", () => {
  test.each([
    ["mlock", `mmap(NULL, 32768, ${RW}) = 0x10000000\nmlock(0x10002064, 4096) = 0`, "00110000"],
    ["MAP_LOCKED", `mmap(NULL, 32768, ${LOCKED}) = 0x10000000`, "11111111"],
    [
      "nothing on fault",
      `mmap(NULL, 32768, ${RW}) = 0x10000000
       mlock2(0x10002000, 8192, MLOCK_ONFAULT) = 0`,
      "00000000",
    ],
    [
      "nothing before a hole",
      `mmap(NULL, 16384, ${RW}) = 0x10000000
       mlock(0x10002000, 24576) = ${ENOMEM}`,
      "00000000",
    ],
    [
      "what is before a page that can't be had",
      `mmap(NULL, 24576, ${RW}) = 0x10000000
       mprotect(0x10002000, 4096, PROT_NONE) = 0
       mlock(0x10001000, 16384) = ${ENOMEM}`,
      "01000000",
    ],
    [
      "all but what was dropped",
      `mmap(NULL, 24576, ${RW}) = 0x10000000
       mlock(0x10002000, 8192) = 0
       madvise(0x10002000, 4096, MADV_DONTNEED_LOCKED) = 0`,
      "00010000",
    ],
    [
      "what may be written from now on",
      `mmap(NULL, 32768, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = 0x10000000
       mprotect(0x10000000, 16384, PROT_READ|PROT_WRITE) = 0`,
      "11110000",
    ],
    [
      "what a locked mapping grows by",
      `mmap(NULL, 16384, ${LOCKED}) = 0x10000000
       mremap(0x10000000, 16384, 24576, 0) = 0x10000000`,
      "11111100",
    ],
    [
      "new mappings after mlockall",
      `mlockall(MCL_FUTURE) = 0
       mmap(NULL, 16384, ${RW}) = 0x10000000
       mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10004000
       mmap(NULL, 8192, ${RW}) = 0x10005000`,
      "11110110",
    ],
    [
      "none of them on fault, however they are mapped or changed",
      `mlockall(MCL_FUTURE|MCL_ONFAULT) = 0
       mmap(NULL, 16384, ${RW}) = 0x10000000
       mmap(NULL, 16384, ${LOCKED}) = 0x10004000
       mprotect(0x10000000, 4096, PROT_READ) = 0
       mprotect(0x10000000, 4096, PROT_READ|PROT_WRITE) = 0`,
      "00000000",
    ],
  ])("%s", async (_, calls, pages) => {
    const run = await runCalls(calls);
    expect(present(run, BASE, 8)).toBe(pages);
    expect(run.machine.submission.refusals).toEqual([]);
    run.kernel.dispose();
  });

  test("the heap too, after mlockall", async () => {
    const run = await runCalls(
      `brk(NULL) = 0x600000
       brk(0x601000) = 0x601000
       mlockall(MCL_FUTURE) = 0
       brk(0x604000) = 0x604000
       brk(0x603000) = 0x603000`,
    );
    expect(present(run, 0x600000, 4)).toBe("0110");
    expect(locked(run, 0x600000, 3)).toBe("011");
    expect(run.machine.submission.refusals).toEqual([]);
    run.kernel.dispose();
  });

  test("a file that was locked whole has grown since its length was told", async () => {
    const result = await replayCalls(
      `memfd_create("m", 0) = 3</memfd:m>(deleted)
       ftruncate(3</memfd:m>(deleted), 4096) = 0
       mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED, 3</memfd:m>(deleted), 0) = 0x10000000
       mlock(0x10000000, 8192) = ${ENOMEM}
       mlock(0x10002000, 8192) = 0`,
      `10000000-10004000 rw-s 00000000 00:01 9 /memfd:m (deleted)`,
    );
    expect(result.maps).toMatchObject({ differences: 0, boundaries: 0 });
    expect(result.refused.count).toBe(0);
    expect(result.populated.pages).toBe(4);
  });
});

describe("a stack that grows", () => {
  const touch = "10 2.000001500 fault(0x7ffbfffff000, w, miss, user)";

  test("is locked when it was locked, with the pages that are touched", async () => {
    const run = await runCalls("mlockall(MCL_CURRENT) = 0", touch.replace("bfffff", "bffff0"));
    expect(locked(run, 0x7ffbffff0000, 0x31)).toBe("1".repeat(0x31));
    // v3.7 does not make the lowest page of a stack present: mlockall has left that of before alone.
    expect(present(run, 0x7ffbffff0000, 18)).toBe("100000000000000001");
    run.kernel.dispose();
  });

  test("is not when only new mappings are", async () => {
    const run = await runCalls("mlockall(MCL_FUTURE) = 0", touch);
    expect(locked(run, 0x7ffbfffff000, 2)).toBe("00");
    run.kernel.dispose();
  });
});

describe("locks beyond what a machine can hold", () => {
  const terabyte = 2 ** 40;
  const many = 2 ** 20;

  test("set the flag, and make some pages present", async () => {
    const run = await runCalls(
      `mmap(NULL, ${many}, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000
       mmap(NULL, ${terabyte}, ${RW}) = 0x100000000000
       madvise(0x100000000000, ${terabyte}, MADV_DONTFORK) = 0
       mlock(0x100000000000, ${terabyte}) = 0
       mmap(NULL, ${terabyte}, ${LOCKED}) = 0x200000000000
       mremap(0x100000000000, ${terabyte}, ${2 * terabyte}, 0) = 0x100000000000
       mlockall(MCL_CURRENT|MCL_FUTURE) = 0
       mmap(NULL, ${terabyte}, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x300000000000
       brk(NULL) = 0x600000
       brk(0xf0000000) = 0xf0000000
       mmap(NULL, 16384, ${RW}) = 0x400000000000`,
      "10 2.000020000 fault(0x100080000000, w, miss, user)",
    );
    const places = [BASE, 0x401000, 0x1001_0000_0000, 0x101f_ffff_f000, 0x2000_ffff_0000];
    for (const at of [...places, 0x3000_ffff_0000, 0xe000_0000])
      expect(locked(run, at, 1)).toBe("1");
    const vmas = processOf(run).vmas();
    expect(vmas.find(({ start }) => start === 0x100000000000)).toMatchObject({
      end: 0x120000000000,
      prot: "rw",
    });
    expect(flagged(run, VmFlag.DontCopy, 0x100000000000, 1)).toBe("1");
    expect(flagged(run, VmFlag.DontCopy, 0x200000000000, 1)).toBe("0");
    const { counts, submission } = run.machine;
    expect(submission.refusals).toEqual([]);
    expect(run.faults.counts).toMatchObject({ replayed: 1, refused: new Map() });
    expect(counts.populatedPages).toBe(65536);
    expect(counts.unpopulatedPages).toBeGreaterThan(2 ** 30);
    expect(run.kernel.verify()).toEqual([]);
    run.kernel.dispose();
  });

  test("and those on fault cut and join no more than a lock with pages does", async () => {
    const calls = (lock: string) =>
      `mmap(NULL, ${many}, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000
       mprotect(0x10001000, ${many - 4096}, PROT_READ|PROT_WRITE) = 0
       ${lock}
       munmap(0x10080000, 4096) = 0`;
    const faults = "10 2.000002500 fault(0x10001000, w, miss, user)";
    const [plain, bare] = [
      await runCalls(calls(`mlock(0x10001000, ${many / 2}) = 0`), faults),
      await runCalls(calls(`mlock2(0x10001000, ${many / 2}, MLOCK_ONFAULT) = 0`), faults),
    ];
    const state = ({ kernel: { counters }, ...run }: ReplayRun) => ({
      vmas: processOf(run as ReplayRun)
        .vmas()
        .map(({ start, end, flags, anonVma }) => ({ start, end, flags, anonVma })),
      splits: counters.vmaSplits,
      merges: counters.vmaMerges,
    });
    expect(state(bare)).toEqual(state(plain));
    plain.kernel.dispose();
    bare.kernel.dispose();
  });
});

test("locks and advice in memory that was there before the capture", async () => {
  const result = await replaySnippet({
    strace: `20 2.0 mlock(0x10000000, 8192) = 0
      20 2.1 madvise(0x20000000, 8192, MADV_MERGEABLE) = 0
      20 2.2 munlock(0x10000000, 16384) = 0
      20 2.3 mlock(0x10000000, 16384) = ${ENOMEM}
      20 2.4 mlockall(MCL_CURRENT) = 0
      `,
    faults: "",
  });
  expect(result.assumed).toEqual({ ranges: 2, pages: 4 });
  expect(result.refused.count).toBe(0);
});
