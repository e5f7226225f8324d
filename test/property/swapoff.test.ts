import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Arch } from "../../bindings/index.js";
import type { SwapSlot } from "../model/swap.js";
import { coreProcessState, coreState } from "./core-state.js";
import type { CoreSide } from "./core-side.js";
import { Machines, SWAP } from "./kernels.js";
import { Lockstep } from "./lockstep.js";
import type { ModelSide } from "./model-side.js";
import { modelProcessState } from "./model-state.js";
import { PAGE } from "./operation.js";
import { kinds, play, runs, sequences, spans } from "./sequence.js";
import { size } from "./size.js";
import type { Choice } from "./weights.js";

/** Each ends with swapoff on nearly full memory, and a few of them are enough. */
const SHARE = 0.05;
const FRAMES = 2048;

describe("swapoff with few frames left", () => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await Machines.create("interval-tree", { swap: SWAP, frames: FRAMES });
  });
  afterAll(() => {
    machines.dispose();
  });

  it(
    "brings back everything, or leaves all as it was",
    () => {
      const outcomes = new Set<unknown>();
      fc.assert(
        fc.property(sequences, spans, kinds, fc.nat(), (sequence, span, arch, draw) => {
          const { core, model } = played(machines, arch, sequence, span);
          const [area, slots] = fullest(model);
          if (slots.size === 0) return;
          const { least, most } = framesNeeded(slots);
          const left = draw % (most + 2);
          hog(core, left);
          const before = coreState(core);
          const outcome = core.perform({ op: "swapoff", area });
          outcomes.add(outcome);
          expect(core.kernel.verify()).toEqual([]);
          if (left < least) expect(outcome).toBe("ENOMEM");
          if (left >= most) expect(outcome).toBe(0);
          if (outcome !== 0) expect(coreState(core)).toEqual(before);
          else model.perform({ op: "swapoff", area });
          for (const number of model.processes.keys()) {
            expect(coreProcessState(core, number)).toEqual(modelProcessState(model, number));
          }
        }),
        { numRuns: Math.ceil(runs * SHARE), seed: size.seed },
      );
      expect(outcomes).toEqual(new Set([0, "ENOMEM"]));
    },
    size.patience,
  );
});

/** A core, and the model beside it, after a sequence. */
function played(
  machines: Machines,
  arch: Arch,
  sequence: readonly Choice[],
  span: number,
): { core: CoreSide; model: ModelSide } {
  let found: { core: CoreSide; model: ModelSide } | null = null;
  const newPlayer = (): Lockstep => {
    const [core] = machines.fresh(arch);
    if (core === undefined) throw new Error("no core");
    const lockstep = new Lockstep("interval-tree", [core], { swap: SWAP, arch });
    found = { core, model: lockstep.model };
    return lockstep;
  };
  // A limit may be in the way as well, and then not everything stays as it was.
  const unlimited = sequence.filter(({ kind }) => kind !== "limit");
  play(unlimited, newPlayer, span);
  if (found === null) throw new Error("nothing was played");
  return found;
}

/** The swap area with the most in it, by number. */
function fullest({ machine }: ModelSide): [number, ReadonlySet<SwapSlot>] {
  const areas = [...machine.memory.swap.areas.entries()];
  return areas
    .map(([number, area]): [number, ReadonlySet<SwapSlot>] => [number, area?.slots ?? new Set()])
    .reduce((best, other) => (other[1].size > best[1].size ? other : best));
}

/** Frames that swapoff needs: one for each slot without a page, at most one for each entry. */
function framesNeeded(slots: ReadonlySet<SwapSlot>): { least: number; most: number } {
  let least = 0;
  let most = 0;
  for (const { page, entries } of slots) {
    if (page === null) least++;
    most += entries;
  }
  return { least, most };
}

/** A process takes all frames but so many. */
function hog({ kernel }: CoreSide, left: number): void {
  const length = FRAMES * PAGE;
  const process = kernel.spawn();
  const start = process.mmap({ length });
  for (let at = start; kernel.vmstat().nr_free_pages > left; at += PAGE) process.write(at, 1);
}
