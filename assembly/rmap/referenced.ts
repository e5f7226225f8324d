// page_referenced: who touched the page since it was last asked, and clears the marks.

import { VmFlag } from "../abi";
import { anonSource, Source, sourceFirst, sourceNext, sourceRoot } from "../index/source";
import { stepNode, stepTouched, stepVisited } from "../index/step";
import { AddressSpace, iMmapMutex } from "../struct/address-space";
import { vmaOfNode } from "../struct/interval-node";
import { MmStruct } from "../struct/mm-struct";
import {
  pageFileMapping,
  pageIndex,
  pageIsAnon,
  pageMapcount,
  pageMapped,
  trylockPage,
  unlockPage,
} from "../struct/page";
import { ptlUnlock, pteUnder } from "../struct/page-table";
import { PTE_YOUNG } from "../struct/pte";
import { Vma } from "../struct/vma";
import { lock, LockClass, unlock } from "../sync/lock";
import { OUTSIDE, pageCheckAddress, vmaAddress } from "./address";
import { pageLockAnonVma, pageUnlockAnonVma } from "./page-lock";
import { countWalk } from "./walk-cost";

// What one VMA said, as bits.
const FOUND: u32 = 1;
const REFERENCED: u32 = 2;
const LOCKED: u32 = 4;

/** Number of references in the low half, or-ed VmFlags of the VMAs that counted in the upper. */
export function references(result: u64): i32 {
  return <i32>result;
}

export function referencedFlags(result: u64): u32 {
  return <u32>(result >> 32);
}

function pageReferencedOne(frame: u32, vma: Vma, address: u64): u32 {
  const pmd = pageCheckAddress(frame, changetype<MmStruct>(<usize>vma.mm), address, false);
  if (!pmd) return 0;
  if (vma.flags & VmFlag.Locked) {
    ptlUnlock(pmd);
    return LOCKED;
  }
  const pte = pteUnder(pmd, address);
  const entry = load<u64>(pte);
  let found = FOUND;
  if (entry & PTE_YOUNG) {
    store<u64>(pte, entry & ~PTE_YOUNG);
    // Streaming reads tell nothing about what comes next: cleared, but not counted.
    if (!(vma.flags & VmFlag.SeqRead)) found |= REFERENCED;
  }
  ptlUnlock(pmd);
  return found;
}

/** Asks the VMAs that owner offers until as many entries were found as the page has mappings. */
function pageReferencedIn(source: u32, owner: usize, frame: u32): u64 {
  const pgoff = pageIndex(frame);
  let mapcount = pageMapcount(frame);
  let referenced: u32 = 0;
  let flags: u32 = 0;
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
    const one = pageReferencedOne(frame, vma, address);
    if (one & LOCKED) {
      flags |= VmFlag.Locked;
      break;
    }
    if (one & REFERENCED) {
      referenced++;
      flags |= vma.flags;
    }
    if (one & FOUND) mapcount--;
    if (mapcount <= 0) break;
  }
  countWalk(visited, touched, irrelevant, entries);
  return ((<u64>flags) << 32) | referenced;
}

function pageReferencedAnon(frame: u32): u64 {
  const anonVma = pageLockAnonVma(frame);
  if (!anonVma) return 0;
  const result = pageReferencedIn(anonSource(), changetype<usize>(anonVma), frame);
  pageUnlockAnonVma(anonVma);
  return result;
}

function pageReferencedFile(frame: u32): u64 {
  const mapping = changetype<AddressSpace>(<usize>pageFileMapping(frame));
  lock(iMmapMutex(mapping), LockClass.IMmapMutex);
  const result = pageReferencedIn(Source.File, changetype<usize>(mapping), frame);
  unlock(iMmapMutex(mapping));
  return result;
}

/**
 * Counts the mappings through which the page was touched, and clears their marks.
 * @returns references() and referencedFlags(); 1 reference if a file page could not be locked
 */
export function pageReferenced(frame: u32): u64 {
  if (!pageMapped(frame)) return 0;
  if (pageIsAnon(frame)) return pageReferencedAnon(frame);
  if (!pageFileMapping(frame)) return 0;
  if (!trylockPage(frame)) return 1;
  // Truncated before it was locked, it has no file any more.
  const result = pageFileMapping(frame) ? pageReferencedFile(frame) : 0;
  unlockPage(frame);
  return result;
}
