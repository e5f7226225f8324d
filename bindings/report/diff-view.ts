// One script on two kernels, for people: in which switches they differ, the steps in which they part, what all steps
// cost, and that in a sentence or two.

import type { Difference, DocumentNames } from "../scenario/dump-comparison.js";
import type { Costs } from "../scenario/reading.js";
import type { PairStep } from "../scenario/side-by-side.js";
import { listed } from "../scenario/wording.js";
import { boxTable } from "./box-table.js";
import { costName } from "./cost-words.js";
import { changesInWords, type KernelLabels, stepLines } from "./diff-step.js";
import { fittedLines, wrapWords } from "./line-wrap.js";
import { formatCount } from "./numbers.js";
import { type Terminal, terminalFor, type TerminalOptions, titleLine } from "./terminal.js";

/** What two runs of a script differ in. */
export interface ScriptDifference {
  /** How the two kernels are called: a release, and the switches that are set otherwise. */
  readonly names: DocumentNames;
  /** Switches that the two have otherwise. */
  readonly switches: readonly Difference[];
  /** The script's file name, or "-" for standard input. */
  readonly script: string;
  readonly operations: number;
  /** Steps that differ in anything. */
  readonly steps: readonly PairStep[];
  /** In what the machines differ at the end. */
  readonly end: readonly Difference[];
  /** What all steps cost each side. */
  readonly costs: readonly [Costs, Costs];
  /** The assertion that ended a side. */
  readonly assertions: readonly [string | null, string | null];
  /** The first line after which the machines, too large by then, were not compared; null: they were after each. */
  readonly unseenFrom: number | null;
}

/** Do both sides answer the same, and look the same after every step that was looked at? Costs may differ. */
export function agree({ steps, end }: ScriptDifference): boolean {
  return end.length === 0 && !steps.some(parts);
}

/** The whole view, with a newline at its end. */
export function renderDiff(difference: ScriptDifference, options: TerminalOptions): string {
  const terminal = terminalFor(options);
  const { names, script, steps } = difference;
  const labels = labelsFor(names);
  return [
    titleLine(`${script === "-" ? "standard input" : script} on two kernels`, terminal),
    "",
    ...kernelLines(difference, labels, terminal),
    ...steps.flatMap((step) => [...stepLines(step, labels, terminal), ""]),
    titleLine("in all", terminal),
    "",
    ...costLines(difference, labels, terminal),
    ...summaryLines(difference, labels, terminal),
    "",
  ].join("\n");
}

/** Two releases go by their names, two states of one release by their letters. */
function labelsFor(names: DocumentNames): KernelLabels {
  const [a = "", b = ""] = names.map((name) => name.split(" ", 1)[0]);
  return a === b ? ["a", "b"] : [a, b];
}

/** "v3.6", "v3.6 with anonIndex=interval-tree", "a (v3.7 with anonIndex=list)" */
function calledInFull(label: string, name: string): string {
  const [release = "", ...set] = name.split(" ");
  const full = set.length === 0 ? release : `${release} with ${set.join(", ")}`;
  return label === release ? full : `${label} (${full})`;
}

function kernelLines(
  { names, switches, steps }: ScriptDifference,
  labels: KernelLabels,
  terminal: Terminal,
): string[] {
  const [first = "", second = ""] = labels.map((label, i) => calledInFull(label, names[i] ?? ""));
  const count = switches.length === 1 ? "1 switch" : `${switches.length} switches`;
  const heading = `${first} and ${second} differ in ${count}:`;
  const rows = switches.map(({ what, a, b }) => [what, `${a}`, `${b}`]);
  const told =
    steps.length === 0
      ? []
      : [
          `Operations that differ in result, state or cost follow, as ${labels[0]} → ${labels[1]}; what differed ` +
            "before is not told again. Frame numbers, times and the order in which walks meet VMAs are not compared.",
        ];
  return [
    ...wrapWords(heading, terminal.columns),
    boxTable(["switch", ...labels], rows, terminal),
    "",
    ...told.flatMap((line) => [...wrapWords(line, terminal.columns), ""]),
  ];
}

/** Of everything that cost one side more than the other, the sums. */
function costLines(
  { costs: [a, b] }: ScriptDifference,
  labels: KernelLabels,
  terminal: Terminal,
): string[] {
  const rows = Object.keys(a)
    .filter((name) => a[name] !== b[name])
    .map((name) => [costName(name), formatCount(a[name] ?? 0), formatCount(b[name] ?? 0)]);
  return rows.length === 0 ? [] : [boxTable(["cost", ...labels], rows, terminal), ""];
}

function summaryLines(
  difference: ScriptDifference,
  labels: KernelLabels,
  terminal: Terminal,
): string[] {
  const { end, assertions, unseenFrom } = difference;
  const failed = assertions.flatMap((assertion, i) =>
    assertion === null
      ? []
      : [`An assertion failed in ${labels[i]}, which ends both: ${assertion}.`],
  );
  const unseen =
    unseenFrom === null
      ? []
      : [
          `The machines are large: from line ${unseenFrom} on their state was compared at dumps and at ` +
            "the end only.",
        ];
  const lines = [verdict(difference, labels), ...failed, ...unseen].flatMap((sentence) =>
    wrapWords(sentence, terminal.columns),
  );
  const left = changesInWords(end, labels).flatMap((line) =>
    fittedLines(`  ${line}`, terminal.columns),
  );
  return left.length === 0 ? lines : [...lines, "At the end they differ in:", ...left];
}

/** Where the two part, or that they don't. */
function verdict(
  { steps, operations, end, assertions }: ScriptDifference,
  [a, b]: KernelLabels,
): string {
  const all = operations === 1 ? "1 operation" : `${formatCount(operations)} operations`;
  const first = steps.find(parts);
  const costly = steps.filter(({ cost }) => cost.length > 0);
  if (first === undefined) {
    const same = `${a} and ${b} have the same results and the same state in all of ${all}`;
    const [dear] = costly;
    return dear === undefined
      ? `${same}, at the same cost.`
      : `${same}. Cost differs in ${formatCount(costly.length)}, first at ${placeOf(dear)}.`;
  }
  const kinds = [first.result === null ? "" : "result", leavesAnotherState(first) ? "state" : ""];
  const where = `${a} and ${b} part at ${placeOf(first)}, in ${kinds.filter(Boolean).join(" and ")}.`;
  const sums = [
    howMany(steps.filter((step) => step.result !== null).length, "gives", "give", "another result"),
    howMany(steps.filter(leavesAnotherState).length, "leaves", "leave", "another state"),
    howMany(costly.length, "has", "have", "another cost"),
  ].filter((words) => words !== "");
  const isOver = end.length === 0 && assertions.every((assertion) => assertion === null);
  const last = isOver ? " At the end their state is the same again." : "";
  return `${where} Of ${all}, ${listed(sums, "")}.${last}`;
}

function howMany(count: number, one: string, many: string, what: string): string {
  if (count === 0) return "";
  return `${formatCount(count)} ${count === 1 ? one : many} ${what}`;
}

function leavesAnotherState({ state }: PairStep): boolean {
  return (state ?? []).length > 0;
}

function parts(step: PairStep): boolean {
  return step.result !== null || leavesAnotherState(step);
}

function placeOf({ operation: { line, text } }: PairStep): string {
  return `line ${line} (${text})`;
}
