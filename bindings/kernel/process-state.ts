// What a process has: its VMAs, the entries of its page table, and counts of both.

import { EntryKind, TaskField } from "../../assembly/abi/field.js";
import { ENTRY_RECORD } from "../../assembly/abi/memory.js";
import { KernelError } from "../core/kernel-error.js";
import { integer } from "./argument.js";
import { failed, hex } from "./context.js";
import { Held } from "./held.js";
import type { MemoryCgroup } from "./memory-cgroup.js";
import { signalOf, type PendingSignal } from "./memory-failure.js";
import type { Page } from "./page.js";
import type { Process } from "./process.js";
import { hasSwapTokens, type TokenState } from "./swap-token.js";
import { readVma, readVmas, type Vma } from "./vma.js";

/** A present entry of a page table. */
export interface PageEntry {
  readonly address: number;
  /** -1: the zero page. */
  readonly frame: number;
}

/** What a present entry of a page table says. */
export interface EntryState {
  /** -1: the zero page. */
  readonly frame: number;
  /** Without it a write is a fault first. */
  readonly writable: boolean;
}

/** An entry of a page table whose page is in swap. */
export interface SwapEntry {
  readonly address: number;
  /** Number of the swap area, as swapon() gave it. */
  readonly area: number;
}

/** An entry of a nonlinear mapping that says which page of the file is to be faulted in there. */
export interface FileEntry {
  readonly address: number;
  /** In pages. */
  readonly pgoff: number;
}

/** Pages of a process, as v3.7 counts them: shared memory is in `file`. */
export interface Rss {
  readonly anon: number;
  readonly file: number;
  readonly swap: number;
}

/** The part of a process that only looks. Throws KernelError ESRCH when the process has exited. */
export abstract class ProcessState extends Held {
  protected abstract get self(): Process;

  /** False once it has exited. */
  get alive(): boolean {
    return this.current && this.context.machine.core.taskField(this.handle, TaskField.Pid) >= 0;
  }

  /** @internal */
  protected field(field: TaskField): number {
    const value = this.context.machine.core.taskField(this.handle, field);
    if (value < 0) throw failed(value, this.label, "it has exited");
    return value;
  }

  /** Its VMAs by address. @throws KernelError ESRCH, ENOMEM */
  vmas(): Vma[] {
    const n = this.vmaCount;
    const at = this.context.machine.core.vmasOf(this.handle) >>> 0;
    if (!at) throw new KernelError("ENOMEM", `vmas() of ${this.label}`, "no room");
    return readVmas(this.context, this.self, at, n);
  }

  /** The VMA that holds an address, null if none does. @throws KernelError EINVAL, ESRCH */
  vmaAt(address: number): Vma | null {
    this.field(TaskField.Pid);
    const { core } = this.context.machine;
    const at = core.vmaAt(this.handle, integer("vmaAt", "address", address)) >>> 0;
    return at ? readVma(this.context, this.self, at) : null;
  }

  /**
   * The page that an address shows: null if nothing is present there, and for the zero page.
   *
   * @throws KernelError EINVAL, ESRCH
   */
  pageAt(address: number): Page | null {
    const { core } = this.context.machine;
    const handle = core.pageAtAddress(this.handle, integer("pageAt", "address", address));
    if (handle < -1)
      throw failed(handle, `pageAt(${hex(address)}) in ${this.label}`, "it has exited");
    return handle > 0 ? this.context.pageOf(handle) : null;
  }

  /**
   * The present entry over an address: null if there is none.
   *
   * @throws KernelError EINVAL, ESRCH
   */
  entryAt(address: number): EntryState | null {
    const { core } = this.context.machine;
    const state = core.entryAtAddress(this.handle, integer("entryAt", "address", address));
    if (state < 0)
      throw failed(state, `entryAt(${hex(address)}) in ${this.label}`, "it has exited");
    if (state === 0) return null;
    const frame = Math.floor((state - 1) / 2);
    return { frame: frame || -1, writable: state % 2 === 0 };
  }

  /** Every present entry by address. @throws KernelError ESRCH, ENOMEM */
  pages(): PageEntry[] {
    return this.#entries(EntryKind.Present, "pages", (address, frame) => ({ address, frame }));
  }

  /** Every entry whose page is in swap, by address. @throws KernelError ESRCH, ENOMEM */
  swapped(): SwapEntry[] {
    return this.#entries(EntryKind.Swap, "swapped", (address, area) => ({ address, area }));
  }

  /** Every entry that only says which page of a file it shows, by address. @throws KernelError ESRCH, ENOMEM */
  fileEntries(): FileEntry[] {
    return this.#entries(EntryKind.File, "fileEntries", (address, pgoff) => ({ address, pgoff }));
  }

  #entries<T>(kind: EntryKind, name: string, entry: (address: number, place: number) => T): T[] {
    const { machine } = this.context;
    this.field(TaskField.Pid);
    const n = machine.core.entryCount(this.handle, kind) >>> 0;
    const at = machine.core.entriesOf(this.handle, kind) >>> 0;
    if (!at) throw new KernelError("ENOMEM", `${name}() of ${this.label}`, "no room");
    const { floats } = machine;
    return Array.from({ length: n }, (_, i) => {
      const word = (at + i * ENTRY_RECORD) / 8;
      return entry(floats[word] ?? 0, floats[word + 1] ?? 0);
    });
  }

  /** Pages it has in memory and in swap, as v3.7 counts them. @throws KernelError ESRCH */
  get rss(): Rss {
    return {
      anon: this.field(TaskField.AnonRss),
      file: this.field(TaskField.FileRss),
      swap: this.field(TaskField.SwapRss),
    };
  }

  /** VMAs it has: mm->map_count. */
  get vmaCount(): number {
    return this.field(TaskField.MapCount);
  }

  /** mm->locked_vm in pages. */
  get lockedPages(): number {
    return this.field(TaskField.LockedVm);
  }

  /** Is it inside a fault, in which hold() keeps it? */
  get held(): boolean {
    return this.field(TaskField.Held) === 1;
  }

  /** How it stands with the swap token: null in releases that have none, and with `swapToken: "off"`. */
  get tokenState(): TokenState | null {
    const faultstamp = this.field(TaskField.Faultstamp);
    if (!hasSwapTokens(this.context)) return null;
    const priority = this.field(TaskField.TokenPriority);
    return { priority, interval: this.field(TaskField.TokenInterval), faultstamp };
  }

  /** Number of the memory cgroup that its pages are charged to: 0 is the root. */
  get cgroup(): number {
    return this.field(TaskField.Memcg);
  }

  /** Names its address space: equal for processes that share it. */
  get mm(): number {
    return this.field(TaskField.Mm);
  }

  /** The signal that memory_failure has sent it; null if none. It is not delivered: the process goes on. */
  get signal(): PendingSignal | null {
    return signalOf(this.field(TaskField.Signal), this.field(TaskField.SignalAddress));
  }

  /** @internal Which memory_failure has sent it: 1, 2, 3... */
  get failure(): number {
    return this.field(TaskField.SignalSequence);
  }

  /** That cgroup. @throws KernelError ESRCH if it has exited */
  get memoryCgroup(): MemoryCgroup {
    return this.context.cgroupOf(this.field(TaskField.MemcgHandle));
  }
}
