import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Arch } from "../../bindings/index.js";
import { BatchSide } from "./batch-side.js";
import type { CoreSide } from "./core-side.js";
import { coreState } from "./core-state.js";
import { Machines, SWAP } from "./kernels.js";
import { Lockstep } from "./lockstep.js";
import { kinds, play, runs, sequences, spans, type Step } from "./sequence.js";
import { size } from "./size.js";

/** All else about the operations is compared one by one. */
const SHARE = 0.04;
/** Some must wait together, or nothing is compared here. */
const MANY = 12;

/** Plays in lockstep with one core, and in batches on another. */
class BatchedLockstep extends Lockstep {
  private readonly batches: BatchSide;

  constructor(
    private readonly single: CoreSide,
    private readonly batched: CoreSide,
    ran: (operations: number) => void,
  ) {
    super("interval-tree", [single], { swap: SWAP, arch: single.kernel.options.arch });
    this.batches = new BatchSide(batched, ran);
  }

  override after(step: Step): void {
    super.after(step);
    this.batches.perform(step.operation, step.outcome);
  }

  override end(): void {
    super.end();
    this.batches.flush();
    expect(coreState(this.batched)).toEqual(coreState(this.single));
    expect(this.batched.kernel.verify()).toEqual([]);
  }
}

describe("operations in batches", () => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await Machines.create("interval-tree");
  });
  afterAll(() => {
    machines.dispose();
  });

  it(
    "give what they give one by one",
    () => {
      let longest = 0;
      const newPlayer = (arch: Arch): Lockstep => {
        const [single, batched] = machines.fresh(arch);
        if (single === undefined || batched === undefined) throw new Error("no cores");
        return new BatchedLockstep(single, batched, (length) => {
          longest = Math.max(longest, length);
        });
      };
      fc.assert(
        fc.property(sequences, spans, kinds, (sequence, span, arch) => {
          play(sequence, () => newPlayer(arch), span);
        }),
        { numRuns: Math.ceil(runs * SHARE), seed: size.seed, endOnFailure: true },
      );
      expect(longest).toBeGreaterThan(MANY);
    },
    size.patience,
  );
});
