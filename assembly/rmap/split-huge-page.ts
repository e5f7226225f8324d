// split_huge_page: a huge page becomes small ones, and each entry that maps it a table of entries.
//
//   page_lock_anon_vma              nobody may come or go: fork, unmapping and moving wait for the mutex
//     pass 1: each entry is marked as splitting; as many must be found as map the page
//     the head's counts are spread over all pages
//     pass 2: each marked entry becomes a table
//
// An entry stays huge until its table is in place, so that whoever meets it knows that there is something to wait
// for. Splitting takes no memory: each huge entry has brought its table along.

import { Doing } from "../locks";
import { VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { VmFlag } from "../abi/flag";
import { HUGE_PAGES, PAGE_SIZE } from "../abi/unit";
import { Offer, WalkAct, WalkKind } from "../abi/walk";
import { anonSource, sourceFirst, sourceNext, sourceRoot } from "../index/source";
import { stepNode, stepTouched, stepVisited } from "../index/step";
import { event } from "../memory/event";
import { vmStat } from "../memory/header";
import {
  rangeEndInside,
  rangeEndOutside,
  rangeStartInside,
  rangeStartOutside,
} from "../notifier/placement";
import { AnonVma } from "../struct/anon-vma";
import { splitHugePageRefcount } from "../struct/huge-page";
import { vmaOfNode } from "../struct/interval-node";
import { MmStruct } from "../struct/mm-struct";
import { compoundHead, pageIndex, pageIsAnon, pageIsHuge, pageMapcount } from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import {
  hugeEntry,
  hugeEntryToTable,
  pmdIsHuge,
  PMD_SIZE,
  pteUnder,
  setHugeEntry,
} from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteOf,
  PTE_SPLITTING,
  PTE_USER,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { isVmaTemporaryStack, Vma } from "../struct/vma";
import { vmaPageProt } from "../struct/vma-prot";
import { traceBegin, traceDid, traceEnd, traceOffer } from "../struct/walk-trace";
import { addressIsChecked, OUTSIDE, vmaAddress } from "./address";
import { HugeEntry, pageCheckAddressPmd, pmdLock, pmdUnlock } from "./huge-entry";
import { pageLockAnonVma, pageUnlockAnonVma } from "./page-lock";
import { countWalk } from "./walk-cost";

/** __split_huge_page_splitting: marks one entry; false if there is none, or it is marked already. */
function markSplitting(head: u32, vma: Vma, address: u64): bool {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  rangeStartOutside(mm, address, address + PMD_SIZE);
  pmdLock(mm, Doing.SplitHuge);
  const pmd = pageCheckAddressPmd(head, mm, address, HugeEntry.NotSplitting);
  if (pmd) {
    rangeStartInside(mm, address, address + PMD_SIZE);
    setHugeEntry(pmd, hugeEntry(pmd) | PTE_SPLITTING);
    rangeEndInside(mm, address, address + PMD_SIZE);
    if (CHECKED) traceDid(WalkAct.Splitting);
  }
  pmdUnlock(mm);
  rangeEndOutside(mm, address, address + PMD_SIZE);
  return pmd != 0;
}

/**
 * The entries of a huge page's small ones: as the VMA's fresh entries are, dirty, writable and young if the huge one
 * was.
 */
function partBits(vma: Vma, entry: u64): u64 {
  let bits = vmaPageProt(vma) | PTE_DIRTY | (entry & PTE_YOUNG);
  if (vma.flags & VmFlag.Write) bits |= PTE_WRITE | PTE_USER;
  return entry & PTE_WRITE ? bits : bits & ~PTE_WRITE;
}

/** __split_huge_page_map: one marked entry becomes a table. */
function mapParts(head: u32, vma: Vma, address: u64): bool {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  pmdLock(mm, Doing.SplitHuge);
  const pmd = pageCheckAddressPmd(head, mm, address, HugeEntry.Splitting);
  if (pmd) {
    const entry = hugeEntry(pmd);
    const exclusive = pageMapcount(head) == 1;
    assert(!(entry & PTE_WRITE) || exclusive, "huge page: writable with several owners");
    const bits = partBits(vma, entry);
    hugeEntryToTable(pmd);
    for (let n: u32 = 0; n < <u32>HUGE_PAGES; n++) {
      store<u64>(pteUnder(pmd, address + <u64>n * PAGE_SIZE), pteOf(head + n, bits));
    }
    if (CHECKED) traceDid(WalkAct.Split);
  }
  pmdUnlock(mm);
  return pmd != 0;
}

/** One pass over all places where the page may be mapped; entries found. */
function splitPass(anonVma: AnonVma, head: u32, marks: bool): i32 {
  const pgoff = pageIndex(head);
  const checked = addressIsChecked();
  const source = anonSource();
  let found = 0;
  let irrelevant: u32 = 0;
  let entries: u32 = 0;
  let visited: u32 = 0;
  let touched: u32 = 0;
  let node: u32;
  let step = sourceFirst(source, sourceRoot(source, changetype<usize>(anonVma)), pgoff, pgoff);
  for (; ; step = sourceNext(source, node, pgoff, pgoff)) {
    visited += stepVisited(step);
    touched += stepTouched(step);
    node = stepNode(step);
    if (!node) break;
    const vma = vmaOfNode(node);
    const address = vmaAddress(pgoff, vma, checked);
    if (address == OUTSIDE) {
      irrelevant++;
      if (CHECKED) traceOffer(Offer.Irrelevant, 0);
      continue;
    }
    assert(!isVmaTemporaryStack(vma.flags), "huge page: in a temporary stack");
    if (CHECKED) traceOffer(Offer.Considered, address);
    entries++;
    if (marks ? markSplitting(head, vma, address) : mapParts(head, vma, address)) found++;
  }
  countWalk(visited, touched, irrelevant, entries);
  return found;
}

function splitUnderMutex(anonVma: AnonVma, head: u32): void {
  const marked = splitPass(anonVma, head, true);
  assert(marked == pageMapcount(head), "huge page: split found other entries than map it");
  splitHugePageRefcount(head);
  const split = splitPass(anonVma, head, false);
  assert(split == marked, "huge page: an entry went while it was split");
  vmStat(VmStat.ThpSplit, 1);
  event(Event.HugePageSplit, <f64>head, <f64>split, 0);
}

/**
 * Splits a huge page, of which the caller holds a reference, whichever of its pages is named.
 * @returns false if nothing maps it any more: then it stays huge until it is freed
 */
export function splitHugePage(frame: u32): bool {
  const head = compoundHead(frame);
  assert(pageIsAnon(head), "huge page: split though it is not anonymous");
  if (CHECKED) traceBegin(WalkKind.Split, head);
  const anonVma = pageLockAnonVma(head);
  if (anonVma) {
    // Somebody else may have been faster.
    if (pageIsHuge(head)) splitUnderMutex(anonVma, head);
    pageUnlockAnonVma(anonVma);
  }
  if (CHECKED) traceEnd(anonVma ? 0 : -1);
  return anonVma != null;
}

/** split_huge_page_pmd: what the entry maps is split, if it is still a huge page. */
export function splitHugePmd(mm: MmStruct, pmd: usize): void {
  pmdLock(mm, Doing.SplitHuge);
  const frame = pmdIsHuge(pmd) ? pteFrame(hugeEntry(pmd)) : 0;
  if (frame) getPage(frame);
  pmdUnlock(mm);
  if (!frame) return;
  splitHugePage(frame);
  putPage(frame);
  assert(!pmdIsHuge(pmd), "huge page: still there after its split");
}
