import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { walksIn, type Arch, type Kernel, type WalkTrace } from "../../bindings/index.js";
import { CoreSide } from "./core-side.js";
import { Machines, SWAP, type AnonIndex } from "./kernels.js";
import { Lockstep } from "./lockstep.js";
import type { Operation, Outcome } from "./operation.js";
import { kinds, play, runs, sequences, spans } from "./sequence.js";
import { size } from "./size.js";

/** Everything else about walks is compared elsewhere. */
const SHARE = 0.015;
/** More than any operation of a sequence records. */
const MOST = 2 ** 16;

/** A core that traces the walks of each operation, and compares what they cost with its counters. */
class TracedSide extends CoreSide {
  /** Walks of the last operation. */
  walks: readonly WalkTrace[] = [];

  override perform(operation: Operation): Outcome {
    const { kernel } = this;
    if (operation.op === "snapshot" || operation.op === "restore") return super.perform(operation);
    kernel.recordEvents(true, { walks: true, most: MOST });
    const before = counted(kernel);
    const outcome = super.perform(operation);
    const after = counted(kernel);
    this.walks = walksIn(kernel.takeEvents());
    kernel.recordEvents(false);
    expect(told(this.walks)).toEqual(after.map((count, i) => count - before[i]!));
    return outcome;
  }
}

function counted({ counters }: Kernel): number[] {
  const { nodesVisited, nodesTouched, irrelevantVmas, entriesChecked } = counters;
  return [nodesVisited, nodesTouched, irrelevantVmas, entriesChecked];
}

/** The same from traces: what can be counted in their steps is. */
function told(walks: readonly WalkTrace[]): number[] {
  const steps = walks.flatMap((walk) => walk.steps);
  return [
    steps.filter(({ step }) => step === "node").length,
    walks.reduce((sum, { cost }) => sum + cost.nodesTouched, 0),
    steps.filter((step) => step.step === "vma" && /^(irrelevant|other-pass)$/.test(step.offer))
      .length,
    steps.filter(({ step }) => step === "entry").length,
  ];
}

/** A trace without addresses of locks. */
function comparable({ steps, ...walk }: WalkTrace): unknown {
  return {
    ...walk,
    steps: steps.map((step) => ("object" in step ? { ...step, object: 0 } : step)),
  };
}

describe.each<AnonIndex>(["list", "interval-tree"])("traces of walks with the %s", (anonIndex) => {
  let machines: Machines;
  beforeAll(async () => {
    machines = await Machines.create(anonIndex);
  });
  afterAll(() => {
    machines.dispose();
  });

  it(
    "tell what the counters count, and the same in both checked builds",
    () => {
      const walked = new Map<string, number>();
      const newPlayer = (arch: Arch): Lockstep => {
        const [, ...checked] = machines.fresh(arch);
        const sides = checked.map(({ kernel, name }) => new TracedSide(kernel, name));
        return new (class extends Lockstep {
          override after(step: Parameters<Lockstep["after"]>[0]): void {
            super.after(step);
            const [one, other] = sides;
            for (const { walk } of one!.walks) walked.set(walk, (walked.get(walk) ?? 0) + 1);
            expect(one!.walks.map(comparable)).toEqual(other!.walks.map(comparable));
            for (const walk of one!.walks) expect(walk.result, walk.walk).not.toBeNull();
          }
        })(anonIndex, sides, { swap: SWAP, arch });
      };
      fc.assert(
        fc.property(sequences, spans, kinds, (sequence, span, arch) => {
          play(sequence, () => newPlayer(arch), span);
        }),
        { numRuns: Math.ceil(runs * SHARE), seed: size.seed, endOnFailure: true },
      );
      // Some of most kinds, or nothing is compared here.
      expect(walked.size).toBeGreaterThan(3);
    },
    size.patience,
  );
});
