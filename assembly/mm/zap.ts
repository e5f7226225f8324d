// Takes entries away, with what they hold.

import { Doing } from "../locks";
import { Event } from "../abi/event";
import { VmFlag } from "../abi/flag";
import { HUGE_PAGES, PAGE_SIZE } from "../abi/unit";
import { event } from "../memory/event";
import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "../notifier/dispatch";
import { pageRemoveRmap } from "../rmap/accounting";
import { markPageAccessed } from "../struct/lru";
import { MmStruct } from "../struct/mm-struct";
import { migrationEntryToPage, pageFileMapping, pageIsAnon } from "../struct/page";
import { setPageDirty } from "../struct/page-dirty";
import { putPage } from "../struct/page-frame";
import { nextMapped, pmdAt, pmdEnd, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteIsMigration,
  pteIsPage,
  pteIsPresent,
  pteIsSwap,
  pteSwapSlot,
  PTE_YOUNG,
} from "../struct/pte";
import { isHugetlbVma, Vma } from "../struct/vma";
import { zapHugePmd } from "./huge-entry";
import { zapHugetlbRange } from "./hugetlb-range";
import { freeSwapAndCache, freeSwapCache } from "./swap";

/** Takes one page's entry, which is gone already, off all accounts, and drops its reference. */
export function zapPage(vma: Vma, entry: u64): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const frame = pteFrame(entry);
  const anon = pageIsAnon(frame);
  if (anon) {
    mm.anonRss--;
  } else {
    if (entry & PTE_DIRTY) setPageDirty(frame);
    if (entry & PTE_YOUNG && !(vma.flags & VmFlag.SeqRead)) markPageAccessed(frame);
    mm.fileRss--;
  }
  pageRemoveRmap(frame);
  if (anon) freeSwapCache(frame);
  putPage(frame);
}

/** An entry that is not present goes for good. */
function zapAbsent(mm: MmStruct, entry: u64): void {
  if (pteIsSwap(entry)) {
    mm.swapRss--;
    freeSwapAndCache(pteSwapSlot(entry));
  } else if (pteIsMigration(entry)) {
    if (pageIsAnon(migrationEntryToPage(entry))) mm.anonRss--;
    else mm.fileRss--;
  }
}

/** zap_page_range: empties [start, end) of a VMA. */
export function zapPageRange(vma: Vma, start: u64, end: u64): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  mmuNotifierInvalidateRangeStart(mm, start, end);
  zapRange(vma, start, end, false, 0);
  mmuNotifierInvalidateRangeEnd(mm, start, end);
}

/** unmap_vmas: empties VMAs that are linked by next and out of the mm, all of [start, end) as one change. */
export function unmapVmas(mm: MmStruct, first: u32, start: u64, end: u64): void {
  mmuNotifierInvalidateRangeStart(mm, start, end);
  for (let at = first; at; at = changetype<Vma>(<usize>at).next) {
    const vma = changetype<Vma>(<usize>at);
    zapRange(vma, vma.start, vma.end, false, 0);
  }
  mmuNotifierInvalidateRangeEnd(mm, start, end);
}

/**
 * zap_page_range_single: empties [start, end) of a VMA of pages whose file shrinks. Swap and migration entries always stay.
 * @param only 0, or an AddressSpace: pages of others, which are private copies, stay too
 */
export function zapFilePages(vma: Vma, start: u64, end: u64, only: u32): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  mmuNotifierInvalidateRangeStart(mm, start, end);
  zapRange(vma, start, end, true, only);
  mmuNotifierInvalidateRangeEnd(mm, start, end);
}

function zapRange(vma: Vma, start: u64, end: u64, present: bool, only: u32): void {
  if (isHugetlbVma(vma)) {
    zapHugetlbRange(vma, start, end);
    return;
  }
  const mm = changetype<MmStruct>(<usize>vma.mm);
  let pages: u32 = 0;
  for (let at = nextMapped(mm, start, end); at < end; at = nextMapped(mm, at, end)) {
    const stop = pmdEnd(at, end);
    let pmd = pmdAt(mm, at);
    if (!pmd) {
      if (zapHugePmd(vma, at, stop)) {
        pages += HUGE_PAGES;
        at = stop;
        continue;
      }
      pmd = pmdAt(mm, at);
    }
    ptlLock(pmd, Doing.Zap);
    for (; at < stop; at += PAGE_SIZE) {
      const pte = pteUnder(pmd, at);
      const entry = load<u64>(pte);
      if (!entry) continue;
      if (pteIsPage(entry)) {
        if (only && pageFileMapping(pteFrame(entry)) != only) continue;
        store<u64>(pte, 0);
        zapPage(vma, entry);
        pages++;
      } else if (pteIsPresent(entry)) {
        store<u64>(pte, 0);
      } else if (!present) {
        store<u64>(pte, 0);
        zapAbsent(mm, entry);
      }
    }
    ptlUnlock(pmd);
  }
  if (pages) event(Event.Zapped, <f64>pages, <f64>start, <f64>end);
}
