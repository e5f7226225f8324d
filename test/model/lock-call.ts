import type { AddressSpace } from "./address-space.js";
import { reflag } from "./change-call.js";
import { fail, Failure, type FailureCode } from "./failure.js";
import { fault, pageOf } from "./fault.js";
import { PartEntry, touchWhole } from "./huge-page.js";
import { mlockPage } from "./page-lock.js";
import { munlockRange } from "./munlock.js";
import { isSpare } from "./stack.js";
import type { Vma } from "./vma.js";

/** mlock of [start, end): marks the VMAs up to the first hole; without one it then brings the pages in. */
export function lockRange(space: AddressSpace, start: number, end: number): void {
  requireMayLock(space);
  space.exclusively(() => {
    space.requireRoomToLock(end - start, "ENOMEM");
    markRange(space, start, end, true);
  });
  for (const vma of space.overlapping(start, end)) {
    const missed = populate(vma, Math.max(start, vma.start), Math.min(end, vma.end));
    // What one can't have is out of reach; for what there is no room there may be some later.
    if (missed !== null) fail(missed === "ENOMEM" ? "EAGAIN" : "ENOMEM");
  }
}

/** can_do_mlock: with a limit of nothing nobody may ask. */
function requireMayLock(space: AddressSpace): void {
  if (space.environment.memlock === 0) fail("EPERM");
}

/** munlock of [start, end). */
export function unlockRange(space: AddressSpace, start: number, end: number): void {
  space.exclusively(() => {
    markRange(space, start, end, false);
  });
}

/** What mlockall is to lock; neither is munlockall. */
export interface LockAll {
  readonly current: boolean;
  readonly future: boolean;
}

/** mlockall and munlockall. Pages that can't be had are passed over. */
export function lockAll(space: AddressSpace, { current, future }: LockAll): void {
  if (current || future) requireMayLock(space);
  space.exclusively(() => {
    const pages = space.vmas.reduce((sum, vma) => sum + vma.pages, 0);
    if (current && pages > space.environment.memlock) fail("ENOMEM");
    space.locksFuture = future;
    if (future && !current) return;
    for (let vma = space.vmas[0]; vma !== undefined;) {
      vma = space.after(markOne(vma, vma.start, vma.end, current));
    }
  });
  if (!current) return;
  for (const vma of space.vmas) if (vma.flags.locked) populate(vma, vma.start, vma.end);
}

function markRange(space: AddressSpace, start: number, end: number, locked: boolean): void {
  let at = start;
  while (at < end) {
    const vma = space.at(at);
    if (vma === undefined) fail("ENOMEM");
    const until = Math.min(vma.end, end);
    markOne(vma, at, until, locked);
    at = Math.max(until, space.at(until - 1)?.end ?? until);
  }
}

/** mlock_fixup: the VMA that holds the range afterwards. */
function markOne(vma: Vma, start: number, end: number, locked: boolean): Vma {
  if (vma.flags.locked === locked) return vma;
  const changed = reflag(vma.space, vma, start, end, { ...vma.flags, locked }, "ENOMEM");
  if (!locked) munlockRange(changed, start, end);
  return changed;
}

/** A range that was added to a locked VMA is made present, as far as that can be. */
export function populateIfLocked(vma: Vma, start: number, end: number): void {
  if (vma.flags.locked) populate(vma, start, end);
}

/**
 * Brings in and locks every page of a range; private ones are copied now if they may be written. Why the
 * first that can't be had can't.
 */
export function populate(vma: Vma, start: number, end: number): FailureCode | null {
  const { read, write, exec, shared } = vma.flags;
  if (!read && !write && !exec) return start < end ? "EFAULT" : null;
  for (let address = start; address < end; address++) {
    // What a stack keeps free stays so, unless it is there as it is wanted.
    if (isSpare(vma, address) && !isThere(vma, address, write && !shared)) continue;
    const missed = bringIn(vma, address, write && !shared);
    if (missed !== null) return missed;
    touch(vma, address, write && !shared);
  }
  return null;
}

function isThere(vma: Vma, address: number, write: boolean): boolean {
  const entry = vma.space.entries.get(address);
  return entry !== undefined && "page" in entry && (!write || entry.writable);
}

function bringIn(vma: Vma, address: number, write: boolean): FailureCode | null {
  try {
    while (!isThere(vma, address, write)) fault(vma, address, write);
    return null;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

/** follow_page: whoever brings a page in has used it. */
function touch(vma: Vma, address: number, write: boolean): void {
  const entry = vma.space.entries.get(address);
  const page = pageOf(entry);
  if (page === null) return;
  if (entry instanceof PartEntry) {
    touchWhole(entry);
    if (vma.flags.locked) mlockPage(page.whole);
    return;
  }
  if (write && entry !== undefined && "page" in entry && !entry.dirty) page.setDirty();
  page.lists.markAccessed(page);
  if (vma.flags.locked) mlockPage(page);
}
