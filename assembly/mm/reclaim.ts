// One page's reverse-map operations as reclaim and writeback make them: with the page locked.

import { PageFlag, UnmapResult } from "../abi";
import { pageMkclean } from "../rmap/mkclean";
import { pageReferenced } from "../rmap/referenced";
import { tryToUnmap } from "../rmap/unmap";
import {
  getPage,
  lockPage,
  pageIsAnon,
  pageMapped,
  pageTest,
  putPage,
  unlockPage,
} from "../struct/page";
import { addToSwap, isSwapFull, tryToFreeSwap } from "./swap";

/** try_to_unmap of one page; an anonymous one gets a swap slot first. Fail when swap is full. */
export function unmapPage(frame: u32): UnmapResult {
  getPage(frame);
  lockPage(frame);
  let result = UnmapResult.Success;
  if (pageMapped(frame)) {
    const needsSwap = pageIsAnon(frame) && !pageTest(frame, PageFlag.SwapCache);
    result = needsSwap && !addToSwap(frame) ? UnmapResult.Fail : tryToUnmap(frame);
  }
  // Its last mapping may have gone before it was unmapped: then no entry leads back to it.
  if (!pageMapped(frame)) tryToFreeSwap(frame);
  // A page that stays need not keep its place when swap is short (activate_locked).
  if (result == UnmapResult.Fail && isSwapFull()) tryToFreeSwap(frame);
  unlockPage(frame);
  putPage(frame);
  return result;
}

/** page_referenced of one page, which stays while it is looked at. */
export function referencedPage(frame: u32): u64 {
  getPage(frame);
  const result = pageReferenced(frame);
  putPage(frame);
  return result;
}

/** page_mkclean of one page: entries that were dirty or writable. */
export function cleanPage(frame: u32): u32 {
  getPage(frame);
  lockPage(frame);
  const cleaned = pageMkclean(frame);
  unlockPage(frame);
  putPage(frame);
  return cleaned;
}
