import type { AddressSpace } from "./address-space.js";
import { cloneChain } from "./anon-vma.js";
import { tellRange } from "./told.js";
import { fail } from "./failure.js";
import { mapWhole, PartEntry, splitHuge, takeWhole } from "./huge-page.js";
import { breakShared } from "./ksm.js";
import { populateIfLocked } from "./lock-call.js";
import { merge } from "./merge.js";
import { placed } from "./placement.js";
import { HUGE, TASK_PAGES } from "./units.js";
import { unmap } from "./unmap-call.js";
import { Vma } from "./vma.js";

/** VMAs that a move may need on the way: it is refused that close to the limit. */
const VMAS_FOR_A_MOVE = 3;

/** mremap that may not choose a place, or may. Returns the first page afterwards. */
export function resizeOrMove(
  space: AddressSpace,
  from: number,
  oldPages: number,
  newPages: number,
  mayMove: boolean,
): number {
  if (newPages === 0) fail("EINVAL");
  if (newPages <= oldPages) {
    if (newPages < oldPages) unmapChecked(space, from + newPages, from + oldPages);
    return from;
  }
  const vma = wholeRangeInOneVma(space, from, oldPages);
  requireRoomToLock(vma, newPages - oldPages);
  if (from + oldPages === vma.end && roomAbove(space, vma, newPages - oldPages)) {
    space.resize(vma, vma.start, from + newPages);
    populateIfLocked(vma, from + oldPages, from + newPages);
    return from;
  }
  if (!mayMove) fail("ENOMEM");
  return move(space, vma, from, oldPages, newPages, placed(space, newPages));
}

/** mremap to a given place. The target is unmapped first, even if the move then fails. */
export function moveTo(
  space: AddressSpace,
  from: number,
  oldPages: number,
  newPages: number,
  to: number,
): number {
  if (newPages === 0) fail("EINVAL");
  if (newPages > TASK_PAGES || to > TASK_PAGES - newPages) fail("EINVAL");
  if (to < from + oldPages && from < to + newPages) fail("EINVAL");
  if (to <= from && from < to + newPages) fail("EINVAL");
  unmap(space, to, to + newPages);
  if (newPages < oldPages) unmapChecked(space, from + newPages, from + oldPages);
  const pages = Math.min(oldPages, newPages);
  const vma = wholeRangeInOneVma(space, from, pages);
  requireRoomToLock(vma, newPages - pages);
  return move(space, vma, from, pages, newPages, to);
}

function unmapChecked(space: AddressSpace, start: number, end: number): void {
  if (end > TASK_PAGES) fail("EINVAL");
  unmap(space, start, end);
}

function wholeRangeInOneVma(space: AddressSpace, from: number, pages: number): Vma {
  const vma = space.at(from);
  if (vma === undefined || from + pages > vma.end) fail("EFAULT");
  return vma;
}

function requireRoomToLock(vma: Vma, more: number): void {
  if (vma.flags.locked && more > 0) vma.space.requireRoomToLock(more, "EAGAIN");
}

function roomAbove(space: AddressSpace, vma: Vma, pages: number): boolean {
  const next = space.after(vma);
  return vma.end + pages <= Math.min(TASK_PAGES, next?.start ?? TASK_PAGES);
}

function move(
  space: AddressSpace,
  vma: Vma,
  from: number,
  oldPages: number,
  newPages: number,
  to: number,
): number {
  if (space.vmas.length >= space.environment.maxMapCount - VMAS_FOR_A_MOVE) fail("ENOMEM");
  // Shared pages would turn up at the new place by surprise.
  if (vma.flags.mergeable) breakShared(vma, from, from + oldPages);
  copyVma(space, vma, vma.pgoffOf(from), to, to + newPages);
  tellRange(space, from, from + oldPages);
  for (const page of space.entryPages(from, from + oldPages)) {
    if (isMovedAsWhole(space, page, from, from + oldPages, to)) continue;
    const entry = space.entries.get(page);
    if (entry === undefined) continue;
    space.entries.delete(page);
    space.entries.set(page - from + to, entry);
  }
  for (const table of space.tablesIn(from, from + oldPages)) {
    const first = Math.max(from, table * HUGE);
    const end = Math.min(from + oldPages, (table + 1) * HUGE);
    space.addTables(first - from + to, end - from + to);
  }
  if (oldPages > 0) unmap(space, from, from + oldPages);
  const moved = space.at(to);
  if (moved !== undefined) populateIfLocked(moved, to + oldPages, to + newPages);
  return to;
}

/**
 * A huge page keeps together only from one place that is made for it to another, where huge pages are not unwanted; else
 * it is split.
 */
function isMovedAsWhole(
  space: AddressSpace,
  page: number,
  from: number,
  end: number,
  to: number,
): boolean {
  const entry = space.entries.get(page);
  if (!(entry instanceof PartEntry)) return false;
  const first = page - entry.part;
  const target = first - from + to;
  const unwanted = space.at(page)?.flags.noHugePage ?? false;
  const fits = first >= from && first + HUGE <= end && target % HUGE === 0;
  if (unwanted || !fits || space.tables.has(target / HUGE)) {
    splitHuge(entry.page);
    return false;
  }
  const whole = takeWhole(space, first);
  whole.head.mapcount--;
  mapWhole(space, target, whole);
  return true;
}

/** The VMA at the destination: a neighbour that was extended, or a copy. */
function copyVma(space: AddressSpace, vma: Vma, pgoff: number, start: number, end: number): void {
  const { file, flags, anonVma } = vma;
  // Nothing names the pages of a VMA that was never written, so it may continue its new neighbours.
  const first = file === null && anonVma === null ? start : pgoff;
  const origin = vma.start;
  const merged = merge(space, { start, end, pgoff: first, flags, file, anonVma });
  if (merged !== null) {
    // Unless it has become one with what it came from.
    if (space.environment.movesToTail && !merged.holds(origin)) {
      for (const anon of merged.chain) anon.moveToTail(merged);
    }
    return;
  }
  const copy = new Vma(space, start, end, first, flags, file);
  copy.anonVma = anonVma;
  copy.searched = vma.searched;
  cloneChain(copy, vma);
  space.insert(copy);
  file?.inode.link(copy);
}
