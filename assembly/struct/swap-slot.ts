// A page's place in swap. The slot's address is the payload of swap entries. A slot holds the contents
// once they were written, and goes when neither an entry nor the swap cache holds it. Counts above
// SWAP_MAP_MAX need a page of their own, which may not be had: that is how swap_duplicate can fail.

import { PageFlag } from "../abi/flag";
import { MAX_SWAP_AREAS } from "../abi/unit";
import { Header, header, SWAP_AREAS } from "../memory/header";
import { Cache, slabFree, slabIsLive, slabZalloc } from "../memory/slab";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { pageFlags, pagePrivate, pageSetPrivate } from "./page";
import { getPage, pageAllocAtomic, putPage } from "./page-frame";

/** Entries that a slot counts without more memory, as a byte of the kernel's swap map does. */
export const SWAP_MAP_MAX: u32 = 0x3e;

@unmanaged
export class SwapArea {
  limit: u32;
  inUse: u32;
  priority: i32;
  /** 1 while pages may be put there. */
  on: u32;
}

@unmanaged
export class SwapSlot {
  state: u32;
  /** Page in the swap cache, 0 when there is none. */
  frame: u32;
  /** Entries that refer to it. */
  count: u32;
  area: u32;
  word: f64;
  /** Frame that holds the part of the count above SWAP_MAP_MAX. */
  continuation: u32;
  /** 1 once entries of a page that KSM shares led here: they may be of many families. */
  shared: u32;
  /** Entries of an address space that fork is about to copy; 0 at all other times. */
  copies: u32;
  spare: u32;
}

export function slotAt(address: usize): SwapSlot {
  return changetype<SwapSlot>(address);
}

export function swapArea(area: u32): SwapArea {
  return changetype<SwapArea>(SWAP_AREAS + <usize>area * offsetof<SwapArea>());
}

export function swapLock(): usize {
  return changetype<usize>(header()) + offsetof<Header>("swapLock");
}

/**
 * A new area in use, or -1 when there are MAX_SWAP_AREAS.
 * @param priority negative: one below all areas so far
 */
export function swapAreaAdd(pages: u32, priority: i32): i32 {
  for (let i: u32 = 0; i < <u32>MAX_SWAP_AREAS; i++) {
    const area = swapArea(i);
    if (area.limit) continue;
    area.limit = pages;
    area.priority = priority < 0 ? --header().leastPriority : priority;
    area.on = 1;
    header().swapLimit += pages;
    if (i == header().swapAreas) header().swapAreas++;
    return i;
  }
  return -1;
}

/** The area with room that has the highest priority, or -1. */
function areaWithRoom(): i32 {
  let best: i32 = -1;
  const areas = header().swapAreas;
  for (let i: u32 = 0; i < areas; i++) {
    const area = swapArea(i);
    if (!area.on || area.inUse >= area.limit) continue;
    if (best < 0 || area.priority > swapArea(<u32>best).priority) best = i;
  }
  return best;
}

/** A slot for the page in a frame, which no entry refers to yet; 0 when swap or memory is full. */
export function swapSlotAlloc(frame: u32): usize {
  lock(swapLock(), LockClass.SwapLock, Doing.SwapSlot);
  const area = areaWithRoom();
  const slot = area >= 0 ? slabZalloc(Cache.SwapSlot) : 0;
  if (slot) {
    header().swapInUse++;
    swapArea(<u32>area).inUse++;
    slotAt(slot).area = <u32>area;
    slotAt(slot).frame = frame;
  }
  unlock(swapLock());
  return slot;
}

/**
 * Is there a slot? Under the swap lock, for whoever has only seen an entry: the last reference may have gone
 * since, and then the slot's words are no more what they say.
 */
export function swapSlotExists(slot: usize): bool {
  return slabIsLive(slot);
}

/** Would so many more references to the slot need a page that it does not have? */
export function swapCountNeedsPage(slot: usize, more: u32): bool {
  return slotAt(slot).count + more > SWAP_MAP_MAX && !slotAt(slot).continuation;
}

/** Is it the last of so many more references for which the slot needs a page that it does not have? */
export function swapCountOutgrows(slot: usize, more: u32): bool {
  return swapCountNeedsPage(slot, more) && !swapCountNeedsPage(slot, more - 1);
}

/** Does the frame hold a slot's count? Then it is no page that anybody else may take a reference to. */
export function isSwapCountFrame(frame: u32): bool {
  const others = PageFlag.SwapCache | PageFlag.Tail;
  return pagePrivate(frame) != 0 && !(pageFlags(frame) & others);
}

/** One more entry refers to the slot; false when the count has no room and no page can be had for it. */
export function swapDuplicate(slot: usize): bool {
  lock(swapLock(), LockClass.SwapLock, Doing.SwapSlot);
  const it = slotAt(slot);
  if (swapCountNeedsPage(slot, 1)) {
    it.continuation = pageAllocAtomic();
    if (it.continuation) pageSetPrivate(it.continuation, <u32>slot);
  }
  const done = !swapCountNeedsPage(slot, 1);
  if (done) it.count++;
  unlock(swapLock());
  return done;
}

/** Under the swap lock: one entry fewer. Returns the page that the count needs no more, or 0: it is put later. */
function dropEntry(slot: usize): u32 {
  const it = slotAt(slot);
  assert(it.count > 0, "swap: freed more often than used");
  it.count--;
  const surplus = it.count <= SWAP_MAP_MAX ? it.continuation : 0;
  if (surplus) it.continuation = 0;
  slotRelease(slot);
  return surplus;
}

/** One entry fewer. */
export function swapFree(slot: usize): void {
  lock(swapLock(), LockClass.SwapLock, Doing.SwapSlot);
  const surplus = dropEntry(slot);
  unlock(swapLock());
  if (surplus) putPage(surplus);
}

/** swapFree: the cached page, with a reference, if only that holds the slot now; else 0. */
export function swapFreeGetLast(slot: usize): u32 {
  lock(swapLock(), LockClass.SwapLock, Doing.SwapSlot);
  const cached = slotAt(slot).count == 1 ? slotAt(slot).frame : 0;
  if (cached) getPage(cached);
  const surplus = dropEntry(slot);
  unlock(swapLock());
  if (surplus) putPage(surplus);
  return cached;
}

/** Under the swap lock: the page leaves the slot. */
export function swapSlotForget(slot: usize): void {
  slotAt(slot).frame = 0;
  slotRelease(slot);
}

function slotRelease(slot: usize): void {
  const it = slotAt(slot);
  if (it.count || it.frame) return;
  header().swapInUse--;
  swapArea(it.area).inUse--;
  slabFree(Cache.SwapSlot, slot);
}
