// A page leaves the lists of reclaim for whoever works on it, who holds a reference meanwhile.

import { PageFlag } from "../abi";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { lruLock, lruPutback, lruUnlink } from "./lru";
import { pageRefcount, pageTest } from "./page";
import { getPage, putPage } from "./page-frame";

/**
 * isolate_lru_page: true if the page was on a list, which its flags still name; it is the caller's to put
 * back. The reference is taken under the lock, and not of a page that is about to be freed.
 */
export function isolateLruPage(frame: u32): bool {
  lock(lruLock(), LockClass.ZoneLru, Doing.Lru);
  const isolated = pageTest(frame, PageFlag.Lru) && pageRefcount(frame) > 0;
  if (isolated) {
    getPage(frame);
    lruUnlink(frame);
  }
  unlock(lruLock());
  return isolated;
}

/** isolateLruPage for whoever has no reference: the page stays the same one until the lock is had. */
export function isolateNamedPage(frame: u32): bool {
  getPage(frame);
  const isolated = isolateLruPage(frame);
  putPage(frame);
  return isolated;
}

/** putback_lru_page: to the list that the page belongs on now. Drops isolation's reference. */
export function putbackLruPage(frame: u32): void {
  lruPutback(frame);
  putPage(frame);
}
