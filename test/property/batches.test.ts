import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BatchSide } from "./batch-side.js";
import type { CoreSide } from "./core-side.js";
import { coreState } from "./core-state.js";
import { Builds, SWAP } from "./kernels.js";
import { Lockstep } from "./lockstep.js";
import { play, runs, sequences, spans, type Step } from "./sequence.js";
import { size } from "./size.js";

/** All else about the operations is compared one by one. */
const SHARE = 0.04;
/** Some must wait together, or nothing is compared here. */
const MANY = 20;

/** Plays in lockstep with one core, and in batches on another. */
class BatchedLockstep extends Lockstep {
  private readonly batches: BatchSide;

  constructor(
    private readonly single: CoreSide,
    private readonly batched: CoreSide,
    ran: (operations: number) => void,
  ) {
    super("interval-tree", [single], { swap: SWAP });
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
  let builds: Builds;
  beforeAll(async () => {
    builds = await Builds.create("interval-tree");
  });
  afterAll(() => {
    builds.dispose();
  });

  it(
    "give what they give one by one",
    () => {
      let longest = 0;
      const newPlayer = (): Lockstep => {
        const [single, batched] = builds.fresh();
        if (single === undefined || batched === undefined) throw new Error("no cores");
        return new BatchedLockstep(single, batched, (length) => {
          longest = Math.max(longest, length);
        });
      };
      fc.assert(
        fc.property(sequences, spans, (sequence, span) => {
          play(sequence, newPlayer, span);
        }),
        { numRuns: Math.ceil(runs * SHARE), seed: size.seed, endOnFailure: true },
      );
      expect(longest).toBeGreaterThan(MANY);
    },
    size.patience,
  );
});
