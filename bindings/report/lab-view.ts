// Labs for people: the list of them, and one that has run.

import type {
  Disappointment,
  FirstDifference,
  LabRun,
  LabSide,
  ScenarioRun,
} from "../labs/lab-run.js";
import type { KernelState } from "../labs/history.js";
import { namesOf } from "../labs/judgement.js";
import type { Lab } from "../labs/lab.js";
import { boxTable } from "./box-table.js";
import { fittedLines, wrapWords } from "./line-wrap.js";
import { formatCount } from "./numbers.js";
import { type Terminal, terminalFor, type TerminalOptions, titleLine } from "./terminal.js";

/** Between lines of both sides that stand beside each other. */
const GAP = " │ ";
const MARK = "≠";

/** "memcg-stat  89c06bd52fb9  ...": a line for each lab. */
export function renderLabs(labs: readonly Lab[]): string {
  const width = labs.reduce((most, { name }) => Math.max(most, name.length), 0);
  const lines = labs.map(
    ({ name, commit, title }) =>
      `${name.padEnd(width)}  ${(commit ?? "defect").padEnd(12)}  ${title}`,
  );
  return `${lines.join("\n")}\n`;
}

/** A lab's line in a run of many: the verdict, and where its sides part. */
export function labLine({ name, pass, firstDifference }: LabRun, width: number): string {
  const where = firstDifference === null ? "no difference" : differenceLine(firstDifference);
  return `${pass ? "pass" : "FAIL"}  ${name.padEnd(width)}  ${where}`;
}

/** Everything about a lab that has run, with a newline at its end. */
export function renderLab(lab: Lab, run: LabRun, options: TerminalOptions): string {
  const terminal = terminalFor(options);
  const { columns, paint } = terminal;
  const paragraph = (heading: string, text: string): string[] => [
    ...(heading === "" ? [] : wrapWords(heading, columns).map((line) => paint("name", line))),
    ...paragraphs(text).flatMap((one) => [...wrapWords(one, columns), ""]),
  ];
  return [
    titleLine(`${lab.name}: ${lab.title}`, terminal),
    lab.commit === null ? "a later defect" : `commit ${lab.commit}`,
    "",
    ...paragraph("", lab.problem),
    ...paragraph(`before: ${kernelInWords(run.before)}`, lab.beforeText),
    ...paragraph(`after: ${kernelInWords(run.after)}`, lab.afterText),
    ...paragraph("what to look for", lab.lookFor),
    ...run.scenarios.flatMap((scenario) => [...scenarioLines(scenario, terminal), ""]),
    ...paragraph("what must hold", lab.invariant),
    ...verdict(run, terminal),
    "",
  ].join("\n");
}

/** "v3.7-rc1, but anonIndex list": a release, and where its switches are otherwise. */
export function kernelInWords({ release, set }: KernelState): string {
  const others = Object.entries(set).map(([name, value]) => `${name} ${value}`);
  return others.length === 0 ? release : `${release}, but ${others.join(", ")}`;
}

/** Where a lab's sides part, in a line. */
export function differenceLine(difference: FirstDifference): string {
  const { kind, line, operation, what, before, after, differences, scenario } = difference;
  const more = differences > 1 ? `, and ${differences - 1} more` : "";
  const values = `${shownValue(before)} before, ${shownValue(after)} after${more}`;
  if (line === null) return `${scenario}: ${what}: ${values}`;
  const name = kind === "result" ? kind : `${kind}, ${what}`;
  return `${scenario}, line ${line}, ${operation}: ${name}: ${values}`;
}

/** What failed an expectation, in a line each. */
export function disappointmentLines({ scenarios }: LabRun): string[] {
  return scenarios.flatMap(({ name, disappointments }) =>
    disappointments.map((one) => `${name}: ${disappointmentInWords(one)}`),
  );
}

/** An observable's value as it is shown. */
export function shownValue(value: number | string | boolean | null | undefined): string {
  if (typeof value === "number" && Number.isInteger(value)) return formatCount(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value === undefined || value === null ? "–" : `${value}`;
}

/** A text's paragraphs, each on one line. */
export function paragraphs(text: string): string[] {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((one) => one.replaceAll(/\s+/g, " ").trim());
}

function scenarioLines(run: ScenarioRun, terminal: Terminal): string[] {
  const { name, shows, before, after, firstDifference } = run;
  const { columns, paint } = terminal;
  const rows = namesOf(before.observables, after.observables).map((observable) => {
    const values = [before.observables[observable], after.observables[observable]];
    return [observable, ...values.map(shownValue), values[0] === values[1] ? "" : MARK];
  });
  const parted = firstDifference === null ? "The sides do not part." : partsAt(firstDifference);
  return [
    ...wrapWords(`${name}: ${shows}`, columns).map((line, i) =>
      i === 0 ? line.replace(name, paint("name", name)) : line,
    ),
    ...wrapWords(parted, columns - 2).map((line) => `  ${line}`),
    boxTable(["observable", "before", "after", ""], rows, terminal, (row) => row[3] === MARK),
    ...shownLines(before.shown, after.shown, terminal),
  ];
}

function partsAt(difference: FirstDifference): string {
  const { line, operation, kind, what, before, after, differences } = difference;
  const values = `${shownValue(before)} before, ${shownValue(after)} after`;
  const more = differences > 1 ? ` (and ${differences - 1} more)` : "";
  if (line === null) return `They part in ${what}: ${values}${more}.`;
  const where = kind === "result" ? "its result" : `${kind}, ${what}`;
  return `They part at line ${line}, ${operation}, in ${where}: ${values}${more}.`;
}

/** Lines of both sides: once where they are the same, beside each other where there is room, else below each other. */
function shownLines(
  before: readonly string[],
  after: readonly string[],
  { columns, paint }: Terminal,
): string[] {
  if (before.length + after.length === 0) return [];
  const fitted = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => fittedLines(line, columns));
  if (before.length === 0 || before.join("\n") === after.join("\n")) return fitted(after);
  if (after.length === 0) return fitted(before);
  const width = Math.floor((columns - GAP.length) / 2);
  const fits = [...before, ...after].every((line) => line.length <= width);
  if (!fits)
    return [paint("dim", "before"), ...fitted(before), paint("dim", "after"), ...fitted(after)];
  const count = Math.max(before.length, after.length);
  return [
    `${paint("dim", "before".padEnd(width))}${GAP}${paint("dim", "after")}`,
    ...Array.from({ length: count }, (_, i) =>
      `${(before[i] ?? "").padEnd(width)}${GAP}${after[i] ?? ""}`.trimEnd(),
    ),
  ];
}

function verdict(run: LabRun, { paint }: Terminal): string[] {
  const sides: readonly LabSide[] = [run.before, run.after];
  const count = sides.reduce((sum, { observables }) => sum + Object.keys(observables).length, 0);
  if (run.pass) return [paint("good", `As expected: all ${count} observables of both sides.`)];
  const lines = disappointmentLines(run);
  return [paint("failed", `Not as expected: ${lines.length} of ${count} observables.`), ...lines];
}

function disappointmentInWords({ side, observable, expected, found }: Disappointment): string {
  if (expected === undefined)
    return `${observable} is ${shownValue(found)} ${side}, and nothing is expected`;
  const seen = found === undefined ? "was not observed" : `is ${shownValue(found)}`;
  return `${observable} ${seen} ${side}, expected ${shownValue(expected)}`;
}
