// What a lab is: one commit, or one later defect, with what can be run to see what it changed.

import type { Kernel } from "../kernel/kernel.js";
import type { KernelOptions } from "../kernel/options.js";
import type { ScriptRunner } from "../scenario/runner.js";
import type { KernelState } from "./history.js";
import type { LabRun } from "./lab-run.js";
import type { Picture } from "./picture.js";

/** What was seen, by name: exact counts, words, yes or no. Names are camelCase, and say their unit if they have one. */
export type Observables = Readonly<Record<string, number | string | boolean>>;

/** What a scenario finds on one side. */
export interface Sight {
  readonly observables: Observables;
  /** Lines for people beside them: a time line, a table, a log. */
  readonly shown?: readonly string[];
}

/** Sizes and builds of a scenario's machines, without what the lab's sides say. */
export type MachineOptions = Omit<KernelOptions, "release">;

/** Makes a kernel of one side; whoever runs the lab disposes of it. Options override what the scenario says. */
export type MakeKernel = (options?: MachineOptions) => Promise<Kernel>;

/** A script that both sides run step by step, in lockstep: the first step at which they part is found. */
export interface ScriptScenario {
  readonly script: string;
  /** What to look at when it has run to its end. */
  observe(run: ScriptRunner, kernel: Kernel): Observables | Sight;
}

/** Anything that no script can say: schedules, callbacks, thousands of VMAs. */
export interface Experiment {
  experiment(makeKernel: MakeKernel): Promise<Observables | Sight>;
}

/** One thing to run on both sides. */
export type Scenario = {
  /** Short, in kebab-case, unique in its lab. */
  readonly name: string;
  /** One sentence: what it shows. */
  readonly shows: string;
  /**
   * For the machines of both sides; the default build is checked, and a script's machine as large as the script needs.
   */
  readonly machine?: MachineOptions;
  /** Exactly what each side must show (spec/commits.md); an observable that is not named here fails the lab. */
  readonly expected: { readonly before: Observables; readonly after: Observables };
} & (ScriptScenario | Experiment);

/** A commit or a later defect, to run. */
export interface Lab {
  /** In kebab-case: what `rmaplab lab NAME` takes. */
  readonly name: string;
  readonly kind: "commit" | "defect";
  /** 12 digits; null for a defect. */
  readonly commit: string | null;
  /** One line for lists. */
  readonly title: string;
  /** The kernels that it compares. */
  readonly before: KernelState;
  readonly after: KernelState;
  /** For people: what was wrong, and what each side does. Paragraphs of a few sentences. */
  readonly problem: string;
  readonly beforeText: string;
  readonly afterText: string;
  /** What to look for in what is printed. */
  readonly lookFor: string;
  /** What must hold in the end, in a sentence. */
  readonly invariant: string;
  /** Rules of test/mutants/breaks that this lab is about, word for word: each is broken there, and noticed. */
  readonly mutants: readonly string[];
  readonly scenarios: readonly Scenario[];
  /** What each observable of its scenarios is, for people: a phrase with its unit, without a full stop. */
  readonly meanings: Readonly<Record<string, string>>;
  /** May both sides agree in all observables of all scenarios? Then that is what the lab shows. */
  readonly sidesAgree?: true;
  /**
   * The scenario as a picture, made of what the lab's run found. Default: where a script's sides part, what the
   * machines look like, or, if they only count otherwise, the way there; and else counts of both sides as bars.
   */
  readonly picture?: (run: LabRun) => Picture;
}
