// mlock, munlock, mlockall, and what unmapping a locked VMA does first.

import { LockAll } from "../abi/argument";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/unit";
import { mayChangeMlock } from "../rmap/mlock";
import { munlockVmaPage } from "../rmap/munlock";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { lockPage, unlockPage } from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import { nextMapped, pmdAt, pmdEnd, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { pteFrame, pteIsPage } from "../struct/pte";
import { isHugetlbVma, isSpecial, Vma, vmaPages } from "../struct/vma";
import { Doing } from "../locks";
import { downRead, downWrite, upRead, upWrite } from "../sync/lock";
import { canDoMlock, exceedsMemlock, isOverMemlock } from "./limit";
import { followHugePmd } from "./huge-entry";
import { vmaSetFlags } from "./mprotect";
import { populateRange, populateVma } from "./populate";
import { TASK_SIZE } from "./unmapped-area";
import { findVma, isErrno } from "./vma-list";

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/** The page that an entry maps, with a reference; 0 if there is none. */
function pageOfEntry(pmd: usize, address: u64): u32 {
  ptlLock(pmd, Doing.Mlock);
  const entry = load<u64>(pteUnder(pmd, address));
  const frame = pteIsPage(entry) ? pteFrame(entry) : 0;
  if (frame) getPage(frame);
  ptlUnlock(pmd);
  return frame;
}

/** Takes VM_LOCKED's mark from a page, and drops the reference. */
function unlockFrame(frame: u32): void {
  lockPage(frame, Doing.Mlock);
  if (mayChangeMlock(frame)) munlockVmaPage(frame);
  unlockPage(frame);
  putPage(frame);
}

/** munlock_vma_pages_range: VM_LOCKED goes first, so that no walk finds it while pages are unlocked. */
export function munlockVmaPagesRange(vma: Vma, start: u64, end: u64): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  vma.flags &= ~VmFlag.Locked;
  for (let at = nextMapped(mm, start, end); at < end; at = nextMapped(mm, at, end)) {
    const stop = pmdEnd(at, end);
    const huge = followHugePmd(vma, at, Doing.Mlock);
    if (huge) {
      unlockFrame(huge);
      at = stop;
      continue;
    }
    const pmd = pmdAt(mm, at);
    for (; at < stop; at += PAGE_SIZE) {
      const frame = pageOfEntry(pmd, at);
      if (frame) unlockFrame(frame);
    }
  }
}

/** A locked VMA is about to be unmapped: its pages are unlocked, and no longer counted. */
export function munlockWhole(vma: Vma): void {
  if (!(vma.flags & VmFlag.Locked)) return;
  changetype<MmStruct>(<usize>vma.mm).lockedVm -= <u32>vmaPages(vma);
  munlockVmaPagesRange(vma, vma.start, vma.end);
}

/** mlock_vma_pages_range: a new part of a locked VMA is counted and made present, as far as that can be. */
export function mlockNewRange(vma: Vma, start: u64, end: u64): void {
  if (!(vma.flags & VmFlag.Locked)) return;
  if (!isHugetlbVma(vma))
    changetype<MmStruct>(<usize>vma.mm).lockedVm += <u32>((end - start) >> PAGE_SHIFT);
  populateVma(vma, start, end);
  // Huge pages of the pool can't go anyway: they are made present, and that is all.
  if (isHugetlbVma(vma)) vma.flags &= ~VmFlag.Locked;
}

/** mlock_fixup: the VMA that holds the range afterwards, or an Errno. */
function mlockFixup(vma: Vma, prev: u32, start: u64, end: u64, on: bool): u32 {
  const flags = on ? vma.flags | VmFlag.Locked : vma.flags & ~VmFlag.Locked;
  if (flags == vma.flags || isSpecial(vma.flags)) return <u32>changetype<usize>(vma);
  const changed = vmaSetFlags(vma, prev, start, end, flags);
  if (isErrno(changed)) return changed;
  const mm = changetype<MmStruct>(<usize>vmaAt(changed).mm);
  const pages = <u32>((end - start) >> PAGE_SHIFT);
  if (on) {
    mm.lockedVm += pages;
  } else {
    mm.lockedVm -= pages;
    munlockVmaPagesRange(vmaAt(changed), start, end);
  }
  return changed;
}

/** do_mlock: up to the first hole, which is ENOMEM; what was done stays. */
function setLocked(mm: MmStruct, start: u64, end: u64, on: bool): i32 {
  if (end < start) return Errno.EINVAL;
  if (end == start) return 0;
  let at = findVma(mm, start);
  if (!at || vmaAt(at).start > start) return Errno.ENOMEM;
  let prev = start > vmaAt(at).start ? at : vmaAt(at).prev;
  let from = start;
  while (true) {
    const to = min(vmaAt(at).end, end);
    prev = mlockFixup(vmaAt(at), prev, from, to, on);
    if (isErrno(prev)) return <i32>prev;
    from = max(to, vmaAt(prev).end);
    if (from >= end) return 0;
    at = vmaAt(prev).next;
    if (!at || vmaAt(at).start != from) return Errno.ENOMEM;
  }
}

/** First and last byte's pages, as [start, end): mlock rounds both. */
function endOfRange(address: u64, length: u64): u64 {
  return (address & ~0xfff) + ((length + (address & 0xfff) + 0xfff) & ~0xfff);
}

/** mlock(2): 0, or an Errno. */
export function doMlock(mm: MmStruct, address: u64, length: u64): i32 {
  if (!canDoMlock()) return Errno.EPERM;
  const start = address & ~0xfff;
  const end = endOfRange(address, length);
  downWrite(mmapSem(mm), Doing.Mlock);
  const pages = end > start ? (end - start) >> PAGE_SHIFT : 0;
  let error = isOverMemlock(mm, pages) ? Errno.ENOMEM : setLocked(mm, start, end, true);
  upWrite(mmapSem(mm));
  if (error) return error;
  downRead(mmapSem(mm), Doing.Mlock);
  error = populateRange(mm, start, end, false);
  upRead(mmapSem(mm));
  return error;
}

/** munlock(2): 0, or an Errno. */
export function doMunlock(mm: MmStruct, address: u64, length: u64): i32 {
  downWrite(mmapSem(mm), Doing.Mlock);
  const error = setLocked(mm, address & ~0xfff, endOfRange(address, length), false);
  upWrite(mmapSem(mm));
  return error;
}

function pagesOfAll(mm: MmStruct): u64 {
  let pages: u64 = 0;
  for (let at = mm.mmap; at; at = vmaAt(at).next) pages += vmaPages(vmaAt(at));
  return pages;
}

/** mlockall(2), or munlockall(2) with no flags: 0, or an Errno. What can't be locked is passed over. */
export function doMlockall(mm: MmStruct, how: u32): i32 {
  if (how && !canDoMlock()) return Errno.EPERM;
  const current = (how & LockAll.Current) != 0;
  downWrite(mmapSem(mm), Doing.Mlock);
  if (current && exceedsMemlock(pagesOfAll(mm))) {
    upWrite(mmapSem(mm));
    return Errno.ENOMEM;
  }
  mm.defFlags = how & LockAll.Future ? VmFlag.Locked : 0;
  if (how != <u32>LockAll.Future) {
    let prev: u32 = 0;
    for (let at = mm.mmap; at;) {
      const vma = vmaAt(at);
      const changed = mlockFixup(vma, prev, vma.start, vma.end, current);
      prev = isErrno(changed) ? at : changed;
      at = vmaAt(prev).next;
    }
  }
  upWrite(mmapSem(mm));
  if (!current) return 0;
  downRead(mmapSem(mm), Doing.Mlock);
  populateRange(mm, 0, TASK_SIZE, true);
  upRead(mmapSem(mm));
  return 0;
}
