// KSM's records. A page with equal contents in many places is shared: its mapping leads to a stable node,
// which lists the places.
//
//   MmSlot --rmapList--> RmapItem --next--> RmapItem ...       of one address space, by address
//                           |
//   page --> StableNode --items--> RmapItem --nextSharing--> ...   pin the anon_vma they were found in
//
// A stable node is a node of the stable tree, by contents; an item that found no partner yet is one of
// the unstable tree, which is forgotten at each scan. Both trees are rb-tree.ts's, of the words at +4.

import { Header, header } from "../memory/header";
import { Cache, slabFree, slabZalloc } from "../memory/slab";
import { MmStruct } from "./mm-struct";
import { pageGeneration, pageRefcount, pageStableNode } from "./page";

@unmanaged
export class StableNode {
  state: u32;
  parent: u32;
  left: u32;
  right: u32;
  /** The page, for as long as its mapping leads back here. */
  frame: u32;
  generation: u32;
  /** Places, the one added last first. */
  items: u32;
  /** 1 if somebody may map the page who is no place: since before it was shared, or by an unmerge that failed. */
  strays: u32;
}

/** Values of RmapItem.tree. */
export enum ItemTree {
  None = 0,
  Unstable,
  Stable,
}

@unmanaged
export class RmapItem {
  state: u32;
  /** Node of the unstable tree. */
  parent: u32;
  left: u32;
  right: u32;
  mm: u32;
  /** The next place of the same address space. */
  next: u32;
  address: u64;
  /** What the page contained at the last scan. */
  checksum: f64;
  tree: u32;
  /** The scan that put it in the unstable tree. */
  sequence: u32;
  /** While it shares: its stable node, pinned anon_vma, and neighbours in the node's list. */
  head: u32;
  anonVma: u32;
  nextSharing: u32;
  prevSharing: u32;
  /** Linear index that the place had when it came to share. */
  index: u64;
}

/** An address space that has, or had, mergeable VMAs. It holds the mm's struct. */
@unmanaged
export class MmSlot {
  state: u32;
  next: u32;
  prev: u32;
  mm: u32;
  rmapList: u32;
  spare: u32;
}

/** Offset of the tree node in StableNode and RmapItem. */
export const KSM_NODE: usize = 4;

export function itemAt(address: u32): RmapItem {
  return changetype<RmapItem>(<usize>address);
}

export function stableNodeAt(address: u32): StableNode {
  return changetype<StableNode>(<usize>address);
}

export function slotOfMm(address: u32): MmSlot {
  return changetype<MmSlot>(<usize>address);
}

/** ksm_thread_mutex: whoever scans, or takes everything apart, does so alone. */
export function ksmThreadMutex(): usize {
  return changetype<usize>(header()) + offsetof<Header>("ksmThreadMutex");
}

/** The page of a stable node, 0 if it was freed: then the node is stale. */
export function pageOfStableNode(node: u32): u32 {
  const stable = stableNodeAt(node);
  const frame = stable.frame;
  if (pageGeneration(frame) != stable.generation || !pageRefcount(frame)) return 0;
  return pageStableNode(frame) == node ? frame : 0;
}

/** Makes KSM look at the address space, after all others; false when memory is exhausted. */
export function ksmEnter(mm: MmStruct): bool {
  const object = <u32>slabZalloc(Cache.MmSlot);
  if (!object) return false;
  const state = header();
  const slot = slotOfMm(object);
  slot.mm = <u32>changetype<usize>(mm);
  slot.prev = state.ksmLastSlot;
  if (slot.prev) slotOfMm(slot.prev).next = object;
  else state.ksmSlots = object;
  state.ksmLastSlot = object;
  mm.ksmSlot = object;
  mm.count++;
  return true;
}

/** Forgets an address space without places: the caller drops the mm. */
export function ksmSlotFree(object: u32): void {
  const state = header();
  const slot = slotOfMm(object);
  assert(slot.rmapList == 0, "ksm: slot freed with places in it");
  if (slot.prev) slotOfMm(slot.prev).next = slot.next;
  else state.ksmSlots = slot.next;
  if (slot.next) slotOfMm(slot.next).prev = slot.prev;
  else state.ksmLastSlot = slot.prev;
  changetype<MmStruct>(<usize>slot.mm).ksmSlot = 0;
  slabFree(Cache.MmSlot, <usize>object);
}
