// page_evictable with a VMA and without one: a refactoring, so whatever is done, both end alike (spec/commits.md section
// 4). Each is also compared with the naive model, which knows no such switch.

import fc from "fast-check";
import { expect, it } from "vitest";
import { createKernel, switches } from "../../bindings/index.js";
import { CoreSide } from "./core-side.js";
import { SWAP } from "./kernels.js";
import { Lockstep } from "./lockstep.js";
import { play, sequences, spans } from "./sequence.js";
import { size } from "./size.js";

const OPERATIONS = 100_000;
/** Sequences have any length up to the longest, and some of their choices come to nothing. */
const RUNS = Math.ceil((2.6 * OPERATIONS) / size.length);

it(
  "a kernel whose page_evictable mlocks pages ends as one whose does not, on 100,000 random operations",
  async () => {
    const made = switches.pageEvictable.map(async (pageEvictable) => {
      const kernel = await createKernel({ frames: 8192, swap: SWAP, pageEvictable });
      return { kernel, name: pageEvictable, snapshot: kernel.snapshot() };
    });
    const kernels = await Promise.all(made);
    let operations = 0;
    const fresh = (): CoreSide[] =>
      kernels.map(({ kernel, name, snapshot }) => {
        kernel.restore(snapshot);
        return new CoreSide(kernel, name);
      });
    fc.assert(
      fc.property(sequences, spans, (sequence, span) => {
        const newPlayer = (): Lockstep => {
          const player = new Lockstep("interval-tree", fresh());
          const after = player.after.bind(player);
          player.after = (step): void => {
            operations++;
            after(step);
          };
          return player;
        };
        play(sequence, newPlayer, span);
      }),
      { numRuns: RUNS, seed: size.seed, endOnFailure: true },
    );
    expect(operations).toBeGreaterThan(OPERATIONS);
    for (const { kernel } of kernels) kernel.dispose();
  },
  size.patience,
);
