// The machine that a capture is replayed on: the kernel, the threads, the files, and what was counted.

import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import type { Prot } from "../kernel/prot.js";
import type { Vma } from "../kernel/vma.js";
import type { AddressSpace, Lock } from "./address-space.js";
import { InodeTable, OpenFile } from "./inode-table.js";
import { SegmentTable } from "./segment-table.js";
import { Submission } from "./submission.js";
import { TaskList } from "./task-list.js";
import type { Task } from "./task.js";
import type { TracedCall } from "./traced-call.js";

/** Pages that one capture may have populated or touched without a fault event, and that one call may. */
export const TOUCH_LIMIT = 65536;
const TOUCH_CALL_LIMIT = 16384;

/** What a replay counts beside what the kernel counts. */
export interface ReplayCounts {
  /** Replayed calls by name. */
  operations: Map<string, number>;
  /** Calls that are not modelled, by name. */
  notReplayed: Map<string, number>;
  /** Calls that failed in the capture and were passed over. */
  failed: number;
  /** Ranges, and their pages, that were used before the capture told of them. */
  assumedRanges: number;
  assumedPages: number;
  /** Pages made present by mlock, MAP_POPULATE and their like, or because there is no capture of faults. */
  populatedPages: number;
  /** Pages that would have been, but for the limit. */
  unpopulatedPages: number;
}

/** The state of a replay. */
export class Machine {
  readonly tasks = new TaskList();
  readonly inodes: InodeTable;
  readonly submission: Submission;
  readonly segments: SegmentTable;
  readonly counts: ReplayCounts = {
    operations: new Map(),
    notReplayed: new Map(),
    failed: 0,
    assumedRanges: 0,
    assumedPages: 0,
    populatedPages: 0,
    unpopulatedPages: 0,
  };

  constructor(
    readonly kernel: Kernel,
    /** Whether writable memory is touched when it is mapped: there is no capture of faults. */
    readonly touchesMappings: boolean,
  ) {
    this.inodes = new InodeTable(kernel);
    this.segments = new SegmentTable(this.inodes);
    this.submission = new Submission(kernel);
  }

  /** Counts a call as one that cannot be replayed. */
  notReplayed(name: string): void {
    increment(this.counts.notReplayed, name);
  }

  /** The VMAs of a thread that overlap a range, once everything before has taken effect. */
  vmasWithin(task: Task, start: number, end: number): Vma[] {
    this.submission.flush();
    return task.process.vmas().filter((vma) => vma.start < end && vma.end > start);
  }

  /** Maps memory at an address, as a call or a snapshot says, and knows it from then on. */
  map(task: Task, line: number, name: string, range: MappedRange): void {
    const { start, end, prot, shared = false, growsDown = false, noReserve = false } = range;
    const { space } = task;
    const lock = range.lock === undefined ? space.lockFuture : range.lock;
    const file = range.open && this.inodes.fileOf(range.open);
    const pages = prot === "none" ? 0 : (end - start) / PAGE_SIZE;
    // What is locked is made present as far as it may be accessed: not at all until it is locked.
    const bare = lock === "on-fault" || (lock === "present" && !this.takesPages(pages));
    this.submission.push(line, name, start, (batch) =>
      batch.mmap(task.process, {
        address: start,
        length: end - start,
        prot: bare ? "none" : prot,
        shared,
        fixed: true,
        growsDown,
        noReserve,
        locked: lock !== null,
        ...(file ? { file, pgoff: range.pgoff ?? 0 } : {}),
      }),
    );
    space.mapped(start, end);
    if (growsDown) space.growing.push({ start, end, prot });
    if (lock !== null) space.locks = true;
    if (lock === "on-fault") space.lockedOnFault.add(start, end);
    if (!bare || prot === "none") return;
    this.submission.push(line, name, 0, (batch) =>
      batch.mprotect(task.process, start, end - start, prot),
    );
    if (lock === "present") this.populate(task, line, start, end, prot.includes("w") && !shared);
  }

  unmap(task: Task, line: number, name: string, start: number, end: number): void {
    this.submission.push(line, name, 0, (batch) => batch.munmap(task.process, start, end - start));
    task.space.unmapped(start, end);
  }

  /**
   * Before a range is used: what is not known of it is assumed to be private memory, where the address
   * space did not begin with a snapshot.
   */
  assume(task: Task, line: number, start: number, end: number, prot: Prot): void {
    if (task.space.complete) return;
    for (const gap of task.space.known.gaps(start, end)) {
      this.counts.assumedRanges++;
      this.counts.assumedPages += (gap.end - gap.start) / PAGE_SIZE;
      this.map(task, line, "assumed range", { ...gap, prot, lock: null });
    }
  }

  /** The open file behind a descriptor argument; null for anonymous memory's -1. */
  openFile(task: Task, call: TracedCall, index: number): OpenFile | null {
    const { number, path } = call.descriptor(index);
    if (number < 0) return null;
    const known = task.files.get(number);
    if (known && (path === null || this.#names(known, path))) return known;
    // A descriptor from a call that the capture does not have: another open of that path.
    const open = new OpenFile(this.inodes.at(path ?? `descriptor ${number}`, path !== null));
    task.files.set(number, open);
    return open;
  }

  /** Whether the kernel may make so many pages present by itself; it has to be asked for each such call. */
  takesPages(pages: number): boolean {
    if (pages > this.#room()) return false;
    this.counts.populatedPages += pages;
    return true;
  }

  /** Touches the pages of a range, up to the limits: written where `write`, else read. */
  populate(task: Task, line: number, start: number, end: number, write: boolean): void {
    const wanted = Math.max(0, (end - start) / PAGE_SIZE);
    const pages = Math.min(wanted, this.#room());
    this.counts.populatedPages += pages;
    this.counts.unpopulatedPages += wanted - pages;
    for (let page = 0; page < pages; page++) {
      const address = start + page * PAGE_SIZE;
      this.submission.push(
        line,
        "populate",
        null,
        (batch) =>
          write ? batch.write(task.process, address, line) : batch.read(task.process, address),
        () => undefined,
      );
    }
  }

  /** One process for each address space. */
  addressSpaces(): Iterable<Process> {
    const spaces = new Map<AddressSpace, Process>();
    for (const { space, process } of this.tasks.values()) spaces.set(space, process);
    return spaces.values();
  }

  /** Pages that one more call may make present. */
  #room(): number {
    return Math.min(TOUCH_CALL_LIMIT, TOUCH_LIMIT - this.counts.populatedPages);
  }

  #names(open: OpenFile, path: string): boolean {
    const { inode } = open;
    const name = path.endsWith(" (deleted)") ? path.slice(0, -10) : path;
    if (inode.path === name) return true;
    if (inode.resolved) return false;
    inode.path = name;
    inode.resolved = true;
    return true;
  }
}

/** A range to map; without `open` it is anonymous. Bytes, and pages for `pgoff`. */
export interface MappedRange {
  start: number;
  end: number;
  prot: Prot;
  shared?: boolean;
  growsDown?: boolean;
  noReserve?: boolean;
  open?: OpenFile | null;
  pgoff?: number;
  /** How it is locked; without it as mlockall said for all that is mapped. */
  lock?: Lock | null;
}

/** Counts one more of `key`. */
export function increment(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** An address rounded up to a page. */
export function pageAlign(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
}

/** The API's name for a protection: bits 1 read, 2 write, 4 execute. */
export function protOf(bits: number): Prot {
  const letters = `${bits & 1 ? "r" : ""}${bits & 2 ? "w" : ""}${bits & 4 ? "x" : ""}`;
  return (letters === "" ? "none" : letters) as Prot;
}
