// hugetlb_fault: a fault in a VMA of huge pages of the pool, one at a time on the whole machine, so that nobody is
// refused a page that another is about to find in the file.
//
// What a fault may need beside the page is had before it, so that one that fails leaves nothing behind.

import { Doing, LockClass } from "../locks";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { HUGE_ORDER } from "../abi/unit";
import { event } from "../memory/event";
import { Header, header } from "../memory/header";
import { Cache, slabReserve } from "../memory/slab";
import { pageDupRmap } from "../rmap/accounting";
import { pmdLock, pmdUnlock } from "../rmap/huge-entry";
import { hugepageAddNewAnonRmap } from "../rmap/hugetlb";
import { AddressSpace, mappingOf, treeLock } from "../struct/address-space";
import { MmStruct } from "../struct/mm-struct";
import { pageCacheFind, pageCacheInsert } from "../struct/page-cache";
import {
  lockPage,
  lockPageNested,
  pageSet,
  pageSetIndex,
  pageSetMapping,
  pageTest,
  unlockPage,
} from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import {
  hugeEntry,
  hugeEntryInstall,
  hugePmdAt,
  pmdIsHuge,
  pmdSlotAlloc,
  setHugeEntry,
  tablesReserve,
} from "../struct/page-table";
import {
  pteBits,
  PTE_DIRTY,
  pteFrame,
  pteIsHwpoison,
  pteIsMigration,
  pteOf,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { isShared, linearPageIndex, Vma } from "../struct/vma";
import { vmaPageProt } from "../struct/vma-prot";
import { lock, unlock } from "../sync/lock";
import { sharedAccess } from "../sync/yield-point";
import { anonVmaPrepare } from "./anon-prepare";
import { findGetPage, isPageOf } from "./file";
import { hugetlbCow } from "./hugetlb-cow";
import { allocHugePage, canAllocHugePage, reserveRecords } from "./hugetlb-reserve";

/** Levels that a file's page cache may grow by. */
const CACHE_LEVELS: u32 = 11;

function instantiationMutex(): usize {
  return changetype<usize>(header()) + offsetof<Header>("hugetlbInstantiationMutex");
}

/** find_lock_page: the file's huge page, locked and with a reference, 0 if it has none there. */
function findLockPage(mapping: AddressSpace, index: u64): u32 {
  while (true) {
    const frame = findGetPage(mapping, index);
    if (!frame) return 0;
    lockPage(frame, Doing.HugetlbFault);
    if (isPageOf(mapping, frame)) return frame;
    unlockPage(frame);
    putPage(frame);
  }
}

/** add_to_page_cache of a new page, which is locked then; false if the file has one by now. */
function addToPageCache(mapping: AddressSpace, index: u64, frame: u32): bool {
  lock(treeLock(mapping), LockClass.TreeLock, Doing.PageCache);
  const added = !pageCacheFind(mapping, index) && pageCacheInsert(mapping, index, frame);
  if (added) {
    getPage(frame);
    pageSetMapping(frame, <u32>changetype<usize>(mapping));
    pageSetIndex(frame, index);
  }
  unlock(treeLock(mapping));
  return added;
}

/** What became of a page that was asked for: it, 0 (look again), or -Errno. */
function newPage(vma: Vma, index: u64): i32 {
  const mapping = mappingOf(vma);
  const shared = (vma.flags & VmFlag.MayShare) != 0;
  if (!reserveRecords() || !slabReserve(Cache.CacheNode, CACHE_LEVELS)) return -Errno.ENOMEM;
  if (!canAllocHugePage(vma, index, false)) return -Errno.SIGBUS;
  if (!shared && !anonVmaPrepare(vma)) return -Errno.ENOMEM;
  const frame = allocHugePage(vma, index, false);
  if (!frame) return -Errno.SIGBUS;
  pageSet(frame, PageFlag.Uptodate);
  lockPage(frame, Doing.HugetlbFault);
  if (!shared || addToPageCache(mapping, index, frame)) return <i32>frame;
  unlockPage(frame);
  putPage(frame);
  return 0;
}

/** Maps a locked page where nothing is mapped; a write to a private page that the file has is copied at once. 0, or an Errno. */
function mapPage(vma: Vma, address: u64, slot: usize, frame: u32, write: bool): i32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const index = linearPageIndex(vma, address);
  const mapping = mappingOf(vma);
  const ofFile = isPageOf(mapping, frame);
  let error = 0;
  pmdLock(mm, Doing.HugetlbFault);
  if (index >= mapping.size >> HUGE_ORDER) error = Errno.SIGBUS;
  else if (!pmdIsHuge(slot)) {
    let bits = PTE_YOUNG | vmaPageProt(vma);
    if (bits & PTE_WRITE) bits |= PTE_DIRTY;
    const entry = pteOf(frame, bits);
    if (hugeEntryInstall(mm, slot, entry)) {
      getPage(frame);
      if (ofFile) pageDupRmap(frame);
      else hugepageAddNewAnonRmap(frame, vma, address);
      event(ofFile ? Event.FilePage : Event.HugePage, <f64>address, <f64>frame, 0);
      if (write && !isShared(vma)) error = hugetlbCow(vma, address, entry, frame);
    } else {
      error = Errno.ENOMEM;
    }
  }
  pmdUnlock(mm);
  return error;
}

/** hugetlb_no_page: 0, ENOMEM, or SIGBUS beyond the file's end or when the pool is empty. */
function hugetlbNoPage(vma: Vma, address: u64, slot: usize, write: bool): i32 {
  // What was here was taken away for its owner's sake: a zeroed page must not pass for it.
  if (vma.flags & VmFlag.ReserveLost) return Errno.SIGBUS;
  const mapping = mappingOf(vma);
  const index = linearPageIndex(vma, address);
  let frame: u32 = 0;
  let cached = false;
  while (!frame) {
    frame = findLockPage(mapping, index);
    cached = frame != 0;
    if (frame) break;
    if (index >= mapping.size >> HUGE_ORDER) return Errno.SIGBUS;
    if (!tablesReserve(1)) return Errno.ENOMEM;
    const made = newPage(vma, index);
    if (made < 0) return -made;
    frame = <u32>made;
  }
  // One that was just made is mapped all the same: memory_failure waits for its lock to take it away again.
  const refused = cached && pageTest(frame, PageFlag.HwPoison);
  const error = refused ? Errno.SIGBUS : mapPage(vma, address, slot, frame, write);
  unlockPage(frame);
  putPage(frame);
  return error;
}

/** A fault where something is mapped: 0, ENOMEM or SIGBUS. */
function faultOnPage(vma: Vma, address: u64, entry: u64, write: bool): i32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const copies = write && !(entry & PTE_WRITE);
  const mapping = mappingOf(vma);
  const cached =
    copies && !(vma.flags & VmFlag.MayShare)
      ? findLockPage(mapping, linearPageIndex(vma, address))
      : 0;
  const frame = pteFrame(entry);
  getPage(frame);
  // First the file's page, then the one that is mapped.
  if (frame != cached) lockPageNested(frame, Doing.HugetlbFault);
  pmdLock(mm, Doing.HugetlbFault);
  const pmd = hugePmdAt(mm, address);
  let error = 0;
  if (pmd && hugeEntry(pmd) == entry) {
    if (copies) error = hugetlbCow(vma, address, entry, cached);
    else setHugeEntry(pmd, entry | pteBits(write ? PTE_YOUNG | PTE_DIRTY : PTE_YOUNG));
  }
  pmdUnlock(mm);
  if (cached) {
    unlockPage(cached);
    putPage(cached);
  }
  if (frame != cached) unlockPage(frame);
  putPage(frame);
  return error;
}

/** migration_entry_wait: until whoever migrates the page, which is locked meanwhile, is done. */
function waitForMigration(mm: MmStruct, slot: usize): void {
  pmdLock(mm, Doing.HugetlbFault);
  const entry = pmdIsHuge(slot) ? hugeEntry(slot) : 0;
  const frame = pteIsMigration(entry) ? pteFrame(entry) : 0;
  if (frame) getPage(frame);
  pmdUnlock(mm);
  if (!frame) return;
  lockPage(frame, Doing.HugetlbFault);
  unlockPage(frame);
  putPage(frame);
}

/** Under mmap_sem for read: 0 (the access is tried again), ENOMEM or SIGBUS. */
export function hugetlbFault(vma: Vma, at: u64, write: bool): i32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const address = at & ~(<u64>0x1fffff);
  const slot = pmdSlotAlloc(mm, address);
  if (!slot) return Errno.ENOMEM;
  sharedAccess(slot);
  if (pmdIsHuge(slot) && pteIsMigration(hugeEntry(slot))) {
    waitForMigration(mm, slot);
    return 0;
  }
  lock(instantiationMutex(), LockClass.HugetlbInstantiationMutex, Doing.HugetlbFault);
  let error = 0;
  sharedAccess(slot);
  if (!pmdIsHuge(slot)) {
    error = hugetlbNoPage(vma, address, slot, write);
  } else {
    const entry = hugeEntry(slot);
    if (pteIsHwpoison(entry)) error = Errno.SIGBUS;
    else if (!pteIsMigration(entry)) error = faultOnPage(vma, address, entry, write);
  }
  unlock(instantiationMutex());
  return error;
}
