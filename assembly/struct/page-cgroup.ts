// The side record of a page (page_cgroup): who it is charged to is in the page arrays (memcg), beside these flags.
//
//   Used        charged: cleared when it is uncharged, while the owner stays what it was
//   Lock        a spinlock: owner and flags change under it
//   Migration   another page is about to take its place: its last unmap does not uncharge it
//
// Up to v3.3 (memcgStat page-flag) it had three more, which later kernels see from the page itself:
//
//   FileMapped  it is in mapped_file of its owner
//   Cache       it is in `cache` of its owner, not in `rss`
//   MoveLock    a spinlock: while charges are moved, owner and FileMapped change under it
//
// While there is no memcg but the root nothing of this is kept: pages get their records when the first one is made.

import { header } from "../memory/header";
import { MemcgStat } from "../abi/switch";
import { Doing, LockClass } from "../locks";
import { lockBit, unlockBit } from "../sync/lock";
import { pageIsAnon, pageMemcg, pageSetMemcg, word32 } from "./page";

export enum PageCgroup {
  Lock = 1,
  Used = 2,
  Migration = 4,
  FileMapped = 8,
  Cache = 16,
  /** In a byte of its own: locks are known by their addresses. */
  MoveLock = 0x100,
}

/** What a split does not hand down (PCGF_NOCOPY_AT_SPLIT). */
const KEPT_AT_SPLIT: u32 = PageCgroup.Lock | PageCgroup.Migration | PageCgroup.MoveLock;

export function pageCgroupAt(frame: u32): usize {
  return word32(header().pageCgroup, frame);
}

export function pageCgroupTest(frame: u32, flag: PageCgroup): bool {
  return (load<u32>(pageCgroupAt(frame)) & flag) != 0;
}

export function pageCgroupSet(frame: u32, flag: PageCgroup): void {
  const at = pageCgroupAt(frame);
  store<u32>(at, load<u32>(at) | flag);
}

export function pageCgroupClear(frame: u32, flag: PageCgroup): void {
  const at = pageCgroupAt(frame);
  store<u32>(at, load<u32>(at) & ~flag);
}

/** Is the page charged? Always false while there is only the root. */
export function isCharged(frame: u32): bool {
  return pageCgroupTest(frame, PageCgroup.Used);
}

/** Where pages have no locks, reclaim for a charge knows all the same the one page that the charge is for. */
export function isLockedForCharge(frame: u32): bool {
  return !CHECKED && frame == header().chargedFrame;
}

export function lockPageCgroup(frame: u32, doing: Doing): void {
  lockBit(pageCgroupAt(frame), LockClass.PageCgroup, doing);
}

export function unlockPageCgroup(frame: u32): void {
  unlockBit(pageCgroupAt(frame));
}

/** move_lock_page_cgroup */
export function moveLockPageCgroup(frame: u32, doing: Doing): void {
  lockBit(pageCgroupAt(frame) + 1, LockClass.PageCgroupMove, doing);
}

export function moveUnlockPageCgroup(frame: u32): void {
  unlockBit(pageCgroupAt(frame) + 1);
}

/** Do side records say what is counted of their pages? */
export function pagesHaveStatFlags(): bool {
  return header().memcgStat == <u32>MemcgStat.PageFlag;
}

/** The page is charged to a memcg, as an anonymous one or as one of a file. */
export function setCharged(frame: u32, memcg: u32, anon: bool): void {
  pageSetMemcg(frame, memcg);
  if (pagesHaveStatFlags()) {
    if (anon) pageCgroupClear(frame, PageCgroup.Cache);
    else pageCgroupSet(frame, PageCgroup.Cache);
  }
  pageCgroupSet(frame, PageCgroup.Used);
}

/** Is the charge of the page one of `rss`? A new page that nobody came to map is not marked as anonymous yet. */
export function isChargedAsAnon(frame: u32): bool {
  return pagesHaveStatFlags() ? !pageCgroupTest(frame, PageCgroup.Cache) : pageIsAnon(frame);
}

/** mem_cgroup_split_huge_fixup: a tail of a huge page becomes a page of its own, charged as its head is. */
export function handDownCharge(head: u32, tail: u32): void {
  pageSetMemcg(tail, pageMemcg(head));
  store<u32>(pageCgroupAt(tail), load<u32>(pageCgroupAt(head)) & ~KEPT_AT_SPLIT);
}

/**
 * Of a page that is on no list and about to be put on one: without a charge nothing keeps its owner from being
 * removed, so the root takes it (mem_cgroup_page_lruvec).
 */
export function leaveFormerOwner(frame: u32): void {
  const state = header();
  if (!state.memcgEnabled || isCharged(frame)) return;
  if (pageMemcg(frame) != state.rootMemcg) pageSetMemcg(frame, state.rootMemcg);
}
