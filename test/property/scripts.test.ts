import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arches, createKernel, type Kernel, type Snapshot } from "../../bindings/index.js";
import { runScript } from "../../bindings/scenario/runner.js";
import { parseScript, type Script } from "../../bindings/scenario/script.js";
import { comparable } from "../model/dump.js";
import { runScript as runOnModel } from "../model/script-run.js";
import { parseScript as parseForModel } from "../model/script.js";
import { MANY_FRAMES, SWAP, type AnonIndex } from "./kernels.js";
import { scripts } from "./scripts.js";
import { runs } from "./sequence.js";
import { size } from "./size.js";

const INDEXES: readonly AnonIndex[] = ["list", "interval-tree"];
/** Whole scripts are dumped again and again, so a few of them are enough beside the single operations. */
const SHARE = 0.3;
const HUGE_SHARE = 0.05;

const KERNELS = INDEXES.flatMap((anonIndex) =>
  (["madvise", "always"] as const).map((thp) => ({ anonIndex, thp })),
);

describe.each(KERNELS)("a random script with $anonIndex, huge pages $thp", ({ anonIndex, thp }) => {
  const huge = thp === "always";
  let machines: { kernel: Kernel; empty: Snapshot }[];
  beforeAll(async () => {
    machines = await Promise.all(
      arches.map(async (arch) => {
        const frames = huge ? MANY_FRAMES : 8192;
        const options = { frames, swap: SWAP, anonIndex, arch, transparentHugepage: thp };
        const kernel = await createKernel({ ...options, build: "checked" });
        return { kernel, empty: kernel.snapshot() };
      }),
    );
  });
  afterAll(() => {
    for (const { kernel } of machines) kernel.dispose();
  });

  /** The machine that a script asks for, as it was when it was made. */
  function machineFor({ arch }: Script): Kernel {
    const found = machines.find(({ kernel }) => kernel.options.arch === arch);
    if (found === undefined) throw new Error(`no machine of kind ${arch}`);
    found.kernel.restore(found.empty);
    return found.kernel;
  }

  it(
    "gives the dumps and results of the naive model",
    () => {
      fc.assert(
        fc.property(scripts({ dumpEvery: 40, maxLength: size.length, huge }), (text) => {
          const script = parseScript(text, "random.script");
          const kernel = machineFor(script);
          const names = { kernel: "rmaplab", case: "random.script" };
          const { dumps, results } = runScript(kernel, script, names);
          const expected = runOnModel(parseForModel(text), {
            walkOrder: anonIndex,
            swap: SWAP,
            transparentHugepage: thp,
          });
          expect(results).toEqual(expected.results);
          expect(dumps.map(comparable)).toEqual(expected.dumps.map(comparable));
        }),
        { numRuns: Math.ceil(runs * (huge ? HUGE_SHARE : SHARE)), seed: size.seed },
      );
    },
    size.patience,
  );
});
