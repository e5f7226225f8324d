import type { Machine } from "../core/machine.js";
import { errnoName } from "../core/machine.js";
import { KernelError } from "../core/kernel-error.js";
import type { CallbackTable } from "./mmu-notifier-callbacks.js";
import type { File } from "./file.js";
import type { Lineage } from "./lineage.js";
import type { ResolvedOptions } from "./options.js";
import type { MemoryCgroup } from "./memory-cgroup.js";
import type { Page } from "./page.js";
import type { Process } from "./process.js";
import type { Thresholds } from "./threshold.js";

/** What the objects of one kernel share. */
export interface Context {
  readonly machine: Machine;
  readonly lineage: Lineage;
  readonly options: ResolvedOptions;
  /** The object for a task's handle: always the same one. */
  processOf(handle: number): Process;
  /** The object for an open file's handle; null for 0. */
  fileOf(handle: number): File | null;
  /** A file known by its inode, if any is. */
  fileOfInode(inode: number): File | null;
  /** Makes an open file known. */
  adopt(handle: number, file: File): void;
  /** Records of the submission buffer that kernel.batch() may use: the rest belong to actors. */
  batchCapacity: number;
  /** Clients that were registered with callbacks. */
  readonly callbacks: CallbackTable;
  /** The object for a cgroup's handle: always the same one. */
  cgroupOf(handle: number): MemoryCgroup;
  hasCgroupsBelow(cgroup: MemoryCgroup): boolean;
  /** Thresholds of cgroups' usage that somebody waits for. */
  readonly thresholds: Thresholds;
  /** The object for a page's handle. */
  pageOf(handle: number): Page;
}

/** The error that a negative result means. */
export function failed(result: number, operation: string, detail = ""): KernelError {
  return new KernelError(errnoName(-result), operation, detail);
}

/** An address as people read it. */
export function hex(address: number): string {
  return Number.isInteger(address) && address >= 0 ? `0x${address.toString(16)}` : String(address);
}
