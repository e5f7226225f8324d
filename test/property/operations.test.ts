import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { Builds, type AnonIndex, type Limits } from "./kernels.js";
import { Lockstep } from "./lockstep.js";
import { play, runs, sequences } from "./sequence.js";
import { size } from "./size.js";

const INDEXES: readonly AnonIndex[] = ["list", "interval-tree"];
const FEW_VMAS = 14;
const LITTLE_SWAP = 6;
const FEW_LOCKED = 12;

describe.each(INDEXES)("random operations with the %s index", (anonIndex) => {
  runsAlike("do what the naive model does, in all three builds", anonIndex, {}, 1);
  runsAlike(
    "do what the naive model does when VMAs are scarce",
    anonIndex,
    { maxMapCount: FEW_VMAS },
    0.15,
  );
  runsAlike(
    "do what the naive model does when there is little swap, and little may be locked",
    anonIndex,
    { swap: LITTLE_SWAP, memlock: FEW_LOCKED },
    0.15,
  );
});

/** One property: `share` of the sequences, on kernels of their own. */
function runsAlike(title: string, anonIndex: AnonIndex, limits: Limits, share: number): void {
  describe(title, () => {
    let builds: Builds;
    beforeAll(async () => {
      builds = await Builds.create(anonIndex, limits);
    });
    afterAll(() => {
      builds.dispose();
    });

    it(
      "operation by operation",
      () => {
        fc.assert(
          fc.property(sequences, fc.integer({ min: 40, max: 240 }), (sequence, span) => {
            play(sequence, () => new Lockstep(anonIndex, builds.fresh(), limits), span);
          }),
          { numRuns: Math.ceil((runs / 2) * share), seed: size.seed, endOnFailure: true },
        );
      },
      size.patience,
    );
  });
}
