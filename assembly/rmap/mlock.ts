// PG_mlocked: set where a locked VMA maps the page, cleared by munlock or when the last mapping goes
// (spec/commits.md sections 3 and 4, "after"). A page that has it is on the unevictable list.

import { VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { event } from "../memory/event";
import { vmStat } from "../memory/header";
import { isolateLruPage, putbackLruPage } from "../struct/isolation";
import { pageSize, pageTest, pageTestAndClear, pageTestAndSet } from "../struct/page";
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

/** Marks a locked page, and moves it to the unevictable list. */
export function mlockVmaPage(frame: u32): void {
  if (mark(frame) && isolateLruPage(frame)) putbackLruPage(frame);
}

/** clear_page_mlock: the last mapping is gone. Needs no page lock. */
export function clearPageMlock(frame: u32): void {
  if (!unmark(frame)) return;
  vmStat(VmStat.UnevictablePgsCleared, 1);
  if (isolateLruPage(frame)) putbackLruPage(frame);
  else if (pageTest(frame, PageFlag.Unevictable)) vmStat(VmStat.UnevictablePgsStranded, 1);
}
