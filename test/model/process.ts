import { access, type Access } from "./access.js";
import { AddressSpace, type Entry } from "./address-space.js";
import { collapse, type Collapse } from "./collapse.js";
import { advise, protect, type Advice } from "./change-call.js";
import { fail } from "./failure.js";
import { copySpace } from "./fork.js";
import type { OpenFile } from "./file.js";
import type { Protection } from "./flags.js";
import { lockAll, lockRange, unlockRange, type LockAll } from "./lock-call.js";
import { map, moveBreak } from "./map-call.js";
import { moveTo, resizeOrMove } from "./move-call.js";
import type { Page } from "./page.js";
import { remap } from "./remap-call.js";
import { layStack, type Stack } from "./stack.js";
import { newcomer } from "./swap-token.js";
import { PAGE, pageOfAligned, pagesOf, TASK_PAGES } from "./units.js";
import { unmap } from "./unmap-call.js";

/** What mmap takes; addresses and lengths in bytes, pgoff in pages. */
export interface MmapOptions {
  readonly length: number;
  readonly address?: number;
  readonly prot?: Protection;
  readonly shared?: boolean;
  readonly file?: OpenFile;
  readonly pgoff?: number;
  readonly fixed?: boolean | "no-replace";
  readonly noReserve?: boolean;
  readonly growsDown?: boolean;
  readonly stackSetup?: boolean;
  readonly locked?: boolean;
}

/** Pages in use by kind: shmem belongs to `file` in v3.7, and is told apart here. */
export interface Residence {
  anon: number;
  file: number;
  shmem: number;
  zero: number;
  swap: number;
}

/** A process; addresses are bytes. Every call throws Failure when it is refused. */
export class ModelProcess {
  /** What memory_failure has sent it. */
  signal: { name: "SIGBUS" | "SIGKILL"; readonly address: number } | null = null;
  /** It is inside a fault, and stays there. */
  isHeld = false;
  private current: AddressSpace | null;

  constructor(
    readonly pid: number,
    readonly parent: ModelProcess | null,
    space: AddressSpace,
  ) {
    this.current = space;
  }

  get alive(): boolean {
    return this.current !== null;
  }

  get space(): AddressSpace {
    return this.current ?? fail("ESRCH");
  }

  mmap(options: MmapOptions): number {
    const space = this.space;
    const fixed = options.fixed ?? false;
    const request = {
      pages: pagesOf(options.length),
      address: options.address ?? null,
      fixed,
      protection: options.prot ?? "rw",
      shared: options.shared ?? false,
      noReserve: options.noReserve ?? false,
      growsDown: options.growsDown ?? false,
      stackSetup: options.stackSetup ?? false,
      locked: options.locked ?? false,
      file: options.file ?? null,
      pgoff: options.pgoff ?? 0,
    };
    return space.exclusively(() => map(space, request)) * PAGE;
  }

  munmap(address: number, length: number): void {
    const space = this.space;
    const start = pageOfAligned(address);
    const pages = pagesOf(length);
    if (pages === 0 || start + pages > TASK_PAGES) fail("EINVAL");
    space.exclusively(() => {
      unmap(space, start, start + pages);
    });
  }

  mprotect(address: number, length: number, protection: Protection): void {
    const space = this.space;
    const start = pageOfAligned(address);
    protect(space, start, start + pagesOf(length), protection);
  }

  mremap(
    address: number,
    oldLength: number,
    newLength: number,
    options: { mayMove?: boolean; to?: number } = {},
  ): number {
    const space = this.space;
    const from = pageOfAligned(address);
    const [oldPages, newPages] = [pagesOf(oldLength), pagesOf(newLength)];
    const { to, mayMove = false } = options;
    const target = to === undefined ? null : pageOfAligned(to);
    const start = space.exclusively(() =>
      target === null
        ? resizeOrMove(space, from, oldPages, newPages, mayMove)
        : moveTo(space, from, oldPages, newPages, target),
    );
    return start * PAGE;
  }

  /** Address and length are rounded down to pages. */
  remapFilePages(address: number, length: number, pgoff: number, nonBlock: boolean): void {
    const start = Math.floor(address / PAGE);
    remap(this.space, start, start + Math.floor(length / PAGE), pgoff, nonBlock);
  }

  madvise(address: number, length: number, advice: Advice): void {
    const space = this.space;
    const start = pageOfAligned(address);
    space.exclusively(() => {
      advise(space, start, start + pagesOf(length), advice);
    });
  }

  /** All pages that the range touches. */
  mlock(address: number, length: number): void {
    lockRange(this.space, Math.floor(address / PAGE), pagesOf(address + length));
  }

  munlock(address: number, length: number): void {
    unlockRange(this.space, Math.floor(address / PAGE), pagesOf(address + length));
  }

  /** Neither: munlockall. */
  mlockall(what: LockAll): void {
    lockAll(this.space, what);
  }

  collapse(address: number): Collapse {
    return collapse(this.space, Math.floor(address / PAGE));
  }

  brk(address = 0): number {
    const { space } = this;
    return space.exclusively(() => moveBreak(space, address));
  }

  /** Any address; the word is that of its page. */
  access(address: number, kind: Access, word?: number): number {
    return access(this.space, Math.floor(address / PAGE), kind, word);
  }

  /** EBUSY when it is inside a fault already. */
  hold(): void {
    if (this.isHeld) fail("EBUSY");
    this.space.processesHeld++;
    this.isHeld = true;
  }

  /** EINVAL when it is in none. */
  letGo(): void {
    const { space } = this;
    if (!this.isHeld) fail("EINVAL");
    space.processesHeld--;
    this.isHeld = false;
  }

  fork(pid: number, shareMemory: boolean): ModelProcess {
    if (shareMemory) {
      this.space.users++;
      this.space.standing = newcomer(this.space.standing.stamp);
      return new ModelProcess(pid, this, this.space);
    }
    return new ModelProcess(pid, this, copySpace(this.space));
  }

  /** With `stack` the new address space has one; without it is empty. E2BIG. */
  exec(brk: number, stack: Stack | null = null): void {
    const { environment, cgroup } = this.space;
    const fresh = new AddressSpace(environment, cgroup);
    fresh.isBorn = false;
    try {
      if (stack !== null) layStack(fresh, stack);
      fresh.isBorn = true;
    } catch (error) {
      fresh.tearDown();
      throw error;
    }
    fresh.brkStart = brk;
    fresh.brk = brk;
    this.leave();
    this.current = fresh;
  }

  exit(): void {
    this.leave();
  }

  pageAt(address: number): Page | null {
    const entry = this.space.entries.get(Math.floor(address / PAGE));
    return entry !== undefined && "page" in entry ? entry.page : null;
  }

  residence(): Residence {
    const sum: Residence = { anon: 0, file: 0, shmem: 0, zero: 0, swap: 0 };
    for (const entry of this.space.entries.values()) {
      const kind = kindOf(entry);
      if (kind !== null) sum[kind]++;
    }
    return sum;
  }

  private leave(): void {
    const space = this.space;
    this.current = null;
    space.users--;
    if (space.users === 0) space.tearDown();
  }
}

function kindOf(entry: Entry): keyof Residence | null {
  if ("broken" in entry || "pgoff" in entry) return null;
  if ("slot" in entry) return "swap";
  if (entry.page === null) return "zero";
  if (entry.page.anon) return "anon";
  return entry.page.ofSharedMemory ? "shmem" : "file";
}
