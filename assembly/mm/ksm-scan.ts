// ksmd: goes over all places that may be merged, address space by address space, and merges what is equal.
// A page must have had the same contents at two scans before it is worth the trouble.

import { VmFlag } from "../abi/flag";
import { PAGE_SIZE } from "../abi/unit";
import { header } from "../memory/header";
import { Cache, slabReserve } from "../memory/slab";
import { putAnonVma } from "../rmap/anon-vma";
import { AnonVma } from "../struct/anon-vma";
import { itemAt, ItemTree, ksmThreadMutex, MmSlot, RmapItem, slotOfMm } from "../struct/ksm";
import { mmapSem, mmDrop, MmStruct } from "../struct/mm-struct";
import {
  compoundHead,
  lockPage,
  pageAnonVma,
  pageIsKsm,
  pageReadWord,
  pageSetAnonMapping,
  pageStableNode,
  unlockPage,
} from "../struct/page";
import { getPage, holdPage, putPage, releasePage } from "../struct/page-frame";
import { nextMapped } from "../struct/page-table";
import { Vma } from "../struct/vma";
import { Doing, LockClass } from "../locks";
import { downRead, lock, unlock, upRead } from "../sync/lock";
import { mergeWithKsmPage } from "./ksm-merge";
import {
  itemFor,
  leaveSlot,
  placesOf,
  removeItemFromTree,
  removeItems,
  stableTreeAppend,
} from "./ksm-slot";
import {
  anonPageAt,
  stableTreeInsert,
  stableTreeSearch,
  unstableTreeSearchInsert,
} from "./ksm-tree";
import { findVma } from "./vma-list";

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/**
 * Two pages with equal contents become one: the one that was scanned second. True if they did; else the
 * pages stay what they were.
 */
function mergeTwo(item: RmapItem, frame: u32, other: RmapItem, otherFrame: u32): bool {
  if (!slabReserve(Cache.StableNode, 1)) return false;
  const anonVma = pageAnonVma(compoundHead(frame));
  if (!mergeWithKsmPage(item, frame, 0)) return false;
  if (mergeWithKsmPage(other, otherFrame, frame)) {
    removeItemFromTree(other);
    lockPage(frame, Doing.KsmScan);
    const node = stableTreeInsert(frame);
    stableTreeAppend(other, node);
    stableTreeAppend(item, node);
    unlockPage(frame);
    return true;
  }
  pageSetAnonMapping(frame, anonVma);
  putAnonVma(changetype<AnonVma>(<usize>item.anonVma));
  item.anonVma = 0;
  return false;
}

/** cmp_and_merge_page: true if the place shares now and did not before. */
function compareAndMerge(item: RmapItem, frame: u32): bool {
  const shared = pageIsKsm(frame);
  if (shared && item.tree == <u32>ItemTree.Stable) return false;
  removeItemFromTree(item);
  const found = shared ? frame : stableTreeSearch(pageReadWord(frame));
  if (found) {
    getPage(found);
    const merged = mergeWithKsmPage(item, frame, found);
    if (merged) {
      lockPage(found, Doing.KsmScan);
      stableTreeAppend(item, pageStableNode(found));
      unlockPage(found);
    }
    putPage(found);
    return merged;
  }
  const word = pageReadWord(frame);
  if (item.checksum != word) {
    item.checksum = word;
    header().ksmChanges++;
    return false;
  }
  const other = unstableTreeSearchInsert(item, frame);
  if (!other) return false;
  const partner = itemAt(other);
  const partnerFrame = anonPageAt(changetype<MmStruct>(<usize>partner.mm), partner.address);
  if (!partnerFrame) return false;
  holdPage(partnerFrame);
  const merged = mergeTwo(item, frame, partner, partnerFrame);
  releasePage(partnerFrame);
  return merged;
}

const NOWHERE: u64 = u64.MAX_VALUE;

/** Under mmap_sem: the next address from here on where an anonymous page may be merged, or NOWHERE. */
function nextPlace(mm: MmStruct, from: u64): u64 {
  for (let at = mm.users ? findVma(mm, from) : 0; at; at = vmaAt(at).next) {
    const vma = vmaAt(at);
    if (!(vma.flags & VmFlag.Mergeable) || !vma.anonVma) continue;
    const end = vma.end;
    for (let address = max(from, vma.start); address < end; address += PAGE_SIZE) {
      address = nextMapped(mm, address, end);
      if (address < end && anonPageAt(mm, address)) return address;
    }
  }
  return NOWHERE;
}

function hasMergeableVma(mm: MmStruct): bool {
  for (let at = mm.users ? mm.mmap : 0; at; at = vmaAt(at).next) {
    if (vmaAt(at).flags & VmFlag.Mergeable) return true;
  }
  return false;
}

/**
 * Scans the address space at the cursor, which goes on to the next; places merged. KSM forgets it if nothing
 * of it is mergeable any more.
 */
function scanSlot(slot: MmSlot): u32 {
  const mm = changetype<MmStruct>(<usize>slot.mm);
  let merged: u32 = 0;
  let link = placesOf(slot);
  let from: u64 = 0;
  downRead(mmapSem(mm), Doing.KsmScan);
  let address = nextPlace(mm, from);
  while (address != NOWHERE) {
    const frame = anonPageAt(mm, address);
    holdPage(frame);
    const found = itemFor(slot.mm, link, address);
    upRead(mmapSem(mm));
    if (found && compareAndMerge(itemAt(found), frame)) merged++;
    releasePage(frame);
    if (!found) {
      leaveSlot(slot, false);
      return merged;
    }
    link = <usize>found + offsetof<RmapItem>("next");
    from = address + PAGE_SIZE;
    downRead(mmapSem(mm), Doing.KsmScan);
    address = nextPlace(mm, from);
  }
  // Its VMAs may have gone, or have become others, since they were scanned.
  const over = !hasMergeableVma(mm);
  if (over) link = placesOf(slot);
  removeItems(link, u64.MAX_VALUE);
  leaveSlot(slot, over);
  upRead(mmapSem(mm));
  if (over) mmDrop(mm);
  return merged;
}

/** One full scan; places that share now and did not before. */
export function ksmScan(): u32 {
  lock(ksmThreadMutex(), LockClass.KsmThreadMutex, Doing.KsmScan);
  const state = header();
  let merged: u32 = 0;
  state.ksmSequence++;
  state.ksmUnstable = 0;
  state.ksmChanges = 0;
  state.ksmCursor = state.ksmSlots;
  while (state.ksmCursor) merged += scanSlot(slotOfMm(state.ksmCursor));
  state.ksmChanges += merged;
  unlock(ksmThreadMutex());
  return merged;
}
