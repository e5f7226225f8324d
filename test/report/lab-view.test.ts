import { describe, expect, test } from "vitest";
import { runLab } from "../../bindings/labs/runner.js";
import {
  disappointmentLines,
  kernelInWords,
  labLine,
  renderLab,
  renderLabs,
} from "../../bindings/report/lab-view.js";
import { sample } from "../labs/sample.js";

const plain = { columns: 100, color: false };

describe("a lab for people", () => {
  test("a list names each, its commit or that it is a defect, and its title", () => {
    const defect = { ...sample, name: "other", commit: null, kind: "defect" } as const;
    expect(renderLabs([sample, defect])).toBe(
      "sample  bf181b9f9d8d  A list and a tree\nother   defect        A list and a tree\n",
    );
  });

  test("both sides stand beside each other, with where they part and the verdict", async () => {
    const run = await runLab(sample);
    const view = renderLab(sample, run, plain);
    expect(view).toContain(
      "They part at line 4, mprotect A 2 2 r, in cost, comparisons: 0 before,",
    );
    expect(view).toContain("They part in index: list before, interval-tree after.");
    expect(view).toMatch(/│ index +│ list +│ interval-tree │ ≠ │/);
    expect(view).toMatch(/│ found +│ 1 +│ 1 +│ +│/);
    expect(view).toContain("\na line\n");
    expect(view).toContain("As expected: all 6 observables of both sides.");
    expect(labLine(run, 8)).toBe("pass  sample    index: index: list before, interval-tree after");
  });

  test("what is not as expected is said in a line each", async () => {
    const [scenario] = sample.scenarios;
    const expected = { before: { found: 2, more: true }, after: { found: 1, walks: 1 } };
    const run = await runLab({ ...sample, scenarios: [{ ...scenario!, expected }] });
    expect(disappointmentLines(run)).toEqual([
      "split: found is 1 before, expected 2",
      "split: more was not observed before, expected yes",
      "split: walks is 1 before, and nothing is expected",
    ]);
    expect(renderLab(sample, run, plain)).toContain("Not as expected: 3 of 4 observables.");
  });

  test("nothing is wider than the terminal: titles, kernels, lines that a scenario shows", async () => {
    const run = await runLab(sample);
    const words = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ");
    const scenarios = run.scenarios.map((scenario) => ({
      ...scenario,
      before: { ...scenario.before, shown: [`  ${words}`] },
      after: { ...scenario.after, shown: [words] },
    }));
    const view = renderLab(
      { ...sample, title: words },
      { ...run, scenarios },
      { ...plain, columns: 80 },
    );
    expect(view.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(view).toContain("\n  word0 word1 ");
    expect(view.split("word39")).toHaveLength(1 + 1 + 2 * scenarios.length);
  });

  test("a kernel is its release, and what is otherwise there", () => {
    expect(kernelInWords({ release: "v3.6", set: {} })).toBe("v3.6");
    expect(kernelInWords({ release: "v3.6", set: { swapToken: "on" } })).toBe(
      "v3.6, but swapToken on",
    );
  });
});
