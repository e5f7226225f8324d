// What there is in a machine: its processes, its pages, and counts of everything.

import type { Core } from "../core/core.js";
import { KernelError } from "../core/kernel-error.js";
import type { Machine } from "../core/machine.js";
import { numeric } from "./argument.js";
import type { Context } from "./context.js";
import { readCounters, type Counters } from "./counters.js";
import { readHeldLocks, type HeldLock } from "./held-locks.js";
import { readHugePages, type HugePages } from "./huge-pages.js";
import { readLockCounters, type LockCounters } from "./lock-counters.js";
import { Page } from "./page.js";
import type { Process } from "./process.js";
import { readSwapAreas, type SwapArea } from "./swap-area.js";
import { readSwapToken, type SwapToken } from "./swap-token.js";
import { decodeViolations, type Violation } from "./violation.js";
import { readVmStat, type VmStatistics } from "./vm-statistics.js";

/** The part of a kernel that only looks. */
export abstract class KernelState {
  /** What its objects share, for what drives the core by itself. */
  abstract get context(): Context;

  /** The raw exports of the core, for benchmarks and tools. */
  get core(): Core {
    return this.context.machine.core;
  }

  /** The instance and its buffers, for what drives the core by itself. */
  get machine(): Machine {
    return this.context.machine;
  }

  /** The processes that have not exited, by pid. @throws KernelError ENOMEM */
  get processes(): Process[] {
    const at = this.core.taskList() >>> 0;
    if (!at) throw new KernelError("ENOMEM", "processes", "no room for the result");
    const { floats } = this.machine;
    const n = floats[at / 8] ?? 0;
    const handles = Array.from(floats.subarray(at / 8 + 1, at / 8 + 1 + n));
    return handles.map((handle) => this.context.processOf(handle));
  }

  /** The page in a frame. @throws KernelError ESTALE when the frame is free or does not exist, EINVAL */
  page(frame: number): Page {
    numeric("page", "frame", frame);
    const exists = Number.isInteger(frame) && frame > 0 && frame <= this.context.options.frames;
    const handle = exists ? this.core.pageHandle(frame) : 0;
    if (!handle) throw new KernelError("ESTALE", `page(${frame})`, "no page in use");
    return new Page(this.context, handle);
  }

  /** The swap areas in use, by number: /proc/swaps. */
  get swapAreas(): readonly SwapArea[] {
    return readSwapAreas(this.core);
  }

  /** The pool of huge pages. */
  get hugePages(): HugePages {
    return readHugePages(this.core);
  }

  /** The swap token: null in releases that have none, and with `swapToken: "off"`. */
  get swapToken(): SwapToken | null {
    return readSwapToken(this.context);
  }

  /** What /proc/vmstat shows. */
  vmstat(): VmStatistics {
    return readVmStat(this.core);
  }

  /** Pages of frames that are known to be broken: HardwareCorrupted of /proc/meminfo. */
  get hardwareCorrupted(): number {
    return this.core.zoneStat(10);
  }

  /** Exact counts since the last reset. */
  get counters(): Counters {
    return readCounters(this.machine);
  }

  /**
   * How often locks were taken and for how many steps they were held, since the last reset. The builds `checked`
   * and `explore` count that, and the same; null in `release`, which has no locks.
   */
  get lockCounters(): LockCounters | null {
    return readLockCounters(this.machine);
  }

  /**
   * Locks that the operation under way holds, the one taken first in front: for callbacks of mmu notifiers, as nothing
   * is held between operations. Null in `release`, which has no locks.
   */
  get heldLocks(): readonly HeldLock[] | null {
    return readHeldLocks(this.machine);
  }

  /** Counts start from 0 again, peaks from what is there. */
  resetCounters(): void {
    this.core.countersReset();
  }

  /** VMAs of all processes. */
  get vmaCount(): number {
    return this.core.vmaCount() >>> 0;
  }

  /** anon_vmas that there are now. */
  get anonVmaCount(): number {
    return this.core.zoneStat(14);
  }

  /** Links of VMAs to anon_vmas that there are now. */
  get chainCount(): number {
    return this.core.zoneStat(15);
  }

  /** The most VMAs that all processes had at once since the last reset. */
  get peakVmaCount(): number {
    return this.core.peakVmaCount() >>> 0;
  }

  /** The most VMAs that one address space had since the last reset. */
  get peakMapCount(): number {
    return this.core.peakMapCount() >>> 0;
  }

  /** Bytes of linear memory in use, everything included. */
  get memoryInUse(): number {
    return this.core.memoryInUse() >>> 0;
  }

  /** The invariants that are broken: none in a healthy machine. @throws KernelError ENOMEM */
  verify(): Violation[] {
    const at = this.core.verify() >>> 0;
    if (!at) throw new KernelError("ENOMEM", "verify()", "no room for the recount");
    return decodeViolations(this.machine.view, at);
  }
}
