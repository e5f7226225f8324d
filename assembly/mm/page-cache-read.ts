// A page of a file comes into the page cache.

import { PageFlag } from "../abi/flag";
import { AddressSpace, isSwapBacked, treeLock } from "../struct/address-space";
import { unchargeCachePage } from "../struct/memcg-charge";
import {
  pageIndex,
  pageSet,
  pageSetIndex,
  pageSetMapping,
  pageSetWord,
  setPageUptodate,
} from "../struct/page";
import { pageCacheInsert } from "../struct/page-cache";
import { getPage, pageAlloc, putPage } from "../struct/page-frame";
import { lruCacheAdd } from "../struct/lru";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { findGetPage } from "./file";
import { fileWord } from "./file-data";
import { chargeCachePage } from "./memcg-charge";

/** Fills a page that is in the cache: what is written from now on is written to this page. */
function readPage(mapping: AddressSpace, frame: u32): void {
  const word = fileWord(mapping, pageIndex(frame));
  pageSetWord(frame, word);
  setPageUptodate(frame);
  if (!isSwapBacked(mapping)) return;
  pageSet(frame, PageFlag.SwapBacked);
  // What is in memory only was written there by somebody. A hole was not.
  if (word) pageSet(frame, PageFlag.Dirty);
}

/**
 * The page at that pgoff, read if it is not cached, with a reference for the caller.
 * @param mm to whose memcg a page that is read is charged; 0: to the root
 * @returns 0 when memory, or what the memcg may have of it, is exhausted
 */
export function pageCacheRead(mapping: AddressSpace, index: u64, mm: usize): u32 {
  const cached = findGetPage(mapping, index);
  if (cached) return cached;
  const frame = pageAlloc();
  if (!frame) return 0;
  if (!chargeCachePage(frame, mm)) {
    putPage(frame);
    return 0;
  }
  pageSetMapping(frame, <u32>changetype<usize>(mapping));
  pageSetIndex(frame, index);
  lock(treeLock(mapping), LockClass.TreeLock, Doing.PageCache);
  // Somebody may have read it in the meantime: then ours goes.
  const other = findGetPage(mapping, index);
  const added = !other && pageCacheInsert(mapping, index, frame);
  if (added) {
    getPage(frame);
    readPage(mapping, frame);
  }
  unlock(treeLock(mapping));
  if (added) {
    lruCacheAdd(frame, false);
    return frame;
  }
  pageSetMapping(frame, 0);
  unchargeCachePage(frame);
  putPage(frame);
  return other;
}
