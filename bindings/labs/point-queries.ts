// Point queries of a file with 20,000 VMAs that have a page each: what one costs with each of the three indexes.

import { type Cost, costAt, mapRanges, mixed } from "./file-ground.js";
import type { Experiment, MakeKernel, Observables, Scenario, Sight } from "./lab.js";
import { returnsOf, searchWay } from "./search-way.js";

/** Disjoint ranges of a page each, with a page between two; the page of each is asked for once. */
const MANY = 20_000;

/** A mean to two places. */
export function mean(sum: number, count: number): number {
  return Math.round((sum / count) * 100) / 100;
}

/**
 * What point queries cost, by index, as means. test/index/point-queries.test.ts counts the same by naive searches: of a
 * naive prio tree, and of the shape that the interval tree has. The way to one of 20,000 nodes is about log2(20,000) =
 * 14.3 nodes long in a tree that is balanced. v3.4 goes through all that begins between the page and the next power of two
 * as well, the file's end if that comes before it: 2,562 nodes on average.
 */
const COSTS = {
  "prio-tree": {
    ...{ found: MANY, visitedPerQuery: 27.4, touchedPerQuery: 33.99 },
    differentPerQuery: 20.79,
  },
  "prio-tree-3.4": {
    ...{ found: MANY, visitedPerQuery: 5130.97, touchedPerQuery: 5137.57 },
    differentPerQuery: 2572.58,
  },
  "interval-tree": {
    ...{ found: MANY, visitedPerQuery: 15.67, touchedPerQuery: 22.52 },
    differentPerQuery: 21.52,
  },
} as const;

/** The three indexes of history. */
export type FileIndex = keyof typeof COSTS;

/** What its observables are. */
export const POINT_MEANINGS = {
  found: "VMAs that the searches found",
  visitedPerQuery: "nodes visited per query, ways back included",
  touchedPerQuery: "nodes touched per query, ways back included",
  differentPerQuery: "different nodes touched per query",
} as const;

/**
 * All queries of a machine with that index, and how many of the visits were ways back.
 *
 * A search of a prio tree ends at the root where it began, and comes back once from every other node. That of an interval
 * tree ends anywhere: it is traced, which takes the checked build.
 */
async function queries(
  makeKernel: MakeKernel,
  fileIndex: FileIndex,
): Promise<Cost & { readonly returns: number }> {
  const isTraced = fileIndex === "interval-tree";
  const kernel = await makeKernel({
    ...{ frames: MANY, maxMapCount: MANY + 8 },
    ...{ build: isTraced ? "checked" : "release", fileIndex },
  });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 2 * MANY });
  const ranges = mixed(MANY).map((i) => ({ first: 2 * i, pages: 1 }));
  const starts = mapRanges(kernel, process, file, ranges);
  const cost = costAt(kernel, process, starts);
  if (!isTraced) return { ...cost, returns: (cost.visited - MANY) / 2 };
  const pages = starts.flatMap((start) => process.pageAt(start) ?? []);
  const returns = pages.reduce((sum, page) => sum + returnsOf(searchWay(kernel, page)), 0);
  return { ...cost, returns };
}

async function means(makeKernel: MakeKernel, fileIndex: FileIndex): Promise<Observables> {
  const { found, visited, touched, returns } = await queries(makeKernel, fileIndex);
  return {
    ...{ found, visitedPerQuery: mean(visited, MANY), touchedPerQuery: mean(touched, MANY) },
    differentPerQuery: mean(touched - returns, MANY),
  };
}

/** Each page of 20,000 that are mapped by one VMA is asked for; beside the side's own index another. */
async function pointQueries(makeKernel: MakeKernel, beside: FileIndex): Promise<Sight> {
  const { fileIndex } = (await makeKernel()).options;
  const observables = await means(makeKernel, fileIndex);
  const other = await means(makeKernel, beside);
  const { visitedPerQuery, touchedPerQuery, differentPerQuery } = other;
  const shown = [
    `with ${beside}: ${visitedPerQuery} visited, ${touchedPerQuery} touched, ${differentPerQuery} different ones touched per query`,
  ];
  return { observables, shown };
}

/** The scenario of both labs about the prio tree: two of the three indexes, and the third beside them. */
export function pointQueryScenario(
  before: FileIndex,
  after: FileIndex,
  beside: FileIndex,
): Scenario & Experiment {
  return {
    name: "point-queries",
    shows:
      "20,000 VMAs show a page of the file each, no two the same. Each page is looked for once: the means of what a search costs.",
    expected: { before: COSTS[before], after: COSTS[after] },
    experiment: (makeKernel) => pointQueries(makeKernel, beside),
  };
}
