// ksmd: goes over all places that may be merged, address space by address space, and merges what is equal.
// A page must have had the same contents at two scans before it is worth the trouble.

import { PAGE_SIZE, VmFlag } from "../abi";
import { header } from "../memory/header";
import { Cache, slabReserve } from "../memory/slab";
import { putAnonVma } from "../rmap/anon-vma";
import { AnonVma } from "../struct/anon-vma";
import { itemAt, ItemTree, MmSlot, RmapItem, slotOfMm } from "../struct/ksm";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import {
  lockPage,
  pageAnonVma,
  pageIsKsm,
  pageSetAnonMapping,
  pageStableNode,
  pageWord,
  unlockPage,
} from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import { nextMapped } from "../struct/page-table";
import { Vma } from "../struct/vma";
import { Doing } from "../locks";
import { downRead, upRead } from "../sync/lock";
import { unmergeKsmPages } from "./ksm-break";
import { mergeWithKsmPage } from "./ksm-merge";
import { forgetSlot, itemFor, removeItemFromTree, removeItems, stableTreeAppend } from "./ksm-slot";
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
  const anonVma = pageAnonVma(frame);
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
  const found = shared ? frame : stableTreeSearch(pageWord(frame));
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
  const word = pageWord(frame);
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
  getPage(partnerFrame);
  const merged = mergeTwo(item, frame, partner, partnerFrame);
  putPage(partnerFrame);
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

/** Scans one address space; places merged. KSM forgets it if nothing of it is mergeable any more. */
function scanSlot(slot: MmSlot): u32 {
  const mm = changetype<MmStruct>(<usize>slot.mm);
  let merged: u32 = 0;
  let link = changetype<usize>(slot) + offsetof<MmSlot>("rmapList");
  let from: u64 = 0;
  while (true) {
    downRead(mmapSem(mm), Doing.KsmScan);
    const address = nextPlace(mm, from);
    const frame = address == NOWHERE ? 0 : anonPageAt(mm, address);
    if (frame) getPage(frame);
    upRead(mmapSem(mm));
    if (!frame) break;
    const found = itemFor(slot.mm, link, address);
    if (found && compareAndMerge(itemAt(found), frame)) merged++;
    putPage(frame);
    if (!found) return merged;
    link = <usize>found + offsetof<RmapItem>("next");
    from = address + PAGE_SIZE;
  }
  // Its VMAs may have gone, or have become others, since they were scanned.
  const over = !hasMergeableVma(mm);
  if (over) link = changetype<usize>(slot) + offsetof<MmSlot>("rmapList");
  removeItems(link, u64.MAX_VALUE);
  if (over) forgetSlot(<u32>changetype<usize>(slot));
  return merged;
}

/** One full scan; places that share now and did not before. */
export function ksmScan(): u32 {
  const state = header();
  let merged: u32 = 0;
  state.ksmSequence++;
  state.ksmUnstable = 0;
  state.ksmChanges = 0;
  for (let at = state.ksmSlots; at;) {
    state.ksmCursor = at;
    const slot = slotOfMm(at);
    at = slot.next;
    merged += scanSlot(slot);
  }
  state.ksmCursor = 0;
  state.ksmChanges += merged;
  return merged;
}

/** Breaks every shared page of an address space. 0, or ENOMEM. */
function unmergeMm(mm: MmStruct): i32 {
  let error = 0;
  downRead(mmapSem(mm), Doing.KsmScan);
  for (let at = mm.users ? mm.mmap : 0; at && !error; at = vmaAt(at).next) {
    const vma = vmaAt(at);
    if (vma.flags & VmFlag.Mergeable && vma.anonVma) {
      error = unmergeKsmPages(vma, vma.start, vma.end);
    }
  }
  upRead(mmapSem(mm));
  return error;
}

/**
 * Takes everything apart, as 2 in /sys/kernel/mm/ksm/run does.
 * @returns places that no longer share, or -ENOMEM with the rest still shared
 */
export function ksmUnmerge(): i32 {
  const state = header();
  const sharing = state.ksmPagesShared + state.ksmPagesSharing;
  for (let at = state.ksmSlots; at;) {
    const slot = slotOfMm(at);
    const mm = changetype<MmStruct>(<usize>slot.mm);
    const error = unmergeMm(mm);
    if (error) return -error;
    removeItems(changetype<usize>(slot) + offsetof<MmSlot>("rmapList"), u64.MAX_VALUE);
    const next = slot.next;
    if (!mm.users) forgetSlot(at);
    at = next;
  }
  return <i32>(sharing - state.ksmPagesShared - state.ksmPagesSharing);
}
