import { PAGE } from "./ground.js";
import { costAt, mapRanges, mixed } from "./file-ground.js";
import { stateAround } from "./history.js";
import type { Lab, MakeKernel, Observables } from "./lab.js";
import { namesOfPlaces } from "./places.js";
import { pointQueries } from "./point-queries.js";
import { randomPages } from "./random-ranges.js";

/** Page 3 of the file in three processes: B's range begins later than the others' and reaches further. */
const ORDER = `
file F 8
spawn A
mmap A 0 4 r file:F:0 shared
spawn B
mmap B 10 6 r file:F:2 shared
fork A C
read A 3
read B 11
read C 3
rmap A 3
`;

const PROCESSES = 6000;
const MANY = 20_000;
const REACH = 10;

/** One segment of a library in 6,000 processes: what the forks and then one search cost. */
async function sharedSegment(makeKernel: MakeKernel): Promise<Observables> {
  const kernel = await makeKernel({ build: "release" });
  const parent = kernel.spawn();
  const file = kernel.createFile({ pages: 16 });
  const [start = 0] = mapRanges(kernel, parent, file, [{ first: 0, pages: 16 }]);
  kernel.resetCounters();
  for (let i = 1; i < PROCESSES; i++) parent.fork();
  const { indexInserts, comparisons, rotations, maximaRewritten } = kernel.counters;
  const { found, visited, touched } = costAt(kernel, parent, [start + PAGE]);
  return { indexInserts, comparisons, rotations, maximaRewritten, found, visited, touched };
}

/** All ranges begin before the page that is asked for, and ten of them reach it. */
async function nested(makeKernel: MakeKernel): Promise<Observables> {
  const kernel = await makeKernel({ build: "release", maxMapCount: MANY + 8 });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 2 * MANY });
  const ranges = mixed(MANY).map((i) => ({
    first: i,
    pages: i % (MANY / REACH) === 0 ? MANY + 1 - i : 1,
  }));
  const reaching = ranges.findIndex(({ first }) => first === 0);
  const starts = mapRanges(kernel, process, file, ranges);
  const { found, visited, touched } = costAt(kernel, process, [
    (starts[reaching] ?? 0) + MANY * PAGE,
  ]);
  return { found, visited, touched };
}

/** Commit 6b2dbba8b6ac. */
export const fileIndex: Lab = {
  name: "file-index",
  kind: "commit",
  commit: "6b2dbba8b6ac",
  title: "A file finds its VMAs by an interval tree, and not by a prio tree",
  ...stateAround("fileIndex", "interval-tree"),
  problem:
    "A file must find all VMAs that show one of its pages. The prio tree did that with a trie that is also a heap, and with rings of VMAs with one and the same range. It was hard to understand, and had lost its pruning in v3.4 without anybody noticing (the lab prio-pruning).",
  beforeText:
    "VMAs with the same first and last page share one node, the others are in a ring, so fork adds a child without any comparison. A search goes through the tree in pre-order. As of v3.4 it finds what it should, but hardly passes over anything to the right.",
  afterText:
    "Every VMA is a node of a red-black tree by first page, which knows the last page of each subtree. Fork links a child right after its parent. A search goes down to the first VMA that holds the page and from there from one to the next.",
  lookFor:
    "Both sides find the same VMAs. A count made with the kernel's own C files, of another set of 20,000 disjoint ranges, gave means of 21.4 (prio tree), 2,613 (v3.4) and 28.7 (interval tree). On our ranges the prio trees come to 20.8 and 2,530 if nodes are counted that are read on the way down, and not those that a search comes back to: about the same. Our counters count these too. The interval tree's 28.7 is neither of our counters: how that count took its nodes is not known.",
  invariant: "Whatever the index, a walk is handed exactly the VMAs that hold the page.",
  mutants: [
    "of VMAs that reach as far the one that begins first is nearer to a prio tree's root",
    "a child's VMA comes last in the ring of the one that is in the tree",
    "the next in the ring is head when the head takes a place in the tree",
    "before v3.7 a nonlinear VMA's child comes right after it in the list",
  ],
  scenarios: [
    {
      name: "point-queries",
      shows: "What it costs to find the one VMA of 20,000 that has a page.",
      expected: {
        before: { found: 2000, visitedPerQuery: 5046.09, touchedPerQuery: 5052.71 },
        after: { found: 2000, visitedPerQuery: 15.63, touchedPerQuery: 22.54 },
      },
      experiment: pointQueries,
    },
    {
      name: "shared-segment",
      shows: "6,000 processes map one segment: one node with a ring, or 6,000 nodes.",
      expected: {
        before: {
          indexInserts: 5999,
          comparisons: 0,
          rotations: 0,
          maximaRewritten: 0,
          found: 6000,
          visited: 6000,
          touched: 6001,
        },
        after: {
          indexInserts: 5999,
          comparisons: 0,
          rotations: 8977,
          maximaRewritten: 0,
          found: 6000,
          visited: 11999,
          touched: 11999,
        },
      },
      experiment: sharedSegment,
    },
    {
      name: "nested-ranges",
      shows:
        "All of 20,000 ranges begin before a page, and ten of them reach it: where the prio tree is strong.",
      expected: {
        before: { found: 10, visited: 19, touched: 29 },
        after: { found: 10, visited: 197, touched: 290 },
      },
      experiment: nested,
    },
    {
      name: "order",
      shows:
        "Page 3 of a file in three processes: the prio tree has whoever reaches furthest first, and after a node its ring; the interval tree whoever begins first.",
      script: ORDER,
      expected: { before: { places: "B A C" }, after: { places: "A C B" } },
      observe: (run) => ({ places: namesOfPlaces(run, "A", 3) }),
    },
    {
      name: "random-pages",
      shows:
        "Pages of a file with 300 random ranges: both find the places that looking at every range finds, each once, in another order.",
      expected: {
        before: {
          queries: 50,
          found: 409,
          wrong: 0,
          ascending: 12,
          furthestFirst: 28,
          visited: 4088,
        },
        after: {
          queries: 50,
          found: 409,
          wrong: 0,
          ascending: 50,
          furthestFirst: 5,
          visited: 1329,
        },
      },
      experiment: randomPages,
    },
  ],
};
