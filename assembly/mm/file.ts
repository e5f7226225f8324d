// Files: their open descriptions, and the pages they hold.

import { FileKind } from "../abi/machine";
import { Cache, slabFree } from "../memory/slab";
import { clearCachedPageMlock } from "../rmap/mlock";
import {
  AddressSpace,
  addressSpaceAlloc,
  File,
  fileOpen,
  putFile,
  treeLock,
} from "../struct/address-space";
import { lockPage, pageFileMapping, pageIndex, pageSetMapping, unlockPage } from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import { unchargeCachePage } from "../struct/memcg-charge";
import { dropBuffers, isDisposable, testClearPageDirty } from "../struct/page-dirty";
import { pageCacheFind, pageCacheNext, pageCacheRemove } from "../struct/page-cache";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { fileForgetAll } from "./file-data";
import { hugetlbUnreserve } from "./hugetlb-reserve";
import { waitOnPageWriteback } from "./writeback";

/** A new inode and one open of it, or 0 when memory is exhausted. */
export function fileCreate(kind: FileKind, pages: u64, firstWord: f64): usize {
  const mapping = addressSpaceAlloc(kind, pages, firstWord);
  if (!mapping) return 0;
  const file = fileOpen(changetype<AddressSpace>(mapping));
  if (!file) slabFree(Cache.AddressSpace, mapping);
  return file;
}

/** Drops a user of the open file; with the last one of the inode its pages go. */
export function fileClose(file: u32): void {
  const mapping = changetype<AddressSpace>(<usize>changetype<File>(<usize>file).mapping);
  if (!putFile(file)) return;
  const freed = dropPages(mapping);
  if (mapping.regions) hugetlbUnreserve(mapping, 0, freed);
  fileForgetAll(mapping);
  slabFree(Cache.AddressSpace, changetype<usize>(mapping));
}

/** The cached page at that pgoff with a reference for the caller, 0 if there is none. */
export function findGetPage(mapping: AddressSpace, index: u64): u32 {
  const frame = pageCacheFind(mapping, index);
  if (frame) getPage(frame);
  return frame;
}

/** Under tree_lock. The cache's reference is for the caller to drop. */
function leavePageCache(mapping: AddressSpace, frame: u32): void {
  pageCacheRemove(mapping, pageIndex(frame));
  pageSetMapping(frame, 0);
}

/** Takes the page, which is locked and not mapped, out of the cache, written or not. */
export function deleteFromPageCache(mapping: AddressSpace, frame: u32): void {
  waitOnPageWriteback(frame);
  dropBuffers(frame);
  testClearPageDirty(frame);
  clearCachedPageMlock(frame);
  lock(treeLock(mapping), LockClass.TreeLock, Doing.PageCache);
  leavePageCache(mapping, frame);
  unlock(treeLock(mapping));
  unchargeCachePage(frame);
  putPage(frame);
}

/** remove_mapping, of a locked page without buffers: false if somebody came to it, or wrote to it. */
export function removeFromPageCache(mapping: AddressSpace, frame: u32): bool {
  lock(treeLock(mapping), LockClass.TreeLock, Doing.PageCache);
  const removed = isDisposable(frame);
  if (removed) leavePageCache(mapping, frame);
  unlock(treeLock(mapping));
  if (removed) {
    unchargeCachePage(frame);
    putPage(frame);
  }
  return removed;
}

/** invalidate_complete_page, of a locked page without buffers that nothing maps: as removeFromPageCache. */
export function invalidateCompletePage(mapping: AddressSpace, frame: u32): bool {
  clearCachedPageMlock(frame);
  return removeFromPageCache(mapping, frame);
}

/** Is the page, locked by now, still the file's? It may have left the cache while its lock was waited for. */
export function isPageOf(mapping: AddressSpace, frame: u32): bool {
  return pageFileMapping(frame) == <u32>changetype<usize>(mapping);
}

/** Drops every page of a file that nobody can reach any more: how many there were. */
function dropPages(mapping: AddressSpace): u32 {
  let dropped: u32 = 0;
  for (let frame = pageCacheNext(mapping, 0); frame; frame = pageCacheNext(mapping, 0)) {
    getPage(frame);
    lockPage(frame, Doing.PageCache);
    if (isPageOf(mapping, frame)) {
      deleteFromPageCache(mapping, frame);
      dropped++;
    }
    unlockPage(frame);
    putPage(frame);
  }
  // Reclaim may have taken the last page out and hold the lock still, which goes with the mapping.
  lock(treeLock(mapping), LockClass.TreeLock, Doing.PageCache);
  unlock(treeLock(mapping));
  return dropped;
}
