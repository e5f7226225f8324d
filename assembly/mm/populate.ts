// The pages of locked VMAs are made present, and mlocked (spec/rmap.md Part 3, "mlock / munlock on VMAs").

import { Doing } from "../locks";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { PAGE_SIZE } from "../abi/unit";
import { HugeLock, hugePmdLock, pmdUnlock } from "../rmap/huge-entry";
import { mayChangeMlock, mlockVmaPage } from "../rmap/mlock";
import { markPageAccessed } from "../struct/lru";
import { MmStruct } from "../struct/mm-struct";
import { pageMapping, trylockPage, unlockPage } from "../struct/page";
import { setPageDirty } from "../struct/page-dirty";
import { getPage, holdPage } from "../struct/page-frame";
import {
  entryOf,
  hugeEntry,
  hugePmdAt,
  pmdAt,
  pmdEnd,
  ptlLock,
  ptlUnlock,
  pteUnder,
  setHugeEntry,
} from "../struct/page-table";
import {
  pteBits,
  PTE_DIRTY,
  pteFrame,
  pteIsPage,
  pteIsPresent,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { isHugetlbVma, Vma } from "../struct/vma";
import { handleMmFault } from "./fault";
import { isStackGuardPage } from "./stack";
import { followHugetlbPage } from "./hugetlb-range";
import { findVma } from "./vma-list";

const ACCESS: u32 = VmFlag.Read | VmFlag.Write | VmFlag.Exec;

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/** Of followPage: nothing that will do. */
const ABSENT: u32 = u32.MAX_VALUE;

/** follow_trans_huge_pmd: as followPage, for a whole huge page. */
function followHugePage(vma: Vma, address: u64, write: bool, hold: bool): u32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pmd = hugePmdAt(mm, address);
  if (!pmd || hugePmdLock(vma, pmd, Doing.Mlock) != HugeLock.Stable) return ABSENT;
  const entry = hugeEntry(pmd);
  const frame = pteFrame(entryOf(mm, address));
  const found = !write || (entry & PTE_WRITE) != 0;
  if (found) {
    const head = pteFrame(entry);
    if (hold) holdPage(frame);
    setHugeEntry(pmd, entry | pteBits(PTE_YOUNG | PTE_DIRTY));
    if (vma.flags & VmFlag.Locked && pageMapping(head) && trylockPage(head, Doing.Mlock)) {
      mlockVmaPage(head);
      unlockPage(head);
    }
  }
  pmdUnlock(mm);
  return found ? frame : ABSENT;
}

/**
 * follow_page: the frame of what is there, if that will do; a page that is met is touched, mlocked if it can be,
 * and with `hold` the caller's to put.
 */
function followPage(vma: Vma, address: u64, write: bool, hold: bool): u32 {
  if (isHugetlbVma(vma)) {
    const huge = followHugetlbPage(vma, address, write, hold);
    return huge ? huge : ABSENT;
  }
  const pmd = pmdAt(changetype<MmStruct>(<usize>vma.mm), address);
  if (!pmd) return followHugePage(vma, address, write, hold);
  ptlLock(pmd, Doing.Mlock);
  const entry = load<u64>(pteUnder(pmd, address));
  const found = pteIsPresent(entry) && (!write || (entry & PTE_WRITE) != 0);
  const frame = pteFrame(entry);
  if (found && pteIsPage(entry)) {
    if (hold) getPage(frame);
    if (write && !(entry & PTE_DIRTY)) setPageDirty(frame);
    markPageAccessed(frame);
    if (vma.flags & VmFlag.Locked && pageMapping(frame) && trylockPage(frame, Doing.Mlock)) {
      if (mayChangeMlock(frame)) mlockVmaPage(frame);
      unlockPage(frame);
    }
  }
  ptlUnlock(pmd);
  return found ? frame : ABSENT;
}

/** get_user_pages of one page, to be written to: its frame, the caller's to put, or 0 when memory is exhausted. */
export function getUserPage(vma: Vma, address: u64): u32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  while (true) {
    const frame = followPage(vma, address, true, true);
    if (frame != ABSENT) return frame;
    if (handleMmFault(mm, vma, address, true)) return 0;
  }
}

/**
 * Makes the pages of [start, end) of one VMA present, but for that which a stack keeps free. Private writable
 * ones are copied now rather than later.
 * @returns 0, or the Errno of the first page that can't be had
 */
export function populateVma(vma: Vma, start: u64, end: u64): i32 {
  if (!(vma.flags & ACCESS)) return Errno.EFAULT;
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const write = (vma.flags & (VmFlag.Write | VmFlag.Shared)) == VmFlag.Write;
  for (let at = start; at < end; at += PAGE_SIZE) {
    while (followPage(vma, at, write, false) == ABSENT) {
      if (isStackGuardPage(vma, at)) break;
      const error = handleMmFault(mm, vma, at, write);
      if (error == Errno.ENOMEM) return error;
      if (error) return Errno.EFAULT;
    }
    // What a huge entry maps is present with its first page.
    if (hugePmdAt(mm, at)) at = pmdEnd(at, end) - PAGE_SIZE;
  }
  return 0;
}

/**
 * Populates the locked VMAs of [start, end), under mmap_sem for read.
 * @param ignore go on with the next VMA after an error
 * @returns 0, or what mlock(2) says: EAGAIN without memory, ENOMEM for what can't be read
 */
export function populateRange(mm: MmStruct, start: u64, end: u64, ignore: bool): i32 {
  // Of nothing, nothing has to be readable.
  if (start == end) return 0;
  for (let at = findVma(mm, start); at && vmaAt(at).start < end; at = vmaAt(at).next) {
    const vma = vmaAt(at);
    if (!(vma.flags & VmFlag.Locked)) continue;
    const error = populateVma(vma, max(start, vma.start), min(end, vma.end));
    if (error && !ignore) return error == Errno.ENOMEM ? Errno.EAGAIN : Errno.ENOMEM;
  }
  return 0;
}
