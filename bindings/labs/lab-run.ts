// What a run of a lab has found.

import type { Difference } from "../scenario/dump-comparison.js";
import type { Dump } from "../scenario/dump.js";
import type { KernelState } from "./history.js";
import type { Observables } from "./lab.js";

/** What one side of a scenario showed. */
export interface SideRun {
  readonly observables: Observables;
  readonly shown: readonly string[];
}

/** Where two sides part first. */
export interface FirstDifference {
  readonly scenario: string;
  /** In what: an operation's answer, what the machines look like, what it cost; or, without a step, an observable. */
  readonly kind: "result" | "state" | "cost" | "observable";
  /** Line of the script and the operation in it; null for an observable. */
  readonly line: number | null;
  readonly operation: string | null;
  /** What differs there; the first of them is `what`, `before` and `after`. */
  readonly differences: number;
  readonly what: string;
  readonly before: number | string | boolean | null;
  readonly after: number | string | boolean | null;
}

/** What was expected and did not come. */
export interface Disappointment {
  readonly side: "before" | "after";
  readonly observable: string;
  /** undefined: it was not named, or not observed. */
  readonly expected: number | string | boolean | undefined;
  readonly found: number | string | boolean | undefined;
}

/** What both machines looked like at one step of a script. */
export interface Moment {
  readonly line: number;
  readonly operation: string;
  readonly before: Dump;
  readonly after: Dump;
  readonly differences: readonly Difference[];
}

/** A scenario that has run on both sides. */
export interface ScenarioRun {
  readonly name: string;
  readonly shows: string;
  readonly pass: boolean;
  readonly before: SideRun;
  readonly after: SideRun;
  readonly firstDifference: FirstDifference | null;
  readonly disappointments: readonly Disappointment[];
  /** Where a script's sides parted in result or state, or else its end; null for an experiment. */
  readonly moment: Moment | null;
}

/** One side of a lab: its kernel, and the observables of all scenarios as "scenario.observable". */
export interface LabSide extends KernelState {
  readonly observables: Observables;
}

/** A lab that has run. */
export interface LabRun {
  readonly name: string;
  readonly kind: "commit" | "defect";
  readonly commit: string | null;
  readonly pass: boolean;
  readonly before: LabSide;
  readonly after: LabSide;
  readonly firstDifference: FirstDifference | null;
  readonly scenarios: readonly ScenarioRun[];
}
