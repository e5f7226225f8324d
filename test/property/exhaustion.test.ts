import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arches, createKernel } from "../../bindings/index.js";
import { CoreSide } from "./core-side.js";
import { ExhaustedModel } from "./exhausted-model.js";
import type { Operation } from "./operation.js";
import { play, runs, sequences, spans } from "./sequence.js";
import { size } from "./size.js";

/** Everything is looked at before and after each operation. */
const SHARE = 0.04;
const FRAMES = [12, 20, 40] as const;
const SWAP = 8;
/** What runs out of frames however few the sequences. */
const OFTEN: Operation["op"][] = ["read", "write"];

describe("a machine with few frames and little swap", () => {
  let machines: { fresh: () => CoreSide; dispose: () => void }[];
  beforeAll(async () => {
    machines = await Promise.all(
      FRAMES.flatMap((frames) => arches.map((arch) => ({ frames, arch }))).map(async (size) => {
        const kernel = await createKernel({ ...size, swap: SWAP, build: "checked" });
        const empty = kernel.snapshot();
        return {
          fresh: (): CoreSide => {
            kernel.restore(empty);
            return new CoreSide(kernel, `${size.frames} frames, ${size.arch}`);
          },
          dispose: (): void => {
            kernel.dispose();
          },
        };
      }),
    );
  });
  afterAll(() => {
    for (const { dispose } of machines) dispose();
  });

  it(
    "is as it was after what fails with ENOMEM",
    () => {
      const ranOut = new Set<Operation["op"]>();
      fc.assert(
        fc.property(
          sequences,
          spans,
          fc.nat(FRAMES.length * arches.length - 1),
          (sequence, span, which) => {
            const newPlayer = () => {
              const core = machines[which]?.fresh();
              if (core === undefined) throw new Error("no core");
              const model = new ExhaustedModel(core, SWAP, ({ op }) => ranOut.add(op));
              return { model, after: (): void => undefined };
            };
            play(sequence, newPlayer, span);
          },
        ),
        { numRuns: Math.ceil(runs * SHARE), seed: size.seed, endOnFailure: true },
      );
      expect([...ranOut]).toEqual(expect.arrayContaining(OFTEN));
    },
    size.patience,
  );
});
