// swapon and swapoff. To take an area out of use every entry that refers to it must become a page again.

import { Errno, PAGE_SIZE, PageFlag } from "../abi";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { lockPage, pageSet, pageTest, unlockPage } from "../struct/page";
import { activatePage } from "../struct/lru";
import { getPage, framesFree, putPage } from "../struct/page-frame";
import { nextMapped, pmdAt, pmdEnd, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { pteFrame, pteIsPage, pteIsSwap, pteSwapSlot, PTE_YOUNG } from "../struct/pte";
import { slotAt, SwapSlot, swapArea, swapAreaAdd } from "../struct/swap-slot";
import { Vma } from "../struct/vma";
import { Doing } from "../locks";
import { downRead, upRead } from "../sync/lock";
import { swapFault } from "./fault-swap";
import { deleteFromSwapCache, swapCacheGet, swapRead } from "./swap";
import { waitOnPageWriteback } from "./writeback";

/** A new area: its number, or -EPERM when there are too many. */
export function swapOn(pages: u32, priority: i32): i32 {
  const area = swapAreaAdd(pages, priority);
  return area < 0 ? -Errno.EPERM : area;
}

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

/** Maps what an entry leads to, which is read first: no fault has to read it. 0, or ENOMEM. */
function unuseEntry(vma: Vma, pmd: usize, address: u64, entry: u64): i32 {
  const slot = pteSwapSlot(entry);
  let cached = swapCacheGet(slot);
  if (!cached) cached = swapRead(slot, changetype<MmStruct>(<usize>vma.mm).memcg);
  const error = swapFault(vma, address, pmd, entry, false);
  if (cached) putPage(cached);
  if (!error) makeOld(pmd, address);
  return error;
}

/** unuse_mm: brings back what an address space has in the area. 0, or ENOMEM. */
function unuseMm(mm: MmStruct, area: u32): i32 {
  for (let vma = mm.mmap; vma; vma = changetype<Vma>(<usize>vma).next) {
    const it = changetype<Vma>(<usize>vma);
    for (let at = nextMapped(mm, it.start, it.end); at < it.end; at = nextMapped(mm, at, it.end)) {
      const stop = pmdEnd(at, it.end);
      const pmd = pmdAt(mm, at);
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

/** Pages that must be read: those of the area that are not in the swap cache. */
function pagesToRead(area: u32): u32 {
  let pages: u32 = 0;
  for (let at = slabNext(Cache.SwapSlot, 0); at; at = slabNext(Cache.SwapSlot, at)) {
    const slot = changetype<SwapSlot>(at);
    // Each entry may turn out to need a page of its own.
    if (slot.area == area && slot.count) pages += slot.frame ? slot.count - 1 : slot.count;
  }
  return pages;
}

/** What is left are pages in the swap cache that no entry refers to. Their copy in swap goes: they are dirty. */
function emptySwapCache(area: u32): void {
  for (let at = slabNext(Cache.SwapSlot, 0); at;) {
    const slot = changetype<SwapSlot>(at);
    const next = slabNext(Cache.SwapSlot, at);
    const frame = slot.frame;
    if (slot.area == area && frame) {
      getPage(frame);
      lockPage(frame, Doing.SwapOff);
      waitOnPageWriteback(frame);
      if (pageTest(frame, PageFlag.SwapCache)) deleteFromSwapCache(frame);
      pageSet(frame, PageFlag.Dirty);
      unlockPage(frame);
      putPage(frame);
    }
    at = next;
  }
}

/** Takes an area out of use: 0, EINVAL for none, or ENOMEM and it stays in use. */
export function swapOff(number: u32): i32 {
  const area = swapArea(number);
  if (!area.limit) return Errno.EINVAL;
  if (pagesToRead(number) > framesFree()) return Errno.ENOMEM;
  area.on = 0;
  let error = 0;
  for (let at = header().mms; at && !error; at = changetype<MmStruct>(<usize>at).next) {
    const mm = changetype<MmStruct>(<usize>at);
    if (!mm.onMmlist) continue;
    downRead(mmapSem(mm), Doing.SwapOff);
    error = unuseMm(mm, number);
    upRead(mmapSem(mm));
  }
  if (error) {
    area.on = 1;
    return error;
  }
  emptySwapCache(number);
  assert(area.inUse == 0, "swapoff: slots are left");
  header().swapLimit -= area.limit;
  area.limit = 0;
  return 0;
}
