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
import type { Held } from "./held.js";
import type { Page } from "./page.js";
import type { Process } from "./process.js";
import type { Prot } from "./prot.js";
import { unmapBits, type UnmapOptions } from "./reverse-map.js";

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

  #add(op: Op, on: Held, a?: number, b?: number, c?: number): number {
    this.#next()(op, on.handleIn(this.#context), a, b, c);
    return this.#added();
  }

  mmap(process: Process, options: MmapOptions): number {
    putMmap(this.#next(), this.#context, process, options);
    return this.#added();
  }

  munmap(process: Process, address: number, length: number): number {
    return this.#add(Op.Munmap, process, address, length);
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

  mlock(process: Process, address: number, length: number): number {
    return this.#add(Op.Mlock, process, address, length);
  }

  munlock(process: Process, address: number, length: number): number {
    return this.#add(Op.Munlock, process, address, length);
  }

  brk(process: Process, address: number): number {
    return this.#add(Op.Brk, process, address);
  }

  /** The child is process(i) of this operation after it ran. */
  fork(process: Process): number {
    return this.#add(Op.Fork, process);
  }

  truncate(file: File, pages: number): number {
    return this.#add(Op.Truncate, file, pages);
  }

  punchHole(file: File, pgoff: number, pages: number): number {
    return this.#add(Op.PunchHole, file, pgoff, pages);
  }

  fileRead(file: File, pgoff: number): number {
    return this.#add(Op.FileRead, file, pgoff);
  }

  fileWrite(file: File, pgoff: number, word: number): number {
    return this.#add(Op.FileWrite, file, pgoff, word);
  }

  /** The result is how many pages were written. */
  writeback(file: File): number {
    return this.#add(Op.Writeback, file);
  }

  exit(process: Process): number {
    return this.#add(Op.Exit, process);
  }

  read(process: Process, address: number): number {
    return this.#add(Op.Read, process, address);
  }

  write(process: Process, address: number, word: number): number {
    return this.#add(Op.Write, process, address, word);
  }

  execute(process: Process, address: number): number {
    return this.#add(Op.Execute, process, address);
  }

  pageReferenced(page: Page): number {
    return this.#add(Op.PageReferenced, page);
  }

  /** The result is an UnmapResult: 0 success, 1 again, 2 fail, 3 mlock. */
  tryToUnmap(page: Page, options: UnmapOptions = {}): number {
    return this.#add(Op.TryToUnmap, page, unmapBits(options));
  }

  pageMkclean(page: Page): number {
    return this.#add(Op.PageMkclean, page);
  }

  /** The result is a MigrateResult: 0 moved, 1 busy, 2 refused, 3 out of memory. */
  migratePage(page: Page): number {
    return this.#add(Op.MigratePage, page);
  }

  /** The result is a PageFate: 0 reclaimed, 1 kept, 2 activated, 3 culled, 4 not isolated. */
  shrinkPage(page: Page, options: { readonly force?: boolean } = {}): number {
    return this.#add(Op.ShrinkPage, page, options.force ? 1 : 0);
  }

  /** One scan of KSM; the result is how many places were merged. */
  ksmScan(): number {
    this.#next()(Op.KsmScan);
    return this.#added();
  }

  swapoff(area: number): number {
    this.#next()(Op.SwapOff, area);
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
