/** What a benchmark run says: the JSON that `rmaplab bench --json` prints, kept stable. */

/** Where the VMAs come from: see the files of the same names in `suites/`. */
export type BenchSuite = "split" | "fork" | "file";

/**
 * What one measured step is.
 *
 * - `stab`: the index alone, asked for the VMAs that hold one page offset.
 * - `page-referenced`: page_referenced on a page, which stops once its mapcount is used up.
 * - `try-to-unmap`: try_to_unmap, and the fault that brings the page back, so that it can be done again.
 * - `rmap-walk`: rmap_walk, which visits every VMA that the index hands out.
 * - `split`: one mprotect in the middle of a VMA.
 */
export type BenchOperation = "stab" | "page-referenced" | "try-to-unmap" | "rmap-walk" | "split";

/**
 * The structure that finds the VMAs.
 *
 * - `list`: of an anon_vma, before v3.7.
 * - `prio-tree`: of a file, up to v3.3; `prio-tree-3.4`: the same with the pruning that v3.4 lost.
 * - `interval-tree`: of both, in v3.7.
 */
export type BenchIndex = "list" | "prio-tree" | "prio-tree-3.4" | "interval-tree";

/** Nanoseconds per operation. */
export interface BenchTimes {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many samples the three were taken from. */
  readonly samples: number;
}

/** One operation on one index at one size. */
export interface BenchRow {
  readonly suite: BenchSuite;
  readonly operation: BenchOperation;
  readonly index: BenchIndex;
  /** VMAs in the index. */
  readonly vmas: number;
  readonly ns: BenchTimes;
  /** Exact mean per operation: nodes that became the current node of a search. */
  readonly nodesVisited: number;
  /** Exact mean per operation: nodes of which any field was read. */
  readonly nodesTouched: number;
  /** Exact mean per operation: VMAs handed out that do not hold the page. */
  readonly irrelevantVmas: number;
  /** Linear memory that building the state took, divided by its VMAs. */
  readonly bytesPerVma: number;
  /** Present where a walk is so long that the counts come from fewer pages than the other rows'. */
  readonly sampled?: true;
}

/** Where the interval tree begins to be faster than the list, or the whole prio tree, for one operation of one suite. */
export interface BenchCrossover {
  readonly suite: BenchSuite;
  readonly operation: BenchOperation;
  /** VMAs, interpolated between two measured sizes on log axes; null if nothing crosses. */
  readonly vmas: number | null;
  /** The faster index at the smallest size; `equal` within 5 %. */
  readonly below: BenchIndex | "equal";
  /** The faster index at the largest size; `equal` within 5 %. */
  readonly above: BenchIndex | "equal";
}

/** What the numbers were taken on. */
export interface BenchMachine {
  readonly cpu: string;
  readonly cores: number;
  readonly os: string;
  readonly node: string;
  readonly v8: string;
  readonly rmaplab: string;
  /** The build of the core that was timed. */
  readonly build: string;
}

/** The rows that were measured: all that were planned, unless the run was stopped. */
export interface BenchResult {
  readonly rows: readonly BenchRow[];
  readonly crossover: readonly BenchCrossover[];
  readonly complete: boolean;
}

/** What it takes to run the same again. */
export interface BenchRun {
  /** The command line. */
  readonly command: string;
  /** The seed of the random pages. */
  readonly seed: number;
  /** Short measurements (`--quick`). */
  readonly quick: boolean;
  /** False if the run was stopped early: rows are missing. */
  readonly complete: boolean;
}

/** A whole benchmark run. */
export interface BenchDocument {
  readonly machine: BenchMachine;
  readonly run: BenchRun;
  readonly rows: readonly BenchRow[];
  readonly crossover: readonly BenchCrossover[];
}

/** The rows of one operation of one suite, in the order in which they were measured. */
export function rowsOf(
  rows: readonly BenchRow[],
  suite: BenchSuite,
  operation: BenchOperation,
): BenchRow[] {
  return rows.filter((row) => row.suite === suite && row.operation === operation);
}

/** The sizes that appear in `rows`, ascending. */
export function sizesOf(rows: readonly BenchRow[]): number[] {
  return [...new Set(rows.map((row) => row.vmas))].sort((a, b) => a - b);
}

/** The row of one index at one size, if it was measured. */
export function rowAt(
  rows: readonly BenchRow[],
  index: BenchIndex,
  vmas: number,
): BenchRow | undefined {
  return rows.find((row) => row.index === index && row.vmas === vmas);
}
