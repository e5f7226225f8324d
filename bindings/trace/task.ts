// A thread of the capture.

import type { Process } from "../kernel/process.js";
import type { AddressSpace } from "./address-space.js";
import type { DescriptorTable } from "./descriptor-table.js";

/** A thread: the kernel has a process for each, sharing address spaces as the capture's threads do. */
export class Task {
  /** Thread id in the capture; exec may change it. */
  tid: number;
  /** Process id in the capture: the id of the first thread. */
  pid: number;
  process: Process;
  space: AddressSpace;
  files: DescriptorTable;
  /** Inside an execve that was not finished yet: its page faults wait for the new program. */
  executing = false;
  /** Fault numbers that wait. */
  readonly waiting: number[] = [];

  constructor(
    tid: number,
    pid: number,
    process: Process,
    space: AddressSpace,
    files: DescriptorTable,
  ) {
    this.tid = tid;
    this.pid = pid;
    this.process = process;
    this.space = space;
    this.files = files;
  }
}
