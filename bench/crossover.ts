import {
  rowAt,
  rowsOf,
  sizesOf,
  type BenchCrossover,
  type BenchIndex,
  type BenchRow,
} from "./document.js";

/** Times closer than this factor count as equal. */
const NOISE = 1.05;

interface Point {
  readonly vmas: number;
  /** Time on the list divided by time on the tree. */
  readonly ratio: number;
}

/**
 * Where the interval tree begins to be faster, for each operation measured on both indexes at two
 * sizes or more: the last change of sides, interpolated on log axes. Differences within 5 % do not
 * make a side faster.
 */
export function findCrossovers(rows: readonly BenchRow[]): BenchCrossover[] {
  const measured = new Map<string, BenchRow>();
  for (const row of rows) measured.set(`${row.suite} ${row.operation}`, row);
  return [...measured.values()].flatMap(({ suite, operation }) => {
    const points = ratios(rowsOf(rows, suite, operation));
    const first = points[0];
    const last = points.at(-1);
    if (first === undefined || last === undefined || first === last) return [];
    const above = faster(last.ratio);
    return [
      {
        suite,
        operation,
        vmas: above === "interval-tree" ? lastCrossing(points) : null,
        below: faster(first.ratio),
        above,
      },
    ];
  });
}

/** List time over tree time at every size measured on both, ascending. */
export function ratios(rows: readonly BenchRow[]): Point[] {
  return sizesOf(rows).flatMap((vmas) => {
    const list = rowAt(rows, "list", vmas);
    const tree = rowAt(rows, "interval-tree", vmas);
    if (list === undefined || tree === undefined) return [];
    return [{ vmas, ratio: list.ns.median / tree.ns.median }];
  });
}

function faster(ratio: number): BenchIndex | "equal" {
  if (ratio > NOISE) return "interval-tree";
  return ratio < 1 / NOISE ? "list" : "equal";
}

function lastCrossing(points: readonly Point[]): number | null {
  for (let i = points.length - 1; i > 0; i--) {
    const before = points[i - 1] as Point;
    const after = points[i] as Point;
    if (before.ratio <= 1) return crossingBetween(before, after);
  }
  return null;
}

/** Where a straight line between two points on log axes meets ratio 1. */
function crossingBetween(before: Point, after: Point): number {
  const rise = Math.log(after.ratio) - Math.log(before.ratio);
  const part = -Math.log(before.ratio) / rise;
  return Math.exp(Math.log(before.vmas) + part * (Math.log(after.vmas) - Math.log(before.vmas)));
}
