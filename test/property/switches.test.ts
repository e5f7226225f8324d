import { runsAlike } from "./random-operations.js";

/** Beside the switches' defaults, with which everything else runs. */
const SHARE = 0.02;

// A list implies its switches; with the tree each can be set by itself.
for (const [vmaAddress, mremapOrder] of [
  ["checked", "lock-if-needed"],
  ["asserted", "always-lock"],
  ["checked", "always-lock"],
] as const) {
  runsAlike(
    `a tree with VMA addresses ${vmaAddress} and mremap's order ${mremapOrder} does what the naive model does`,
    "interval-tree",
    { vmaAddress, mremapOrder },
    SHARE,
  );
}
