// A page leaves the lists of reclaim for whoever works on it, who holds a reference meanwhile.

import { VmStat } from "../abi/counter";
import { PageFlag } from "../abi/flag";
import { vmStat } from "../memory/header";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import {
  addPageToUnevictableList,
  lruCacheAdd,
  lruChain,
  lruLink,
  lruLock,
  lruUnlink,
  pageEvictable,
} from "./lru";
import { Lru } from "./memcg";
import { pageRefcount, pageTail, pageTest, pageTestAndClear } from "./page";
import { leaveFormerOwner } from "./page-cgroup";
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

/**
 * isolate_lru_pages: takes the n pages that have been on a list longest off it, with a reference each, all before
 * anything is done with one of them. What becomes of one may change what list another belongs on, and each is to be
 * looked at once.
 * @returns the first of them, 0 if there is none; each leads to the one after it (lruNext)
 */
export function isolateLruPages(list: Lru, n: u32): u32 {
  let first: u32 = 0;
  let last: u32 = 0;
  lock(lruLock(), LockClass.ZoneLru, Doing.Reclaim);
  // One without references is about to be freed: whoever frees it takes it off the list.
  for (let left = n; left && list.tail && pageRefcount(list.tail) > 0; left--) {
    const frame = list.tail;
    getPage(frame);
    lruUnlink(frame);
    lruChain(frame, 0);
    if (last) lruChain(last, frame);
    else first = frame;
    last = frame;
  }
  unlock(lruLock());
  return first;
}

/**
 * isolateLruPage for whoever has no reference: the page stays the same one until the lock is had. A huge page's tails
 * are on no list.
 */
export function isolateNamedPage(frame: u32): bool {
  if (pageTail(frame)) return false;
  getPage(frame);
  const isolated = isolateLruPage(frame);
  putPage(frame);
  return isolated;
}

/** To the list that the page's flags ask for: true if it is one of those that reclaim goes over. */
function relinkByFlags(frame: u32, active: bool): bool {
  const evictable = pageEvictable(frame);
  if (evictable) lruCacheAdd(frame, active);
  else addPageToUnevictableList(frame);
  return evictable;
}

/**
 * putback_lru_page: to the list that the page belongs on now. Drops isolation's reference.
 *
 * Whoever clears PG_mlocked takes the page off the unevictable list himself, if he finds it there. He does not
 * when he comes before it is linked, so the flag is looked at once more afterwards.
 */
export function putbackLruPage(frame: u32): void {
  const active = pageTestAndClear(frame, PageFlag.Active);
  const was = pageTestAndClear(frame, PageFlag.Unevictable);
  let evictable = relinkByFlags(frame, active);
  while (!evictable && pageEvictable(frame) && isolateLruPage(frame)) {
    putPage(frame);
    evictable = relinkByFlags(frame, active);
  }
  if (was && evictable) vmStat(VmStat.UnevictablePgsRescued, 1);
  else if (!was && !evictable) vmStat(VmStat.UnevictablePgsCulled, 1);
  putPage(frame);
}

/**
 * putback_inactive_pages, for one: back to the head of the list that its flags say, without the reference. It
 * is asked under the lock whether it may be there: who mlocks it later will find it on its list. One that came
 * from the unevictable list, and was munlocked meanwhile, does not go back there.
 */
export function relinkPage(frame: u32): void {
  lock(lruLock(), LockClass.ZoneLru, Doing.Reclaim);
  const stays = pageEvictable(frame) && !pageTest(frame, PageFlag.Unevictable);
  if (stays) {
    leaveFormerOwner(frame);
    lruLink(frame, false);
  }
  unlock(lruLock());
  if (stays) putPage(frame);
  else putbackLruPage(frame);
}
