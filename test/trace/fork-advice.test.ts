// MADV_WIPEONFORK and MADV_DONTFORK: what a child has of its parent's memory.

import { describe, expect, test } from "vitest";
import type { ReplayRun } from "../../bindings/trace/replay-run.js";
import { processOf, replaySnippet, runCalls } from "./snippet.js";

const RW = "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0";
const TOUCHED = [0, 1, 2, 3]
  .map((page) => `10 2.00000150${page} fault(0x1000${page}000, w, miss, user)`)
  .join("\n");

/** Which of four pages at 0x10000000 a process has: the page's digit, "-" without it, "." where nothing is mapped. */
function pages(run: ReplayRun, tid: number, start = 0x10000000): string {
  const process = processOf(run, tid);
  const there = new Set(process.pages().map(({ address }) => address));
  const shown = (page: number) => {
    const address = start + page * 4096;
    return there.has(address) ? page : process.vmaAt(address) ? "-" : ".";
  };
  return [0, 1, 2, 3].map(shown).join("");
}

async function parentAndChild(calls: string, start?: number): Promise<[string, string]> {
  const run = await runCalls(
    `10 mmap(NULL, 16384, ${RW}) = 0x10000000
     ${calls}
     11 close(3) = 0`,
    TOUCHED,
  );
  const both: [string, string] = [pages(run, 10, start), pages(run, 11, start)];
  expect(run.machine.submission.refusals).toEqual([]);
  expect(run.kernel.verify()).toEqual([]);
  run.kernel.dispose();
  return both;
}

describe("MADV_WIPEONFORK", () => {
  const wipe = "10 madvise(0x10001000, 8192, MADV_WIPEONFORK) = 0";

  test("gives a child the range with none of its pages, and leaves the parent's", async () => {
    expect(await parentAndChild(`${wipe}\n10 fork() = 11`)).toEqual(["0123", "0--3"]);
  });

  test("holds for the child's children", async () => {
    const run = await runCalls(
      `10 mmap(NULL, 16384, ${RW}) = 0x10000000
       ${wipe}
       10 fork() = 11
       11 fork() = 12
       12 close(3) = 0`,
      `${TOUCHED}\n11 2.000003500 fault(0x10001000, w, miss, user)`,
    );
    expect([10, 11, 12].map((tid) => pages(run, tid))).toEqual(["0123", "01-3", "0--3"]);
    run.kernel.dispose();
  });

  test("is taken back by MADV_KEEPONFORK, and by a new mapping", async () => {
    const kept = `${wipe}\n10 madvise(0x10001000, 4096, MADV_KEEPONFORK) = 0\n10 fork() = 11`;
    expect(await parentAndChild(kept)).toEqual(["0123", "01-3"]);
    const anew = `${wipe}
      10 mmap(0x10001000, 4096, ${RW.replace("MAP_ANON", "MAP_POPULATE|MAP_FIXED|MAP_ANON")}) = 0x10001000
      10 fork() = 11`;
    expect(await parentAndChild(anew)).toEqual(["0123", "01-3"]);
  });

  test("goes with what mremap moves", async () => {
    const moved = `${wipe}
      10 mremap(0x10000000, 16384, 16384, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000
      10 fork() = 11`;
    expect(await parentAndChild(moved, 0x20000000)).toEqual(["0123", "0--3"]);
  });

  test("wipes nothing for who shares the memory", async () => {
    const shared = "10 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_VFORK|SIGCHLD) = 11";
    expect(await parentAndChild(`${wipe}\n${shared}`)).toEqual(["0123", "0123"]);
  });

  test("that failed does nothing", async () => {
    const failed = wipe.replace("= 0", "= -1 EINVAL (Invalid argument)");
    expect(await parentAndChild(`${failed}\n10 fork() = 11`)).toEqual(["0123", "0123"]);
  });
});

describe("MADV_DONTFORK", () => {
  const keep = "10 madvise(0x10001000, 8192, MADV_DONTFORK) = 0";

  test("keeps the range from a child", async () => {
    expect(await parentAndChild(`${keep}\n10 fork() = 11`)).toEqual(["0123", "0..3"]);
  });

  test("is taken back by MADV_DOFORK, and goes with what mremap moves", async () => {
    const taken = `${keep}\n10 madvise(0x10001000, 4096, MADV_DOFORK) = 0\n10 fork() = 11`;
    expect(await parentAndChild(taken)).toEqual(["0123", "01.3"]);
    const moved = `${keep}
      10 mremap(0x10001000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20001000) = 0x20001000
      10 fork() = 11`;
    expect(await parentAndChild(moved, 0x20000000)).toEqual([".12.", "...."]);
  });

  /** Calls of process 20, which was there before the capture; then its child uses 0x10000000. */
  function assumed(...calls: string[]) {
    const timed = calls.map((call, index) => `20 2.${index} ${call}`);
    const lines = [
      ...timed,
      "20 3.0 fork() = 21",
      "21 3.1 mprotect(0x10000000, 4096, PROT_READ) = 0",
    ];
    return replaySnippet({ strace: `${lines.join("\n")}\n`, faults: "" });
  }

  test("of memory that was there before the capture: what a child uses there is its own", async () => {
    const kept = await assumed("madvise(0x10000000, 8192, MADV_DONTFORK) = 0");
    expect(kept.assumed).toEqual({ ranges: 2, pages: 3 });
    expect(kept.refused.count).toBe(0);
  });

  test("of such memory and MADV_DOFORK: the child has its parent's", async () => {
    const forked = await assumed(
      "madvise(0x10000000, 8192, MADV_DONTFORK) = 0",
      "madvise(0x10000000, 8192, MADV_DOFORK) = 0",
    );
    expect(forked.assumed).toEqual({ ranges: 1, pages: 2 });
    expect(forked.refused.count).toBe(0);
  });

  test("of such memory, then moved away and mapped anew: the child has the new mapping", async () => {
    const anew = await assumed(
      "madvise(0x10000000, 4096, MADV_DONTFORK) = 0",
      "mremap(0x10000000, 4096, 4096, MREMAP_MAYMOVE, 0) = 0x20000000",
      `mmap(NULL, 4096, ${RW}) = 0x10000000`,
    );
    expect(anew.assumed).toEqual({ ranges: 1, pages: 1 });
    expect(anew.refused.count).toBe(0);
  });
});
