// `rmaplab diff`: a script on two kernels, step by step.

import { basename } from "node:path";
import { Command } from "commander";
import type { Kernel } from "../kernel/kernel.js";
import { switchNames } from "../kernel/releases.js";
import { agree, renderDiff, type ScriptDifference } from "../report/diff-view.js";
import type { Difference, DocumentNames } from "../scenario/dump-comparison.js";
import { LineError } from "../scenario/line-error.js";
import { parseScript, type Script } from "../scenario/script.js";
import { type PairStep, SideBySide } from "../scenario/side-by-side.js";
import { Turn } from "../scenario/turn.js";
import { InputError } from "./failure.js";
import {
  type Assignments,
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

interface DiffFlags extends MachineFlags {
  readonly a: string;
  readonly b: string;
  readonly setA?: Assignments;
  readonly setB?: Assignments;
  readonly build?: ScriptBuild;
  readonly json?: true;
}

/** The subcommand, for the entry to add. */
export function diffCommand(): Command {
  const command = new Command("diff")
    .summary("run a script on two kernels and show where they part")
    .description(
      "Runs a script on two kernels in lockstep, and shows the operations after which they differ in result, state " +
        "or cost, what it cost in all, and where they part first. Frame numbers, times and the order in which " +
        "walks meet VMAs are not compared. Exit 0 when results and state are the same (cost may differ), 1 when " +
        "they differ, 2 bad input.",
    )
    .argument("<script>", "file of the script, or - for standard input");
  const options = [
    releaseOption("--a <release>", "the first kernel, one of ").default("v3.7"),
    releaseOption("--b <release>", "the second kernel, one of ").default("v3.7"),
    setOption("--set-a <switch=value>", "one switch of the first, repeatable, as --set of run"),
    setOption("--set-b <switch=value>", "one switch of the second"),
    buildOption("checked, which counts locks"),
  ];
  for (const option of [...options, ...machineOptions()]) command.addOption(option);
  return command.option("--json", "print what differs as one JSON document").action(diff);
}

async function diff(path: string, flags: DiffFlags): Promise<void> {
  const file = path === "-" ? "standard input" : path;
  try {
    const script = parseScript(await readScript(path, file), file);
    const found = await compare(script, flags, path === "-" ? "-" : basename(path));
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(asJson(found), null, 1)}\n`
        : renderDiff(found, terminalOptions()),
    );
    if (!agree(found)) process.exitCode = 1;
  } catch (error) {
    if (error instanceof LineError) throw new InputError(error.message);
    throw error;
  }
}

async function compare(script: Script, flags: DiffFlags, name: string): Promise<ScriptDifference> {
  const { a, b, setA, setB, build = "checked" } = flags;
  const sides: readonly (readonly [string, KernelFlags])[] = [
    ["--set-a", { release: a, build, ...(setA && { set: setA }) }],
    ["--set-b", { release: b, build, ...(setB && { set: setB }) }],
  ];
  const kernels: Kernel[] = [];
  try {
    for (const [option, side] of sides) kernels.push(await newKernel(script, flags, side, option));
    const [first, second] = kernels as [Kernel, Kernel];
    const names = sides.map(([, { release, set }]) =>
      kernelName(release, set, "x86-64").replace(/^rmaplab /, ""),
    ) as [string, string];
    const switches = differingSwitches(first, second);
    if (switches.length === 0) throw sameKernel(names);
    const pair = new SideBySide(
      { kernel: first, names: { kernel: names[0], case: name } },
      { kernel: second, names: { kernel: names[1], case: name } },
      script,
    );
    return { names, switches, script: name, ...(await collect(pair, script)) };
  } finally {
    for (const kernel of kernels) kernel.dispose();
  }
}

/** What the two differ in, whatever they are called: v3.5 and v3.6 have the same switches. */
function differingSwitches({ options: a }: Kernel, { options: b }: Kernel): Difference[] {
  return switchNames
    .filter((what) => a[what] !== b[what])
    .map((what) => ({ what, a: a[what], b: b[what] }));
}

function sameKernel([a, b]: DocumentNames): InputError {
  const why = a === b ? `both kernels are ${a}` : `${a} and ${b} have the same switches`;
  const accepted = "kernels that differ in one, by --a, --b, --set-a or --set-b";
  return new InputError(`diff: ${why}; accepted: ${accepted}`);
}

async function collect(
  pair: SideBySide,
  script: Script,
): Promise<Omit<ScriptDifference, "names" | "switches" | "script">> {
  const steps: PairStep[] = [];
  const turn = new Turn();
  for (let step = pair.step(); step !== null; step = pair.step()) {
    if (differs(step)) steps.push(step);
    // An interrupt is heard between two.
    await turn.pass();
  }
  const { a, b } = pair;
  return {
    ...{ operations: script.operations.length, steps },
    end: pair.differences,
    costs: [a.total, b.total],
    assertions: [a.assertion, b.assertion],
    unseenFrom: pair.unseenFrom,
  };
}

function differs({ result, state, gone, cost }: PairStep): boolean {
  return result !== null || (state ?? []).length > 0 || gone.length > 0 || cost.length > 0;
}

function asJson(found: ScriptDifference) {
  const { names, switches, script, operations, steps, end, costs, assertions, unseenFrom } = found;
  return {
    script,
    a: { kernel: names[0], assertion: assertions[0], cost: costs[0] },
    b: { kernel: names[1], assertion: assertions[1], cost: costs[1] },
    switches,
    same: agree(found),
    operations,
    everyStepSeen: unseenFrom === null,
    unseenFrom,
    steps: steps.map(({ operation, a, b, result, state, gone, cost }) => ({
      line: operation.line,
      operation: operation.text,
      a: { outcome: a.outcome, error: a.error },
      b: { outcome: b.outcome, error: b.error },
      ...{ result, state, gone, cost },
    })),
    end,
  };
}
