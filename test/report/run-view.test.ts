import { describe, expect, test } from "vitest";
import { renderRun } from "../../bindings/report/run-view.js";
import type { DumpDocument } from "../../bindings/scenario/dump.js";
import { parseScript } from "../../bindings/scenario/script.js";
import { liveCases } from "../scenario/live-case.js";

const PLAIN = { columns: 80, color: false };

describe("the readable view of a run", () => {
  test.each(liveCases())("$name fits its terminal", ({ document, script }) => {
    for (const columns of [80, 100]) {
      const lines = renderRun(document, script, { columns, color: false }).split("\n");
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
    }
  });

  test("every frame shows all pages that map it", () => {
    const forkchain = liveCases().find(({ name }) => name === "forkchain");
    const view = renderRun(forkchain!.document, forkchain!.script, PLAIN);
    expect(view).toContain(
      "│ 5     │ 6        │ AMS   │ 10   │ L1 11, L2 11, L3 11, L4 11, L5 11,",
    );
  });

  test("a run of pages is cut where a VMA ends", () => {
    const document: DumpDocument = {
      oracle: 1,
      kernel: "k",
      case: "c",
      dumps: [
        {
          label: "d",
          procs: [
            {
              name: "A",
              parent: null,
              vmas: [
                [0, 2, "rw-p", null, null, "ac"],
                [2, 4, "r--p", null, null, "ac"],
              ],
              pages: [[1, 0, 3]],
              rss: { anon: 3, file: 0, shmem: 0, zero: 0 },
              locked: 0,
            },
          ],
          frames: [
            [1, "AMS", 1],
            [1, "AMS", 2],
            [1, "AMS", 3],
          ],
        },
      ],
      results: [[3, "read", "SIGSEGV"]],
    };
    const view = renderRun(document, parseScript("", "s"), PLAIN);
    expect(view).toContain("│ 0-2 │ rw-p  │ anon │ ac   │ 1→0 ");
    expect(view).toContain("│ 2-4 │ r--p  │ anon │ ac   │ 2-3→1-2 ");
    expect(view).not.toContain("\x1b");
    expect(renderRun(document, parseScript("", "s"), { ...PLAIN, color: true })).toContain(
      "\x1b[31mSIGSEGV\x1b[0m",
    );
  });
});
