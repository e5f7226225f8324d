// What is done with the huge pages of a range of a hugetlb VMA: unmapped, protected, copied to a child. The range
// begins and ends at huge pages.

import { Doing, LockClass } from "../locks";
import { Event } from "../abi/event";
import { HUGE_PAGES } from "../abi/unit";
import { event } from "../memory/event";
import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "../notifier/dispatch";
import { pageDupRmap, pageRemoveRmap } from "../rmap/accounting";
import { pmdLock, pmdLockNested, pmdUnlock } from "../rmap/huge-entry";
import { iMmapMutex, mappingOf } from "../struct/address-space";
import { MmStruct } from "../struct/mm-struct";
import { setPageDirty } from "../struct/page-dirty";
import { getPage, holdPage, putPage } from "../struct/page-frame";
import {
  entryOf,
  hugeEntry,
  hugeEntryClear,
  hugeEntryInstall,
  hugePmdAt,
  PMD_SIZE,
  pmdIsHuge,
  pmdSlot,
  pmdSlotAlloc,
  setHugeEntry,
} from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteIsMigration,
  pteIsPage,
  pteOfMigration,
  PTE_USER,
  PTE_WRITE,
} from "../struct/pte";
import { isCowMapping, Vma } from "../struct/vma";
import { vmaPageProt } from "../struct/vma-prot";
import { lock, unlock } from "../sync/lock";

/**
 * __unmap_hugepage_range. Marks of broken pages go too.
 * @param only 0, or the one page that is to go
 * @returns huge pages that went
 */
export function unmapHugepageRange(vma: Vma, start: u64, end: u64, only: u32): u32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  let unmapped: u32 = 0;
  mmuNotifierInvalidateRangeStart(mm, start, end);
  pmdLock(mm, Doing.HugetlbUnmap);
  for (let at = start; at < end; at += PMD_SIZE) {
    const pmd = hugePmdAt(mm, at);
    if (!pmd) continue;
    const entry = hugeEntry(pmd);
    const frame = pteFrame(entry);
    if (only && !(pteIsPage(entry) && frame == only)) continue;
    hugeEntryClear(mm, pmd);
    if (!pteIsPage(entry)) continue;
    if (entry & PTE_DIRTY) setPageDirty(frame);
    pageRemoveRmap(frame);
    putPage(frame);
    unmapped++;
  }
  pmdUnlock(mm);
  mmuNotifierInvalidateRangeEnd(mm, start, end);
  if (unmapped) event(Event.Zapped, <f64>(unmapped * HUGE_PAGES), <f64>start, <f64>end);
  return unmapped;
}

/** unmap_single_vma's part for such a VMA: its file's mutex keeps truncation away meanwhile. */
export function zapHugetlbRange(vma: Vma, start: u64, end: u64): void {
  const mutex = iMmapMutex(mappingOf(vma));
  lock(mutex, LockClass.IMmapMutex, Doing.Zap);
  unmapHugepageRange(vma, start, end, 0);
  unlock(mutex);
}

/** follow_hugetlb_page: the frame of what is there if that will do, else 0; with `hold` the caller's to put. It is never mlocked. */
export function followHugetlbPage(vma: Vma, address: u64, write: bool, hold: bool): u32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pmd = pmdSlot(mm, address);
  if (!pmd) return 0;
  pmdLock(mm, Doing.Mlock);
  const entry = pmdIsHuge(pmd) ? hugeEntry(pmd) : 0;
  const found = pteIsPage(entry) && (!write || (entry & PTE_WRITE) != 0);
  const frame = found ? pteFrame(entryOf(mm, address)) : 0;
  if (frame && hold) holdPage(frame);
  pmdUnlock(mm);
  return frame;
}

/** hugetlb_change_protection: young and dirty stay. */
export function hugetlbChangeProtection(vma: Vma, start: u64, end: u64): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const prot = vmaPageProt(vma);
  const mutex = iMmapMutex(mappingOf(vma));
  lock(mutex, LockClass.IMmapMutex, Doing.Mprotect);
  pmdLock(mm, Doing.Mprotect);
  for (let at = start; at < end; at += PMD_SIZE) {
    const pmd = hugePmdAt(mm, at);
    if (!pmd) continue;
    const entry = hugeEntry(pmd);
    if (pteIsPage(entry)) setHugeEntry(pmd, (entry & ~(PTE_USER | PTE_WRITE)) | prot);
    else if (pteIsMigration(entry)) setHugeEntry(pmd, pteOfMigration(pteFrame(entry), false));
  }
  pmdUnlock(mm);
  unlock(mutex);
}

/** Under both page_table_locks: the parent's entry is protected and the child gets the same; false without a table. */
function copyEntry(child: MmStruct, to: usize, from: usize, protects: bool): bool {
  let entry = hugeEntry(from);
  if (pteIsPage(entry)) {
    if (protects) {
      entry &= ~PTE_WRITE;
      setHugeEntry(from, entry);
    }
    getPage(pteFrame(entry));
    pageDupRmap(pteFrame(entry));
  } else if (protects && pteIsMigration(entry)) {
    entry = pteOfMigration(pteFrame(entry), false);
    setHugeEntry(from, entry);
  }
  return hugeEntryInstall(child, to, entry);
}

/** copy_hugetlb_page_range: false when memory is exhausted, for which fork has provided. */
export function copyHugetlbPageRange(child: MmStruct, parent: MmStruct, vma: Vma): bool {
  const protects = isCowMapping(vma.flags);
  let copied: u32 = 0;
  for (let at = vma.start; at < vma.end; at += PMD_SIZE) {
    const from = pmdSlot(parent, at);
    if (!from) continue;
    const to = pmdSlotAlloc(child, at);
    if (!to) return false;
    pmdLock(child, Doing.Fork);
    pmdLockNested(parent, Doing.Fork);
    const done = !pmdIsHuge(from) || copyEntry(child, to, from, protects);
    if (pmdIsHuge(to)) copied++;
    pmdUnlock(parent);
    pmdUnlock(child);
    if (!done) return false;
  }
  event(Event.EntriesCopied, <f64>copied, <f64>vma.start, 0);
  return true;
}
