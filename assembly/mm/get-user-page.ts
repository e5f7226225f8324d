// get_user_pages of one page: for whoever comes to memory by an address, but not as the process.

import { Doing } from "../locks";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { HugeLock, hugePmdLock, pmdUnlock } from "../rmap/huge-entry";
import { markPageAccessed } from "../struct/lru";
import { header } from "../memory/header";
import { MmStruct } from "../struct/mm-struct";
import { ZERO_FRAME } from "../struct/page";
import { setPageDirty } from "../struct/page-dirty";
import { getPage, holdPage, releasePage } from "../struct/page-frame";
import {
  entryOf,
  hugeEntry,
  hugePmdAt,
  pmdAt,
  ptlLock,
  ptlUnlock,
  pteUnder,
  setHugeEntry,
  trimPageTables,
} from "../struct/page-table";
import {
  pteBits,
  PTE_DIRTY,
  pteFrame,
  pteIsPage,
  pteIsPresent,
  PTE_USER,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { isHugetlbVma, Vma } from "../struct/vma";
import { handleMmFault } from "./fault";
import { populateVma } from "./populate";
import { growStack } from "./stack";
import { findVma } from "./vma-list";

/** No page there that allows the access. */
export const NO_PAGE: i32 = -1;

/** follow_trans_huge_pmd: a part of a huge page. One that is being split is found when it is small. */
function followHugePage(mm: MmStruct, address: u64, write: bool): i32 {
  const pmd = hugePmdAt(mm, address);
  const vma = pmd ? findVma(mm, address) : 0;
  if (!vma) return NO_PAGE;
  const it = changetype<Vma>(<usize>vma);
  if (hugePmdLock(it, pmd, Doing.DeviceAccess) != HugeLock.Stable) return NO_PAGE;
  const entry = entryOf(mm, address);
  const wanted = write ? PTE_USER | PTE_WRITE : PTE_USER;
  let frame = NO_PAGE;
  if ((entry & wanted) == wanted) {
    frame = <i32>pteFrame(entry);
    holdPage(frame);
    // follow_hugetlb_page leaves the entry as it is.
    if (!isHugetlbVma(it)) setHugeEntry(pmd, hugeEntry(pmd) | pteBits(PTE_YOUNG | PTE_DIRTY));
  }
  pmdUnlock(mm);
  return frame;
}

/**
 * follow_page: the frame that an entry leads to, with a reference, if the entry allows the access; the zero
 * page has no references. What is to be written to is dirty from now on, though no processor has written yet.
 * @returns NO_PAGE if it does not
 */
export function followPage(mm: MmStruct, address: u64, write: bool): i32 {
  const pmd = pmdAt(mm, address);
  if (!pmd) return followHugePage(mm, address, write);
  ptlLock(pmd, Doing.DeviceAccess);
  const entry = load<u64>(pteUnder(pmd, address));
  const wanted = write ? PTE_USER | PTE_WRITE : PTE_USER;
  let frame = NO_PAGE;
  if (pteIsPresent(entry) && (entry & wanted) == wanted) {
    frame = <i32>ZERO_FRAME;
    if (pteIsPage(entry)) {
      frame = <i32>pteFrame(entry);
      getPage(frame);
      if (write && !(entry & PTE_DIRTY)) setPageDirty(frame);
      markPageAccessed(frame);
    }
  }
  ptlUnlock(pmd);
  return frame;
}

/** Lets go of what followPage or pinUserPage found. */
export function putUserPage(frame: i32): void {
  if (frame != <i32>ZERO_FRAME) releasePage(frame);
}

/** find_extend_vma: the VMA over an address, of a stack also if it has to grow for that; or null. */
function findExtendVma(mm: MmStruct, address: u64, write: bool): Vma | null {
  const vma = changetype<Vma | null>(<usize>findVma(mm, address));
  if (!vma || vma.start <= address) return vma;
  const start = vma.start;
  if (growStack(vma, address, write)) return null;
  if (vma.flags & VmFlag.Locked) populateVma(vma, address, start);
  return vma;
}

/** The VMA over an address that get_user_pages may use, or null. */
export function vmaForUserPage(mm: MmStruct, address: u64, write: bool): Vma | null {
  const vma = findExtendVma(mm, address, write);
  return vma && vma.flags & (write ? VmFlag.Write : VmFlag.Read) ? vma : null;
}

/**
 * The frame at an address of a VMA, with a reference, faulted in if need be. Under mmap_sem for read.
 * @returns the frame, 0 for the zero page; -EFAULT where there is nothing to be had, -ENOMEM
 */
export function pinUserPage(vma: Vma, address: u64, write: bool): i32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const tables = mm.tables;
  let frame = followPage(mm, address, write);
  while (frame == NO_PAGE) {
    const error = handleMmFault(mm, vma, address, write);
    if (error) {
      // Tables made for nothing go again, unless somebody in the explorer may be looking into them.
      if (mm.tables > tables && header().actor == 0) trimPageTables(mm, address, tables);
      return -(error == Errno.ENOMEM ? Errno.ENOMEM : Errno.EFAULT);
    }
    frame = followPage(mm, address, write);
  }
  return frame;
}
