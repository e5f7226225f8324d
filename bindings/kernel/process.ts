import { CloneFlag, LockAll } from "../../assembly/abi/argument.js";
import { TaskField } from "../../assembly/abi/field.js";
import { Op } from "../../assembly/abi/operation.js";
import { CollapseResult, Errno } from "../../assembly/abi/result.js";
import { KernelError } from "../core/kernel-error.js";
import { checkOptions, integer, type OptionTypes } from "./argument.js";
import { failed, hex, type Context } from "./context.js";
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
import { MmuNotifier, notifierArguments, type NotifierOptions } from "./mmu-notifier.js";
import { ProcessState } from "./process-state.js";
import type { Prot } from "./prot.js";
import { whyAccess } from "./access-refusal.js";
import { whyMadvise } from "./advice-refusal.js";
import { whyExec } from "./exec-refusal.js";
import { whyMlock, whyMlockall, whyMunlock } from "./mlock-refusal.js";
import { whyMmap, whyMprotect, whyMunmap } from "./mmap-refusal.js";
import { whyMremap, whyRemap } from "./mremap-refusal.js";
import { exhausted, whyHeld } from "./reason.js";

export type { Prot };

/**
 * What became of a collapse: "not-eligible": the range is not all of one VMA that may have huge pages;
 * "nothing-there": nothing of it was touched, or it is a huge page already; "unsuitable": an entry is not a writable
 * one of a page that nobody else holds, and that is on a list of reclaim; "idle": no page was touched lately.
 */
export type Collapse =
  "collapsed" | "not-eligible" | "nothing-there" | "unsuitable" | "idle" | "no-memory";

/** What a result of collapse in the core is called. */
export const collapses: Readonly<Record<CollapseResult, Collapse>> = {
  [CollapseResult.Collapsed]: "collapsed",
  [CollapseResult.NotEligible]: "not-eligible",
  [CollapseResult.NothingThere]: "nothing-there",
  [CollapseResult.Unsuitable]: "unsuitable",
  [CollapseResult.Idle]: "idle",
  [CollapseResult.NoMemory]: "no-memory",
};

/** Options of mlockall: one of them at least. */
export interface LockAllOptions {
  /** What is mapped. */
  readonly current?: boolean;
  /** What will be mapped. */
  readonly future?: boolean;
}

/** Options of fork. */
export interface ForkOptions {
  /** The child shares the address space, as a thread or a vfork child does, until it execs or exits. */
  readonly shareMemory?: boolean;
}

const lockAllOptions: OptionTypes<LockAllOptions> = { current: "flag", future: "flag" };
const forkOptions: OptionTypes<ForkOptions> = { shareMemory: "flag" };

/**
 * A process: system calls and memory accesses. Addresses and lengths are bytes. Every call throws
 * KernelError with an errno name: ESRCH when the process has exited, EBUSY when it is held inside a fault,
 * or the call would wait for one that is, EINVAL for numbers that are not integers from 0 to 2^53-1, and what
 * the system call gives.
 */
export class Process extends ProcessState {
  /** @internal */
  static readonly accepted = "a Process of this kernel";
  readonly pid: number;
  /** pid of its parent, null if it was spawned. */
  readonly parent: number | null;
  /** For people. */
  name: string;
  readonly #put: Put;

  /** Made by spawn() and fork(): not for users. */
  constructor(context: Context, handle: number) {
    super(context, handle);
    this.pid = context.machine.core.taskField(handle, TaskField.Pid);
    this.parent = context.machine.core.taskField(handle, TaskField.ParentPid) || null;
    this.name = `${this.pid}`;
    const { machine } = context;
    this.#put = (op, a, b, c, d, e, f, g) => machine.put(0, op, a, b, c, d, e, f, g);
  }

  protected override get self(): this {
    return this;
  }

  protected override get label(): string {
    return `process ${this.name}`;
  }

  #run(operation: () => string, why?: (errno: Errno) => string): number {
    const { machine } = this.context;
    machine.submit(0, 1);
    const result = machine.result(0);
    if (result < 0) throw this.#failed(result, operation(), why);
    return result;
  }

  #failed(result: number, operation: string, why?: (errno: Errno) => string): KernelError {
    const held = result === -Errno.EBUSY ? whyHeld(this) : "";
    const detail = result === -Errno.ESRCH ? "it has exited" : held || (why?.(-result) ?? "");
    return failed(result, `${operation} in ${this.label}`, detail);
  }

  /**
   * Maps memory of whole pages.
   *
   * @returns its address
   * @throws KernelError EINVAL, ENOMEM (no room, too many VMAs), EEXIST for "no-replace" where something is
   *   mapped, ESTALE for a file that was closed; with `locked` EPERM when memlock is 0, EAGAIN beyond memlock
   */
  mmap(options: MmapOptions): number {
    putMmap(this.#put, this.context, this.handle, options);
    return this.#run(
      () => `mmap(${hex(options.address ?? 0)}, ${options.length})`,
      (errno) => whyMmap(errno, this.context, this, options),
    );
  }

  /**
   * Unmaps a range: `address` on a page boundary, `length` rounded up to pages. Holes in it are fine.
   *
   * @throws KernelError EINVAL, ENOMEM when a split finds no room
   */
  munmap(address: number, length: number): void {
    integer("munmap", "address", address);
    integer("munmap", "length", length);
    this.#put(Op.Munmap, this.handle, address, length);
    this.#run(
      () => `munmap(${hex(address)}, ${length})`,
      (errno) => whyMunmap(errno, this.context, this, address, length),
    );
  }

  /**
   * Changes what a range allows. What was changed before a hole stays changed.
   *
   * @throws KernelError EINVAL, ENOMEM for a hole, or when a split finds no room
   */
  mprotect(address: number, length: number, prot: Prot): void {
    putMprotect(this.#put, this.handle, address, length, prot);
    this.#run(
      () => `mprotect(${hex(address)}, ${length}, ${prot})`,
      (errno) => whyMprotect(errno, this.context, this, address, length),
    );
  }

  /**
   * Resizes or moves a mapping. With `to`, what was mapped there is gone even if the call fails after that.
   *
   * @returns its address
   * @throws KernelError EINVAL, EFAULT (nothing, or more than one VMA, is mapped there), ENOMEM, EAGAIN beyond
   *   memlock
   */
  mremap(
    address: number,
    oldLength: number,
    newLength: number,
    options: MremapOptions = {},
  ): number {
    putMremap(this.#put, this.handle, address, oldLength, newLength, options);
    return this.#run(
      () => `mremap(${hex(address)}, ${oldLength}, ${newLength})`,
      (errno) => whyMremap(errno, this.context, this, address, oldLength, newLength, options),
    );
  }

  /**
   * remap_file_pages: a range within one shared mapping shows its file from `pgoff` on. `address` and `length`
   * are rounded down to pages. The mapping becomes nonlinear; that of a disk is cut instead, into linear ones.
   *
   * @throws KernelError EINVAL (not all in one shared mapping), ENOMEM; of a disk, the range is unmapped by then
   */
  remapFilePages(address: number, length: number, pgoff: number, options: RemapOptions = {}): void {
    putRemap(this.#put, this.handle, address, length, pgoff, options);
    this.#run(
      () => `remapFilePages(${hex(address)}, ${length}, ${pgoff})`,
      (errno) => whyRemap(errno, this.context, this, address, length, pgoff),
    );
  }

  /** Holes are passed over and reported. @throws KernelError EINVAL, ENOMEM, EBADF, EAGAIN */
  madvise(address: number, length: number, advice: Advice): void {
    putMadvise(this.#put, this.handle, address, length, advice);
    this.#run(
      () => `madvise(${hex(address)}, ${length}, ${advice})`,
      (errno) => whyMadvise(errno, this.context, this, address, length, advice),
    );
  }

  /**
   * Locks a range, and makes its pages present. What was locked before a hole stays locked, and a range whose
   * pages can't all be had is locked all the same.
   *
   * @throws KernelError ENOMEM (a hole, a page that can't be had, too many VMAs or locked pages), EAGAIN, EINVAL
   */
  mlock(address: number, length: number): void {
    integer("mlock", "address", address);
    integer("mlock", "length", length);
    const locked = this.context.machine.core.taskField(this.handle, TaskField.LockedVm);
    this.#put(Op.Mlock, this.handle, address, length);
    this.#run(
      () => `mlock(${hex(address)}, ${length})`,
      (errno) => whyMlock(errno, this.context, this, address, length, locked),
    );
  }

  /** Unlocks a range. What was unlocked before a hole stays unlocked. @throws KernelError ENOMEM, EINVAL */
  munlock(address: number, length: number): void {
    integer("munlock", "address", address);
    integer("munlock", "length", length);
    this.#put(Op.Munlock, this.handle, address, length);
    this.#run(
      () => `munlock(${hex(address)}, ${length})`,
      () => whyMunlock(this.context, this, address, length),
    );
  }

  /**
   * Locks what is mapped (`current`), what will be mapped (`future`), or both.
   *
   * @throws KernelError EINVAL for neither, ENOMEM for too many pages, EPERM when memlock is 0
   */
  mlockall(options: LockAllOptions): void {
    checkOptions("mlockall", options, lockAllOptions);
    const how = (options.current ? LockAll.Current : 0) | (options.future ? LockAll.Future : 0);
    if (!how) {
      throw new KernelError("EINVAL", "mlockall", "neither current nor future is true");
    }
    this.#put(Op.Mlockall, this.handle, how);
    this.#run(
      () => "mlockall()",
      (errno) => whyMlockall(errno, this.context),
    );
  }

  /** Unlocks everything. */
  munlockall(): void {
    this.#put(Op.Mlockall, this.handle, 0);
    this.#run(() => "munlockall()");
  }

  /**
   * What khugepaged does with the 512 pages, aligned to as many, that hold an address: if all that is there suits, it
   * is copied into one huge page. Absent pages become zeros.
   *
   * @throws KernelError EINVAL
   */
  collapse(address: number): Collapse {
    this.#put(Op.CollapseHuge, this.handle, integer("collapse", "address", address));
    return collapses[this.#run(() => `collapse(${hex(address)})`) as CollapseResult];
  }

  /**
   * Moves the end of the heap to an address if it can. 0 only asks.
   *
   * @returns where it is after the call
   * @throws KernelError EINVAL
   */
  brk(address = 0): number {
    this.#put(Op.Brk, this.handle, integer("brk", "address", address));
    return this.#run(() => `brk(${hex(address)})`);
  }

  /** A child with a copy of the address space. @throws KernelError ENOMEM */
  fork(options: ForkOptions = {}): Process {
    checkOptions("fork", options, forkOptions);
    this.#put(Op.Fork, this.handle, options.shareMemory ? CloneFlag.Vm : 0);
    const child = this.#run(
      () => "fork()",
      () => exhausted(this.context),
    );
    return this.context.processOf(child);
  }

  /**
   * Leaves the address space for an empty one, whose heap begins at `brk`, or with `stack` one that has a stack:
   * made at the end of all addresses, where the arguments are written, and moved to its place then.
   *
   * @throws KernelError EINVAL, ENOMEM, E2BIG for more arguments than a stack may hold
   */
  exec(options: ExecOptions = {}): void {
    putExec(this.#put, this.handle, options);
    this.#run(
      () => "exec()",
      (errno) => whyExec(errno, this.context, this, options.stack),
    );
  }

  /**
   * It stays inside a page fault, with mmap_sem held for read, until letGo(): as one that waits for swap. What it
   * would do meanwhile is EBUSY, and so is what would wait for mmap_sem: for ever, in a plain run.
   *
   * @throws KernelError EBUSY if it is held already
   */
  hold(): void {
    this.#put(Op.HoldFault, this.handle);
    this.#run(() => "hold()");
  }

  /** The end of the fault in which hold() has kept it. @throws KernelError EINVAL if it is in none */
  letGo(): void {
    this.#put(Op.LetGo, this.handle);
    this.#run(
      () => "letGo()",
      () => "it is not held",
    );
  }

  /** Leaves its address space, which goes with its last process. @throws KernelError ESRCH if it has exited */
  exit(): void {
    this.#put(Op.Exit, this.handle);
    this.#run(() => "exit()");
  }

  /** The word of the page at an address. @throws KernelError SIGSEGV, SIGBUS, ENOMEM */
  read(address: number): number {
    return this.#access(Op.Read, "read", integer("read", "address", address), 0);
  }

  /** Sets the word of the page at an address. @throws KernelError SIGSEGV, SIGBUS, ENOMEM */
  write(address: number, word: number): void {
    integer("write", "address", address);
    this.#access(Op.Write, "write", address, integer("write", "word", word));
  }

  /** An instruction fetch. @throws KernelError SIGSEGV, SIGBUS, ENOMEM */
  execute(address: number): void {
    this.#access(Op.Execute, "execute", integer("execute", "address", address), 0);
  }

  #access(op: Op, name: string, address: number, word: number): number {
    const result = this.context.machine.call(op, this.handle, address, word);
    if (result < 0) throw this.#denied(result, `${name}(${hex(address)})`, address);
    return result;
  }

  // Apart, so that an access that succeeds makes no closure.
  #denied(result: number, operation: string, address: number): KernelError {
    return this.#failed(result, operation, (errno) =>
      whyAccess(errno, this.context, this, address),
    );
  }

  /**
   * mmu_notifier_register: a client is told when entries of its page table change.
   *
   * @param options callbacks, or the model of a client that the core has
   * @throws KernelError EINVAL, ENOMEM
   */
  registerNotifier(options: NotifierOptions): MmuNotifier {
    const [model, cookie, calls, sleeps] = notifierArguments(this.context, options);
    this.#put(Op.RegisterNotifier, this.handle, model, cookie, calls, sleeps);
    const handle = this.#run(
      () => "registerNotifier()",
      () => exhausted(this.context),
    );
    return new MmuNotifier(this.context, handle, this, options.model ?? null);
  }

  /** Do both run in one address space? @throws KernelError EINVAL, ESRCH */
  sharesWith(other: Process): boolean {
    Process.handleOf(this.context, other, "sharesWith", "other");
    return this.mm === other.mm;
  }
}
