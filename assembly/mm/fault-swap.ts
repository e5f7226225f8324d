// A fault on an entry that is not present: swapped out, on its way to another frame, or broken.

import { Doing } from "../locks";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { event } from "../memory/event";
import { lruAddNewAnon, pageAddAnonRmap } from "../rmap/accounting";
import { AnonVma, AnonVmaChain } from "../struct/anon-vma";
import { stableNodeAt } from "../struct/ksm";
import { MmStruct } from "../struct/mm-struct";
import {
  lockPage,
  mappingIsKsm,
  mappingOwner,
  migrationEntryToPage,
  pageIndex,
  pageMapping,
  pagePrivate,
  pageReadWord,
  pageSet,
  pageSetWord,
  pageStableNode,
  pageTest,
  trylockPage,
  unlockPage,
} from "../struct/page";
import { getPage, pageAlloc, putPage } from "../struct/page-frame";
import { ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import {
  PTE_DIRTY,
  pteIsHwpoison,
  pteIsMigration,
  pteOf,
  pteSwapSlot,
  PTE_USER,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { swapFree } from "../struct/swap-slot";
import { linearPageIndex, Vma } from "../struct/vma";
import { vmaPageProt } from "../struct/vma-prot";
import { countMajorFault } from "./fault-count";
import { cancelChargeSwapin, commitChargeSwapin, tryChargeSwapin } from "./memcg-charge";
import { isSwapFull, reuseSwapPage, swapCacheGet, swapRead, tryToFreeSwap } from "./swap";
import { grabSwapToken } from "./thrash";

/** migration_entry_wait: until whoever migrates the page, which is locked meanwhile, is done. */
function migrationEntryWait(address: u64, pmd: usize): void {
  ptlLock(pmd, Doing.SwapIn);
  const entry = load<u64>(pteUnder(pmd, address));
  const frame = pteIsMigration(entry) ? migrationEntryToPage(entry) : 0;
  if (frame) getPage(frame);
  ptlUnlock(pmd);
  if (!frame) return;
  lockPage(frame, Doing.SwapIn);
  unlockPage(frame);
  putPage(frame);
}

/**
 * ksm_might_need_to_copy: the page in the swap cache may be one that was shared, and now be of another
 * family, or at another index, than this place. A page that KSM shares is mapped wherever its entry is.
 */
function needsCopy(frame: u32, vma: Vma, address: u64): bool {
  const mapping = pageMapping(frame);
  if (!mapping) return false;
  if (mappingIsKsm(mapping)) {
    // Perhaps no walk comes here any more.
    const node = pageStableNode(frame);
    if (node) stableNodeAt(node).strays = 1;
    return false;
  }
  if (!isTiedTo(vma, <u32>mappingOwner(mapping))) return true;
  return pageIndex(frame) != linearPageIndex(vma, address);
}

/**
 * Does a page's anon_vma lead to the VMA? The one of a page that nothing mapped for a while may be gone, and
 * another of this family be in its place; v3.7 compares the roots and leaves it at that.
 */
function isTiedTo(vma: Vma, anonVma: u32): bool {
  const root = changetype<AnonVma>(<usize>anonVma).root;
  if (changetype<AnonVma>(<usize>vma.anonVma).root != root) return false;
  if (anonVma == root) return true;
  let chain = vma.chainHead;
  while (chain && changetype<AnonVmaChain>(<usize>chain).anonVma != anonVma) {
    chain = changetype<AnonVmaChain>(<usize>chain).older;
  }
  return chain != 0;
}

/** A copy for this place alone, locked, with a reference; 0 when there is no frame. */
function copyFor(frame: u32): u32 {
  const copy = pageAlloc();
  if (!copy) return 0;
  pageSetWord(copy, pageReadWord(frame));
  pageSet(copy, PageFlag.SwapBacked | PageFlag.Uptodate | PageFlag.Dirty);
  // Nobody else knows it yet, so this can't fail; the page that is copied is locked as well.
  trylockPage(copy, Doing.SwapIn);
  return copy;
}

/** A copy for which there is no room. */
function dropCopy(copy: u32): void {
  unlockPage(copy);
  putPage(copy);
}

/** Maps the page, with the caller's reference, if the entry is still the same; false if it is not. */
function mapSwapped(
  vma: Vma,
  address: u64,
  pmd: usize,
  entry: u64,
  write: bool,
  frame: u32,
  fresh: bool,
  memcg: u32,
): bool {
  const pte = pteUnder(pmd, address);
  ptlLock(pmd, Doing.SwapIn);
  if (load<u64>(pte) != entry) {
    ptlUnlock(pmd);
    return false;
  }
  const mm = changetype<MmStruct>(<usize>vma.mm);
  mm.anonRss++;
  mm.swapRss--;
  let bits = PTE_YOUNG | vmaPageProt(vma);
  let exclusive = false;
  // Asked while the page counts in swap but not in mapcount: afterwards it would count twice.
  if (write && reuseSwapPage(frame)) {
    bits |= PTE_DIRTY;
    if (vma.flags & VmFlag.Write) bits |= PTE_WRITE | PTE_USER;
    exclusive = true;
  }
  store<u64>(pte, pteOf(frame, bits));
  pageAddAnonRmap(frame, vma, address, exclusive);
  commitChargeSwapin(memcg, frame);
  if (fresh) lruAddNewAnon(frame, vma);
  swapFree(pteSwapSlot(entry));
  if (isSwapFull() || vma.flags & VmFlag.Locked || pageTest(frame, PageFlag.Mlocked)) {
    tryToFreeSwap(frame);
  }
  ptlUnlock(pmd);
  event(Event.SwapIn, <f64>address, <f64>frame, 0);
  return true;
}

/**
 * Maps a page of the swap cache, with the caller's reference to it, which is dropped, if it still has the slot
 * of the entry: 0, or ENOMEM when a copy is needed and finds no frame, or the memcg has no room for the page.
 */
export function swapIn(
  vma: Vma,
  address: u64,
  pmd: usize,
  entry: u64,
  write: bool,
  cached: u32,
): i32 {
  lockPage(cached, Doing.SwapIn);
  let error = 0;
  if (pageTest(cached, PageFlag.SwapCache) && pagePrivate(cached) == <u32>pteSwapSlot(entry)) {
    const copies = needsCopy(cached, vma, address);
    const frame = copies ? copyFor(cached) : cached;
    const memcg = frame ? tryChargeSwapin(frame, cached, <usize>vma.mm) : 0;
    if (!memcg) {
      error = Errno.ENOMEM;
      if (frame && copies) dropCopy(frame);
    } else {
      // The reference that the entry takes over: the copy's first one, or one more of the cached page.
      if (!copies) getPage(frame);
      const mapped = mapSwapped(vma, address, pmd, entry, write, frame, copies, memcg);
      if (!mapped) cancelChargeSwapin(memcg);
      if (copies) unlockPage(frame);
      if (!mapped) putPage(frame);
    }
  }
  unlockPage(cached);
  // Nothing may refer to it any more: the entry just gone may have been the last.
  putPage(cached);
  return error;
}

/** Returns 0 (the access is tried again, so a write that got a protected page copies it next), or an Errno. */
export function swapFault(vma: Vma, address: u64, pmd: usize, entry: u64, write: bool): i32 {
  if (pteIsMigration(entry)) {
    migrationEntryWait(address, pmd);
    return 0;
  }
  if (pteIsHwpoison(entry)) return Errno.SIGBUS;
  const slot = pteSwapSlot(entry);
  let cached = swapCacheGet(slot);
  if (!cached) {
    grabSwapToken(changetype<MmStruct>(<usize>vma.mm));
    cached = swapRead(slot);
    // Nothing was read: no frame, or somebody else has dealt with the entry.
    if (!cached) return load<u64>(pteUnder(pmd, address)) == entry ? Errno.ENOMEM : 0;
    countMajorFault(changetype<MmStruct>(<usize>vma.mm));
  } else if (pageTest(cached, PageFlag.HwPoison)) {
    putPage(cached);
    return Errno.SIGBUS;
  }
  return swapIn(vma, address, pmd, entry, write, cached);
}
