import { describe, expect, test } from "vitest";
import type { Kernel } from "../../bindings/kernel/kernel.js";
import { labs } from "../../bindings/labs/index.js";
import type { LabRun } from "../../bindings/labs/lab-run.js";
import type { Lab } from "../../bindings/labs/lab.js";
import { runLab } from "../../bindings/labs/runner.js";
import { labLine, renderLabs } from "../../bindings/report/lab-list.js";
import { renderLab } from "../../bindings/report/lab-view.js";
import { disappointmentLines } from "../../bindings/report/lab-words.js";
import { sample } from "../labs/sample.js";

const plain = { columns: 80, color: false };

/** The sample with other expectations of its first scenario alone. */
function expecting(before: Record<string, number | boolean>, after: Record<string, number>): Lab {
  const [scenario] = sample.scenarios;
  return { ...sample, scenarios: [{ ...scenario!, expected: { before, after } }] };
}

/** Lines of a text that are wider than a terminal. */
function wide(text: string, columns: number): string[] {
  return text.split("\n").filter((line) => line.length > columns);
}

describe("lists of labs", () => {
  test("commits come first, with their digits, then defects, with how long they lasted", () => {
    const defect = { ...sample, name: "brk-lock", commit: null, kind: "defect" } as const;
    expect(renderLabs([defect, sample], plain)).toBe(
      [
        "The ten commits, from the oldest",
        "sample    bf181b9f9d8d  A list and a tree",
        "",
        "Defects and costs of v3.4 to v3.7, and until when",
        "brk-lock  not repaired  A list and a tree",
        "",
        "rmaplab lab NAME runs one, rmaplab lab --all runs them all.",
        "",
      ].join("\n"),
    );
  });

  test("what is too long goes on below itself", () => {
    const title = "mremap against walks that must not miss an entry: an ordered list, or locks";
    expect(renderLabs([{ ...sample, title }], plain)).toContain(
      "\nsample  bf181b9f9d8d  mremap against walks that must not miss an entry: an\n" +
        "                      ordered list, or locks\n",
    );
    for (const columns of [60, 80, 100]) {
      expect(wide(renderLabs(labs, { ...plain, columns }), columns)).toEqual([]);
    }
  });

  test("a lab that has run is a verdict, and one thing in which its sides differ", async () => {
    const run = await runLab(sample);
    const told = "sample    index: kind of index: list before, interval-tree after";
    expect(labLine(sample, run, 8, plain)).toBe(`pass  ${told}`);
    expect(labLine(sample, { ...run, pass: false }, 8, plain)).toBe(`FAIL  ${told}`);
    expect(wide(labLine(sample, run, 8, { ...plain, columns: 60 }), 60)).toEqual([]);
    const same: LabRun = { ...run, firstDifference: null };
    expect(labLine(sample, same, 8, plain)).toBe("pass  sample    no difference");
  });

  test("a step that answers, or leaves the machine, otherwise is told before observables", async () => {
    const run = await runLab(sample);
    const step = {
      ...run.firstDifference!,
      scenario: "split",
      line: 5,
      operation: "referenced A 0",
    };
    const told = (firstDifference: LabRun["firstDifference"]): string =>
      labLine(sample, { ...run, firstDifference }, 6, { ...plain, columns: 120 });
    expect(told({ ...step, kind: "result", before: 1, after: 0 })).toBe(
      "pass  sample  split, line 5, referenced A 0: result: 1 before, 0 after",
    );
    const flags = { what: "frame of [A 0]: flags", before: "AMS", after: "AMLUS", differences: 3 };
    expect(told({ ...step, kind: "state", ...flags })).toBe(
      "pass  sample  split, line 5, referenced A 0: frame of [A 0], flags: AMS before, AMLUS after " +
        "(L: mlocked, U: unevictable,\n              and 2 more)",
    );
    expect(told({ ...step, kind: "cost", what: "comparisons", before: 0, after: 1 })).toBe(
      "pass  sample  split: at other cost, comparisons: 0 before, 1 after",
    );
  });
});

describe("a lab for people", () => {
  test("it begins with its commit, and the two kernels", async () => {
    const view = renderLab(sample, await runLab(sample), plain);
    expect(view).toContain(
      "Commit bf181b9f9d8d of v3.7-rc1, October 2012: mm anon rmap: replace\n",
    );
    expect(view).toContain("\nbefore: on the way to v3.7-rc1, without this commit\nIt does.\n");
    expect(view).toContain("\nafter: on the way to v3.7-rc1, with this commit\nIt does not.\n");
    expect(view).toContain("anonIndex: list before, interval-tree after.\n");
    expect(view).toMatch(/\n {17}before +after +v3\.7-rc1\n {2}anonIndex +list +interval-tree/);
    expect(view).toMatch(/\n {2}mremapOrder +always-lock +always-lock +lock-if-needed\n/);
  });

  test("each scenario has its script, with a mark where the sides part, and a verdict", async () => {
    const view = renderLab(sample, await runLab(sample), plain);
    expect(view).toContain(
      "\n    3  write A 0 7\n  ≠ 4  mprotect A 2 2 r\n    5  referenced A 0\n",
    );
    expect(view).toContain(
      "  Both sides show the same; only what it costs differs, first at line 4,\n  mprotect A 2 2 r: comparisons, 0 before,",
    );
    expect(view).toContain("\n  They differ in kind of index: list before, interval-tree after.\n");
    expect(view).toContain("\na line\n");
    expect(view).toContain("As expected: all 6 observables of both sides.");
  });

  test("a comment that has no room beside its operation goes on below itself", async () => {
    const script = `spawn A\nspawn B   # ${"word ".repeat(20).trim()}\nspawn C`;
    const [first] = sample.scenarios;
    const lab = { ...sample, scenarios: [{ ...first!, script }] };
    const view = renderLab(lab, await runLab(lab), plain);
    expect(view).toMatch(
      /\n {4}1 {2}spawn A\n {4}2 {2}spawn B {3}# (word )+word\n {17}# (word )+word\n {4}3 {2}spawn C\n/,
    );
    expect(wide(view, 80)).toEqual([]);
  });

  test("a side that no assertion stopped has none", async () => {
    const [, last] = sample.scenarios;
    const stops = async (index: string): Promise<Record<string, string>> =>
      Promise.resolve(index === "list" ? { assertion: "page: is wrong" } : { found: "it" });
    const scenario = {
      ...last!,
      experiment: async (make: () => Promise<Kernel>) => stops((await make()).options.anonIndex),
    };
    const lab = { ...sample, scenarios: [scenario] };
    const view = renderLab(lab, await runLab(lab), plain);
    expect(view).toMatch(/kernel stopped +│ page: is wrong +│ none +│ ≠ │/);
    expect(view).toMatch(/│ found +│ – +│ it +│ ≠ │/);
  });

  test("a table says what each observable is, its name, and marks what differs", async () => {
    const view = renderLab(sample, await runLab(sample), plain);
    expect(view).toMatch(/│ kind of index +index │ list +│ interval-tree │ ≠ │/);
    expect(view).toMatch(/│ found +│ 1 +│ 1 +│ {3}│/);
  });

  test("what is not as expected is said in a line each, with what it is", async () => {
    const lab = expecting({ found: 2, more: true }, { found: 1, walks: 1 });
    const run = await runLab(lab);
    expect(disappointmentLines(lab, run)).toEqual([
      "split: found is 1 before, expected 2",
      "split: more was not observed before, expected yes",
      "split: walks (walks of the reverse map) is 1 before, and nothing is expected",
    ]);
    const view = renderLab(lab, run, plain);
    expect(view).toContain("Not as expected: 3 of 4 observables.\nsplit: found is 1 before,");
    expect(view).not.toContain("As expected");
  });

  test("nothing is wider than the terminal: titles, kernels, lines that a scenario shows", async () => {
    const run = await runLab(sample);
    const words = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ");
    const scenarios = run.scenarios.map((scenario) => ({
      ...scenario,
      before: { ...scenario.before, shown: [`  ${words}`] },
      after: { ...scenario.after, shown: [words] },
    }));
    const view = renderLab({ ...sample, title: words }, { ...run, scenarios }, plain);
    expect(wide(view, 80)).toEqual([]);
    expect(view).toContain("\n  word0 word1 ");
    expect(view.split("word39")).toHaveLength(1 + 1 + 2 * scenarios.length);
  });
});
