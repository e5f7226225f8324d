// A fault on a swap entry: the page comes back through the swap cache.

import { Event } from "../abi";
import { event } from "../memory/event";
import { pageAddAnonRmap } from "../rmap/accounting";
import { MmStruct } from "../struct/mm-struct";
import { getPage, lockPage, pagePrivate, putPage, unlockPage } from "../struct/page";
import { ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { PTE_DIRTY, pteOf, pteSwapSlot, PTE_USER, PTE_WRITE, PTE_YOUNG } from "../struct/pte";
import { slotAt, swapFree } from "../struct/swap-slot";
import { Vma } from "../struct/vma";
import { vmaPageProt } from "./mprotect";
import { isSwapFull, reuseSwapPage, tryToFreeSwap } from "./swap";

/** Returns 0: the access is tried again, so a write that got a protected page copies it next. */
export function swapFault(vma: Vma, address: u64, pmd: usize, entry: u64, write: bool): i32 {
  const slot = pteSwapSlot(entry);
  const frame = slotAt(slot).frame;
  assert(frame != 0, "swap: entry of a page that is not in the swap cache");
  getPage(frame);
  lockPage(frame);
  const pte = pteUnder(pmd, address);
  ptlLock(pmd);
  if (load<u64>(pte) == entry && pagePrivate(frame) == <u32>slot) {
    const mm = changetype<MmStruct>(<usize>vma.mm);
    mm.anonRss++;
    mm.swapRss--;
    getPage(frame);
    let bits = PTE_YOUNG | vmaPageProt(vma);
    let exclusive = false;
    // Asked while the page counts in swap but not in mapcount: afterwards it would count twice.
    if (write && reuseSwapPage(frame)) {
      bits |= PTE_WRITE | PTE_DIRTY | PTE_USER;
      exclusive = true;
    }
    store<u64>(pte, pteOf(frame, bits));
    pageAddAnonRmap(frame, vma, address, exclusive);
    swapFree(slot);
    if (isSwapFull()) tryToFreeSwap(frame);
    event(Event.SwapIn, <f64>address, <f64>frame, 0);
  }
  ptlUnlock(pmd);
  unlockPage(frame);
  putPage(frame);
  return 0;
}
