// One pass over a capture, on one machine.

import type { Kernel } from "../kernel/kernel.js";
import type { Violation } from "../kernel/violation.js";
import { leftNothing, replayOf } from "./call-table.js";
import { FaultReplay } from "./fault-replay.js";
import { Life } from "./life.js";
import { increment, Machine } from "./machine.js";
import type { MapsSnapshot } from "./maps-file.js";
import { isBirth, isExec } from "./plan.js";
import type { Plan } from "./plan.js";
import { SnapshotChecks } from "./snapshot-checks.js";
import type { StraceEvent } from "./strace-file.js";
import type { Task } from "./task.js";
import { Timeline } from "./timeline.js";
import type { TimelineVisitor } from "./timeline.js";
import type { TracedCall } from "./traced-call.js";

/** Operations between two checks of the invariants. */
const VERIFY_EVERY = 4096;

/** Milliseconds between two rests, in which progress is told and an abort or a signal is noticed. */
const REST_AFTER = 50;
/** Steps between two looks at the clock. */
const LOOK_EVERY = 64;

/** The moment when the machine had most VMAs. */
export interface Peak {
  vmas: number;
  /** Steps of the timeline before the operations that led there, and behind them. */
  step: number;
  end: number;
}

/** How a pass is made. */
export interface RunOptions {
  verify?: boolean;
  signal?: AbortSignal | undefined;
  /** Told how many steps of how many are done. */
  progress?: ((done: number, total: number) => void) | undefined;
}

/** A violation, and the line of the capture behind which it was found. */
export interface FoundViolation extends Violation {
  line: number;
}

class PeakReached extends Error {}

/** A pass over a capture. */
export class ReplayRun implements TimelineVisitor {
  readonly machine: Machine;
  readonly checks: SnapshotChecks;
  readonly faults: FaultReplay;
  readonly violations: FoundViolation[] = [];
  /** How often the invariants were checked. */
  verified = 0;
  readonly peak: Peak = { vmas: 0, step: 0, end: 0 };
  readonly #life: Life;
  readonly #timeline: Timeline;
  #step = 0;
  #batchStep = 0;
  #line = 0;
  #verifiedAt = 0;
  #until: number | null = null;

  constructor(
    readonly kernel: Kernel,
    plan: Plan,
    private readonly options: RunOptions = {},
  ) {
    const { strace, faults, hasFaults, snapshots } = plan.capture;
    this.machine = new Machine(kernel, !hasFaults);
    this.checks = new SnapshotChecks(snapshots);
    this.#life = new Life(this.machine, plan, this.checks);
    this.faults = new FaultReplay(this.machine, plan, this.#life);
    this.#timeline = new Timeline(strace.events, faults, snapshots);
    for (const [name, count] of strace.unknown) {
      increment(this.machine.counts.notReplayed, name, count);
    }
    this.machine.submission.onRun = () => {
      this.#afterRun();
    };
  }

  /** Replays everything. */
  async toEnd(): Promise<void> {
    await this.#steps(Infinity);
    this.machine.submission.flush();
    if (this.options.verify) this.#verify();
  }

  /** Replays up to the moment when the machine has as many VMAs as another pass saw at most. */
  async toPeak(peak: Peak): Promise<void> {
    await this.#steps(peak.step);
    try {
      this.machine.submission.flush();
      this.#until = peak.vmas;
      this.machine.submission.limit = 1;
      this.#afterRun();
      await this.#steps(peak.end);
      this.machine.submission.flush();
    } catch (error) {
      if (!(error instanceof PeakReached)) throw error;
    }
  }

  event(event: StraceEvent): void {
    this.#line = event.line;
    if (event.kind === "superseded") {
      this.#life.supersede(event.tid, event.by, event.line);
      return;
    }
    const task = this.#life.thread(event.tid, event.time, event.line);
    if (event.kind === "exec-begun") task.executing = true;
    else if (event.kind === "end") this.#life.end(task, event.line);
    else this.#call(task, event);
  }

  fault(index: number): void {
    this.faults.apply(index);
  }

  snapshot(snapshot: MapsSnapshot): void {
    this.checks.reached(this.machine, snapshot);
    if (this.options.verify) this.#verify();
  }

  #call(task: Task, call: TracedCall): void {
    if (leftNothing(call)) {
      this.machine.counts.failed++;
    } else {
      increment(this.machine.counts.operations, call.name);
      if (isBirth(call.name)) this.#life.fork(task, call);
      else if (isExec(call.name)) this.#life.exec(task, call);
      else if (call.name.startsWith("exit")) this.#life.exit(task, call);
      else replayOf(call.name)?.(this.machine, task, call);
    }
    if (task.executing && isExec(call.name)) this.faults.applyWaiting(task);
  }

  async #steps(end: number): Promise<void> {
    const { progress, signal } = this.options;
    let rested = performance.now();
    while (this.#step < end) {
      if (this.machine.submission.length === 0) this.#batchStep = this.#step;
      this.checks.now = this.#timeline.time;
      if (!this.#timeline.step(this)) break;
      this.#step++;
      if (this.#step % LOOK_EVERY !== 0 || performance.now() - rested < REST_AFTER) continue;
      progress?.(this.#step, this.#timeline.length);
      await new Promise((resume) => setImmediate(resume));
      signal?.throwIfAborted();
      rested = performance.now();
    }
    progress?.(this.#step, this.#timeline.length);
  }

  #afterRun(): void {
    const { kernel, peak } = this;
    if (this.#until !== null && kernel.vmaCount >= this.#until) throw new PeakReached();
    if (kernel.peakVmaCount > peak.vmas) {
      peak.vmas = kernel.peakVmaCount;
      peak.step = this.#batchStep;
      peak.end = this.#step + 1;
    }
    this.#batchStep = this.#step;
    const { submitted } = this.machine.submission;
    if (this.options.verify && submitted - this.#verifiedAt >= VERIFY_EVERY) this.#verify();
  }

  #verify(): void {
    this.#verifiedAt = this.machine.submission.submitted;
    this.verified++;
    for (const violation of this.kernel.verify()) {
      this.violations.push({ ...violation, line: this.#line });
    }
  }
}
