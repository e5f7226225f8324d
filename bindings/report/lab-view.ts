// A lab that has run, for a terminal.

import { namesOf } from "../labs/judgement.js";
import type { LabRun, LabSide, ScenarioRun } from "../labs/lab-run.js";
import type { Lab, Scenario, ScriptScenario } from "../labs/lab.js";
import { scriptText } from "../labs/script-run.js";
import {
  disappointmentLines,
  kernelInWords,
  kernelsTold,
  meaningOf,
  originTold,
  paragraphs,
  scenarioVerdict,
  shownValues,
  switchTable,
} from "./lab-words.js";
import { fittedLines, wrapWords } from "./line-wrap.js";
import { observableTable } from "./observable-table.js";
import { type Terminal, terminalFor, type TerminalOptions, titleLine } from "./terminal.js";

/** Between lines of both sides that stand beside each other. */
const GAP = " │ ";
const MARK = "≠";

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
    ...wrapWords(originTold(lab), columns),
    "",
    ...paragraph("", lab.problem),
    ...paragraph(`before: ${kernelInWords(lab, run.before, "before")}`, lab.beforeText),
    ...paragraph(`after: ${kernelInWords(lab, run.after, "after")}`, lab.afterText),
    ...kernelLines(lab, terminal),
    ...paragraph("what to look for", lab.lookFor),
    ...run.scenarios.flatMap((one, i) => [
      ...scenarioLines(lab, lab.scenarios[i], one, terminal),
      "",
    ]),
    ...paragraph("what must hold", lab.invariant),
    ...verdict(lab, run, terminal),
    "",
  ].join("\n");
}

/** Which kernels these are, and the switches in which they are not as their release. */
function kernelLines(lab: Lab, { columns, paint }: Terminal): string[] {
  const table = switchTable(lab);
  const { release } = table ?? { release: null };
  const head = ["", "before", "after", ...(release === null ? [] : [release])];
  const cells = (table?.rows ?? []).map((row) => [
    ...[row.name, row.before, row.after],
    ...(release === null ? [] : [row.released]),
  ]);
  const lines = cells.length === 0 ? [] : [head, ...cells];
  const widths = head.map((_, i) => Math.max(0, ...lines.map((row) => row[i]?.length ?? 0)));
  const rows = lines.map((row) =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd(),
  );
  return [
    paint("name", "the two kernels"),
    ...wrapWords(kernelsTold(lab), columns),
    ...rows.flatMap((row) => fittedLines(row, columns)),
    "",
  ];
}

function scenarioLines(
  lab: Lab,
  source: Scenario | undefined,
  run: ScenarioRun,
  terminal: Terminal,
): string[] {
  const { name, shows, before, after } = run;
  const { columns, paint } = terminal;
  const rows = namesOf(before.observables, after.observables).map((observable) => {
    const meaning = meaningOf(lab, observable);
    const [a, b] = shownValues(
      observable,
      before.observables[observable],
      after.observables[observable],
    );
    return {
      ...{ meaning, name: meaning === observable ? "" : observable },
      ...{ before: a, after: b },
    };
  });
  return [
    ...wrapWords(`${name}: ${shows}`, columns).map((line, i) =>
      i === 0 ? line.replace(name, paint("name", name)) : line,
    ),
    ...(source !== undefined && "script" in source ? scriptLines(source, run, terminal) : []),
    ...wrapWords(scenarioVerdict(lab, run), columns - 2).map((line) => `  ${line}`),
    observableTable(rows, terminal),
    ...shownLines(before.shown, after.shown, terminal),
  ];
}

/** The script with the numbers of its lines, and a mark where the sides part. */
function scriptLines(
  source: Scenario & ScriptScenario,
  { firstDifference }: ScenarioRun,
  { columns, paint }: Terminal,
): string[] {
  const lines = scriptText(source).split("\n");
  const width = `${lines.length}`.length;
  return lines.flatMap((text, i) => {
    const mark = firstDifference?.line === i + 1 ? MARK : " ";
    const head = `${mark} ${`${i + 1}`.padStart(width)}  `;
    const fitted = scriptLine(text, columns - 2 - head.length);
    return fitted.map((line, j) => {
      const whole = `${j === 0 ? head : " ".repeat(head.length)}${line}`;
      return `  ${mark === MARK ? whole : paint("dim", whole)}`;
    });
  });
}

/** A line of a script; a comment that has no room beside its operation stands below it, where it began if that will do. */
function scriptLine(text: string, width: number): string[] {
  const begin = text.indexOf("#");
  if (text.length <= width || begin === -1) return fittedLines(text, width);
  const operation = text.slice(0, begin).trimEnd();
  const indent = begin <= width / 2 ? begin : 4;
  const words = wrapWords(text.slice(begin + 1).trim(), Math.max(width - indent - 2, 1));
  const comment = words.map((line) => `${" ".repeat(indent)}# ${line}`);
  const [first = "", ...rest] = comment;
  return indent > operation.length
    ? [`${operation}${first.slice(operation.length)}`, ...rest]
    : [...fittedLines(operation, width), ...comment].filter((line) => line !== "");
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

function verdict(lab: Lab, run: LabRun, { columns, paint }: Terminal): string[] {
  const sides: readonly LabSide[] = [run.before, run.after];
  const count = sides.reduce((sum, { observables }) => sum + Object.keys(observables).length, 0);
  if (run.pass) return [paint("good", `As expected: all ${count} observables of both sides.`)];
  const lines = disappointmentLines(lab, run).flatMap((line) => fittedLines(line, columns));
  const failed = run.scenarios.reduce((sum, one) => sum + one.disappointments.length, 0);
  return [paint("failed", `Not as expected: ${failed} of ${count} observables.`), ...lines];
}
