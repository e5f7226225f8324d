// A script step by step on both sides of a lab: what becomes of one page, and of what counts it.

import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import { machineFor } from "../scenario/machine-size.js";
import { ScriptRunner } from "../scenario/runner.js";
import { parseScript } from "../scenario/script.js";
import type { LabRun } from "./lab-run.js";
import type { MakeKernel } from "./lab.js";
import type { StatesPicture } from "./picture.js";

/** What was seen of a page, by a name for people. */
export type PageState = Readonly<Record<string, number | string | boolean>>;

/** A step, and what was seen after it. */
export interface StoryStep {
  readonly words: string;
  readonly state: PageState;
}

/**
 * Runs a script.
 * @param look what is to be seen after each step; null while there is nothing
 */
export async function storyOf(
  makeKernel: MakeKernel,
  script: string,
  look: (run: ScriptRunner, kernel: Kernel) => PageState | null,
): Promise<StoryStep[]> {
  const parsed = parseScript(script.trim(), "story");
  // The kind of machine is the scenario's to say.
  const { frames, memory } = machineFor(parsed);
  const kernel = await makeKernel({ frames, memory });
  const run = new ScriptRunner(kernel, parsed, { kernel: "rmaplab", case: "story" });
  const steps: StoryStep[] = [];
  for (let step = run.step(); step !== null; step = run.step()) {
    const state = look(run, kernel);
    if (state !== null) steps.push({ words: step.operation.text, state });
  }
  return steps;
}

/** The list of reclaim that a page is on, in words. */
export function listOf({ lru, unevictable, active }: Page): string {
  if (!lru) return "none";
  if (unevictable) return "unevictable";
  return active ? "active" : "inactive";
}

/** A table of words, with two blanks or more between its columns; its first line names them. */
export function toldStory(steps: readonly StoryStep[]): string[] {
  const names = Object.keys(steps[0]?.state ?? {});
  const rows = [
    ["step", ...names],
    ...steps.map(({ words, state }) => [words, ...names.map((name) => inWords(state[name]))]),
  ];
  const widths = ["", ...names].map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function inWords(value: number | string | boolean | undefined): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

/** What a picture of a story says beside what was seen. */
export interface StoryWords {
  readonly title: string;
  /** The story's script: its comments are shown with their steps. */
  readonly script: string;
  /** In which of the names of the state it is wrong that the side before differs. */
  readonly judged: readonly string[];
  /** What holds in the end. */
  readonly ends: Readonly<Record<"before" | "after", string>>;
}

/** The story that a scenario of a lab shows, as a picture. */
export function storyPicture(
  { scenarios }: LabRun,
  scenario: string,
  { title, script, judged, ends }: StoryWords,
): StatesPicture {
  const found = scenarios.find(({ name }) => name === scenario);
  const before = read(found?.before.shown);
  const after = read(found?.after.shown);
  const notes = commentsOf(script).slice(-before.rows.length);
  const wrongIn = (name: string): number[] => {
    if (!judged.includes(name)) return [];
    const i = before.names.indexOf(name) + 1;
    return before.rows.flatMap((row, at) => (row[i] === after.rows[at]?.[i] ? [] : [at]));
  };
  const lanesOf = ({ names, rows }: Table): { name: string; values: (string | boolean)[] }[] =>
    names.map((name, i) => ({ name, values: rows.map((row) => fromWords(row[i + 1] ?? "")) }));
  return {
    kind: "states",
    title,
    steps: before.rows.map(([words = ""], i) => ({ words, ...notes[i] })),
    panels: [
      {
        ...{ title: "before", end: ends.before, isWrong: true },
        lanes: lanesOf(before).map((lane) => ({ ...lane, wrong: wrongIn(lane.name) })),
      },
      {
        ...{ title: "after", end: ends.after },
        lanes: lanesOf(after).map((lane) => ({ ...lane, wrong: [] })),
      },
    ],
  };
}

/** Of each operation of a script. */
function commentsOf(script: string): { note?: string }[] {
  return script
    .split("\n")
    .map((line) => line.split("#"))
    .filter(([operation = ""]) => operation.trim() !== "")
    .map(([, comment]) => (comment === undefined ? {} : { note: comment.trim() }));
}

/** A story as it was told. */
interface Table {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function read(lines: readonly string[] = []): Table {
  const [head = [], ...rows] = lines.map((line) => line.split(/ {2,}/));
  return { names: head.slice(1), rows };
}

function fromWords(value: string): string | boolean {
  return value === "yes" || (value === "no" ? false : value);
}
