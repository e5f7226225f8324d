// A page moves to another frame (spec/rmap.md Part 3, "Migration of one page"): every entry becomes a
// migration entry, contents and identity go over, every migration entry becomes one for the new frame.

import { Unmap } from "../abi/argument";
import { VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag } from "../abi/flag";
import { MigrateResult } from "../abi/result";
import { event } from "../memory/event";
import { vmStat } from "../memory/header";
import { putAnonVma } from "../rmap/anon-vma";
import { pageGetAnonVma } from "../rmap/page-lock";
import { tryToUnmap } from "../rmap/unmap";
import { removeMigrationPtes } from "../rmap/walk";
import { AddressSpace, isUnevictable, treeLock } from "../struct/address-space";
import { endMigration, prepareMigration } from "../struct/memcg-charge";
import { copyHugePage } from "../struct/huge-page";
import {
  dequeueHugePage,
  hugePagesAvailable,
  hugetlbLock,
  hugetlbUnlock,
} from "../struct/huge-pool";
import { isolateLruPage, putbackLruPage } from "../struct/isolation";
import {
  compoundHead,
  pageClear,
  pageFileMapping,
  pageFlags,
  pageIndex,
  pageIsAnon,
  pageIsKsm,
  pageMapped,
  pageMapping,
  pagePrivate,
  pageReadWord,
  pageRefcount,
  pageSet,
  pageSetIndex,
  pageSetMapping,
  pageSetPrivate,
  pageSetWord,
  pageTest,
  pageTestAndClear,
  setPageUptodate,
  trylockPage,
  unlockPage,
  pageIsHugetlb,
} from "../struct/page";
import { pageCacheReplace } from "../struct/page-cache";
import { getPage, holdPage, pageAlloc, putPage, releasePage } from "../struct/page-frame";
import { slotAt, swapLock } from "../struct/swap-slot";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { splitPage } from "./page-operation";
import { waitOnPageWriteback } from "./writeback";

/** What goes over with the contents. */
const COPIED: u32 =
  PageFlag.Referenced |
  PageFlag.Dirty |
  PageFlag.SwapCache |
  PageFlag.SwapBacked |
  PageFlag.Unevictable |
  PageFlag.Private;

/** Whoever else holds the page goes on using the old frame. */
function isHeldElsewhere(frame: u32, cached: u32): bool {
  const buffers = pageTest(frame, PageFlag.Private) ? 1 : 0;
  return pageRefcount(frame) != <i32>(1 + cached + buffers);
}

/**
 * migrate_page_move_mapping: the new page takes the place of the old in its cache, under the cache's lock,
 * so that nobody finds the old one between the look at its references and the end.
 */
function replaceInCache(frame: u32, target: u32): bool {
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  const swapCache = pageTest(frame, PageFlag.SwapCache);
  if (!swapCache && !mapping) return !isHeldElsewhere(frame, 0);
  const guard = swapCache ? swapLock() : treeLock(<AddressSpace>mapping);
  lock(guard, swapCache ? LockClass.SwapLock : LockClass.TreeLock, Doing.Migrate);
  const free = !isHeldElsewhere(frame, 1);
  if (free) {
    if (swapCache) {
      pageSetPrivate(target, pagePrivate(frame));
      slotAt(<usize>pagePrivate(frame)).frame = target;
      pageSetPrivate(frame, 0);
    } else {
      pageCacheReplace(<AddressSpace>mapping, pageIndex(frame), target);
    }
    pageSetIndex(target, pageIndex(frame));
    pageSetMapping(target, pageMapping(frame));
    pageSet(target, pageFlags(frame) & PageFlag.SwapCache);
    getPage(target);
    putPage(frame);
  }
  unlock(guard);
  return free;
}

/** mlock_migrate_page: the mark goes over, and as many pages have it. Since v3.7 the last unmap has cleared it before. */
function mlockMigratePage(target: u32, frame: u32): void {
  if (pageTestAndClear(frame, PageFlag.Mlocked)) pageSet(target, PageFlag.Mlocked);
}

/** migrate_page_copy: contents and flags go over. */
function moveMapping(frame: u32, target: u32): bool {
  if (!replaceInCache(frame, target)) return false;
  pageSetIndex(target, pageIndex(frame));
  pageSetMapping(target, pageMapping(frame));
  if (pageIsHugetlb(frame)) copyHugePage(target, frame);
  else pageSetWord(target, pageReadWord(frame));
  pageSet(target, pageFlags(frame) & COPIED);
  if (pageTest(frame, PageFlag.Uptodate)) setPageUptodate(target);
  if (pageTest(frame, PageFlag.Active)) pageSet(target, PageFlag.Active);
  mlockMigratePage(target, frame);
  if (pageTest(frame, PageFlag.Private)) {
    getPage(target);
    putPage(frame);
  }
  pageClear(frame, PageFlag.SwapCache);
  pageClear(frame, PageFlag.Private);
  pageClear(frame, PageFlag.Dirty);
  return true;
}

/** A file system without a way to migrate pages writes them first; one that is only memory can't do that either. */
function canNotMove(frame: u32): bool {
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  return mapping != null && isUnevictable(mapping) && pageTest(frame, PageFlag.Dirty);
}

/** Of a locked page, which the caller holds; the new page is locked too. */
function unmapAndMove(frame: u32, target: u32): MigrateResult {
  if (pageIsKsm(frame)) return MigrateResult.Refused;
  const memcg = prepareMigration(frame, target);
  const result = unmapAndMoveCharged(frame, target);
  endMigration(memcg, frame, target, result == MigrateResult.Moved);
  return result;
}

function unmapAndMoveCharged(frame: u32, target: u32): MigrateResult {
  waitOnPageWriteback(frame);
  const pinned = pageIsAnon(frame) ? pageGetAnonVma(frame) : null;
  const anonymous = pageIsAnon(frame);
  // An anonymous page that nothing maps has no anon_vma to come back through: only the swap cache knows it.
  if (anonymous && !pinned && !pageTest(frame, PageFlag.SwapCache)) return MigrateResult.Busy;
  const restores = !anonymous || pinned != null;
  if (pageMapped(frame)) {
    tryToUnmap(frame, Unmap.Migration | Unmap.IgnoreMlock | Unmap.IgnoreAccess);
  }
  const stuck = canNotMove(frame);
  const moved = !stuck && !pageMapped(frame) && moveMapping(frame, target);
  if (restores) {
    const restored = removeMigrationPtes(frame, moved ? target : frame);
    if (moved) event(Event.Migrated, <f64>frame, <f64>target, <f64>restored);
  }
  // Until now whoever met a migration entry could tell by it what kind of page is on its way.
  if (moved) pageSetMapping(frame, 0);
  if (pinned) putAnonVma(pinned);
  if (stuck) return MigrateResult.Refused;
  return moved ? MigrateResult.Moved : MigrateResult.Busy;
}

/**
 * unmap_and_move_huge_page: a huge page of the pool, which is on no list, moves to another one that is free and not
 * promised.
 */
function migrateHugetlbPage(head: u32): u64 {
  if (pageTest(head, PageFlag.HwPoison)) return MigrateResult.Busy;
  getPage(head);
  hugetlbLock();
  const target = hugePagesAvailable() > 0 ? dequeueHugePage() : 0;
  hugetlbUnlock();
  let result = target ? MigrateResult.Busy : MigrateResult.NoMemory;
  if (target && trylockPage(head, Doing.Migrate)) {
    trylockPage(target, Doing.Migrate);
    result = unmapAndMove(head, target);
    unlockPage(target);
    unlockPage(head);
  }
  const moved = result == MigrateResult.Moved;
  vmStat(moved ? VmStat.PgMigrateSuccess : VmStat.PgMigrateFail, 1);
  putPage(head);
  if (target) putPage(target);
  return moved ? ((<u64>target) << 32) | (<u64>result) : <u64>result;
}

/**
 * Moves one page to a new frame.
 * @returns MigrateResult in the low half, the new frame in the upper one (0: none)
 */
export function migratePage(frame: u32): u64 {
  if (pageIsHugetlb(compoundHead(frame))) return migrateHugetlbPage(compoundHead(frame));
  // Whoever asks for one page of a huge one gets that one moved (FOLL_SPLIT).
  holdPage(frame);
  const isolated = splitPage(frame) && isolateLruPage(frame);
  releasePage(frame);
  if (!isolated) return MigrateResult.Busy;
  const target = pageAlloc();
  if (!target) {
    putbackLruPage(frame);
    return MigrateResult.NoMemory;
  }
  let result = MigrateResult.Busy;
  if (trylockPage(frame, Doing.Migrate)) {
    trylockPage(target, Doing.Migrate);
    result = unmapAndMove(frame, target);
    unlockPage(target);
    unlockPage(frame);
  }
  const moved = result == MigrateResult.Moved;
  vmStat(moved ? VmStat.PgMigrateSuccess : VmStat.PgMigrateFail, 1);
  if (!moved) {
    putbackLruPage(frame);
    putPage(target);
    return <u64>result;
  }
  putPage(frame);
  putbackLruPage(target);
  return ((<u64>target) << 32) | (<u64>result);
}
