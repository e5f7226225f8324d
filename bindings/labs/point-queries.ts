import type { Kernel } from "../kernel/kernel.js";
import { costAt, mapRanges, mixed, type Cost } from "./file-ground.js";
import type { MakeKernel, Observables, Sight } from "./lab.js";

/** Disjoint ranges of a page each, with a page between two. */
const MANY = 20_000;
/** Every so manieth is asked for. */
const EVERY = 10;

/** A mean to two places. */
export function mean(sum: number, count: number): number {
  return Math.round((sum / count) * 100) / 100;
}

function queries(kernel: Kernel): Cost {
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 2 * MANY });
  const ranges = mixed(MANY).map((i) => ({ first: 2 * i, pages: 1 }));
  const starts = mapRanges(kernel, process, file, ranges);
  return costAt(
    kernel,
    process,
    starts.filter((_, i) => i % EVERY === 0),
  );
}

/** One page asked for among 20,000 VMAs that have one each; beside it the same with all three indexes. */
export async function pointQueries(makeKernel: MakeKernel): Promise<Sight> {
  const size = { frames: MANY, maxMapCount: MANY + 8, build: "release" } as const;
  const count = MANY / EVERY;
  const own = queries(await makeKernel(size));
  const observables: Observables = {
    found: own.found,
    visitedPerQuery: mean(own.visited, count),
    touchedPerQuery: mean(own.touched, count),
  };
  const shown: string[] = [];
  for (const fileIndex of ["prio-tree", "prio-tree-3.4", "interval-tree"] as const) {
    const { visited, touched } = queries(await makeKernel({ ...size, fileIndex }));
    shown.push(
      `${fileIndex}: ${mean(visited, count)} visited, ${mean(touched, count)} touched per query`,
    );
  }
  return { observables, shown };
}
