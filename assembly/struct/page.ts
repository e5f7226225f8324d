// Page frames: parallel arrays indexed by frame number. Frame 0 is the zero page, which no array counts.
//
//   flags     u32  PageFlag
//   mapcount  i32  entries that map it, less one: -1 is "not mapped"
//   refcount  i32  entries, page cache, swap cache, and whoever pins it
//   mapping   u32  0, an AddressSpace, or an AnonVma with bit 0 set; kept after the last unmap
//   index     u64  pgoff in its mapping
//   private   u32  swap slot while in the swap cache; link while free
//   word      f64  what the page contains
//   generation u32 counts reuses, for handles

import { PageFlag } from "../abi";
import { header } from "../memory/header";
import { heapAlloc } from "../memory/heap";
import { LockClass, lockBit, mightSleep, trylockBit, unlockBit } from "../sync/lock";
import { sharedAccess } from "../sync/yield-point";

export const ZERO_FRAME: u32 = 0;
/** Bytes of arrays a frame costs. */
export const BYTES_PER_FRAME: u32 = 40;
const MAPPING_ANON: u32 = 1;
const LAST_GENERATION: u32 = 0x1ffffff;

/** Arrays for frames 0 to frames; false when memory is exhausted. */
export function pagesInit(frames: u32): bool {
  const state = header();
  const n = <u64>frames + 1;
  const start = heapAlloc(n * BYTES_PER_FRAME);
  if (!start) return false;
  const four = <u32>(n * 4);
  const eight = <u32>(n * 8);
  state.frames = frames;
  state.pageIndex = <u32>start;
  state.pageWord = state.pageIndex + eight;
  state.pageFlags = state.pageWord + eight;
  state.pageMapcount = state.pageFlags + four;
  state.pageRefcount = state.pageMapcount + four;
  state.pageMapping = state.pageRefcount + four;
  state.pagePrivate = state.pageMapping + four;
  state.pageGeneration = state.pagePrivate + four;
  return true;
}

function word32(array: u32, frame: u32): usize {
  return <usize>array + ((<usize>frame) << 2);
}

export function pageFlagsAt(frame: u32): usize {
  return word32(header().pageFlags, frame);
}

export function pageFlags(frame: u32): u32 {
  return load<u32>(pageFlagsAt(frame));
}

export function pageSet(frame: u32, flag: PageFlag): void {
  const at = pageFlagsAt(frame);
  store<u32>(at, load<u32>(at) | flag);
}

export function pageClear(frame: u32, flag: PageFlag): void {
  const at = pageFlagsAt(frame);
  store<u32>(at, load<u32>(at) & ~flag);
}

export function pageTest(frame: u32, flag: PageFlag): bool {
  return (pageFlags(frame) & flag) != 0;
}

export function pageMapcountAt(frame: u32): usize {
  return word32(header().pageMapcount, frame);
}

/** As a count: 0 is not mapped. */
export function pageMapcount(frame: u32): i32 {
  return load<i32>(pageMapcountAt(frame)) + 1;
}

export function pageMapped(frame: u32): bool {
  sharedAccess(pageMapcountAt(frame));
  return load<i32>(pageMapcountAt(frame)) >= 0;
}

export function pageRefcount(frame: u32): i32 {
  return load<i32>(word32(header().pageRefcount, frame));
}

export function pageMappingAt(frame: u32): usize {
  return word32(header().pageMapping, frame);
}

export function pageMapping(frame: u32): u32 {
  return load<u32>(pageMappingAt(frame));
}

export function pageSetMapping(frame: u32, mapping: u32): void {
  store<u32>(word32(header().pageMapping, frame), mapping);
}

export function pageSetAnonMapping(frame: u32, anonVma: u32): void {
  pageSetMapping(frame, anonVma | MAPPING_ANON);
}

export function pageIsAnon(frame: u32): bool {
  return (pageMapping(frame) & MAPPING_ANON) != 0;
}

/** The anon_vma it points to: right while the page is mapped. */
export function pageAnonVma(frame: u32): u32 {
  const mapping = pageMapping(frame);
  return mapping & MAPPING_ANON ? mapping & ~MAPPING_ANON : 0;
}

/** The file it belongs to: none for anonymous pages. */
export function pageFileMapping(frame: u32): u32 {
  const mapping = pageMapping(frame);
  return mapping & MAPPING_ANON ? 0 : mapping;
}

export function pageIndex(frame: u32): u64 {
  return load<u64>(<usize>header().pageIndex + ((<usize>frame) << 3));
}

export function pageSetIndex(frame: u32, index: u64): void {
  store<u64>(<usize>header().pageIndex + ((<usize>frame) << 3), index);
}

export function pageWord(frame: u32): f64 {
  return load<f64>(<usize>header().pageWord + ((<usize>frame) << 3));
}

export function pageSetWord(frame: u32, word: f64): void {
  store<f64>(<usize>header().pageWord + ((<usize>frame) << 3), word);
}

export function pagePrivate(frame: u32): u32 {
  return load<u32>(word32(header().pagePrivate, frame));
}

export function pageSetPrivate(frame: u32, value: u32): void {
  store<u32>(word32(header().pagePrivate, frame), value);
}

export function pageGeneration(frame: u32): u32 {
  return load<u32>(word32(header().pageGeneration, frame));
}

/** A zeroed frame with one reference, not mapped; 0 when there is none left. */
export function pageAlloc(): u32 {
  mightSleep();
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
  return frame;
}

export function getPage(frame: u32): void {
  const at = word32(header().pageRefcount, frame);
  store<i32>(at, load<i32>(at) + 1);
}

/** Drops a reference; the last one frees the frame. */
export function putPage(frame: u32): void {
  const state = header();
  const at = word32(state.pageRefcount, frame);
  const left = load<i32>(at) - 1;
  assert(left >= 0, "page: more references dropped than held");
  store<i32>(at, left);
  if (left) return;
  assert(pageMapcount(frame) == 0, "page: freed while it is mapped");
  assert(!pageTest(frame, PageFlag.SwapCache), "page: freed while it is in the swap cache");
  state.framesInUse--;
  const generation = pageGeneration(frame) + 1;
  store<u32>(word32(state.pageGeneration, frame), generation);
  // A frame that used up its generations is retired, so that no handle can name two pages.
  if (generation == LAST_GENERATION) return;
  pageSetPrivate(frame, state.frameFree);
  state.frameFree = frame;
}

export function lockPage(frame: u32): void {
  lockBit(pageFlagsAt(frame), LockClass.PageLock);
}

export function trylockPage(frame: u32): bool {
  return trylockBit(pageFlagsAt(frame), LockClass.PageLock);
}

export function unlockPage(frame: u32): void {
  unlockBit(pageFlagsAt(frame));
}
