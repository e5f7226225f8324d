import { describe, expect, test } from "vitest";
import type { BenchIndex, BenchOperation, BenchRow, BenchSuite } from "../../bench/document.js";
import { rowsOf } from "../../bench/document.js";
import { runBench } from "../../bench/run.js";
import { untimed } from "./untimed.js";

const SIZES = [1, 2, 8, 64, 512, 4096];

async function counted(suite: BenchSuite, sizes = SIZES, seed = 1): Promise<readonly BenchRow[]> {
  const plan = { suites: [suite], sizes, quick: true, seed };
  const { rows } = await runBench(plan, { clock: untimed });
  return rows;
}

function visits(
  rows: readonly BenchRow[],
  operation: BenchOperation,
  index: BenchIndex,
): [vmas: number, visited: number][] {
  return rowsOf(rows, rows[0]?.suite ?? "split", operation)
    .filter((row) => row.index === index)
    .map((row) => [row.vmas, row.nodesVisited]);
}

describe("the counts of suite split", async () => {
  const rows = await counted("split");

  test.each(["stab", "rmap-walk"] as const)("%s on the list visits every VMA", (operation) => {
    expect(visits(rows, operation, "list")).toEqual(SIZES.map((vmas) => [vmas, vmas]));
  });

  test("page-referenced on the list stops at the page's VMA: half way on average", () => {
    expect(visits(rows, "page-referenced", "list")).toEqual(
      SIZES.map((vmas) => [vmas, (vmas + 1) / 2]),
    );
  });

  test.each(["stab", "rmap-walk", "page-referenced", "try-to-unmap"] as const)(
    "%s on the tree visits at most its height, and more as it grows",
    (operation) => {
      const counts = visits(rows, operation, "interval-tree");
      for (const [vmas, visited] of counts) {
        expect(visited).toBeGreaterThanOrEqual(1);
        expect(visited).toBeLessThanOrEqual(2 * 2 * Math.log2(vmas + 1));
      }
      const visited = counts.map(([, count]) => count);
      expect(visited).toEqual([...visited].sort((a, b) => a - b));
    },
  );

  test("the list hands out all VMAs but one in vain, the tree none", () => {
    for (const row of rowsOf(rows, "split", "rmap-walk")) {
      expect(row.irrelevantVmas).toBe(row.index === "list" ? row.vmas - 1 : 0);
    }
  });

  test("no node is visited that is not touched", () => {
    for (const row of rows) expect(row.nodesTouched).toBeGreaterThanOrEqual(row.nodesVisited);
  });

  test("a VMA takes less than 250 bytes where there are many", () => {
    for (const row of rows.filter(({ vmas }) => vmas === 4096)) {
      expect(row.bytesPerVma).toBeGreaterThan(0);
      expect(row.bytesPerVma).toBeLessThan(250);
    }
  });

  test("one VMA has no row for splits, every other size has", () => {
    expect(rowsOf(rows, "split", "split").map(({ vmas, index }) => [vmas, index])).toEqual(
      SIZES.slice(1).flatMap((vmas) => [
        [vmas, "list"],
        [vmas, "interval-tree"],
      ]),
    );
  });
});

describe("the counts of a run", () => {
  test("are the same for the same seed", async () => {
    expect(await counted("split", [100], 7)).toEqual(await counted("split", [100], 7));
  });

  test("come from fewer pages, and say so, where a list is long", async () => {
    const rows = await counted("split", [16384]);
    const sampled = rows.filter((row) => row.sampled).map((row) => [row.operation, row.index]);
    expect(sampled).toEqual([
      ["stab", "list"],
      ["page-referenced", "list"],
      ["try-to-unmap", "list"],
      ["rmap-walk", "list"],
    ]);
    expect(visits(rows, "rmap-walk", "list")).toEqual([[16384, 16384]]);
  });
});

describe("the other suites", () => {
  test("fork: every index visits every process's VMA, and none is irrelevant", async () => {
    const rows = await counted("fork", [1, 8, 64]);
    for (const row of rowsOf(rows, "fork", "rmap-walk")) {
      expect(row.irrelevantVmas).toBe(0);
      if (row.index === "list") expect(row.nodesVisited).toBe(row.vmas);
      else expect(row.nodesVisited).toBeGreaterThanOrEqual(row.vmas);
    }
  });
});

describe("the counts of suite file", async () => {
  const rows = await counted("file", [1, 64, 4096, 16384]);

  test.each([
    ["prio-tree", "rmap-walk"],
    ["prio-tree", "stab"],
    ["interval-tree", "rmap-walk"],
    ["interval-tree", "stab"],
    ["prio-tree-3.4", "page-referenced"],
    ["prio-tree-3.4", "try-to-unmap"],
  ] as const)("on the %s visits of %s grow with the logarithm", (index, operation) => {
    const counts = visits(rows, operation, index);
    expect(counts).toHaveLength(4);
    for (const [vmas, visited] of counts) {
      expect(visited).toBeGreaterThanOrEqual(1);
      expect(visited).toBeLessThanOrEqual(2 * 2 * Math.log2(vmas + 1));
    }
  });

  test.each(["stab", "rmap-walk"] as const)(
    "on the prio tree of v3.4 %s visits a part of all VMAs",
    (operation) => {
      for (const [vmas, visited] of visits(rows, operation, "prio-tree-3.4").slice(1)) {
        expect(visited / vmas).toBeGreaterThan(1 / 4);
        expect(visited / vmas).toBeLessThan(1 / 2);
      }
    },
  );

  test("the prio trees visit the same up to the VMA that has the page", () => {
    const counts = (index: BenchIndex) => visits(rows, "page-referenced", index).slice(0, 3);
    expect(counts("prio-tree-3.4")).toEqual(counts("prio-tree"));
  });

  test("no index hands out a VMA in vain", () => {
    for (const row of rows) expect(row.irrelevantVmas).toBe(0);
  });

  test("come from fewer pages on the prio tree of v3.4 alone", () => {
    const sampled = rows.filter((row) => row.sampled).map(({ vmas, index }) => `${vmas} ${index}`);
    expect(new Set(sampled)).toEqual(new Set(["16384 prio-tree-3.4"]));
  });
});
