// What a file holds beside its cached pages. Page i was made with a computed word; where pages were written
// back, or a hole was made, an extent says otherwise. Extents hang in a tree by first pgoff (the words at
// +4 are its node) and never overlap.

import { rbErase, rbFirst, rbInsertFixup, rbLink, rbNext } from "../index/rb-tree";
import { Cache, slabAlloc, slabFree, slabReserve } from "../memory/slab";
import { AddressSpace } from "../struct/address-space";

@unmanaged
export class Extent {
  state: u32;
  parent: u32;
  left: u32;
  right: u32;
  first: u64;
  /** Last pgoff it covers. */
  last: u64;
  /** First word of each of its pages. */
  word: f64;
}

/** Where an extent's node is in it. */
export const EXTENT_NODE: u32 = 4;

export function extentOf(node: u32): Extent {
  return changetype<Extent>(<usize>(node - EXTENT_NODE));
}

function extentsRoot(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("extents");
}

/** Node of the first extent that ends at or behind the pgoff, 0 if there is none. */
function firstFrom(mapping: AddressSpace, index: u64): u32 {
  let found: u32 = 0;
  let node = mapping.extents;
  while (node) {
    const extent = extentOf(node);
    if (extent.last >= index) {
      found = node;
      node = extent.left;
    } else {
      node = extent.right;
    }
  }
  return found;
}

/** The caller has reserved the object. */
function insert(mapping: AddressSpace, first: u64, last: u64, word: f64): void {
  const object = <u32>slabAlloc(Cache.Extent);
  const node = object + EXTENT_NODE;
  const extent = extentOf(node);
  extent.first = first;
  extent.last = last;
  extent.word = word;
  let parent: u32 = 0;
  let link = extentsRoot(mapping);
  for (let here = load<u32>(link); here; here = load<u32>(link)) {
    parent = here;
    const side: usize = first < extentOf(here).first ? 4 : 8;
    link = <usize>here + side;
  }
  rbLink(node, parent, link);
  rbInsertFixup(extentsRoot(mapping), node, false);
}

function remove(mapping: AddressSpace, node: u32): void {
  rbErase(extentsRoot(mapping), node, false);
  slabFree(Cache.Extent, <usize>(node - EXTENT_NODE));
}

/** Forgets [first, last]; an extent that reaches beyond on both sides is cut in two with a reserved object. */
function clear(mapping: AddressSpace, first: u64, last: u64): void {
  for (let node = firstFrom(mapping, first); node && extentOf(node).first <= last;) {
    const extent = extentOf(node);
    const next = rbNext(node);
    const end = extent.last;
    const word = extent.word;
    if (extent.first < first) {
      extent.last = first - 1;
      if (end > last) insert(mapping, last + 1, end, word);
    } else if (end > last) {
      extent.first = last + 1;
    } else {
      remove(mapping, node);
    }
    node = next;
  }
}

/** What the page at that pgoff begins with when it is read. */
export function fileWord(mapping: AddressSpace, index: u64): f64 {
  const node = firstFrom(mapping, index);
  if (node && extentOf(node).first <= index) return extentOf(node).word;
  return fileFirstWord(mapping, index);
}

/** What it begins with where no extent says otherwise. */
export function fileFirstWord(mapping: AddressSpace, index: u64): f64 {
  return index < mapping.dataEnd ? mapping.firstWord + <f64>index : 0;
}

/** From now on the pages of a range begin with this word; false, and nothing changed, without memory. */
export function fileStore(mapping: AddressSpace, first: u64, last: u64, word: f64): bool {
  if (!slabReserve(Cache.Extent, 2)) return false;
  clear(mapping, first, last);
  insert(mapping, first, last, word);
  return true;
}

/** The file ends before that pgoff: what is beyond is zero if it grows again. */
export function fileForget(mapping: AddressSpace, first: u64): void {
  mapping.dataEnd = min(mapping.dataEnd, first);
  clear(mapping, first, u64.MAX_VALUE);
}

/** The inode goes. */
export function fileForgetAll(mapping: AddressSpace): void {
  for (let node = rbFirst(mapping.extents); node; node = rbFirst(mapping.extents)) {
    remove(mapping, node);
  }
}
