// Where in a change clients are told of it: commit 2ec74c3ef2d8 moved the calls out of the page-table lock (spec/commits.md
// section 2), so that clients may sleep in them, and invalidate_page was replaced by ranges later.
//
//   under-ptl             lock, clear, tell, set, unlock
//   outside-ptl           ranges: start, lock, clear, set, unlock, end
//     after-unlock        one page: lock, clear, set, unlock, tell
//     range               one page: as a range
//
// What is called Outside does nothing in a kernel that tells under the lock, and what is called Inside nothing in one that
// does not: each place of a change has both. With nobody registered each costs one test.

import { InvalidatePage, NotifierCalls } from "../abi/switch";
import { header } from "../memory/header";
import { MmStruct } from "../struct/mm-struct";
import { tablePutBack, tableWithdraw } from "../struct/page-table";
import {
  mmuNotifierInvalidatePage,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "./dispatch";

/** Is somebody to be told under the page-table lock? */
export function isToldInside(mm: MmStruct): bool {
  return mm.notifiers != 0 && header().notifierCalls == <u32>NotifierCalls.UnderPtl;
}

/** Is somebody to be told without it? */
export function isToldOutside(mm: MmStruct): bool {
  return mm.notifiers != 0 && header().notifierCalls != <u32>NotifierCalls.UnderPtl;
}

/** Is somebody to be told of one page by a range around the change? */
export function isToldByRange(mm: MmStruct): bool {
  return isToldOutside(mm) && header().invalidatePage == <u32>InvalidatePage.Range;
}

/** Before the first lock of a change of [start, end). */
export function rangeStartOutside(mm: MmStruct, start: u64, end: u64): void {
  if (isToldOutside(mm)) mmuNotifierInvalidateRangeStart(mm, start, end);
}

/** After its last lock, with the same arguments, on every way out. */
export function rangeEndOutside(mm: MmStruct, start: u64, end: u64): void {
  if (isToldOutside(mm)) mmuNotifierInvalidateRangeEnd(mm, start, end);
}

/** Under the lock, once it is sure that [start, end) changes. */
export function rangeStartInside(mm: MmStruct, start: u64, end: u64): void {
  if (isToldInside(mm)) mmuNotifierInvalidateRangeStart(mm, start, end);
}

export function rangeEndInside(mm: MmStruct, start: u64, end: u64): void {
  if (isToldInside(mm)) mmuNotifierInvalidateRangeEnd(mm, start, end);
}

/** ptep_clear_flush_notify: the entry at an address was cleared, under the lock that is held still. */
export function pageClearedInside(mm: MmStruct, address: u64): void {
  if (isToldInside(mm)) mmuNotifierInvalidatePage(mm, address);
}

/** The entry at an address has changed, and the lock was let go; nothing where a range tells of it. */
export function pageChangedOutside(mm: MmStruct, address: u64): void {
  if (isToldOutside(mm) && header().invalidatePage == <u32>InvalidatePage.AfterUnlock) {
    mmuNotifierInvalidatePage(mm, address);
  }
}

/** pmdp_clear_flush_notify: while clients hear of [start, end) the huge entry is not there, which the caller then replaces. */
export function pmdClearedInside(mm: MmStruct, pmd: usize, start: u64, end: u64): void {
  if (!isToldInside(mm)) return;
  mmuNotifierInvalidateRangeStart(mm, start, end);
  const hidden = tableWithdraw(pmd);
  mmuNotifierInvalidateRangeEnd(mm, start, end);
  tablePutBack(pmd, hidden);
}
