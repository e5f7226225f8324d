import { stateAround } from "./history.js";
import type { Lab } from "./lab.js";
import { POINT_MEANINGS, pointQueryScenario } from "./point-queries.js";
import { oneQueryScenario, treePicture, WAY_MEANINGS } from "./small-index.js";

const healthy = stateAround("fileIndex", "prio-tree-3.4").before;

/** The pruning that the prio tree lost in v3.4. */
export const prioPruning: Lab = {
  name: "prio-pruning",
  kind: "defect",
  commit: null,
  title: "The prio tree of v3.4 to v3.6 no longer prunes to the right",
  before: { release: "v3.6", set: {} },
  after: { release: "v3.6", set: { fileIndex: "prio-tree" } },
  problem:
    "Up to v3.6 a file finds the VMAs that show one of its pages by a prio tree: a binary trie by the first page of each VMA's " +
    "range, and at the same time a heap by the last. At every node a search for a page decides where to go on. It passes over " +
    "what lies to the left or right if nothing there reaches as far as the page. To the right it also passes over what begins behind " +
    "the page: the smallest first page that can be there follows from the turns by which the search came down. A cleanup in " +
    "v3.4 dropped the statement that remembers a turn to the right.",
  beforeText:
    "As turns to the right are forgotten, the smallest first page comes out too small, and hardly anything to the right is " +
    "passed over: a search goes through everything from its page to the next power of two. It finds what it should, since every node is " +
    "checked for itself. To our knowledge nobody noticed, and the prio tree went in v3.7.",
  afterText: `The same release with the prio tree of ${healthy.release}, which remembers them.`,
  lookFor:
    "Both sides find the one VMA of each page, before after thousands of nodes, after some 20. Different nodes " +
    "touched, 2,572.58 and 20.79, are what comes closest to a count made with the kernel's own C files, of another set of " +
    "20,000 disjoint ranges: 2,613 and 21.4. Visited counts a node again each time a search comes back to it.",
  invariant: "A search finds every VMA that holds the page, and passes over what begins behind it.",
  mutants: [
    "a search of a prio tree passes over what begins too late to the right",
    "v3.4 lost what the first pgoffs to the right of a prio tree's place begin with",
  ],
  meanings: { ...POINT_MEANINGS, ...WAY_MEANINGS },
  scenarios: [
    pointQueryScenario("prio-tree-3.4", "prio-tree", "interval-tree"),
    oneQueryScenario("prio-tree-3.4", "prio-tree"),
  ],
  picture: ({ scenarios }) =>
    treePicture(
      "One search for a page, without and with pruning to the right",
      scenarios.find(({ name }) => name === "one-query")?.before.shown ?? [],
      ["prio-tree-3.4", "prio-tree"],
    ),
};
