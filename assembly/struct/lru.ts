// The lists of reclaim, guarded by the zone's LRU lock. A page is on at most one, that of its memcg:
//
//                    anonymous, tmpfs           files
//   active           ActiveAnon                 ActiveFile        referenced lately
//   inactive         InactiveAnon               InactiveFile      next to go
//   Unevictable: mlocked, or of a file system that keeps its pages in memory

import { LruList, VmStat } from "../abi/counter";
import { PageFlag } from "../abi/flag";
import { Header, header, vmStat } from "../memory/header";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { AddressSpace, isUnevictable } from "./address-space";
import { Lru, memcgLru } from "./memcg";
import {
  pageClear,
  pageFileMapping,
  pageIsHuge,
  pageMapped,
  pageMemcg,
  pageSet,
  pageTest,
  pageTestAndClear,
  word32,
} from "./page";
import { leaveFormerOwner } from "./page-cgroup";

export function lruLock(): usize {
  return changetype<usize>(header()) + offsetof<Header>("lruLock");
}

export function lruNext(frame: u32): u32 {
  return load<u32>(word32(header().pageLruNext, frame));
}

export function lruPrev(frame: u32): u32 {
  return load<u32>(word32(header().pageLruPrev, frame));
}

/** Makes a page that was taken off its list lead to another one that was. */
export function lruChain(frame: u32, next: u32): void {
  setNext(frame, next);
}

function setNext(frame: u32, next: u32): void {
  store<u32>(word32(header().pageLruNext, frame), next);
}

function setPrev(frame: u32, prev: u32): void {
  store<u32>(word32(header().pageLruPrev, frame), prev);
}

/** page_lru: the list its flags say it belongs on. */
export function pageLru(frame: u32): LruList {
  if (pageTest(frame, PageFlag.Unevictable)) return LruList.Unevictable;
  const base = pageTest(frame, PageFlag.SwapBacked) ? LruList.InactiveAnon : LruList.InactiveFile;
  return pageTest(frame, PageFlag.Active) ? base + 1 : base;
}

function listOf(frame: u32): Lru {
  return memcgLru(pageMemcg(frame), pageLru(frame));
}

/** Under the LRU lock: links a page, whose flags say where, at the head or at the tail. */
export function lruLink(frame: u32, tail: bool): void {
  const list = listOf(frame);
  pageSet(frame, PageFlag.Lru);
  const neighbour = tail ? list.tail : list.head;
  setNext(frame, tail ? 0 : neighbour);
  setPrev(frame, tail ? neighbour : 0);
  if (!neighbour) {
    list.head = frame;
    list.tail = frame;
  } else if (tail) {
    setNext(neighbour, frame);
    list.tail = frame;
  } else {
    setPrev(neighbour, frame);
    list.head = frame;
  }
  list.count++;
  if (pageIsHuge(frame)) list.huge++;
}

/** Under the LRU lock. */
export function lruUnlink(frame: u32): void {
  const list = listOf(frame);
  const next = lruNext(frame);
  const prev = lruPrev(frame);
  if (prev) setNext(prev, next);
  else list.head = next;
  if (next) setPrev(next, prev);
  else list.tail = prev;
  list.count--;
  if (pageIsHuge(frame)) list.huge--;
  pageClear(frame, PageFlag.Lru);
}

/** Under the LRU lock: links a page before another one, which is on the list that the page's flags say. */
function linkBefore(frame: u32, other: u32): void {
  const list = listOf(frame);
  pageSet(frame, PageFlag.Lru);
  const prev = lruPrev(other);
  setNext(frame, other);
  setPrev(frame, prev);
  setPrev(other, frame);
  if (prev) setNext(prev, frame);
  else list.head = frame;
  list.count++;
}

/** Under the LRU lock: a page on a list is huge no more. */
export function lruForgetHuge(frame: u32): void {
  listOf(frame).huge--;
}

/**
 * lru_add_page_tail: under the LRU lock, a page that was a huge page's tail comes to stand before the head, which is
 * the next to be looked at. If somebody has isolated the head, it is the next by itself.
 */
export function lruAddPageTail(head: u32, frame: u32): void {
  if (!pageEvictable(frame)) pageSet(frame, PageFlag.Unevictable);
  else if (pageTest(head, PageFlag.Active)) pageSet(frame, PageFlag.Active);
  if (!pageTest(head, PageFlag.Lru)) lruLink(frame, true);
  else if (pageLru(head) == pageLru(frame)) linkBefore(frame, head);
  else lruLink(frame, false);
}

/** A page that is freed leaves its list. */
export function lruRemove(frame: u32): void {
  lock(lruLock(), LockClass.ZoneLru, Doing.Lru);
  lruUnlink(frame);
  unlock(lruLock());
}

/** Puts a page that is on no list on its inactive or active one. */
export function lruCacheAdd(frame: u32, active: bool): void {
  assert(!pageTest(frame, PageFlag.Lru), "lru: page added that is on a list");
  lock(lruLock(), LockClass.ZoneLru, Doing.Lru);
  leaveFormerOwner(frame);
  pageClear(frame, PageFlag.Unevictable);
  if (active) pageSet(frame, PageFlag.Active);
  else pageClear(frame, PageFlag.Active);
  lruLink(frame, false);
  unlock(lruLock());
}

/** Puts a page that is on no list on the unevictable one. */
export function addPageToUnevictableList(frame: u32): void {
  lock(lruLock(), LockClass.ZoneLru, Doing.Lru);
  leaveFormerOwner(frame);
  pageSet(frame, PageFlag.Unevictable);
  pageClear(frame, PageFlag.Active);
  lruLink(frame, false);
  unlock(lruLock());
}

/** page_evictable: two bits are read, nothing changes (spec/commits.md section 4, "after"). */
export function pageEvictable(frame: u32): bool {
  const mapping = pageFileMapping(frame);
  if (mapping && isUnevictable(changetype<AddressSpace>(<usize>mapping))) return false;
  return !pageTest(frame, PageFlag.Mlocked);
}

/** activate_page: from the inactive list to the active one. */
export function activatePage(frame: u32): void {
  lock(lruLock(), LockClass.ZoneLru, Doing.Lru);
  const idle =
    pageTest(frame, PageFlag.Lru) &&
    !pageTest(frame, PageFlag.Active) &&
    !pageTest(frame, PageFlag.Unevictable);
  if (idle) {
    lruUnlink(frame);
    pageSet(frame, PageFlag.Active);
    lruLink(frame, false);
    vmStat(VmStat.PgActivate, 1);
  }
  unlock(lruLock());
}

/** rotate_reclaimable_page: its I/O is done, so it is the next to go, if nothing else has become of it. */
export function rotateReclaimablePage(frame: u32): void {
  if (pageTest(frame, PageFlag.Locked) || pageTest(frame, PageFlag.Dirty)) return;
  lock(lruLock(), LockClass.ZoneLru, Doing.Lru);
  const idle = pageTest(frame, PageFlag.Lru) && !pageTest(frame, PageFlag.Active);
  if (idle && !pageTest(frame, PageFlag.Unevictable)) {
    lruUnlink(frame);
    lruLink(frame, true);
    vmStat(VmStat.PgRotated, 1);
  }
  unlock(lruLock());
}

/**
 * deactivate_page: a page that is not mapped goes to the inactive list, as the next to go; one that has to be
 * written first waits at its head.
 */
export function deactivatePage(frame: u32): void {
  lock(lruLock(), LockClass.ZoneLru, Doing.Lru);
  const idle = pageTest(frame, PageFlag.Lru) && !pageMapped(frame);
  if (idle && !pageTest(frame, PageFlag.Unevictable)) {
    lruUnlink(frame);
    if (pageTestAndClear(frame, PageFlag.Active)) vmStat(VmStat.PgDeactivate, 1);
    pageClear(frame, PageFlag.Referenced);
    const busy = pageTest(frame, PageFlag.Dirty) || pageTest(frame, PageFlag.Writeback);
    if (busy) pageSet(frame, PageFlag.Reclaim);
    else vmStat(VmStat.PgRotated, 1);
    lruLink(frame, !busy);
  }
  unlock(lruLock());
}

/** mark_page_accessed: the first touch sets PG_referenced, the second activates. */
export function markPageAccessed(frame: u32): void {
  const inactive = !pageTest(frame, PageFlag.Active) && !pageTest(frame, PageFlag.Unevictable);
  if (inactive && pageTest(frame, PageFlag.Referenced) && pageTest(frame, PageFlag.Lru)) {
    activatePage(frame);
    pageClear(frame, PageFlag.Referenced);
  } else {
    pageSet(frame, PageFlag.Referenced);
  }
}
