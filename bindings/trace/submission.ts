// Operations on their way to the kernel: collected in its submission buffer, run when it is full or
// when somebody needs to see their effect.

import type { Batch } from "../kernel/batch.js";
import type { Kernel } from "../kernel/kernel.js";

/** An operation that went otherwise than in the capture. */
export interface Refusal {
  /** Line of the capture. */
  line: number;
  operation: string;
  /** What the capture says it returned, in hexadecimal, or "success". */
  captured: string;
  /** What it returned here: a value or the name of an error. */
  replayed: string;
}

/** Refusals that are kept with all their particulars; the others are only counted. */
const KEPT = 100;

type OnFailure = (error: string) => void;

/**
 * The one way to the kernel for operations that a batch can hold. Single operations use the same buffer:
 * who makes one (fork, exec, spawn, truncate) flushes first.
 */
export class Submission {
  readonly refusals: Refusal[] = [];
  refused = 0;
  /** Operations run so far. */
  submitted = 0;
  /** Called after each run. */
  onRun: () => void = () => undefined;
  readonly #batch: Batch;
  #limit: number;
  #lines: number[] = [];
  #names: string[] = [];
  #expected: (number | null)[] = [];
  #failures: (OnFailure | null)[] = [];

  constructor(kernel: Kernel) {
    this.#batch = kernel.batch();
    this.#limit = this.#batch.capacity;
  }

  /** Operations a run, at most the batch's capacity; 1 shows the state after every single one. */
  set limit(operations: number) {
    this.#limit = Math.min(operations, this.#batch.capacity);
  }

  get length(): number {
    return this.#lines.length;
  }

  /**
   * Adds an operation. `expected` is the value it must give, null when any success will do; `onFailure`
   * is told when it gives something else, instead of its being counted as refused.
   */
  push(
    line: number,
    name: string,
    expected: number | null,
    add: (batch: Batch) => void,
    onFailure: OnFailure | null = null,
  ): void {
    add(this.#batch);
    this.#lines.push(line);
    this.#names.push(name);
    this.#expected.push(expected);
    this.#failures.push(onFailure);
    if (this.#lines.length >= this.#limit) this.flush();
  }

  /** Runs what was collected. */
  flush(): void {
    const count = this.#lines.length;
    if (count === 0) return;
    this.#batch.run();
    this.submitted += count;
    const failed = this.#failed(count);
    this.#batch.clear();
    this.#lines = [];
    this.#names = [];
    this.#expected = [];
    this.#failures = [];
    for (const failure of failed) failure();
    this.onRun();
  }

  #failed(count: number): (() => void)[] {
    const failed: (() => void)[] = [];
    for (let index = 0; index < count; index++) {
      const value = this.#batch.result(index);
      const expected = this.#expected[index] ?? null;
      if (expected === null ? value >= 0 : value === expected) continue;
      const replayed = this.#batch.error(index) ?? `0x${value.toString(16)}`;
      const onFailure = this.#failures[index] ?? null;
      const refusal: Refusal = {
        line: this.#lines[index] ?? 0,
        operation: this.#names[index] ?? "",
        captured: expected === null ? "success" : `0x${expected.toString(16)}`,
        replayed,
      };
      failed.push(() => {
        if (onFailure) onFailure(replayed);
        else this.refuse(refusal);
      });
    }
    return failed;
  }

  /** Counts an operation that went otherwise than in the capture. */
  refuse(refusal: Refusal): void {
    this.refused++;
    if (this.refusals.length < KEPT) this.refusals.push(refusal);
  }
}
