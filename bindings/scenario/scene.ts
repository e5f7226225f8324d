// What sentences about one operation are made of.

import { VmStat } from "../../assembly/abi/counter.js";
import type { KernelEvent } from "../kernel/kernel-event.js";
import type { Kernel } from "../kernel/kernel.js";
import { type Shown, shownByDevices } from "./device-words.js";
import type { Operation } from "./operation.js";
import type { ScriptRunner, Step } from "./runner.js";

/** What an operation was about to meet. */
export interface Before {
  /** Pages under writeback. */
  readonly writing: number;
  /** Size of the operation's file. */
  readonly pages: number;
  /** Pages of the operation's file in the page cache. */
  readonly cached: number;
  /** Swap entries of the operation's process. */
  readonly swap: number;
  /** Pages in locked VMAs of the operation's process. */
  readonly locked: number;
  /** Huge pages that faults got so far, and how often they found no row of frames for one. */
  readonly huge: HugeFaults;
  /** What the script's devices show. */
  readonly shown: Shown;
}

/** How often a fault got a huge page, and how often there was none to be had. */
export interface HugeFaults {
  readonly got: number;
  readonly missed: number;
}

/** An operation that has run, and the machine as it left it. */
export interface Scene {
  readonly kernel: Kernel;
  readonly runner: ScriptRunner;
  readonly step: Step;
  readonly before: Before;
  /** What happened inside, as far as it was recorded. */
  readonly events: readonly KernelEvent[];
}

/** Pages under writeback; vmstat() would count much else to tell. */
export function writingPages(kernel: Kernel): number {
  return kernel.core.vmStat(VmStat.NrWriteback);
}

export function hugeFaults({ core }: Kernel): HugeFaults {
  return {
    got: core.vmStat(VmStat.ThpFaultAlloc),
    missed: core.vmStat(VmStat.ThpFaultFallback),
  };
}

/** Looks at the machine before an operation. */
export function lookBefore(kernel: Kernel, runner: ScriptRunner, operation: Operation): Before {
  const process = "process" in operation ? runner.process(operation.process) : undefined;
  const file = "file" in operation ? runner.file(operation.file) : undefined;
  return {
    writing: writingPages(kernel),
    pages: file?.pages ?? 0,
    cached: file?.cached ?? 0,
    swap: process?.alive ? process.rss.swap : 0,
    locked: process?.alive ? process.lockedPages : 0,
    huge: hugeFaults(kernel),
    shown: shownByDevices(runner),
  };
}
