// What is still locked, or marked as if it were.

import { Violated } from "../../../assembly/violated.js";
import { anonVma, cgroup, file, space, times, type Wordings } from "./words.js";

export const lockWordings = {
  [Violated.LocksHeld]: (actor, locks) =>
    `${times(locks, "lock is", "locks are")} still held` + (actor ? ` by actor ${actor}` : ""),
  [Violated.MmLocked]: (pid) => `mmap_sem or page_table_lock of ${space(pid)} is still taken`,
  [Violated.PageLocked]: (frame) => `page ${frame} is still locked`,
  [Violated.SideRecordLocked]: (frame) =>
    `the side record of page ${frame} is still locked, or waits for a migration`,
  [Violated.MemcgLocked]: (memcg) =>
    memcg < 0 ? "cgroup_mutex is still taken" : `a lock of ${cgroup(memcg)} is still taken`,
  [Violated.AllLocks]: (inode, number) =>
    `${inode ? file(inode) : anonVma(number)} is still marked by mm_take_all_locks`,
} satisfies Wordings;
