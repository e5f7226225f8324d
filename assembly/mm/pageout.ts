// What reclaim does with one page that it has taken off its list (spec/rmap.md Part 3, "Reclaim of one
// isolated page"), in the order of shrink_page_list.

import { Unmap } from "../abi/argument";
import { VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { PageFate, UnmapResult } from "../abi/result";
import { event } from "../memory/event";
import { vmStat } from "../memory/header";
import { pageReferenced, referencedFlags, references } from "../rmap/referenced";
import { tryToUnmap } from "../rmap/unmap";
import { AddressSpace } from "../struct/address-space";
import { putbackLruPage, relinkPage } from "../struct/isolation";
import { pageEvictable } from "../struct/lru";
import {
  pageClear,
  pageFileMapping,
  pageIsAnon,
  pageMapped,
  pageRefcount,
  pageSet,
  pageTest,
  pageTestAndClear,
  trylockPage,
  unlockPage,
} from "../struct/page";
import { isLockedForCharge } from "../struct/page-cgroup";
import { setPageDirty, tryToReleasePage } from "../struct/page-dirty";
import { putPage } from "../struct/page-frame";
import { Doing } from "../locks";
import { removeFromPageCache } from "./file";
import { addToSwap, isSwapFull, removeFromSwapCache, tryToFreeSwap } from "./swap";
import { clearPageDirtyForIo, waitOnPageWriteback, writePage } from "./writeback";

/** What page_check_references advises. */
enum Advised {
  Reclaim = 0,
  /** Only if it need not be written. */
  ReclaimClean,
  Keep,
  Activate,
}

/** Beside a fate: the page's use decided it. */
const TOUCHED: i32 = 16;

/** The lowest priority number at which kswapd writes dirty pages of files. */
const WRITES_FILES_BELOW: i32 = 10;

function checkReferences(frame: u32, memcg: u32): Advised {
  const result = pageReferenced(frame, true, memcg);
  const again = pageTestAndClear(frame, PageFlag.Referenced);
  const n = references(result);
  // try_to_unmap will find the locked VMA, and mlock the page.
  if (referencedFlags(result) & VmFlag.Locked) return Advised.Reclaim;
  const swapBacked = pageTest(frame, PageFlag.SwapBacked);
  if (n > 0) {
    if (swapBacked) return Advised.Activate;
    pageSet(frame, PageFlag.Referenced);
    if (again || n > 1 || referencedFlags(result) & VmFlag.Exec) return Advised.Activate;
    return Advised.Keep;
  }
  return again && !swapBacked ? Advised.ReclaimClean : Advised.Reclaim;
}

/** Only its cache, its buffers and reclaim hold the page. */
function isFreeable(frame: u32): bool {
  return pageRefcount(frame) - (pageTest(frame, PageFlag.Private) ? 1 : 0) == 2;
}

/** pageout: writes the page if it is dirty. Reclaimed means that it is clean now. */
function pageout(frame: u32): PageFate {
  if (!isFreeable(frame)) return PageFate.Kept;
  if (!clearPageDirtyForIo(frame)) return PageFate.Reclaimed;
  // Nobody is left to come back to it: the slot is given up, which leaves the page dirty. It is free as soon
  // as reclaim lets go of it, without being counted.
  if (pageTest(frame, PageFlag.SwapCache) && tryToFreeSwap(frame)) return PageFate.Kept;
  pageSet(frame, PageFlag.Reclaim);
  if (!writePage(frame)) {
    setPageDirty(frame);
    return PageFate.Activated;
  }
  if (pageTest(frame, PageFlag.Writeback)) return PageFate.Kept;
  pageClear(frame, PageFlag.Reclaim);
  return PageFate.Reclaimed;
}

/** remove_mapping: takes the page out of its cache if nobody else holds it and it is clean. */
function removeMapping(frame: u32): bool {
  if (pageTest(frame, PageFlag.SwapCache)) return removeFromSwapCache(frame);
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  return mapping != null && removeFromPageCache(mapping, frame);
}

/** What is to become of a locked page: a PageFate, and TOUCHED. */
function judge(frame: u32, memcg: u32, force: bool, priority: i32): i32 {
  if (!pageEvictable(frame)) return PageFate.Culled;
  if (pageTest(frame, PageFlag.Writeback)) {
    // Reclaim for one memcg has nobody else to slow it down: it waits for what it meets again.
    if (!memcg || !pageTest(frame, PageFlag.Reclaim)) {
      pageSet(frame, PageFlag.Reclaim);
      return PageFate.Kept;
    }
    waitOnPageWriteback(frame);
  }
  const advised = force ? Advised.Reclaim : checkReferences(frame, memcg);
  if (advised == Advised.Activate) return PageFate.Activated | TOUCHED;
  if (advised == Advised.Keep) return PageFate.Kept | TOUCHED;
  if (pageIsAnon(frame) && !pageTest(frame, PageFlag.SwapCache) && !addToSwap(frame)) {
    return PageFate.Activated;
  }
  if (pageMapped(frame)) {
    const result = tryToUnmap(frame, force ? Unmap.IgnoreAccess : Unmap.Unmap);
    if (result == UnmapResult.Fail) return PageFate.Activated;
    if (result == UnmapResult.Again) return PageFate.Kept;
    if (result == UnmapResult.Mlock) return PageFate.Culled;
  }
  if (pageTest(frame, PageFlag.Dirty)) {
    const ofFile = !pageTest(frame, PageFlag.SwapBacked);
    if (ofFile && !force && priority >= WRITES_FILES_BELOW) {
      pageSet(frame, PageFlag.Reclaim);
      return PageFate.Kept;
    }
    if (advised == Advised.ReclaimClean) return PageFate.Kept | TOUCHED;
    const out = pageout(frame);
    if (out != PageFate.Reclaimed) return out;
  }
  if (pageTest(frame, PageFlag.Private) && !tryToReleasePage(frame)) return PageFate.Activated;
  return removeMapping(frame) ? PageFate.Reclaimed : PageFate.Kept;
}

/**
 * Reclaims a page that was isolated, or puts it back.
 * @param memcg 0, or whose references alone count
 * @param force whatever is young goes too, and what is dirty is written
 * @param priority how much there is still to try: 12 at first, 0 at last; files are written below 10
 */
export function shrinkPage(frame: u32, memcg: u32, force: bool, priority: i32): PageFate {
  let fate = PageFate.Kept;
  let touched = false;
  if (!isLockedForCharge(frame) && trylockPage(frame, Doing.Reclaim)) {
    const judged = judge(frame, memcg, force, priority);
    touched = (judged & TOUCHED) != 0;
    fate = <PageFate>(judged & ~TOUCHED);
    if (fate == PageFate.Culled) tryToFreeSwapOf(frame);
    if (fate == PageFate.Activated) {
      if (isSwapFull()) tryToFreeSwapOf(frame);
      pageSet(frame, PageFlag.Active);
      vmStat(VmStat.PgActivate, 1);
    }
    unlockPage(frame);
  }
  event(Event.Reclaimed, <f64>frame, <f64>fate, touched ? 1 : 0);
  if (fate == PageFate.Reclaimed) putPage(frame);
  else if (fate == PageFate.Culled) putbackLruPage(frame);
  else relinkPage(frame);
  return fate;
}

function tryToFreeSwapOf(frame: u32): void {
  if (pageTest(frame, PageFlag.SwapCache)) tryToFreeSwap(frame);
}
