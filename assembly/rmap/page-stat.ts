// The bracket around a change of a page's map count and of what its memcg counts of it (spec/commits.md section 10,
// "After"): nobody moves the page to another memcg in between.
//
//   nobody moves any charge         the read section alone: a move begins with a wait for all of them
//   its memcg's charges are moved   that memcg's move_lock as well
//
// That nobody moves any is asked first with `memcgStat: move-lock-fast`, and not with `move-lock`, which looks for the
// page's memcg each time. `page-flag` has no bracket: page-stat-flag.ts.

import { MemcgStat } from "../abi/switch";
import { header } from "../memory/header";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { rcuReadLock, rcuReadUnlock } from "../sync/rcu";
import { sharedAccess } from "../sync/yield-point";
import { Memcg, memcgAt } from "../struct/memcg";
import { pageIsAnon, pageMapped, pageMemcg } from "../struct/page";
import {
  isCharged,
  moveLockPageCgroup,
  moveUnlockPageCgroup,
  PageCgroup,
  pageCgroupAt,
  pageCgroupTest,
  pagesHaveStatFlags,
} from "../struct/page-cgroup";
import { updateFileMapped } from "./page-stat-flag";

function moveLockOf(memcg: u32): usize {
  return <usize>memcg + offsetof<Memcg>("moveLock");
}

/** move_lock_mem_cgroup: keeps updates of a memcg's page statistics out. */
function moveLockMemcg(memcg: u32, doing: Doing): void {
  lock(moveLockOf(memcg), LockClass.MemcgMove, doing);
}

function moveUnlockMemcg(memcg: u32): void {
  unlock(moveLockOf(memcg));
}

function beginWhileMoving(frame: u32): bool {
  while (true) {
    sharedAccess(pageCgroupAt(frame));
    const memcg = pageMemcg(frame);
    if (!isCharged(frame)) return false;
    sharedAccess(<usize>memcg + offsetof<Memcg>("movingAccount"));
    if (!memcgAt(memcg).movingAccount) return false;
    moveLockMemcg(memcg, Doing.PageStat);
    if (memcg == pageMemcg(frame) && isCharged(frame)) return true;
    moveUnlockMemcg(memcg);
  }
}

/** Is a move of charges under way, or is there nobody who would say so? */
function mayBeMoving(): bool {
  const state = header();
  if (state.memcgStat != <u32>MemcgStat.MoveLockFast) return true;
  sharedAccess(changetype<usize>(state));
  return state.memcgMoving != 0;
}

/** mem_cgroup_begin_update_page_stat: what it returns is for endUpdatePageStat. Not for anonymous pages. */
export function beginUpdatePageStat(frame: u32): bool {
  if (pagesHaveStatFlags()) return false;
  rcuReadLock();
  return mayBeMoving() ? beginWhileMoving(frame) : false;
}

/** mem_cgroup_update_page_stat: a mapped file page more, or less, for whoever the page is charged to. */
export function updateMappedFile(frame: u32, n: i32): void {
  if (pagesHaveStatFlags()) {
    updateFileMapped(frame, n);
    return;
  }
  sharedAccess(pageCgroupAt(frame));
  if (isCharged(frame)) memcgAt(pageMemcg(frame)).mappedFile += n;
}

/** The lock is that of the owner as it is now: it can't have changed, as that takes the lock. */
export function endUpdatePageStat(frame: u32, locked: bool): void {
  if (pagesHaveStatFlags()) return;
  if (locked) moveUnlockMemcg(pageMemcg(frame));
  rcuReadUnlock();
}

/** Keeps updates of a page's statistics out while its charge goes over: with page-flag those of this page alone. */
export function lockPageStat(frame: u32, from: u32): void {
  if (pagesHaveStatFlags()) moveLockPageCgroup(frame, Doing.MoveCharges);
  else moveLockMemcg(from, Doing.MoveCharges);
}

export function unlockPageStat(frame: u32, from: u32): void {
  if (pagesHaveStatFlags()) moveUnlockPageCgroup(frame);
  else moveUnlockMemcg(from);
}

/** Is the page in its memcg's mapped_file? Nobody keeps a note of it but page-flag, which believes the note. */
export function isInMappedFile(frame: u32): bool {
  if (pagesHaveStatFlags()) return pageCgroupTest(frame, PageCgroup.FileMapped);
  return !pageIsAnon(frame) && pageMapped(frame);
}
