// `rmaplab run`: a script of operations on processes, and what the reverse map looks like.

import { basename } from "node:path";
import { Command } from "commander";
import { KernelError } from "../core/kernel-error.js";
import type { Kernel } from "../kernel/kernel.js";
import { hangingLines } from "../report/line-wrap.js";
import { renderRun } from "../report/run-view.js";
import { renderWalks, type ShownWalks } from "../report/walk-view.js";
import { formatDumpDocument } from "../scenario/dump-text.js";
import { Explainer, MOST_EVENTS } from "../scenario/explanation.js";
import type { Operation } from "../scenario/operation.js";
import { ScriptRunner } from "../scenario/runner.js";
import { LineError, quoted } from "../scenario/line-error.js";
import type { Script } from "../scenario/script.js";
import { parseScript } from "../scenario/script.js";
import { Turn } from "../scenario/turn.js";
import { type WalkChoice, WalkLog } from "../scenario/walk-log.js";
import { counted } from "../scenario/wording.js";
import { InputError } from "./failure.js";
import {
  buildOption,
  kernelName,
  type KernelFlags,
  type MachineFlags,
  machineOptions,
  newKernel,
  releaseOption,
  type ScriptBuild,
  setOption,
} from "./machine-options.js";
import { readScript } from "./script-input.js";
import { terminalOptions } from "./terminal-options.js";
import { isWalkChoice, refused, walkChoice } from "./walk-choice.js";

/** One defect tends to break many frames: the rest is counted. */
const SHOWN_VIOLATIONS = 5;

interface RunFlags extends MachineFlags, Omit<KernelFlags, "build"> {
  readonly build?: ScriptBuild;
  readonly verify?: true;
  readonly json?: true;
  readonly explain?: true;
  /** true: which walks was left out. */
  readonly traceWalk?: string | true;
}

/** The subcommand, for the entry to add. */
export function runCommand(): Command {
  const command = new Command("run")
    .summary("run a script and show its processes, VMAs, frames and reverse map")
    .description(
      "Runs a script of operations on processes (docs/script.md has the language) and shows, at every " +
        "dump and at the end, the processes, their VMAs, and each frame with the pages that map it. " +
        "Operations that fail are results. Exit 0 done, 1 a broken invariant, 2 bad input.",
    )
    // An option whose value can be left out may stand right before it, and takes it for its own.
    .argument("[script]", "file of the script, or - for standard input")
    .usage("[options] <script>");
  const kernel = [
    releaseOption("--release <release>", "one of ").default("v3.7"),
    setOption("--set <switch=value>"),
    buildOption("release, and checked with --trace-walk"),
  ];
  for (const option of [...kernel, ...machineOptions()]) command.addOption(option);
  return command
    .option("--verify", "check the invariants after every operation")
    .option("--json", "print dumps and results as one JSON document")
    .option("--explain", "one line per operation: what it did, and why")
    .option(
      "--trace-walk [which]",
      "walks of the reverse map as they go: line:N those of a line, P:PAGE one for a page at the end; " +
        "default: those of the last line that walks",
    )
    .action(runNamed);
}

async function runNamed(path: string | undefined, flags: RunFlags): Promise<void> {
  const { traceWalk: which } = flags;
  if (path !== undefined) return run(path, flags);
  if (typeof which === "string" && !isWalkChoice(which)) {
    return run(which, { ...flags, traceWalk: true });
  }
  throw new InputError("missing required argument 'script'");
}

async function run(path: string, flags: RunFlags): Promise<void> {
  const file = path === "-" ? "standard input" : path;
  try {
    const { traceWalk, build } = flags;
    if (traceWalk !== undefined && build === "release") {
      throw new InputError("--build: release traces no walks; accepted with --trace-walk: checked");
    }
    const script = parseScript(await readScript(path, file), file);
    const choice = traceWalk === undefined ? null : walkChoice(traceWalk, script);
    const kernel = await newKernel(script, flags, {
      ...flags,
      build: build ?? (traceWalk === undefined ? "release" : "checked"),
    });
    try {
      await runScript(kernel, script, flags, choice, path === "-" ? "-" : basename(path));
    } finally {
      kernel.dispose();
    }
  } catch (error) {
    if (error instanceof LineError) throw new InputError(error.message);
    // What an operation lacks is its result; this is what the view of the machine lacks.
    if (error instanceof KernelError && error.code === "ENOMEM") {
      const most = "the memory that a run has; accepted: scripts with fewer processes and VMAs";
      throw new InputError(`${file}: the machine that it makes does not fit in ${most}`);
    }
    throw error;
  }
}

async function runScript(
  kernel: Kernel,
  script: Script,
  flags: RunFlags,
  choice: WalkChoice | null,
  name: string,
): Promise<void> {
  const { arch } = kernel.options;
  const kernelWords = kernelName(flags.release, flags.set, arch);
  const runner = new ScriptRunner(kernel, script, { kernel: kernelWords, case: name });
  const notes = new Map<number, string>();
  const log = choice && new WalkLog(kernel, runner, choice);
  const broken = await runSteps(kernel, runner, script, flags, notes, log);
  if (log !== null && broken.length === 0) walkAtTheEnd(log, flags);
  const { document } = runner;
  const view = terminalOptions();
  if (flags.json) {
    process.stdout.write(formatDumpDocument(log ? { ...document, walks: log.walks } : document));
  } else {
    process.stdout.write(renderRun(document, script, { ...view, notes }));
    // Elsewhere than on a terminal a step is one line.
    const wrap = process.stdout.isTTY;
    if (log) process.stdout.write(`\n${renderWalks(shownWalks(log), { ...view, wrap })}`);
  }
  if (broken.length === 0) {
    if (flags.verify && !flags.json) {
      const checks = counted(script.operations.length, "time");
      process.stdout.write(`\nInvariants: checked ${checks}, 0 broken\n`);
    }
    return;
  }
  for (const line of broken) process.stderr.write(`rmaplab: ${line}\n`);
  process.exitCode = 1;
}

/** The walk for a page, if one was asked for. @throws InputError when the page is not there */
function walkAtTheEnd(log: WalkLog, { traceWalk }: RunFlags): void {
  try {
    log.finish(MOST_EVENTS);
  } catch (error) {
    if (!(error instanceof KernelError) || !["EFAULT", "ESRCH"].includes(error.code)) throw error;
    throw refused(String(traceWalk), `${error.operation}: ${error.detail}`);
  }
}

function shownWalks({ title, walks, complete }: WalkLog): ShownWalks {
  return { title, walks, kept: complete ? null : MOST_EVENTS };
}

/** Runs to the end, or up to the first broken invariant; returns what was broken. */
async function runSteps(
  kernel: Kernel,
  runner: ScriptRunner,
  script: Script,
  { verify, explain, json }: RunFlags,
  notes: Map<number, string>,
  walks: WalkLog | null,
): Promise<string[]> {
  const explanations = json ? process.stderr : process.stdout;
  // Elsewhere than on a terminal an operation is one line, for those who search and compare.
  const tell = (words: string): void => {
    const { isTTY, columns } = explanations;
    explanations.write(`${isTTY && columns ? hangingLines(words, columns) : words}\n`);
  };
  const steps = new Explainer(kernel, runner, {
    ...(explain ? { tell } : {}),
    ...(walks ? { walks } : {}),
  });
  const turn = new Turn();
  for (;;) {
    // An interrupt is heard only between two turns of the event loop.
    await turn.pass();
    const operation = runner.next;
    try {
      const step = steps.step();
      if (step === null) {
        if (explain && !json) tell("");
        return [];
      }
      if (step.note !== "") notes.set(step.operation.line, step.note);
    } catch (error) {
      if (!(error instanceof KernelError) || error.code !== "BUG" || !operation) throw error;
      return [`${place(script, operation)}: assertion failed: ${error.message}`];
    }
    const broken = verify && operation ? violations(kernel, script, operation) : [];
    if (broken.length > 0) return broken;
  }
}

function violations(kernel: Kernel, script: Script, operation: Operation): string[] {
  const found = kernel.verify();
  const lines = found
    .slice(0, SHOWN_VIOLATIONS)
    .map(
      ({ invariant, message }) => `${place(script, operation)}: ${invariant} broken: ${message}`,
    );
  const more = found.length - lines.length;
  return more > 0 ? [...lines, `${place(script, operation)}: and ${more} more broken`] : lines;
}

function place({ name }: Script, { line, text }: Operation): string {
  return `${name}:${line}: after ${quoted(text)}`;
}
