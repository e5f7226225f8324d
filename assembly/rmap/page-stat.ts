// The bracket around a change of a page's map count and of what its memcg counts of it (spec/commits.md section 10,
// "After"): nobody moves the page to another memcg in between. `memcgStat: move-lock-fast`.
//
//   nobody moves any charge         the read section alone: a move begins with a wait for all of them
//   its memcg's charges are moved   that memcg's move_lock as well

import { header } from "../memory/header";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { rcuReadLock, rcuReadUnlock } from "../sync/rcu";
import { sharedAccess } from "../sync/yield-point";
import { Memcg, memcgAt } from "../struct/memcg";
import { pageMemcg } from "../struct/page";
import { isCharged, pageCgroupAt } from "../struct/page-cgroup";

function moveLockOf(memcg: u32): usize {
  return <usize>memcg + offsetof<Memcg>("moveLock");
}

/** move_lock_mem_cgroup: keeps updates of a memcg's page statistics out. */
export function moveLockMemcg(memcg: u32, doing: Doing): void {
  lock(moveLockOf(memcg), LockClass.MemcgMove, doing);
}

export function moveUnlockMemcg(memcg: u32): void {
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

/** mem_cgroup_begin_update_page_stat: what it returns is for endUpdatePageStat. Not for anonymous pages. */
export function beginUpdatePageStat(frame: u32): bool {
  rcuReadLock();
  sharedAccess(changetype<usize>(header()));
  return header().memcgMoving ? beginWhileMoving(frame) : false;
}

/** mem_cgroup_update_page_stat: a mapped file page more, or less, for whoever the page is charged to. */
export function updateMappedFile(frame: u32, n: i32): void {
  sharedAccess(pageCgroupAt(frame));
  if (isCharged(frame)) memcgAt(pageMemcg(frame)).mappedFile += n;
}

/** The lock is that of the owner as it is now: it can't have changed, as that takes the lock. */
export function endUpdatePageStat(frame: u32, locked: bool): void {
  if (locked) moveUnlockMemcg(pageMemcg(frame));
  rcuReadUnlock();
}
