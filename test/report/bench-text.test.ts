import { describe, expect, test } from "vitest";
import { benchText } from "../../bindings/report/bench-tables.js";
import { benchDocument, benchRow, fileRows } from "../bench/rows.js";

const rows = [
  benchRow({ vmas: 1 }, 10),
  benchRow({ vmas: 1, index: "interval-tree" }, 20),
  benchRow({ vmas: 4096, sampled: true }, 40_000),
  benchRow({ vmas: 4096, index: "interval-tree" }, 200),
];

/** What stands at the end of each row of an index. */
function lastCells(text: string, index: string): (string | undefined)[] {
  return text.split("\n").flatMap((line) => {
    const words = line.trim().split(/\s+/);
    return words.includes(index) ? [words.at(-1)] : [];
  });
}

describe("the table on a terminal", () => {
  const text = benchText(benchDocument(rows));

  test("has the ratio of list to tree at every size", () => {
    expect(lastCells(text, "list")).toEqual(["0.50", "200"]);
  });

  test("has the ratio of both prio trees to the interval tree", () => {
    const files = [
      ...fileRows("rmap-walk", 1, [30, 36, 20]),
      ...fileRows("rmap-walk", 4096, [180, 5000, 120]),
    ];
    const shown = benchText(benchDocument(files));
    expect(lastCells(shown, "prio-tree")).toEqual(["1.5", "1.5"]);
    expect(lastCells(shown, "prio-tree-3.4")).toEqual(["1.8", "42"]);
    expect(shown).toContain(
      "rmap-walk: the interval tree is faster than the prio tree at every size measured.",
    );
  });

  test.each([
    [100, 200, "the interval tree is faster than the prio tree from about 3 VMAs on"],
    [10, 20, "the prio tree is faster than the interval tree at every size measured"],
    [
      10,
      100,
      "the interval tree and the prio tree take the same time at the largest size measured, within 5 %",
    ],
  ])("says how files' indexes cross: %d and %d", (first, last, words) => {
    const files = [
      ...fileRows("stab", 1, [first, 1, first === 100 ? 200 : 30]),
      ...fileRows("stab", 8, [last, 1, 100]),
    ];
    expect(benchText(benchDocument(files))).toContain(`stab: ${words}.`);
  });

  test("says in words where they cross", () => {
    expect(text).toMatch(/page-referenced: the interval tree is faster from about \d+ VMAs on\./);
  });

  test("says what is sampled", () => {
    expect(text).toContain("list *");
    expect(text).toContain("* sampled: ");
  });

  test("says what is timed with try-to-unmap", () => {
    const unmap = benchText(benchDocument([benchRow({ operation: "try-to-unmap" })]));
    expect(unmap).toContain("together with the fault that brings the page back");
  });

  test("fits 110 columns", () => {
    const lines = text.split("\n").filter((line) => !line.startsWith("*"));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
  });
});
