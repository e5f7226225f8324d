import { AnonVma, cloneChain, unlinkChain } from "./anon-vma.js";
import type { Counts } from "./counts.js";
import type { Device } from "./device.js";
import { fail, type FailureCode } from "./failure.js";
import type { Ksm } from "./ksm.js";
import type { Cgroup } from "./cgroup.js";
import type { Memory } from "./memory.js";
import { splitAcross } from "./huge-page.js";
import { munlockAll } from "./munlock.js";
import type { Page } from "./page.js";
import type { SwapSlot } from "./swap.js";
import { HUGE } from "./units.js";
import { continues, Vma } from "./vma.js";
import { zap } from "./zap.js";
import { newcomer } from "./swap-token.js";

/**
 * A page-table entry: a page, the zero page (`page` is null), a place on swap, what is left of a broken page, or which
 * page of a file is wanted there.
 */
export type Entry = PresentEntry | SwapEntry | BrokenEntry | FileEntry;

export interface PresentEntry {
  readonly page: Page | null;
  writable: boolean;
  dirty: boolean;
  young: boolean;
}

export interface SwapEntry {
  readonly slot: SwapSlot;
}

export interface BrokenEntry {
  readonly broken: true;
}

/** Of nonlinear VMAs. */
export interface FileEntry {
  readonly pgoff: number;
}

/** Limits and counts that all address spaces of one machine have in common. */
export interface Environment {
  readonly maxMapCount: number;
  /** Pages that an address space may lock. */
  readonly memlock: number;
  /** Pages that a stack may have. */
  readonly stack: number;
  readonly memory: Memory;
  /** A VMA that takes in what was moved comes last in its anon_vmas' order of linking. */
  readonly movesToTail: boolean;
  /** Those that somebody runs in, the oldest first. */
  readonly spaces: Set<AddressSpace>;
  readonly ksm: Ksm;
  readonly counts: Counts;
  /** Where so many pages go when the caller leaves it to the kernel: the first page. */
  readonly placement: (space: AddressSpace, pages: number) => number;
}

/** An mm: VMAs in address order, and a map from page number to entry. */
export class AddressSpace {
  vmas: Vma[] = [];
  readonly entries = new Map<number, Entry>();
  /**
   * Ranges of a huge page that have tables for small entries, by number: in these no fault makes a huge page, whether or
   * not anything is there by now.
   */
  readonly tables = new Set<number>();
  /** Processes that run in it. */
  users = 1;
  /** How it stands with the swap token. */
  standing = newcomer();
  /** Of its processes so many stay inside a fault, with mmap_sem for reading. */
  processesHeld = 0;
  /** False while exec makes it. */
  isBorn = true;
  brkStart = 0;
  brk = 0;
  /** mlockall has said that whatever will be mapped is to be locked. */
  locksFuture = false;
  /** Those who have a table of their own beside its entries, and are told of changes. */
  devices: Device[] = [];
  /** A call that changes its VMAs is at work: nobody else may look at them. */
  heldForWriting = false;

  constructor(
    readonly environment: Environment,
    /** To which its pages are charged. */
    public cgroup: Cgroup,
  ) {
    environment.spaces.add(this);
  }

  get memory(): Memory {
    return this.environment.memory;
  }

  /** Does something that changes VMAs, or whatever else v3.7 holds mmap_sem for write for. */
  exclusively<T>(work: () => T): T {
    this.heldForWriting = true;
    try {
      return work();
    } finally {
      this.heldForWriting = false;
    }
  }

  /** Pages of locked VMAs. */
  get lockedPages(): number {
    return this.vmas.filter((vma) => vma.flags.locked).reduce((sum, vma) => sum + vma.pages, 0);
  }

  /** Refuses to lock more pages than allowed. */
  requireRoomToLock(pages: number, otherwise: FailureCode): void {
    if (this.lockedPages + pages > this.environment.memlock) fail(otherwise);
  }

  /** The VMA that holds `page`. */
  at(page: number): Vma | undefined {
    return this.vmas.find((vma) => vma.holds(page));
  }

  /** The VMA that holds `page`, or else the next one above. */
  atOrAbove(page: number): Vma | undefined {
    return this.vmas.find((vma) => vma.end > page);
  }

  after(vma: Vma): Vma | undefined {
    return this.vmas[this.vmas.indexOf(vma) + 1];
  }

  overlapping(start: number, end: number): Vma[] {
    return this.vmas.filter((vma) => vma.start < end && start < vma.end);
  }

  insert(vma: Vma): void {
    const place = this.vmas.findIndex((other) => other.start > vma.start);
    this.vmas.splice(place < 0 ? this.vmas.length : place, 0, vma);
  }

  remove(vma: Vma): void {
    this.vmas = this.vmas.filter((other) => other !== vma);
  }

  /** Refuses what would split one VMA more than the limit allows. */
  requireRoomForSplit(otherwise: FailureCode): void {
    if (this.vmas.length >= this.environment.maxMapCount) fail(otherwise);
  }

  /** Cuts `vma` at `at`; the new VMA is the part below or above. */
  split(vma: Vma, at: number, created: "below" | "above"): Vma {
    this.environment.counts.vmaSplits++;
    const part =
      created === "below"
        ? new Vma(this, vma.start, at, vma.pgoff, vma.flags, vma.file)
        : new Vma(this, at, vma.end, vma.pgoffOf(at), vma.flags, vma.file);
    part.anonVma = vma.anonVma;
    part.searched = vma.searched;
    cloneChain(part, vma);
    part.file?.inode.link(part);
    this.resize(vma, created === "below" ? at : vma.start, created === "below" ? vma.end : at);
    this.insert(part);
    return part;
  }

  /** New bounds for `vma`, its pages keeping their pgoff. */
  resize(vma: Vma, start: number, end: number): void {
    this.rebound([{ vma, start, end }]);
  }

  /** Moves the boundary between two neighbours. */
  shiftBoundary(lower: Vma, upper: Vma, boundary: number): void {
    this.rebound([
      { vma: lower, start: lower.start, end: boundary },
      { vma: upper, start: boundary, end: upper.end },
    ]);
  }

  /** Whatever is sorted by bounds is taken out first and put back afterwards. */
  private rebound(changes: readonly { vma: Vma; start: number; end: number }[]): void {
    for (const { vma, start, end } of changes) {
      splitAcross(vma, start);
      splitAcross(vma, end);
    }
    for (const { vma } of changes) {
      for (const anonVma of vma.chain) anonVma.takeOut(vma);
      if (!vma.flags.nonlinear) vma.file?.inode.unlink(vma);
    }
    for (const { vma, start, end } of changes) {
      vma.pgoff += start - vma.start;
      vma.start = start;
      vma.end = end;
    }
    for (const { vma } of [...changes].reverse()) {
      if (!vma.flags.nonlinear) vma.file?.inode.link(vma);
    }
    for (const { vma } of changes) for (const anonVma of vma.chain) anonVma.sortIn(vma);
  }

  /** `vma` takes in its upper neighbour, which is gone afterwards. */
  swallowNext(vma: Vma): void {
    const next = this.after(vma);
    if (next === undefined) throw new Error("nothing to swallow");
    if (vma.anonVma === null && next.anonVma !== null) {
      cloneChain(vma, next);
      vma.anonVma = next.anonVma;
    }
    this.resize(vma, vma.start, next.end);
    this.discard(next);
  }

  /** Forgets a VMA; its entries are not touched. */
  discard(vma: Vma): void {
    this.remove(vma);
    vma.file?.inode.unlink(vma);
    unlinkChain(vma);
    vma.file?.inode.dropIfUnreachable();
  }

  /** anon_vma_prepare: a neighbour's anon_vma if the two may merge one day, else a new one. */
  prepareAnonVma(vma: Vma): void {
    if (vma.anonVma !== null) return;
    const place = this.vmas.indexOf(vma);
    const next = this.vmas[place + 1];
    const previous = this.vmas[place - 1];
    let anonVma: AnonVma | null = null;
    if (next !== undefined && next.chain.length === 1 && continues(vma, next)) {
      anonVma = next.anonVma;
    }
    if (anonVma === null && previous?.chain.length === 1 && continues(previous, vma)) {
      anonVma = previous.anonVma;
    }
    if (anonVma === null) {
      anonVma = new AnonVma(null);
      this.environment.counts.anonVmasCreated++;
    }
    vma.anonVma = anonVma;
    vma.chain.push(anonVma);
    anonVma.link(vma);
  }

  /** Ranges that have a table of which some is in [start, end). */
  tablesIn(start: number, end: number): number[] {
    return [...this.tables].filter((table) => table * HUGE < end && start < (table + 1) * HUGE);
  }

  /** All of [start, end) has tables from now on. */
  addTables(start: number, end: number): void {
    for (let table = Math.floor(start / HUGE); table * HUGE < end; table++) this.tables.add(table);
  }

  /** [start, end) was unmapped: tables go of which no other VMA has a part. */
  dropTables(start: number, end: number): void {
    for (const table of this.tablesIn(start, end)) {
      const used = this.overlapping(table * HUGE, (table + 1) * HUGE).length > 0;
      if (!used) this.tables.delete(table);
    }
  }

  /** Page numbers in [start, end) that have an entry, in order. */
  entryPages(start: number, end: number): number[] {
    const pages: number[] = [];
    if (end - start <= this.entries.size) {
      for (let page = start; page < end; page++) if (this.entries.has(page)) pages.push(page);
      return pages;
    }
    for (const page of this.entries.keys()) if (start <= page && page < end) pages.push(page);
    return pages.sort((a, b) => a - b);
  }

  /** Puts an entry for a page or the zero page; an earlier entry must have been taken away. */
  map(page: number, entry: PresentEntry): void {
    if (entry.page !== null) entry.page.mapcount++;
    const marks = !this.memory.hasStorageKeys;
    this.entries.set(page, {
      ...entry,
      dirty: entry.dirty && marks,
      young: entry.young && marks,
    });
  }

  /** The last process has left. */
  tearDown(): void {
    for (const device of [...this.devices]) device.detach();
    for (const vma of this.vmas) munlockAll(vma);
    for (const vma of this.vmas) zap(vma, vma.start, vma.end);
    for (const vma of [...this.vmas]) this.discard(vma);
    this.environment.spaces.delete(this);
    this.environment.ksm.leave(this);
    this.memory.token.lose(this);
  }
}
