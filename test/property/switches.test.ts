import { presets, switches, type Switches } from "../../bindings/index.js";
import { MANY_FRAMES, type Limits } from "./kernels.js";
import { runsAlike } from "./random-operations.js";

/** Beside the values of v3.7, with which everything else runs. */
const SHARE = 0.02;

/** What needs huge pages to show. */
const HUGE: Partial<Record<string, Limits>> = {
  hugeMove: { transparentHugepage: "always", frames: MANY_FRAMES, swap: 700 },
};
const HUGE_SHARE = 0.01;

/** Where the list is all that has it, or only the tree. */
const ONLY: Partial<Record<string, Switches["anonIndex"]>> = {
  "move-to-tail": "list",
  "lock-if-needed": "interval-tree",
  asserted: "interval-tree",
};

// Each value of each switch that v3.7 does not have, by itself.
for (const [name, values] of Object.entries(switches)) {
  if (name === "anonIndex") continue;
  for (const value of values) {
    if (value === presets["v3.7"][name as keyof Switches]) continue;
    const index = ONLY[value] ?? "interval-tree";
    runsAlike(
      `a kernel with ${name} ${value} does what the naive model does`,
      index,
      { [name]: value, ...HUGE[name] },
      name in HUGE ? HUGE_SHARE : SHARE,
      name in HUGE,
    );
  }
}

// All of them as a release had them.
for (const [release, preset] of Object.entries(presets)) {
  if (release === "v3.7") continue;
  const { anonIndex, ...others } = preset;
  const limits: Limits = others;
  runsAlike(`a kernel as of ${release} does what the naive model does`, anonIndex, limits, SHARE);
}

// The later repairs together, on top of what they came to repair and of what was there before it.
const repaired: Limits = {
  hugeMove: "rmap-locks",
  hugetlbPgoff: "small-pages",
  migrationMlock: "restored",
  ksmWalk: "exact-index",
  anonVmaReuse: "low-degree",
};
for (const release of ["v3.0", "v3.6", "v3.7"] as const) {
  const { anonIndex, ...others } = presets[release];
  // Ranges around each page are told outside the page-table lock alone.
  const limits: Limits = {
    ...others,
    ...repaired,
    ...(others.notifierCalls === "outside-ptl" && { invalidatePage: "range" }),
  };
  runsAlike(
    `a kernel as of ${release} with all later repairs does what the naive model does`,
    anonIndex,
    limits,
    SHARE,
  );
}
