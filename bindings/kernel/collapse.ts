import { CollapseResult } from "../../assembly/abi/result.js";

/**
 * What became of a collapse: "not-eligible": the range is not all of one VMA that may have huge pages;
 * "nothing-there": nothing of it was touched, or it is a huge page already; "unsuitable": an entry is not a writable
 * one of a page that nobody else holds, and that is on a list of reclaim; "idle": no page was touched lately.
 */
export type Collapse =
  "collapsed" | "not-eligible" | "nothing-there" | "unsuitable" | "idle" | "no-memory";

/** What a result of collapse in the core is called. */
export const collapses: Readonly<Record<CollapseResult, Collapse>> = {
  [CollapseResult.Collapsed]: "collapsed",
  [CollapseResult.NotEligible]: "not-eligible",
  [CollapseResult.NothingThere]: "nothing-there",
  [CollapseResult.Unsuitable]: "unsuitable",
  [CollapseResult.Idle]: "idle",
  [CollapseResult.NoMemory]: "no-memory",
};
