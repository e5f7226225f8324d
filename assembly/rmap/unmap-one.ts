// try_to_unmap_one: takes one entry away. What is left in its place is the first that fits:
//
//   hwpoison marker     the page is broken, and that is not to be overlooked
//   swap entry          anonymous and in the swap cache, also when it is to migrate
//   migration entry     it is to migrate: the writable bit and the rss stay
//   nothing             a file's page

import { Unmap } from "../abi/argument";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { UnmapResult } from "../abi/result";
import { PAGE_SIZE } from "../abi/unit";
import { WalkAct } from "../abi/walk";
import { event } from "../memory/event";
import {
  mmHasNotifiers,
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "../notifier/dispatch";
import { isToldByRange, pageChangedOutside, pageClearedInside } from "../notifier/placement";
import { joinMmlist, mmapSem, MmStruct } from "../struct/mm-struct";
import { setPageDirty } from "../struct/page-dirty";
import {
  mappingIsKsm,
  pageFlags,
  pageIsAnon,
  pageMapped,
  pageMapping,
  pagePrivate,
  pageIsHugetlb,
} from "../struct/page";
import { putPage } from "../struct/page-frame";
import { PMD_SIZE, ptlUnlock, pteUnder } from "../struct/page-table";
import { PTE_DIRTY, pteOfHwpoison, pteOfMigration, pteOfSwap, PTE_WRITE } from "../struct/pte";
import { slotAt, swapDuplicate } from "../struct/swap-slot";
import { Vma } from "../struct/vma";
import { traceDid } from "../struct/walk-trace";
import { Doing } from "../locks";
import { tryDownRead, upRead } from "../sync/lock";
import { pageRemoveRmap } from "./accounting";
import { pageCheckAddress } from "./address";
import { hugetlbUnmapOne } from "./hugetlb";
import { clearPageMlock, lastUnmapClearsMlock, mlockVmaPage } from "./mlock";
import { clearFlushYoung, pteClearYoung } from "./young";

/** A locked VMA maps the page: mlock it, if the VMA can be kept from changing without waiting. */
function mlockInstead(frame: u32, vma: Vma): UnmapResult {
  const sem = mmapSem(changetype<MmStruct>(<usize>vma.mm));
  if (!tryDownRead(sem, Doing.Unmap)) {
    if (CHECKED) traceDid(WalkAct.MmapSemBusy);
    return UnmapResult.Again;
  }
  let locked = (vma.flags & VmFlag.Locked) != 0;
  if (locked) {
    mlockVmaPage(frame);
    // Truncation takes private copies away under neither lock: the last mapping may have gone before there was a
    // mark to go with it. Up to v3.6 the mark would have stayed anyway.
    if (!pageMapped(frame) && lastUnmapClearsMlock()) {
      clearPageMlock(frame);
      locked = false;
    }
  }
  if (CHECKED) traceDid(locked ? WalkAct.Mlocked : WalkAct.NoLongerLocked);
  upRead(sem);
  return locked ? UnmapResult.Mlock : UnmapResult.Again;
}

/** Accounts for the entry that was taken away; what is to be in its place, or the entry itself: put it back. */
function replacement(frame: u32, mm: MmStruct, address: u64, entry: u64, how: u32): u64 {
  const anon = pageIsAnon(frame);
  const flags = pageFlags(frame);
  if (flags & PageFlag.HwPoison && !(how & Unmap.IgnoreHwpoison)) {
    if (anon) mm.anonRss--;
    else mm.fileRss--;
    event(Event.Poisoned, <f64>address, <f64>frame, 0);
    if (CHECKED) traceDid(WalkAct.HwpoisonEntry);
    return pteOfHwpoison(frame);
  }
  if (anon && flags & PageFlag.SwapCache) {
    const slot = <usize>pagePrivate(frame);
    if (!swapDuplicate(slot)) {
      if (CHECKED) traceDid(WalkAct.PutBack);
      return entry;
    }
    if (mappingIsKsm(pageMapping(frame))) slotAt(slot).shared = 1;
    joinMmlist(mm);
    mm.anonRss--;
    mm.swapRss++;
    event(Event.SwapOut, <f64>address, <f64>frame, 0);
    if (CHECKED) traceDid(WalkAct.SwapEntry);
    return pteOfSwap(slot);
  }
  if ((how & Unmap.ActionMask) == Unmap.Migration) {
    if (CHECKED) traceDid(WalkAct.MigrationEntry);
    return pteOfMigration(frame, (entry & PTE_WRITE) != 0);
  }
  assert(!anon, "rmap: anonymous page unmapped outside the swap cache");
  mm.fileRss--;
  event(Event.Unmapped, <f64>address, <f64>frame, 0);
  if (CHECKED) traceDid(WalkAct.Removed);
  return 0;
}

/** Does the walk leave the VMA alone before it looks at the entry: try_to_munlock, where the page is not locked? */
function isPassedOver(vma: Vma, how: u32): bool {
  return (how & Unmap.ActionMask) == Unmap.Munlock && !(vma.flags & VmFlag.Locked);
}

function entryEnd(frame: u32, address: u64): u64 {
  return address + (pageIsHugetlb(frame) ? PMD_SIZE : <u64>PAGE_SIZE);
}

/** Again also after success: whether the page is still mapped is what counts. */
export function tryToUnmapOne(frame: u32, vma: Vma, address: u64, how: u32): UnmapResult {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const ranged = isToldByRange(mm) && !isPassedOver(vma, how);
  if (ranged) mmuNotifierInvalidateRangeStart(mm, address, entryEnd(frame, address));
  const result = unmapEntry(frame, vma, address, how);
  if (ranged) mmuNotifierInvalidateRangeEnd(mm, address, entryEnd(frame, address));
  return result;
}

function unmapEntry(frame: u32, vma: Vma, address: u64, how: u32): UnmapResult {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pmd = pageCheckAddress(frame, mm, address, false);
  if (!pmd) {
    return pageIsHugetlb(frame) ? hugetlbUnmapOne(frame, vma, address, how) : UnmapResult.Again;
  }
  const pte = pteUnder(pmd, address);
  const entry = load<u64>(pte);
  const told = mmHasNotifiers(mm);
  if (!(how & Unmap.IgnoreMlock)) {
    if (vma.flags & VmFlag.Locked) {
      ptlUnlock(pmd);
      return mlockInstead(frame, vma);
    }
    if ((how & Unmap.ActionMask) == Unmap.Munlock) {
      if (CHECKED) traceDid(WalkAct.NotLocked);
      ptlUnlock(pmd);
      // Needless, but v3.7 leaves by the same way as after an unmap.
      pageChangedOutside(mm, address);
      return UnmapResult.Again;
    }
  }
  if (!(how & Unmap.IgnoreAccess)) {
    if (told ? clearFlushYoung(mm, pte, address) : pteClearYoung(pte)) {
      if (CHECKED) traceDid(WalkAct.MadeOld);
      ptlUnlock(pmd);
      return UnmapResult.Fail;
    }
  }
  store<u64>(pte, 0);
  if (told) pageClearedInside(mm, address);
  if (entry & PTE_DIRTY) setPageDirty(frame);
  const left = replacement(frame, mm, address, entry, how);
  store<u64>(pte, left);
  if (left == entry) {
    ptlUnlock(pmd);
    return UnmapResult.Fail;
  }
  pageRemoveRmap(frame);
  putPage(frame);
  ptlUnlock(pmd);
  // The entry's reference is gone: that of whoever unmaps keeps the frame until its clients have heard of it.
  if (told) pageChangedOutside(mm, address);
  return UnmapResult.Again;
}
