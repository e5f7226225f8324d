import { AddressSpace, type Environment } from "./address-space.js";
import { zeroCounts, type Counts } from "./counts.js";
import { khugepaged } from "./collapse.js";
import { Device, type DeviceKind } from "./device.js";
import { fail } from "./failure.js";
import { pageOf } from "./fault.js";
import { Inode, OpenFile, type FileKind } from "./file.js";
import { Ksm } from "./ksm.js";
import type { Cgroup } from "./cgroup.js";
import { forceEmpty, remove, setLimit } from "./cgroup-call.js";
import { moveSpace } from "./cgroup-move.js";
import { Memory, type HugePages, type KsmWalk, type WalkOrder } from "./memory.js";
import { markBroken, memoryFailure, type MemoryFailure } from "./memory-failure.js";
import { migrate, type Migration } from "./migrate.js";
import type { Page } from "./page.js";
import { tryToMunlock, tryToUnmap, type Overlooked, type UnmapOutcome } from "./page-unmap.js";
import { splitHuge } from "./huge-page.js";
import { highestGap } from "./placement.js";
import { ModelProcess } from "./process.js";
import { reclaim } from "./reclaim.js";
import { pageReferenced } from "./referenced.js";
import { shrink, type Fate } from "./shrink.js";
import { swapoff } from "./swapoff.js";
import { pageMkclean } from "./write-out.js";

/** How a model differs from the next one: only the index's order shows, and the limits. */
export interface MachineOptions {
  readonly walkOrder?: WalkOrder;
  /** Of its values only "move-to-tail" shows. */
  readonly mremapOrder?: string;
  readonly fileIndex?: "prio-tree" | "prio-tree-3.4" | "interval-tree";
  readonly maxMapCount?: number;
  /** Pages that an address space may lock; no limit by default. */
  readonly memlock?: number;
  /** Pages that a stack may have. */
  readonly stack?: number;
  readonly arch?: "x86-64" | "s390x";
  /** Pages of the swap area that there is from the beginning. */
  readonly swap?: number;
  readonly transparentHugepage?: HugePages;
  /** So many frames are known to be broken that there is none in a row for a huge page. */
  readonly brokenRows?: number;
  /** Is there a swap token? Default off. */
  readonly swapToken?: "on" | "off";
  /** When PG_mlocked goes. */
  readonly clearMlock?: "on-truncate" | "on-last-unmap";
  /** Whether a page that migrates keeps it. */
  readonly migrationMlock?: "lost" | "restored";
  /** Which files' pages their storage keys make dirty. */
  readonly storageKeyDirty?: "always" | "non-accounting-only";
  readonly ksmWalk?: KsmWalk;
  /** Where devices are told of changes, and whether of single entries as of ranges. */
  readonly notifierCalls?: "under-ptl" | "outside-ptl";
  readonly invalidatePage?: "after-unlock" | "range";
  readonly anonVmaReuse?: "never" | "low-degree";
  /** Chooses places for mappings without one; by default the highest gap. */
  readonly placement?: Environment["placement"];
}

/** More than anybody uses. */
const MUCH_SWAP = 1_000_000;

/**
 * The naive model of the whole system: processes, VMAs, anon_vmas, pages, files and swap as plain objects in
 * arrays and maps. It shares no code with the core; the two are compared operation by operation.
 */
export class Machine {
  readonly counts: Counts = zeroCounts();
  readonly memory: Memory;
  readonly ksm = new Ksm();
  /** Every process there ever was, in order of birth. */
  readonly processes: ModelProcess[] = [];
  /** Every device there ever was, in order of birth. */
  readonly devices: Device[] = [];
  private readonly environment: Environment;

  constructor(options: MachineOptions = {}) {
    this.memory = new Memory(
      options.walkOrder ?? "interval-tree",
      options.swap ?? MUCH_SWAP,
      options.arch === "s390x",
      options.transparentHugepage,
      options.brokenRows === undefined,
      options.swapToken === "on",
    );
    this.memory.prioTrees = (options.fileIndex ?? "interval-tree") !== "interval-tree";
    this.memory.broken = options.brokenRows ?? 0;
    this.memory.mlockOutlivesMappings = options.clearMlock === "on-truncate";
    this.memory.migrationRestoresMlock = options.migrationMlock === "restored";
    this.memory.keysDirtyAnyFile = options.storageKeyDirty === "always";
    this.memory.ksmWalk = options.ksmWalk ?? "all-vmas";
    if (options.notifierCalls === "under-ptl") this.memory.telling = "inside";
    else if (options.invalidatePage === "range") this.memory.telling = "ranges";
    this.memory.reusesAnonVmas = options.anonVmaReuse === "low-degree";
    this.environment = {
      maxMapCount: options.maxMapCount ?? 65530,
      memlock: options.memlock ?? Infinity,
      stack: options.stack ?? 2048,
      memory: this.memory,
      movesToTail: options.mremapOrder === "move-to-tail",
      spaces: new Set(),
      ksm: this.ksm,
      counts: this.counts,
      placement: options.placement ?? highestGap,
    };
  }

  /** A process in a cgroup, by default the root's. */
  spawn(cgroup = 0): ModelProcess {
    const space = new AddressSpace(this.environment, this.cgroup(cgroup));
    return this.register(new ModelProcess(this.nextPid(), null, space));
  }

  /** A device comes to a process's memory. */
  attach(process: ModelProcess, kind: DeviceKind): Device {
    const device = new Device(process.space, kind);
    this.devices.push(device);
    return device;
  }

  /** A new memory cgroup: its number. */
  createCgroup(parent = 0, hierarchical = false): number {
    return this.memory.cgroups.create(this.cgroup(parent), hierarchical, this.pages()).number;
  }

  /** Pages that may be charged to it; Infinity: no limit. EBUSY, EINVAL for the root. */
  limitCgroup(cgroup: number, pages: number): void {
    setLimit(this.memory, this.cgroup(cgroup), pages);
  }

  /** A process, and all who share its memory, go to a cgroup with their charges. ENOMEM. */
  moveToCgroup(process: ModelProcess, cgroup: number): void {
    moveSpace(process.space, this.cgroup(cgroup));
  }

  /** Whether what is below it is charged to it as well. EBUSY with something below, EINVAL below one that is so. */
  setHierarchy(cgroup: number, on: boolean): void {
    this.cgroup(cgroup).setHierarchy(on);
  }

  /** It forgets the most that it had, and how often its limit was in the way. */
  recountCgroup(cgroup: number): void {
    this.cgroup(cgroup).recount();
  }

  emptyCgroup(cgroup: number): void {
    forceEmpty(this.memory, this.cgroup(cgroup), this.environment.spaces);
  }

  removeCgroup(cgroup: number): void {
    remove(this.memory, this.cgroup(cgroup), this.environment.spaces);
  }

  /** All pages that somebody could have been charged for. */
  private pages(): Set<Page> {
    const { cgroups, swap } = this.memory;
    const mapped = [...this.environment.spaces].flatMap(({ entries }) =>
      [...entries.values()].map(pageOf),
    );
    const swapped = swap.areas.flatMap((area) => [...(area?.slots ?? [])].map(({ page }) => page));
    const known = cgroups.all.flatMap(({ lists, charged }) => [...lists.all(), ...charged]);
    const pages = [...mapped, ...swapped, ...known].filter((page) => page !== null);
    return new Set(pages.map(({ whole }) => whole));
  }

  fork(parent: ModelProcess, shareMemory = false): ModelProcess {
    return this.register(parent.fork(this.nextPid(), shareMemory));
  }

  /** A file whose page i starts with `word` + i; with null all pages are zero. */
  createFile(
    kind: Exclude<FileKind, "shmem">,
    pages: number,
    name: string,
    word: number | null,
  ): OpenFile {
    return new OpenFile(new Inode(this.memory, kind, pages, word), name);
  }

  /** Another open of the same file. */
  open(file: OpenFile): OpenFile {
    return new OpenFile(file.inode, file.name);
  }

  pageReferenced(page: Page, cgroup: number | null = null): number {
    return pageReferenced(page.whole, cgroup === null ? null : this.cgroup(cgroup)).count;
  }

  /** EBUSY while a process is held inside a fault. */
  khugepaged(): number {
    if (this.processes.some(({ isHeld }) => isHeld)) fail("EBUSY");
    return khugepaged(this.environment.spaces);
  }

  /** True if the page is part of nothing then. */
  split(page: Page): boolean {
    return splitHuge(page);
  }

  /** An anonymous page gets a place on swap first. One that stays gives it up again if swap is short. */
  tryToUnmap(page: Page, overlooked: Overlooked = {}): UnmapOutcome {
    if (page.head !== null && !splitHuge(page)) return "success";
    const placed = !page.anon || page.enterSwapCache();
    const outcome = placed ? tryToUnmap(page, overlooked) : "fail";
    if (page.mapcount === 0) page.freeSwap();
    if (outcome === "fail" && this.memory.swap.isOverHalfFull) page.freeSwap();
    return outcome;
  }

  /** Of a page that is taken off its list meanwhile. */
  tryToMunlock({ whole: page }: Page): UnmapOutcome {
    const isolated = page.lists.isolate(page);
    const outcome = tryToMunlock(page);
    if (isolated) page.lists.putback(page);
    return outcome;
  }

  pageMkclean({ whole: page }: Page): number {
    const cleaned = pageMkclean(page);
    if (cleaned > 0 && !page.dirty) page.setDirty();
    return cleaned;
  }

  /** Reclaim of one page; with `force` whatever was used goes too. */
  shrinkPage(page: Page, force: boolean): Fate | "not-isolated" {
    if (!page.lists.isolate(page)) return "not-isolated";
    page.active = false;
    return shrink(page, { force, writesFiles: true, only: null });
  }

  reclaim(pages: number, kind: "direct" | "background", cgroup: number | null = null): number {
    return reclaim(this.memory, pages, kind, cgroup === null ? null : this.cgroup(cgroup));
  }

  migratePage(page: Page): Migration {
    return migrate(page);
  }

  /** Marks the frame as broken. */
  poison(page: Page): void {
    markBroken(page);
  }

  /** With `early` those who lose something are told at once. */
  memoryFailure(page: Page, early: boolean): MemoryFailure {
    const alive = this.processes.filter((process) => process.alive);
    return memoryFailure(page, early ? alive : []);
  }

  /** page_test_and_clear_young, or _dirty: whether the page had the mark. EINVAL where pages have none. */
  takeMark(page: Page, mark: "touched" | "changed"): boolean {
    if (!this.memory.hasStorageKeys) fail("EINVAL");
    const had = page[mark];
    page[mark] = false;
    return had;
  }

  /** Takes the mark of all pages that anybody can find. EINVAL where pages have none. */
  forgetTouches(): void {
    const { memory, environment } = this;
    if (!memory.hasStorageKeys) fail("EINVAL");
    for (const { cache } of memory.inodes) forgetAll(cache.values());
    for (const { entries } of environment.spaces) {
      for (const entry of entries.values()) {
        if ("page" in entry && entry.page !== null) entry.page.touched = false;
      }
    }
    for (const { lists } of memory.cgroups.living) forgetAll(lists.all());
    for (const area of memory.swap.areas) {
      for (const { page } of area?.slots ?? []) forgetAll(page === null ? [] : [page]);
    }
  }

  pin(page: Page): void {
    page.pins++;
  }

  unpin(page: Page): void {
    if (page.pins === (page.isolated ? 1 : 0)) fail("EINVAL");
    page.pins--;
  }

  /** isolate_lru_page on behalf of somebody outside, who holds the page meanwhile. */
  isolate(page: Page): boolean {
    const isolated = page.lists.isolate(page);
    if (isolated) {
      page.pins++;
      page.isolated = true;
    }
    return isolated;
  }

  putback(page: Page): void {
    if (!page.isolated) fail("EINVAL");
    page.isolated = false;
    page.pins--;
    page.lists.putback(page);
  }

  swapon(pages: number, priority: number): number {
    return this.memory.swap.add(pages, priority);
  }

  swapoff(area: number): void {
    swapoff(this.memory, area, this.environment.spaces);
  }

  holdIo(hold: boolean): void {
    if (hold) this.memory.ioHeld = true;
    else this.memory.releaseIo();
  }

  /** The address space of a process that is alive; null for none. */
  spaceOf(process: number | null): AddressSpace | null {
    return process === null ? null : (this.processes[process]?.space ?? null);
  }

  cgroup(number: number): Cgroup {
    const cgroup = this.memory.cgroups.all[number];
    if (cgroup === undefined) throw new RangeError(`no cgroup ${number}`);
    return cgroup.removed ? fail("ESTALE") : cgroup;
  }

  private register(process: ModelProcess): ModelProcess {
    this.processes.push(process);
    return process;
  }

  private nextPid(): number {
    return this.processes.length + 1;
  }
}

function forgetAll(pages: Iterable<Page>): void {
  for (const page of pages) for (const part of page.parts ?? [page]) part.touched = false;
}
