// Page frames: parallel arrays indexed by frame number. Frame 0 is the zero page, which no array counts.
//
//   flags     u32  PageFlag
//   mapcount  i32  entries that map it, less one: -1 is "not mapped"
//   refcount  i32  entries, page cache, swap cache, and whoever pins it
//   mapping   u32  0, an AddressSpace, an AnonVma with bit 0 set, or a StableNode with bits 0 and 1 set;
//                  kept after the last unmap, until the page is freed
//   index     u64  pgoff in its mapping
//   private   u32  swap slot while in the swap cache, or while it holds that slot's count; head of a huge
//                  page's tail; link while free
//   word      f64  what the page contains
//   lruNext, lruPrev  u32  neighbours on a list of reclaim (struct/lru.ts)
//   memcg     u32  whom it is charged to, or was; on whose list it is
//   cgroup    u32  the flags of its side record (struct/page-cgroup.ts)
//   pins      u32  references that JavaScript holds
//   generation u32 counts reuses, for handles
//
// Who allocates and frees frames is in page-frame.ts.

import { PageFlag } from "../abi/flag";
import { HUGE_PAGES } from "../abi/unit";
import { hasStorageKeys, keyChanged, keyReferenced, pageSetStorageKey } from "../arch/storage-key";
import { header } from "../memory/header";
import { heapAlloc } from "../memory/heap";
import { Doing, LockClass } from "../locks";
import {
  lockBit,
  lockBitNested,
  trylockBit,
  trylockBitUnlisted,
  unlockBit,
  unlockBitUnlisted,
} from "../sync/lock";
import { sharedAccess } from "../sync/yield-point";
import { pteFrame } from "./pte";

export const ZERO_FRAME: u32 = 0;
/** Bytes of arrays a frame costs. */
export const BYTES_PER_FRAME: u32 = 60;
const MAPPING_ANON: u32 = 1;
const MAPPING_KSM: u32 = 3;
const MAPPING_TAGS: u32 = 3;

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
  state.pageLruNext = state.pagePrivate + four;
  state.pageLruPrev = state.pageLruNext + four;
  state.pageMemcg = state.pageLruPrev + four;
  state.pageCgroup = state.pageMemcg + four;
  state.pagePins = state.pageCgroup + four;
  state.pageGeneration = state.pagePins + four;
  return true;
}

export function word32(array: u32, frame: u32): usize {
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

/** Sets a flag; was it set already? */
export function pageTestAndSet(frame: u32, flag: PageFlag): bool {
  const had = pageTest(frame, flag);
  if (!had) pageSet(frame, flag);
  return had;
}

/** Clears a flag; was it set? */
export function pageTestAndClear(frame: u32, flag: PageFlag): bool {
  const had = pageTest(frame, flag);
  if (had) pageClear(frame, flag);
  return had;
}

export function pageTest(frame: u32, flag: PageFlag): bool {
  return (pageFlags(frame) & flag) != 0;
}

export function pageMapcountAt(frame: u32): usize {
  return word32(header().pageMapcount, frame);
}

/** Has the page one of these flags, which huge pages alone have? */
function hugeTest(frame: u32, flags: u32): bool {
  return header().hugeSeen != 0 && (pageFlags(frame) & flags) != 0;
}

/** Part of a huge page, but not its first: what counts for the page is kept with the head. */
export function pageTail(frame: u32): bool {
  return hugeTest(frame, PageFlag.Tail);
}

/** First frame of a huge page, of that frame and of all others; any other frame is its own head. */
export function compoundHead(frame: u32): u32 {
  return pageTail(frame) ? pagePrivate(frame) : frame;
}

/** The first page of a huge one. */
export function pageIsHuge(frame: u32): bool {
  return hugeTest(frame, PageFlag.Head);
}

/** PageHuge: the first page of a huge page of the pool? */
export function pageIsHugetlb(frame: u32): bool {
  return hugeTest(frame, PageFlag.Hugetlb);
}

/** Part of a huge page. */
export function pageCompound(frame: u32): bool {
  return hugeTest(frame, PageFlag.Head | PageFlag.Tail);
}

/** hpage_nr_pages: how many pages counters take it for. */
export function pageSize(frame: u32): i32 {
  return pageIsHuge(frame) ? HUGE_PAGES : 1;
}

/** Does anybody hold the page? A tail is held through its head. */
export function pageInUse(frame: u32): bool {
  return pageRefcount(compoundHead(frame)) > 0;
}

/** As a count: 0 is not mapped. Of a huge page's tail it is how often somebody holds that very page. */
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

export function mappingIsAnon(mapping: u32): bool {
  return (mapping & MAPPING_ANON) != 0;
}

export function mappingIsKsm(mapping: u32): bool {
  return (mapping & MAPPING_TAGS) == MAPPING_KSM;
}

/** The AddressSpace, AnonVma or StableNode of a mapping field. */
export function mappingOwner(mapping: u32): usize {
  return <usize>(mapping & ~MAPPING_TAGS);
}

export function pageIsAnon(frame: u32): bool {
  return mappingIsAnon(pageMapping(frame));
}

/** One page that KSM shares between places with equal contents: anonymous, but of no anon_vma. */
export function pageIsKsm(frame: u32): bool {
  return mappingIsKsm(pageMapping(frame));
}

/** The anon_vma it points to, 0 for KSM's and files' pages: right while the page is mapped. */
export function pageAnonVma(frame: u32): u32 {
  const mapping = pageMapping(frame);
  return (mapping & MAPPING_TAGS) == MAPPING_ANON ? mapping & ~MAPPING_TAGS : 0;
}

/** KSM's node of a page that it shares: 0 while the page has none yet. */
export function pageStableNode(frame: u32): u32 {
  return pageIsKsm(frame) ? pageMapping(frame) & ~MAPPING_TAGS : 0;
}

export function pageSetStableNode(frame: u32, node: u32): void {
  pageSetMapping(frame, node | MAPPING_KSM);
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

function pageWordAt(frame: u32): usize {
  return <usize>header().pageWord + ((<usize>frame) << 3);
}

/** What the page contains, for those who only look: nobody has read it. */
export function pageWord(frame: u32): f64 {
  return load<f64>(pageWordAt(frame));
}

/** A program, the kernel or I/O reads the page. */
export function pageReadWord(frame: u32): f64 {
  if (hasStorageKeys()) keyReferenced(frame);
  return pageWord(frame);
}

/** A program, the kernel or I/O writes the page. */
export function pageSetWord(frame: u32, word: f64): void {
  if (hasStorageKeys()) keyChanged(frame);
  store<f64>(pageWordAt(frame), word);
}

/** What is in a page that nobody has written to. */
export function pageClearWord(frame: u32): void {
  store<f64>(pageWordAt(frame), 0);
}

/**
 * SetPageUptodate. What is written to a page before it has its contents is no change of it: on an s390x its whole
 * storage key starts anew. A page that nobody else knows yet has PG_uptodate set as any flag, which leaves the key.
 */
export function setPageUptodate(frame: u32): void {
  if (!pageTestAndSet(frame, PageFlag.Uptodate) && hasStorageKeys()) pageSetStorageKey(frame, 0);
}

export function pagePrivate(frame: u32): u32 {
  return load<u32>(word32(header().pagePrivate, frame));
}

export function pageSetPrivate(frame: u32, value: u32): void {
  store<u32>(word32(header().pagePrivate, frame), value);
}

export function pageMemcg(frame: u32): u32 {
  return load<u32>(word32(header().pageMemcg, frame));
}

export function pageSetMemcg(frame: u32, memcg: u32): void {
  store<u32>(word32(header().pageMemcg, frame), memcg);
}

export function pagePins(frame: u32): u32 {
  return load<u32>(word32(header().pagePins, frame));
}

export function pageSetPins(frame: u32, pins: u32): void {
  store<u32>(word32(header().pagePins, frame), pins);
}

export function pageGeneration(frame: u32): u32 {
  return load<u32>(word32(header().pageGeneration, frame));
}

export function lockPage(frame: u32, doing: Doing): void {
  lockBit(pageFlagsAt(frame), LockClass.PageLock, doing);
}

/** A page that is mapped where the file has another one, whose lock is held: that one always comes first. */
export function lockPageNested(frame: u32, doing: Doing): void {
  lockBitNested(pageFlagsAt(frame), LockClass.PageLock, doing);
}

export function trylockPage(frame: u32, doing: Doing): bool {
  return trylockBit(pageFlagsAt(frame), LockClass.PageLock, doing);
}

/** trylockPage for who locks hundreds: what an actor holds is not listed then, but waited for all the same. */
export function trylockOneOfMany(frame: u32): bool {
  return trylockBitUnlisted(pageFlagsAt(frame));
}

export function unlockOneOfMany(frame: u32): void {
  unlockBitUnlisted(pageFlagsAt(frame));
}

export function unlockPage(frame: u32): void {
  unlockBit(pageFlagsAt(frame));
}

/** The page that a migration entry waits for: locked as long as there is such an entry. */
export function migrationEntryToPage(entry: u64): u32 {
  const frame = pteFrame(entry);
  assert(pageTest(frame, PageFlag.Locked), "migration entry: its page is not locked");
  return frame;
}
