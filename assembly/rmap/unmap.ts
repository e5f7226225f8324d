// try_to_unmap: takes every entry of a page away, or with the munlock action only looks for a locked VMA.

import { Unmap } from "../abi/argument";
import { UnmapResult } from "../abi/result";
import { Offer, WalkKind } from "../abi/walk";
import {
  anonSource,
  fileSource,
  isOfFile,
  Source,
  sourceRoot,
  treeFirst,
  treeNext,
} from "../index/source";
import { anonListFirst, anonListNext } from "../index/anon-list";
import { stepNode, stepTouched, stepVisited } from "../index/step";
import { AddressSpace, iMmapMutex } from "../struct/address-space";
import { vmaOfNode } from "../struct/interval-node";
import {
  mappingIsAnon,
  mappingIsKsm,
  mappingOwner,
  pageCompound,
  pageIndex,
  pageMapped,
  pageMapping,
  pageIsHugetlb,
} from "../struct/page";
import { isVmaTemporaryStack } from "../struct/vma";
import { traceBegin, traceEnd, traceOffer } from "../struct/walk-trace";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { addressIsChecked, hugetlbAskedPgoff, hugetlbPgoff, OUTSIDE, vmaAddress } from "./address";
import { ksmWalk, KsmVisit } from "./ksm-walk";
import { pageLockAnonVma, pageUnlockAnonVma } from "./page-lock";
import { tryToUnmapNonlinear } from "./unmap-nonlinear";
import { tryToUnmapOne } from "./unmap-one";
import { countLongSteps, countWalk, hasLongSteps } from "./walk-cost";

/** Unmaps from the VMAs that owner offers until one objects or the page is not mapped any more. */
function tryToUnmapIn(source: u32, owner: usize, frame: u32, how: u32): UnmapResult {
  const migrates = !isOfFile(source) && (how & Unmap.ActionMask) == Unmap.Migration;
  const index = pageIndex(frame);
  const hugetlb = pageIsHugetlb(frame);
  const at = hugetlb ? hugetlbPgoff(index) : index;
  const pgoff = hugetlb ? hugetlbAskedPgoff(index) : index;
  const checked = addressIsChecked();
  let result = UnmapResult.Again;
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
    // exec moves such a stack without the locks that make a walk see it before or after (anon only).
    if (migrates && isVmaTemporaryStack(vma.flags)) {
      if (CHECKED) traceOffer(Offer.TemporaryStack, address);
      continue;
    }
    if (CHECKED) traceOffer(Offer.Considered, address);
    entries++;
    result = tryToUnmapOne(frame, vma, address, how);
    if (result != UnmapResult.Again || !pageMapped(frame)) break;
  }
  countWalk(visited, touched, irrelevant, entries);
  return result;
}

/**
 * try_to_unmap_file: linear VMAs, then nonlinear ones if none of those has objected. A page that munlock asks
 * about is not searched for in them: reclaim will meet it.
 */
function tryToUnmapFile(mapping: AddressSpace, frame: u32, how: u32): UnmapResult {
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Unmap);
  let result = tryToUnmapIn(fileSource(), changetype<usize>(mapping), frame, how);
  if (hasLongSteps()) countLongSteps();
  if (mapping.iMmapNonlinear && result == UnmapResult.Again) {
    const munlocks = (how & Unmap.ActionMask) == Unmap.Munlock;
    if (!munlocks && pageMapped(frame)) result = tryToUnmapNonlinear(mapping, frame);
  }
  unlock(iMmapMutex(mapping));
  return result;
}

/**
 * Of a locked page; an anonymous one must be in the swap cache, or migrate.
 * @param how Unmap: one action, and what to overlook
 */
export function tryToUnmap(frame: u32, how: u32): UnmapResult {
  if (CHECKED) traceBegin(kindOf(how), frame);
  const result = unmap(frame, how);
  if (CHECKED) traceEnd(<f64>result);
  return result;
}

function kindOf(how: u32): WalkKind {
  const action = how & Unmap.ActionMask;
  if (action == Unmap.Migration) return WalkKind.UnmapToMigrate;
  return action == Unmap.Munlock ? WalkKind.Munlock : WalkKind.Unmap;
}

function unmap(frame: u32, how: u32): UnmapResult {
  const mapping = pageMapping(frame);
  const munlocks = (how & Unmap.ActionMask) == Unmap.Munlock;
  if (CHECKED && !munlocks && pageCompound(frame)) {
    assert(pageIsHugetlb(frame), "rmap: huge page unmapped before it was split");
  }
  let result = UnmapResult.Again;
  if (mappingIsKsm(mapping)) {
    result = <UnmapResult>(<i32>ksmWalk(frame, KsmVisit.Unmap, how, 0, 0));
  } else if (mappingIsAnon(mapping)) {
    const anonVma = pageLockAnonVma(frame);
    if (anonVma) {
      result = tryToUnmapIn(anonSource(), changetype<usize>(anonVma), frame, how);
      pageUnlockAnonVma(anonVma);
    }
  } else if (mapping) {
    result = tryToUnmapFile(changetype<AddressSpace>(mappingOwner(mapping)), frame, how);
  }
  return !munlocks && result != UnmapResult.Mlock && !pageMapped(frame)
    ? UnmapResult.Success
    : result;
}

/**
 * try_to_munlock, of a locked page that is on no list: Mlock if another locked VMA maps it, which has
 * mlocked it again. Again says either that nobody has it locked, or that mmap_sem could not be had.
 */
export function tryToMunlock(frame: u32): UnmapResult {
  return tryToUnmap(frame, Unmap.Munlock);
}
