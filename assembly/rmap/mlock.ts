// PG_mlocked: set where a locked VMA maps the page, cleared by munlock, and when the last mapping goes (spec/commits.md
// sections 3 and 4). A page that has it is on the unevictable list.
//
// Up to v3.6 it stayed until the page left its file, and with a page that never was in one until it was freed.

import { VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { ClearMlock, PageEvictable } from "../abi/switch";
import { event } from "../memory/event";
import { header, vmStat } from "../memory/header";
import { isolateLruPage, putbackLruPage } from "../struct/isolation";
import { pageEvictable } from "../struct/lru";
import { pageMapping, pageSize, pageTest, pageTestAndClear, pageTestAndSet } from "../struct/page";
import { isSpecial, Vma } from "../struct/vma";

/** Sets the mark and counts it; false if it was set. */
function mark(frame: u32): bool {
  if (pageTestAndSet(frame, PageFlag.Mlocked)) return false;
  vmStat(VmStat.NrMlock, pageSize(frame));
  vmStat(VmStat.UnevictablePgsMlocked, 1);
  event(Event.Mlocked, <f64>frame, 0, 0);
  return true;
}

/** Clears the mark and its count; false if it was not set. */
export function unmark(frame: u32): bool {
  if (!pageTestAndClear(frame, PageFlag.Mlocked)) return false;
  vmStat(VmStat.NrMlock, -pageSize(frame));
  event(Event.Munlocked, <f64>frame, 0, 0);
  return true;
}

/**
 * mlocked_vma_newpage, for a page that is on no list: marks it if the VMA is locked.
 * @returns true if the page belongs on the unevictable list
 */
export function mlockedVmaNewpage(vma: Vma, frame: u32): bool {
  assert(!pageTest(frame, PageFlag.Lru), "mlock: new page that is on a list");
  if (!(vma.flags & VmFlag.Locked) || isSpecial(vma.flags)) return false;
  mark(frame);
  return true;
}

/**
 * page_evictable of up to v3.6, which takes a VMA: true if the page, which is on no list, may be reclaimed. To ask
 * marks the page if the VMA is locked.
 */
function pageEvictableIn(frame: u32, vma: Vma): bool {
  return pageEvictable(frame) && !mlockedVmaNewpage(vma, frame);
}

/** Whether a new page of the VMA, which is on no list, may be reclaimed; marks it if the VMA is locked. */
export function newPageEvictable(frame: u32, vma: Vma): bool {
  if (header().pageEvictable == <u32>PageEvictable.WithVma) return pageEvictableIn(frame, vma);
  return !mlockedVmaNewpage(vma, frame);
}

/** page_evictable with a VMA, for who only wants to know: since v3.7 there is none to be looked at. */
export function askPageEvictable(frame: u32, vma: Vma): bool {
  if (header().pageEvictable == <u32>PageEvictable.WithVma) return pageEvictableIn(frame, vma);
  return pageEvictable(frame);
}

/** Does the last unmap clear the mark? */
export function lastUnmapClearsMlock(): bool {
  return header().clearMlock == <u32>ClearMlock.OnLastUnmap;
}

/**
 * Up to v3.6 only a page that is still in its file is marked or unmarked by who has waited for its lock, as the mark
 * was cleared when it left.
 */
export function mayChangeMlock(frame: u32): bool {
  return lastUnmapClearsMlock() || pageMapping(frame) != 0;
}

/** Marks a locked page, and moves it to the unevictable list. */
export function mlockVmaPage(frame: u32): void {
  if (mark(frame) && isolateLruPage(frame)) putbackLruPage(frame);
}

/** clear_page_mlock: the last mapping is gone, or up to v3.6 the page leaves its file. The former needs no page lock. */
export function clearPageMlock(frame: u32): void {
  if (!unmark(frame)) return;
  vmStat(VmStat.UnevictablePgsCleared, 1);
  if (isolateLruPage(frame)) putbackLruPage(frame);
  else if (pageTest(frame, PageFlag.Unevictable)) vmStat(VmStat.UnevictablePgsStranded, 1);
}

/** A page, locked and not mapped, is about to leave its file. */
export function clearCachedPageMlock(frame: u32): void {
  if (lastUnmapClearsMlock()) return;
  // v3.6 counts nothing if it has left already, which whoever comes here has excluded under the page's lock.
  assert(pageMapping(frame) != 0, "mlock: cleared of a page that is in no file");
  clearPageMlock(frame);
}
