// A page's place in swap. The slot's address is the payload of swap entries.

import { Header, header } from "../memory/header";
import { Cache, slabFree, slabZalloc } from "../memory/slab";
import { lock, LockClass, unlock } from "../sync/lock";

@unmanaged
export class SwapSlot {
  state: u32;
  /** Page in the swap cache, 0 when there is none. */
  frame: u32;
  /** Entries that refer to it. */
  count: u32;
  spare: u32;
}

export function slotAt(address: usize): SwapSlot {
  return changetype<SwapSlot>(address);
}

function swapLock(): usize {
  return changetype<usize>(header()) + offsetof<Header>("swapLock");
}

/** A slot for the page in a frame, which no entry refers to yet; 0 when swap or memory is full. */
export function swapSlotAlloc(frame: u32): usize {
  const state = header();
  lock(swapLock(), LockClass.SwapLock);
  const slot = state.swapInUse < state.swapLimit ? slabZalloc(Cache.SwapSlot) : 0;
  if (slot) {
    state.swapInUse++;
    slotAt(slot).frame = frame;
  }
  unlock(swapLock());
  return slot;
}

/** One more entry refers to the slot. */
export function swapDuplicate(slot: usize): void {
  lock(swapLock(), LockClass.SwapLock);
  slotAt(slot).count++;
  unlock(swapLock());
}

/** One entry fewer. The slot goes when neither an entry nor the swap cache holds it. */
export function swapFree(slot: usize): void {
  lock(swapLock(), LockClass.SwapLock);
  assert(slotAt(slot).count > 0, "swap: freed more often than used");
  slotAt(slot).count--;
  slotRelease(slot);
  unlock(swapLock());
}

/** The page leaves the slot. */
export function swapSlotForget(slot: usize): void {
  lock(swapLock(), LockClass.SwapLock);
  slotAt(slot).frame = 0;
  slotRelease(slot);
  unlock(swapLock());
}

function slotRelease(slot: usize): void {
  if (slotAt(slot).count || slotAt(slot).frame) return;
  header().swapInUse--;
  slabFree(Cache.SwapSlot, slot);
}
