import {
  rowsOf,
  type BenchCrossover,
  type BenchIndex,
  type BenchOperation,
  type BenchRow,
  type BenchSuite,
} from "../../bench/document.js";
import { indexWords, operationWords } from "./bench-words.js";
import { logChart, type ChartLine, type ChartPoint } from "./chart.js";
import { formatCount, formatTime } from "./numbers.js";

/** The colours of the curves, from the page's custom properties, with a fallback for a bare SVG. */
const COLORS: Readonly<Record<BenchIndex, string>> = {
  list: "var(--list, #c2410c)",
  "prio-tree": "var(--prio, #1d4ed8)",
  "prio-tree-3.4": "var(--prio-unpruned, #a21caf)",
  "interval-tree": "var(--tree, #0f766e)",
};

/** Walks whose visits are worth a curve: the whole walk, and the one that may stop early. */
const VISITS: readonly { operation: BenchOperation; dashed: boolean; suffix: string }[] = [
  { operation: "rmap-walk", dashed: false, suffix: "" },
  { operation: "page-referenced", dashed: true, suffix: ", early stop" },
];

/**
 * The time of one operation against the number of VMAs, one curve an index, as an SVG element.
 *
 * @param rows of that suite and operation alone; at least one.
 */
export function timeChart(
  rows: readonly BenchRow[],
  crossover: BenchCrossover | undefined,
): string {
  const operation = (rows[0] as BenchRow).operation;
  const at = crossover?.vmas ?? null;
  return logChart({
    description: `Time per ${operationWords[operation].unit} of ${operation} against the number of VMAs, both on logarithmic axes.`,
    xLabel: "VMAs in the index",
    yLabel: `time per ${operationWords[operation].unit}`,
    yTick: (ns) => shortTime(ns),
    lines: linesOf(rows, (row) => ({
      x: row.vmas,
      y: row.ns.median,
      low: row.ns.min,
      high: row.ns.max,
      hollow: row.sampled === true,
    })),
    ...(at === null
      ? {}
      : { mark: { x: at, words: `crossing at about ${formatCount(Math.max(1, at))}` } }),
  });
}

/** Index nodes visited per walk against the number of VMAs, as an SVG element; null without such rows. */
export function visitsChart(rows: readonly BenchRow[], suite: BenchSuite): string | null {
  const lines = VISITS.flatMap(({ operation, dashed, suffix }) =>
    linesOf(rowsOf(rows, suite, operation), (row) => ({
      x: row.vmas,
      y: row.nodesVisited,
      hollow: row.sampled === true,
    }))
      .filter((line) => !dashed || line.name === indexWords.list)
      .map((line) => ({ ...line, dashed, name: line.name + suffix })),
  );
  if (lines.length === 0) return null;
  return logChart({
    description:
      "Index nodes visited per walk against the number of VMAs, both on logarithmic axes.",
    xLabel: "VMAs in the index",
    yLabel: "nodes visited per walk",
    yTick: formatCount,
    lines,
  });
}

function linesOf(rows: readonly BenchRow[], point: (row: BenchRow) => ChartPoint): ChartLine[] {
  const indexes = [...new Set(rows.map((row) => row.index))];
  return indexes.map((index) => ({
    name: indexWords[index],
    color: COLORS[index],
    points: rows
      .filter((row) => row.index === index)
      .map(point)
      .sort((a, b) => a.x - b.x),
  }));
}

/** 100 ns rather than 100.00 ns. */
function shortTime(ns: number): string {
  return formatTime(ns).replace(/\.0+ /, " ");
}
