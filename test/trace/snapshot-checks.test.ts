// Which snapshot shows which moment: one that is read while the end of its process is delayed carries a time
// behind that end.

import { describe, expect, test } from "vitest";
import type { ReplayResult } from "../../bindings/trace/replay.js";
import { PROGRAM, replaySnippet } from "./snippet.js";

const RW = "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0";
const THREAD = "CLONE_VM|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD";

function replayed(calls: string, ts: string, mapped: string): Promise<ReplayResult> {
  return replaySnippet({
    strace: `${PROGRAM.strace}
      ${calls}
      `,
    faults: "",
    maps: `${PROGRAM.maps}
      ## exit pid=10 ts=${ts} exe=/bin/p
      ${PROGRAM.lines}
      ${mapped}
      ${PROGRAM.end}
      `,
  });
}

const compared = { snapshots: 1, skipped: 0, compared: 3, differences: 0 };
const skipped = { snapshots: 0, skipped: 1, compared: 0, differences: 0 };
const page = "10000000-10001000 rw-p 00000000 00:00 0";

describe("an exit snapshot", () => {
  const calls = `10 2.0 mmap(NULL, 4096, ${RW}) = 0x10000000
    10 3.0 exit_group(0) = ?`;

  test.each([
    ["of the moment of the end", "3.000000000", compared],
    ["some milliseconds younger than the end", "3.200000000", compared],
    ["two seconds younger", "5.000000000", compared],
    ["more than two seconds younger", "5.000000001", skipped],
  ])("%s", async (_, ts, maps) => {
    expect((await replayed(calls, ts, page)).maps).toMatchObject(maps);
  });

  test("older than the end shows what was mapped by then", async () => {
    const more = calls.replace("10 3.0", `10 2.5 mmap(NULL, 4096, ${RW}) = 0x10001000\n10 3.0`);
    expect((await replayed(more, "2.400000000", page)).maps).toMatchObject(compared);
    expect((await replayed(more, "2.600000000", page)).maps).toMatchObject({ differences: 1 });
  });
});

describe("an exit snapshot of a process with threads", () => {
  const clone = `10 2.0 clone(child_stack=0x7f, flags=${THREAD}, tls=0x7f) = 11`;

  test("waits for the last of them", async () => {
    const calls = `${clone}
      11 2.1 mmap(NULL, 4096, ${RW}) = 0x10000000
      10 2.2 exit(0) = ?
      10 2.3 +++ exited with 0 +++
      11 2.4 mmap(NULL, 4096, ${RW}) = 0x10001000
      11 2.5 munmap(0x10001000, 4096) = 0
      11 2.6 exit_group(0) = ?`;
    expect((await replayed(calls, "2.600400000", page)).maps).toMatchObject(compared);
  });

  test("may be younger than the end that one of them makes for all", async () => {
    const calls = `${clone}
      10 2.1 mmap(NULL, 4096, ${RW}) = 0x10000000
      11 2.2 exit_group(0) = ?
      11 2.300 +++ exited with 0 +++
      10 2.301 +++ exited with 0 +++`;
    for (const ts of ["2.250000000", "2.300500000", "2.308000000"]) {
      expect((await replayed(calls, ts, page)).maps).toMatchObject(compared);
    }
  });

  test("goes to the process that had the number then, not to a later one", async () => {
    const result = await replaySnippet({
      strace: `${PROGRAM.strace}
        10 2.0 fork() = 11
        11 2.1 mmap(NULL, 4096, ${RW}) = 0x10000000
        11 2.2 exit_group(0) = ?
        10 2.4 fork() = 11
        11 2.5 exit_group(0) = ?
        `,
      faults: "",
      maps: `${PROGRAM.maps}
        ## exit pid=11 ts=2.3 exe=/bin/p
        ${PROGRAM.lines}
        ${page}
        ${PROGRAM.end}
        ## exit pid=11 ts=2.6 exe=/bin/p
        ${PROGRAM.lines}
        ${PROGRAM.end}
        `,
    });
    expect(result.maps).toMatchObject({ snapshots: 2, skipped: 0, differences: 0, boundaries: 0 });
  });
});
