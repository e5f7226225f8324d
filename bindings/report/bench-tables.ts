import Table from "cli-table3";
import {
  rowAt,
  rowsOf,
  sizesOf,
  type BenchOperation,
  type BenchResult,
  type BenchRow,
  type BenchSuite,
} from "../../bench/document.js";
import { crossoverWords, operationWords, sampledWords, suiteWords } from "./bench-words.js";
import { formatCount, formatMean, formatRatio, formatTime } from "./numbers.js";

/** All rows of one operation of one suite, as text. */
export interface BenchTable {
  readonly suite: BenchSuite;
  readonly operation: BenchOperation;
  readonly head: readonly string[];
  /** One group a size, one line an index; each line as long as `head`. */
  readonly groups: readonly (readonly (readonly string[])[])[];
}

/** One table for each operation of each suite, in the order of measurement. */
export function benchTables(rows: readonly BenchRow[]): BenchTable[] {
  const kinds = new Map(rows.map((row) => [`${row.suite} ${row.operation}`, row]));
  return [...kinds.values()].map(({ suite, operation }) =>
    benchTable(rowsOf(rows, suite, operation), suite, operation),
  );
}

/** The tables of a run for a terminal, each with the crossover below it. */
export function benchText({ rows, crossover }: Omit<BenchResult, "complete">): string {
  const blocks = benchTables(rows).map((table) => {
    const crossing = crossover.find(
      ({ suite, operation }) => suite === table.suite && operation === table.operation,
    );
    const title = `${table.suite}: ${table.operation} (time per ${operationWords[table.operation].unit})`;
    const below =
      crossing === undefined ? [] : [`  ${table.operation}: ${crossoverWords(crossing)}.`];
    return [title, plainTable(table), ...below].join("\n");
  });
  const suites = [...new Set(rows.map((row) => row.suite))];
  return [
    ...suites.map((suite) => `${suite}: ${suiteWords[suite].short}`),
    "",
    blocks.join("\n\n"),
    ...footnotes(rows),
  ].join("\n");
}

function benchTable(
  rows: readonly BenchRow[],
  suite: BenchSuite,
  operation: BenchOperation,
): BenchTable {
  return {
    suite,
    operation,
    head: [
      ...["VMAs", "index", "median", "min", "max", "samples"],
      ...["visited", "touched", "irrelevant", "bytes/VMA", "÷ tree"],
    ],
    groups: sizesOf(rows).map((vmas) =>
      rows
        .filter((row) => row.vmas === vmas)
        .map((row, line) => rowCells(row, line === 0, rowAt(rows, "interval-tree", vmas))),
    ),
  };
}

function rowCells(row: BenchRow, firstLine: boolean, tree: BenchRow | undefined): string[] {
  return [
    firstLine ? formatCount(row.vmas) : "",
    row.index + (row.sampled ? " *" : ""),
    formatTime(row.ns.median),
    formatTime(row.ns.min),
    formatTime(row.ns.max),
    formatCount(row.ns.samples),
    ...searchCells(row),
    formatMean(Math.round(row.bytesPerVma)),
    tree === undefined || tree === row ? "" : formatRatio(row.ns.median / tree.ns.median),
  ];
}

/** A split searches no index: it only takes nodes out and puts them in. */
function searchCells(row: BenchRow): string[] {
  if (row.operation === "split") return ["–", "–", "–"];
  return [row.nodesVisited, row.nodesTouched, row.irrelevantVmas].map(formatMean);
}

function plainTable({ head, groups }: BenchTable): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((name) => (name === "index" ? "left" : "right")),
    style: { head: [], border: [], compact: true, "padding-left": 1, "padding-right": 0 },
    chars: PLAIN_LINES,
  });
  for (const cells of groups.flat()) table.push([...cells]);
  return table.toString().replaceAll(/ +$/gm, "");
}

function footnotes(rows: readonly BenchRow[]): string[] {
  const sampled = sampledWords(rows);
  const unmap = rows.some((row) => row.operation === "try-to-unmap")
    ? ["try-to-unmap is timed together with the fault that brings the page back."]
    : [];
  const notes = [...(sampled === null ? [] : [sampled]), ...unmap];
  return notes.length === 0 ? [] : ["", ...notes];
}

/** No lines but one below the heading. */
const PLAIN_LINES = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", right: "", "right-mid": "" },
  ...{ mid: "", "mid-mid": "", middle: "" },
};
