import { Op } from "../../assembly/abi.js";
import { errnoName } from "../core/machine.js";
import type { Context } from "./context.js";
import {
  putMadvise,
  putMmap,
  putMprotect,
  putMremap,
  type Advice,
  type MmapOptions,
  type MremapOptions,
  type Put,
} from "./operation.js";
import type { File } from "./file.js";
import type { Page } from "./page.js";
import type { Process } from "./process.js";
import type { Prot } from "./prot.js";

/**
 * Many operations in one call of the core: fill it, run() it, read results, clear() it. Adding returns
 * the operation's index. One batch of a kernel is filled at a time: all share the submission buffer,
 * record 0 of which single calls use too.
 */
export class Batch {
  /** Operations that fit. */
  readonly capacity: number;
  readonly #context: Context;
  readonly #put: Put;
  /** Records [first, first + capacity) of the submission buffer are its own. */
  readonly #first: number;
  #length = 0;

  /** Made by kernel.batch() and the scheduler: not for users. */
  constructor(context: Context, first: number, capacity: number) {
    this.#context = context;
    this.#first = first;
    this.capacity = capacity;
    this.#put = (op, a, b, c, d, e, f, g) =>
      context.machine.put(this.#first + this.#length, op, a, b, c, d, e, f, g);
  }

  get length(): number {
    return this.#length;
  }

  #next(): Put {
    if (this.#length >= this.capacity) {
      throw new RangeError(`Batch holds ${this.capacity} operations: run() and clear() it.`);
    }
    return this.#put;
  }

  #added(): number {
    return this.#length++;
  }

  mmap(process: Process, options: MmapOptions): number {
    putMmap(this.#next(), this.#context, process, options);
    return this.#added();
  }

  munmap(process: Process, address: number, length: number): number {
    this.#next()(Op.Munmap, process.handleIn(this.#context), address, length);
    return this.#added();
  }

  mprotect(process: Process, address: number, length: number, prot: Prot): number {
    putMprotect(this.#next(), this.#context, process, address, length, prot);
    return this.#added();
  }

  mremap(
    process: Process,
    address: number,
    oldLength: number,
    newLength: number,
    options: MremapOptions = {},
  ): number {
    putMremap(this.#next(), this.#context, process, address, oldLength, newLength, options);
    return this.#added();
  }

  madvise(process: Process, address: number, length: number, advice: Advice): number {
    putMadvise(this.#next(), this.#context, process, address, length, advice);
    return this.#added();
  }

  brk(process: Process, address: number): number {
    this.#next()(Op.Brk, process.handleIn(this.#context), address);
    return this.#added();
  }

  /** The child is process(i) of this operation after it ran. */
  fork(process: Process): number {
    this.#next()(Op.Fork, process.handleIn(this.#context));
    return this.#added();
  }

  truncate(file: File, pages: number): number {
    this.#next()(Op.Truncate, file.handleIn(this.#context), pages);
    return this.#added();
  }

  pageMkclean(page: Page): number {
    this.#next()(Op.PageMkclean, page.handleIn(this.#context));
    return this.#added();
  }

  exit(process: Process): number {
    this.#next()(Op.Exit, process.handleIn(this.#context));
    return this.#added();
  }

  read(process: Process, address: number): number {
    this.#next()(Op.Read, process.handleIn(this.#context), address);
    return this.#added();
  }

  write(process: Process, address: number, word: number): number {
    this.#next()(Op.Write, process.handleIn(this.#context), address, word);
    return this.#added();
  }

  execute(process: Process, address: number): number {
    this.#next()(Op.Execute, process.handleIn(this.#context), address);
    return this.#added();
  }

  pageReferenced(page: Page): number {
    this.#next()(Op.PageReferenced, page.handleIn(this.#context));
    return this.#added();
  }

  tryToUnmap(page: Page): number {
    this.#next()(Op.TryToUnmap, page.handleIn(this.#context));
    return this.#added();
  }

  /** Runs all operations in order; a failure does not stop the rest. How many failed. */
  run(): number {
    return this.#context.machine.submit(this.#first, this.#length);
  }

  /** Value of operation i of the last run, or -errno. */
  result(i: number): number {
    if (!(Number.isInteger(i) && i >= 0 && i < this.#length)) {
      throw new RangeError(`Batch has operations 0 to ${this.#length - 1}, not ${i}.`);
    }
    return this.#context.machine.result(this.#first + i);
  }

  /** The child that operation i, a fork, made. @throws RangeError if it made none */
  process(i: number): Process {
    const handle = this.result(i);
    if (handle <= 0) throw new RangeError(`Operation ${i} made no process.`);
    return this.#context.processOf(handle);
  }

  /** errno name of operation i of the last run, null if it succeeded. */
  error(i: number): string | null {
    const result = this.result(i);
    return result < 0 ? errnoName(-result) : null;
  }

  /** Empties it for the next operations. */
  clear(): void {
    this.#length = 0;
  }
}
