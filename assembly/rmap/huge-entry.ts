// One entry that maps a whole huge page. It is guarded by the page_table_lock of its address space; while its page
// is being split it is marked, and whoever meets it waits for the anon_vma's mutex, under which that is done.

import { Doing, LockClass } from "../locks";
import { AnonVma } from "../struct/anon-vma";
import { MmStruct, pageTableLock } from "../struct/mm-struct";
import { hugeEntry, hugePmdAt, pmdIsHuge, PMD_SIZE } from "../struct/page-table";
import { pteFrame, pteIsPage, PTE_SPLITTING } from "../struct/pte";
import { Vma } from "../struct/vma";
import { traceEntry, traceNoTable } from "../struct/walk-trace";
import { lock, lockNested, unlock } from "../sync/lock";
import { anonVmaLock, anonVmaUnlock } from "./anon-vma";

/** Which entry page_check_address_pmd is to find. */
export enum HugeEntry {
  Any = 0,
  NotSplitting,
  Splitting,
}

/** What hugePmdLock came to. */
export enum HugeLock {
  /** There is no huge entry (any more). */
  None = 0,
  /** It stays as it is until hugePmdUnlock. */
  Stable,
}

export function pmdLock(mm: MmStruct, doing: Doing): void {
  lock(pageTableLock(mm), LockClass.Ptl, doing);
}

/** A second one, of the parent in fork. */
export function pmdLockNested(mm: MmStruct, doing: Doing): void {
  lockNested(pageTableLock(mm), LockClass.Ptl, doing);
}

export function pmdUnlock(mm: MmStruct): void {
  unlock(pageTableLock(mm));
}

/**
 * page_check_address_pmd, under the page_table_lock: the pmd entry that maps the huge page at an address, or 0. A
 * VMA that is being split shows the same entry twice in one walk.
 */
export function pageCheckAddressPmd(
  head: u32,
  mm: MmStruct,
  address: u64,
  which: HugeEntry,
): usize {
  if (address & (PMD_SIZE - 1)) {
    if (CHECKED) traceNoTable(address);
    return 0;
  }
  const pmd = hugePmdAt(mm, address);
  if (CHECKED) {
    if (pmd) traceEntry(head, address, hugeEntry(pmd));
    else traceNoTable(address);
  }
  // Only huge pages of the pool leave other entries than those of pages.
  if (!pmd || !pteIsPage(hugeEntry(pmd)) || pteFrame(hugeEntry(pmd)) != head) return 0;
  const splitting = (hugeEntry(pmd) & PTE_SPLITTING) != 0;
  if (which == HugeEntry.NotSplitting && splitting) return 0;
  assert(which != HugeEntry.Splitting || splitting, "huge page: mapped anew while it is split");
  return pmd;
}

/** wait_split_huge_page: the page is small when its anon_vma is free again. */
export function waitSplitHugePage(vma: Vma, pmd: usize): void {
  const anonVma = changetype<AnonVma>(<usize>vma.anonVma);
  anonVmaLock(anonVma, Doing.SplitHuge);
  anonVmaUnlock(anonVma);
  assert(!pmdIsHuge(pmd), "huge page: still there after its split");
}

/** __pmd_trans_huge_lock: the entry does not change until hugePmdUnlock; one that is being split is waited for. */
export function hugePmdLock(vma: Vma, pmd: usize, doing: Doing): HugeLock {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  pmdLock(mm, doing);
  if (!pmdIsHuge(pmd)) {
    pmdUnlock(mm);
    return HugeLock.None;
  }
  if (hugeEntry(pmd) & PTE_SPLITTING) {
    pmdUnlock(mm);
    waitSplitHugePage(vma, pmd);
    return HugeLock.None;
  }
  return HugeLock.Stable;
}

/** Is the huge page mapped there? */
export function isHugeMappedAt(head: u32, vma: Vma, address: u64): bool {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  pmdLock(mm, Doing.CheckAddress);
  const found = pageCheckAddressPmd(head, mm, address, HugeEntry.Any) != 0;
  pmdUnlock(mm);
  return found;
}
