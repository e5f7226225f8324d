import { describe, expect, test } from "vitest";
import { renderDiff, type ScriptDifference } from "../../bindings/report/diff-view.js";
import { parseScript } from "../../bindings/scenario/script.js";
import type { PairStep, SideStep } from "../../bindings/scenario/side-by-side.js";

const NARROW = { columns: 80, color: false };
const done: SideStep = { outcome: 0, error: null, cost: {} };
const long = "a".repeat(60);
const { operations } = parseScript(
  `spawn ${long}\nmmap ${long} 0 8 rw anon private\nmlock ${long} 0 8\nmunlock ${long} 0 8\n`,
  "s",
);

function stepAt(index: number, found: Partial<PairStep>): PairStep {
  const operation = operations[index]!;
  return { operation, a: done, b: done, result: null, state: [], gone: [], cost: [], ...found };
}

function shown(found: Partial<ScriptDifference>, options = NARROW): string {
  return renderDiff(
    {
      names: ["v3.6", "v3.7"],
      switches: [{ what: "anonIndex", a: "list", b: "interval-tree" }],
      script: "s",
      operations: 1234,
      steps: [],
      end: [],
      costs: [{ nodesVisited: 8 }, { nodesVisited: 8 }],
      assertions: [null, null],
      unseenFrom: null,
      ...found,
    },
    options,
  );
}

/** Wherever lines end. */
function sentences(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

describe("the view of a script on two kernels", () => {
  test("says that nothing differs", () => {
    expect(shown({})).toContain(
      "v3.6 and v3.7 have the same results and the same state in all of 1,234\n" +
        "operations, at the same cost.\n",
    );
  });

  test("tells what both answered, with the reason", () => {
    const text = shown({
      steps: [
        stepAt(2, {
          a: { ...done, outcome: "ENOMEM", error: "no room" },
          result: { what: "result", a: "ENOMEM", b: 0 },
        }),
      ],
    });
    expect(text).toContain("  result      v3.6: ENOMEM, no room\n              v3.7: done\n");
    expect(sentences(text)).toContain("in result. Of 1,234 operations, 1 gives another result.");
  });

  test("tells what is on one side only, what is the same again, and what is left", () => {
    const vma = { what: "A: VMA 0-8 rw anon", a: "there", b: "not there" };
    const locked = { what: "A: locked", a: 0, b: 2 };
    const text = shown({
      steps: [stepAt(2, { state: [vma, locked] }), stepAt(3, { gone: [locked] })],
      end: [vma],
    });
    expect(text).toContain("  state       A: VMA 0-8 rw anon: only in v3.6\n");
    expect(text).toContain("              A: locked: 0 → 2\n");
    expect(text).toContain("  same again  A: locked\n");
    expect(sentences(text)).toContain("in state. Of 1,234 operations, 1 leaves another state. At");
    expect(text).toContain("At the end they differ in:\n  A: VMA 0-8 rw anon: only in v3.6\n");
    const over = shown({ steps: [stepAt(2, { state: [locked] })] });
    expect(sentences(over)).toContain("At the end their state is the same again.");
  });

  test("tells counters and locks by their names for people", () => {
    const cost = [
      { what: "nodesVisited", a: 40_000, b: 3 },
      { what: "comparisons", a: 0, b: 16 },
      { what: "steps", a: 2, b: 4 },
      { what: "anon_vma mutex taken", a: 0, b: 1 },
      { what: "anon_vma mutex steps", a: 0, b: 2 },
    ];
    const costs = [
      { nodesVisited: 40_000, "anon_vma mutex steps": 0, steps: 2 },
      { nodesVisited: 3, "anon_vma mutex steps": 2, steps: 4 },
    ] as const;
    const text = shown({ steps: [stepAt(2, { cost })], costs });
    expect(text).toContain("  cost        nodes visited 40,000 → 3, key comparisons 0 → 16\n");
    expect(text).toContain(
      "  locks       anon_vma mutex taken 0 → 1 times, held 0 → 2 steps;\n" +
        "              2 → 4 steps of all paths\n",
    );
    expect(text).toMatch(/│ nodes visited +│ 40,000 │ 3 +│\n/);
    expect(text).toMatch(/│ anon_vma mutex: steps held │ 0 +│ 2 +│\n/);
    expect(sentences(text)).toContain("Cost differs in 1, first at line 3 (");
  });

  test("counts what is too much to list", () => {
    const state = Array.from({ length: 20 }, (_, i) => ({ what: `A ${i}`, a: 0, b: 1 }));
    const text = shown({ steps: [stepAt(2, { state })] });
    expect(text).toContain("A 7: 0 → 1\n              and 12 more, which --json lists\n");
    expect(text).not.toContain("A 8");
  });

  test("tells an assertion, and from which line on machines were not compared", () => {
    const text = shown({
      steps: [
        stepAt(2, {
          b: { ...done, outcome: "BUG", error: "page: is wrong" },
          result: { what: "result", a: 0, b: "assertion failed: page: is wrong" },
          state: null,
        }),
      ],
      assertions: [null, "page: is wrong"],
      unseenFrom: 2,
    });
    expect(text).toContain("v3.7: assertion failed: page: is wrong\n");
    expect(text).toContain("An assertion failed in v3.7, which ends both: page: is wrong.\n");
    expect(text).toContain("from line 2 on");
    expect(text).not.toContain("same again");
  });

  test("calls two states of one release a and b", () => {
    const text = shown({ names: ["v3.7 anonIndex=list", "v3.7"] });
    expect(text).toContain("a (v3.7 with anonIndex=list) and b (v3.7) differ in 1 switch:\n");
    expect(shown({ names: ["v3.6 anonIndex=list", "v3.7"] })).toContain(
      "v3.6 with anonIndex=list and v3.7 differ in 1 switch:\n",
    );
  });

  test.each([60, 80, 120])("keeps to %i columns", (columns) => {
    const what = `${long}: frame of [${long} 1, ${long} 2]: flags`;
    const difference = { what, a: "AMS", b: "AMLUSR" };
    const names = [long, `${long} x=y`] as const;
    const text = shown(
      {
        names,
        script: long.repeat(3),
        steps: [
          stepAt(2, { state: [difference], gone: [difference], cost: [difference] }),
          stepAt(3, { result: difference }),
        ],
        end: [difference],
        assertions: [long.repeat(2), null],
        switches: [],
      },
      { columns, color: false },
    );
    // A table is as wide as its names.
    const lines = text.split("\n").filter((line) => !/^[┌│├└]/.test(line));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  test("has colours only where there are some", () => {
    const steps = [stepAt(2, { gone: [{ what: "x", a: 0, b: 1 }] })];
    expect(shown({ steps })).not.toContain("\x1b");
    expect(shown({ steps }, { columns: 80, color: true })).toContain("\x1b[1mline 3");
  });
});
