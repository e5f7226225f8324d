// memory_failure: the hardware says that a frame is broken. Whatever is in it must not be used again.
//
//   free                   marked; whoever allocates passes it over
//   on no list             marked, and left alone
//   mapped                 entries become markers, those of a clean page that is kept on a disk go, those of a page
//                          in the swap cache become swap entries
//   in the swap cache      dirty: it stays there, to be met by who comes back for it; clean: the copy in swap is good
//   in a page cache        it leaves the cache; what was written to it is lost
//
// The reference that is taken at the beginning is never given back: so the frame stays out of use.

import { Doing } from "../locks";
import { Event } from "../abi/event";
import { PageFlag } from "../abi/flag";
import { FailedPage, MemoryFailure } from "../abi/result";
import { event } from "../memory/event";
import { header } from "../memory/header";
import { Cache, slabReserve } from "../memory/slab";
import { AddressSpace, isSwapBacked, isUnevictable } from "../struct/address-space";
import { frameMarkBroken } from "../struct/frame-list";
import { isolateLruPage } from "../struct/isolation";
import {
  compoundHead,
  lockPage,
  pageClear,
  pageFileMapping,
  pageFlags,
  pageIndex,
  pageIsAnon,
  pageMapping,
  pageRefcount,
  pageSet,
  pageTest,
  unlockPage,
  pageIsHugetlb,
} from "../struct/page";
import { tryToReleasePage } from "../struct/page-dirty";
import { getPage, putPage } from "../struct/page-frame";
import { deleteFromPageCache, invalidateCompletePage } from "./file";
import { fileStore, fileWord } from "./file-data";
import { failHugetlbPage } from "./memory-failure-huge";
import { outcome } from "./memory-outcome";
import { unmapBroken } from "./memory-unmap";
import { splitPage } from "./page-operation";
import { deleteFromSwapCache } from "./swap";
import { waitOnPageWriteback } from "./writeback";

/** Ranges of file data that forgetting one page may need. */
const EXTENTS: u32 = 2;

/** Of memoryFailure: ENOMEM. */
export const NO_MEMORY: u64 = 0xffffffff;

/** delete_from_lru_cache: false if somebody else has taken it off its list. */
function deleteFromLru(frame: u32): bool {
  if (!isolateLruPage(frame)) return false;
  pageClear(frame, PageFlag.Active);
  pageClear(frame, PageFlag.Unevictable);
  putPage(frame);
  return true;
}

/** Out of its page cache, whatever was written to it: what is kept in memory only is zero from now on. */
function removeBroken(mapping: AddressSpace, frame: u32): bool {
  // A file system that is only memory, and has no way to lose pages, keeps one that was written to.
  if (isUnevictable(mapping)) {
    if (pageTest(frame, PageFlag.Dirty) || !tryToReleasePage(frame)) return false;
    return invalidateCompletePage(mapping, frame);
  }
  const index = pageIndex(frame);
  if (isSwapBacked(mapping) && fileWord(mapping, index)) {
    const stored = fileStore(mapping, index, index, 0);
    assert(stored, "memory failure: a hole that room was made for");
  }
  deleteFromPageCache(mapping, frame);
  return true;
}

/** me_pagecache_clean and me_pagecache_dirty. */
function takeOutOfUse(frame: u32): MemoryFailure {
  deleteFromLru(frame);
  if (pageIsAnon(frame)) return MemoryFailure.Recovered;
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  return mapping && removeBroken(mapping, frame) ? MemoryFailure.Recovered : MemoryFailure.Failed;
}

/** me_swapcache_dirty: whoever comes back for it is told by what he meets. */
function keepInSwapCache(frame: u32): MemoryFailure {
  pageClear(frame, PageFlag.Dirty);
  pageClear(frame, PageFlag.Uptodate);
  return deleteFromLru(frame) ? MemoryFailure.Delayed : MemoryFailure.Failed;
}

/** me_swapcache_clean: the next fault reads it again. */
function leaveToSwap(frame: u32): MemoryFailure {
  deleteFromSwapCache(frame);
  return deleteFromLru(frame) ? MemoryFailure.Recovered : MemoryFailure.Failed;
}

/** error_states. A page that is not mapped is not mlocked either, since v3.7; before, one that is mlocked counts as unevictable. */
function kindOf(frame: u32): FailedPage {
  const flags = pageFlags(frame);
  const dirty = (flags & PageFlag.Dirty) != 0;
  if (flags & PageFlag.SwapCache) {
    return dirty ? FailedPage.SwapCacheDirty : FailedPage.SwapCacheClean;
  }
  if (flags & PageFlag.Unevictable) {
    return dirty ? FailedPage.UnevictableDirty : FailedPage.UnevictableClean;
  }
  if (flags & PageFlag.Lru) return dirty ? FailedPage.LruDirty : FailedPage.LruClean;
  return FailedPage.Unknown;
}

/** page_action: what is done with a page that nothing maps any more. */
function handle(frame: u32, kind: FailedPage): MemoryFailure {
  let result = MemoryFailure.Failed;
  // Its own reference, and that of the swap cache if it stays there.
  let known = 1;
  if (kind == FailedPage.SwapCacheDirty) {
    result = keepInSwapCache(frame);
    if (result == MemoryFailure.Delayed) known = 2;
  } else if (kind == FailedPage.SwapCacheClean) {
    result = leaveToSwap(frame);
  } else if (kind != FailedPage.Unknown) {
    result = takeOutOfUse(frame);
  }
  return pageRefcount(frame) == known ? result : MemoryFailure.Failed;
}

/** Of a page that memory_failure holds and has locked. */
function failLocked(frame: u32, early: bool): u64 {
  waitOnPageWriteback(frame);
  const sent = unmapBroken(frame, early);
  if (sent < 0) return outcome(MemoryFailure.Failed, FailedPage.Mapped, <u32>(-1 - sent));
  const flags = pageFlags(frame);
  if (flags & PageFlag.Lru && !(flags & PageFlag.SwapCache) && !pageMapping(frame)) {
    return outcome(MemoryFailure.Ignored, FailedPage.Truncated, <u32>sent);
  }
  const kind = kindOf(frame);
  return outcome(handle(frame, kind), kind, <u32>sent);
}

function fail(frame: u32, early: bool): u64 {
  const head = compoundHead(frame);
  if (pageIsHugetlb(head)) return failHugetlbPage(head, early);
  if (!frameMarkBroken(frame)) return outcome(MemoryFailure.Known, FailedPage.Free, 0);
  // What nothing maps any more can't be split, and is as good as free.
  if (!splitPage(frame)) return outcome(MemoryFailure.Failed, FailedPage.Mapped, 0);
  if (!pageRefcount(frame)) return outcome(MemoryFailure.Delayed, FailedPage.Free, 0);
  if (!pageTest(frame, PageFlag.Lru)) return outcome(MemoryFailure.Ignored, FailedPage.NonLru, 0);
  getPage(frame);
  pageSet(frame, PageFlag.Failed);
  lockPage(frame, Doing.MemoryFailure);
  const result = failLocked(frame, early);
  unlockPage(frame);
  return result;
}

/**
 * The frame is broken.
 * @param early tasks that lose something are sent a signal now
 * @returns MemoryFailure and FailedPage, and in the upper half how many tasks are sent a signal; NO_MEMORY if
 *   there is none for what is to be remembered, and nothing has changed
 */
export function memoryFailure(frame: u32, early: bool): u64 {
  if (!slabReserve(Cache.Extent, EXTENTS)) return NO_MEMORY;
  header().memoryFailures++;
  const result = fail(frame, early);
  event(Event.MemoryFailed, <f64>frame, <f64>(<u32>result), <f64>(<u32>(result >> 32)));
  return result;
}
