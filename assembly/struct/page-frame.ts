// Frames are allocated, held and freed.

import { PageFlag } from "../abi";
import { header } from "../memory/header";
import { mightSleep } from "../sync/lock";
import { lruRemove } from "./lru";
import {
  pageFlagsAt,
  pageGeneration,
  pageMapcount,
  pageMapcountAt,
  pagePrivate,
  pageSetIndex,
  pageSetMapping,
  pageSetMemcg,
  pageSetPins,
  pageSetPrivate,
  pageSetWord,
  pageTest,
  word32,
} from "./page";

const LAST_GENERATION: u32 = 0x1ffffff;

/** A zeroed frame with one reference, not mapped; 0 when there is none left. */
export function pageAlloc(): u32 {
  mightSleep();
  return pageAllocAtomic();
}

/** pageAlloc, charged to a memcg. */
export function pageAllocFor(memcg: u32): u32 {
  const frame = pageAlloc();
  if (frame) pageSetMemcg(frame, memcg);
  return frame;
}

/** pageAlloc that never waits: for whoever holds a spinlock. */
export function pageAllocAtomic(): u32 {
  const state = header();
  let frame = state.frameFree;
  if (frame) state.frameFree = pagePrivate(frame);
  else if (state.frameTop < state.frames) frame = ++state.frameTop;
  else return 0;
  state.framesInUse++;
  store<u32>(pageFlagsAt(frame), 0);
  store<i32>(pageMapcountAt(frame), -1);
  store<i32>(word32(state.pageRefcount, frame), 1);
  pageSetMapping(frame, 0);
  pageSetIndex(frame, 0);
  pageSetPrivate(frame, 0);
  pageSetWord(frame, 0);
  pageSetMemcg(frame, state.rootMemcg);
  pageSetPins(frame, 0);
  return frame;
}

/** Frames that can be allocated, but for those whose generations are used up. */
export function framesFree(): u32 {
  const state = header();
  return state.frames - state.framesInUse;
}

export function getPage(frame: u32): void {
  const at = word32(header().pageRefcount, frame);
  store<i32>(at, load<i32>(at) + 1);
}

/** Drops a reference; the last one frees the frame. */
export function putPage(frame: u32): void {
  const at = word32(header().pageRefcount, frame);
  const left = load<i32>(at) - 1;
  assert(left >= 0, "page: more references dropped than held");
  store<i32>(at, left);
  if (!left) pageFree(frame);
}

function pageFree(frame: u32): void {
  const state = header();
  assert(pageMapcount(frame) == 0, "page: freed while it is mapped");
  assert(!pageTest(frame, PageFlag.SwapCache), "page: freed while it is in the swap cache");
  assert(!pageTest(frame, PageFlag.Mlocked), "page: freed while it is mlocked");
  if (pageTest(frame, PageFlag.Lru)) lruRemove(frame);
  pageSetMapping(frame, 0);
  state.framesInUse--;
  const generation = pageGeneration(frame) + 1;
  store<u32>(word32(state.pageGeneration, frame), generation);
  // A frame that used up its generations is retired, so that no handle can name two pages.
  if (generation == LAST_GENERATION) return;
  pageSetPrivate(frame, state.frameFree);
  state.frameFree = frame;
}
