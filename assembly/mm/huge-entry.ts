// What the system calls do with an entry that maps a huge page: each is asked with the whole of what the entry maps, or
// the page is split first, and then its small entries are dealt with as all others are.

import { VmFlag } from "../abi/flag";
import { HUGE_PAGES } from "../abi/unit";
import { Doing } from "../locks";
import { header } from "../memory/header";
import { pageDupRmap, pageRemoveRmap } from "../rmap/accounting";
import { anonVmaLock, anonVmaUnlock } from "../rmap/anon-vma";
import {
  HugeLock,
  hugePmdLock,
  pmdLock,
  pmdLockNested,
  pmdUnlock,
  waitSplitHugePage,
} from "../rmap/huge-entry";
import { splitHugePmd } from "../rmap/split-huge-page";
import { AnonVma } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import { getPage, putPage } from "../struct/page-frame";
import {
  hugeEntry,
  hugeEntryClear,
  hugeEntryInstall,
  hugeEntryMove,
  hugePmdAt,
  pmdIsHuge,
  pmdIsNone,
  PMD_SIZE,
  pmdSlot,
  pmdSlotAlloc,
  setHugeEntry,
} from "../struct/page-table";
import { pteFrame, PTE_SPLITTING, PTE_USER, PTE_WRITE, PTE_YOUNG } from "../struct/pte";
import { Vma } from "../struct/vma";

const PART: u64 = PMD_SIZE - 1;

function mmOf(vma: Vma): MmStruct {
  return changetype<MmStruct>(<usize>vma.mm);
}

/** Is [start, end), which one entry of that level covers, all that it covers? */
function isWhole(start: u64, end: u64): bool {
  return end - start == PMD_SIZE;
}

/**
 * zap_huge_pmd, of an address where there is no table: takes a huge entry away if [start, end) is all of it, else
 * splits the page. True if nothing is left to be done up to end.
 */
export function zapHugePmd(vma: Vma, start: u64, end: u64): bool {
  const mm = mmOf(vma);
  const pmd = pmdSlot(mm, start);
  if (!pmd || !pmdIsHuge(pmd)) return !pmd || pmdIsNone(pmd);
  if (!isWhole(start, end)) {
    splitHugePmd(mm, pmd);
    return false;
  }
  if (hugePmdLock(vma, pmd, Doing.Zap) != HugeLock.Stable) return false;
  const frame = pteFrame(hugeEntry(pmd));
  hugeEntryClear(mm, pmd);
  pageRemoveRmap(frame);
  mm.anonRss -= HUGE_PAGES;
  pmdUnlock(mm);
  putPage(frame);
  return true;
}

/** What copyHugePmd came to. */
export enum HugeCopy {
  /** The page was split meanwhile, or is gone: look again. */
  Again = 0,
  Copied,
  NoMemory,
}

/** copy_huge_pmd, for fork: both map the page, and neither may write to it. */
export function copyHugePmd(child: MmStruct, vma: Vma, address: u64): HugeCopy {
  const parent = mmOf(vma);
  const to = pmdSlotAlloc(child, address);
  if (!to) return HugeCopy.NoMemory;
  const from = pmdSlot(parent, address);
  pmdLock(child, Doing.Fork);
  pmdLockNested(parent, Doing.Fork);
  let result = HugeCopy.Again;
  let splitting = false;
  if (pmdIsHuge(from)) {
    const entry = hugeEntry(from);
    splitting = (entry & PTE_SPLITTING) != 0;
    if (!splitting) {
      const copy = entry & ~(PTE_WRITE | PTE_YOUNG);
      if (hugeEntryInstall(child, to, copy)) {
        getPage(pteFrame(entry));
        pageDupRmap(pteFrame(entry));
        child.anonRss += HUGE_PAGES;
        setHugeEntry(from, entry & ~PTE_WRITE);
        result = HugeCopy.Copied;
      } else {
        result = HugeCopy.NoMemory;
      }
    }
  }
  pmdUnlock(parent);
  pmdUnlock(child);
  if (splitting) waitSplitHugePage(vma, from);
  return result;
}

/** change_huge_pmd, as zapHugePmd: true if nothing is left to be done. */
export function changeHugePmd(vma: Vma, start: u64, end: u64, prot: u64): bool {
  const pmd = pmdSlot(mmOf(vma), start);
  if (!pmd || !pmdIsHuge(pmd)) return !pmd || pmdIsNone(pmd);
  if (!isWhole(start, end)) {
    splitHugePmd(mmOf(vma), pmd);
    return false;
  }
  if (hugePmdLock(vma, pmd, Doing.Mprotect) != HugeLock.Stable) return false;
  setHugeEntry(pmd, (hugeEntry(pmd) & ~(PTE_USER | PTE_WRITE)) | prot);
  pmdUnlock(mmOf(vma));
  return true;
}

/** move_huge_pmd proper: under the page_table_lock alone, a split under way elsewhere may miss the entry. */
function moveWhole(vma: Vma, from: usize, to: usize): bool {
  if (hugePmdLock(vma, from, Doing.Mremap) != HugeLock.Stable) return false;
  hugeEntryMove(from, to);
  pmdUnlock(mmOf(vma));
  return true;
}

/**
 * What mremap does with a huge entry: moves it if it can move as a whole, else splits its page.
 * @param locked the anon_vma's mutex, under which pages are split, is held meanwhile; v3.7 never does
 * @returns true if the whole entry is at the new place, false if what was there is small now
 */
export function moveHugePmd(vma: Vma, from: u64, to: u64, bytes: u64, locked: bool): bool {
  const mm = mmOf(vma);
  const pmd = pmdSlot(mm, from);
  // What was made before madvise said that there are to be no huge pages does not survive a move either.
  const unwanted = (vma.flags & VmFlag.NoHugePage) != 0;
  if (unwanted || !isWhole(from, from + bytes) || (from | to) & PART) {
    splitHugePmd(mm, pmd);
    return false;
  }
  const target = pmdSlotAlloc(mm, to);
  if (!target || !pmdIsNone(target)) {
    splitHugePmd(mm, pmd);
    return false;
  }
  const anonVma = changetype<AnonVma>(<usize>vma.anonVma);
  if (locked) anonVmaLock(anonVma, Doing.Mremap);
  const moved = moveWhole(vma, pmd, target);
  if (locked) anonVmaUnlock(anonVma);
  return moved;
}

/** The head of the huge page over an address, with a reference; 0 if it is none, or was split meanwhile. */
export function followHugePmd(vma: Vma, address: u64, doing: Doing): u32 {
  const pmd = hugePmdAt(mmOf(vma), address);
  if (!pmd || hugePmdLock(vma, pmd, doing) != HugeLock.Stable) return 0;
  const head = pteFrame(hugeEntry(pmd));
  getPage(head);
  pmdUnlock(mmOf(vma));
  return head;
}

/** A huge page must not reach over a new bound of the VMA. */
function splitAt(vma: Vma, bound: u64): void {
  const start = bound & ~PART;
  if (start == bound || start < vma.start || start + PMD_SIZE > vma.end) return;
  const pmd = hugePmdAt(mmOf(vma), bound);
  if (pmd) splitHugePmd(mmOf(vma), pmd);
}

/** vma_adjust_trans_huge: before the bounds of a VMA, and with them those of the next, change. */
export function vmaAdjustTransHuge(vma: Vma, start: u64, end: u64, shift: i64): void {
  if (!header().nrAnonHuge || !vma.anonVma || vma.file) return;
  splitAt(vma, start);
  splitAt(vma, end);
  if (shift > 0) {
    const next = changetype<Vma>(<usize>vma.next);
    splitAt(next, next.start + <u64>shift);
  }
}
