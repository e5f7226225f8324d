// rmap_walk: every place where the page is or may be mapped, each recorded or restored.

import { Offer, WalkAct, WalkKind } from "../abi/walk";
import { anonSource, fileSource, Source, sourceRoot, treeFirst, treeNext } from "../index/source";
import { anonListFirst, anonListNext } from "../index/anon-list";
import { stepNode, stepTouched, stepVisited } from "../index/step";
import { AddressSpace, iMmapMutex } from "../struct/address-space";
import { AnonVma } from "../struct/anon-vma";
import { vmaOfNode } from "../struct/interval-node";
import {
  mappingIsAnon,
  mappingIsKsm,
  mappingOwner,
  pageIndex,
  pageIsHugetlb,
  pageMapping,
} from "../struct/page";
import { traceBegin, traceDid, traceEnd, traceOffer } from "../struct/walk-trace";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { addressIsChecked, hugetlbAskedPgoff, hugetlbPgoff, OUTSIDE, vmaAddress } from "./address";
import { anonVmaLock, anonVmaUnlock } from "./anon-vma";
import { ksmWalk, KsmVisit } from "./ksm-walk";
import { isMappedAt, recordMapping } from "./mapping-record";
import { removeMigrationPte } from "./migration-entry";
import { countLongSteps, countWalk, countWalks, hasLongSteps } from "./walk-cost";

/**
 * The walk itself.
 * @param old 0: mappings are recorded; else entries that wait for the page that was in that frame are restored
 */
function rmapWalkIn(source: u32, owner: usize, frame: u32, old: u32, out: usize, room: u32): u32 {
  const index = pageIndex(frame);
  const hugetlb = pageIsHugetlb(frame);
  const at = hugetlb ? hugetlbPgoff(index) : index;
  const pgoff = hugetlb ? hugetlbAskedPgoff(index) : index;
  const checked = addressIsChecked();
  let found: u32 = 0;
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
    if (CHECKED) traceOffer(Offer.Considered, address);
    entries++;
    if (old) {
      if (removeMigrationPte(frame, vma, address, old)) found++;
    } else if (isMappedAt(frame, vma, address)) {
      if (CHECKED) traceDid(WalkAct.Place);
      if (found < room) recordMapping(out, found, vma, address);
      found++;
    }
  }
  countWalk(visited, touched, irrelevant, entries);
  return found;
}

/**
 * Walks all VMAs that the page's index offers, without stopping early. The anon_vma is not looked up with
 * page_lock_anon_vma, as the page need not be mapped: the caller pins it.
 * @param out room for that many records of MAPPING_BYTES; 0 records only counts
 * @param old 0, or removeMigrationPtes()
 * @returns present entries found, or restored
 */
export function rmapWalk(frame: u32, out: usize, room: u32, old: u32 = 0): u32 {
  if (CHECKED) traceBegin(old ? WalkKind.Restore : WalkKind.Record, frame);
  const mapping = pageMapping(frame);
  const owner = mappingOwner(mapping);
  let found: u32 = 0;
  if (mappingIsKsm(mapping)) {
    found = <u32>ksmWalk(frame, KsmVisit.Record, 0, out, room);
  } else if (owner && mappingIsAnon(mapping)) {
    const anonVma = changetype<AnonVma>(owner);
    anonVmaLock(anonVma, Doing.Walk);
    found = rmapWalkIn(anonSource(), owner, frame, old, out, room);
    anonVmaUnlock(anonVma);
  } else if (owner) {
    const mutex = iMmapMutex(changetype<AddressSpace>(owner));
    lock(mutex, LockClass.IMmapMutex, Doing.Walk);
    found = rmapWalkIn(fileSource(), owner, frame, old, out, room);
    if (hasLongSteps()) countLongSteps();
    unlock(mutex);
  }
  if (CHECKED) traceEnd(<f64>found);
  return found;
}

/**
 * remove_migration_ptes: restores, to the locked page in `frame`, every entry that waits for the page that
 * was in `old`. No such entry may be missed.
 * @returns entries restored
 */
export function removeMigrationPtes(old: u32, frame: u32): u32 {
  return rmapWalk(frame, 0, 0, old);
}

/**
 * The index alone: how many VMAs it offers that hold the pgoff of mapped pages, all together. Takes no
 * lock, looks at no entry.
 * @param frames address of n frame numbers, u32 each
 */
export function stab(frames: usize, n: u32): u32 {
  const anonymous = anonSource();
  const ofFile = fileSource();
  const checked = addressIsChecked();
  let relevant: u32 = 0;
  let irrelevant: u32 = 0;
  let visited: u32 = 0;
  let touched: u32 = 0;
  for (let end = frames + ((<usize>n) << 2); frames < end; frames += 4) {
    const frame = load<u32>(frames);
    // Read once: a stab at a small index takes little longer than to find out what the page is.
    const mapping = pageMapping(frame);
    if (mappingIsKsm(mapping)) {
      relevant += <u32>ksmWalk(frame, KsmVisit.Count, 0, 0, 0);
      continue;
    }
    const index = pageIndex(frame);
    const hugetlb = pageIsHugetlb(frame);
    const at = hugetlb ? hugetlbPgoff(index) : index;
    const pgoff = hugetlb ? hugetlbAskedPgoff(index) : index;
    const source: u32 = mappingIsAnon(mapping) ? anonymous : ofFile;
    const owner = mappingOwner(mapping);
    let node: u32;
    const listed = source == <u32>Source.AnonList;
    const root = sourceRoot(source, owner);
    let step = listed ? anonListFirst(root) : treeFirst(source, root, pgoff, pgoff);
    for (; ; step = listed ? anonListNext(node) : treeNext(source, node, pgoff, pgoff)) {
      visited += stepVisited(step);
      touched += stepTouched(step);
      node = stepNode(step);
      if (!node) break;
      if (vmaAddress(at, vmaOfNode(node), checked) == OUTSIDE) irrelevant++;
      else relevant++;
    }
  }
  countWalks(n, visited, touched, irrelevant, 0);
  if (hasLongSteps()) countLongSteps();
  return relevant;
}
