import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKernel, type Kernel } from "../../bindings/index.js";
import { runScript } from "../../bindings/scenario/runner.js";
import { parseScript } from "../../bindings/scenario/script.js";
import { comparable } from "../model/dump.js";
import { runScript as runOnModel } from "../model/script-run.js";
import { parseScript as parseForModel } from "../model/script.js";
import { SWAP, type AnonIndex } from "./kernels.js";
import { scripts } from "./scripts.js";
import { runs } from "./sequence.js";
import { size } from "./size.js";

const INDEXES: readonly AnonIndex[] = ["list", "interval-tree"];
/** Whole scripts are dumped again and again, so a few of them are enough beside the single operations. */
const SHARE = 0.3;

describe.each(INDEXES)("a random script on a kernel with the %s index", (anonIndex) => {
  let kernel: Kernel;
  let restore: () => void;
  beforeAll(async () => {
    kernel = await createKernel({ frames: 8192, swap: SWAP, anonIndex, build: "checked" });
    const empty = kernel.snapshot();
    restore = (): void => {
      kernel.restore(empty);
    };
  });
  afterAll(() => {
    kernel.dispose();
  });

  it(
    "gives the dumps and results of the naive model",
    () => {
      fc.assert(
        fc.property(scripts({ dumpEvery: 40, maxLength: size.length }), (text) => {
          restore();
          const script = parseScript(text, "random.script");
          const names = { kernel: "rmaplab", case: "random.script" };
          const { dumps, results } = runScript(kernel, script, names);
          const expected = runOnModel(parseForModel(text), { walkOrder: anonIndex, swap: SWAP });
          expect(results).toEqual(expected.results);
          expect(dumps.map(comparable)).toEqual(expected.dumps.map(comparable));
        }),
        { numRuns: Math.ceil(runs * SHARE), seed: size.seed },
      );
    },
    size.patience,
  );
});
