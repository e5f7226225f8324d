import { TaskField } from "../../assembly/abi/field.js";
import { Op } from "../../assembly/abi/operation.js";
import type { CollapseResult } from "../../assembly/abi/result.js";
import type { KernelError } from "../core/kernel-error.js";
import { whyAccess } from "./access-refusal.js";
import { integer } from "./argument.js";
import { collapses, type Collapse } from "./collapse.js";
import { hex, type Context } from "./context.js";
import { exec, exit, fork, hold, letGo, type ForkOptions } from "./life-call.js";
import { madvise, mmap, mprotect, mremap, munmap, remapFilePages } from "./mapping-call.js";
import { mlock, mlockall, munlock, munlockall, type LockAllOptions } from "./mlock-call.js";
import { MmuNotifier, notifierArguments, type NotifierOptions } from "./mmu-notifier.js";
import type { Advice, ExecOptions, MmapOptions, MremapOptions, RemapOptions } from "./operation.js";
import { ProcessCall } from "./process-call.js";
import { ProcessState } from "./process-state.js";
import type { Prot } from "./prot.js";
import { exhausted } from "./reason.js";

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
  readonly #call: ProcessCall;

  /** Made by spawn() and fork(): not for users. */
  constructor(context: Context, handle: number) {
    super(context, handle);
    this.pid = context.machine.core.taskField(handle, TaskField.Pid);
    this.parent = context.machine.core.taskField(handle, TaskField.ParentPid) || null;
    this.name = `${this.pid}`;
    this.#call = new ProcessCall(context, this);
  }

  protected override get self(): this {
    return this;
  }

  protected override get label(): string {
    return `process ${this.name}`;
  }

  /**
   * Maps memory of whole pages.
   *
   * @returns its address
   * @throws KernelError EINVAL, ENOMEM (no room, too many VMAs), EEXIST for "no-replace" where something is
   *   mapped, ESTALE for a file that was closed; with `locked` EPERM when memlock is 0, EAGAIN beyond memlock
   */
  mmap(options: MmapOptions): number {
    return mmap(this.#call, options);
  }

  /**
   * Unmaps a range: `address` on a page boundary, `length` rounded up to pages. Holes in it are fine.
   *
   * @throws KernelError EINVAL, ENOMEM when a split finds no room
   */
  munmap(address: number, length: number): void {
    munmap(this.#call, address, length);
  }

  /**
   * Changes what a range allows. What was changed before a hole stays changed.
   *
   * @throws KernelError EINVAL, ENOMEM for a hole, or when a split finds no room
   */
  mprotect(address: number, length: number, prot: Prot): void {
    mprotect(this.#call, address, length, prot);
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
    return mremap(this.#call, address, oldLength, newLength, options);
  }

  /**
   * remap_file_pages: a range within one shared mapping shows its file from `pgoff` on. `address` and `length`
   * are rounded down to pages. The mapping becomes nonlinear; that of a disk is cut instead, into linear ones.
   *
   * @throws KernelError EINVAL (not all in one shared mapping), ENOMEM; of a disk, the range is unmapped by then
   */
  remapFilePages(address: number, length: number, pgoff: number, options: RemapOptions = {}): void {
    remapFilePages(this.#call, address, length, pgoff, options);
  }

  /** Holes are passed over and reported. @throws KernelError EINVAL, ENOMEM, EBADF, EAGAIN */
  madvise(address: number, length: number, advice: Advice): void {
    madvise(this.#call, address, length, advice);
  }

  /**
   * Locks a range, and makes its pages present. What was locked before a hole stays locked, and a range whose
   * pages can't all be had is locked all the same.
   *
   * @throws KernelError ENOMEM (a hole, a page that can't be had, too many VMAs or locked pages), EAGAIN, EINVAL
   */
  mlock(address: number, length: number): void {
    mlock(this.#call, address, length);
  }

  /** Unlocks a range. What was unlocked before a hole stays unlocked. @throws KernelError ENOMEM, EINVAL */
  munlock(address: number, length: number): void {
    munlock(this.#call, address, length);
  }

  /**
   * Locks what is mapped (`current`), what will be mapped (`future`), or both.
   *
   * @throws KernelError EINVAL for neither, ENOMEM for too many pages, EPERM when memlock is 0
   */
  mlockall(options: LockAllOptions): void {
    mlockall(this.#call, options);
  }

  /** Unlocks everything. */
  munlockall(): void {
    munlockall(this.#call);
  }

  /**
   * What khugepaged does with the 512 pages, aligned to as many, that hold an address: if all that is there suits, it
   * is copied into one huge page. Absent pages become zeros.
   *
   * @throws KernelError EINVAL
   */
  collapse(address: number): Collapse {
    this.#call.put(Op.CollapseHuge, this.handle, integer("collapse", "address", address));
    return collapses[this.#call.run(() => `collapse(${hex(address)})`) as CollapseResult];
  }

  /**
   * Moves the end of the heap to an address if it can. 0 only asks.
   *
   * @returns where it is after the call
   * @throws KernelError EINVAL
   */
  brk(address = 0): number {
    this.#call.put(Op.Brk, this.handle, integer("brk", "address", address));
    return this.#call.run(() => `brk(${hex(address)})`);
  }

  /** A child with a copy of the address space. @throws KernelError ENOMEM */
  fork(options: ForkOptions = {}): Process {
    return fork(this.#call, options);
  }

  /**
   * Leaves the address space for an empty one, whose heap begins at `brk`, or with `stack` one that has a stack:
   * made at the end of all addresses, where the arguments are written, and moved to its place then.
   *
   * @throws KernelError EINVAL, ENOMEM, E2BIG for more arguments than a stack may hold
   */
  exec(options: ExecOptions = {}): void {
    exec(this.#call, options);
  }

  /**
   * It stays inside a page fault, with mmap_sem held for read, until letGo(): as one that waits for swap. What it
   * would do meanwhile is EBUSY, and so is what would wait for mmap_sem: for ever, in a plain run.
   *
   * @throws KernelError EBUSY if it is held already
   */
  hold(): void {
    hold(this.#call);
  }

  /** The end of the fault in which hold() has kept it. @throws KernelError EINVAL if it is in none */
  letGo(): void {
    letGo(this.#call);
  }

  /** Leaves its address space, which goes with its last process. @throws KernelError ESRCH if it has exited */
  exit(): void {
    exit(this.#call);
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
    return this.#call.failed(result, operation, (errno) =>
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
    this.#call.put(Op.RegisterNotifier, this.handle, model, cookie, calls, sleeps);
    const handle = this.#call.run(
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
