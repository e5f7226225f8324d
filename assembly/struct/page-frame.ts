// Pages are allocated, held and freed.

import { VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag } from "../abi/flag";
import { ClearMlock } from "../abi/switch";
import { HUGE_PAGES } from "../abi/unit";
import { hasStorageKeys, pageSetStorageKey } from "../arch/storage-key";
import { event } from "../memory/event";
import { header, vmStat } from "../memory/header";
import { mightSleep } from "../sync/lock";
import { frameGiveBack, frameTake, framesTakeHuge } from "./frame-list";
import { freeHugePage } from "./huge-pool";
import { lruRemove } from "./lru";
import { isCharged } from "./page-cgroup";
import {
  compoundHead,
  pageClear,
  pageClearWord,
  pageFlagsAt,
  pageMapcount,
  pageMapcountAt,
  pageSet,
  pageSetIndex,
  pageSetMapping,
  pageSetMemcg,
  pageSetPins,
  pageSetPrivate,
  pageSize,
  pageTail,
  pageTest,
  word32,
  pageCompound,
  pageIsHuge,
  pageIsHugetlb,
} from "./page";

/** A zeroed frame with one reference, not mapped; 0 when there is none left. */
export function pageAlloc(): u32 {
  mightSleep();
  return pageAllocAtomic();
}

/** pageAlloc that never waits: for whoever holds a spinlock. */
export function pageAllocAtomic(): u32 {
  const frame = frameTake();
  if (frame) pageInit(frame, 1);
  return frame;
}

/**
 * A zeroed huge page: HUGE_PAGES frames in a row, the first of which is its head and has the one reference. Its
 * tails name the head in their private word, and have no references of their own. 0 when there is no such row.
 */
export function hugePageAlloc(): u32 {
  mightSleep();
  const head = framesTakeHuge();
  if (!head) return 0;
  header().hugeSeen = 1;
  pageInit(head, 1);
  pageSet(head, PageFlag.Head);
  for (let tail = head + 1; tail < head + <u32>HUGE_PAGES; tail++) {
    pageInit(tail, 0);
    pageSet(tail, PageFlag.Tail);
    pageSetPrivate(tail, head);
  }
  return head;
}

function pageInit(frame: u32, references: i32): void {
  const state = header();
  store<u32>(pageFlagsAt(frame), 0);
  store<i32>(pageMapcountAt(frame), -1);
  store<i32>(word32(state.pageRefcount, frame), references);
  pageSetMapping(frame, 0);
  pageSetIndex(frame, 0);
  pageSetPrivate(frame, 0);
  pageClearWord(frame);
  pageSetMemcg(frame, state.rootMemcg);
  pageSetPins(frame, 0);
}

/** Frames that can be allocated, but for those whose generations are used up. */
export function framesFree(): u32 {
  const state = header();
  return state.frames - state.framesInUse - state.framesBroken;
}

export function getPage(frame: u32): void {
  const at = word32(header().pageRefcount, frame);
  store<i32>(at, load<i32>(at) + 1);
}

/**
 * get_page of a page that may be a huge page's tail: then the head is held, and the tail counts by itself how many
 * of these references it takes with it when the page is split.
 */
export function holdPage(frame: u32): void {
  if (pageTail(frame)) {
    const at = pageMapcountAt(frame);
    store<i32>(at, load<i32>(at) + 1);
  }
  getPage(compoundHead(frame));
}

/** put_page after holdPage. The huge page may have been split since. */
export function releasePage(frame: u32): void {
  if (pageTail(frame)) {
    const at = pageMapcountAt(frame);
    store<i32>(at, load<i32>(at) - 1);
  }
  putPage(compoundHead(frame));
}

/** Drops a reference; the last one frees the frame. */
export function putPage(frame: u32): void {
  const at = word32(header().pageRefcount, frame);
  const left = load<i32>(at) - 1;
  assert(left >= 0, "page: more references dropped than held");
  store<i32>(at, left);
  if (!left) pageFree(frame);
}

/** free_page_mlock: up to v3.6 a page may lose its last mapping and its last reference, and nobody clears the mark. */
function freePageMlock(frame: u32): void {
  assert(header().clearMlock == <u32>ClearMlock.OnTruncate, "page: freed while it is mlocked");
  pageClear(frame, PageFlag.Mlocked);
  vmStat(VmStat.NrMlock, -pageSize(frame));
  vmStat(VmStat.UnevictablePgsMlockfreed, 1);
  event(Event.MlockFreed, <f64>frame, 0, 0);
}

function pageFree(frame: u32): void {
  assert(pageMapcount(frame) == 0, "page: freed while it is mapped");
  assert(!pageTest(frame, PageFlag.SwapCache), "page: freed while it is in the swap cache");
  assert(!isCharged(frame), "page: freed while it is charged");
  if (pageTest(frame, PageFlag.Lru)) lruRemove(frame);
  if (pageTest(frame, PageFlag.Mlocked)) freePageMlock(frame);
  if (pageIsHugetlb(frame) && freeHugePage(frame)) return;
  // Last to first, so that they are handed out in order.
  if (pageIsHuge(frame)) {
    for (let tail = frame + <u32>HUGE_PAGES - 1; tail > frame; tail--) release(tail);
  }
  release(frame);
}

function release(frame: u32): void {
  // The machine leaves the key of a frame that is free; whoever uses the frame next writes to it, or sets the key.
  if (hasStorageKeys()) pageSetStorageKey(frame, 0);
  pageSetMapping(frame, 0);
  if (pageCompound(frame)) {
    pageClear(frame, PageFlag.Head);
    pageClear(frame, PageFlag.Tail);
  }
  frameGiveBack(frame);
}
