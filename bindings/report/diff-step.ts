// A step in which two kernels differ, for people: what both answered, in what they look otherwise since, what it cost.

import { type Difference, NOT_THERE } from "../scenario/dump-comparison.js";
import type { Operation } from "../scenario/operation.js";
import { outcomeInWords } from "../scenario/outcome.js";
import type { PairStep, SideStep } from "../scenario/side-by-side.js";
import { counterChanges, lockChanges } from "./cost-words.js";
import { wrapItems, wrapWords } from "./line-wrap.js";
import type { Terminal } from "./terminal.js";

/** What the two kernels are called in sentences. */
export type KernelLabels = readonly [first: string, second: string];

/** Of one kind at most so many differences of a step are listed. */
const LISTED = 8;
const INDENT = 2;
const KIND_WIDTH = "same again".length;

/** "line 5: mprotect A 2 2 r", and below it what differs, by kind. */
export function stepLines(step: PairStep, labels: KernelLabels, terminal: Terminal): string[] {
  const { operation, result, state, gone, cost } = step;
  const width = terminal.columns - INDENT - KIND_WIDTH - 2;
  const wrapped = (sentences: readonly string[]): string[] =>
    sentences.flatMap((sentence) => wrapWords(sentence, width));
  const [heading = "", ...more] = wrapWords(
    `line ${operation.line}: ${operation.text}`,
    terminal.columns - INDENT,
  );
  return [
    ...[heading, ...more.map((line) => `${" ".repeat(INDENT)}${line}`)].map((line) =>
      terminal.paint("name", line),
    ),
    ...(result === null ? [] : kindLines("result", wrapped(answers(step, labels)), terminal)),
    ...kindLines("state", wrapped(changesInWords(state ?? [], labels)), terminal),
    ...kindLines("same again", wrapped(fewOf(gone.map(({ what }) => what))), terminal),
    ...kindLines("cost", wrapItems(counterChanges(cost), width), terminal),
    ...kindLines("locks", wrapItems(lockChanges(cost), width, "; "), terminal),
  ];
}

/** "A: locked: 0 → 2", "A: VMA 0-4 rw anon: only in v3.6"; the rest is counted. */
export function changesInWords(
  differences: readonly Difference[],
  [first, second]: KernelLabels,
): string[] {
  return fewOf(
    differences.map(({ what, a, b }) => {
      if (b === NOT_THERE) return `${what}: only in ${first}`;
      if (a === NOT_THERE) return `${what}: only in ${second}`;
      return `${what}: ${a} → ${b}`;
    }),
  );
}

function fewOf(sentences: readonly string[]): string[] {
  const more = sentences.length - LISTED;
  if (more <= 0) return [...sentences];
  return [...sentences.slice(0, LISTED), `and ${more} more, which --json lists`];
}

/** "v3.6: ENOMEM, no room", a sentence for each side. */
function answers({ operation, a, b }: PairStep, labels: KernelLabels): string[] {
  return [a, b].map((side, i) => `${labels[i]}: ${answer(operation, side)}`);
}

function answer({ op }: Operation, { outcome, error }: SideStep): string {
  if (outcome === "BUG") return `assertion failed: ${error}`;
  if (typeof outcome === "string") return error === null ? outcome : `${outcome}, ${error}`;
  if (outcome === null) return "done";
  return outcomeInWords(op, outcome) ?? (outcome === 0 ? "done" : `${outcome}`);
}

/** Lines of one kind below each other, with its name before the first; none if there are none. */
function kindLines(kind: string, lines: readonly string[], { paint }: Terminal): string[] {
  if (lines.join("") === "") return [];
  const blank = " ".repeat(INDENT + KIND_WIDTH + 2);
  const head = `${" ".repeat(INDENT)}${paint("dim", kind.padEnd(KIND_WIDTH))}  `;
  return lines.map((line, i) => `${i === 0 ? head : blank}${line}`);
}
