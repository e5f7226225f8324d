// One script on two kernels, for people: the steps in which they part, and what everything cost.

import {
  type Difference,
  differenceInWords,
  type DocumentNames,
} from "../scenario/dump-comparison.js";
import type { Costs } from "../scenario/reading.js";
import type { PairStep } from "../scenario/side-by-side.js";
import { counted } from "../scenario/wording.js";
import { boxTable } from "./box-table.js";
import { wrapWords } from "./line-wrap.js";
import { formatCount } from "./numbers.js";
import { type Terminal, terminalFor, type TerminalOptions, titleLine } from "./terminal.js";

/** What two runs of a script differ in. */
export interface ScriptDifference {
  /** How the two kernels are called. */
  readonly names: DocumentNames;
  /** The script's file name. */
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
  /** False where the machines were too large to look at them after each step. */
  readonly everyStepSeen: boolean;
}

/** Of each kind at most so many differences of a step are listed. */
const LISTED = 8;
const KIND_WIDTH = 9;

/** Do both sides answer the same, and look the same after every step that was looked at? Costs may differ. */
export function agree({ steps, end }: ScriptDifference): boolean {
  return (
    end.length === 0 &&
    steps.every(({ result, state }) => result === null && (state ?? []).length === 0)
  );
}

/** The whole view, with a newline at its end. */
export function renderDiff(difference: ScriptDifference, options: TerminalOptions): string {
  const terminal = terminalFor(options);
  const { names, script, steps } = difference;
  const lines = [titleLine(`${script}: ${names[0]} and ${names[1]}`, terminal), ""];
  for (const step of steps) lines.push(...stepLines(step, names, terminal), "");
  lines.push(...costLines(difference, terminal), ...verdictLines(difference, terminal), "");
  return lines.join("\n");
}

function stepLines(step: PairStep, names: DocumentNames, terminal: Terminal): string[] {
  const { operation, result, state, gone, cost } = step;
  const told = (kind: string, sentences: readonly string[]): string[] =>
    sentences.length === 0 ? [] : kindLines(kind, sentences, terminal);
  const sentence = (one: Difference): string => differenceInWords(one, names);
  return [
    `line ${operation.line}: ${terminal.paint("name", operation.text)}`,
    ...told("result", result === null ? [] : [sentence(result).replace(/^result: /, "")]),
    ...told("state", (state ?? []).map(sentence)),
    ...told(
      "equal now",
      gone.map(({ what }) => what),
    ),
    ...told("cost", cost.length === 0 ? [] : [cost.map(costInWords).join(", ")]),
  ];
}

function kindLines(kind: string, sentences: readonly string[], terminal: Terminal): string[] {
  const indent = 2 + KIND_WIDTH + 2;
  const more = sentences.length - LISTED;
  const shown = more > 0 ? [...sentences.slice(0, LISTED), `and ${more} more`] : sentences;
  const width = terminal.columns - indent;
  const lines = shown.flatMap((sentence) => wrapWords(sentence, width));
  return lines.map((line, i) => {
    const head = i === 0 ? `  ${terminal.paint("dim", kind.padEnd(KIND_WIDTH))}  ` : "";
    return `${head || " ".repeat(indent)}${line}`;
  });
}

/** "nodesVisited 8 → 3" */
function costInWords({ what, a, b }: Difference): string {
  return `${what} ${amount(a)} → ${amount(b)}`;
}

function amount(value: number | string): string {
  return typeof value === "number" ? formatCount(value) : value;
}

/** Of everything that cost one side more than the other, the sums. */
function costLines({ costs: [a, b], names }: ScriptDifference, terminal: Terminal): string[] {
  const rows = Object.keys(a)
    .filter((name) => a[name] !== b[name])
    .map((name) => [name, formatCount(a[name] ?? 0), formatCount(b[name] ?? 0)]);
  if (rows.length === 0) return ["Both cost the same.", ""];
  return [terminal.paint("name", "cost in all"), boxTable(["", ...names], rows, terminal), ""];
}

function verdictLines(difference: ScriptDifference, terminal: Terminal): string[] {
  const { steps, end, names, operations, assertions, everyStepSeen } = difference;
  const count = (differs: (step: PairStep) => boolean): number => steps.filter(differs).length;
  const results = count(({ result }) => result !== null);
  const states = count(({ state }) => (state ?? []).length > 0);
  const costs = count(({ cost }) => cost.length > 0);
  const failed = assertions.flatMap((assertion, i) =>
    assertion === null ? [] : [`An assertion failed in ${names[i]}: ${assertion}.`],
  );
  const sums =
    `${counted(operations, "operation")}: ${results} with other results, ${states} after which ` +
    `the machines differ otherwise than before, ${costs} at other cost.`;
  const last =
    end.length === 0
      ? ["At the end the machines are the same."]
      : kindLines(
          "at the end",
          end.map((one) => differenceInWords(one, names)),
          terminal,
        );
  const unseen = everyStepSeen
    ? []
    : [
        "The machines are large: from some step on they were compared at dumps and at the end only.",
      ];
  const told = [...failed, sums, ...unseen].flatMap((line) => wrapWords(line, terminal.columns));
  return [...told, ...last];
}
