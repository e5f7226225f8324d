// A page gets its charge, and gives it back. What a memcg may have in all is up to its counter (res-counter.ts): that
// is asked before, in mm/memcg-charge.ts.
//
//   charged when                        given back when
//   a new anonymous page is made        its last mapping goes, unless the swap cache has the page
//   a page is mapped from swap          it leaves the swap cache with no mapping
//   a file's page enters the cache      it leaves the cache

import { PageFlag } from "../abi/flag";
import { header } from "../memory/header";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { lruLink, lruLock, lruUnlink } from "./lru";
import { isRootMemcg, memcgAt } from "./memcg";
import { pageIsAnon, pageMapped, pageMapping, pageMemcg, pageSize, pageTest } from "./page";
import {
  isCharged,
  isChargedAsAnon,
  lockPageCgroup,
  PageCgroup,
  pageCgroupClear,
  pageCgroupSet,
  pageCgroupTest,
  setCharged,
  unlockPageCgroup,
} from "./page-cgroup";
import { resUncharge } from "./res-counter";

/** What gives a charge back (MEM_CGROUP_CHARGE_TYPE). */
enum Uncharge {
  /** The last mapping of an anonymous page. */
  Anon,
  /** A file's page that left the cache. */
  Cache,
  /** A page that left the swap cache, while entries still refer to its slot. */
  SwapOut,
  /** A page that left the swap cache, as did its slot. */
  Drop,
}

export function isMemcgEnabled(): bool {
  return header().memcgEnabled != 0;
}

/** mem_cgroup_charge_statistics: pages more, or less if negative. */
export function chargeStatistics(memcg: u32, anon: bool, pages: i32): void {
  const stat = memcgAt(memcg);
  if (anon) stat.rss += pages;
  else stat.cache += pages;
  if (pages > 0) stat.pgpgin++;
  else stat.pgpgout++;
}

/** The page's list is that of its owner: under the LRU lock, off the one and onto the other. */
function changeOwner(frame: u32, memcg: u32, anon: bool): void {
  lock(lruLock(), LockClass.ZoneLru, Doing.Charge);
  const listed = pageTest(frame, PageFlag.Lru);
  if (listed) lruUnlink(frame);
  setCharged(frame, memcg, anon);
  if (listed) lruLink(frame, false);
  unlock(lruLock());
}

/**
 * mem_cgroup_commit_charge: the page has the charge that was got for it.
 * @param onLru it may be on a list of reclaim already, as a page that is mapped from swap
 */
export function commitCharge(memcg: u32, frame: u32, anon: bool, onLru: bool = false): void {
  if (!isMemcgEnabled()) return;
  lockPageCgroup(frame, Doing.Charge);
  assert(!isCharged(frame), "memcg: a page is charged twice");
  if (onLru) changeOwner(frame, memcg, anon);
  else setCharged(frame, memcg, anon);
  chargeStatistics(memcg, anon, pageSize(frame));
  unlockPageCgroup(frame);
}

/** Gives a charge back that no page has got (mem_cgroup_cancel_charge). */
export function cancelCharge(memcg: u32, pages: u32): void {
  if (isMemcgEnabled() && !isRootMemcg(memcg)) resUncharge(memcg, pages);
}

/** Does the page keep its charge, whatever it has lost? */
function keepsCharge(frame: u32, kind: Uncharge, afterMigration: bool): bool {
  if (kind == Uncharge.Cache) return false;
  if (kind == Uncharge.SwapOut) {
    const anon = pageIsAnon(frame);
    // Read from swap and not mapped yet, it belongs to nobody.
    return anon ? pageMapped(frame) : pageMapping(frame) != 0;
  }
  if (pageMapped(frame)) return true;
  return !afterMigration && pageCgroupTest(frame, PageCgroup.Migration);
}

/**
 * mem_cgroup_uncharge_common. The owner stays what it is: the page may be on its list still.
 * @param afterMigration the counter is left alone: only one of two pages was charged there
 */
function uncharge(frame: u32, kind: Uncharge, afterMigration: bool): void {
  if (!isMemcgEnabled() || !isCharged(frame)) return;
  lockPageCgroup(frame, Doing.Uncharge);
  const memcg = pageMemcg(frame);
  if (!isCharged(frame) || keepsCharge(frame, kind, afterMigration)) {
    unlockPageCgroup(frame);
    return;
  }
  const anon = kind == Uncharge.Anon || isChargedAsAnon(frame);
  const pages = <u32>pageSize(frame);
  chargeStatistics(memcg, anon, -(<i32>pages));
  pageCgroupClear(frame, PageCgroup.Used);
  unlockPageCgroup(frame);
  if (!afterMigration && !isRootMemcg(memcg)) resUncharge(memcg, pages);
}

/** mem_cgroup_uncharge_page: an anonymous page, or one that was to be one, unless it is mapped or in the swap cache. */
export function unchargePage(frame: u32): void {
  if (!isMemcgEnabled()) return;
  if (pageMapped(frame) || pageTest(frame, PageFlag.SwapCache)) return;
  uncharge(frame, Uncharge.Anon, false);
}

/** mem_cgroup_uncharge_cache_page: a file's page that has left the page cache, or that did not get in. */
export function unchargeCachePage(frame: u32): void {
  uncharge(frame, Uncharge.Cache, false);
}

/**
 * mem_cgroup_uncharge_swapcache: a page has left the swap cache.
 * @param swapped entries refer to its slot still
 */
export function unchargeSwapcache(frame: u32, swapped: bool): void {
  uncharge(frame, swapped ? Uncharge.SwapOut : Uncharge.Drop, false);
}

/**
 * mem_cgroup_prepare_migration: the page that is to take its place is charged to the same memcg, without the
 * counter, as one of them will go.
 * @returns the memcg, 0 if the page is not charged
 */
export function prepareMigration(frame: u32, target: u32): u32 {
  if (!isMemcgEnabled()) return 0;
  lockPageCgroup(frame, Doing.Migrate);
  const memcg = isCharged(frame) ? pageMemcg(frame) : 0;
  const anon = pageIsAnon(frame);
  if (memcg && anon) pageCgroupSet(frame, PageCgroup.Migration);
  unlockPageCgroup(frame);
  if (memcg) commitCharge(memcg, target, anon);
  return memcg;
}

/** mem_cgroup_end_migration: of the two pages the one that is of no use is uncharged. */
export function endMigration(memcg: u32, frame: u32, target: u32, moved: bool): void {
  if (!memcg) return;
  const used = moved ? target : frame;
  const unused = moved ? frame : target;
  const anon = pageIsAnon(used);
  uncharge(unused, anon ? Uncharge.Anon : Uncharge.Cache, true);
  lockPageCgroup(frame, Doing.Migrate);
  pageCgroupClear(frame, PageCgroup.Migration);
  unlockPageCgroup(frame);
  // Its last mapping may have gone meanwhile, which left the charge to us.
  if (anon) unchargePage(used);
}
