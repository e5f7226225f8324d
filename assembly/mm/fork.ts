// fork: the child gets a copy of every VMA, and of the entries that a fault could not bring back.

import { Event } from "../abi/event";
import { VmFlag } from "../abi/flag";
import { HUGE_PAGES, PAGE_SIZE } from "../abi/unit";
import { fileIndexLinkChild } from "../index/file-index";
import { event } from "../memory/event";
import { Cache, slabReserve } from "../memory/slab";
import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "../notifier/dispatch";
import { pageDupRmap } from "../rmap/accounting";
import { anonVmaFork } from "../rmap/anon-vma";
import { getFile, iMmapMutex, mappingOf } from "../struct/address-space";
import { joinMmlist, mmapSem, MmStruct } from "../struct/mm-struct";
import { chainLength } from "../struct/anon-vma";
import { migrationEntryToPage, pageIsAnon } from "../struct/page";
import { framesFree, getPage } from "../struct/page-frame";
import { ksmEnter } from "../struct/ksm";
import {
  nextMapped,
  pmdAlloc,
  pmdAt,
  pmdEnd,
  ptlLock,
  ptlLockNested,
  ptlUnlock,
  pteUnder,
  tablesReserve,
} from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteIsMigration,
  pteIsPage,
  pteIsPresent,
  pteIsSwap,
  pteMigrationIsWritable,
  pteOfMigration,
  pteSwapSlot,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { slotAt, swapCountOutgrows, swapDuplicate } from "../struct/swap-slot";
import { isCowMapping, isHugetlbVma, isNonlinear, Vma } from "../struct/vma";
import { Doing, LockClass } from "../locks";
import { downWrite, downWriteNested, lock, unlock, upWrite } from "../sync/lock";
import { copyHugePmd, HugeCopy } from "./huge-entry";
import { copyHugetlbPageRange } from "./hugetlb-range";
import { vmaAlloc, vmaCopy, vmaFree, vmaInsert } from "./vma-list";

/** One entry's copy: what the parent's becomes is stored, what the child's is returned. */
function copyOnePte(child: MmStruct, vma: Vma, pte: usize): u64 {
  let entry = load<u64>(pte);
  if (!pteIsPresent(entry)) {
    if (pteIsSwap(entry)) {
      const counted = swapDuplicate(pteSwapSlot(entry));
      assert(counted, "fork: a swap count that room was made for");
      joinMmlist(child);
      child.swapRss++;
    } else if (pteIsMigration(entry)) {
      if (pageIsAnon(migrationEntryToPage(entry))) child.anonRss++;
      else child.fileRss++;
      if (pteMigrationIsWritable(entry) && isCowMapping(vma.flags)) {
        entry = pteOfMigration(pteFrame(entry), false);
        store<u64>(pte, entry);
      }
    }
    return entry;
  }
  if (isCowMapping(vma.flags)) {
    entry &= ~PTE_WRITE;
    store<u64>(pte, entry);
  }
  if (pteIsPage(entry)) {
    const frame = pteFrame(entry);
    getPage(frame);
    pageDupRmap(frame);
    if (pageIsAnon(frame)) child.anonRss++;
    else child.fileRss++;
  }
  if (vma.flags & VmFlag.Shared) entry &= ~PTE_DIRTY;
  return entry & ~PTE_YOUNG;
}

/** Copies a VMA's entries; false when memory is exhausted. */
function copyPageRange(child: MmStruct, parent: MmStruct, vma: Vma): bool {
  if (isHugetlbVma(vma)) return copyHugetlbPageRange(child, parent, vma);
  // Without anon_vma every page can be faulted in again, unless only its entry tells which it is.
  if (!vma.anonVma && !isNonlinear(vma)) return true;
  // The parent's entries become read-only, so whoever shows them is told.
  const notifies = isCowMapping(vma.flags);
  if (notifies) mmuNotifierInvalidateRangeStart(parent, vma.start, vma.end);
  const done = copyEntries(child, parent, vma);
  if (notifies) mmuNotifierInvalidateRangeEnd(parent, vma.start, vma.end);
  return done;
}

function copyEntries(child: MmStruct, parent: MmStruct, vma: Vma): bool {
  let copied: u32 = 0;
  const end = vma.end;
  for (let at = nextMapped(parent, vma.start, end); at < end; at = nextMapped(parent, at, end)) {
    const stop = pmdEnd(at, end);
    let from = pmdAt(parent, at);
    if (!from) {
      const result = copyHugePmd(child, vma, at);
      if (result == HugeCopy.NoMemory) return false;
      if (result == HugeCopy.Copied) {
        copied += HUGE_PAGES;
        at = stop;
        continue;
      }
      from = pmdAt(parent, at);
    }
    const to = pmdAlloc(child, at);
    if (!to) return false;
    ptlLock(to, Doing.Fork);
    ptlLockNested(from, Doing.Fork);
    for (; at < stop; at += PAGE_SIZE) {
      const source = pteUnder(from, at);
      if (!load<u64>(source)) continue;
      store<u64>(pteUnder(to, at), copyOnePte(child, vma, source));
      copied++;
    }
    ptlUnlock(from);
    ptlUnlock(to);
  }
  event(Event.EntriesCopied, <f64>copied, <f64>vma.start, 0);
  return true;
}

/** The child's copy of one VMA, linked everywhere; false when memory is exhausted. */
function dupVma(child: MmStruct, parent: MmStruct, source: Vma): bool {
  const vma = vmaAlloc();
  if (!vma) return false;
  vmaCopy(vma, source);
  vma.mm = <u32>changetype<usize>(child);
  if (!anonVmaFork(vma, source)) {
    vmaFree(vma);
    return false;
  }
  // Nothing was promised to a child (reset_vma_resv_huge_pages).
  vma.flags &= ~(VmFlag.Locked | VmFlag.ReserveOwner | VmFlag.ReserveLost);
  if (vma.file) {
    getFile(vma.file);
    const mapping = mappingOf(vma);
    lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Fork);
    fileIndexLinkChild(mapping, vma, source);
    unlock(iMmapMutex(mapping));
  }
  vmaInsert(child, vma);
  // Linked first, so that a walk that must not miss an entry finds the child's after the parent's.
  return copyPageRange(child, parent, source);
}

/**
 * Counts, or forgets, for each slot the entries of an address space that a fork copies.
 * @returns slots whose count will need a page that they do not have
 */
function tallySwapEntries(mm: MmStruct, counts: bool): u32 {
  let n: u32 = 0;
  for (let at = mm.mmap; at; at = changetype<Vma>(<usize>at).next) {
    const vma = changetype<Vma>(<usize>at);
    if (!vma.anonVma || vma.flags & (VmFlag.DontCopy | VmFlag.Hugetlb)) continue;
    let address = nextMapped(mm, vma.start, vma.end);
    while (address < vma.end) {
      const stop = pmdEnd(address, vma.end);
      const pmd = pmdAt(mm, address);
      // A huge page is not in swap.
      if (!pmd) address = stop;
      for (; address < stop; address += PAGE_SIZE) {
        const entry = load<u64>(pteUnder(pmd, address));
        if (!pteIsSwap(entry)) continue;
        const slot = pteSwapSlot(entry);
        const copies = counts ? slotAt(slot).copies + 1 : 0;
        slotAt(slot).copies = copies;
        if (copies && swapCountOutgrows(slot, copies)) n++;
      }
      address = nextMapped(mm, address, vma.end);
    }
  }
  return n;
}

/** Frames that the counts of the swap entries need (KSM may have left one slot's at many places). */
function swapCountFrames(mm: MmStruct): u32 {
  if (!mm.swapRss) return 0;
  const frames = tallySwapEntries(mm, true);
  tallySwapEntries(mm, false);
  return frames;
}

/**
 * Is there memory for a whole copy? Asked before anything is written, so that a fork that does not fit
 * fails at once and leaves the parent's entries writable (docs/simplified.md).
 */
function reserveCopy(parent: MmStruct): bool {
  let vmas: u32 = 0;
  let anonVmas: u32 = 0;
  let chains: u32 = 0;
  for (let at = parent.mmap; at; at = changetype<Vma>(<usize>at).next) {
    const vma = changetype<Vma>(<usize>at);
    if (vma.flags & VmFlag.DontCopy) continue;
    vmas++;
    if (!vma.anonVma) continue;
    anonVmas++;
    chains += chainLength(vma) + 1;
  }
  return (
    slabReserve(Cache.Task, 1) &&
    slabReserve(Cache.Vma, vmas) &&
    slabReserve(Cache.AnonVma, anonVmas) &&
    slabReserve(Cache.Chain, chains) &&
    (!parent.ksmSlot || slabReserve(Cache.MmSlot, 1)) &&
    swapCountFrames(parent) <= framesFree() &&
    tablesReserve(parent.tables)
  );
}

/** Fills an empty child; false when memory is exhausted: the caller tears down what there is. */
export function dupMmap(child: MmStruct, parent: MmStruct): bool {
  downWrite(mmapSem(parent), Doing.Fork);
  downWriteNested(mmapSem(child), Doing.Fork);
  child.startBrk = parent.startBrk;
  child.brk = parent.brk;
  child.memcg = parent.memcg;
  let done = reserveCopy(parent);
  if (done && parent.ksmSlot) done = ksmEnter(child);
  for (let at = parent.mmap; at && done;) {
    const vma = changetype<Vma>(<usize>at);
    at = vma.next;
    if (!(vma.flags & VmFlag.DontCopy)) done = dupVma(child, parent, vma);
  }
  upWrite(mmapSem(child));
  upWrite(mmapSem(parent));
  return done;
}
