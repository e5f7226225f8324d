import {
  rowAt,
  rowsOf,
  sizesOf,
  type BenchCrossover,
  type BenchIndex,
  type BenchRow,
} from "./document.js";
import { olderIndex } from "./indexes.js";

/** Times closer than this factor count as equal. */
const NOISE = 1.05;

interface Point {
  readonly vmas: number;
  /** Time on the older index divided by time on the interval tree. */
  readonly ratio: number;
}

/**
 * Where the interval tree begins to be faster than the suite's older index, for each operation
 * measured on both at two sizes or more: the last change of sides, interpolated on log axes.
 * Differences within 5 % do not make a side faster.
 */
export function findCrossovers(rows: readonly BenchRow[]): BenchCrossover[] {
  const measured = new Map<string, BenchRow>();
  for (const row of rows) measured.set(`${row.suite} ${row.operation}`, row);
  return [...measured.values()].flatMap(({ suite, operation }) => {
    const older = olderIndex[suite];
    const points = ratios(rowsOf(rows, suite, operation), older);
    const first = points[0];
    const last = points.at(-1);
    if (first === undefined || last === undefined || first === last) return [];
    const above = faster(last.ratio, older);
    return [
      {
        suite,
        operation,
        vmas: above === "interval-tree" ? lastCrossing(points) : null,
        below: faster(first.ratio, older),
        above,
      },
    ];
  });
}

/** Time on `older` over time on the interval tree at every size measured on both, ascending. */
export function ratios(rows: readonly BenchRow[], older: BenchIndex): Point[] {
  return sizesOf(rows).flatMap((vmas) => {
    const before = rowAt(rows, older, vmas);
    const tree = rowAt(rows, "interval-tree", vmas);
    if (before === undefined || tree === undefined) return [];
    return [{ vmas, ratio: before.ns.median / tree.ns.median }];
  });
}

function faster(ratio: number, older: BenchIndex): BenchIndex | "equal" {
  if (ratio > NOISE) return "interval-tree";
  return ratio < 1 / NOISE ? older : "equal";
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
