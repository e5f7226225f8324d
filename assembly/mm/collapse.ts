// khugepaged's collapse: the small pages of an aligned range become one huge page.
//
//   mmap_sem for write      no fault, no system call of this address space
//     anon_vma mutex        no walk
//       the table is taken out of sight, under the page_table_lock
//       every page is locked, and taken off its list: from here on no walk can come to it
//     contents are copied, the pages go
//     the huge page is mapped in the table's place, which it keeps for its split
//
// If one page does not suit, those that were isolated go back, and so does the table.

import { VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { TransparentHugepage } from "../abi/machine";
import { CollapseResult } from "../abi/result";
import { HUGE_PAGES } from "../abi/unit";
import { Doing } from "../locks";
import { event } from "../memory/event";
import { header, vmStat } from "../memory/header";
import { pageAddNewAnonRmap, pageRemoveRmap } from "../rmap/accounting";
import { anonVmaLock, anonVmaUnlock } from "../rmap/anon-vma";
import { pmdLock, pmdUnlock } from "../rmap/huge-entry";
import { mmuNotifierTestYoung } from "../notifier/dispatch";
import {
  rangeEndInside,
  rangeEndOutside,
  rangeStartInside,
  rangeStartOutside,
} from "../notifier/placement";
import { AnonVma } from "../struct/anon-vma";
import { isolateLruPage, putbackLruPage } from "../struct/isolation";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import {
  pageIsAnon,
  pageRefcount,
  pageSet,
  pageSetWord,
  pageTest,
  pageReadWord,
  trylockOneOfMany,
  unlockOneOfMany,
} from "../struct/page";
import { hugePageAlloc, putPage } from "../struct/page-frame";
import {
  pmdAt,
  PMD_SIZE,
  pteInTable,
  ptlLock,
  ptlUnlock,
  tablePutBack,
  tableToHugeEntry,
  tableWithdraw,
} from "../struct/page-table";
import { pteFrame, pteIsPage, pteOf, PTE_WRITE, PTE_YOUNG } from "../struct/pte";
import { isSpecial, isVmaTemporaryStack, Vma } from "../struct/vma";
import { downRead, downWrite, upRead, upWrite } from "../sync/lock";
import { hugeBits } from "./fault-huge";
import { chargeNewPage, dropNewPage } from "./memcg-charge";
import { mmGet, mmPut } from "./process";
import { freeSwapCache } from "./swap";
import { findVma } from "./vma-list";

/** khugepaged_max_ptes_none: absent entries that are filled with zeros, rather than that nothing is collapsed. */
const MAX_ABSENT: u32 = HUGE_PAGES - 1;
const STEP: u64 = PMD_SIZE / <u64>HUGE_PAGES;
const NEVER: u32 = VmFlag.Shared | VmFlag.MayShare;

/** The VMA whose range it may be, 0 if it is of none. */
function eligibleVma(mm: MmStruct, start: u64): u32 {
  const at = mm.users ? findVma(mm, start) : 0;
  if (!at) return 0;
  const vma = changetype<Vma>(<usize>at);
  if (start < vma.start || start + PMD_SIZE > vma.end) return 0;
  const how = header().transparentHugepage;
  if (how == <u32>TransparentHugepage.Never || vma.flags & VmFlag.NoHugePage) return 0;
  if (how == <u32>TransparentHugepage.Madvise && !(vma.flags & VmFlag.HugePage)) return 0;
  if (!vma.anonVma || vma.file || isVmaTemporaryStack(vma.flags)) return 0;
  return vma.flags & NEVER || isSpecial(vma.flags) ? 0 : at;
}

/** May the page be copied: its only holder is a writable entry? */
function isSuitable(entry: u64): bool {
  return pteIsPage(entry) && (entry & PTE_WRITE) != 0 && pageRefcount(pteFrame(entry)) == 1;
}

function isTouched(mm: MmStruct, address: u64, entry: u64): bool {
  if (entry & PTE_YOUNG || pageTest(pteFrame(entry), PageFlag.Referenced)) return true;
  return mmuNotifierTestYoung(mm, address);
}

/** khugepaged_scan_pmd: a look, under the page-table lock, before anything is begun. */
function scanTable(mm: MmStruct, start: u64): CollapseResult {
  const pmd = pmdAt(mm, start);
  if (!pmd) return CollapseResult.NothingThere;
  ptlLock(pmd, Doing.Collapse);
  let absent: u32 = 0;
  let touched = false;
  let result = CollapseResult.Collapsed;
  const table = load<u32>(pmd);
  for (let n: u64 = 0; n < <u64>HUGE_PAGES; n++) {
    const entry = load<u64>(pteInTable(table, start + n * STEP));
    if (!entry) {
      if (++absent <= MAX_ABSENT) continue;
      result = CollapseResult.NothingThere;
      break;
    }
    const frame = pteIsPage(entry) ? pteFrame(entry) : 0;
    const quiet =
      isSuitable(entry) &&
      pageIsAnon(frame) &&
      pageTest(frame, PageFlag.Lru) &&
      !pageTest(frame, PageFlag.Locked);
    if (!quiet) {
      result = CollapseResult.Unsuitable;
      break;
    }
    if (isTouched(mm, start + n * STEP, entry)) touched = true;
  }
  ptlUnlock(pmd);
  return result == CollapseResult.Collapsed && !touched ? CollapseResult.Idle : result;
}

/** release_pte_pages: what was isolated below the n-th entry goes back. */
function releasePages(table: u32, start: u64, n: u64): void {
  for (let i: u64 = 0; i < n; i++) {
    const entry = load<u64>(pteInTable(table, start + i * STEP));
    if (entry) releasePage(pteFrame(entry));
  }
}

function releasePage(frame: u32): void {
  unlockOneOfMany(frame);
  putbackLruPage(frame);
}

/** Locks a page that may be collapsed, and takes it off its list. */
function isolateSuitable(entry: u64): bool {
  if (!isSuitable(entry)) return false;
  const frame = pteFrame(entry);
  assert(pageIsAnon(frame), "collapse: a page that is not anonymous");
  if (!trylockOneOfMany(frame)) return false;
  if (isolateLruPage(frame)) return true;
  unlockOneOfMany(frame);
  return false;
}

/** __collapse_huge_page_isolate, under the page-table lock: all pages, or none. */
function isolatePages(mm: MmStruct, table: u32, start: u64): CollapseResult {
  let absent: u32 = 0;
  let touched = false;
  for (let n: u64 = 0; n < <u64>HUGE_PAGES; n++) {
    const entry = load<u64>(pteInTable(table, start + n * STEP));
    if (!entry && ++absent <= MAX_ABSENT) continue;
    if (!entry || !isolateSuitable(entry)) {
      releasePages(table, start, n);
      return entry ? CollapseResult.Unsuitable : CollapseResult.NothingThere;
    }
    if (isTouched(mm, start + n * STEP, entry)) touched = true;
  }
  if (touched) return CollapseResult.Collapsed;
  releasePages(table, start, HUGE_PAGES);
  return CollapseResult.Idle;
}

/** __collapse_huge_page_copy: pages that were copied. */
function copyPages(vma: Vma, table: u32, pmd: usize, start: u64, head: u32): u32 {
  let copied: u32 = 0;
  for (let n: u64 = 0; n < <u64>HUGE_PAGES; n++) {
    const pte = pteInTable(table, start + n * STEP);
    const entry = load<u64>(pte);
    if (!entry) {
      pageSetWord(head + <u32>n, 0);
      changetype<MmStruct>(<usize>vma.mm).anonRss++;
      continue;
    }
    const frame = pteFrame(entry);
    pageSetWord(head + <u32>n, pageReadWord(frame));
    releasePage(frame);
    ptlLock(pmd, Doing.Collapse);
    store<u64>(pte, 0);
    pageRemoveRmap(frame);
    ptlUnlock(pmd);
    freeSwapCache(frame);
    putPage(frame);
    copied++;
  }
  return copied;
}

/** collapse_huge_page, into a huge page that is free, under mmap_sem for write. */
function collapseInto(mm: MmStruct, start: u64, head: u32): CollapseResult {
  const at = eligibleVma(mm, start);
  if (!at) return CollapseResult.NotEligible;
  const vma = changetype<Vma>(<usize>at);
  const pmd = pmdAt(mm, start);
  if (!pmd) return CollapseResult.NothingThere;
  const anonVma = changetype<AnonVma>(<usize>vma.anonVma);
  anonVmaLock(anonVma, Doing.Collapse);
  rangeStartOutside(mm, start, start + PMD_SIZE);
  pmdLock(mm, Doing.Collapse);
  rangeStartInside(mm, start, start + PMD_SIZE);
  const table = tableWithdraw(pmd);
  rangeEndInside(mm, start, start + PMD_SIZE);
  pmdUnlock(mm);
  rangeEndOutside(mm, start, start + PMD_SIZE);
  ptlLock(pmd, Doing.Collapse);
  const isolated = isolatePages(mm, table, start);
  ptlUnlock(pmd);
  if (isolated != CollapseResult.Collapsed) {
    pmdLock(mm, Doing.Collapse);
    tablePutBack(pmd, table);
    pmdUnlock(mm);
    anonVmaUnlock(anonVma);
    return isolated;
  }
  anonVmaUnlock(anonVma);
  const copied = copyPages(vma, table, pmd, start, head);
  pageSet(head, PageFlag.Uptodate);
  pmdLock(mm, Doing.Collapse);
  pageAddNewAnonRmap(head, vma, start);
  tableToHugeEntry(pmd, table, pteOf(head, hugeBits(vma)));
  pmdUnlock(mm);
  event(Event.Collapsed, <f64>start, <f64>head, <f64>copied);
  return CollapseResult.Collapsed;
}

/** Collapses the range that an address lies in, if khugepaged would. */
export function collapseHugePage(mm: MmStruct, address: u64): CollapseResult {
  const start = address & ~(PMD_SIZE - 1);
  downRead(mmapSem(mm), Doing.Collapse);
  const promising = eligibleVma(mm, start)
    ? scanTable(mm, start)
    : <CollapseResult>CollapseResult.NotEligible;
  upRead(mmapSem(mm));
  if (promising != CollapseResult.Collapsed) return promising;
  const head = hugePageAlloc();
  vmStat(head ? VmStat.ThpCollapseAlloc : VmStat.ThpCollapseAllocFailed, 1);
  if (!head) return CollapseResult.NoMemory;
  if (!chargeNewPage(head, changetype<usize>(mm))) {
    putPage(head);
    return CollapseResult.NoMemory;
  }
  downWrite(mmapSem(mm), Doing.Collapse);
  const result = collapseInto(mm, start, head);
  upWrite(mmapSem(mm));
  if (result != CollapseResult.Collapsed) dropNewPage(head);
  return result;
}

/** The first aligned range from here on that may be collapsed by its VMA; 0 if there is none. */
function nextRange(mm: MmStruct, from: u64): u64 {
  let start = (from + PMD_SIZE - 1) & ~(PMD_SIZE - 1);
  for (let at = mm.users ? findVma(mm, start) : 0; at; at = changetype<Vma>(<usize>at).next) {
    const vma = changetype<Vma>(<usize>at);
    start = max(start, (vma.start + PMD_SIZE - 1) & ~(PMD_SIZE - 1));
    if (start + PMD_SIZE <= vma.end && eligibleVma(mm, start)) return start;
  }
  return 0;
}

/** The first address space from here on that is in use, with a user more, so that no exit tears it down; or 0. */
function getUserFrom(first: u32): u32 {
  for (let at = first; at; at = changetype<MmStruct>(<usize>at).next) {
    const mm = changetype<MmStruct>(<usize>at);
    if (!mm.users) continue;
    mmGet(mm);
    return at;
  }
  return 0;
}

/** One scan of khugepaged over all address spaces: huge pages made. */
export function khugepagedScan(): u32 {
  let made: u32 = 0;
  for (let at = getUserFrom(header().mms); at;) {
    const mm = changetype<MmStruct>(<usize>at);
    for (let start = nextRange(mm, 0); start; start = nextRange(mm, start + PMD_SIZE)) {
      if (collapseHugePage(mm, start) == CollapseResult.Collapsed) made++;
    }
    at = getUserFrom(mm.next);
    mmPut(mm);
  }
  return made;
}
