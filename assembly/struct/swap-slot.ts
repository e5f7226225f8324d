// A page's place in swap. The slot's address is the payload of swap entries.

import { header } from "../memory/header";
import { Cache, slabFree, slabZalloc } from "../memory/slab";

@unmanaged
export class SwapSlot {
  state: u32;
  /** Page in the swap cache, 0 when there is none. */
  frame: u32;
  /** Entries that refer to it. */
  count: u32;
  spare: u32;
}

/** A slot nobody refers to yet, or 0 when swap or memory is full. */
export function swapSlotAlloc(): usize {
  const state = header();
  if (state.swapInUse >= state.swapLimit) return 0;
  const slot = slabZalloc(Cache.SwapSlot);
  if (slot) state.swapInUse++;
  return slot;
}

export function swapSlotFree(slot: SwapSlot): void {
  header().swapInUse--;
  slabFree(Cache.SwapSlot, changetype<usize>(slot));
}
