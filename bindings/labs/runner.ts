// Runs labs: each scenario on both sides, and what was seen against what is expected.

import { KernelError } from "../core/kernel-error.js";
import { createKernel } from "../kernel/create-kernel.js";
import type { Kernel } from "../kernel/kernel.js";
import type { KernelOptions } from "../kernel/options.js";
import type { KernelState } from "./history.js";
import type { LabRun, LabSide, ScenarioRun, SideRun } from "./lab-run.js";
import type { Experiment, Lab, MachineOptions, Observables, Scenario } from "./lab.js";
import { disappointments, observableDifference, seenFirst } from "./judgement.js";
import { runScriptScenario } from "./script-run.js";
import { sightOf } from "./sight.js";
import { Turn } from "../scenario/turn.js";

/** How a lab is run. */
export interface LabOptions {
  /** Ends the run between two steps, scenarios or machines. */
  readonly signal?: AbortSignal;
  /** Hears of each scenario before it runs. */
  readonly progress?: (scenario: string, index: number, count: number) => void;
}

/**
 * Runs all scenarios of a lab before and after. All its machines are disposed of in the end.
 *
 * @throws KernelError when an experiment lets one through; the signal's reason when it is aborted
 */
export async function runLab(lab: Lab, { signal, progress }: LabOptions = {}): Promise<LabRun> {
  const scenarios: ScenarioRun[] = [];
  const turn = new Turn();
  for (const [index, scenario] of lab.scenarios.entries()) {
    await turn.pass(signal);
    progress?.(scenario.name, index, lab.scenarios.length);
    scenarios.push(await runScenario(lab, scenario, turn, signal));
  }
  const { name, kind, commit, before, after } = lab;
  return {
    ...{ name, kind, commit },
    pass: scenarios.every(({ pass }) => pass),
    before: sideOf(before, scenarios, "before"),
    after: sideOf(after, scenarios, "after"),
    firstDifference: seenFirst(scenarios),
    scenarios,
  };
}

async function runScenario(
  lab: Lab,
  scenario: Scenario,
  turn: Turn,
  signal: AbortSignal | undefined,
): Promise<ScenarioRun> {
  const machines = new Machines(turn, signal);
  try {
    const found =
      "script" in scenario
        ? await runScriptScenario(
            scenario,
            (options) => machines.make(lab.before, { ...options, ...scenario.machine }),
            (options) => machines.make(lab.after, { ...options, ...scenario.machine }),
            turn,
            signal,
          )
        : await runExperiment(lab, scenario, machines);
    const { before, after } = found;
    const failed = disappointments(scenario.expected, before.observables, after.observables);
    return {
      ...{ name: scenario.name, shows: scenario.shows, pass: failed.length === 0, before, after },
      firstDifference: found.firstDifference ?? observableDifference(scenario.name, before, after),
      disappointments: failed,
      moment: found.moment,
    };
  } finally {
    machines.dispose();
  }
}

async function runExperiment(
  lab: Lab,
  scenario: Scenario & Experiment,
  machines: Machines,
): Promise<Pick<ScenarioRun, "before" | "after" | "firstDifference" | "moment">> {
  const sides: SideRun[] = [];
  for (const state of [lab.before, lab.after]) {
    const make = (options?: MachineOptions): Promise<Kernel> =>
      machines.make(state, { ...scenario.machine, ...options });
    sides.push(await experiment(scenario, make));
    machines.dispose();
  }
  const [before, after] = sides as [SideRun, SideRun];
  return { before, after, firstDifference: null, moment: null };
}

/** An assertion that the experiment did not expect is what its side shows. */
async function experiment(
  scenario: Experiment,
  make: (options?: MachineOptions) => Promise<Kernel>,
): Promise<SideRun> {
  try {
    return sightOf(await scenario.experiment(make));
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== "BUG") throw error;
    return { observables: { assertion: error.detail }, shown: [] };
  }
}

function sideOf(
  state: KernelState,
  scenarios: readonly ScenarioRun[],
  side: "before" | "after",
): LabSide {
  const entries = scenarios.flatMap((run) =>
    Object.entries(run[side].observables).map(([name, value]) => [`${run.name}.${name}`, value]),
  );
  return { ...state, observables: Object.fromEntries(entries) as Observables };
}

/** The machines of a scenario. */
class Machines {
  #kernels: Kernel[] = [];

  constructor(
    private readonly turn: Turn,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Each new machine is also a moment at which an abort is heard. */
  async make(state: KernelState, options: MachineOptions): Promise<Kernel> {
    await this.turn.pass(this.signal);
    const { release, set } = state;
    const all: KernelOptions = { build: "checked", release, ...set, ...options };
    const kernel = await createKernel(all);
    this.#kernels.push(kernel);
    return kernel;
  }

  dispose(): void {
    for (const kernel of this.#kernels) kernel.dispose();
    this.#kernels = [];
  }
}
