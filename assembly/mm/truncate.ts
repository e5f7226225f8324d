// Pages of a file go: it shrinks, gets a hole, or its cache is dropped.

import { Invalidate } from "../abi/argument";
import { PageFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { PAGE_SHIFT } from "../abi/unit";
import { fileIndexFirst, fileIndexNext } from "../index/file-index";
import { nonlinearNext } from "../index/nonlinear-list";
import { stepNode } from "../index/step";
import { AddressSpace, File, iMmapMutex, inodeMutex, isHugetlb } from "../struct/address-space";
import { lockPage, pageIndex, pageMapped, pageTest, trylockPage, unlockPage } from "../struct/page";
import { tryToReleasePage } from "../struct/page-dirty";
import { deactivatePage } from "../struct/lru";
import { getPage, putPage } from "../struct/page-frame";
import { pageCacheNext } from "../struct/page-cache";
import { vmaOfNode } from "../struct/interval-node";
import { Vma, vmaLast } from "../struct/vma";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { deleteFromPageCache, invalidateCompletePage, isPageOf } from "./file";
import { fileForget, fileStore } from "./file-data";
import { truncateHugetlbFile } from "./hugetlb-file";
import { waitOnPageWriteback } from "./writeback";
import { zapFilePages } from "./zap";
import { zapNonlinear } from "./zap-nonlinear";

/**
 * Empties every mapping of pages [first, last] of the file. In nonlinear VMAs they may be anywhere.
 * @param evenCows private copies go too
 */
function unmapMappingRange(mapping: AddressSpace, first: u64, last: u64, evenCows: bool): void {
  const only: u32 = evenCows ? 0 : <u32>changetype<usize>(mapping);
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Truncate);
  let node = stepNode(fileIndexFirst(mapping, first, last));
  for (; node; node = stepNode(fileIndexNext(node, first, last))) {
    const vma = vmaOfNode(node);
    const from = max(first, vma.pgoff) - vma.pgoff;
    const to = min(last, vmaLast(vma)) - vma.pgoff + 1;
    zapFilePages(vma, vma.start + (from << PAGE_SHIFT), vma.start + (to << PAGE_SHIFT), only);
  }
  for (let at = mapping.iMmapNonlinear; at;) {
    const vma = changetype<Vma>(<usize>at);
    zapNonlinear(vma, vma.start, vma.end, first, last, only);
    at = nonlinearNext(vma);
  }
  unlock(iMmapMutex(mapping));
}

/** Drops the cached pages [first, last], each under its lock, so that no fault maps it meanwhile. */
function truncateInodePages(mapping: AddressSpace, first: u64, last: u64): void {
  for (let frame = pageCacheNext(mapping, first); frame; frame = pageCacheNext(mapping, first)) {
    if (pageIndex(frame) > last) return;
    getPage(frame);
    lockPage(frame, Doing.Truncate);
    if (isPageOf(mapping, frame)) {
      const index = pageIndex(frame);
      if (pageMapped(frame)) unmapMappingRange(mapping, index, index, false);
      deleteFromPageCache(mapping, frame);
    }
    unlockPage(frame);
    putPage(frame);
  }
}

/** Sets the file's size. Pages beyond a smaller one go, private copies of them too. 0, or EINVAL. */
export function truncateFile(file: File, pages: u64): i32 {
  const mapping = changetype<AddressSpace>(<usize>file.mapping);
  if (isHugetlb(mapping)) return truncateHugetlbFile(mapping, pages);
  lock(inodeMutex(mapping), LockClass.InodeMutex, Doing.Truncate);
  const smaller = pages < mapping.size;
  mapping.size = pages;
  if (smaller) {
    unmapMappingRange(mapping, pages, u64.MAX_VALUE, true);
    truncateInodePages(mapping, pages, u64.MAX_VALUE);
    fileForget(mapping, pages);
    // A private copy may have been made of a page before it was dropped.
    unmapMappingRange(mapping, pages, u64.MAX_VALUE, true);
  }
  unlock(inodeMutex(mapping));
  return 0;
}

/**
 * Frees the pages of a range: they read as zero. Private copies stay, as does the size; one pass is enough.
 * @returns 0, or ENOMEM with nothing changed
 */
export function punchHole(file: File, first: u64, pages: u64): i32 {
  const mapping = changetype<AddressSpace>(<usize>file.mapping);
  const end = min(first + pages, mapping.size);
  if (first >= end) return 0;
  lock(inodeMutex(mapping), LockClass.InodeMutex, Doing.Truncate);
  const stored = fileStore(mapping, first, end - 1, 0);
  if (stored) {
    unmapMappingRange(mapping, first, end - 1, false);
    truncateInodePages(mapping, first, end - 1);
  }
  unlock(inodeMutex(mapping));
  return stored ? 0 : Errno.ENOMEM;
}

/** One page of invalidation: true if it is out of the cache. */
function invalidatePage(mapping: AddressSpace, frame: u32, how: Invalidate): bool {
  if (how == Invalidate.All) {
    waitOnPageWriteback(frame);
    if (pageMapped(frame)) unmapMappingRange(mapping, pageIndex(frame), pageIndex(frame), false);
  }
  if (pageMapped(frame) || pageTest(frame, PageFlag.Writeback)) return false;
  if (pageTest(frame, PageFlag.Dirty) || !tryToReleasePage(frame)) return false;
  // What somebody else holds stays, unless all have to go.
  if (how != Invalidate.All) return invalidateCompletePage(mapping, frame);
  deleteFromPageCache(mapping, frame);
  return true;
}

/** Idle pages are nobody's hurry: one that is locked is in use. */
function lockForInvalidation(frame: u32, how: Invalidate): bool {
  if (how == Invalidate.Idle) return trylockPage(frame, Doing.Truncate);
  lockPage(frame, Doing.Truncate);
  return true;
}

/**
 * Drops cached pages of a range, clean ones only.
 * @returns pages dropped, or with Invalidate.All -EBUSY when one had to stay
 */
export function invalidateRange(file: File, first: u64, pages: u64, how: Invalidate): i32 {
  const mapping = changetype<AddressSpace>(<usize>file.mapping);
  const end = first + pages;
  let dropped = 0;
  let busy = false;
  let from = first;
  for (let frame = pageCacheNext(mapping, from); frame; frame = pageCacheNext(mapping, from)) {
    const index = pageIndex(frame);
    if (index >= end) break;
    from = index + 1;
    getPage(frame);
    if (lockForInvalidation(frame, how)) {
      const ours = isPageOf(mapping, frame);
      const stays = ours && !invalidatePage(mapping, frame, how);
      unlockPage(frame);
      if (stays) busy = true;
      else if (ours) dropped++;
      // Of no use to whoever asked, so others should not wait long for its frame.
      if (stays && how == Invalidate.Idle) deactivatePage(frame);
    }
    putPage(frame);
  }
  return busy && how == Invalidate.All ? -Errno.EBUSY : dropped;
}
