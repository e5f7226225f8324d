// Page caches: every page is where its index says, and the tree's nodes hang together.

import { Violated } from "../violated";
import { Cache, slabNext } from "../memory/slab";
import { AddressSpace } from "../struct/address-space";
import { pageFileMapping, pageIndex } from "../struct/page";
import { checkKept } from "./changes";
import { frameNote, IN_PAGE_CACHE, isFrame, isLive, tableNote } from "./census";
import { inodeOf } from "./indexes";
import { violated } from "./violation";

const BITS: u64 = 6;
const SLOTS: u32 = 64;
/** Levels that 64 bits of pgoff can have. */
const MAX_HEIGHT: u32 = 11;

function checkCached(mapping: AddressSpace, frame: u32, pgoff: u64): void {
  const inode = <f64>mapping.inode;
  if (!isFrame(frame)) {
    violated(Violated.CacheNode, inode);
    return;
  }
  const note = frameNote(frame);
  const says = pageFileMapping(frame);
  if (note.caches & IN_PAGE_CACHE || says != <u32>changetype<usize>(mapping)) {
    violated(Violated.CachedElsewhere, <f64>frame, inode, inodeOf(says));
  } else if (pageIndex(frame) != pgoff) {
    violated(Violated.CachedIndex, <f64>frame, inode, <f64>pageIndex(frame), <f64>pgoff);
  } else {
    checkKept(mapping, frame);
  }
  note.caches |= IN_PAGE_CACHE;
}

/** Pages below a node, which lie from `first` on. */
function checkNode(mapping: AddressSpace, node: u32, level: u32, first: u64): u32 {
  if (!isLive(Cache.CacheNode, node) || tableNote(node).seen) {
    violated(Violated.CacheNode, <f64>mapping.inode);
    return 0;
  }
  tableNote(node).seen = 1;
  let pages: u32 = 0;
  let used: u32 = 0;
  const shift = <u64>(level - 1) * BITS;
  for (let slot: u32 = 0; slot < SLOTS; slot++) {
    const below = load<u32>(<usize>node + 8 + ((<usize>slot) << 2));
    if (!below) continue;
    used++;
    const pgoff = first + ((<u64>slot) << shift);
    if (level > 1) {
      pages += checkNode(mapping, below, level - 1, pgoff);
    } else {
      checkCached(mapping, below, pgoff);
      pages++;
    }
  }
  if (load<u32>(<usize>node, 4) != used) violated(Violated.CacheNode, <f64>mapping.inode);
  return pages;
}

/** Notes which frames the page caches hold. */
export function checkPageCaches(): void {
  for (let at = slabNext(Cache.AddressSpace, 0); at; at = slabNext(Cache.AddressSpace, at)) {
    const mapping = changetype<AddressSpace>(at);
    const inode = <f64>mapping.inode;
    if (mapping.height > MAX_HEIGHT || (mapping.height == 0) != (mapping.root == 0)) {
      violated(Violated.CacheNode, inode);
      continue;
    }
    const pages = mapping.height ? checkNode(mapping, mapping.root, mapping.height, 0) : 0;
    if (mapping.pages != pages) {
      violated(Violated.CachedPages, inode, <f64>mapping.pages, <f64>pages);
    }
  }
}
