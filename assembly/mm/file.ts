// Files: their open descriptions, and the pages they hold.

import { FileKind, PageFlag } from "../abi";
import { Cache, slabFree } from "../memory/slab";
import {
  AddressSpace,
  addressSpaceAlloc,
  File,
  fileOpen,
  isSwapBacked,
  putFile,
} from "../struct/address-space";
import {
  getPage,
  lockPage,
  pageAlloc,
  pageClear,
  pageIndex,
  pageSet,
  pageSetIndex,
  pageSetMapping,
  pageSetWord,
  putPage,
  unlockPage,
} from "../struct/page";
import {
  pageCacheFind,
  pageCacheInsert,
  pageCacheNext,
  pageCacheRemove,
} from "../struct/page-cache";
import { lock, LockClass, unlock } from "../sync/lock";

function treeLock(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("treeLock");
}

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
  dropPages(mapping);
  slabFree(Cache.AddressSpace, changetype<usize>(mapping));
}

/** What the page at that pgoff contains before anybody wrote to it. */
function initialWord(mapping: AddressSpace, index: u64): f64 {
  return index < mapping.dataEnd ? mapping.firstWord + <f64>index : 0;
}

/** The cached page at that pgoff with a reference for the caller, 0 if there is none. */
function findGetPage(mapping: AddressSpace, index: u64): u32 {
  const frame = pageCacheFind(mapping, index);
  if (frame) getPage(frame);
  return frame;
}

/**
 * The page at that pgoff, read if it is not cached, with a reference for the caller.
 * @returns 0 when memory is exhausted
 */
export function pageCacheRead(mapping: AddressSpace, index: u64): u32 {
  const cached = findGetPage(mapping, index);
  if (cached) return cached;
  const frame = pageAlloc();
  if (!frame) return 0;
  pageSetWord(frame, initialWord(mapping, index));
  pageSetMapping(frame, <u32>changetype<usize>(mapping));
  pageSetIndex(frame, index);
  pageSet(frame, PageFlag.Uptodate);
  if (isSwapBacked(mapping)) pageSet(frame, PageFlag.SwapBacked);
  lock(treeLock(mapping), LockClass.TreeLock);
  // Somebody may have read it in the meantime: then ours goes.
  const other = findGetPage(mapping, index);
  const added = !other && pageCacheInsert(mapping, index, frame);
  if (added) getPage(frame);
  unlock(treeLock(mapping));
  if (added) return frame;
  pageSetMapping(frame, 0);
  putPage(frame);
  return other;
}

/** Takes the page, which is locked and not mapped, out of the cache. */
export function deleteFromPageCache(mapping: AddressSpace, frame: u32): void {
  lock(treeLock(mapping), LockClass.TreeLock);
  pageCacheRemove(mapping, pageIndex(frame));
  unlock(treeLock(mapping));
  pageSetMapping(frame, 0);
  pageClear(frame, PageFlag.Dirty);
  putPage(frame);
}

/** Drops every page of a file that nobody can reach any more. */
function dropPages(mapping: AddressSpace): void {
  for (let frame = pageCacheNext(mapping, 0); frame; frame = pageCacheNext(mapping, 0)) {
    getPage(frame);
    lockPage(frame);
    deleteFromPageCache(mapping, frame);
    unlockPage(frame);
    putPage(frame);
  }
}
