// Swap slots: how many entries refer to each, the page that each caches, and the areas they are in.

import { PageFlag } from "../abi/flag";
import { MAX_SWAP_AREAS } from "../abi/unit";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { pagePrivate, pageRefcount, pageTest } from "../struct/page";
import { swapArea, SwapSlot, SWAP_MAP_MAX } from "../struct/swap-slot";
import { Violated } from "../violated";
import { checkSwapped } from "./changes";
import { frameNote, IN_SWAP_CACHE, IN_SWAP_COUNT, isFrame, swapNote } from "./census";
import { violated, violatedUnless } from "./violation";

function holdsPage(slot: u32, frame: u32): bool {
  return isFrame(frame) && pageTest(frame, PageFlag.SwapCache) && pagePrivate(frame) == slot;
}

/** A count above what a slot has room for has a frame to itself, and no other has. */
function checkContinuation(slot: SwapSlot): void {
  const frame = slot.continuation;
  const needed = slot.count > SWAP_MAP_MAX;
  const held = isFrame(frame) && pageRefcount(frame) > 0;
  if (held) frameNote(frame).caches |= IN_SWAP_COUNT;
  if (needed == held && held == (frame != 0)) return;
  violated(Violated.SwapContinuation, <f64>frame, <f64>slot.count);
}

/** Slots in an area: a few areas, so the slots are gone through for each. */
function slotsOf(area: u32): u32 {
  let slots: u32 = 0;
  for (let at = slabNext(Cache.SwapSlot, 0); at; at = slabNext(Cache.SwapSlot, at)) {
    if (changetype<SwapSlot>(at).area == area) slots++;
  }
  return slots;
}

function checkAreas(): void {
  let limit: u64 = 0;
  for (let i: u32 = 0; i < <u32>MAX_SWAP_AREAS; i++) {
    const area = swapArea(i);
    limit += area.limit;
    if (!area.limit && !area.inUse) continue;
    const slots = slotsOf(i);
    if (area.inUse == slots && slots <= area.limit) continue;
    violated(Violated.SwapArea, <f64>i, <f64>area.inUse, <f64>slots, <f64>area.limit);
  }
  violatedUnless(Violated.SwapLimit, <f64>header().swapLimit, <f64>limit);
}

/** After the page tables were: notes which frames the swap cache holds. */
export function checkSwapSlots(): void {
  let slots = 0;
  for (let at = slabNext(Cache.SwapSlot, 0); at; at = slabNext(Cache.SwapSlot, at)) {
    slots++;
    const slot = changetype<SwapSlot>(at);
    const frame = slot.frame;
    const entries = swapNote(<u32>at).entries;
    // Without a page the contents are in the slot, for whoever comes back for them.
    if (frame ? holdsPage(<u32>at, frame) : entries != 0) {
      if (frame) {
        frameNote(frame).caches |= IN_SWAP_CACHE;
        checkSwapped(slot);
      }
    } else {
      violated(Violated.SwapCache, <f64>frame);
    }
    if (slot.count != entries) {
      violated(Violated.SwapCount, <f64>frame, <f64>slot.count, <f64>entries);
    }
    checkContinuation(slot);
  }
  checkAreas();
  violatedUnless(Violated.SwapInUse, <f64>header().swapInUse, <f64>slots);
}
