// A fault where there is no table of entries: a huge page is made or written to, or it is a matter for small ones.

import { Doing } from "../locks";
import { Counter, VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { TransparentHugepage } from "../abi/machine";
import { Errno } from "../abi/result";
import { HUGE_PAGES } from "../abi/unit";
import { event } from "../memory/event";
import { count, header, vmStat } from "../memory/header";
import { pageAddNewAnonRmap, pageRemoveRmap } from "../rmap/accounting";
import { pmdLock, pmdUnlock } from "../rmap/huge-entry";
import { splitHugePage } from "../rmap/split-huge-page";
import {
  pmdClearedInside,
  rangeEndInside,
  rangeEndOutside,
  rangeStartInside,
  rangeStartOutside,
} from "../notifier/placement";
import { clearHugePage, copyHugePage } from "../struct/huge-page";
import { MmStruct } from "../struct/mm-struct";
import {
  pageMapcount,
  pagePrivate,
  pageSet,
  pageSetPrivate,
  pageSetWord,
  pageReadWord,
} from "../struct/page";
import { getPage, hugePageAlloc, putPage } from "../struct/page-frame";
import {
  hugeEntry,
  hugeEntryInstall,
  hugeEntryWithdraw,
  pmdIsHuge,
  pmdIsNone,
  PMD_SIZE,
  pteInTable,
  setHugeEntry,
  tablePutBack,
  tablesReserve,
} from "../struct/page-table";
import {
  pteBits,
  PTE_DIRTY,
  pteFrame,
  pteOf,
  PTE_SPLITTING,
  PTE_USER,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { isVmaTemporaryStack, Vma } from "../struct/vma";
import { vmaPageProt } from "../struct/vma-prot";
import { pause, YieldKind } from "../sync/yield-point";
import { anonVmaPrepare } from "./anon-prepare";
import { chargeNewPage, dropNewPage, pageAllocCharged } from "./memcg-charge";

/** Says that a small page is wanted: no Errno. */
export const SMALL: i32 = -1;

/** Bytes of a page, as a step through what an entry maps. */
const STEP: u64 = PMD_SIZE / <u64>HUGE_PAGES;

function mmOf(vma: Vma): MmStruct {
  return changetype<MmStruct>(<usize>vma.mm);
}

/** transparent_hugepage_enabled. */
export function transparentHugepageEnabled(vma: Vma): bool {
  const how = header().transparentHugepage;
  if (how == <u32>TransparentHugepage.Never || vma.flags & VmFlag.NoHugePage) return false;
  if (how == <u32>TransparentHugepage.Madvise && !(vma.flags & VmFlag.HugePage)) return false;
  return !isVmaTemporaryStack(vma.flags);
}

/** A huge page is written to from the beginning, also if it was only read. */
export function hugeBits(vma: Vma): u64 {
  const bits = PTE_YOUNG | PTE_DIRTY | vmaPageProt(vma);
  return vma.flags & VmFlag.Write ? bits | PTE_WRITE | PTE_USER : bits;
}

/** Maps a new huge page where nothing is yet. 0 or ENOMEM. */
function mapHugePage(vma: Vma, start: u64, pmd: usize, head: u32): i32 {
  const mm = mmOf(vma);
  pmdLock(mm, Doing.Fault);
  let mapped = false;
  let error = 0;
  if (pmdIsNone(pmd)) {
    if (hugeEntryInstall(mm, pmd, pteOf(head, hugeBits(vma)))) mapped = true;
    else error = Errno.ENOMEM;
  }
  if (mapped) {
    pageAddNewAnonRmap(head, vma, start);
    mm.anonRss += HUGE_PAGES;
  }
  pmdUnlock(mm);
  if (mapped) event(Event.HugePage, <f64>start, <f64>head, 0);
  else dropNewPage(head);
  return error;
}

/** do_huge_pmd_anonymous_page: 0, ENOMEM, or SMALL. */
function hugeAnonFault(vma: Vma, address: u64, pmd: usize, write: bool): i32 {
  const start = address & ~(PMD_SIZE - 1);
  if (start < vma.start || start + PMD_SIZE > vma.end) return SMALL;
  const head = hugePageAlloc();
  if (!head) {
    // v3.7 prepares first: it shows after a read, which makes no anon_vma otherwise.
    if (!write && (!tablesReserve(3) || !anonVmaPrepare(vma))) return Errno.ENOMEM;
    vmStat(VmStat.ThpFaultFallback, 1);
    return SMALL;
  }
  // One for the split, and as much as the records of an anon_vma may take.
  if (!tablesReserve(3) || !anonVmaPrepare(vma)) {
    putPage(head);
    return Errno.ENOMEM;
  }
  vmStat(VmStat.ThpFaultAlloc, 1);
  if (!chargeNewPage(head, <usize>vma.mm)) {
    putPage(head);
    return SMALL;
  }
  clearHugePage(head);
  pageSet(head, PageFlag.Uptodate);
  return mapHugePage(vma, start, pmd, head);
}

/** HUGE_PAGES small pages, linked by their private words, with the contents of a huge one; 0: not so many are free. */
function smallCopies(vma: Vma, head: u32): u32 {
  let first: u32 = 0;
  for (let n: u32 = HUGE_PAGES; n > 0; n--) {
    const frame = pageAllocCharged(<usize>vma.mm);
    if (!frame) {
      putCopies(first);
      return 0;
    }
    pageSetWord(frame, pageReadWord(head + n - 1));
    pageSet(frame, PageFlag.Uptodate);
    pageSetPrivate(frame, first);
    first = frame;
  }
  return first;
}

/** Takes the first of linked pages; the rest of them. */
function takeFirst(frame: u32): u32 {
  const rest = pagePrivate(frame);
  pageSetPrivate(frame, 0);
  return rest;
}

function putCopies(first: u32): void {
  for (let frame = first; frame;) {
    const rest = takeFirst(frame);
    dropNewPage(frame);
    frame = rest;
  }
}

/** do_huge_pmd_wp_page_fallback: HUGE_PAGES small copies. False if there are not so many frames. */
function copyToSmall(vma: Vma, start: u64, pmd: usize, entry: u64, head: u32): bool {
  let copies = smallCopies(vma, head);
  if (!copies) return false;
  const mm = mmOf(vma);
  rangeStartOutside(mm, start, start + PMD_SIZE);
  pmdLock(mm, Doing.CopyOnWrite);
  const same = pmdIsHuge(pmd) && hugeEntry(pmd) == entry;
  if (same) {
    rangeStartInside(mm, start, start + PMD_SIZE);
    const table = hugeEntryWithdraw(pmd);
    rangeEndInside(mm, start, start + PMD_SIZE);
    for (let at = start; copies; at += STEP) {
      const frame = copies;
      copies = takeFirst(frame);
      pageAddNewAnonRmap(frame, vma, at);
      store<u64>(pteInTable(table, at), pteOf(frame, hugeBits(vma)));
    }
    // Not before it is filled: the locks of entries are others than the page_table_lock.
    tablePutBack(pmd, table);
    pageRemoveRmap(head);
  }
  pmdUnlock(mm);
  rangeEndOutside(mm, start, start + PMD_SIZE);
  if (!same) {
    putCopies(copies);
    return true;
  }
  putPage(head);
  count(Counter.PagesCopied, HUGE_PAGES);
  event(Event.HugePageCopied, <f64>start, <f64>head, 0);
  return true;
}

/** The old page, of which the caller has a reference, makes room for a copy. */
function replaceHugePage(vma: Vma, start: u64, pmd: usize, entry: u64, head: u32, copy: u32): void {
  const mm = mmOf(vma);
  copyHugePage(copy, head);
  pageSet(copy, PageFlag.Uptodate);
  rangeStartOutside(mm, start, start + PMD_SIZE);
  pmdLock(mm, Doing.CopyOnWrite);
  putPage(head);
  const same = pmdIsHuge(pmd) && hugeEntry(pmd) == entry;
  if (same) {
    pmdClearedInside(mm, pmd, start, start + PMD_SIZE);
    pageAddNewAnonRmap(copy, vma, start);
    setHugeEntry(pmd, pteOf(copy, hugeBits(vma)));
    pageRemoveRmap(head);
    putPage(head);
  }
  pmdUnlock(mm);
  rangeEndOutside(mm, start, start + PMD_SIZE);
  if (!same) {
    dropNewPage(copy);
    return;
  }
  count(Counter.PagesCopied, HUGE_PAGES);
  event(Event.HugePageCopied, <f64>start, <f64>head, <f64>copy);
}

/** do_huge_pmd_wp_page: 0, or SMALL: neither a huge page nor so many small ones can be had, so it was split. */
function hugeWpFault(vma: Vma, address: u64, pmd: usize, seen: u64): i32 {
  const mm = mmOf(vma);
  const start = address & ~(PMD_SIZE - 1);
  pmdLock(mm, Doing.CopyOnWrite);
  if (!pmdIsHuge(pmd) || hugeEntry(pmd) != seen) {
    pmdUnlock(mm);
    return 0;
  }
  const head = pteFrame(seen);
  if (pageMapcount(head) == 1) {
    setHugeEntry(pmd, seen | pteBits(hugeBits(vma)));
    pmdUnlock(mm);
    event(Event.PageReused, <f64>start, <f64>head, 0);
    return 0;
  }
  getPage(head);
  pmdUnlock(mm);
  const copy = transparentHugepageEnabled(vma) ? hugePageAlloc() : 0;
  if (copy) {
    vmStat(VmStat.ThpFaultAlloc, 1);
    if (chargeNewPage(copy, <usize>vma.mm)) {
      replaceHugePage(vma, start, pmd, seen, head, copy);
      return 0;
    }
    putPage(copy);
    splitHugePage(head);
    putPage(head);
    return SMALL;
  }
  vmStat(VmStat.ThpFaultFallback, 1);
  const copied = copyToSmall(vma, start, pmd, seen, head);
  if (!copied) splitHugePage(head);
  putPage(head);
  return copied ? 0 : SMALL;
}

/** Of a fault where the pmd entry leads to no table: 0 (the access is tried again), ENOMEM, or SMALL. */
export function hugeFault(vma: Vma, address: u64, pmd: usize, write: bool): i32 {
  let result = SMALL;
  if (pmdIsNone(pmd)) {
    if (!vma.file && transparentHugepageEnabled(vma)) {
      result = hugeAnonFault(vma, address, pmd, write);
    }
  } else {
    const entry = hugeEntry(pmd);
    if (!write || entry & PTE_WRITE) return 0;
    if (entry & PTE_SPLITTING) {
      // The access faults again until there are small entries.
      pause(YieldKind.Blocked, pmd);
      return 0;
    }
    result = hugeWpFault(vma, address, pmd, entry);
  }
  // Somebody else may have made it huge meanwhile.
  return result == SMALL && pmdIsHuge(pmd) ? 0 : result;
}
