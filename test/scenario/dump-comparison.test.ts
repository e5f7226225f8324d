import { describe, expect, test } from "vitest";
import type { Dump, DumpDocument } from "../../bindings/scenario/dump.js";
import { compareDumps } from "../../bindings/scenario/dump-comparison.js";
import { liveCases } from "./live-case.js";

/** Two processes: page 10 shared between them, page 11 a copy each, page 12 of A the zero page. */
function sample(): DumpDocument {
  const dump: Dump = {
    label: "d",
    procs: [
      {
        name: "A",
        parent: null,
        vmas: [[10, 14, "rw-p", null, null, "lo ac"]],
        pages: [
          [10, 0, 2],
          [12, -1],
        ],
        rss: { anon: 2, file: 0, shmem: 0, zero: 1 },
        locked: 0,
      },
      {
        name: "B",
        parent: "A",
        vmas: [[10, 14, "rw-p", null, null, "ac"]],
        pages: [
          [10, 0],
          [11, 2],
        ],
        rss: { anon: 2, file: 0, shmem: 0, zero: 0 },
        locked: 0,
      },
    ],
    frames: [
      [2, "AMS", 7],
      [1, "AMS", 8],
      [1, "AMS", 9],
    ],
  };
  return { oracle: 1, kernel: "k", case: "c", dumps: [dump], results: [[4, "read", 7]] };
}

function changed(change: (dump: Dump, document: DumpDocument) => void): string[] {
  const other = sample();
  for (const dump of other.dumps) change(dump, other);
  return compareDumps(sample(), other, ["here", "there"]);
}

describe("comparing dump documents", () => {
  test.each(liveCases())("$name agrees with itself", ({ document }) => {
    expect(compareDumps(document, document)).toEqual([]);
  });

  test("frames may be numbered otherwise", () => {
    const renumbered = changed((dump) => {
      dump.procs[0]!.pages = [
        [10, 2],
        [11, 0],
        [12, -1],
      ];
      dump.procs[1]!.pages = [
        [10, 2],
        [11, 1],
      ];
      dump.frames = [dump.frames[1]!, dump.frames[2]!, dump.frames[0]!];
    });
    expect(renumbered).toEqual([]);
  });

  test("who made the document, flags R and D and the order of tags are not compared", () => {
    const same = changed((dump, document) => {
      document.kernel = "another";
      dump.frames[0]![1] = "AMSRD";
      dump.procs[0]!.vmas[0]![5] = "ac lo";
    });
    expect(same).toEqual([]);
  });

  test.each<[string, (dump: Dump, document: DumpDocument) => void, string[]]>([
    [
      "a page that is no longer shared",
      (dump) => {
        dump.procs[1]!.pages = [
          [10, 3],
          [11, 2],
        ];
      },
      [
        "dump d: frame of A 10: [A 10, B 10] in here, [A 10] in there",
        "dump d: frame of B 10: [A 10, B 10] in here, [B 10] in there",
      ],
    ],
    [
      "the zero page in place of a page",
      (dump) => (dump.procs[1]!.pages[1] = [11, -1]),
      ["dump d: frame of B 11: [B 11] in here, the zero page in there"],
    ],
    [
      "a page that is missing",
      (dump) => dump.procs[1]!.pages.pop(),
      ["dump d: frame of B 11: [B 11] in here, nothing in there"],
    ],
    [
      "a mapcount",
      (dump) => (dump.frames[0]![0] = 3),
      ["dump d: frame of [A 10, B 10]: mapcount: 2 in here, 3 in there"],
    ],
    [
      "a flag",
      (dump) => (dump.frames[1]![1] = "AMLUS"),
      ["dump d: frame of [A 11]: flags: AMS in here, AMLUS in there"],
    ],
    [
      "a word",
      (dump) => (dump.frames[2]![2] = 10),
      ["dump d: frame of [B 11]: first word: 9 in here, 10 in there"],
    ],
    [
      "a VMA",
      (dump) => (dump.procs[1]!.vmas[0]![2] = "r--p"),
      [
        "dump d, B: VMA 10-14 rw-p anon ac is only in here",
        "dump d, B: VMA 10-14 r--p anon ac is only in there",
      ],
    ],
    [
      "a tag",
      (dump) => (dump.procs[0]!.vmas[0]![5] = "ac"),
      [
        "dump d, A: VMA 10-14 rw-p anon ac lo is only in here",
        "dump d, A: VMA 10-14 rw-p anon ac is only in there",
      ],
    ],
    [
      "rss",
      (dump) => (dump.procs[0]!.rss.anon = 1),
      ["dump d, A: rss anon: 2 in here, 1 in there"],
    ],
    ["locked", (dump) => (dump.procs[0]!.locked = 4), ["dump d, A: locked: 0 in here, 4 in there"]],
    [
      "a process",
      (dump) => (dump.procs[1]!.parent = null),
      ["dump d: processes: A, B (child of A) in here, A, B in there"],
    ],
    ["a label", (dump) => (dump.label = "e"), ["dumps: d in here, e in there"]],
    [
      "a result",
      (_, document) => (document.results[0] = [4, "read", "SIGBUS"]),
      ["line 4: result: read 7 in here, read SIGBUS in there"],
    ],
    [
      "a result that is missing",
      (_, document) => document.results.pop(),
      ["line 4: result: read 7 in here, none in there"],
    ],
  ])("%s is a difference", (_, change, differences) => {
    expect(changed(change)).toEqual(differences);
  });
});
