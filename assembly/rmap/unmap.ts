// try_to_unmap: takes every entry of a page away, leaving swap entries where it was anonymous.

import { Event, PageFlag, UnmapResult, VmFlag } from "../abi";
import { anonSource, Source, sourceFirst, sourceNext, sourceRoot } from "../index/source";
import { stepNode, stepTouched, stepVisited } from "../index/step";
import { event } from "../memory/event";
import { AddressSpace, iMmapMutex } from "../struct/address-space";
import { vmaOfNode } from "../struct/interval-node";
import { MmStruct } from "../struct/mm-struct";
import {
  pageFileMapping,
  pageIndex,
  pageIsAnon,
  pageMapped,
  pagePrivate,
  pageSet,
  pageTest,
  putPage,
} from "../struct/page";
import { ptlUnlock, pteUnder } from "../struct/page-table";
import { PTE_DIRTY, pteOfSwap, PTE_YOUNG } from "../struct/pte";
import { swapDuplicate } from "../struct/swap-slot";
import { Vma } from "../struct/vma";
import { lock, LockClass, unlock } from "../sync/lock";
import { pageRemoveRmap } from "./accounting";
import { OUTSIDE, pageCheckAddress, vmaAddress } from "./address";
import { pageLockAnonVma, pageUnlockAnonVma } from "./page-lock";
import { countWalk } from "./walk-cost";

/** Again also after success: whether the page is still mapped is what counts. */
function tryToUnmapOne(frame: u32, vma: Vma, address: u64): UnmapResult {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pmd = pageCheckAddress(frame, mm, address, false);
  if (!pmd) return UnmapResult.Again;
  const pte = pteUnder(pmd, address);
  const entry = load<u64>(pte);
  if (vma.flags & VmFlag.Locked) {
    ptlUnlock(pmd);
    return UnmapResult.Mlock;
  }
  if (entry & PTE_YOUNG) {
    store<u64>(pte, entry & ~PTE_YOUNG);
    ptlUnlock(pmd);
    return UnmapResult.Fail;
  }
  store<u64>(pte, 0);
  if (entry & PTE_DIRTY) pageSet(frame, PageFlag.Dirty);
  if (pageIsAnon(frame)) {
    assert(
      pageTest(frame, PageFlag.SwapCache),
      "rmap: anonymous page unmapped outside the swap cache",
    );
    const slot = <usize>pagePrivate(frame);
    swapDuplicate(slot);
    mm.anonRss--;
    mm.swapRss++;
    store<u64>(pte, pteOfSwap(slot));
    event(Event.SwapOut, <f64>address, <f64>frame, 0);
  } else {
    mm.fileRss--;
  }
  pageRemoveRmap(frame);
  putPage(frame);
  ptlUnlock(pmd);
  return UnmapResult.Again;
}

/** Unmaps from the VMAs that owner offers until one objects or the page is not mapped any more. */
function tryToUnmapIn(source: u32, owner: usize, frame: u32): UnmapResult {
  const pgoff = pageIndex(frame);
  let result = UnmapResult.Again;
  let irrelevant: u32 = 0;
  let entries: u32 = 0;
  let visited: u32 = 0;
  let touched: u32 = 0;
  let node: u32;
  let step = sourceFirst(source, sourceRoot(source, owner), pgoff, pgoff);
  for (; ; step = sourceNext(source, node, pgoff, pgoff)) {
    visited += stepVisited(step);
    touched += stepTouched(step);
    node = stepNode(step);
    if (!node) break;
    const vma = vmaOfNode(node);
    const address = vmaAddress(pgoff, vma);
    if (address == OUTSIDE) {
      irrelevant++;
      continue;
    }
    entries++;
    result = tryToUnmapOne(frame, vma, address);
    if (result != UnmapResult.Again || !pageMapped(frame)) break;
  }
  countWalk(visited, touched, irrelevant, entries);
  return result;
}

/** Of a locked page; an anonymous one must be in the swap cache. */
export function tryToUnmap(frame: u32): UnmapResult {
  let result = UnmapResult.Again;
  if (pageIsAnon(frame)) {
    const anonVma = pageLockAnonVma(frame);
    if (anonVma) {
      result = tryToUnmapIn(anonSource(), changetype<usize>(anonVma), frame);
      pageUnlockAnonVma(anonVma);
    }
  } else if (pageFileMapping(frame)) {
    const mapping = changetype<AddressSpace>(<usize>pageFileMapping(frame));
    lock(iMmapMutex(mapping), LockClass.IMmapMutex);
    result = tryToUnmapIn(Source.File, changetype<usize>(mapping), frame);
    unlock(iMmapMutex(mapping));
  }
  return result != UnmapResult.Mlock && !pageMapped(frame) ? UnmapResult.Success : result;
}
