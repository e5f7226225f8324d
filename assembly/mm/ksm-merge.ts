// KSM puts a page where another with the same contents is, or makes a page the one that is shared.

import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { PAGE_SIZE } from "../abi/unit";
import { event } from "../memory/event";
import { setPteAtNotify } from "../notifier/dispatch";
import { rangeEndOutside, rangeStartOutside } from "../notifier/placement";
import { pageAddAnonRmap, pageRemoveRmap } from "../rmap/accounting";
import { OUTSIDE, pageAddressInVma } from "../rmap/address";
import { mlockVmaPage } from "../rmap/mlock";
import { munlockVmaPage } from "../rmap/munlock";
import { RmapItem } from "../struct/ksm";
import { markPageAccessed } from "../struct/lru";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import {
  lockPage,
  pageIsAnon,
  pageMapcount,
  pageReadWord,
  pageRefcount,
  pageSetStableNode,
  pageTest,
  trylockPage,
  unlockPage,
} from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import { pmdAt, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteIsPage,
  pteOf,
  PTE_USER,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { setPageDirty } from "../struct/page-dirty";
import { Vma } from "../struct/vma";
import { Doing } from "../locks";
import { downRead, upRead } from "../sync/lock";
import { pinAnonVma } from "./ksm-slot";
import { splitPage } from "./page-operation";
import { tryToFreeSwap } from "./swap";
import { findVma } from "./vma-list";
import { vmaPageProt } from "../struct/vma-prot";

/** No entry: absent is 0, and so is nothing that is present. */
const FAILED: u64 = 0;

/** The VMA over an address, 0 if there is none. */
function vmaOver(mm: MmStruct, address: u64): u32 {
  if (!mm.users) return 0;
  const vma = findVma(mm, address);
  return vma && changetype<Vma>(<usize>vma).start <= address ? vma : 0;
}

/**
 * Protects the entry of a locked page, so that its contents stay. Fails if somebody unknown holds the page,
 * who may be writing to it; the caller holds one reference.
 * @returns the entry as it is now, or FAILED
 */
function writeProtectPage(vma: Vma, frame: u32, address: u64): u64 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  rangeStartOutside(mm, address, address + PAGE_SIZE);
  const entry = protectEntry(vma, frame, address);
  rangeEndOutside(mm, address, address + PAGE_SIZE);
  return entry;
}

function protectEntry(vma: Vma, frame: u32, address: u64): u64 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pmd = pmdAt(mm, address);
  if (!pmd) return FAILED;
  ptlLock(pmd, Doing.KsmMerge);
  const pte = pteUnder(pmd, address);
  const entry = load<u64>(pte);
  const kept = entry & ~(PTE_WRITE | PTE_DIRTY);
  let result = FAILED;
  if (pteIsPage(entry) && pteFrame(entry) == frame) {
    const cache = pageTest(frame, PageFlag.SwapCache) ? 1 : 0;
    const known = pageMapcount(frame) + 1 + cache == pageRefcount(frame);
    if (entry == kept) {
      result = entry;
    } else if (known) {
      // Absent while clients are told: a write must not slip in between.
      store<u64>(pte, 0);
      if (entry & PTE_DIRTY) setPageDirty(frame);
      setPteAtNotify(mm, address, pte, kept);
      result = kept;
    }
  }
  ptlUnlock(pmd);
  return result;
}

/** Puts the shared page in the place of one with the same contents, if the entry is still the same. */
function replacePage(vma: Vma, frame: u32, shared: u32, seen: u64, address: u64): bool {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pmd = pmdAt(mm, address);
  if (!pmd) return false;
  rangeStartOutside(mm, address, address + PAGE_SIZE);
  ptlLock(pmd, Doing.KsmMerge);
  const pte = pteUnder(pmd, address);
  const same = load<u64>(pte) == seen;
  if (same) {
    store<u64>(pte, 0);
    getPage(shared);
    pageAddAnonRmap(shared, vma, address, false);
    setPteAtNotify(mm, address, pte, pteOf(shared, PTE_YOUNG | (vmaPageProt(vma) & PTE_USER)));
    pageRemoveRmap(frame);
    if (!pageMapcount(frame)) tryToFreeSwap(frame);
    putPage(frame);
    event(Event.KsmMerged, <f64>address, <f64>frame, <f64>shared);
  }
  ptlUnlock(pmd);
  rangeEndOutside(mm, address, address + PAGE_SIZE);
  return same;
}

/**
 * try_to_merge_one_page.
 * @param shared the page to be mapped instead; 0: the page itself becomes one that can be shared
 */
function mergeOne(vma: Vma, frame: u32, shared: u32): bool {
  if (frame == shared) return true;
  if (!(vma.flags & VmFlag.Mergeable)) return false;
  if (!splitPage(frame)) return false;
  if (!pageIsAnon(frame)) return false;
  const address = pageAddressInVma(frame, vma);
  if (address == OUTSIDE || !trylockPage(frame, Doing.KsmMerge)) return false;
  const entry = writeProtectPage(vma, frame, address);
  let merged = false;
  if (entry != FAILED) {
    if (!shared) {
      pageSetStableNode(frame, 0);
      markPageAccessed(frame);
      merged = true;
    } else if (pageReadWord(frame) == pageReadWord(shared)) {
      if (replacePage(vma, frame, shared, entry, address)) merged = true;
    }
  }
  const relocks = merged && shared != 0 && (vma.flags & VmFlag.Locked) != 0;
  if (relocks) munlockVmaPage(frame);
  unlockPage(frame);
  // What a locked VMA maps stays in memory, so now it is the shared page that does.
  if (relocks && !pageTest(shared, PageFlag.Mlocked)) {
    lockPage(shared, Doing.KsmMerge);
    mlockVmaPage(shared);
    unlockPage(shared);
  }
  return merged;
}

/** Merges a page, on which the caller holds a reference, where a place shows it; pins the anon_vma there. */
export function mergeWithKsmPage(item: RmapItem, frame: u32, shared: u32): bool {
  const mm = changetype<MmStruct>(<usize>item.mm);
  downRead(mmapSem(mm), Doing.KsmMerge);
  const over = vmaOver(mm, item.address);
  const vma = changetype<Vma>(<usize>over);
  // A mapping that came since the page was met has no anon_vma to be pinned.
  const merged = over != 0 && vma.anonVma != 0 && mergeOne(vma, frame, shared);
  if (merged) pinAnonVma(item, vma);
  upRead(mmapSem(mm));
  return merged;
}
