import {
  BATCH_CAPACITY,
  COMPLETION_BYTES,
  COMPLETIONS_AT,
  SNAPSHOT_START,
  SUBMISSION_BYTES,
  SUBMISSIONS_AT,
} from "../../assembly/abi/memory.js";
import { Errno } from "../../assembly/abi/result.js";
import type { Op } from "../../assembly/abi/operation.js";
import type { Core } from "./core.js";
import { KernelError } from "./kernel-error.js";

const RECORD = SUBMISSION_BYTES / 8;
const COMPLETION = COMPLETION_BYTES / 8;

/** The bytes of a machine in use, copied out. */
export interface MachineImage {
  readonly bytes: Uint8Array;
}

/**
 * One instance of the core: its memory, and the submission buffer through which every operation goes.
 * Growth of the memory detaches views, so all access is through the accessors here.
 */
export class Machine {
  #core: Core | null;
  #floats = new Float64Array(0);
  #view = new DataView(new ArrayBuffer(0));
  /** Callbacks that are running, and what those that are done have thrown. */
  #calling = 0;
  readonly #thrown: unknown[] = [];
  /** Called after operations, with the number of completion records that are not read yet. Not while actors run. */
  watch: ((completions: number) => void) | null = null;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The raw exports. @throws KernelError ESTALE after dispose() */
  get core(): Core {
    if (!this.#core) throw new KernelError("ESTALE", "kernel", "it was disposed of");
    return this.#core;
  }

  /** Linear memory as f64 words. */
  get floats(): Float64Array {
    // A detached view has no length: asking it is much cheaper than asking the memory for its buffer.
    if (!this.#floats.length) this.#floats = new Float64Array(this.core.memory.buffer);
    return this.#floats;
  }

  /** Linear memory for single fields. */
  get view(): DataView {
    const { buffer } = this.core.memory;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }

  /** Writes submission record i; unused arguments are 0. */
  put(i: number, op: Op, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0): void {
    const floats = this.floats;
    const at = SUBMISSIONS_AT / 8 + i * RECORD;
    floats[at] = op;
    floats[at + 1] = a;
    floats[at + 2] = b;
    floats[at + 3] = c;
    floats[at + 4] = d;
    floats[at + 5] = e;
    floats[at + 6] = f;
    floats[at + 7] = g;
  }

  /**
   * Runs submission records [first, first + n); how many failed.
   *
   * @throws what a callback threw on the way, once they have run
   * @throws KernelError EBUSY in a callback
   */
  submit(first: number, n: number): number {
    if (this.#calling) this.assertIdle();
    const failed = this.core.submit(first, n);
    if (this.watch) this.watch(first + n);
    if (this.#thrown.length) throw this.#thrown.splice(0)[0];
    return failed;
  }

  /** Runs a callback of the core, which must come to its end whatever the callback throws. */
  callBack(callback: () => number): number {
    this.#calling++;
    try {
      return callback();
    } catch (error) {
      this.#thrown.push(error);
      return 0;
    } finally {
      this.#calling--;
    }
  }

  /** For what changes the machine. @throws KernelError EBUSY in a callback: an operation is under way */
  assertIdle(): void {
    if (!this.#calling) return;
    const detail = "an operation is under way, in which a callback can look but change nothing";
    throw new KernelError("EBUSY", "kernel", detail);
  }

  /** Value of completion i, or -errno. */
  result(i: number): number {
    return this.floats[COMPLETIONS_AT / 8 + i * COMPLETION] ?? 0;
  }

  /** Second value of completion i: see Op. */
  extra(i: number): number {
    return this.floats[COMPLETIONS_AT / 8 + i * COMPLETION + 1] ?? 0;
  }

  /** Completion records [0, n), copied: they are no part of the machine. */
  saveCompletions(n: number): Float64Array {
    const start = COMPLETIONS_AT / 8;
    return this.floats.slice(start, start + n * COMPLETION);
  }

  /** Puts copied completion records back. */
  loadCompletions(records: Float64Array): void {
    this.floats.set(records, COMPLETIONS_AT / 8);
  }

  /** One operation, in record 0: its value, or -errno. */
  call(op: Op, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0): number {
    this.put(0, op, a, b, c, d, e, f, g);
    this.submit(0, 1);
    return this.result(0);
  }

  /** Copies the bytes in use. */
  save(): MachineImage {
    const { memory, memoryInUse } = this.core;
    return { bytes: new Uint8Array(memory.buffer).slice(SNAPSHOT_START, memoryInUse() >>> 0) };
  }

  /** Copies saved bytes back: they must come from a machine of the same build and options. */
  load(image: MachineImage): void {
    this.assertIdle();
    // Memory never shrinks, so there is room for what once was in use.
    new Uint8Array(this.core.memory.buffer).set(image.bytes, SNAPSHOT_START);
  }

  /** Lets go of the instance and its memory. */
  dispose(): void {
    this.assertIdle();
    this.#core = null;
    this.#floats = new Float64Array(0);
    this.#view = new DataView(new ArrayBuffer(0));
  }
}

/** Operations that one batch holds. */
export const BATCH_LIMIT = BATCH_CAPACITY;

/** The name of an errno: "ENOMEM", "SIGBUS"... */
export function errnoName(errno: number): string {
  return Errno[errno] ?? `errno ${errno}`;
}
