import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import type { BenchRow } from "../../bench/document.js";
import { benchPage } from "../../bindings/report/bench-html.js";
import { benchDocument, benchRow, fileRows } from "../bench/rows.js";

const rows: BenchRow[] = [
  benchRow({ vmas: 1 }, 10),
  benchRow({ vmas: 1, index: "interval-tree" }, 20),
  benchRow({ vmas: 4096, sampled: true }, 40_000),
  benchRow({ vmas: 4096, index: "interval-tree" }, 200),
  benchRow({ operation: "stab", vmas: 1 }, 5),
  benchRow({ operation: "stab", vmas: 4096 }, 5000),
];

function page(shown = rows): Document {
  return parseHTML(benchPage(benchDocument(shown))).document;
}

describe("the report", () => {
  test("needs nothing outside itself", () => {
    const text = benchPage(benchDocument(rows)).replaceAll("http://www.w3.org/", "");
    expect(text).not.toMatch(/https?:|<script|<link|@import|src=|url\(/);
  });

  test("has one chart for each operation and one of the visits", () => {
    const charts = [...page().querySelectorAll("figure")];
    expect(charts.map((chart) => chart.querySelector("b")?.textContent)).toEqual([
      "page-referenced",
      "stab",
      "nodes visited",
    ]);
    for (const chart of charts) expect(chart.querySelectorAll("svg[role=img]")).toHaveLength(1);
  });

  test("has every row in a table, with its times and counts", () => {
    const lines = [...page().querySelectorAll("tbody tr")];
    expect(lines).toHaveLength(rows.length);
    const cells = [...(lines[2]?.querySelectorAll("td") ?? [])].map((cell) => cell.textContent);
    expect(cells.slice(0, 5)).toEqual(["4,096", "list *", "40.0 µs", "20.0 µs", "80.0 µs"]);
  });

  test("begins with the ratio at the largest size and the crossing", () => {
    const lede = page().querySelector(".lede")?.textContent.replaceAll(/\s+/g, " ");
    expect(lede).toContain("takes 40.0 µs on the list");
    expect(lede).toContain("200 ns on the interval tree of v3.7 (200 to 1)");
    expect(lede).toMatch(/the interval tree is faster from about \d+ VMAs on/);
  });

  test("of files alone begins with all three indexes at the largest size that they share", () => {
    const files = [
      ...fileRows("rmap-walk", 64, [40, 70, 30]),
      ...fileRows("rmap-walk", 4096, [190, 5650, 126]),
      ...fileRows("rmap-walk", 65536, [300, 0, 200]).filter((row) => row.ns.median > 0),
    ];
    const shown = page(files);
    const words = (selector: string) =>
      shown.querySelector(selector)?.textContent.replaceAll(/\s+/g, " ");
    expect(words("h1")).toBe("The reverse map on prio trees and on an interval tree");
    expect(words(".lede")).toMatch(
      /^4,096 VMAs of one file: rmap_walk takes 190 ns .* v3.3, 5.65 µs .* 126 ns/,
    );
    const names = [...(shown.querySelector("figure svg")?.querySelectorAll("text") ?? [])].map(
      (text) => text.textContent,
    );
    expect(names).toEqual(
      expect.arrayContaining(["prio tree", "v3.4’s prio tree", "interval tree"]),
    );
    expect(words("figure:last-of-type")).not.toContain("dashed");
  });

  test("names every index in its heading", () => {
    const heading = (shown: BenchRow[]) => page(shown).querySelector("h1")?.textContent.trim();
    expect(heading(rows)).toBe("The reverse map on a list and on an interval tree");
    expect(heading([...rows, ...fileRows("stab", 1, [2, 2, 1])])).toBe(
      "The reverse map on a list, on prio trees and on an interval tree",
    );
    expect(heading([])).toBe("The reverse map");
  });

  test("says which points are sampled, and only then", () => {
    expect(page().body.textContent).toContain("* sampled:");
    expect(page(rows.filter((row) => !row.sampled)).body.textContent).not.toContain("* sampled:");
  });

  test("tells machine, seed and command, and escapes what comes from outside", () => {
    const text = page().body.textContent;
    expect(text).toContain("A <fast> processor, 2 cores");
    expect(page().querySelector("pre")?.textContent).toBe("rmaplab bench --seed 5");
  });

  test("is readable in light and dark", () => {
    expect(page().querySelector("style")?.textContent).toContain("prefers-color-scheme: dark");
  });

  test("can be made of a single row, and of none", () => {
    expect(page([benchRow({})]).querySelectorAll("svg")).toHaveLength(2);
    expect(page([]).querySelectorAll("svg")).toHaveLength(0);
  });
});
