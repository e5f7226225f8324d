import { DeviceAccess } from "../../assembly/abi/argument.js";
import { Op } from "../../assembly/abi/operation.js";
import { errnoName } from "../core/machine.js";
import { checkOptions, numeric } from "./argument.js";
import type { Context } from "./context.js";
import {
  putExec,
  putMadvise,
  putMmap,
  putMprotect,
  putMremap,
  putRemap,
  type Advice,
  type ExecOptions,
  type MmapOptions,
  type MremapOptions,
  type Put,
  type RemapOptions,
} from "./operation.js";
import { File } from "./file.js";
import { cgroupOf, limitCode, MemoryCgroup } from "./memory-cgroup.js";
import { MmuNotifier, notifierArguments, type NotifierOptions } from "./mmu-notifier.js";
import { failureBits, type FailureOptions } from "./memory-failure.js";
import { Page } from "./page.js";
import { Process } from "./process.js";
import type { Prot } from "./prot.js";
import { checkRange, type FrameRange } from "./storage-keys.js";
import {
  contextOf,
  failureTarget,
  referencedOptions,
  type ReferencedOptions,
  shrinkOptions,
  unmapBits,
  vmaPlace,
  type ShrinkOptions,
  type UnmapOptions,
} from "./reverse-map.js";
import type { Vma } from "./vma.js";

/**
 * Many operations in one call of the core: fill it, run() it, read results, clear() it. Adding returns
 * the operation's index. One batch of a kernel is filled at a time: all share the submission buffer,
 * record 0 of which single calls use too. What can't be encoded is refused when it is added: an argument
 * that is no number, an object of another kind or kernel, an unknown word or option.
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

  /** Operations in it. */
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

  #add(op: Op, on: number, a?: number, b?: number): number {
    this.#next()(op, on, a, b);
    return this.#added();
  }

  #task(process: Process, call: string): number {
    return Process.handleOf(this.#context, process, call, "process");
  }

  #file(file: File, call: string): number {
    return File.handleOf(this.#context, file, call, "file");
  }

  #page(page: Page, call: string): number {
    return Page.handleOf(this.#context, page, call, "page");
  }

  #notifier(notifier: MmuNotifier, call: string): number {
    return MmuNotifier.handleOf(this.#context, notifier, call, "notifier");
  }

  #range(op: Op, process: Process, address: number, length: number, call: string): number {
    numeric(call, "address", address);
    numeric(call, "length", length);
    return this.#add(op, this.#task(process, call), address, length);
  }

  #pages(op: Op, file: File, pgoff: number, second: number, call: string, name: string): number {
    numeric(call, "pgoff", pgoff);
    numeric(call, name, second);
    return this.#add(op, this.#file(file, call), pgoff, second);
  }

  /** Adds process.mmap(). */
  mmap(process: Process, options: MmapOptions): number {
    putMmap(this.#next(), this.#context, this.#task(process, "mmap"), options);
    return this.#added();
  }

  /** Adds process.munmap(). */
  munmap(process: Process, address: number, length: number): number {
    return this.#range(Op.Munmap, process, address, length, "munmap");
  }

  /** Adds process.mprotect(). */
  mprotect(process: Process, address: number, length: number, prot: Prot): number {
    putMprotect(this.#next(), this.#task(process, "mprotect"), address, length, prot);
    return this.#added();
  }

  /** Adds process.mremap(). */
  mremap(
    process: Process,
    address: number,
    oldLength: number,
    newLength: number,
    options: MremapOptions = {},
  ): number {
    const task = this.#task(process, "mremap");
    putMremap(this.#next(), task, address, oldLength, newLength, options);
    return this.#added();
  }

  /** Adds process.remapFilePages(). */
  remapFilePages(
    process: Process,
    address: number,
    length: number,
    pgoff: number,
    options: RemapOptions = {},
  ): number {
    const task = this.#task(process, "remapFilePages");
    putRemap(this.#next(), task, address, length, pgoff, options);
    return this.#added();
  }

  /** Adds process.madvise(). */
  madvise(process: Process, address: number, length: number, advice: Advice): number {
    putMadvise(this.#next(), this.#task(process, "madvise"), address, length, advice);
    return this.#added();
  }

  /** Adds process.mlock(). */
  mlock(process: Process, address: number, length: number): number {
    return this.#range(Op.Mlock, process, address, length, "mlock");
  }

  /** Adds process.munlock(). */
  munlock(process: Process, address: number, length: number): number {
    return this.#range(Op.Munlock, process, address, length, "munlock");
  }

  /** Adds process.brk(). */
  brk(process: Process, address: number): number {
    return this.#add(Op.Brk, this.#task(process, "brk"), numeric("brk", "address", address));
  }

  /** Adds process.exec(). */
  exec(process: Process, options: ExecOptions = {}): number {
    putExec(this.#next(), this.#task(process, "exec"), options);
    return this.#added();
  }

  /** The child is process(i) of this operation after it ran. */
  fork(process: Process): number {
    return this.#add(Op.Fork, this.#task(process, "fork"));
  }

  /** Adds file.truncate(). */
  truncate(file: File, pages: number): number {
    numeric("truncate", "pages", pages);
    return this.#add(Op.Truncate, this.#file(file, "truncate"), pages);
  }

  /** Adds file.punchHole(). */
  punchHole(file: File, pgoff: number, pages: number): number {
    return this.#pages(Op.PunchHole, file, pgoff, pages, "punchHole", "pages");
  }

  /** Adds file.read(). */
  fileRead(file: File, pgoff: number): number {
    numeric("fileRead", "pgoff", pgoff);
    return this.#add(Op.FileRead, this.#file(file, "fileRead"), pgoff);
  }

  /** Adds file.write(). */
  fileWrite(file: File, pgoff: number, word: number): number {
    return this.#pages(Op.FileWrite, file, pgoff, word, "fileWrite", "word");
  }

  /** The result is how many pages were written. */
  writeback(file: File): number {
    return this.#add(Op.Writeback, this.#file(file, "writeback"));
  }

  /** Adds process.exit(). */
  exit(process: Process): number {
    return this.#add(Op.Exit, this.#task(process, "exit"));
  }

  /** Adds process.read(). */
  read(process: Process, address: number): number {
    numeric("read", "address", address);
    return this.#add(Op.Read, this.#task(process, "read"), address);
  }

  /** Adds process.write(). */
  write(process: Process, address: number, word: number): number {
    numeric("write", "address", address);
    numeric("write", "word", word);
    return this.#add(Op.Write, this.#task(process, "write"), address, word);
  }

  /** Adds process.execute(). */
  execute(process: Process, address: number): number {
    numeric("execute", "address", address);
    return this.#add(Op.Execute, this.#task(process, "execute"), address);
  }

  /** Adds process.hold(). */
  hold(process: Process): number {
    return this.#add(Op.HoldFault, this.#task(process, "hold"));
  }

  /** Adds process.letGo(). */
  letGo(process: Process): number {
    return this.#add(Op.LetGo, this.#task(process, "letGo"));
  }

  /** Adds kernel.pageReferenced(). */
  pageReferenced(page: Page, options: ReferencedOptions = {}): number {
    checkOptions("pageReferenced", options, referencedOptions);
    const cgroup = cgroupOf(this.#context, options.cgroup, "pageReferenced");
    const task = contextOf(this.#context, options.process, "pageReferenced");
    return this.#add(Op.PageReferenced, this.#page(page, "pageReferenced"), cgroup, task);
  }

  /** The result is an UnmapResult: 0 success, 1 again, 2 fail, 3 mlock. */
  tryToUnmap(page: Page, options: UnmapOptions = {}): number {
    return this.#add(Op.TryToUnmap, this.#page(page, "tryToUnmap"), unmapBits(options));
  }

  /** Adds kernel.pageMkclean(). */
  pageMkclean(page: Page): number {
    return this.#add(Op.PageMkclean, this.#page(page, "pageMkclean"));
  }

  /** The result is 1 if reclaim may take the page: kernel.pageEvictable(). */
  pageEvictable(page: Page, vma?: Vma): number {
    const handle = this.#page(page, "pageEvictable");
    const [task, start] =
      vma === undefined ? [0, 0] : vmaPlace(this.#context, "pageEvictable", vma);
    return this.#add(Op.PageEvictable, handle, task, start);
  }

  /** The result is a MigrateResult: 0 moved, 1 busy, 2 refused, 3 out of memory. */
  migratePage(page: Page): number {
    return this.#add(Op.MigratePage, this.#page(page, "migratePage"));
  }

  /** The result is a CollapseResult: 0 collapsed, 1 not eligible, 2 nothing there, 3 unsuitable, 4 idle, 5 no memory. */
  collapse(process: Process, address: number): number {
    const task = this.#task(process, "collapse");
    return this.#add(Op.CollapseHuge, task, numeric("collapse", "address", address));
  }

  /** The result is 1 if the page is part of no huge page afterwards. */
  splitHugePage(page: Page): number {
    return this.#add(Op.SplitHugePage, this.#page(page, "splitHugePage"));
  }

  /** One scan of khugepaged; the result is how many huge pages were made. */
  khugepagedScan(): number {
    this.#next()(Op.KhugepagedScan);
    return this.#added();
  }

  /** The result is a PageFate: 0 reclaimed, 1 kept, 2 activated, 3 culled, 4 not isolated. */
  shrinkPage(page: Page, options: ShrinkOptions = {}): number {
    checkOptions("shrinkPage", options, shrinkOptions);
    const task = contextOf(this.#context, options.process, "shrinkPage");
    return this.#add(Op.ShrinkPage, this.#page(page, "shrinkPage"), options.force ? 1 : 0, task);
  }

  /** The result is 1 if the page's storage key said referenced, which it does not any more. */
  testAndClearReferenced(page: Page): number {
    return this.#add(Op.TestClearReferenced, this.#page(page, "testAndClearReferenced"));
  }

  /** The result is 1 if the page's storage key said changed, which it does not any more. */
  testAndClearChanged(page: Page): number {
    return this.#add(Op.TestClearChanged, this.#page(page, "testAndClearChanged"));
  }

  /** Adds storageKeys.takeReferenced(): the result is how many frames had the mark. */
  takeReferenced(range: FrameRange = {}): number {
    return this.#marks(Op.TakeReferenced, "takeReferenced", range);
  }

  /** Adds storageKeys.takeChanged(): the result is how many frames had the mark. */
  takeChanged(range: FrameRange = {}): number {
    return this.#marks(Op.TakeChanged, "takeChanged", range);
  }

  #marks(op: Op, call: string, range: FrameRange): number {
    const { first, frames } = checkRange(call, range, this.#context.options.frames);
    return this.#add(op, first, frames);
  }

  /** The result is what memory_failure came to: see MemoryFailure and FAILED_PAGE_UNIT of assembly/abi/result.ts. */
  memoryFailure(page: Page | number, options: FailureOptions = {}): number {
    const early = failureBits(options);
    const [handle, frame] = failureTarget(this.#context, page);
    this.#next()(Op.MemoryFailure, handle, frame, early);
    return this.#added();
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

  /** Adds process.registerNotifier() of a model client. */
  registerNotifier(process: Process, options: NotifierOptions): number {
    const [model, cookie, calls, sleeps] = notifierArguments(this.#context, options);
    const task = this.#task(process, "registerNotifier");
    this.#next()(Op.RegisterNotifier, task, model, cookie, calls, sleeps);
    return this.#added();
  }

  /** Adds notifier.unregister(). */
  unregisterNotifier(notifier: MmuNotifier): number {
    return this.#add(Op.UnregisterNotifier, this.#notifier(notifier, "unregisterNotifier"));
  }

  /** Adds notifier.read(). */
  deviceRead(notifier: MmuNotifier, address: number): number {
    numeric("deviceRead", "address", address);
    return this.#add(
      Op.DeviceAccess,
      this.#notifier(notifier, "deviceRead"),
      address,
      DeviceAccess.Read,
    );
  }

  /** Adds notifier.write(). */
  deviceWrite(notifier: MmuNotifier, address: number, word: number): number {
    numeric("deviceWrite", "address", address);
    numeric("deviceWrite", "word", word);
    const client = this.#notifier(notifier, "deviceWrite");
    this.#next()(Op.DeviceAccess, client, address, DeviceAccess.Write, word);
    return this.#added();
  }

  /** Adds cgroup.move(process). */
  moveToCgroup(process: Process, cgroup: MemoryCgroup): number {
    const to = MemoryCgroup.handleOf(this.#context, cgroup, "moveToCgroup", "cgroup");
    return this.#add(Op.MoveTask, this.#task(process, "moveToCgroup"), to);
  }

  /** Adds cgroup.setLimit(). */
  setLimit(cgroup: MemoryCgroup, pages: number | null): number {
    const it = MemoryCgroup.handleOf(this.#context, cgroup, "setLimit", "cgroup");
    return this.#add(Op.LimitMemcg, it, limitCode("setLimit", pages));
  }

  /** Adds cgroup.remove(). */
  removeCgroup(cgroup: MemoryCgroup): number {
    const it = MemoryCgroup.handleOf(this.#context, cgroup, "removeCgroup", "cgroup");
    return this.#add(Op.RemoveMemcg, it);
  }

  /** Adds cgroup.forceEmpty(). */
  forceEmpty(cgroup: MemoryCgroup): number {
    const it = MemoryCgroup.handleOf(this.#context, cgroup, "forceEmpty", "cgroup");
    return this.#add(Op.EmptyMemcg, it);
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
