import type { Process } from "../kernel/process.js";
import { mapRanges, mixed, type Range } from "./file-ground.js";
import { PAGE } from "./ground.js";
import type { MakeKernel, Sight } from "./lab.js";

/** Ranges of up to as many pages, among so many pages of the file. */
const RANGES = 300;
const LONGEST = 40;
const PAGES = 1000;
const QUERIES = 50;

/** Ranges that begin and end anywhere. Of three the first two are equal, and the third begins there as well. */
function randomRanges(): Range[] {
  const firsts = mixed(PAGES - LONGEST);
  const lengths = mixed(RANGES);
  return lengths.map((length, i) => ({
    first: firsts[i - (i % 3)] ?? 0,
    pages: 1 + (i % 3 === 1 ? (lengths[i - 1] ?? 0) % LONGEST : length % LONGEST),
  }));
}

/** Reads a page of the file through all ranges that hold it; where those are, looking at every range. */
function readEverywhere(
  process: Process,
  ranges: readonly Range[],
  starts: readonly number[],
  page: number,
): number[] {
  const holding = ranges.flatMap(({ first, pages }, i) =>
    page >= first && page < first + pages ? [(starts[i] ?? 0) + (page - first) * PAGE] : [],
  );
  for (const address of holding) process.read(address);
  return holding;
}

/** Do both have the same numbers, each as often? */
function agree(a: readonly number[], b: readonly number[]): boolean {
  const order = (numbers: readonly number[]): string => [...numbers].sort((x, y) => x - y).join();
  return order(a) === order(b);
}

/** Random ranges, and random pages of which walks find all places: whether these are all, and in which order. */
export async function randomPages(makeKernel: MakeKernel): Promise<Sight> {
  const kernel = await makeKernel({ frames: PAGES });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: PAGES });
  const ranges = randomRanges();
  const starts = mapRanges(kernel, process, file, ranges);
  let [queries, found, foundOtherwise, ascending, visited] = [0, 0, 0, 0, 0];
  for (const page of mixed(PAGES - LONGEST)) {
    const holding = readEverywhere(process, ranges, starts, page);
    const place = holding.length < 3 ? null : process.pageAt(holding[0] ?? 0);
    if (place === null) continue;
    kernel.resetCounters();
    const mappings = place.mappings();
    visited += kernel.counters.nodesVisited;
    found += mappings.length;
    const addresses = mappings.map(({ address }) => address);
    if (!agree(holding, addresses)) foundOtherwise++;
    const firsts = mappings.map(({ vma }) => vma.pgoff);
    if (firsts.every((first, i) => i === 0 || first >= (firsts[i - 1] ?? 0))) ascending++;
    if (++queries === QUERIES) break;
  }
  return {
    observables: { queries, foundOtherwise, allAscending: ascending === queries },
    shown: [
      `${found} places of ${queries} pages, ${visited} nodes visited; in the order of first pages: ${ascending} of ${queries}`,
    ],
  };
}
