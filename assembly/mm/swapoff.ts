// swapoff. To take an area out of use every entry that refers to it must become a page again.

import { Errno } from "../abi/result";
import { PAGE_SIZE } from "../abi/unit";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { isMemcgEnabled } from "../struct/memcg-charge";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { lockPage, pageMapping, pagePrivate, unlockPage } from "../struct/page";
import { activatePage } from "../struct/lru";
import { getPage, framesFree, putPage } from "../struct/page-frame";
import { nextMapped, pmdAt, pmdEnd, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { pteFrame, pteIsPage, pteIsSwap, pteSwapSlot, PTE_YOUNG } from "../struct/pte";
import { slotAt, SwapSlot, swapArea } from "../struct/swap-slot";
import { isHugetlbVma, Vma } from "../struct/vma";
import { Doing } from "../locks";
import { downRead, upRead } from "../sync/lock";
import { pause, YieldKind } from "../sync/yield-point";
import { swapIn } from "./fault-swap";
import { mmGet, mmPut } from "./process";
import { swapCacheGet, swapRead, tryToFreeSwap } from "./swap";
import { waitOnPageWriteback } from "./writeback";

/** Nobody has touched what swapoff brings back; the page is put among those that are in use all the same. */
function makeOld(pmd: usize, address: u64): void {
  const pte = pteUnder(pmd, address);
  ptlLock(pmd, Doing.SwapIn);
  const entry = load<u64>(pte);
  if (pteIsPage(entry)) {
    store<u64>(pte, entry & ~PTE_YOUNG);
    activatePage(pteFrame(entry));
  }
  ptlUnlock(pmd);
}

/** unuse_pte: maps what an entry leads to, a broken page as well, and nobody has faulted. 0, or ENOMEM. */
function unuseEntry(vma: Vma, pmd: usize, address: u64, entry: u64): i32 {
  const slot = pteSwapSlot(entry);
  let cached = swapCacheGet(slot);
  if (!cached) cached = swapRead(slot);
  if (!cached) return load<u64>(pteUnder(pmd, address)) == entry ? Errno.ENOMEM : 0;
  const error = swapIn(vma, address, pmd, entry, false, cached);
  if (!error) makeOld(pmd, address);
  return error;
}

/** unuse_mm: brings back what an address space has in the area. 0, or ENOMEM. */
function unuseMm(mm: MmStruct, area: u32): i32 {
  for (let vma = mm.mmap; vma; vma = changetype<Vma>(<usize>vma).next) {
    const it = changetype<Vma>(<usize>vma);
    if (isHugetlbVma(it)) continue;
    for (let at = nextMapped(mm, it.start, it.end); at < it.end; at = nextMapped(mm, at, it.end)) {
      const stop = pmdEnd(at, it.end);
      const pmd = pmdAt(mm, at);
      // A huge page is not in swap.
      if (!pmd) at = stop;
      for (; at < stop; at += PAGE_SIZE) {
        const entry = load<u64>(pteUnder(pmd, at));
        if (!pteIsSwap(entry) || slotAt(pteSwapSlot(entry)).area != area) continue;
        const error = unuseEntry(it, pmd, at, entry);
        if (error) return error;
      }
    }
  }
  return 0;
}

/** Frames that the entries of a slot may need: one, unless KSM has led entries of many families there. */
function framesFor(slot: SwapSlot): u32 {
  if (!slot.count) return 0;
  if (!slot.shared) return slot.frame ? 0 : 1;
  // What was read already is there for one of them, unless it is of some place: then it may suit none of these.
  const read = slot.frame && !pageMapping(slot.frame);
  return read ? slot.count - 1 : slot.count;
}

function framesNeeded(area: u32): u32 {
  let frames: u32 = 0;
  for (let at = slabNext(Cache.SwapSlot, 0); at; at = slabNext(Cache.SwapSlot, at)) {
    const slot = changetype<SwapSlot>(at);
    if (slot.area == area) frames += framesFor(slot);
  }
  return frames;
}

/** The first address space from here on that may have entries, with a user more, so that no exit tears it down; or 0. */
function getUserFrom(first: u32): u32 {
  for (let at = first; at; at = changetype<MmStruct>(<usize>at).next) {
    const mm = changetype<MmStruct>(<usize>at);
    if (!mm.onMmlist || !mm.users) continue;
    mmGet(mm);
    return at;
  }
  return 0;
}

/** Brings back what all address spaces have in the area. 0, or ENOMEM. */
function unuseAll(area: u32): i32 {
  let error = 0;
  for (let at = getUserFrom(header().mms); at;) {
    const mm = changetype<MmStruct>(<usize>at);
    downRead(mmapSem(mm), Doing.SwapOff);
    error = unuseMm(mm, area);
    upRead(mmapSem(mm));
    at = error ? 0 : getUserFrom(mm.next);
    mmPut(mm);
  }
  return error;
}

/** What is left are pages in the swap cache that no entry refers to. Their copy in swap goes: they are dirty. */
function emptySwapCache(area: u32): void {
  for (let at = slabNext(Cache.SwapSlot, 0); at; at = slabNext(Cache.SwapSlot, at)) {
    const slot = changetype<SwapSlot>(at);
    const frame = slot.frame;
    if (slot.area != area || !frame) continue;
    getPage(frame);
    lockPage(frame, Doing.SwapOff);
    waitOnPageWriteback(frame);
    if (pagePrivate(frame) == <u32>at) tryToFreeSwap(frame);
    unlockPage(frame);
    putPage(frame);
  }
}

/**
 * Takes an area out of use: 0, EINVAL for none, or ENOMEM and it stays in use. Others go on meanwhile: what
 * they add, or have in hand, is there at the next round. So is what a memcg's limit has sent back there to make room
 * for the next page; a round that brings no slot's end makes room for nobody.
 */
export function swapOff(number: u32): i32 {
  const area = swapArea(number);
  if (!area.on) return Errno.EINVAL;
  if (framesNeeded(number) > framesFree()) return Errno.ENOMEM;
  area.on = 0;
  while (true) {
    const before = area.inUse;
    let error = unuseAll(number);
    if (!error) emptySwapCache(number);
    const stuck = !error && area.inUse >= before && before != 0;
    if (stuck && header().actor == 0) {
      assert(isMemcgEnabled(), "swapoff: slots are left");
      error = Errno.ENOMEM;
    }
    if (error) {
      area.on = 1;
      return error;
    }
    if (!area.inUse) break;
    if (stuck) pause(YieldKind.Blocked, changetype<usize>(area));
  }
  header().swapLimit -= area.limit;
  area.limit = 0;
  return 0;
}
