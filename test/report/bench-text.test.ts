import { describe, expect, test } from "vitest";
import { benchText } from "../../bindings/report/bench-tables.js";
import { benchDocument, benchRow } from "../bench/rows.js";

const rows = [
  benchRow({ vmas: 1 }, 10),
  benchRow({ vmas: 1, index: "interval-tree" }, 20),
  benchRow({ vmas: 4096, sampled: true }, 40_000),
  benchRow({ vmas: 4096, index: "interval-tree" }, 200),
];

describe("the table on a terminal", () => {
  const text = benchText(benchDocument(rows));

  test("has the ratio of list to tree at every size", () => {
    const ratio = text.split("\n").flatMap((line) => {
      const words = line.trim().split(/\s+/);
      return words.includes("interval-tree") ? [words.at(-1)] : [];
    });
    expect(ratio).toEqual(["0.50", "200"]);
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
