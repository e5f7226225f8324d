import type { BenchDocument, BenchRow } from "../../bench/document.js";
import { findCrossovers } from "../../bench/crossover.js";

/** A row of page-referenced in suite split, with the given parts in place of the usual ones. */
export function benchRow(parts: Partial<BenchRow>, median = 100): BenchRow {
  return {
    suite: "split",
    operation: "page-referenced",
    index: "list",
    vmas: 8,
    ns: { median, min: median / 2, max: median * 2, samples: 12 },
    nodesVisited: 4.5,
    nodesTouched: 4.5,
    irrelevantVmas: 3.5,
    bytesPerVma: 512,
    ...parts,
  };
}

/** Rows of one operation of suite file on its three indexes, with the medians of each. */
export function fileRows(
  operation: BenchRow["operation"],
  vmas: number,
  [prio, unpruned, tree]: readonly [prio: number, unpruned: number, tree: number],
): BenchRow[] {
  const about = { suite: "file" as const, operation, vmas };
  return [
    benchRow({ ...about, index: "prio-tree" }, prio),
    benchRow({ ...about, index: "prio-tree-3.4" }, unpruned),
    benchRow({ ...about, index: "interval-tree" }, tree),
  ];
}

/** A whole run of these rows. */
export function benchDocument(rows: readonly BenchRow[]): BenchDocument {
  return {
    machine: {
      cpu: "A <fast> processor",
      cores: 2,
      os: "Linux 6.1",
      node: "20.20.2",
      v8: "11.3",
      rmaplab: "0.1.0",
      build: "release",
    },
    run: { command: "rmaplab bench --seed 5", seed: 5, quick: true, complete: true },
    rows,
    crossover: findCrossovers(rows),
  };
}
