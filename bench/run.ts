import { findCrossovers } from "./crossover.js";
import type {
  BenchIndex,
  BenchOperation,
  BenchResult,
  BenchRow,
  BenchSuite,
  BenchTimes,
} from "./document.js";
import type { Effort } from "./effort.js";
import { SplitRounds } from "./splits.js";
import { workloads } from "./suites/index.js";
import type { Workload } from "./suites/workload.js";
import { countWalks, samplePages, timeWalks, walksOf, type Walks } from "./walks.js";

/** What is going to be measured. */
export interface BenchPlan {
  readonly suites: readonly BenchSuite[];
  /** VMAs; each suite's own sizes if absent. */
  readonly sizes?: readonly number[];
  /** Every index that the suite has, if absent. */
  readonly indexes?: readonly BenchIndex[];
  /** Short measurements and, without `sizes`, the suites' quick sizes. */
  readonly quick: boolean;
  /** Decides which pages are walked, and in which order. */
  readonly seed: number;
}

/** Where a run stands: row number `done` (from 0) of `total` is about to be measured. */
export interface BenchProgress {
  readonly done: number;
  readonly total: number;
  readonly suite: BenchSuite;
  readonly operation: BenchOperation;
  readonly index: BenchIndex;
  readonly vmas: number;
}

/** The stopwatches of a run; tests give it ones that do not measure. */
export interface BenchClock {
  walks(walks: Walks, pages: number): BenchTimes;
  splits(rounds: SplitRounds): BenchTimes;
}

/** How to run a plan. */
export interface BenchRunOptions {
  readonly clock: BenchClock;
  readonly onProgress?: (progress: BenchProgress) => void;
  /** Called with each row once it is measured. */
  readonly onRow?: (row: BenchRow) => void;
  /** Stops the run before its next row. */
  readonly signal?: AbortSignal;
}

/** One state of one kernel, and what is measured in it. */
interface Cell {
  readonly workload: Workload;
  readonly vmas: number;
  readonly index: BenchIndex;
  readonly operations: readonly BenchOperation[];
}

/** Stopwatches that spend `effort` on each row. */
export function benchClock(effort: Effort): BenchClock {
  return {
    walks: (walks, pages) => timeWalks(walks, pages, effort),
    splits: (rounds) => rounds.time(effort),
  };
}

/**
 * Measures everything in `plan`, one row after another, giving other tasks of the event loop a turn
 * between rows.
 *
 * @throws KernelError ENOMEM if a size does not fit into linear memory.
 */
export async function runBench(plan: BenchPlan, options: BenchRunOptions): Promise<BenchResult> {
  const cells = cellsOf(plan);
  const total = cells.reduce((sum, cell) => sum + cell.operations.length, 0);
  const rows: BenchRow[] = [];
  for (const cell of cells) {
    for await (const row of measureCell(cell, plan.seed, options, rows.length, total)) {
      rows.push(row);
      options.onRow?.(row);
    }
  }
  return { rows, crossover: findCrossovers(rows), complete: rows.length === total };
}

function cellsOf(plan: BenchPlan): Cell[] {
  return plan.suites.flatMap((suite) => {
    const workload = workloads[suite];
    const sizes = plan.sizes ?? (plan.quick ? workload.quickSizes : workload.sizes);
    const indexes = workload.indexes.filter((index) => plan.indexes?.includes(index) ?? true);
    return sizes.flatMap((vmas) =>
      indexes.map((index) => ({ workload, vmas, index, operations: operationsOf(workload, vmas) })),
    );
  });
}

/** One VMA of one page cannot be split, so size 1 has no row for it. */
function operationsOf(workload: Workload, vmas: number): BenchOperation[] {
  return workload.suite === "split" && vmas > 1
    ? [...workload.operations, "split"]
    : [...workload.operations];
}

async function* measureCell(
  cell: Cell,
  seed: number,
  { clock, onProgress, signal }: BenchRunOptions,
  done: number,
  total: number,
): AsyncGenerator<BenchRow> {
  const stopped = (): boolean => signal?.aborted === true;
  if (stopped()) return;
  const { workload, vmas, index } = cell;
  const tell = (operation: BenchOperation): void =>
    onProgress?.({ suite: workload.suite, operation, index, vmas, done: done++, total });
  const [first] = cell.operations;
  // Building a large machine takes a while, so the first is told before it.
  if (first) tell(first);
  await eventLoopTurn();
  const state = await workload.build(vmas, index);
  try {
    const pages = samplePages(state.kernel, state.frames, seed, longestWalk(cell));
    for (const operation of cell.operations) {
      await eventLoopTurn();
      if (stopped()) return;
      const about = { suite: workload.suite, operation, index, vmas };
      if (operation !== first) tell(operation);
      if (operation === "split") {
        yield { ...about, ...(await measureSplits(cell, clock)), bytesPerVma: state.bytesPerVma };
        continue;
      }
      const counts = countWalks(state.kernel, operation, pages, longestWalk(cell));
      const walks = walksOf(state.kernel, operation);
      yield { ...about, ns: clock.walks(walks, pages), ...counts, bytesPerVma: state.bytesPerVma };
    }
  } finally {
    state.kernel.dispose();
  }
}

/**
 * A list visits every VMA, and v3.4's prio tree may visit nearly all; a tree that leaves out what it
 * can so few beside them, or so few pages of many, that all can be counted.
 */
function longestWalk({ index, vmas }: Cell): number {
  return index === "list" || index === "prio-tree-3.4" ? vmas : 1;
}

async function measureSplits(
  { vmas, index }: Cell,
  clock: BenchClock,
): Promise<Pick<BenchRow, "ns" | "nodesVisited" | "nodesTouched" | "irrelevantVmas">> {
  const rounds = await SplitRounds.prepare(vmas, index);
  try {
    return { ns: clock.splits(rounds), ...rounds.count() };
  } finally {
    rounds.dispose();
  }
}

/** Lets a signal handler or a page's events run: the measurements themselves never yield. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
