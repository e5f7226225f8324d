// A lab's script on both sides, step by step.

import type { Kernel } from "../kernel/kernel.js";
import type { Difference } from "../scenario/dump-comparison.js";
import { machineFor } from "../scenario/machine-size.js";
import { parseScript } from "../scenario/script.js";
import { type PairStep, SideBySide, type SideRunner } from "../scenario/side-by-side.js";
import type { FirstDifference, Moment, ScenarioRun, SideRun } from "./lab-run.js";
import type { MachineOptions, Scenario, ScriptScenario } from "./lab.js";
import { sightOf } from "./sight.js";
import type { Turn } from "../scenario/turn.js";

type Make = (options: MachineOptions) => Promise<Kernel>;

/** The script as it is run and shown: in its file it begins on a line of its own. */
export function scriptText({ script }: ScriptScenario): string {
  return script.trim();
}

/** Runs the script to its end, or to an assertion; the side that it fails on shows it as `assertion`. */
export async function runScriptScenario(
  scenario: Scenario & ScriptScenario,
  makeBefore: Make,
  makeAfter: Make,
  turn: Turn,
  signal: AbortSignal | undefined,
): Promise<Pick<ScenarioRun, "before" | "after" | "firstDifference" | "moment">> {
  const script = parseScript(scriptText(scenario), scenario.name);
  const size = machineFor(script);
  const names = { kernel: "rmaplab", case: scenario.name };
  const pair = new SideBySide(
    { kernel: await makeBefore(size), names },
    { kernel: await makeAfter(size), names },
    script,
  );
  const parting = new Parting(scenario.name, pair);
  for (let step = pair.step(); step !== null; step = pair.step()) {
    parting.take(step);
    await turn.pass(signal);
  }
  pair.finish();
  const { firstDifference, moment } = parting;
  return {
    ...{ before: seen(scenario, pair.a), after: seen(scenario, pair.b) },
    ...{ firstDifference, moment },
  };
}

function seen(scenario: ScriptScenario, side: SideRunner): SideRun {
  if (side.assertion !== null) return { observables: { assertion: side.assertion }, shown: [] };
  return sightOf(scenario.observe(side.runner, side.kernel));
}

/** Keeps where two sides part: in result or state, or, as long as they don't, in cost. */
class Parting {
  moment: Moment | null = null;
  #first: FirstDifference | null = null;
  #cost: FirstDifference | null = null;

  constructor(
    private readonly scenario: string,
    private readonly pair: SideBySide,
  ) {}

  get firstDifference(): FirstDifference | null {
    return this.#first ?? this.#cost;
  }

  take(step: PairStep): void {
    if (this.#first !== null) return;
    const { result, state, cost } = step;
    if (result !== null) this.#first = this.#found("result", step, [result]);
    else if (state !== null && state.length > 0) this.#first = this.#found("state", step, state);
    else if (cost.length > 0) this.#cost ??= this.#found("cost", step, cost);
    this.#look(step);
  }

  #found(
    kind: "result" | "state" | "cost",
    { operation: { line, text } }: PairStep,
    differences: readonly Difference[],
  ): FirstDifference | null {
    const [first] = differences;
    if (first === undefined) return null;
    const { what, a, b } = first;
    const { scenario } = this;
    const count = differences.length;
    return {
      ...{ scenario, kind, line, operation: text, differences: count, what },
      ...{ before: a, after: b },
    };
  }

  #look({ operation: { line, text }, result, state }: PairStep): void {
    const { a, b } = this.pair;
    if (a.seen === null || b.seen === null) return;
    const differences = [...(result ? [result] : []), ...(state ?? [])];
    this.moment = { line, operation: text, before: a.seen, after: b.seen, differences };
  }
}
