// hugetlb_cow: a write to a huge page whose entry does not allow it.
//
//   mapped nowhere else    used as it is: an anonymous one moves to this VMA's anon_vma. A page of the file, too:
//                          then the process writes into the file though its mapping is private (v3.7's defect)
//   anything else          copied. Whoever was promised the page when he made the mapping, and has lost it to a child
//                          for want of free pages, gets it back: it is taken away from the others

import { Doing, LockClass } from "../locks";
import { Counter } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { PAGE_SHIFT } from "../abi/unit";
import { fileIndexFirst, fileIndexNext } from "../index/file-index";
import { stepNode } from "../index/step";
import { event } from "../memory/event";
import { count } from "../memory/header";
import {
  rangeEndInside,
  rangeEndOutside,
  rangeStartInside,
  rangeStartOutside,
} from "../notifier/placement";
import { pageMoveAnonRmap, pageRemoveRmap } from "../rmap/accounting";
import { pmdLock, pmdUnlock } from "../rmap/huge-entry";
import { hugepageAddNewAnonRmap } from "../rmap/hugetlb";
import { iMmapMutex, mappingOf } from "../struct/address-space";
import { copyHugePage } from "../struct/huge-page";
import { vmaOfNode } from "../struct/interval-node";
import { MmStruct } from "../struct/mm-struct";
import { pageIsAnon, pageMapcount, pageSet } from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import { hugeEntry, hugePmdAt, PMD_SIZE, setHugeEntry } from "../struct/page-table";
import { pteBits, PTE_DIRTY, pteFrame, pteOf, PTE_USER, PTE_WRITE, PTE_YOUNG } from "../struct/pte";
import { ownsReservation } from "../struct/reservation";
import { linearPageIndex, Vma } from "../struct/vma";
import { vmaPageProt } from "../struct/vma-prot";
import { lock, unlock } from "../sync/lock";
import { anonVmaPrepare } from "./anon-prepare";
import { unmapHugepageRange } from "./hugetlb-range";
import { allocHugePage, canAllocHugePage, reserveRecords } from "./hugetlb-reserve";

/** unmap_ref_private: takes the page away from all who map it and were promised nothing; they are marked for it. */
function unmapRefPrivate(vma: Vma, frame: u32, address: u64): void {
  const mapping = mappingOf(vma);
  const pgoff = ((address - vma.start) >> PAGE_SHIFT) + vma.pgoff;
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.CopyOnWrite);
  let node = stepNode(fileIndexFirst(mapping, pgoff, pgoff));
  for (; node; node = stepNode(fileIndexNext(node, pgoff, pgoff))) {
    const other = vmaOfNode(node);
    if (changetype<usize>(other) == changetype<usize>(vma) || ownsReservation(other)) continue;
    if (unmapHugepageRange(other, address, address + PMD_SIZE, frame)) {
      other.flags |= VmFlag.ReserveLost;
    }
  }
  unlock(iMmapMutex(mapping));
}

/** The entry that was looked at, if it is still there, under page_table_lock. */
function isUnchanged(mm: MmStruct, address: u64, entry: u64): bool {
  const pmd = hugePmdAt(mm, address);
  return pmd != 0 && hugeEntry(pmd) == entry;
}

/** Puts the copy in the old page's place: false if the entry changed. Takes page_table_lock, and lets it go. */
function replacePage(vma: Vma, address: u64, entry: u64, copy: u32): bool {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const old = pteFrame(entry);
  rangeStartOutside(mm, address, address + PMD_SIZE);
  pmdLock(mm, Doing.CopyOnWrite);
  const same = isUnchanged(mm, address, entry);
  if (same) {
    const bits = PTE_WRITE | PTE_DIRTY | PTE_YOUNG | (vmaPageProt(vma) & PTE_USER);
    rangeStartInside(mm, address, address + PMD_SIZE);
    setHugeEntry(hugePmdAt(mm, address), pteOf(copy, bits));
    pageRemoveRmap(old);
    hugepageAddNewAnonRmap(copy, vma, address);
    rangeEndInside(mm, address, address + PMD_SIZE);
  }
  pmdUnlock(mm);
  // Also if it had changed: whoever was told of a beginning waits for the end.
  rangeEndOutside(mm, address, address + PMD_SIZE);
  return same;
}

/** Copies a page that the caller holds, without page_table_lock: 0, or an Errno. */
function copyOut(vma: Vma, address: u64, entry: u64, copy: u32): i32 {
  const old = pteFrame(entry);
  if (!anonVmaPrepare(vma)) {
    putPage(copy);
    return Errno.ENOMEM;
  }
  copyHugePage(copy, old);
  pageSet(copy, PageFlag.Uptodate);
  const replaced = replacePage(vma, address, entry, copy);
  if (replaced) {
    count(Counter.PagesCopied, 1);
    event(Event.HugePageCopied, <f64>address, <f64>old, <f64>copy);
  }
  // The entry's reference to the old page, or the one to a copy that nobody wants.
  putPage(replaced ? old : copy);
  return 0;
}

/**
 * Under page_table_lock, which is held again afterwards; the caller holds the locks of the page and of what the file
 * has cached there.
 * @param cached that page, 0 if there is none; or the page itself, if it was just made
 * @returns 0, ENOMEM, or SIGBUS when the pool is empty
 */
export function hugetlbCow(vma: Vma, address: u64, entry: u64, cached: u32): i32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const old = pteFrame(entry);
  while (pageMapcount(old) != 1) {
    const outside = ownsReservation(vma) && old != cached;
    const index = linearPageIndex(vma, address);
    getPage(old);
    pmdUnlock(mm);
    const recorded = reserveRecords();
    const ready = recorded && (!canAllocHugePage(vma, index, outside) || anonVmaPrepare(vma));
    const copy = ready ? allocHugePage(vma, index, outside) : 0;
    let error = ready ? Errno.SIGBUS : Errno.ENOMEM;
    if (copy) error = copyOut(vma, address, entry, copy);
    putPage(old);
    const steals = !copy && outside && error == Errno.SIGBUS;
    if (steals) unmapRefPrivate(vma, old, address);
    pmdLock(mm, Doing.CopyOnWrite);
    if (!steals) return error;
    if (!isUnchanged(mm, address, entry)) return 0;
    // Whoever else was promised pages has it still: there is nothing left to try.
    if (pageMapcount(old) != 1) return Errno.SIGBUS;
  }
  if (pageIsAnon(old)) pageMoveAnonRmap(old, vma, address);
  setHugeEntry(hugePmdAt(mm, address), entry | pteBits(PTE_WRITE | PTE_DIRTY | PTE_YOUNG));
  // One that was made for this very write is nothing to tell of.
  if (old != cached || !pageIsAnon(old)) event(Event.PageReused, <f64>address, <f64>old, 0);
  return 0;
}
