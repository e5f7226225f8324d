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
  /** What the first path is called in logs: "move" if nothing is said; the second is the "walk". */
  readonly name?: string;
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
  /** Did the first path have to wait for a lock of the second when it went on? */
  readonly waits: boolean;
  /** Did the second hold the mutex of an anon_vma then? */
  readonly locked: boolean;
  /** What happened, in words, each line with the name of its path in front. */
  readonly log: readonly string[];
}

const MUTEX = "anon_vma mutex";

/** More steps than two paths have. */
const ENDLESS = 20_000;

/** A machine of the explore build on which two paths meet. Dispose of it. */
export class Overtaking {
  readonly #scheduler: Scheduler;
  readonly #first: Actor;
  readonly #second: Actor;
  readonly #start: Moment;

  private constructor(scheduler: Scheduler, { first, second, name = "move" }: Meeting) {
    this.#scheduler = scheduler;
    this.#first = scheduler.actor(name, first);
    this.#second = scheduler.actor("walk", second);
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
    const log = this.#takeLog();
    const locked = this.#second.heldLocks.some(({ lock }) => lock === MUTEX);
    let waits = false;
    const wrong = this.#complaint(() => {
      waits = !this.#scheduler.finish(this.#first);
      log.push(...this.#takeLog(), ...(waits ? [`${this.#first.name}: ${this.#waiting()}`] : []));
      this.#settle();
    });
    log.push(...this.#takeLog());
    return { firstSteps, secondSteps, wrong, waits, locked, log };
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

  #complaint(goOn: () => void): string | null {
    try {
      goOn();
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

  /** The lock is named if there is no doubt: the page's, which the walk holds too, is none that a system call wants. */
  #waiting(): string {
    const held = this.#second.heldLocks.filter(({ lock }) => lock !== "page lock");
    return held.length === 1 ? `waits for the ${held[0]?.lock}` : "waits";
  }

  #takeLog(): string[] {
    return this.#scheduler.kernel.takeEvents().flatMap((event) => this.#told(event));
  }

  #told(event: KernelEvent): string[] {
    const words = tellEvent(event);
    if (words === null) return [];
    const { name } = event.actor === this.#first.number ? this.#first : this.#second;
    return [`${name}: ${words}`];
  }
}
