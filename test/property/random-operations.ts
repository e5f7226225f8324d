import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { HUGE } from "../model/units.js";
import { Machines, MANY_FRAMES, type AnonIndex, type Limits } from "./kernels.js";
import { Lockstep } from "./lockstep.js";
import { hugeSequences, kinds, largeSpans, play, runs, sequences, spans } from "./sequence.js";
import { size } from "./size.js";

const FEW_VMAS = 14;
const LITTLE_SWAP = 6;
/** For all that one huge page was, and some more. */
const MUCH_SWAP = 700;
const FEW_LOCKED = 12;
/** Sequences with huge pages: an operation of theirs may be about hundreds of pages. */
const HUGE_SHARE = 0.04;
const SMALL_HUGE_SHARE = 0.015;
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
    runsAlike(
      "do what the naive model does with huge pages wherever they fit",
      anonIndex,
      { transparentHugepage: "always", frames: MANY_FRAMES, swap: MUCH_SWAP },
      HUGE_SHARE,
      true,
    );
    runsAlike(
      "do what the naive model does with huge pages where they are asked for",
      anonIndex,
      { transparentHugepage: "madvise", frames: MANY_FRAMES },
      SMALL_HUGE_SHARE,
      true,
    );
    runsAlike(
      "do what the naive model does where no frames are in a row",
      anonIndex,
      { transparentHugepage: "always", frames: MANY_FRAMES, brokenRows: MANY_FRAMES / HUGE },
      SMALL_HUGE_SHARE,
      true,
    );
  });
}

/** One property: `share` of the sequences, with huge pages or without, on kernels of their own. */
export function runsAlike(
  title: string,
  anonIndex: AnonIndex,
  limits: Limits,
  share: number,
  huge = false,
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
          fc.property(
            huge ? hugeSequences : sequences,
            huge ? largeSpans : spans,
            kinds,
            (sequence, span, arch) => {
              const newPlayer = (): Lockstep =>
                new Lockstep(anonIndex, machines.fresh(arch), { ...limits, arch });
              play(sequence, newPlayer, span);
            },
          ),
          { numRuns: Math.ceil(runs * share), seed: size.seed, endOnFailure: true },
        );
      },
      size.patience,
    );
  });
}
