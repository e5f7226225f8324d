import { PAGE } from "./ground.js";
import { costAt, mapRanges, mixed } from "./file-ground.js";
import { stateAround } from "./history.js";
import type { Lab, MakeKernel, Observables } from "./lab.js";
import { namesOfPlaces } from "./places.js";
import { mean, POINT_MEANINGS, pointQueryScenario } from "./point-queries.js";
import { randomPages } from "./random-ranges.js";
import { oneQueryScenario, treePicture, WAY_MEANINGS } from "./small-index.js";

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
  const rotationsPerFork = mean(rotations, PROCESSES - 1);
  return { indexInserts, comparisons, rotationsPerFork, maximaRewritten, found, visited, touched };
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
  title: "Files find their VMAs by an interval tree in place of the prio tree",
  ...stateAround("fileIndex", "interval-tree"),
  problem:
    "Whoever wants to unmap, clean or move a page of a file must find every VMA that shows it. A file may be mapped thousands " +
    "of times, and each mapping shows its own range of pages. So the file keeps its VMAs in an index that says " +
    "which ranges hold a page. Up to v3.6 that is a prio tree: a binary trie by the first page of each range, and at the same " +
    "time a heap by the last. It is hard to follow, and since v3.4 it is slow as well (the lab prio-pruning).",
  beforeText:
    "v3.6, the release that the commit found: its prio tree is the slow one of v3.4, so the healthy one of v3.3 is shown " +
    "beside it. VMAs with equal ranges share one node of the tree and form a ring, so fork adds a " +
    "child's VMA to its parent's ring without any comparison. A search starts at the root, where the range is that reaches " +
    "furthest, and comes to each node before those below it.",
  afterText:
    "Every VMA is a node of a red-black tree sorted by first page, and each node has the largest last page of all " +
    "below it. A search goes down to the first VMA that holds the page, and from there to the next by first page. Fork links " +
    "a child's VMA right behind its parent's, without comparisons too, but the tree must be balanced again.",
  lookFor:
    "Nodes per query: some 20 with the healthy prio tree and the interval tree, thousands with that of v3.4. A node is visited " +
    "when a search comes to it, and again when it comes back; it is touched when any field of it is read. A count made with the " +
    "kernel's own C files, of another set of 20,000 disjoint ranges, gave means of 21.4 (prio tree), 2,613 (v3.4) and 28.7 " +
    "(interval tree). What comes closest are the different nodes touched: 20.79, 2,572.58 and 21.52. How that count came to 28.7 is not " +
    "known. Then what the prio tree does better: equal ranges (shared-segment), " +
    "and ranges that all begin before the page (nested-ranges).",
  invariant: "Whatever the index, a walk is handed exactly the VMAs that hold the page, each once.",
  mutants: [
    "of VMAs that reach as far the one that begins first is nearer to a prio tree's root",
    "a child's VMA comes last in the ring of the one that is in the tree",
    "the next in the ring is head when the head takes a place in the tree",
    "before v3.7 a nonlinear VMA's child comes right after it in the list",
  ],
  meanings: {
    ...POINT_MEANINGS,
    ...WAY_MEANINGS,
    indexInserts: "VMAs linked into the file's index by the forks",
    comparisons: "nodes compared with to find the place of a new one",
    rotationsPerFork: "rotations of the tree per fork",
    maximaRewritten: "largest last pages of subtrees rewritten by the forks",
    touched: "nodes touched by the search, ways back included",
    places: "processes with page 3, in the order of the walk",
    queries: "pages asked for",
    foundOtherwise: "pages for which a look at every range finds other places",
    allAscending: "does every walk go in the order of first pages?",
  },
  scenarios: [
    pointQueryScenario("prio-tree-3.4", "interval-tree", "prio-tree"),
    oneQueryScenario("prio-tree-3.4", "interval-tree"),
    {
      name: "shared-segment",
      shows:
        "6,000 processes, all forked from one, map the same segment: one node with a ring of 6,000, or 6,000 nodes. What the forks cost, and then one search.",
      // A ring has no edges. A tree has 5,999, each gone down and up again. Balance costs a rotation or two per insert;
      // that it comes to one and a half is the core's own count.
      expected: {
        before: {
          ...{ indexInserts: PROCESSES - 1, comparisons: 0, rotationsPerFork: 0 },
          ...{ maximaRewritten: 0, found: PROCESSES, visited: PROCESSES, touched: PROCESSES + 1 },
        },
        after: {
          ...{ indexInserts: PROCESSES - 1, comparisons: 0, rotationsPerFork: 1.5 },
          ...{ maximaRewritten: 0, found: PROCESSES },
          ...{ visited: 2 * PROCESSES - 1, touched: 2 * PROCESSES - 1 },
        },
      },
      experiment: sharedSegment,
    },
    {
      name: "nested-ranges",
      shows:
        "All of 20,000 ranges begin before the page, and ten of them reach it: what one search costs where the prio tree is strong.",
      // The ten that reach furthest are on top of the prio tree: 10 visits and 9 ways back, and 10 looks at what is below
      // them. The interval tree has to go down anew for each: about ten times its height.
      expected: {
        before: { found: REACH, visited: 2 * REACH - 1, touched: 3 * REACH - 1 },
        after: { found: REACH, visited: 197, touched: 290 },
      },
      experiment: nested,
    },
    {
      name: "order",
      shows:
        "Page 3 of a file in three processes: the prio tree begins with whoever reaches furthest, and after a node comes its ring; the interval tree begins with whoever begins first.",
      script: ORDER,
      expected: { before: { places: "B A C" }, after: { places: "A C B" } },
      observe: (run) => ({ places: namesOfPlaces(run, "A", 3) }),
    },
    {
      name: "random-pages",
      shows:
        "50 pages of a file with 300 random ranges: both sides find the places that a look at every range finds, each once, but in another order.",
      expected: {
        before: { queries: 50, foundOtherwise: 0, allAscending: false },
        after: { queries: 50, foundOtherwise: 0, allAscending: true },
      },
      experiment: randomPages,
    },
  ],
  picture: ({ scenarios }) =>
    treePicture(
      "One search for a page among 32 ranges, in each of the three indexes",
      scenarios.find(({ name }) => name === "one-query")?.before.shown ?? [],
      ["prio-tree", "prio-tree-3.4", "interval-tree"],
    ),
};
