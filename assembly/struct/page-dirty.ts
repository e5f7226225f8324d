// A page becomes dirty or clean, with what its file system notes of it. Buffers are what a disk's file
// system attaches to a page before it may become dirty; they hold a reference.

import { VmStat } from "../abi/counter";
import { PageFlag } from "../abi/flag";
import { vmStat } from "../memory/header";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { accountsDirty, AddressSpace, inodeLock, privateLock, treeLock } from "./address-space";
import {
  pageClear,
  pageFileMapping,
  pageRefcount,
  pageSet,
  pageTest,
  pageTestAndClear,
} from "./page";
import { getPage, putPage } from "./page-frame";

function mappingOfPage(frame: u32): AddressSpace | null {
  return changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
}

/** set_page_dirty: true if the page was clean. May be called under a page-table lock. */
export function setPageDirty(frame: u32): bool {
  const mapping = mappingOfPage(frame);
  pageClear(frame, PageFlag.Reclaim);
  if (!mapping || !accountsDirty(mapping)) {
    const clean = !pageTest(frame, PageFlag.Dirty);
    pageSet(frame, PageFlag.Dirty);
    return clean;
  }
  lock(privateLock(mapping), LockClass.PrivateLock, Doing.SetPageDirty);
  const clean = !pageTest(frame, PageFlag.Dirty);
  pageSet(frame, PageFlag.Dirty);
  unlock(privateLock(mapping));
  if (clean) {
    lock(treeLock(mapping), LockClass.TreeLock, Doing.SetPageDirty);
    vmStat(VmStat.NrDirty, 1);
    unlock(treeLock(mapping));
    // The inode joins the list of those with dirty pages, which nobody goes through here.
    lock(inodeLock(mapping), LockClass.InodeLock, Doing.SetPageDirty);
    unlock(inodeLock(mapping));
  }
  return clean;
}

/** Clears PG_dirty and its account: the page is written, or thrown away. Was it dirty? */
export function testClearPageDirty(frame: u32): bool {
  if (!pageTestAndClear(frame, PageFlag.Dirty)) return false;
  const mapping = mappingOfPage(frame);
  if (mapping && accountsDirty(mapping)) vmStat(VmStat.NrDirty, -1);
  return true;
}

/**
 * May a page leave its cache for good? Under that cache's lock, so that nobody finds it once it was asked:
 * only the cache and the caller hold it, and what it says is kept elsewhere.
 */
export function isDisposable(frame: u32): bool {
  return pageRefcount(frame) == 2 && !pageTest(frame, PageFlag.Dirty);
}

/** A page of a disk's file gets buffers. */
export function attachBuffers(mapping: AddressSpace, frame: u32): void {
  if (!accountsDirty(mapping) || pageTest(frame, PageFlag.Private)) return;
  lock(privateLock(mapping), LockClass.PrivateLock, Doing.SetPageDirty);
  pageSet(frame, PageFlag.Private);
  getPage(frame);
  unlock(privateLock(mapping));
}

/** try_to_release_page, of a locked page: true if it has no buffers afterwards. */
export function tryToReleasePage(frame: u32): bool {
  if (!pageTest(frame, PageFlag.Private)) return true;
  if (pageTest(frame, PageFlag.Dirty) || pageTest(frame, PageFlag.Writeback)) return false;
  dropBuffers(frame);
  return true;
}

/** Takes the buffers of a locked page away, whatever it is. */
export function dropBuffers(frame: u32): void {
  const mapping = mappingOfPage(frame);
  if (!mapping || !pageTest(frame, PageFlag.Private)) return;
  lock(privateLock(mapping), LockClass.PrivateLock, Doing.SetPageDirty);
  pageClear(frame, PageFlag.Private);
  unlock(privateLock(mapping));
  putPage(frame);
}
