// Two kernel paths of the explore build in every schedule with two switches, for labs about walks that miss an entry:
// the first path goes some steps, then the second, then the first to its end, then the second.

import { KernelError } from "../core/kernel-error.js";
import type { Batch } from "../kernel/batch.js";
import type { Kernel } from "../kernel/kernel.js";
import type { KernelEvent } from "../kernel/kernel-event.js";
import type { KernelOptions } from "../kernel/options.js";
import type { Process } from "../kernel/process.js";
import { type Actor, type Moment, Scheduler } from "../scenario/scheduler.js";
import { tellEvent } from "./event-words.js";

/** What is set up, and the paths that meet there. */
export interface Meeting {
  readonly process: Process;
  readonly first: (batch: Batch) => void;
  readonly second: (batch: Batch) => void;
}

/** What came of one schedule. */
export interface Ending {
  /** Steps of the first path before the second begins, and steps of the second before the first goes on. */
  readonly firstSteps: number;
  readonly secondSteps: number;
  /** The assertion, or the invariants, that broke; null if nothing did. */
  readonly wrong: string | null;
  /** What happened, in words, of the first path as "move" and of the second as "walk". */
  readonly log: readonly string[];
}

const NAMES = ["move", "walk"] as const;

/** More steps than two paths have. */
const ENDLESS = 20_000;

/** A machine of the explore build on which two paths meet. Dispose of it. */
export class Overtaking {
  readonly #scheduler: Scheduler;
  readonly #first: Actor;
  readonly #second: Actor;
  readonly #start: Moment;

  private constructor(scheduler: Scheduler, { first, second }: Meeting) {
    this.#scheduler = scheduler;
    this.#first = scheduler.actor(NAMES[0], first);
    this.#second = scheduler.actor(NAMES[1], second);
    scheduler.kernel.recordEvents(true, { walks: true });
    this.#start = scheduler.save();
  }

  /** @param options those of a kernel; it is made as another one, of the explore build */
  static async create(
    options: Omit<KernelOptions, "build">,
    setUp: (kernel: Kernel) => Meeting,
  ): Promise<Overtaking> {
    const scheduler = await Scheduler.create(options);
    return new Overtaking(scheduler, setUp(scheduler.kernel));
  }

  /** Every schedule in turn, until the caller has seen enough. */
  *endings(): Generator<Ending> {
    for (let firstSteps = 0; this.#stop(firstSteps); firstSteps++) {
      for (let secondSteps = 0; ; secondSteps++) {
        const ending = this.play(firstSteps, secondSteps);
        if (ending === null) break;
        yield ending;
      }
    }
  }

  /** Plays one schedule; null if the second path does not get so far while the first is stopped. */
  play(firstSteps: number, secondSteps: number): Ending | null {
    this.#stop(firstSteps);
    for (let step = 0; step < secondSteps; step++) {
      if (this.#second.done || this.#second.blocked) return null;
      this.#scheduler.step(this.#second);
    }
    const wrong = this.#complaint();
    const log = this.#scheduler.kernel.takeEvents().flatMap((event) => this.#told(event));
    return { firstSteps, secondSteps, wrong, log };
  }

  dispose(): void {
    this.#scheduler.kernel.dispose();
  }

  /** From the beginning, the first path after so many steps; false if it has come to its end by then. */
  #stop(firstSteps: number): boolean {
    this.#scheduler.restore(this.#start);
    for (let step = 0; step < firstSteps && !this.#first.done; step++) {
      this.#scheduler.step(this.#first);
    }
    return !this.#first.done;
  }

  #complaint(): string | null {
    try {
      this.#scheduler.finish(this.#first);
      this.#settle();
      const [violation] = this.#scheduler.kernel.verify();
      return violation?.message ?? null;
    } catch (error) {
      if (error instanceof KernelError && error.code === "BUG") return error.detail;
      throw error;
    }
  }

  #settle(): void {
    const { actors } = this.#scheduler;
    for (let steps = 0; steps < ENDLESS; steps++) {
      const ready = actors.filter((actor) => !actor.done);
      const [next] = ready.some(({ blocked }) => !blocked)
        ? ready.filter(({ blocked }) => !blocked)
        : ready.slice(steps % Math.max(ready.length, 1));
      if (next === undefined) return;
      this.#scheduler.step(next);
    }
    throw new Error("two paths do not come to an end");
  }

  #told(event: KernelEvent): string[] {
    const words = tellEvent(event);
    return words === null ? [] : [`${NAMES[(event.actor ?? 1) - 1] ?? "?"}: ${words}`];
  }
}

/** What came of all schedules. */
export interface Search {
  readonly schedules: number;
  /** Those in which something goes wrong, and the first of them. */
  readonly failing: number;
  readonly bad: Ending | null;
}

/** Plays all schedules. */
export function search(paths: Overtaking): Search {
  let [schedules, failing] = [0, 0];
  let bad: Ending | null = null;
  for (const ending of paths.endings()) {
    schedules++;
    if (ending.wrong === null) continue;
    failing++;
    bad ??= ending;
  }
  return { schedules, failing, bad };
}
