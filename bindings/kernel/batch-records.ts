import type { Op } from "../../assembly/abi/operation.js";
import type { Machine } from "../core/machine.js";
import type { Put } from "./operation.js";

/** Records of the submission buffer that a batch fills, one after another. */
export class BatchRecords {
  /** The same as add(), for what encodes operations by itself. */
  readonly put: Put;
  readonly #machine: Machine;
  readonly #first: number;
  #length = 0;

  /** Records [first, first + capacity) are its own. */
  constructor(
    machine: Machine,
    first: number,
    readonly capacity: number,
  ) {
    this.#machine = machine;
    this.#first = first;
    this.put = (op, a, b, c, d, e, f, g) => {
      this.add(op, a, b, c, d, e, f, g);
    };
  }

  get length(): number {
    return this.#length;
  }

  /** Adds an operation, and tells its index. @throws RangeError when all records are in use */
  add(
    op: Op,
    a?: number,
    b?: number,
    c?: number,
    d?: number,
    e?: number,
    f?: number,
    g?: number,
  ): number {
    if (this.#length >= this.capacity) {
      throw new RangeError(`Batch holds ${this.capacity} operations: run() and clear() it.`);
    }
    this.#machine.put(this.#first + this.#length, op, a, b, c, d, e, f, g);
    return this.#length++;
  }

  /** Index of the operation that was put last. */
  get last(): number {
    return this.#length - 1;
  }

  /** Runs all in order. How many failed. */
  run(): number {
    return this.#machine.submit(this.#first, this.#length);
  }

  /** Value of operation i of the last run, or -errno. @throws RangeError */
  result(i: number): number {
    if (!(Number.isInteger(i) && i >= 0 && i < this.#length)) {
      throw new RangeError(`Batch has operations 0 to ${this.#length - 1}, not ${i}.`);
    }
    return this.#machine.result(this.#first + i);
  }

  clear(): void {
    this.#length = 0;
  }
}
