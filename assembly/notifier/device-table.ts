// The table of a model client: its pages by address. The client's lock guards it.

import { PAGE_SIZE } from "../abi/unit";
import { rbErase, rbInsertFixup, rbLink, rbNext } from "../index/rb-tree";
import { Cache, slabFree } from "../memory/slab";
import {
  DevicePage,
  devicePageAt,
  DEVICE_NODE,
  MmuNotifier,
  pagesRoot,
} from "../struct/mmu-notifier";
import { compoundHead, pageGeneration, pageRefcount, ZERO_FRAME } from "../struct/page";

const LEFT: usize = 4;
const RIGHT: usize = 8;

function pageOfNode(node: u32): u32 {
  return node ? node - <u32>DEVICE_NODE : 0;
}

/** The first page at an address or above, 0 if there is none. */
export function deviceFrom(notifier: MmuNotifier, address: u64): u32 {
  let found: u32 = 0;
  for (let node = notifier.pages; node;) {
    const page = pageOfNode(node);
    const here = devicePageAt(page).address;
    if (here == address) return page;
    if (here > address) found = page;
    node = load<u32>(<usize>node + (address < here ? LEFT : RIGHT));
  }
  return found;
}

/** The page after one, 0 if it is the last. */
export function deviceNext(page: u32): u32 {
  return pageOfNode(rbNext(page + <u32>DEVICE_NODE));
}

/** The page at an address, 0 if there is none. */
export function deviceAt(notifier: MmuNotifier, address: u64): u32 {
  const page = deviceFrom(notifier, address);
  return page && devicePageAt(page).address == address ? page : 0;
}

/** Is the page still what it was when it was mapped? The zero page always is. */
export function isCurrent(page: DevicePage): bool {
  const frame = page.frame;
  if (frame == ZERO_FRAME) return true;
  return pageRefcount(compoundHead(frame)) > 0 && pageGeneration(frame) == page.generation;
}

/** Puts a page that has its address into the table, where there is none at that address. */
function deviceLink(notifier: MmuNotifier, page: u32): void {
  const address = devicePageAt(page).address;
  const root = pagesRoot(notifier);
  let parent: u32 = 0;
  let link = root;
  for (let node = load<u32>(link); node; node = load<u32>(link)) {
    parent = node;
    link = <usize>node + (address < devicePageAt(pageOfNode(node)).address ? LEFT : RIGHT);
  }
  rbLink(page + <u32>DEVICE_NODE, parent, link);
  rbInsertFixup(root, page + <u32>DEVICE_NODE, false);
  notifier.pageCount++;
}

function deviceUnlink(notifier: MmuNotifier, page: u32): void {
  // Until its client is told, a frame stays: else a device would write to somebody else's page.
  assert(isCurrent(devicePageAt(page)), "notifier: a page was freed before its client was told");
  rbErase(pagesRoot(notifier), page + <u32>DEVICE_NODE, false);
  notifier.pageCount--;
  slabFree(Cache.DevicePage, <usize>page);
}

/**
 * Maps what was found at an address, unless a page is mapped there already, which gains what the other allows.
 * @returns true if the page is in the table now
 */
export function deviceMap(notifier: MmuNotifier, page: u32): bool {
  const fresh = devicePageAt(page);
  const found = deviceAt(notifier, fresh.address);
  if (!found) {
    deviceLink(notifier, page);
    return true;
  }
  const mapped = devicePageAt(found);
  assert(mapped.frame == fresh.frame && isCurrent(mapped), "notifier: a client maps another page");
  if (fresh.writable) mapped.writable = 1;
  return false;
}

/** Unmaps [start, end). */
export function deviceUnmap(notifier: MmuNotifier, start: u64, end: u64): void {
  for (let page = deviceFrom(notifier, start); page;) {
    const next = deviceNext(page);
    if (devicePageAt(page).address >= end) return;
    deviceUnlink(notifier, page);
    page = next;
  }
}

/** Was the page at an address used? And with `clear`: it counts as not used from now on. */
export function deviceYoung(notifier: MmuNotifier, address: u64, clear: bool): bool {
  const found = deviceAt(notifier, address & ~(<u64>PAGE_SIZE - 1));
  if (!found) return false;
  const page = devicePageAt(found);
  const young = page.young != 0;
  if (clear) page.young = 0;
  return young;
}
