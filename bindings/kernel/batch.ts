import { DeviceAccess } from "../../assembly/abi/argument.js";
import { Op } from "../../assembly/abi/operation.js";
import { errnoName } from "../core/machine.js";
import { numeric } from "./argument.js";
import { BatchRecords } from "./batch-records.js";
import { limitCode } from "./cgroup-options.js";
import type { Context } from "./context.js";
import { MemoryCgroup } from "./memory-cgroup.js";
import { MmuNotifier, notifierArguments, type NotifierOptions } from "./mmu-notifier.js";
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
  type RemapOptions,
} from "./operation.js";
import { PageBatch } from "./page-batch.js";
import { Process } from "./process.js";
import type { Prot } from "./prot.js";

/**
 * Many operations in one call of the core: fill it, run() it, read results, clear() it. Adding returns
 * the operation's index. One batch of a kernel is filled at a time: all share the submission buffer,
 * record 0 of which single calls use too. What can't be encoded is refused when it is added: an argument
 * that is no number, an object of another kind or kernel, an unknown word or option.
 */
export class Batch extends PageBatch {
  /** Made by kernel.batch() and the scheduler: not for users. */
  constructor(context: Context, first: number, capacity: number) {
    super(context, new BatchRecords(context.machine, first, capacity));
  }

  /** Operations that fit. */
  get capacity(): number {
    return this.records.capacity;
  }

  /** Operations in it. */
  get length(): number {
    return this.records.length;
  }

  #task(process: Process, call: string): number {
    return Process.handleOf(this.context, process, call, "process");
  }

  #notifier(notifier: MmuNotifier, call: string): number {
    return MmuNotifier.handleOf(this.context, notifier, call, "notifier");
  }

  #cgroup(cgroup: MemoryCgroup, call: string): number {
    return MemoryCgroup.handleOf(this.context, cgroup, call, "cgroup");
  }

  #range(op: Op, process: Process, address: number, length: number, call: string): number {
    numeric(call, "address", address);
    numeric(call, "length", length);
    return this.records.add(op, this.#task(process, call), address, length);
  }

  /** Adds process.mmap(). */
  mmap(process: Process, options: MmapOptions): number {
    putMmap(this.records.put, this.context, this.#task(process, "mmap"), options);
    return this.records.last;
  }

  /** Adds process.munmap(). */
  munmap(process: Process, address: number, length: number): number {
    return this.#range(Op.Munmap, process, address, length, "munmap");
  }

  /** Adds process.mprotect(). */
  mprotect(process: Process, address: number, length: number, prot: Prot): number {
    putMprotect(this.records.put, this.#task(process, "mprotect"), address, length, prot);
    return this.records.last;
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
    putMremap(this.records.put, task, address, oldLength, newLength, options);
    return this.records.last;
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
    putRemap(this.records.put, task, address, length, pgoff, options);
    return this.records.last;
  }

  /** Adds process.madvise(). */
  madvise(process: Process, address: number, length: number, advice: Advice): number {
    putMadvise(this.records.put, this.#task(process, "madvise"), address, length, advice);
    return this.records.last;
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
    return this.records.add(Op.Brk, this.#task(process, "brk"), numeric("brk", "address", address));
  }

  /** Adds process.exec(). */
  exec(process: Process, options: ExecOptions = {}): number {
    putExec(this.records.put, this.#task(process, "exec"), options);
    return this.records.last;
  }

  /** The child is process(i) of this operation after it ran. */
  fork(process: Process): number {
    return this.records.add(Op.Fork, this.#task(process, "fork"));
  }

  /** Adds process.exit(). */
  exit(process: Process): number {
    return this.records.add(Op.Exit, this.#task(process, "exit"));
  }

  /** Adds process.read(). */
  read(process: Process, address: number): number {
    numeric("read", "address", address);
    return this.records.add(Op.Read, this.#task(process, "read"), address);
  }

  /** Adds process.write(). */
  write(process: Process, address: number, word: number): number {
    numeric("write", "address", address);
    numeric("write", "word", word);
    return this.records.add(Op.Write, this.#task(process, "write"), address, word);
  }

  /** Adds process.execute(). */
  execute(process: Process, address: number): number {
    numeric("execute", "address", address);
    return this.records.add(Op.Execute, this.#task(process, "execute"), address);
  }

  /** Adds process.hold(). */
  hold(process: Process): number {
    return this.records.add(Op.HoldFault, this.#task(process, "hold"));
  }

  /** Adds process.letGo(). */
  letGo(process: Process): number {
    return this.records.add(Op.LetGo, this.#task(process, "letGo"));
  }

  /** The result is a CollapseResult: 0 collapsed, 1 not eligible, 2 nothing there, 3 unsuitable, 4 idle, 5 no memory. */
  collapse(process: Process, address: number): number {
    const task = this.#task(process, "collapse");
    return this.records.add(Op.CollapseHuge, task, numeric("collapse", "address", address));
  }

  /** Adds process.registerNotifier() of a model client. */
  registerNotifier(process: Process, options: NotifierOptions): number {
    const [model, cookie, calls, sleeps] = notifierArguments(this.context, options);
    const task = this.#task(process, "registerNotifier");
    return this.records.add(Op.RegisterNotifier, task, model, cookie, calls, sleeps);
  }

  /** Adds notifier.unregister(). */
  unregisterNotifier(notifier: MmuNotifier): number {
    return this.records.add(Op.UnregisterNotifier, this.#notifier(notifier, "unregisterNotifier"));
  }

  /** Adds notifier.read(). */
  deviceRead(notifier: MmuNotifier, address: number): number {
    numeric("deviceRead", "address", address);
    const client = this.#notifier(notifier, "deviceRead");
    return this.records.add(Op.DeviceAccess, client, address, DeviceAccess.Read);
  }

  /** Adds notifier.write(). */
  deviceWrite(notifier: MmuNotifier, address: number, word: number): number {
    numeric("deviceWrite", "address", address);
    numeric("deviceWrite", "word", word);
    const client = this.#notifier(notifier, "deviceWrite");
    return this.records.add(Op.DeviceAccess, client, address, DeviceAccess.Write, word);
  }

  /** Adds cgroup.move(process). */
  moveToCgroup(process: Process, cgroup: MemoryCgroup): number {
    const to = this.#cgroup(cgroup, "moveToCgroup");
    return this.records.add(Op.MoveTask, this.#task(process, "moveToCgroup"), to);
  }

  /** Adds cgroup.setLimit(). */
  setLimit(cgroup: MemoryCgroup, pages: number | null): number {
    const it = this.#cgroup(cgroup, "setLimit");
    return this.records.add(Op.LimitMemcg, it, limitCode("setLimit", pages));
  }

  /** Adds cgroup.remove(). */
  removeCgroup(cgroup: MemoryCgroup): number {
    return this.records.add(Op.RemoveMemcg, this.#cgroup(cgroup, "removeCgroup"));
  }

  /** Adds cgroup.forceEmpty(). */
  forceEmpty(cgroup: MemoryCgroup): number {
    return this.records.add(Op.EmptyMemcg, this.#cgroup(cgroup, "forceEmpty"));
  }

  /** Runs all operations in order; a failure does not stop the rest. How many failed. */
  run(): number {
    return this.records.run();
  }

  /** Value of operation i of the last run, or -errno. */
  result(i: number): number {
    return this.records.result(i);
  }

  /** The child that operation i, a fork, made. @throws RangeError if it made none */
  process(i: number): Process {
    const handle = this.result(i);
    if (handle <= 0) throw new RangeError(`Operation ${i} made no process.`);
    return this.context.processOf(handle);
  }

  /** errno name of operation i of the last run, null if it succeeded. */
  error(i: number): string | null {
    const result = this.result(i);
    return result < 0 ? errnoName(-result) : null;
  }

  /** Empties it for the next operations. */
  clear(): void {
    this.records.clear();
  }
}
