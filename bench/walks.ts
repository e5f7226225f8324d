import type { Kernel } from "../bindings/kernel/kernel.js";
import { BenchmarkLibrary } from "./benchmark-library.js";
import type { BenchRow, BenchTimes } from "./document.js";
import type { Effort } from "./effort.js";
import { shuffled } from "./random.js";
import type { WalkOperation } from "./suites/workload.js";

/** Runs `count` walks inside the core, from place `offset` of the sample on; what they found. */
export type Walks = (count: number, offset: number) => number;

/** The counts of a row. */
export type WalkCounts = Pick<
  BenchRow,
  "nodesVisited" | "nodesTouched" | "irrelevantVmas" | "sampled"
>;

/** Pages that are walked in turn: more than the caches hold the paths of, few enough to hand over at once. */
const TIMED_PAGES = 65_536;
/** Pages over which the exact counts are taken. */
const COUNTED_PAGES = 4096;
/** Fewer are handed over where looking up where they are mapped could visit more nodes than this. */
const TIMED_NODES = 2 ** 27;
/** Counting takes fewer of them where it could visit more nodes than this. */
const COUNTED_NODES = 2 ** 25;
/** The most walks in one call of the core. */
const MAX_WALKS_A_CALL = 2 ** 20;

/** The core's entry for an operation. */
export function walksOf(kernel: Kernel, operation: WalkOperation): Walks {
  const core = kernel.core;
  switch (operation) {
    case "stab":
      return (count, offset) => core.benchStab(count, offset);
    case "page-referenced":
      return (count, offset) => core.benchPageReferenced(count, offset);
    case "try-to-unmap":
      return (count, offset) => core.benchTryToUnmap(count, offset);
    case "rmap-walk":
      return (count, offset) => core.benchRmapWalk(count, offset);
  }
}

/**
 * Hands the core the pages to walk: all of `frames`, or at most 65,536 of them, in an order drawn from
 * `seed`. Where walks are long they are fewer, since each page is walked once to see where it is mapped.
 *
 * @param longest nodes that the longest walk visits.
 * @returns how many there are.
 */
export function samplePages(
  kernel: Kernel,
  frames: Uint32Array,
  seed: number,
  longest: number,
): number {
  const most = Math.max(1, Math.min(TIMED_PAGES, Math.floor(TIMED_NODES / longest)));
  const sample = shuffled(frames, most, seed);
  kernel.setSample(sample);
  return sample.length;
}

/**
 * The exact means over the first 4,096 pages of the sample, or all if there are fewer. Where walks
 * are so long that this would take long, over fewer, and `sampled` says so.
 *
 * @param longest nodes that the longest walk visits.
 * @throws Error if a walk finds less than it must: then it measured something else.
 */
export function countWalks(
  kernel: Kernel,
  operation: WalkOperation,
  pages: number,
  longest: number,
): WalkCounts {
  const walks = walksOf(kernel, operation);
  // Nobody uses the pages between walks, so page_referenced finds no reference; the others find a VMA.
  const leastFound = operation === "page-referenced" ? 0 : 1;
  const wanted = Math.min(COUNTED_PAGES, pages);
  const count = Math.max(1, Math.min(wanted, Math.floor(COUNTED_NODES / longest)));
  kernel.resetCounters();
  const found = walks(count, 0);
  if (found < leastFound * count) {
    throw new Error(`${count} walks found ${found}: they did not do what is measured`);
  }
  const counters = kernel.counters;
  return {
    nodesVisited: counters.nodesVisited / count,
    nodesTouched: counters.nodesTouched / count,
    irrelevantVmas: counters.irrelevantVmas / count,
    ...(count < wanted ? { sampled: true } : {}),
  };
}

/**
 * Nanoseconds per walk, measured by the `benchmark` package around calls that run many walks in the
 * core. Finding the size of such a call warms the code up.
 *
 */
export function timeWalks(walks: Walks, pages: number, effort: Effort): BenchTimes {
  const count = walksPerCall(walks, effort.callTime);
  let offset = 0;
  let found = 0;
  const benchmark = new BenchmarkLibrary(
    () => {
      found += walks(count, offset);
      offset = (offset + count) % pages;
    },
    { maxTime: effort.maxTime, minTime: effort.sampleTime, minSamples: effort.minSamples },
  ).run({ async: false });
  if (benchmark.error !== undefined) throw benchmark.error;
  if (!Number.isSafeInteger(found)) throw new Error("the timed walks did not say what they found");
  return timesOf(benchmark.stats.sample.map((seconds) => (seconds * 1e9) / count));
}

/** Median, extremes and number of samples, each sample in nanoseconds per operation. */
export function timesOf(samples: readonly number[]): BenchTimes {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  const lower = sorted[Math.ceil(middle) - 1] ?? NaN;
  return {
    median: (lower + upper) / 2,
    min: sorted[0] ?? NaN,
    max: sorted.at(-1) ?? NaN,
    samples: sorted.length,
  };
}

function walksPerCall(walks: Walks, callTime: number): number {
  for (let count = 1; ; count *= 2) {
    const start = performance.now();
    walks(count, 0);
    const elapsed = (performance.now() - start) / 1000;
    if (elapsed >= callTime || count >= MAX_WALKS_A_CALL) return count;
  }
}
