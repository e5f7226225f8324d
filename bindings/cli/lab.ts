// `rmaplab lab`: the ten commits and later defects, before and after.

import { setImmediate as nextTurn } from "node:timers/promises";
import { Command } from "commander";
import { commits, lifetimes } from "../labs/commits.js";
import { labNamed, labs } from "../labs/index.js";
import type { LabRun } from "../labs/lab-run.js";
import type { Lab } from "../labs/lab.js";
import { runLab } from "../labs/runner.js";
import { labLine, renderLabs } from "../report/lab-list.js";
import { renderLab } from "../report/lab-view.js";
import { disappointmentLines } from "../report/lab-words.js";
import { fittedLines } from "../report/line-wrap.js";
import { quoted } from "../scenario/line-error.js";
import { counted } from "../scenario/wording.js";
import { InputError } from "./failure.js";
import type { TerminalOptions } from "../report/terminal.js";
import { terminalOptions } from "./terminal-options.js";

/** What is printed here is prose and tables that are made for it. */
const DEFAULT_COLUMNS = 80;

interface LabFlags {
  readonly all?: true;
  readonly json?: true;
}

/** The subcommand, for the entry to add. */
export function labCommand(): Command {
  return new Command("lab")
    .summary("run a commit's lab, before and after; without a name: list them")
    .description(
      "Lists the labs, or runs some: each is a commit, or a later defect, of which both sides run side by side. " +
        "Shows where they part first, and what both sides show. Exit 0 as expected, 1 not as expected, 2 bad input.",
    )
    .argument("[name...]", "which labs; default: list them")
    .option("--all", "run every lab, and say for each whether it is as expected")
    .option("--json", "print what was found as one JSON document")
    .action(lab);
}

async function lab(names: readonly string[], flags: LabFlags): Promise<void> {
  if (flags.all && names.length > 0) {
    throw new InputError("lab: --all runs every lab; accepted: --all alone, or names");
  }
  const chosen = flags.all ? labs : names.map(chosenLab);
  if (chosen.length === 0 && !flags.all) return listLabs(flags);
  const runs: LabRun[] = [];
  for (const [index, one] of chosen.entries()) {
    const run = await runLab(one, { progress: progressOf(one, index, chosen.length) });
    endProgress();
    runs.push(run);
    // Short labs, one after the other, would not hear an interrupt.
    await nextTurn();
    if (!flags.json)
      process.stdout.write(flags.all ? allLines(one, run) : renderLab(one, run, terminal()));
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ labs: runs.map(asJson) }, null, 1)}\n`);
  const failed = runs.filter(({ pass }) => !pass).length;
  if (flags.all && !flags.json) {
    process.stdout.write(`\n${counted(runs.length, "lab")}, ${failed} not as expected\n`);
  }
  if (failed > 0) process.exitCode = 1;
}

function listLabs({ json }: LabFlags): void {
  const list = labs.map((one) => {
    const { name, kind, commit, title } = one;
    return { name, kind, commit, title, ...originOf(one) };
  });
  process.stdout.write(
    json ? `${JSON.stringify({ labs: list }, null, 1)}\n` : renderLabs(labs, terminal()),
  );
}

function chosenLab(name: string): Lab {
  const found = labNamed(name);
  if (found !== undefined) return found;
  const accepted = labs.map((one) => one.name).join(", ");
  throw new InputError(`lab: unknown ${quoted(name)}; accepted: ${accepted}`);
}

/** 80 columns, where the terminal does not say. */
function terminal(): TerminalOptions {
  return { ...terminalOptions(), columns: process.stdout.columns ?? DEFAULT_COLUMNS };
}

function allLines(one: Lab, run: LabRun): string {
  const width = labs.reduce((most, { name }) => Math.max(most, name.length), 0);
  const { columns } = terminal();
  const failed = disappointmentLines(one, run).flatMap((line) =>
    fittedLines(`      ${line}`, columns),
  );
  return [labLine(one, run, width, terminal()), ...failed, ""].join("\n");
}

/** On a terminal the last line of standard error says what runs. */
function progressOf({ name }: Lab, index: number, count: number) {
  return (scenario: string): void => {
    if (!process.stderr.isTTY) return;
    endProgress();
    process.stderr.write(`[${index + 1}/${count}] ${name}: ${scenario}`);
  };
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}

/** A run without what the machines looked like on the way, and with what its observables are. */
function asJson({ scenarios, ...run }: LabRun) {
  const seen = scenarios.map(
    ({ name, shows, pass, before, after, firstDifference, disappointments }) => ({
      ...{ name, shows, pass, before, after, firstDifference, disappointments },
    }),
  );
  const one = labNamed(run.name);
  return { ...run, title: one?.title, meanings: one?.meanings ?? {}, scenarios: seen };
}

/** Where a lab comes from: a commit's subject line, first tag and month; of a defect, how long it lasted. */
function originOf({ name, commit }: Lab) {
  const found = commit === null ? undefined : commits[commit];
  const { subject = null, release = null, date = null } = found ?? {};
  return { subject, release, date, lasted: lifetimes[name]?.until ?? null };
}
