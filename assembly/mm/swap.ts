// The swap cache: pages that have a place in swap. A page in the cache holds its slot; entries hold it too.
// The slot goes when neither does. Writing a page out leaves its contents in the slot, so that the page
// can leave memory; reading brings them back in another page.

import { VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag } from "../abi/flag";
import { event } from "../memory/event";
import { header, vmStat } from "../memory/header";
import { splitHugePage } from "../rmap/split-huge-page";
import { lruCacheAdd } from "../struct/lru";
import { unchargeSwapcache } from "../struct/memcg-charge";
import {
  pageClear,
  pageFlags,
  pageIsHuge,
  pageIsKsm,
  pageMapcount,
  pageMapped,
  pagePrivate,
  pageReadWord,
  pageSet,
  pageSetPrivate,
  pageSetWord,
  pageTest,
  setPageUptodate,
  trylockPage,
  unlockPage,
} from "../struct/page";
import { isDisposable } from "../struct/page-dirty";
import { getPage, pageAlloc, putPage } from "../struct/page-frame";
import {
  slotAt,
  swapFreeGetLast,
  swapLock,
  swapSlotAlloc,
  swapSlotExists,
  swapSlotForget,
} from "../struct/swap-slot";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";

function enterSwapCache(frame: u32, slot: usize): void {
  pageSetPrivate(frame, <u32>slot);
  pageSet(frame, PageFlag.SwapCache);
  getPage(frame);
}

/** Puts a locked anonymous page in the swap cache; false when swap is full. A huge one is split first. */
export function addToSwap(frame: u32): bool {
  const slot = swapSlotAlloc(frame);
  if (!slot) return false;
  if (pageIsHuge(frame) && !splitHugePage(frame)) {
    lock(swapLock(), LockClass.SwapLock, Doing.SwapCache);
    swapSlotForget(slot);
    unlock(swapLock());
    return false;
  }
  enterSwapCache(frame, slot);
  // Whoever swaps it out has to write it.
  pageSet(frame, PageFlag.Dirty);
  return true;
}

/** Under the swap lock. The cache's reference is for the caller to drop. Do entries refer to the slot still? */
function leaveSwapCache(frame: u32): bool {
  const slot = <usize>pagePrivate(frame);
  pageSetPrivate(frame, 0);
  pageClear(frame, PageFlag.SwapCache);
  const swapped = slotAt(slot).count != 0;
  swapSlotForget(slot);
  return swapped;
}

export function deleteFromSwapCache(frame: u32): void {
  lock(swapLock(), LockClass.SwapLock, Doing.SwapCache);
  const swapped = leaveSwapCache(frame);
  unlock(swapLock());
  unchargeSwapcache(frame, swapped);
  putPage(frame);
}

/** remove_mapping, of a locked page in the swap cache: false if somebody came to it, or wrote to it. */
export function removeFromSwapCache(frame: u32): bool {
  lock(swapLock(), LockClass.SwapLock, Doing.SwapCache);
  const removed = isDisposable(frame);
  const swapped = removed && leaveSwapCache(frame);
  unlock(swapLock());
  if (removed) {
    unchargeSwapcache(frame, swapped);
    putPage(frame);
  }
  return removed;
}

/** The page in the swap cache that has the slot, with a reference; 0 if it was swapped out, or the slot is gone. */
export function swapCacheGet(slot: usize): u32 {
  lock(swapLock(), LockClass.SwapLock, Doing.SwapCache);
  const frame = swapSlotExists(slot) ? slotAt(slot).frame : 0;
  if (frame) getPage(frame);
  unlock(swapLock());
  return frame;
}

/**
 * Reads a slot's contents into a new page in the swap cache, on the inactive list, with a reference. Nobody is charged
 * for it before it is mapped.
 * @returns the page, also if somebody else was faster; 0 when there is no frame or the slot is gone
 */
export function swapRead(slot: usize): u32 {
  const frame = pageAlloc();
  if (!frame) return 0;
  // Locked before others can find it, until it has its contents; nobody knows it yet, so this can't fail.
  trylockPage(frame, Doing.SwapCache);
  lock(swapLock(), LockClass.SwapLock, Doing.SwapCache);
  const exists = swapSlotExists(slot);
  const other = exists ? slotAt(slot).frame : 0;
  if (!other && exists) slotAt(slot).frame = frame;
  else if (other) getPage(other);
  unlock(swapLock());
  if (other || !exists) {
    unlockPage(frame);
    putPage(frame);
    return other;
  }
  enterSwapCache(frame, slot);
  pageSetWord(frame, slotAt(slot).word);
  pageSet(frame, PageFlag.SwapBacked);
  setPageUptodate(frame);
  lruCacheAdd(frame, false);
  vmStat(VmStat.PswpIn, 1);
  event(Event.SwapRead, <f64>frame, <f64>slotAt(slot).area, 0);
  unlockPage(frame);
  return frame;
}

/** Leaves the contents of a locked page of the swap cache in its slot. */
export function swapWrite(frame: u32): void {
  slotAt(<usize>pagePrivate(frame)).word = pageReadWord(frame);
  vmStat(VmStat.PswpOut, 1);
}

/** swapFree for an entry that is thrown away, not read: the cached page goes if it is the last trace. */
export function freeSwapAndCache(slot: usize): void {
  const frame = swapFreeGetLast(slot);
  if (!frame) return;
  if (trylockPage(frame, Doing.SwapCache)) {
    // Unmapped before we had its lock, it may have entries again.
    if (!pageMapped(frame) || isSwapFull()) tryToFreeSwap(frame);
    unlockPage(frame);
  }
  putPage(frame);
}

/** Lets a locked page go from the swap cache if no entry refers to its slot; true if it is not in it then. */
export function tryToFreeSwap(frame: u32): bool {
  const flags = pageFlags(frame);
  if (!(flags & PageFlag.SwapCache)) return true;
  if (flags & PageFlag.Writeback) return false;
  if (slotAt(<usize>pagePrivate(frame)).count) return false;
  deleteFromSwapCache(frame);
  pageSet(frame, PageFlag.Dirty);
  return true;
}

/** free_swap_cache: a page that only the swap cache still knows, with no entry to come back to, is of no use. */
export function freeSwapCache(frame: u32): void {
  if (!pageTest(frame, PageFlag.SwapCache) || pageMapped(frame)) return;
  if (!trylockPage(frame, Doing.SwapCache)) return;
  tryToFreeSwap(frame);
  unlockPage(frame);
}

/** Entries that refer to the slot of a page in the swap cache. */
export function pageSwapcount(frame: u32): u32 {
  return pageTest(frame, PageFlag.SwapCache) ? slotAt(<usize>pagePrivate(frame)).count : 0;
}

/**
 * May the page's only owner write to it in place? Counts mappings and swap entries; the last owner takes
 * the page out of the swap cache, unless it is being written. A page that KSM shares is nobody's own.
 */
export function reuseSwapPage(frame: u32): bool {
  if (pageIsKsm(frame)) return false;
  let owners = <u32>pageMapcount(frame);
  if (owners <= 1 && pageTest(frame, PageFlag.SwapCache)) {
    owners += pageSwapcount(frame);
    if (owners == 1 && !pageTest(frame, PageFlag.Writeback)) {
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
