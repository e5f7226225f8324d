import type { AddressSpace } from "../model/address-space.js";
import { highestGap } from "../model/placement.js";
import { coreProcessState, coreState } from "./core-state.js";
import type { CoreSide } from "./core-side.js";
import { SWAP, type AnonIndex, type Limits } from "./kernels.js";
import { modelProcessState, modelState } from "./model-state.js";
import { ModelSide } from "./model-side.js";
import { PAGE, type Operation, type Outcome } from "./operation.js";
import { canUnmerge, sharingBounds, wrongSharing, type SharingBounds } from "./sharing.js";
import type { Player, Step } from "./sequence.js";

/** Operations between two comparisons of everything. */
const FULL_EVERY = 24;

/** The naive model and several cores that must do the same, operation by operation. */
export class Lockstep implements Player {
  readonly model: ModelSide;
  /** What the first core made of the operation that the model is performing just now. */
  private first: Outcome | null = null;
  private current: Operation | null = null;
  /** What KSM may have counted before that operation. */
  private sharing: SharingBounds | null = null;

  constructor(
    anonIndex: AnonIndex,
    private readonly cores: readonly CoreSide[],
    limits: Limits = {},
  ) {
    this.model = new ModelSide({
      walkOrder: anonIndex,
      swap: SWAP,
      ...limits,
      placement: (space, pages) => this.place(space, pages),
    });
  }

  before(operation: Operation): void {
    this.current = operation;
    this.first = null;
    this.sharing = operation.op === "ksm-unmerge" ? sharingBounds(this.model.machine.ksm) : null;
  }

  /** Performs the model's step on every core and compares. */
  after({ operation, outcome, count }: Step): void {
    for (const [number, core] of this.cores.entries()) {
      const actual = number === 0 && this.first !== null ? this.first : core.perform(operation);
      if (!this.agree(outcome, actual)) {
        throw new Error(`${core.name}: ${operation.op} gave ${actual}, the model ${outcome}`);
      }
    }
    if (count % FULL_EVERY === 0) {
      this.compareAll();
    } else if ("process" in operation) {
      const core = this.cores[count % this.cores.length];
      if (core === undefined) return;
      const { process } = operation;
      same(core.name, modelProcessState(this.model, process), coreProcessState(core, process));
    }
  }

  end(): void {
    this.compareAll();
  }

  private agree(expected: Outcome, actual: Outcome): boolean {
    const { sharing } = this;
    if (sharing === null || typeof actual !== "number") return actual === expected;
    return canUnmerge(actual, sharing);
  }

  /** The whole state, the invariants, and the counters of the builds among each other. */
  private compareAll(): void {
    const expected = modelState(this.model);
    for (const core of this.cores) {
      same(core.name, expected, coreState(core));
      const wrong = wrongSharing(core.kernel.ksm, sharingBounds(this.model.machine.ksm));
      if (wrong !== null) throw new Error(`${core.name}: ${wrong}`);
      const violations = core.kernel.verify();
      if (violations.length > 0) {
        const list = violations.map(({ invariant, message }) => `${invariant}: ${message}`);
        throw new Error(`${core.name}: ${list.join("\n")}`);
      }
    }
    const [one, ...others] = this.cores;
    if (one === undefined) return;
    const counters = counted(one);
    for (const other of others) {
      same(`${other.name}, counters, expected those of ${one.name}`, counters, counted(other));
    }
    const [first, ...more] = this.cores.filter(({ kernel }) => kernel.lockCounters !== null);
    for (const other of more) {
      same(`${other.name}, locks, expected those of ${first?.name}`, locks(first), locks(other));
    }
  }

  /** The model leaves the choice of a place to the core, and insists that the place is free. */
  private place(space: AddressSpace, pages: number): number {
    const [core] = this.cores;
    if (core === undefined || this.current === null) throw new Error("no core to ask for a place");
    this.first = core.perform(this.current);
    // The core refused: any place will do to see whether the model refuses too.
    return typeof this.first === "string" ? highestGap(space, pages) : this.first / PAGE;
  }
}

function counted({ kernel }: CoreSide): string[] {
  const { pagesShared, pagesSharing } = kernel.ksm;
  return Object.entries({ ...kernel.counters, pagesShared, pagesSharing }).map(
    ([name, value]) => `${name} ${String(value)}`,
  );
}

/** What the builds that count locks say of them. */
function locks(core: CoreSide | undefined): string[] {
  const counters = core?.kernel.lockCounters;
  if (!counters) return [];
  const each = Object.entries(counters.locks).map(([name, { taken, steps, longest }]) =>
    [name, taken, steps, longest].join(" "),
  );
  return [`steps ${counters.steps}`, ...each];
}

/** Throws with the first lines that differ. */
function same(name: string, expected: readonly string[], actual: readonly string[]): void {
  const length = Math.max(expected.length, actual.length);
  for (let line = 0; line < length; line++) {
    if (expected[line] === actual[line]) continue;
    throw new Error(
      `${name}: the states differ\n  expected: ${expected[line] ?? "nothing more"}` +
        `\n  actual:   ${actual[line] ?? "nothing more"}`,
    );
  }
}
