import { describe, expect, test } from "vitest";
import { KernelError } from "../../bindings/core/kernel-error.js";
import type { Kernel } from "../../bindings/kernel/kernel.js";
import { runLab } from "../../bindings/labs/runner.js";
import type { Lab } from "../../bindings/labs/lab.js";
import { sample } from "./sample.js";

/** The sample with one experiment in place of its scenarios. */
function experiment(
  run: (makeKernel: () => Promise<Kernel>) => Promise<Record<string, number>>,
): Lab {
  const scenario = { name: "only", shows: "", expected: { before: {}, after: {} } };
  return { ...sample, scenarios: [{ ...scenario, experiment: run }] };
}

describe("running a lab", () => {
  test("both sides are seen, and compared with what is expected", async () => {
    const run = await runLab(sample);
    expect(run).toMatchObject({
      name: "sample",
      pass: true,
      before: { release: "v3.7-rc1", observables: { "split.found": 1, "index.index": "list" } },
      after: { observables: { "split.found": 1, "index.index": "interval-tree" } },
      firstDifference: {
        ...{ scenario: "index", kind: "observable", what: "index", differences: 1 },
        ...{ before: "list", after: "interval-tree", line: null, operation: null },
      },
    });
    expect(run.before.set).not.toHaveProperty("anonIndex", "interval-tree");
    expect(run.scenarios.map(({ after }) => after.shown)).toEqual([[], ["a line"]]);
  });

  test("a script's sides part at the first step that costs them otherwise", async () => {
    const run = await runLab(sample);
    expect(run.scenarios[0]).toMatchObject({
      firstDifference: { scenario: "split", kind: "cost", line: 4 },
      moment: { line: 6, operation: "read A 3", differences: [] },
    });
  });

  test("what is not as expected is named, what nobody expected too", async () => {
    const [scenario] = sample.scenarios;
    const expected = { before: { found: 2, walks: 1, more: 1 }, after: { found: 1 } };
    const run = await runLab({ ...sample, scenarios: [{ ...scenario!, expected }] });
    expect(run.pass).toBe(false);
    expect(run.scenarios[0]?.disappointments).toEqual([
      { side: "before", observable: "found", expected: 2, found: 1 },
      { side: "before", observable: "more", expected: 1, found: undefined },
      { side: "after", observable: "walks", expected: undefined, found: 1 },
    ]);
  });

  test("an assertion of a kernel is what its side shows, other errors end the run", async () => {
    const asserted = await runLab(
      experiment(() => Promise.reject(new KernelError("BUG", "call()", "page: is wrong"))),
    );
    expect(asserted.before.observables).toEqual({ "only.assertion": "page: is wrong" });
    const failed = runLab(
      experiment(() => Promise.reject(new KernelError("ENOMEM", "call()", ""))),
    );
    await expect(failed).rejects.toThrow("ENOMEM");
  });

  test("its machines are gone in the end, whatever happened", async () => {
    const kernels: Kernel[] = [];
    const failed = runLab(
      experiment(async (makeKernel) => {
        kernels.push(await makeKernel(), await makeKernel());
        throw new Error("no");
      }),
    );
    await expect(failed).rejects.toThrow("no");
    for (const kernel of kernels) expect(() => kernel.spawn()).toThrow(KernelError);
  });

  test("a signal ends it, and scenarios are announced", async () => {
    const controller = new AbortController();
    const told: string[] = [];
    const run = runLab(sample, {
      signal: controller.signal,
      progress: (name, index, count) => {
        told.push(`${name} ${index}/${count}`);
        controller.abort(new Error("enough"));
      },
    });
    await expect(run).rejects.toThrow("enough");
    expect(told).toEqual(["split 0/2"]);
  });
});
