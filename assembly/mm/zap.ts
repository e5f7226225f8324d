// Takes entries away, with what they hold.

import { Event, PAGE_SIZE, PageFlag } from "../abi";
import { event } from "../memory/event";
import { pageRemoveRmap } from "../rmap/accounting";
import { MmStruct } from "../struct/mm-struct";
import {
  pageFileMapping,
  pageIsAnon,
  pageMapcount,
  pageSet,
  pageTest,
  putPage,
} from "../struct/page";
import { nextMapped, pmdAt, pmdEnd, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteIsPage,
  pteIsPresent,
  pteIsSwap,
  pteSwapSlot,
} from "../struct/pte";
import { Vma } from "../struct/vma";
import { freeSwapAndCache, tryToFreeSwap } from "./swap";

/** Takes one page's entry, which is gone already, off all accounts, and drops its reference. */
function zapPage(mm: MmStruct, entry: u64): void {
  const frame = pteFrame(entry);
  const anon = pageIsAnon(frame);
  if (anon) {
    mm.anonRss--;
  } else {
    if (entry & PTE_DIRTY) pageSet(frame, PageFlag.Dirty);
    mm.fileRss--;
  }
  pageRemoveRmap(frame);
  // A page that only the swap cache still knows, with no entry to come back to, is of no use.
  if (anon && pageTest(frame, PageFlag.SwapCache) && !pageMapcount(frame)) tryToFreeSwap(frame);
  putPage(frame);
}

/** Empties [start, end) of a VMA. */
export function zapPageRange(vma: Vma, start: u64, end: u64): void {
  zapRange(vma, start, end, false, 0);
}

/**
 * Empties [start, end) of a VMA of pages whose file shrinks. Swap entries always stay.
 * @param only 0, or an AddressSpace: pages of others, which are private copies, stay too
 */
export function zapFilePages(vma: Vma, start: u64, end: u64, only: u32): void {
  zapRange(vma, start, end, true, only);
}

function zapRange(vma: Vma, start: u64, end: u64, present: bool, only: u32): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  let pages: u32 = 0;
  for (let at = nextMapped(mm, start, end); at < end; at = nextMapped(mm, at, end)) {
    const stop = pmdEnd(at, end);
    const pmd = pmdAt(mm, at);
    ptlLock(pmd);
    for (; at < stop; at += PAGE_SIZE) {
      const pte = pteUnder(pmd, at);
      const entry = load<u64>(pte);
      if (!entry) continue;
      if (pteIsPage(entry)) {
        if (only && pageFileMapping(pteFrame(entry)) != only) continue;
        store<u64>(pte, 0);
        zapPage(mm, entry);
        pages++;
      } else if (pteIsPresent(entry)) {
        store<u64>(pte, 0);
      } else if (!present && pteIsSwap(entry)) {
        store<u64>(pte, 0);
        mm.swapRss--;
        freeSwapAndCache(pteSwapSlot(entry));
      }
    }
    ptlUnlock(pmd);
  }
  if (pages) event(Event.Zapped, <f64>pages, <f64>start, <f64>end);
}
