// The pool of huge pages, guarded by hugetlb_lock. A page of it is never given back to other uses while the pool
// has its size: when its last reference goes it is free in the pool.
//
//   |  in use  |        free            |
//   |          |  promised  |           |        promised = hugePagesReserved: for faults of mappings that exist
//
// Free pages are a list through the private word of their heads, and have no references.

import { HUGE_PAGES, PageFlag } from "../abi";
import { hasStorageKeys, pageSetStorageKey } from "../arch/storage-key";
import { Header, header } from "../memory/header";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import {
  pageClear,
  pageFlagsAt,
  pageGeneration,
  pagePrivate,
  pageSetIndex,
  pageSetMapping,
  pageSetPins,
  pageSetPrivate,
  pageSetWord,
  pageTest,
  word32,
} from "./page";

/** Handles carry so many generations: a page that has used them all keeps the last. */
const LAST_GENERATION: u32 = 0x1ffffff;

function hugetlbLockAt(): usize {
  return changetype<usize>(header()) + offsetof<Header>("hugetlbLock");
}

export function hugetlbLock(): void {
  lock(hugetlbLockAt(), LockClass.HugetlbLock, Doing.HugetlbPool);
}

export function hugetlbUnlock(): void {
  unlock(hugetlbLockAt());
}

/** Free pages that nobody was promised. */
export function hugePagesAvailable(): i32 {
  const state = header();
  return <i32>state.hugePagesFree - state.hugePagesReserved;
}

/** enqueue_huge_page: a page without references goes to the pool, and handles of what it was are stale. */
export function enqueueHugePage(head: u32): void {
  const state = header();
  store<u32>(pageFlagsAt(head), PageFlag.Head | PageFlag.Hugetlb);
  pageSetMapping(head, 0);
  for (let frame = head; frame < head + <u32>HUGE_PAGES; frame++) {
    const generation = min(pageGeneration(frame) + 1, LAST_GENERATION);
    store<u32>(word32(state.pageGeneration, frame), generation);
    // As of any frame that is free; whoever takes the page writes all of it.
    if (hasStorageKeys()) pageSetStorageKey(frame, 0);
  }
  pageSetPrivate(head, state.hugeFree);
  state.hugeFree = head;
  state.hugePagesFree++;
}

/** Under hugetlb_lock: a free page, zeroed and with one reference, whoever it was promised to; 0 when there is none. */
export function dequeueHugePage(): u32 {
  const state = header();
  const head = state.hugeFree;
  if (!head) return 0;
  state.hugeFree = pagePrivate(head);
  state.hugePagesFree--;
  store<i32>(word32(state.pageRefcount, head), 1);
  pageSetPrivate(head, 0);
  pageSetIndex(head, 0);
  pageSetPins(head, 0);
  for (let frame = head; frame < head + <u32>HUGE_PAGES; frame++) pageSetWord(frame, 0);
  return head;
}

/** free_huge_page: the last reference is gone. False if the page is broken, and leaves the pool. */
export function freeHugePage(head: u32): bool {
  const broken = pageTest(head, PageFlag.HwPoison);
  hugetlbLock();
  if (broken) {
    pageClear(head, PageFlag.Hugetlb);
    header().hugePages--;
  } else {
    enqueueHugePage(head);
  }
  hugetlbUnlock();
  return !broken;
}
