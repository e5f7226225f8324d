import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { Machines, type AnonIndex, type Limits } from "./kernels.js";
import { Lockstep } from "./lockstep.js";
import { kinds, play, runs, sequences, spans } from "./sequence.js";
import { size } from "./size.js";

const FEW_VMAS = 14;
const LITTLE_SWAP = 6;
const FEW_LOCKED = 12;
/** Kernels with less of something get fewer sequences. */
const SMALL_SHARE = 0.15;

/** The tests of one index: as many operations as the size says, and some more where something is scarce. */
export function randomOperations(anonIndex: AnonIndex): void {
  describe(`random operations with the ${anonIndex} index`, () => {
    runsAlike("do what the naive model does, in all three builds", anonIndex, {}, 1);
    runsAlike(
      "do what the naive model does when VMAs are scarce",
      anonIndex,
      { maxMapCount: FEW_VMAS },
      SMALL_SHARE,
    );
    runsAlike(
      "do what the naive model does when there is little swap, and little may be locked",
      anonIndex,
      { swap: LITTLE_SWAP, memlock: FEW_LOCKED },
      SMALL_SHARE,
    );
  });
}

/** One property: `share` of the sequences, on kernels of their own. */
export function runsAlike(
  title: string,
  anonIndex: AnonIndex,
  limits: Limits,
  share: number,
): void {
  describe(title, () => {
    let machines: Machines;
    beforeAll(async () => {
      machines = await Machines.create(anonIndex, limits);
    });
    afterAll(() => {
      machines.dispose();
    });

    it(
      "operation by operation",
      () => {
        fc.assert(
          fc.property(sequences, spans, kinds, (sequence, span, arch) => {
            const newPlayer = (): Lockstep =>
              new Lockstep(anonIndex, machines.fresh(arch), { ...limits, arch });
            play(sequence, newPlayer, span);
          }),
          { numRuns: Math.ceil(runs * share), seed: size.seed, endOnFailure: true },
        );
      },
      size.patience,
    );
  });
}
