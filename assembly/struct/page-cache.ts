// A file's pages by pgoff: a radix tree of 64-way nodes, six bits of pgoff a level, grown at the top.
//
//   CacheNode  +0 state  +4 entries in use  +8 slots[64], each a CacheNode or, in the lowest level, a frame
//
// Guarded by the mapping's tree_lock.

import { Cache, slabFree, slabZalloc } from "../memory/slab";
import { AddressSpace } from "./address-space";

const BITS: u32 = 6;
const SLOTS: u32 = 64;
export const CACHE_NODE_BYTES: u32 = 8 + SLOTS * 4;

function slotAt(node: u32, index: u64, level: u32): usize {
  const slot = (<u32>(index >> (<u64>(level - 1) * BITS))) & (SLOTS - 1);
  return <usize>node + 8 + ((<usize>slot) << 2);
}

function entries(node: u32): u32 {
  return load<u32>(<usize>node, 4);
}

function setEntries(node: u32, n: u32): void {
  store<u32>(<usize>node, n, 4);
}

function reaches(mapping: AddressSpace, index: u64): bool {
  const bits = <u64>mapping.height * BITS;
  return mapping.height != 0 && (bits >= 64 || index >> bits == 0);
}

/** Frame of the page at that pgoff, 0 if it is not cached. */
export function pageCacheFind(mapping: AddressSpace, index: u64): u32 {
  if (!reaches(mapping, index)) return 0;
  let node = mapping.root;
  for (let level = mapping.height; level > 0; level--) {
    node = load<u32>(slotAt(node, index, level));
    if (!node) return 0;
  }
  return node;
}

/** Adds a page that is not there; false, and nothing changed, when memory is exhausted. */
export function pageCacheInsert(mapping: AddressSpace, index: u64, frame: u32): bool {
  while (!reaches(mapping, index)) {
    const top = <u32>slabZalloc(Cache.CacheNode);
    if (!top) {
      pageCacheShrink(mapping);
      return false;
    }
    if (mapping.root) {
      store<u32>(<usize>top, mapping.root, 8);
      setEntries(top, 1);
    }
    mapping.root = top;
    mapping.height++;
  }
  let node = mapping.root;
  for (let level = mapping.height; level > 1; level--) {
    const slot = slotAt(node, index, level);
    let below = load<u32>(slot);
    if (!below) {
      below = <u32>slabZalloc(Cache.CacheNode);
      if (!below) {
        pageCachePrune(mapping, mapping.root, mapping.height, index);
        pageCacheShrink(mapping);
        return false;
      }
      store<u32>(slot, below);
      setEntries(node, entries(node) + 1);
    }
    node = below;
  }
  store<u32>(slotAt(node, index, 1), frame);
  setEntries(node, entries(node) + 1);
  mapping.pages++;
  return true;
}

/** Puts another frame where a page is cached. */
export function pageCacheReplace(mapping: AddressSpace, index: u64, frame: u32): void {
  let node = mapping.root;
  for (let level = mapping.height; level > 1; level--) node = load<u32>(slotAt(node, index, level));
  store<u32>(slotAt(node, index, 1), frame);
}

export function pageCacheRemove(mapping: AddressSpace, index: u64): void {
  let node = mapping.root;
  for (let level = mapping.height; level > 1; level--) node = load<u32>(slotAt(node, index, level));
  store<u32>(slotAt(node, index, 1), 0);
  setEntries(node, entries(node) - 1);
  mapping.pages--;
  pageCachePrune(mapping, mapping.root, mapping.height, index);
  pageCacheShrink(mapping);
}

/** Frees the nodes on the way to an index that hold nothing; true if this one is empty. */
function pageCachePrune(mapping: AddressSpace, node: u32, level: u32, index: u64): bool {
  if (level > 1) {
    const slot = slotAt(node, index, level);
    const below = load<u32>(slot);
    if (below && pageCachePrune(mapping, below, level - 1, index)) {
      slabFree(Cache.CacheNode, <usize>below);
      store<u32>(slot, 0);
      setEntries(node, entries(node) - 1);
    }
  }
  return entries(node) == 0;
}

/** Takes levels off that only their first slot is used of. */
function pageCacheShrink(mapping: AddressSpace): void {
  while (mapping.height > 0) {
    const root = mapping.root;
    const first = load<u32>(<usize>root, 8);
    const used = entries(root);
    if (used > 1 || (used == 1 && (first == 0 || mapping.height == 1))) return;
    mapping.root = mapping.height > 1 ? first : 0;
    mapping.height--;
    slabFree(Cache.CacheNode, <usize>root);
    if (!mapping.root) mapping.height = 0;
  }
}

/** Frame of the cached page with the smallest pgoff from `from` on, 0 if there is none. */
export function pageCacheNext(mapping: AddressSpace, from: u64): u32 {
  if (!mapping.height || !reaches(mapping, from)) return 0;
  return nextBelow(mapping.root, mapping.height, from);
}

function nextBelow(node: u32, level: u32, from: u64): u32 {
  const shift = <u64>(level - 1) * BITS;
  let slot = (<u32>(from >> shift)) & (SLOTS - 1);
  let start = from;
  for (; slot < SLOTS; slot++) {
    const below = load<u32>(<usize>node + 8 + ((<usize>slot) << 2));
    if (below) {
      const found = level == 1 ? below : nextBelow(below, level - 1, start);
      if (found) return found;
    }
    // Slots after the first are searched from their beginning.
    start = 0;
  }
  return 0;
}
