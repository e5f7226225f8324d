import { stateAround } from "./history.js";
import type { Lab } from "./lab.js";
import { pointQueries } from "./point-queries.js";

const healthy = stateAround("fileIndex", "prio-tree-3.4").before;

/** The pruning that the prio tree lost in v3.4. */
export const prioPruning: Lab = {
  name: "prio-pruning",
  kind: "defect",
  commit: null,
  title: "The prio tree of v3.4 to v3.6 has lost the pruning of right turns",
  before: { release: "v3.6", set: {} },
  after: { release: "v3.6", set: { fileIndex: "prio-tree" } },
  problem:
    "A search of the prio tree passes over what lies to the right of a node if all of it begins behind the page that is asked for. For that it keeps the bits by which it has come down. A cleanup in v3.4 dropped the statement that stores them on a turn to the right.",
  beforeText:
    "The bits stay 0, so that a node to the right is passed over only if the page lies before that one bit. Results are right, and nobody noticed until the prio tree went in v3.7.",
  afterText: `The same release with the prio tree of ${healthy.release}, which stores the bits.`,
  lookFor: "Both find one VMA per query, after thousands of nodes or after a few.",
  invariant: "A search passes over exactly what begins too late.",
  mutants: [
    "a search of a prio tree passes over what begins too late to the right",
    "v3.4 lost what the first pgoffs to the right of a prio tree's place begin with",
  ],
  scenarios: [
    {
      name: "point-queries",
      shows: "What it costs to find the one VMA of 20,000 that has a page.",
      expected: {
        before: { found: 2000, visitedPerQuery: 5046.09, touchedPerQuery: 5052.71 },
        after: { found: 2000, visitedPerQuery: 27.32, touchedPerQuery: 33.94 },
      },
      experiment: pointQueries,
    },
  ],
};
