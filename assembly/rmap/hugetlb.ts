// The reverse map of huge pages of the pool (spec/rmap.md Part 1): no counters, no lists of reclaim, no memcg, and
// an index that counts in huge pages.
//
// The index of a page is compared with VMAs that count in small pages where a walk asks which VMAs hold it: a page
// other than the first of its file or object is looked for in the wrong place (spec/commits.md section 5). v3.7 is
// like that; only a walk that goes over all VMAs of an anon_vma, a list's, finds it whatever happened to them. The
// switch hugetlbPgoff has the repair: walks ask in small pages.

import { Doing } from "../locks";
import { Unmap } from "../abi/argument";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { UnmapResult } from "../abi/result";
import { HUGE_PAGES, PAGE_SIZE } from "../abi/unit";
import { WalkAct } from "../abi/walk";
import { event } from "../memory/event";
import { mmHasNotifiers } from "../notifier/dispatch";
import { isToldInside, pageChangedOutside, pageClearedInside } from "../notifier/placement";
import { AnonVma } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import {
  pageIsAnon,
  pageMapcountAt,
  pageSetAnonMapping,
  pageSetIndex,
  pageTest,
} from "../struct/page";
import { setPageDirty } from "../struct/page-dirty";
import { getPage, putPage } from "../struct/page-frame";
import {
  hugeEntry,
  hugeEntryAt,
  hugeEntryClear,
  pmdIsHuge,
  pmdSlot,
  setHugeEntry,
  tablePutBack,
  tableWithdraw,
} from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteIsMigration,
  pteMigrationIsWritable,
  pteOf,
  pteOfHwpoison,
  pteOfMigration,
  PTE_WRITE,
} from "../struct/pte";
import { linearPageIndex, Vma } from "../struct/vma";
import { vmaPageProt } from "../struct/vma-prot";
import { traceDid, traceEntry, traceNoTable } from "../struct/walk-trace";
import { sharedAccess } from "../sync/yield-point";
import { pageDupRmap, pageRemoveRmap } from "./accounting";
import { pmdLock, pmdUnlock } from "./huge-entry";
import { hugetlbCheckAddress } from "./hugetlb-address";
import { clearFlushYoung } from "./young";

/** __hugepage_set_anon_rmap: nothing for a page that is anonymous already. */
function hugepageSetAnonRmap(frame: u32, vma: Vma, address: u64, exclusive: bool): void {
  let anonVma = vma.anonVma;
  assert(anonVma != 0, "hugetlb: anonymous page in a vma without anon_vma");
  if (pageIsAnon(frame)) return;
  if (!exclusive) anonVma = changetype<AnonVma>(<usize>anonVma).root;
  pageSetAnonMapping(frame, anonVma);
  pageSetIndex(frame, linearPageIndex(vma, address));
}

/** Maps an anonymous huge page that others may map too: what restores entries after a migration. */
export function hugepageAddAnonRmap(frame: u32, vma: Vma, address: u64): void {
  assert(vma.anonVma != 0, "hugetlb: anonymous page in a vma without anon_vma");
  const at = pageMapcountAt(frame);
  sharedAccess(at);
  const mapcount = load<i32>(at) + 1;
  store<i32>(at, mapcount);
  if (!mapcount) hugepageSetAnonRmap(frame, vma, address, false);
}

/** Maps a huge page that was just made, which nobody else can see. */
export function hugepageAddNewAnonRmap(frame: u32, vma: Vma, address: u64): void {
  assert(address >= vma.start && address < vma.end, "hugetlb: address outside its vma");
  store<i32>(pageMapcountAt(frame), 0);
  hugepageSetAnonRmap(frame, vma, address, true);
}

/** What is left of an entry that was taken away: a mark of the broken page, one of its migration, or nothing. */
function leave(frame: u32, mm: MmStruct, pmd: usize, address: u64, entry: u64, how: u32): void {
  if (pageTest(frame, PageFlag.HwPoison) && !(how & Unmap.IgnoreHwpoison)) {
    setHugeEntry(pmd, pteOfHwpoison(frame));
    event(Event.Poisoned, <f64>address, <f64>frame, 0);
    if (CHECKED) traceDid(WalkAct.HwpoisonEntry);
  } else if ((how & Unmap.ActionMask) == Unmap.Migration) {
    setHugeEntry(pmd, pteOfMigration(frame, (entry & PTE_WRITE) != 0));
    if (CHECKED) traceDid(WalkAct.MigrationEntry);
  } else {
    assert(!pageIsAnon(frame), "rmap: anonymous page unmapped outside the swap cache");
    hugeEntryClear(mm, pmd);
    event(Event.Unmapped, <f64>address, <f64>frame, 0);
    if (CHECKED) traceDid(WalkAct.Removed);
  }
}

/** What maps a huge page in another table than the processor's goes as a whole. */
function invalidateHugePage(mm: MmStruct, address: u64): void {
  if (!mmHasNotifiers(mm)) return;
  for (let n: u64 = 0; n < <u64>HUGE_PAGES; n++) {
    pageChangedOutside(mm, address + n * PAGE_SIZE);
  }
}

/** The same under the lock: while clients hear of it the entry is not there. */
function invalidateCleared(mm: MmStruct, pmd: usize, address: u64): void {
  if (!isToldInside(mm)) return;
  const hidden = tableWithdraw(pmd);
  for (let n: u64 = 0; n < <u64>HUGE_PAGES; n++) pageClearedInside(mm, address + n * PAGE_SIZE);
  tablePutBack(pmd, hidden);
}

/** try_to_unmap_one of a huge page of the pool: no rss changes, since none counts it. */
export function hugetlbUnmapOne(frame: u32, vma: Vma, address: u64, how: u32): UnmapResult {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pmd = hugetlbCheckAddress(frame, mm, address);
  if (!pmd) return UnmapResult.Again;
  const entry = hugeEntry(pmd);
  // Such a VMA is locked only while mmap makes its pages present, with mmap_sem: it could not be had.
  const locked = !(how & Unmap.IgnoreMlock) && (vma.flags & VmFlag.Locked) != 0;
  if (locked || (how & Unmap.ActionMask) == Unmap.Munlock) {
    if (CHECKED && !locked) traceDid(WalkAct.NotLocked);
    pmdUnlock(mm);
    return UnmapResult.Again;
  }
  if (!(how & Unmap.IgnoreAccess) && clearFlushYoung(mm, hugeEntryAt(pmd), address)) {
    if (CHECKED) traceDid(WalkAct.MadeOld);
    pmdUnlock(mm);
    return UnmapResult.Fail;
  }
  invalidateCleared(mm, pmd, address);
  if (entry & PTE_DIRTY) setPageDirty(frame);
  leave(frame, mm, pmd, address, entry, how);
  pageRemoveRmap(frame);
  putPage(frame);
  pmdUnlock(mm);
  invalidateHugePage(mm, address);
  return UnmapResult.Again;
}

/** remove_migration_pte of a huge page of the pool: the entry that stood for it becomes one for the page in `frame`. */
export function hugetlbRemoveMigrationPte(frame: u32, vma: Vma, address: u64, old: u32): bool {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pmd = pmdSlot(mm, address);
  if (!pmd) {
    if (CHECKED) traceNoTable(address);
    return false;
  }
  pmdLock(mm, Doing.RestoreEntry);
  const entry = pmdIsHuge(pmd) ? hugeEntry(pmd) : 0;
  if (CHECKED) traceEntry(frame, address, entry);
  const waits = pteIsMigration(entry) && pteFrame(entry) == old;
  if (waits) {
    getPage(frame);
    let bits = vmaPageProt(vma);
    if (pteMigrationIsWritable(entry)) bits |= PTE_WRITE;
    setHugeEntry(pmd, pteOf(frame, bits));
    if (pageIsAnon(frame)) hugepageAddAnonRmap(frame, vma, address);
    else pageDupRmap(frame);
    if (CHECKED) traceDid(WalkAct.Restored);
  }
  pmdUnlock(mm);
  return waits;
}
