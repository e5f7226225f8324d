// A huge page is HUGE_PAGES frames in a row. What counts for all of it is kept with its first, the head; the others
// are tails:
//
//              head                               tail
//   flags      all                                PG_tail, and what was found broken
//   mapcount   huge entries that map it           references that are held on this very page
//   refcount   all references                     0
//   mapping    anon_vma                           0
//   private    0                                  the head
//   word       its contents                       its contents

import { PageFlag } from "../abi/flag";
import { HUGE_PAGES } from "../abi/unit";
import { hasStorageKeys } from "../arch/storage-key";
import { Doing, LockClass } from "../locks";
import { header } from "../memory/header";
import { lock, unlock } from "../sync/lock";
import { lruAddPageTail, lruForgetHuge, lruLock } from "./lru";
import {
  pageClear,
  pageFlags,
  pageFlagsAt,
  pageIndex,
  pageMapcount,
  pageMapcountAt,
  pageMapped,
  pageMapping,
  pageRefcount,
  pageSetIndex,
  pageSetMapping,
  pageSetPrivate,
  pageSetWord,
  pageTest,
  pageReadWord,
  word32,
} from "./page";
import { handDownCharge } from "./page-cgroup";
import { putPage } from "./page-frame";

/** Flags of the head that its tails get. All become dirty: nobody knows which of them was written to. */
const HANDED_DOWN: u32 =
  PageFlag.Referenced | PageFlag.Uptodate | PageFlag.SwapBacked | PageFlag.Mlocked;

/** The n-th tail becomes a page of its own; returns the references that come with it. */
function freeTail(head: u32, n: u32): i32 {
  const tail = head + n;
  const held = pageMapcount(tail);
  const mapcount = pageMapcount(head);
  const kept = pageFlags(tail) & PageFlag.HwPoison;
  store<u32>(pageFlagsAt(tail), kept | (pageFlags(head) & HANDED_DOWN) | PageFlag.Dirty);
  store<i32>(pageMapcountAt(tail), mapcount - 1);
  // One more, until the LRU lock is free: a page that nothing maps any more is freed under that lock.
  store<i32>(word32(header().pageRefcount, tail), mapcount + held + 1);
  pageSetPrivate(tail, 0);
  pageSetMapping(tail, pageMapping(head));
  pageSetIndex(tail, pageIndex(head) + <u64>n);
  handDownCharge(head, tail);
  lruAddPageTail(head, tail);
  return held;
}

/**
 * __split_huge_page_refcount: all that the head counts is spread over HUGE_PAGES pages of the same mapcount, while
 * nobody can change it: all entries are marked as splitting, and the LRU lock keeps the head where it is.
 */
export function splitHugePageRefcount(head: u32): void {
  lock(lruLock(), LockClass.ZoneLru, Doing.SplitHuge);
  let held = 0;
  for (let n: u32 = <u32>HUGE_PAGES - 1; n > 0; n--) held += freeTail(head, n);
  if (pageTest(head, PageFlag.Lru)) lruForgetHuge(head);
  pageClear(head, PageFlag.Head);
  const left = pageRefcount(head) - held;
  assert(left > 0, "huge page: split without a reference");
  store<i32>(word32(header().pageRefcount, head), left);
  // Its last entry may have gone since the mutex was taken, and its counts with it (docs/simplified.md).
  if (pageMapped(head)) {
    header().nrAnonHuge--;
    header().nrAnonPages += HUGE_PAGES;
  }
  unlock(lruLock());
  for (let n: u32 = 1; n < <u32>HUGE_PAGES; n++) putPage(head + n);
}

/** copy_user_huge_page. */
export function copyHugePage(target: u32, source: u32): void {
  for (let n: u32 = 0; n < <u32>HUGE_PAGES; n++) pageSetWord(target + n, pageReadWord(source + n));
}

/** clear_huge_page, of one that begins with zeros: only storage keys can tell that somebody has written them. */
export function clearHugePage(head: u32): void {
  if (!hasStorageKeys()) return;
  for (let n: u32 = 0; n < <u32>HUGE_PAGES; n++) pageSetWord(head + n, 0);
}
