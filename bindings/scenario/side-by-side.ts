// One script on two machines, in lockstep: after each operation what they answered, what they look like, and what it cost.

import { KernelError } from "../core/kernel-error.js";
import type { Kernel } from "../kernel/kernel.js";
import { type Difference, dumpDifferences } from "./dump-comparison.js";
import { type Dump, entriesOf } from "./dump.js";
import type { Operation } from "./operation.js";
import {
  type Costs,
  costsBetween,
  costSum,
  readCosts,
  type Readings,
  readStatistics,
} from "./reading.js";
import { type RunNames, ScriptRunner } from "./runner.js";
import type { Script } from "./script.js";

/** VMAs, runs of pages and frames that are looked at in all before machines are only looked at where the script dumps. */
export const MOST_LOOKED_AT = 4_000_000;

/** What one side did in a step. */
export interface SideStep {
  /** 0, a value, or what went wrong; null for a dump. "BUG" for an assertion, after which the side does nothing more. */
  readonly outcome: number | string | null;
  /** Why it failed, if it did. */
  readonly error: string | null;
  /** What it cost: counters and, where the build has them, locks. */
  readonly cost: Costs;
}

/** One operation that both sides did. */
export interface PairStep {
  readonly operation: Operation;
  readonly a: SideStep;
  readonly b: SideStep;
  readonly result: Difference | null;
  /** Where the machines differ now and did not before, or did otherwise; null: they were not looked at. */
  readonly state: readonly Difference[] | null;
  /** Where they differed before and do not any more. */
  readonly gone: readonly Difference[];
  readonly cost: readonly Difference[];
}

/** One of the two. */
export interface Side {
  readonly kernel: Kernel;
  readonly names: RunNames;
}

/** Runs a script on two machines, which nobody else uses meanwhile. */
export class SideBySide {
  readonly a: SideRunner;
  readonly b: SideRunner;
  #looked = 0;
  #unseenFrom: number | null = null;
  #parted: ReadonlyMap<string, Difference> = new Map();

  constructor(
    a: Side,
    b: Side,
    private readonly script: Script,
    private readonly mostLookedAt = MOST_LOOKED_AT,
  ) {
    this.a = new SideRunner(a, script);
    this.b = new SideRunner(b, script);
  }

  /** Everything in which the machines differed when they were looked at last. */
  get differences(): readonly Difference[] {
    return [...this.#parted.values()];
  }

  /**
   * The first line after which they were not looked at, as they had grown so large that they are only looked at where
   * the script dumps, and at the end; null: after each.
   */
  get unseenFrom(): number | null {
    return this.#unseenFrom;
  }

  /**
   * Both do the next operation.
   * @returns null at the end, which is also where an assertion of one of them failed
   * @throws LineError when the dumps grow too large
   */
  step(): PairStep | null {
    const { a, b } = this;
    const operation = a.assertion === null && b.assertion === null ? a.runner.next : undefined;
    if (operation === undefined) return null;
    const stepA = a.step();
    const stepB = b.step();
    const { state, gone } = this.#look(operation);
    a.settle();
    b.settle();
    return {
      operation,
      a: stepA,
      b: stepB,
      result: differs("result", resultOf(stepA), resultOf(stepB)),
      state,
      gone,
      cost: costDifferences(stepA.cost, stepB.cost),
    };
  }

  /** A side that is still there goes on to its end, and has its final dump. */
  finish(): void {
    this.a.finish();
    this.b.finish();
  }

  #look(operation: Operation): Pick<PairStep, "state" | "gone"> {
    const { a, b } = this;
    if (a.assertion !== null || b.assertion !== null) return { state: null, gone: [] };
    const isLast = operation === this.script.operations.at(-1);
    const isEnough = this.#looked >= this.mostLookedAt;
    if (isEnough && !isLast && operation.op !== "dump") {
      this.#unseenFrom ??= operation.line;
      return { state: null, gone: [] };
    }
    const lookA = a.runner.look();
    const lookB = b.runner.look();
    this.#looked += entriesOf(lookA) + entriesOf(lookB);
    a.seen = lookA;
    b.seen = lookB;
    const all = [
      ...dumpDifferences(lookA, lookB),
      ...differing(a.statistics(), b.statistics()),
    ].map((difference) => [difference.what, difference] as const);
    const before = this.#parted;
    this.#parted = new Map(all);
    return {
      state: all.filter(([what, now]) => isNew(before.get(what), now)).map(([, now]) => now),
      gone: [...before.values()].filter(({ what }) => !this.#parted.has(what)),
    };
  }
}

/** One side's runner, until an assertion of its kernel fails. */
export class SideRunner {
  readonly runner: ScriptRunner;
  readonly kernel: Kernel;
  /** What it looked like when it was looked at last. */
  seen: Dump | null = null;
  /** The assertion that ended it. */
  assertion: string | null = null;
  /** What all steps cost. */
  total: Costs = {};
  #before: Costs;

  constructor({ kernel, names }: Side, script: Script) {
    this.kernel = kernel;
    this.runner = new ScriptRunner(kernel, script, names);
    this.#before = readCosts(kernel);
  }

  step(): SideStep {
    try {
      const step = this.runner.step();
      const cost = costsBetween(this.#before, readCosts(this.kernel));
      this.total = costSum(this.total, cost);
      return { outcome: step?.result?.[2] ?? null, error: step?.error?.detail ?? null, cost };
    } catch (error) {
      if (!(error instanceof KernelError) || error.code !== "BUG") throw error;
      this.assertion = error.detail;
      return { outcome: error.code, error: error.detail, cost: {} };
    }
  }

  finish(): void {
    while (this.assertion === null && this.runner.next !== undefined) this.step();
    if (this.assertion === null) this.runner.step();
  }

  /** What was done since the last step, to look at the machine, costs nothing. */
  settle(): void {
    if (this.assertion === null) this.#before = readCosts(this.kernel);
  }

  /** vmstat and memory.stat. */
  statistics(): Readings {
    return readStatistics(this.kernel, this.runner);
  }
}

/** An answer with its reason, where it is an assertion: two of them may differ. */
function resultOf({ outcome, error }: SideStep): number | string {
  return outcome === "BUG" ? `assertion failed: ${error}` : (outcome ?? 0);
}

function differs(what: string, a: number | string, b: number | string): Difference | null {
  return a === b ? null : { what, a, b };
}

function differing(a: Readings, b: Readings): Difference[] {
  return Object.keys(a).flatMap((what) => differs(what, a[what] ?? 0, b[what] ?? 0) ?? []);
}

/** None where one side ended: what it did up to there is no cost of the operation. */
function costDifferences(a: Costs, b: Costs): Difference[] {
  const isWhole = Object.keys(a).length > 0 && Object.keys(b).length > 0;
  return isWhole ? differing(a, b) : [];
}

/** Counts that go on by the same amounts on both sides keep their distance: nothing new. */
function isNew(before: Difference | undefined, now: Difference): boolean {
  if (before === undefined) return true;
  if (typeof before.a === "number" && typeof now.a === "number") {
    return Number(now.b) - now.a !== Number(before.b) - before.a;
  }
  return before.a !== now.a || before.b !== now.b;
}
