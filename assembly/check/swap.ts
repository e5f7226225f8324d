// Swap slots: how many entries refer to each, and the page that each caches.

import { PageFlag, Violated } from "../abi";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { pageIsAnon, pagePrivate, pageTest } from "../struct/page";
import { SwapSlot } from "../struct/swap-slot";
import { frameNote, IN_SWAP_CACHE, isFrame, swapNote } from "./census";
import { violated, violatedUnless } from "./violation";

function holdsPage(slot: u32, frame: u32): bool {
  return (
    isFrame(frame) &&
    pageTest(frame, PageFlag.SwapCache) &&
    pageIsAnon(frame) &&
    pagePrivate(frame) == slot
  );
}

/** After the page tables were: notes which frames the swap cache holds. */
export function checkSwapSlots(): void {
  let slots = 0;
  for (let at = slabNext(Cache.SwapSlot, 0); at; at = slabNext(Cache.SwapSlot, at)) {
    slots++;
    const slot = changetype<SwapSlot>(at);
    const frame = slot.frame;
    // Nothing is ever written out, so a slot always has its page.
    if (holdsPage(<u32>at, frame)) frameNote(frame).caches |= IN_SWAP_CACHE;
    else violated(Violated.SwapCache, <f64>frame);
    const entries = swapNote(<u32>at).entries;
    if (slot.count != entries) {
      violated(Violated.SwapCount, <f64>frame, <f64>slot.count, <f64>entries);
    }
  }
  violatedUnless(Violated.SwapInUse, <f64>header().swapInUse, <f64>slots);
}
