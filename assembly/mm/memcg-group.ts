// Memcgs come and go. What is charged to one that goes is charged to the one above from then on.

import { Reclaim } from "../abi/argument";
import { LruList } from "../abi/counter";
import { PageFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { MemcgStat } from "../abi/switch";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { moveAccount } from "../rmap/move-account";
import { chargeStatistics } from "../struct/memcg-charge";
import {
  cgroupMutex,
  isRootMemcg,
  memcgAlloc,
  memcgAt,
  memcgFree,
  memcgLru,
  memcgOnMoveAt,
} from "../struct/memcg";
import { drainAllStock } from "../struct/memcg-stock";
import { MmStruct } from "../struct/mm-struct";
import { isolateLruPage, putbackLruPage } from "../struct/isolation";
import {
  pageFileMapping,
  pageIsAnon,
  pageMapped,
  pageMemcg,
  pageRefcount,
  pageSetMemcg,
  pageSize,
  pageTest,
  pageIsHugetlb,
} from "../struct/page";
import { PageCgroup, pageCgroupSet, pagesHaveStatFlags, setCharged } from "../struct/page-cgroup";
import { resUnchargeUntil } from "../struct/res-counter";
import { Doing, LockClass } from "../locks";
import { lock, MAX_ACTORS, unlock } from "../sync/lock";
import { synchronizeRcu } from "../sync/rcu";
import { sharedAccess } from "../sync/yield-point";
import { RECLAIM_RETRIES } from "./memcg-charge";
import { reclaimPages } from "./vmscan";

const SWAP_CLUSTER_MAX: u32 = 32;

/** Would the page have been charged if there had been anybody but the root? */
function belongsToRoot(frame: u32): bool {
  if (pageRefcount(frame) <= 0 || pageIsHugetlb(frame)) return false;
  if (!pageIsAnon(frame)) return pageFileMapping(frame) != 0;
  return pageMapped(frame) || pageTest(frame, PageFlag.SwapCache);
}

/** From now on pages are charged: what there is belongs to the root, and is counted once. */
function enableMemcg(): void {
  const state = header();
  state.memcgEnabled = 1;
  const root = memcgAt(state.rootMemcg);
  for (let frame: u32 = 1; frame <= state.frameTop; frame++) {
    if (!belongsToRoot(frame)) continue;
    const anon = pageIsAnon(frame);
    setCharged(frame, state.rootMemcg, anon);
    chargeStatistics(state.rootMemcg, anon, pageSize(frame));
    if (anon || !pageMapped(frame)) continue;
    root.mappedFile++;
    if (pagesHaveStatFlags()) pageCgroupSet(frame, PageCgroup.FileMapped);
  }
}

/** A memcg below another; 0 when memory is exhausted. */
export function memcgCreate(parent: u32): u32 {
  const memcg = memcgAlloc(parent);
  if (memcg && !header().memcgEnabled) enableMemcg();
  return memcg;
}

/** Address spaces in a memcg that somebody uses. */
export function spacesOf(memcg: u32): u32 {
  let n: u32 = 0;
  for (let at = slabNext(Cache.Mm, 0); at; at = slabNext(Cache.Mm, at)) {
    const mm = changetype<MmStruct>(at);
    if (mm.memcg == memcg && mm.users) n++;
  }
  return n;
}

/** Says to those who update page statistics that a move begins (1) or ends (-1). */
function sayMoving(memcg: u32, n: i32): void {
  const state = header();
  if (pagesHaveStatFlags()) {
    for (let processor: u32 = 0; processor < MAX_ACTORS; processor++) {
      const at = memcgOnMoveAt(memcg, processor);
      sharedAccess(at);
      store<u32>(at, load<u32>(at) + n);
    }
    return;
  }
  if (state.memcgStat == <u32>MemcgStat.MoveLockFast) state.memcgMoving += n;
  memcgAt(memcg).movingAccount += n;
}

/**
 * mem_cgroup_start_move: whoever updates page statistics of the memcg takes a lock from here on, its move_lock or, with
 * page-flag, that of the page.
 */
export function startMove(memcg: u32): void {
  sayMoving(memcg, 1);
  // Those that began before do without the lock.
  synchronizeRcu();
}

export function endMove(memcg: u32): void {
  sayMoving(memcg, -1);
}

/** Whom the charges of a memcg go to that is removed. */
function heirOf(memcg: u32): u32 {
  const heir = memcgAt(memcg).chargedTo;
  return heir ? heir : header().rootMemcg;
}

/** mem_cgroup_move_parent: the memcg above has it charged already, if that is hierarchical. */
function moveToParent(frame: u32, memcg: u32): void {
  if (!isolateLruPage(frame)) return;
  const heir = heirOf(memcg);
  // A page of the root is in no counter: v3.7 leaves what is below a hierarchical root in its, where nobody looks.
  const top = isRootMemcg(heir) ? 0 : heir;
  const moved = moveAccount(frame, memcg, heir);
  if (moved) resUnchargeUntil(memcg, top, moved);
  putbackLruPage(frame);
}

function moveList(memcg: u32, list: LruList): void {
  const lru = memcgLru(memcg, list);
  // Those that somebody has taken off meanwhile come back later; those that come back are not looked at again.
  for (let left = lru.count; left && lru.tail; left--) moveToParent(lru.tail, memcg);
}

function isEmpty(memcg: u32): bool {
  for (let list = 0; list < LruList.Count; list++) {
    if (memcgLru(memcg, <LruList>list).count) return false;
  }
  return memcgAt(memcg).usage == 0;
}

function isInUse(memcg: u32): bool {
  const it = memcgAt(memcg);
  return it.children != 0 || it.references != 0 || spacesOf(memcg) != 0;
}

/** Everything that is charged to it goes to the one above. EBUSY if something can't, as nobody finds it on a list. */
function moveCharges(memcg: u32): i32 {
  if (isInUse(memcg)) return Errno.EBUSY;
  drainAllStock(memcg);
  startMove(memcg);
  for (let list = 0; list < LruList.Count; list++) moveList(memcg, <LruList>list);
  endMove(memcg);
  return isEmpty(memcg) ? 0 : Errno.EBUSY;
}

/** memory.force_empty: reclaims what it can, the rest goes to the memcg above. 0, or EBUSY. */
export function memcgForceEmpty(memcg: u32): i32 {
  if (isRootMemcg(memcg)) return Errno.EINVAL;
  lock(cgroupMutex(), LockClass.CgroupMutex, Doing.ChangeCgroup);
  let error = isInUse(memcg) ? Errno.EBUSY : 0;
  if (!error) {
    for (let tries = RECLAIM_RETRIES; tries && memcgAt(memcg).usage;) {
      if (!reclaimPages(memcg, SWAP_CLUSTER_MAX, Reclaim.Direct)) tries--;
    }
    error = moveCharges(memcg);
  }
  unlock(cgroupMutex());
  return error;
}

/** rmdir: 0, EBUSY while it has children, processes, or pages that are in somebody's hands, EINVAL for the root. */
export function memcgRemove(memcg: u32): i32 {
  if (isRootMemcg(memcg)) return Errno.EINVAL;
  lock(cgroupMutex(), LockClass.CgroupMutex, Doing.ChangeCgroup);
  let error = moveCharges(memcg);
  if (!error) {
    // Whoever updates the statistics of a page may be about to take its move_lock.
    synchronizeRcu();
    // Somebody may have come to it in the meantime.
    if (isInUse(memcg) || !isEmpty(memcg)) error = Errno.EBUSY;
  }
  if (!error) {
    forgetOwner(memcg);
    memcgFree(memcg);
  }
  unlock(cgroupMutex());
  return error;
}

/** What may name it still, though it matters to nobody: pages without charge and list, address spaces at their end. */
function forgetOwner(memcg: u32): void {
  const state = header();
  for (let at = slabNext(Cache.Mm, 0); at; at = slabNext(Cache.Mm, at)) {
    const mm = changetype<MmStruct>(at);
    if (mm.memcg == memcg) mm.memcg = state.rootMemcg;
  }
  for (let frame: u32 = 1; frame <= state.frameTop; frame++) {
    if (pageMemcg(frame) == memcg) pageSetMemcg(frame, state.rootMemcg);
  }
}
