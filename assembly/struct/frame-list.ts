// Which frames are free. Those below frameTop that are free are a list, linked through their private word;
// those above were never used. A huge page takes HUGE_PAGES in a row, the first of a number that HUGE_PAGES divides.

import { PageFlag } from "../abi/flag";
import { HUGE_PAGES } from "../abi/unit";
import { header } from "../memory/header";
import {
  pageGeneration,
  pageIsHugetlb,
  pageMapcountAt,
  pagePrivate,
  pageRefcount,
  pageSetMemcg,
  pageSetPrivate,
  pageTail,
  pageTest,
  pageTestAndSet,
  word32,
} from "./page";

const LAST_GENERATION: u32 = 0x1ffffff;

/** A frame that was free, 0 when there is none. */
export function frameTake(): u32 {
  const state = header();
  let frame: u32;
  do {
    frame = state.frameFree;
    if (frame) state.frameFree = pagePrivate(frame);
    else if (state.frameTop < state.frames) frame = ++state.frameTop;
    else return 0;
    // A broken one is in nobody's way until it comes here, and then it is left out for ever.
  } while (pageTest(frame, PageFlag.HwPoison));
  state.framesInUse++;
  return frame;
}

/** SetPageHWPoison: the frame is broken, and never taken again; false if that was known. */
export function frameMarkBroken(frame: u32): bool {
  const state = header();
  if (pageTestAndSet(frame, PageFlag.HwPoison)) return false;
  // What is above was never used, and may be taken as it is.
  while (state.frameTop < frame) linkFresh(++state.frameTop);
  state.framesPoisoned++;
  // What is free in the pool of huge pages is no free frame.
  if (!pageRefcount(frame) && !pageTail(frame) && !pageIsHugetlb(frame)) state.framesBroken++;
  return true;
}

/** The first of HUGE_PAGES frames in a row that were free, 0 when there is no such row. */
export function framesTakeHuge(): u32 {
  const state = header();
  let head = alignUp(state.frameTop + 1);
  if (head + <u32>HUGE_PAGES - 1 <= state.frames) {
    for (let frame = head - 1; frame > state.frameTop; frame--) linkFresh(frame);
    state.frameTop = head + <u32>HUGE_PAGES - 1;
  } else {
    head = findFreeRow();
    if (!head) return 0;
    unlinkRow(head);
  }
  state.framesInUse += HUGE_PAGES;
  return head;
}

/** A frame is free from now on, and handles of what it was are stale. */
export function frameGiveBack(frame: u32): void {
  const state = header();
  state.framesInUse--;
  if (pageTest(frame, PageFlag.HwPoison)) state.framesBroken++;
  const generation = pageGeneration(frame) + 1;
  store<u32>(word32(state.pageGeneration, frame), generation);
  // A frame that used up its generations is retired, so that no handle can name two pages.
  if (generation != LAST_GENERATION) link(frame);
}

function link(frame: u32): void {
  pageSetPrivate(frame, header().frameFree);
  header().frameFree = frame;
}

/** A frame that was never used joins those that were: nothing maps it, and it is charged to nobody. */
function linkFresh(frame: u32): void {
  store<i32>(pageMapcountAt(frame), -1);
  pageSetMemcg(frame, header().rootMemcg);
  link(frame);
}

function alignUp(frame: u32): u32 {
  return (frame + <u32>HUGE_PAGES - 1) & ~(<u32>HUGE_PAGES - 1);
}

function isFree(frame: u32): bool {
  if (pageTest(frame, PageFlag.HwPoison)) return false;
  return !pageRefcount(frame) && !pageTail(frame) && pageGeneration(frame) != LAST_GENERATION;
}

/** Only asked when frames that were never used are too few for a row. */
function findFreeRow(): u32 {
  const state = header();
  if (state.frames - state.framesInUse < <u32>HUGE_PAGES) return 0;
  for (
    let head: u32 = HUGE_PAGES;
    head + <u32>HUGE_PAGES - 1 <= state.frames;
    head += <u32>HUGE_PAGES
  ) {
    let n: u32 = 0;
    while (n < <u32>HUGE_PAGES && isFree(head + n)) n++;
    if (n == <u32>HUGE_PAGES) return head;
  }
  return 0;
}

/** Takes the frames of a row out of the list; those above frameTop are in none. */
function unlinkRow(head: u32): void {
  const state = header();
  const last = head + <u32>HUGE_PAGES - 1;
  let kept: u32 = 0;
  for (let frame = state.frameFree; frame;) {
    const next = pagePrivate(frame);
    if (frame < head || frame > last) {
      if (kept) pageSetPrivate(kept, frame);
      else state.frameFree = frame;
      kept = frame;
    }
    frame = next;
  }
  if (kept) pageSetPrivate(kept, 0);
  else state.frameFree = 0;
  while (state.frameTop < last) {
    const frame = ++state.frameTop;
    if (frame < head) linkFresh(frame);
  }
}
