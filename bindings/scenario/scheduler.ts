import { compileCore, type Asyncify, type Core } from "../core/core.js";
import { KernelError } from "../core/kernel-error.js";
import type { Machine } from "../core/machine.js";
import { Batch } from "../kernel/batch.js";
import { readHeldLocks, type HeldLock } from "../kernel/held-locks.js";
import { createKernelSync } from "../kernel/create-kernel.js";
import type { Kernel, Snapshot } from "../kernel/kernel.js";
import type { KernelOptions } from "../kernel/options.js";

/** Where an actor stands: a YieldKind of assembly/sync/yield-point.ts, and the object it is about to touch. */
export interface Stop {
  readonly kind: "lock" | "unlock" | "blocked" | "access";
  /** Address in linear memory: equal for equal objects. */
  readonly object: number;
}

const kinds = ["lock", "unlock", "blocked", "access"] as const;

/** Bytes for the stack of a suspended actor. */
const STACK = 8192;
/** Operations that one actor can run. */
const OPERATIONS = 15;
const MAX_ACTORS = 15;

interface Progress {
  readonly suspended: boolean;
  readonly done: boolean;
  readonly stop: Stop | null;
}

const ENDED: Progress = { suspended: false, done: true, stop: null };

/** Operations that run step by step: see Scheduler. */
export class Actor {
  /** What it runs. Results are valid once it is done. */
  readonly batch: Batch;
  /** @internal */
  progress: Progress = { suspended: false, done: false, stop: null };

  /** Made by Scheduler.actor(): not for users. */
  constructor(
    readonly name: string,
    /** From 1. */
    readonly number: number,
    /** @internal Address of its saved stack. */
    readonly stack: number,
    batch: Batch,
    private readonly machine: Machine,
  ) {
    this.batch = batch;
  }

  get done(): boolean {
    return this.progress.done;
  }

  /** Where it is suspended; null before its first step and when it is done. */
  get stop(): Stop | null {
    return this.progress.stop;
  }

  /** Locks that it holds where it stands, the one taken first in front. */
  get heldLocks(): readonly HeldLock[] {
    return readHeldLocks(this.machine, this.number) ?? [];
  }

  /** Is it waiting for a lock that another actor held when it last looked (swapoff: for what others had in hand)? */
  get blocked(): boolean {
    return this.progress.stop?.kind === "blocked";
  }
}

/** The machine and all actors at one moment. */
export interface Moment {
  readonly snapshot: Snapshot;
  readonly progress: readonly Progress[];
  readonly completions: Float64Array;
}

/**
 * Runs actors on a kernel of the explore build, one step at a time: a step goes to the next yield point,
 * that is the next lock operation or shared access of a kernel path. Between steps the machine can be
 * saved and restored, suspended paths included.
 *
 * Set processes and files up on `kernel` first, then make the actors: calls of the API run without
 * stopping, and wait for ever on a lock that a suspended actor holds (KernelError BUG).
 */
export class Scheduler {
  readonly kernel: Kernel;
  readonly actors: Actor[] = [];
  readonly #core: Core & Asyncify;
  #running: Actor | null = null;

  private constructor(module: WebAssembly.Module, options: Omit<KernelOptions, "build">) {
    this.kernel = createKernelSync(module, options, (kind, object) => this.#yield(kind, object));
    this.#core = this.kernel.core as Core & Asyncify;
    this.kernel.context.batchCapacity = OPERATIONS + 1;
  }

  /** @throws KernelError EINVAL, ENOMEM */
  static async create(options: Omit<KernelOptions, "build"> = {}): Promise<Scheduler> {
    return new Scheduler(await compileCore("explore"), { frames: 64, ...options });
  }

  /**
   * A new actor.
   *
   * @param fill puts its operations (at most 15) into the batch
   * @throws RangeError for more than 15 actors or operations
   * @throws KernelError ENOMEM
   */
  actor(name: string, fill: (batch: Batch) => void): Actor {
    const number = this.actors.length + 1;
    if (number > MAX_ACTORS) throw new RangeError(`Scheduler has room for ${MAX_ACTORS} actors.`);
    const stack = this.#core.actorStack(STACK) >>> 0;
    if (!stack) throw new KernelError("ENOMEM", `actor ${name}`, "no room for its stack");
    const batch = new Batch(this.kernel.context, number * (OPERATIONS + 1), OPERATIONS);
    fill(batch);
    const actor = new Actor(name, number, stack, batch, this.kernel.machine);
    this.actors.push(actor);
    return actor;
  }

  #yield(kind: number, object: number): void {
    const actor = this.#running;
    if (!actor) return;
    if (this.#core.asyncify_get_state() === 2) {
      this.#core.asyncify_stop_rewind();
      return;
    }
    actor.progress = {
      suspended: true,
      done: false,
      stop: { kind: kinds[kind - 1] ?? "access", object: object >>> 0 },
    };
    this.#core.asyncify_start_unwind(actor.stack);
  }

  /**
   * Lets the actor go to its next yield point or its end.
   *
   * @throws RangeError when it is done
   * @throws KernelError BUG when an assertion or lock rule is broken
   */
  step(actor: Actor): void {
    if (actor.done) throw new RangeError(`Actor ${actor.name} is done.`);
    const { machine } = this.kernel;
    const wasSuspended = actor.progress.suspended;
    actor.progress = { suspended: false, done: false, stop: null };
    this.#running = actor;
    const { watch } = machine;
    machine.watch = null;
    this.#core.setActor(actor.number);
    try {
      if (wasSuspended) {
        this.#core.asyncify_start_rewind(actor.stack);
      } else {
        machine.view.setUint32(actor.stack, actor.stack + 8, true);
        machine.view.setUint32(actor.stack + 4, actor.stack + STACK, true);
      }
      actor.batch.run();
      if (this.#core.asyncify_get_state() === 1) this.#core.asyncify_stop_unwind();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      // Asyncify traps when a stack is full; a kernel path that deep is a defect all the same.
      const used = machine.view.getUint32(actor.stack, true) - actor.stack;
      const detail = `${error.message}, with ${used} of ${STACK} bytes of its stack in use`;
      throw new KernelError("BUG", `actor ${actor.name}`, detail);
    } finally {
      this.#core.setActor(0);
      this.#running = null;
      machine.watch = watch;
    }
    if (!actor.progress.suspended) actor.progress = ENDED;
  }

  /** Lets the actor go to its end; false if it can't get there because another holds a lock. */
  finish(actor: Actor): boolean {
    while (!actor.done) {
      this.step(actor);
      if (actor.blocked) return false;
    }
    return true;
  }

  /** Copies the machine and where every actor stands. */
  save(): Moment {
    return {
      snapshot: this.kernel.snapshot(),
      progress: this.actors.map((actor) => actor.progress),
      completions: this.kernel.machine.saveCompletions((this.actors.length + 1) * (OPERATIONS + 1)),
    };
  }

  /** Back to a moment. Actors made since then are no more: their room belongs to the machine again. */
  restore(moment: Moment): void {
    this.kernel.restore(moment.snapshot);
    this.kernel.machine.loadCompletions(moment.completions);
    for (const gone of this.actors.splice(moment.progress.length)) gone.progress = ENDED;
    this.actors.forEach((actor, i) => (actor.progress = moment.progress[i] ?? ENDED));
  }
}
