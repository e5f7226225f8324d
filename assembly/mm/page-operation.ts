// One page's operations as reclaim, writeback and their like make them: held, and locked where they have it.

import { Doing } from "../locks";
import { Unmap } from "../abi/argument";
import { PageFlag } from "../abi/flag";
import { Errno, PageFate, UnmapResult } from "../abi/result";
import { pageMkclean } from "../rmap/mkclean";
import { askPageEvictable } from "../rmap/mlock";
import { pageReferenced } from "../rmap/referenced";
import { splitHugePage } from "../rmap/split-huge-page";
import { tryToMunlock, tryToUnmap } from "../rmap/unmap";
import { frameMarkBroken } from "../struct/frame-list";
import { hugePageMarkBroken } from "../struct/huge-pool";
import { isolateLruPage, isolateNamedPage, putbackLruPage } from "../struct/isolation";
import {
  compoundHead,
  lockPage,
  pageCompound,
  pageIsAnon,
  pageMapped,
  pagePins,
  pageSet,
  pageClear,
  pageSetPins,
  pageTail,
  pageTest,
  pageTestAndClear,
  unlockPage,
  pageIsHugetlb,
} from "../struct/page";
import { pageEvictable } from "../struct/lru";
import { setPageDirty, tryToReleasePage } from "../struct/page-dirty";
import { getPage, holdPage, putPage, releasePage } from "../struct/page-frame";
import { Vma } from "../struct/vma";
import { shrinkPage } from "./pageout";
import { addToSwap, isSwapFull, tryToFreeSwap } from "./swap";

/**
 * try_to_unmap of a page that is mapped; an anonymous one gets a swap slot first: Fail when swap is full, and for a
 * huge page of the pool, which never goes to swap: only a broken one is unmapped.
 */
function unmapMapped(frame: u32, how: u32): UnmapResult {
  if (pageIsHugetlb(frame) && pageIsAnon(frame)) {
    const marks = pageTest(frame, PageFlag.HwPoison) && !(how & Unmap.IgnoreHwpoison);
    return marks ? tryToUnmap(frame, how) : UnmapResult.Fail;
  }
  const needsSwap = pageIsAnon(frame) && !pageTest(frame, PageFlag.SwapCache);
  if (needsSwap && !addToSwap(frame)) return UnmapResult.Fail;
  return tryToUnmap(frame, how);
}

/**
 * Splits the huge page that a page is part of, if it is: true if it is part of none then. One that nothing maps any
 * more can't be split.
 */
export function splitPage(frame: u32): bool {
  if (!pageCompound(frame)) return true;
  const head = compoundHead(frame);
  if (pageIsHugetlb(head)) return false;
  // A reference by way of the tail would not do: the tail takes it along.
  getPage(head);
  const split = splitHugePage(head);
  putPage(head);
  return split;
}

/** try_to_unmap of one page, or try_to_munlock of what it is part of. */
export function unmapPage(page: u32, how: u32): UnmapResult {
  const munlocks = (how & Unmap.ActionMask) == Unmap.Munlock;
  const frame = munlocks || pageIsHugetlb(compoundHead(page)) ? compoundHead(page) : page;
  holdPage(frame);
  if (pageTail(frame) && !splitPage(frame)) {
    releasePage(frame);
    return UnmapResult.Success;
  }
  lockPage(frame, Doing.PageOperation);
  let result = UnmapResult.Success;
  if (munlocks) {
    const isolated = isolateLruPage(frame);
    result = tryToMunlock(frame);
    if (isolated) putbackLruPage(frame);
  } else {
    if (pageMapped(frame)) result = unmapMapped(frame, how);
    // Its last mapping may have gone before it was unmapped: then no entry leads back to it.
    if (!pageMapped(frame)) tryToFreeSwap(frame);
    // A page that stays need not keep its place when swap is short (activate_locked).
    if (result == UnmapResult.Fail && isSwapFull()) tryToFreeSwap(frame);
  }
  unlockPage(frame);
  putPage(frame);
  return result;
}

/** page_referenced of one page, which stays while it is looked at. */
export function referencedPage(page: u32, memcg: u32): u64 {
  const frame = compoundHead(page);
  getPage(frame);
  const result = pageReferenced(frame, false, memcg);
  putPage(frame);
  return result;
}

/**
 * page_mkclean of one page, as who cleans a page for I/O asks it: entries that were dirty or writable. What they knew
 * of changes the page knows afterwards.
 */
export function cleanPage(page: u32): u32 {
  const frame = compoundHead(page);
  getPage(frame);
  lockPage(frame, Doing.PageOperation);
  const cleaned = pageMkclean(frame);
  if (cleaned && !pageTest(frame, PageFlag.Dirty)) setPageDirty(frame);
  unlockPage(frame);
  putPage(frame);
  return cleaned;
}

/** Takes one page off its list and reclaims it if it can: an inactive one, as no other comes that far. */
export function reclaimPage(frame: u32, force: bool): PageFate {
  if (!isolateNamedPage(frame)) return PageFate.NotIsolated;
  pageClear(frame, PageFlag.Active);
  return shrinkPage(frame, 0, force, 0);
}

/** A reference from outside. */
export function pinPage(frame: u32): void {
  holdPage(frame);
  pageSetPins(frame, pagePins(frame) + 1);
}

/** Gives one back: 0, or EINVAL if there is none but that of an isolation. */
export function unpinPage(frame: u32): i32 {
  const pins = pagePins(frame);
  if (pins == <u32>pageTest(frame, PageFlag.Isolated)) return Errno.EINVAL;
  pageSetPins(frame, pins - 1);
  releasePage(frame);
  return 0;
}

/** Isolation on behalf of JavaScript, whose reference counts as a pin. */
export function isolatePage(frame: u32): bool {
  if (!isolateNamedPage(frame)) return false;
  pageSetPins(frame, pagePins(frame) + 1);
  pageSet(frame, PageFlag.Isolated);
  return true;
}

/** 0, or EINVAL if the page was not isolated. */
export function putbackPage(frame: u32): i32 {
  if (!pageTestAndClear(frame, PageFlag.Isolated)) return Errno.EINVAL;
  pageSetPins(frame, pagePins(frame) - 1);
  putbackLruPage(frame);
  return 0;
}

/** Takes a page's buffers, if it is clean: true if it has none then. */
export function releaseBuffers(page: u32): bool {
  const frame = compoundHead(page);
  getPage(frame);
  lockPage(frame, Doing.PageOperation);
  const released = tryToReleasePage(frame);
  unlockPage(frame);
  putPage(frame);
  return released;
}

/**
 * page_evictable of one page, with a VMA as of one that is new in it: on no list yet.
 * @returns 1 or 0, or -EBUSY of a page on a list, -EINVAL of one that nothing maps or that is never mlocked
 */
export function askEvictable(page: u32, vma: Vma | null): i32 {
  const frame = compoundHead(page);
  if (!vma) return pageEvictable(frame) ? 1 : 0;
  if (!pageMapped(frame) || pageIsHugetlb(frame)) return -Errno.EINVAL;
  if (pageTest(frame, PageFlag.Lru)) return -Errno.EBUSY;
  return askPageEvictable(frame, vma) ? 1 : 0;
}

/** Marks the frame as broken, and leaves the page where it is. */
export function poisonPage(frame: u32): void {
  const head = compoundHead(frame);
  if (pageIsHugetlb(head)) hugePageMarkBroken(head);
  else frameMarkBroken(frame);
}
