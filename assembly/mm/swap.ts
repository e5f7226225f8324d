// Swap slots and the swap cache. A page in the cache holds its slot; entries hold it too. The slot goes
// when neither does.

import { PageFlag } from "../abi";
import { header } from "../memory/header";
import {
  getPage,
  pageClear,
  pageMapcount,
  pagePrivate,
  pageSet,
  pageSetPrivate,
  pageTest,
  putPage,
} from "../struct/page";
import { slotAt, swapFree, swapSlotAlloc, swapSlotForget } from "../struct/swap-slot";

/** Puts a locked anonymous page in the swap cache; false when swap is full. */
export function addToSwap(frame: u32): bool {
  const slot = swapSlotAlloc(frame);
  if (!slot) return false;
  pageSetPrivate(frame, <u32>slot);
  // Whoever swaps it out has to write it.
  pageSet(frame, PageFlag.SwapCache);
  pageSet(frame, PageFlag.Dirty);
  getPage(frame);
  return true;
}

export function deleteFromSwapCache(frame: u32): void {
  const slot = <usize>pagePrivate(frame);
  pageSetPrivate(frame, 0);
  pageClear(frame, PageFlag.SwapCache);
  swapSlotForget(slot);
  putPage(frame);
}

/** swapFree for an entry that is thrown away, not read: the cached page goes if it is the last trace. */
export function freeSwapAndCache(slot: usize): void {
  const frame = slotAt(slot).frame;
  swapFree(slot);
  if (frame && !slotAt(slot).count && !pageMapcount(frame)) deleteFromSwapCache(frame);
}

/** Lets a page go from the swap cache if no entry refers to its slot; true if it is not in it afterwards. */
export function tryToFreeSwap(frame: u32): bool {
  if (!pageTest(frame, PageFlag.SwapCache)) return true;
  if (slotAt(<usize>pagePrivate(frame)).count) return false;
  deleteFromSwapCache(frame);
  pageSet(frame, PageFlag.Dirty);
  return true;
}

/** Entries that refer to the slot of a page in the swap cache. */
export function pageSwapcount(frame: u32): u32 {
  return pageTest(frame, PageFlag.SwapCache) ? slotAt(<usize>pagePrivate(frame)).count : 0;
}

/**
 * May the page's only owner write to it in place? Counts mappings and swap entries; the last owner takes
 * the page out of the swap cache.
 */
export function reuseSwapPage(frame: u32): bool {
  let owners = <u32>pageMapcount(frame);
  if (owners <= 1 && pageTest(frame, PageFlag.SwapCache)) {
    owners += pageSwapcount(frame);
    if (owners == 1) {
      deleteFromSwapCache(frame);
      pageSet(frame, PageFlag.Dirty);
    }
  }
  return owners <= 1;
}

/** Over half of swap is in use: a page that came back gives its slot up. */
export function isSwapFull(): bool {
  return header().swapInUse * 2 > header().swapLimit;
}
