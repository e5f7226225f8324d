// memory_failure of a huge page of the pool: all of it is taken for broken.
//
//   free      it leaves the list of the free, and is held for ever
//   in use    entries become markers. An anonymous one is out of use then; one that a file has stays in its cache,
//             where faults are refused it

import { Doing } from "../locks";
import { PageFlag } from "../abi/flag";
import { FailedPage, MemoryFailure } from "../abi/result";
import { dequeueHwpoisonedHugePage, hugePageMarkBroken } from "../struct/huge-pool";
import { lockPage, pageRefcount, pageSet, unlockPage } from "../struct/page";
import { getPage } from "../struct/page-frame";
import { outcome } from "./memory-outcome";
import { unmapBroken } from "./memory-unmap";

/** The page is in nobody's hands, but may be taken meanwhile. */
function failFreePage(head: u32): u64 {
  lockPage(head, Doing.MemoryFailure);
  const taken = dequeueHwpoisonedHugePage(head);
  if (taken) pageSet(head, PageFlag.Failed);
  unlockPage(head);
  return outcome(taken ? MemoryFailure.Delayed : MemoryFailure.Ignored, FailedPage.FreeHuge, 0);
}

/** Of a page that memory_failure holds and has locked. */
function failLocked(head: u32, early: bool): u64 {
  const sent = unmapBroken(head, early);
  if (sent < 0) return outcome(MemoryFailure.Failed, FailedPage.Mapped, <u32>(-1 - sent));
  // me_huge_page takes no page out of its file's cache, whose reference makes it one that is still used.
  const result = pageRefcount(head) == 1 ? MemoryFailure.Delayed : MemoryFailure.Failed;
  return outcome(result, FailedPage.Huge, <u32>sent);
}

/** The outcome for the head of a huge page of the pool, whichever of its frames is broken. */
export function failHugetlbPage(head: u32, early: bool): u64 {
  if (!hugePageMarkBroken(head)) return outcome(MemoryFailure.Known, FailedPage.Free, 0);
  if (!pageRefcount(head)) return failFreePage(head);
  getPage(head);
  pageSet(head, PageFlag.Failed);
  lockPage(head, Doing.MemoryFailure);
  const result = failLocked(head, early);
  unlockPage(head);
  return result;
}
