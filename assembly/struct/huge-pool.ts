// The pool of huge pages, guarded by hugetlb_lock. A page of it is never given back to other uses while the pool
// has its size: when its last reference goes it is free in the pool.
//
//   |  in use  |        free            |
//   |          |  promised  |           |        promised = hugePagesReserved: for faults of mappings that exist
//
// Free pages are a list through the private word of their heads, and have no references. A page of which a frame is
// broken (memory_failure) is held for ever, and stays in the pool; one that was only marked so leaves the pool when it
// would be free.

import { PageFlag } from "../abi/flag";
import { HUGE_PAGES } from "../abi/unit";
import { hasStorageKeys, pageSetStorageKey } from "../arch/storage-key";
import { Header, header } from "../memory/header";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { frameMarkBroken } from "./frame-list";
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

/**
 * set_page_hwpoison_huge_page: all of its frames are taken for broken, as none of them can be kept from the others.
 * False if that was known.
 */
export function hugePageMarkBroken(head: u32): bool {
  if (!frameMarkBroken(head)) return false;
  for (let tail = head + 1; tail < head + <u32>HUGE_PAGES; tail++) frameMarkBroken(tail);
  return true;
}

/**
 * dequeue_hwpoisoned_huge_page: a free page is in nobody's reach from now on, though the pool counts it; it has one
 * reference. False if it is not free (any more).
 */
export function dequeueHwpoisonedHugePage(head: u32): bool {
  const state = header();
  hugetlbLock();
  let before: u32 = 0;
  let at = state.hugeFree;
  while (at && at != head) {
    before = at;
    at = pagePrivate(at);
  }
  if (at) {
    if (before) pageSetPrivate(before, pagePrivate(head));
    else state.hugeFree = pagePrivate(head);
    pageSetPrivate(head, 0);
    // Also when it was promised: somebody's fault will find the pool empty.
    state.hugePagesFree--;
    store<i32>(word32(state.pageRefcount, head), 1);
  }
  hugetlbUnlock();
  return at != 0;
}

/** free_huge_page: the last reference is gone. False if the page is broken, and leaves the pool. */
export function freeHugePage(head: u32): bool {
  hugetlbLock();
  const broken = pageTest(head, PageFlag.HwPoison);
  if (broken) {
    pageClear(head, PageFlag.Hugetlb);
    header().hugePages--;
  } else {
    enqueueHugePage(head);
  }
  hugetlbUnlock();
  return !broken;
}
