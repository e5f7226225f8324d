// Holes in files: what maps them loses the pages, wherever it is, but for private copies.

import { expect, test } from "vitest";
import type { ReplayRun } from "../../bindings/trace/replay-run.js";
import { processOf, runCalls } from "./snippet.js";

/** Pages 0 to 3 of a file: shared by 10 and, read, by its child 11; private in 10, pages 1 and 2 copied. */
const MAPPED = `
  10 open("/srv/db", O_RDWR) = 3</srv/db>
  10 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED, 3</srv/db>, 0) = 0x10000000
  10 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE, 3</srv/db>, 0) = 0x20000000
  10 fork() = 11
`.trim();
const FAULTS = [
  ...[0, 1, 2, 3].map((page) => `10 2.00000350${page} fault(0x1000${page}000, w, miss, user)`),
  ...[0, 3].map((page) => `10 2.00000351${page} fault(0x2000${page}000, r, miss, user)`),
  ...[1, 2].map((page) => `10 2.00000352${page} fault(0x2000${page}000, w, miss, user)`),
  ...[0, 1, 2, 3].map((page) => `11 2.00000450${page} fault(0x1000${page}000, r, miss, user)`),
].join("\n");

/** Which of the file's four pages are present: shared, shared by the child, private. */
function present(run: ReplayRun): string[] {
  const shown = (tid: number, start: number) => {
    const there = new Set(
      processOf(run, tid)
        .pages()
        .map(({ address }) => address),
    );
    return [0, 1, 2, 3].map((page) => (there.has(start + page * 4096) ? page : "-")).join("");
  };
  return [shown(10, 0x10000000), shown(11, 0x10000000), shown(10, 0x20000000)];
}

test.each([
  ["nothing yet", "getpid() = 10", ["0123", "0123", "0123"]],
  [
    "fallocate: whole pages of the range",
    "fallocate(3</srv/db>, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 100, 12000) = 0",
    ["0-23", "0-23", "0123"],
  ],
  [
    "fallocate: the first page, which is no copy",
    "fallocate(3</srv/db>, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 8192) = 0",
    ["--23", "--23", "-123"],
  ],
  [
    "fallocate: no whole page",
    "fallocate(3</srv/db>, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 100, 4096) = 0",
    ["0123", "0123", "0123"],
  ],
  ["MADV_REMOVE", "madvise(0x10001000, 12288, MADV_REMOVE) = 0", ["0---", "0---", "012-"]],
  [
    "a range that is cut out: all behind its beginning moves",
    "fallocate(3</srv/db>, FALLOC_FL_COLLAPSE_RANGE, 8192, 4096) = 0",
    ["01--", "01--", "012-"],
  ],
  [
    "a range that is put in",
    "fallocate(3</srv/db>, FALLOC_FL_INSERT_RANGE, 4096, 4096) = 0",
    ["0---", "0---", "012-"],
  ],
])("%s", async (_, call, pages) => {
  const run = await runCalls(`${MAPPED}\n  10 ${call}`, FAULTS);
  expect(present(run)).toEqual(pages);
  expect(run.faults.counts.replayed).toBe(12);
  expect(run.machine.submission.refusals).toEqual([]);
  expect(run.kernel.verify()).toEqual([]);
  run.kernel.dispose();
});

test("a locked mapping loses its pages too, and stays locked", async () => {
  const lock = "10 mlock(0x10000000, 16384) = 0";
  const hole = "10 fallocate(3</srv/db>, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 4096, 4096) = 0";
  const run = await runCalls(`${MAPPED}\n  ${lock}\n  ${hole}`, FAULTS);
  expect(present(run)).toEqual(["0-23", "0-23", "0123"]);
  expect(run.machine.submission.refusals).toEqual([]);
  expect(run.kernel.vmstat()["nr_mlock"]).toBe(3);
  run.kernel.dispose();
});

test("a file that nothing maps has nothing to lose", async () => {
  const run = await runCalls(
    `open("/srv/db", O_RDWR) = 3</srv/db>
     fallocate(3</srv/db>, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 8192) = 0
     fallocate(3</srv/db>, FALLOC_FL_COLLAPSE_RANGE, 0, 4096) = 0`,
  );
  expect(run.machine.submission.refusals).toEqual([]);
  run.kernel.dispose();
});
