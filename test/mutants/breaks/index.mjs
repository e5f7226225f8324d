// All breaks. Each replaces one place of one function of the core, so that a rule no longer holds.
//
//   group   what the rule belongs to          tests            where tests of the group are, tried first
//   rule    what holds in the unbroken core   file, from, to   the place, and what stands there instead
//
// A break may have tests of its own: the cheapest that notice it.

import counters from "./counters.mjs";
import faults from "./faults.mjs";
import files from "./files.mjs";
import huge from "./huge.mjs";
import hugeS390x from "./huge-s390x.mjs";
import hugetlb from "./hugetlb.mjs";
import indexes from "./indexes.mjs";
import ksm from "./ksm.mjs";
import lifetime from "./lifetime.mjs";
import locks from "./locks.mjs";
import memcg from "./memcg.mjs";
import memcgStat from "./memcg-stat.mjs";
import memoryFailure from "./memory-failure.mjs";
import migration from "./migration.mjs";
import mlock from "./mlock.mjs";
import mlockBefore from "./mlock-before.mjs";
import mremapOrder from "./mremap-order.mjs";
import nonlinear from "./nonlinear.mjs";
import notifierPlacement from "./notifier-placement.mjs";
import notifierRanges from "./notifier-ranges.mjs";
import notifiers from "./notifiers.mjs";
import prioTrees from "./prio-trees.mjs";
import races from "./races.mjs";
import reclaim from "./reclaim.mjs";
import referenced from "./referenced.mjs";
import reuse from "./reuse.mjs";
import stacks from "./stacks.mjs";
import storageKeys from "./storage-keys.mjs";
import swapToken from "./swap-token.mjs";
import traces from "./traces.mjs";
import unmap from "./unmap.mjs";
import verify from "./verify.mjs";
import walks from "./walks.mjs";

const groups = [
  ...[lifetime, reuse, indexes, walks, referenced, unmap, faults, reclaim],
  ...[
    mlock,
    mlockBefore,
    files,
    migration,
    nonlinear,
    ksm,
    notifiers,
    notifierRanges,
    notifierPlacement,
    locks,
    counters,
    traces,
    races,
    storageKeys,
    verify,
  ],
  prioTrees,
  ...[memcg, memcgStat, stacks, memoryFailure, huge, hugeS390x, hugetlb, mremapOrder, swapToken],
];

export const breaks = groups.flatMap(({ group, tests, breaks }) =>
  breaks.map((one) => ({ group, tests, ...one })),
);
