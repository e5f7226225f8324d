import { describe, expect, test } from "vitest";
import { renderRun } from "../../bindings/report/run-view.js";
import type {
  DumpDocument,
  DumpFrame,
  DumpPages,
  DumpResult,
  DumpSwap,
  DumpVma,
} from "../../bindings/scenario/dump.js";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import { runScript } from "../../bindings/scenario/runner.js";
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

  test("a nonlinear mapping shows what its entries keep", async () => {
    const source =
      "file F 8\nspawn A\nmmap A 0 8 rw file:F:0 shared\nremap_file_pages A 2 1 6\n" +
      "remap_file_pages A 4 2 0 nonblock\nmprotect A 5 3 r\n";
    const script = parseScript(source, "s");
    const document = runScript(await createKernel(), script, { kernel: "k", case: "s" });
    const view = renderRun(document, script, PLAIN);
    expect(view).toContain("│ 0-5 │ rw-s  │ F:0  │ nl   │ 2→0  4→F:0 │");
    expect(view).toContain("│ 5-8 │ r--s  │ F:5  │ nl   │ 5→F:1      │");
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

  test("places of the zero page that follow each other are one", () => {
    const zeros: DumpPages[] = Array.from({ length: 2000 }, (_, i) => [i, -1]);
    const document = withDump([[...zeros, [2001, -1]]], []);
    expect(renderRun(document, parseScript("", "s"), PLAIN)).toContain(
      "│ 0-1999→zero  2001→zero │",
    );
  });

  test("frames that differ in nothing but their place are one row", () => {
    const shared: DumpPages[] = [[10, 0, 4]];
    const document = withDump(
      [shared, [[20, 0, 4]]],
      [
        [2, "AMS", 7],
        [2, "AMS", 8],
        [2, "AMS", 9],
        [2, "AMS", 7],
      ],
    );
    const view = renderRun(document, parseScript("", "s"), PLAIN);
    expect(view).toContain("│ 0-2   │ 2        │ AMS   │ 7-9  │ P0 10-12, P1 20-22 ");
    expect(view).toContain("│ 3     │ 2        │ AMS   │ 7    │ P0 13, P1 23 ");
  });

  test.each<[differs: string, pages: DumpPages[], frames: DumpFrame[]]>([
    [
      "a map count",
      [[0, 0, 2]],
      [
        [1, "AMS", 7],
        [2, "AMS", 7],
      ],
    ],
    [
      "flags",
      [[0, 0, 2]],
      [
        [1, "AMS", 7],
        [1, "AMSD", 7],
      ],
    ],
    [
      "words that do not continue",
      [[0, 0, 2]],
      [
        [1, "AMS", 7],
        [1, "AMS", 6],
      ],
    ],
    [
      "pages that do not continue",
      [
        [0, 0],
        [2, 1],
      ],
      [
        [1, "AMS", 7],
        [1, "AMS", 7],
      ],
    ],
    [
      "a place that is missing",
      [
        [0, 0, 2],
        [5, 0],
      ],
      [
        [2, "AMS", 7],
        [2, "AMS", 7],
      ],
    ],
  ])("%s keeps frames apart", (_, pages, frames) => {
    const view = renderRun(withDump([pages], frames), parseScript("", "s"), PLAIN);
    expect(view).toContain("│ 0     │");
    expect(view).toContain("│ 1     │");
  });

  test("equal words of several frames are told once", () => {
    const document = withDump(
      [[[0, 0, 2]]],
      [
        [1, "AMS", 7],
        [1, "AMS", 7],
      ],
    );
    expect(renderRun(document, parseScript("", "s"), PLAIN)).toContain(
      "│ 0-1   │ 1        │ AMS   │ 7    │ P0 0-1 ",
    );
  });

  test("places of one frame that follow each other are told together", () => {
    const places: DumpPages[] = [
      [0, 0],
      [1, 0],
      [2, 0],
      [9, 0],
    ];
    const document = withDump([places, [[3, 0]]], [[5, "AMK", 7]]);
    expect(renderRun(document, parseScript("", "s"), PLAIN)).toContain("│ P0 0-2, P0 9, P1 3 ");
  });

  test("every value and every count is in the list of results, in words", () => {
    const source = [
      "file F 4 disk",
      "spawn A",
      "mmap A 0 4 rw file:F:0 shared",
      "read A 1",
      "write A 2",
      "referenced A 1",
      "file-read F 3",
      "writeback F",
      "migrate A 0 4",
      "invalidate F 3 1",
      "swap-out A 0 4",
      "reclaim 0",
      "swapon 9",
    ];
    const results: DumpResult[] = [
      [1, "file", 0],
      [2, "spawn", 0],
      [3, "mmap", 0],
      [4, "read", 7],
      [5, "write", 0],
      [6, "referenced", 2],
      [7, "file-read", 0],
      [8, "writeback", 1],
      [9, "migrate", 2],
      [10, "invalidate", 0],
      [11, "swap-out", 1],
      [12, "reclaim", 0],
      [13, "swapon", 1],
    ];
    const notes = new Map([[11, "page 2 stays: pinned"]]);
    const view = renderRun(withResults(results), parseScript(source.join("\n"), "s"), {
      ...PLAIN,
      notes,
    });
    expect(view).toContain(
      [
        "     4  read A 1         → 7",
        "     6  referenced A 1   → touched through 2 mappings",
        "     7  file-read F 3    → 0",
        "     8  writeback F      → 1 page written",
        "     9  migrate A 0 4    → 2 pages moved",
        "    10  invalidate F 3 1 → 0 pages dropped",
        "    11  swap-out A 0 4   → 1 page reclaimed, page 2 stays: pinned",
        "    12  reclaim 0        → 0 pages reclaimed",
        "    13  swapon 9         → swap area 1",
        "",
      ].join("\n"),
    );
    const keyed = { ...withResults(results), kernel: "rmaplab v3.7 arch=s390x" };
    expect(renderRun(keyed, parseScript(source.join("\n"), "s"), PLAIN)).toContain(
      "touched: its storage key and devices count 2",
    );
  });

  test("long operations and answers go on below themselves", () => {
    const name = "process-with-quite-a-long-name";
    const source = `spawn ${name}\nmremap ${name} 100000 1000 200000 2000\nread ${name} 1\n`;
    const results: DumpResult[] = [
      [2, "mremap", "EFAULT"],
      [3, "read", 5],
    ];
    const notes = new Map([[2, "100000-101000 is more than VMA 100000-100004; it is unmapped"]]);
    const options = { columns: 60, color: true, notes };
    const view = renderRun(withResults(results), parseScript(source, "s"), options);
    expect(view).toContain(
      [
        "     2  mremap              → \x1b[31mEFAULT\x1b[0m, 100000-101000 is more",
        "        process-with-quite-   than VMA 100000-100004; it is",
        "        a-long-name 100000    unmapped",
        "        1000 200000 2000",
        "     3  read                → 5",
      ].join("\n"),
    );
    const plain = renderRun(withResults(results), parseScript(source, "s"), {
      ...options,
      color: false,
    });
    for (const line of plain.split("\n")) expect([...line].length).toBeLessThanOrEqual(60);
  });

  test("pages in swap are shown beside those in memory, and counted", () => {
    const document = withResults([]);
    const rss = { anon: 0, file: 0, shmem: 0, zero: 0 };
    const vmas: DumpVma[] = [
      [0, 4, "rw-p", null, null, ""],
      [4, 8, "r--p", null, null, ""],
    ];
    const pages: DumpPages[] = [[1, -1]];
    const swap: DumpSwap[] = [
      [2, 0, 3],
      [5, 1],
    ];
    const process = { name: "A", parent: null, vmas, pages, rss, locked: 0, swap };
    document.dumps.push({ label: "d", procs: [process], frames: [] });
    const text = renderRun(document, parseScript("", "s"), PLAIN);
    expect(text).toContain("A  pages: swap 4\n");
    expect(text).toContain("│ 1→zero  2-3→swap 0 │");
    expect(text).toContain("│ 4→swap 0  5→swap 1 │");
  });
});

function withResults(results: DumpResult[]): DumpDocument {
  return { oracle: 1, kernel: "k", case: "c", dumps: [], results };
}

/** One dump of processes P0, P1, ..., each with one VMA, and these pages. */
function withDump(pages: DumpPages[][], frames: DumpFrame[]): DumpDocument {
  const document = withResults([]);
  const rss = { anon: 0, file: 0, shmem: 0, zero: 0 };
  const vmas: DumpVma[] = [[0, 9999, "rw-p", null, null, ""]];
  const procs = pages.map((runs, i) => ({
    name: `P${i}`,
    parent: null,
    vmas,
    pages: runs,
    rss,
    locked: 0,
  }));
  document.dumps.push({ label: "d", procs, frames });
  return document;
}
