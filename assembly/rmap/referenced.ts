// page_referenced: who touched the page since it was last asked, and clears the marks.

import { VmFlag } from "../abi/flag";
import { Offer, WalkAct, WalkKind } from "../abi/walk";
import { hasStorageKeys, pageTestAndClearYoung } from "../arch/storage-key";
import { anonSource, fileSource, Source, sourceRoot, treeFirst, treeNext } from "../index/source";
import { anonListFirst, anonListNext } from "../index/anon-list";
import { stepNode, stepTouched, stepVisited } from "../index/step";
import { AddressSpace, iMmapMutex } from "../struct/address-space";
import { vmaOfNode } from "../struct/interval-node";
import { isSameOrSubtree } from "../struct/memcg";
import { MmStruct } from "../struct/mm-struct";
import {
  mappingIsAnon,
  mappingIsKsm,
  mappingOwner,
  pageFileMapping,
  pageIndex,
  pageIsHuge,
  pageIsHugetlb,
  pageIsKsm,
  pageMapcount,
  pageMapped,
  pageMapping,
  trylockPage,
  unlockPage,
} from "../struct/page";
import { isLockedForCharge } from "../struct/page-cgroup";
import { traceBegin, traceDid, traceEnd, traceOffer } from "../struct/walk-trace";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { addressIsChecked, hugetlbAskedPgoff, hugetlbPgoff, OUTSIDE, vmaAddress } from "./address";
import { ksmWalk, KsmVisit } from "./ksm-walk";
import { pageLockAnonVma, pageUnlockAnonVma } from "./page-lock";
import {
  FOUND,
  LOCKED,
  pageReferencedOne,
  REFERENCED,
  referencesOf,
  withToken,
} from "./referenced-one";
import { hasSwapTokens } from "./swap-token";
import { countLongSteps, countWalk, hasLongSteps } from "./walk-cost";

/** Number of references in the low half, or-ed VmFlags of the VMAs that counted in the upper. */
export function references(result: u64): i32 {
  return <i32>result;
}

export function referencedFlags(result: u64): u32 {
  return <u32>(result >> 32);
}

/** Asks the VMAs that owner offers until as many entries were found as the page has mappings. */
function pageReferencedIn(source: u32, owner: usize, frame: u32, memcg: u32): u64 {
  const index = pageIndex(frame);
  const huge = pageIsHuge(frame);
  const hugetlb = huge && pageIsHugetlb(frame);
  const at = hugetlb ? hugetlbPgoff(index) : index;
  const pgoff = hugetlb ? hugetlbAskedPgoff(index) : index;
  const checked = addressIsChecked();
  const tokens = hasSwapTokens();
  let mapcount = pageMapcount(frame);
  let referenced: u32 = 0;
  let flags: u32 = 0;
  let irrelevant: u32 = 0;
  let entries: u32 = 0;
  let visited: u32 = 0;
  let touched: u32 = 0;
  let node: u32;
  const listed = source == <u32>Source.AnonList;
  const root = sourceRoot(source, owner);
  let step = listed ? anonListFirst(root) : treeFirst(source, root, pgoff, pgoff);
  for (; ; step = listed ? anonListNext(node) : treeNext(source, node, pgoff, pgoff)) {
    visited += stepVisited(step);
    touched += stepTouched(step);
    node = stepNode(step);
    if (!node) break;
    const vma = vmaOfNode(node);
    const address = vmaAddress(at, vma, checked);
    if (address == OUTSIDE) {
      irrelevant++;
      if (CHECKED) traceOffer(Offer.Irrelevant, 0);
      continue;
    }
    // Reclaim for one memcg does not ask the others' processes.
    if (memcg && !isSameOrSubtree(memcg, changetype<MmStruct>(<usize>vma.mm).memcg)) {
      if (CHECKED) traceOffer(Offer.OtherMemcg, address);
      continue;
    }
    if (CHECKED) traceOffer(Offer.Considered, address);
    entries++;
    let one = pageReferencedOne(frame, vma, address, huge);
    if (tokens) one = withToken(one, vma);
    if (one & LOCKED) {
      flags |= VmFlag.Locked;
      break;
    }
    if (one >= REFERENCED) {
      referenced += referencesOf(one);
      flags |= vma.flags;
    }
    if (one & FOUND) mapcount--;
    if (mapcount <= 0) break;
  }
  countWalk(visited, touched, irrelevant, entries);
  return ((<u64>flags) << 32) | referenced;
}

function pageReferencedAnon(frame: u32, memcg: u32): u64 {
  const anonVma = pageLockAnonVma(frame);
  if (!anonVma) return 0;
  const result = pageReferencedIn(anonSource(), changetype<usize>(anonVma), frame, memcg);
  pageUnlockAnonVma(anonVma);
  return result;
}

function pageReferencedFile(frame: u32, memcg: u32): u64 {
  const mapping = changetype<AddressSpace>(<usize>pageFileMapping(frame));
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Referenced);
  const result = pageReferencedIn(fileSource(), changetype<usize>(mapping), frame, memcg);
  if (hasLongSteps()) countLongSteps();
  unlock(iMmapMutex(mapping));
  return result;
}

/**
 * Counts the mappings through which the page was touched, and clears their marks.
 * @param locked the caller holds the page's lock
 * @param memcg 0, or whose processes alone are asked, and those of what is below it
 * @returns references() and referencedFlags(); 1 reference if a file's or KSM's page could not be locked
 */
export function pageReferenced(frame: u32, locked: bool, memcg: u32): u64 {
  if (!pageMapped(frame)) return 0;
  const mapping = pageMapping(frame);
  // page_rmapping: a page that KSM is about to share has no node yet.
  if (!mappingOwner(mapping)) return 0;
  if (CHECKED) traceBegin(WalkKind.Referenced, frame);
  let result: u64 = 1;
  let asked = true;
  if (mappingIsAnon(mapping) && !mappingIsKsm(mapping)) {
    result = pageReferencedAnon(frame, memcg);
  } else if (locked || (!isLockedForCharge(frame) && trylockPage(frame, Doing.Referenced))) {
    result = pageReferencedLocked(frame, memcg);
    if (!locked) unlockPage(frame);
  } else {
    asked = false;
  }
  // One mark for all mappings, and for the kernel itself: of no VMA, so it adds no flags.
  if (hasStorageKeys() && asked && pageTestAndClearYoung(frame)) {
    result++;
    if (CHECKED) traceDid(WalkAct.KeyCounted);
  }
  if (CHECKED) traceEnd(<f64>references(result));
  return result;
}

/** Of a page that KSM or a file owns. */
function pageReferencedLocked(frame: u32, memcg: u32): u64 {
  if (pageIsKsm(frame)) return ksmWalk(frame, KsmVisit.Referenced, memcg, 0, 0);
  // Truncated before it was locked, it has no file any more.
  return pageFileMapping(frame) ? pageReferencedFile(frame, memcg) : 0;
}
