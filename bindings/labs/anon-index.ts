import { CHILDREN, familyPages } from "./family-pages.js";
import { stateAround } from "./history.js";
import type { Lab } from "./lab.js";
import { namesOfPlaces } from "./places.js";
import {
  crossover,
  FEW,
  MANY,
  mutexHold,
  SAMPLE,
  sizes,
  SIZES,
  splits,
  visits,
} from "./split-costs.js";

/** Page 3 of the parent is in a VMA that begins later than the child's, and was linked earlier. */
const ORDER = `
spawn A
mmap A 0 4 rw anon private
write A 0 1
write A 1 2
write A 2 3
write A 3 4
fork A B
mprotect A 2 2 r
rmap A 3
`;

/** Commit bf181b9f9d8d. */
export const anonIndex: Lab = {
  name: "anon-index",
  kind: "commit",
  commit: "bf181b9f9d8d",
  title: "An anon_vma keeps its VMAs in an interval tree in place of a list",
  ...stateAround("anonIndex", "interval-tree"),
  problem:
    "An anonymous page knows its anon_vma and its own page offset; the anon_vma knows the VMAs in which the page may be. When " +
    "a mapping is split, by mprotect for example, all the VMAs that become of it stay with its one anon_vma, though each page is " +
    "in one of them only. So whoever looks for the places where a page is mapped (reclaim, migration, compaction) goes through " +
    "thousands of VMAs to find one, and holds the anon_vma's mutex meanwhile.",
  beforeText:
    "The anon_vma has a list of its VMAs in the order in which they were linked. To link one more is a step at the list's end, " +
    "and if the bounds of a VMA change, the list stays as it is. A walk goes over the whole list, works out the address " +
    "that the page would have in each VMA, and passes over the VMAs that do not contain that address.",
  afterText:
    "The anon_vma has an interval tree: sorted by the first page offset of each VMA, each node with the largest last offset " +
    "below it. A walk asks for the page's own offset and is handed exactly the VMAs that hold it. The price is paid where VMAs " +
    "change: the tree reads the bounds in the VMA itself, so before they change all links of the VMA are taken out of their trees, and " +
    "are put back after, under the mutex; and to link or unlink takes some log n nodes, with rotations.",
  lookFor:
    "Nodes that one walk visits among 20,000 VMAs: all of them, against about the logarithm; all are visited under the mutex. " +
    "page_referenced stops when it has found all mappings, which saves it half of the list on average. The tree is ahead from 3 " +
    "VMAs on in nodes visited and from 5 on in nodes touched; in time, measured in C, from about 8. A thousand " +
    "children gain nothing: a page that a child wrote is in an anon_vma of the child's own (since 2.6.34), and to find a page that all " +
    "share in 1,001 VMAs a list needs one visit each, a tree nearly two.",
  invariant:
    "For every page both find the same VMAs, and they are those that hold it; the keys of a tree are current whenever its " +
    "mutex is free.",
  mutants: [
    "VMAs that begin at one pgoff stay in the order in which they were linked",
    "what leaves the end of a list leaves another end",
    "all links of a VMA come back into their trees after its bounds changed, not the newest alone",
    "a next VMA whose start moves along leaves the trees, also for one that is in none",
    "the end of a VMA is part of a tree's key",
    "a VMA leaves the trees of its anon_vmas before it grows",
    "a stack grows under the mutex of its anon_vma",
    "a copied VMA has its bounds before it goes into the trees",
  ],
  meanings: {
    places: "processes with page 3, in the order of the walk",
    irrelevantVmas: "VMAs that the walk was handed in vain",
    vmas: "VMAs of the mapping",
    walks: "walks",
    found: "places that the walks found",
    visitedPerWalk: "nodes visited per walk",
    touchedPerWalk: "nodes touched (any field read) per walk",
    irrelevantPerWalk: "VMAs that a walk was handed in vain",
    visitedPerPageReferenced: "nodes visited per page_referenced",
    mutexTaken: "times that the walk took the anon_vma's mutex",
    nodesUnderMutex: "nodes visited while the mutex was held",
    vmasUnderMutex: "VMAs handed to the walk while the mutex was held",
    stepsUnderMutex: "lock operations and shared accesses under the mutex",
    vmaSplits: "splits of VMAs",
    indexInserts: "links put into the anon_vma's index",
    indexRemoves: "links taken out of the anon_vma's index",
    rotationsPerSplit: "rotations per split, of trees by address as well",
    maximaRewrittenPerSplit: "largest offsets of subtrees rewritten per split",
    ...Object.fromEntries(
      SIZES.map((vmas) => [`visitedOf${vmas}`, `nodes visited per walk, of ${vmas} VMAs`]),
    ),
    visitsFewerFrom: "VMAs from which on a walk visits fewer nodes than VMAs",
    touchesFewerFrom: "VMAs from which on a walk touches fewer nodes than VMAs",
    vmasOfSharedPage: "VMAs that hold a page which all processes share",
    visitedForSharedPage: "nodes visited to find that page",
    vmasOfOwnPages: "VMAs that hold 1,000 pages, one of each child's own",
    visitedForOwnPages: "nodes visited to find these 1,000 pages",
  },
  scenarios: [
    {
      name: "order",
      shows:
        "Page 3 in the parent and in the child: the list has the parent's VMA first, as it was linked first, the tree has the child's, as it begins at a smaller offset.",
      script: ORDER,
      expected: {
        before: { places: "A B", irrelevantVmas: 1 },
        after: { places: "B A", irrelevantVmas: 0 },
      },
      observe: (run, kernel) => {
        const { irrelevantVmas } = kernel.counters;
        return { places: namesOfPlaces(run, "A", 3), irrelevantVmas };
      },
    },
    {
      name: "visits",
      shows: `${SAMPLE} pages of one mapping that mprotect has split into 20,000 VMAs: what a walk for one page costs.`,
      // test/index/split-walks.test.ts counts the tree's by a naive search of its shape. page_referenced stops at what it
      // has found, on the list after half of it but for the sample, on the tree without the last way back.
      expected: {
        before: {
          ...{ vmas: MANY, walks: SAMPLE, found: SAMPLE, visitedPerWalk: MANY },
          ...{ touchedPerWalk: MANY, irrelevantPerWalk: MANY - 1, visitedPerPageReferenced: 9952 },
        },
        after: {
          ...{ vmas: MANY, walks: SAMPLE, found: SAMPLE, visitedPerWalk: 15.87 },
          ...{ touchedPerWalk: 23.08, irrelevantPerWalk: 0, visitedPerPageReferenced: 14.87 },
        },
      },
      experiment: visits,
    },
    {
      name: "mutex-hold",
      shows:
        "One walk for the page in the middle of these 20,000 VMAs: what it does while it holds the anon_vma's mutex. In steps of the explorer, which are lock operations and accesses that others can see, both hold it equally long: the list's search is longer, and only reads.",
      expected: {
        before: { mutexTaken: 1, nodesUnderMutex: MANY, vmasUnderMutex: MANY, stepsUnderMutex: 4 },
        after: { mutexTaken: 1, nodesUnderMutex: 16, vmasUnderMutex: 1, stepsUnderMutex: 4 },
      },
      experiment: mutexHold,
    },
    {
      name: "splits",
      shows:
        "What the 19,999 splits cost: one link each, or the old VMA out and both in. Half a rotation per split belongs to the tree of VMAs by address, on both sides.",
      // An insert walks down the tree and raises maxima, a removal mends those above; how many depends on who is where.
      expected: {
        before: {
          ...{ vmaSplits: MANY - 1, indexInserts: MANY - 1, indexRemoves: 0 },
          ...{ rotationsPerSplit: 0.5, maximaRewrittenPerSplit: 0 },
        },
        after: {
          ...{ vmaSplits: MANY - 1, indexInserts: 2 * (MANY - 1), indexRemoves: MANY - 1 },
          ...{ rotationsPerSplit: 2.5, maximaRewrittenPerSplit: 23.64 },
        },
      },
      experiment: splits,
    },
    {
      name: "sizes",
      shows:
        "Nodes that a walk visits on average, over all pages of a mapping that was split, by number of VMAs.",
      expected: {
        before: Object.fromEntries(SIZES.map((vmas) => [`visitedOf${vmas}`, vmas])),
        after: {
          ...{ visitedOf1: 1, visitedOf2: 2.5, visitedOf4: 3.25, visitedOf8: 4.13 },
          ...{ visitedOf16: 5.44, visitedOf32: 6.5, visitedOf64: 7.52 },
        },
      },
      experiment: sizes,
    },
    {
      name: "crossover",
      shows: `From how many VMAs on a walk visits, and touches, fewer nodes than there are VMAs; ${FEW + 1}: not up to ${FEW}.`,
      expected: {
        before: { visitsFewerFrom: FEW + 1, touchesFewerFrom: FEW + 1 },
        after: { visitsFewerFrom: 3, touchesFewerFrom: 5 },
      },
      experiment: crossover,
    },
    {
      name: "children",
      shows:
        "1,000 children by 1,000 pages: a page that all share is in 1,001 VMAs, a page that a child wrote itself in one. With one anon_vma for the whole family, as up to 2.6.33, each of the million pages would be looked for in 1,001.",
      // In a tree whose nodes all hold the page a walk goes down and up each of its 1,000 edges.
      expected: {
        before: {
          ...{ vmasOfSharedPage: CHILDREN + 1, visitedForSharedPage: CHILDREN + 1 },
          ...{ vmasOfOwnPages: CHILDREN, visitedForOwnPages: CHILDREN },
        },
        after: {
          ...{ vmasOfSharedPage: CHILDREN + 1, visitedForSharedPage: 2 * CHILDREN + 1 },
          ...{ vmasOfOwnPages: CHILDREN, visitedForOwnPages: CHILDREN },
        },
      },
      experiment: familyPages,
    },
  ],
  picture: ({ before, after }) => ({
    kind: "bars",
    title: "What one walk visits in a mapping that was split",
    unit: "nodes visited",
    log: true,
    groups: [
      ...[2, 8, 64].map((vmas) => [vmas, `sizes.visitedOf${vmas}`] as const),
      [MANY, "visits.visitedPerWalk"] as const,
    ].map(([vmas, name]) => ({
      title: `${vmas.toLocaleString("en-US")} VMAs`,
      bars: [
        { name: "list", count: Number(before.observables[name]) },
        { name: "interval tree", count: Number(after.observables[name]) },
      ],
    })),
  }),
};
