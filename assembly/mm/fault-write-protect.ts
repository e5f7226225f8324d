// do_wp_page: a write to a page whose entry does not allow it, though the VMA does.
//
//   anonymous, one owner left   reuse: the page moves to this VMA's anon_vma
//   shared and writable         reuse: the page becomes dirty
//   anything else               copy: new page in, then old page out of the reverse map

import { Counter, Errno, Event, PageFlag } from "../abi";
import { event } from "../memory/event";
import { count } from "../memory/header";
import { pageAddNewAnonRmap, pageMoveAnonRmap, pageRemoveRmap } from "../rmap/accounting";
import { MmStruct } from "../struct/mm-struct";
import {
  getPage,
  lockPage,
  pageAlloc,
  pageIsAnon,
  pageSet,
  pageSetWord,
  pageWord,
  putPage,
  trylockPage,
  unlockPage,
  ZERO_FRAME,
} from "../struct/page";
import { ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteIsPage,
  pteIsPresent,
  pteOf,
  PTE_USER,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { isShared, Vma } from "../struct/vma";
import { anonVmaPrepare } from "./anon-prepare";
import { reuseSwapPage } from "./swap";

const WRITTEN: u64 = PTE_YOUNG | PTE_DIRTY | PTE_WRITE;

/** Locks a page whose entry is looked at under the page-table lock; false if the entry changed meanwhile. */
function lockUnderPtl(frame: u32, pmd: usize, pte: usize, entry: u64): bool {
  if (trylockPage(frame)) return true;
  getPage(frame);
  ptlUnlock(pmd);
  lockPage(frame);
  ptlLock(pmd);
  const same = load<u64>(pte) == entry;
  if (!same) unlockPage(frame);
  putPage(frame);
  return same;
}

/** Puts the copy in the old page's place; the old one keeps a reference of ours until it is out. */
function replacePage(vma: Vma, address: u64, pmd: usize, entry: u64, old: u32, copy: u32): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pte = pteUnder(pmd, address);
  ptlLock(pmd);
  if (load<u64>(pte) != entry) {
    ptlUnlock(pmd);
    putPage(copy);
    return;
  }
  if (!old) mm.anonRss++;
  else if (!pageIsAnon(old)) {
    mm.fileRss--;
    mm.anonRss++;
  }
  pageAddNewAnonRmap(copy, vma, address);
  store<u64>(pte, pteOf(copy, WRITTEN | PTE_USER));
  if (old) {
    pageRemoveRmap(old);
    putPage(old);
  }
  ptlUnlock(pmd);
  count(Counter.PagesCopied, 1);
  event(Event.PageCopied, <f64>address, <f64>old, <f64>copy);
}

/** The caller's reference to the old page is dropped. */
function copyPage(vma: Vma, address: u64, pmd: usize, entry: u64, old: u32): i32 {
  const copy = pageAlloc();
  let error = copy ? 0 : Errno.ENOMEM;
  if (copy && !anonVmaPrepare(vma)) {
    putPage(copy);
    error = Errno.ENOMEM;
  }
  if (!error) {
    if (old) pageSetWord(copy, pageWord(old));
    pageSet(copy, PageFlag.Uptodate);
    replacePage(vma, address, pmd, entry, old, copy);
  }
  if (old) putPage(old);
  return error;
}

/** Returns 0 (the access is tried again), or ENOMEM. */
export function wpFault(vma: Vma, address: u64, pmd: usize, seen: u64): i32 {
  const pte = pteUnder(pmd, address);
  ptlLock(pmd);
  const entry = load<u64>(pte);
  if (entry != seen || !pteIsPresent(entry) || entry & PTE_WRITE) {
    ptlUnlock(pmd);
    return 0;
  }
  const frame = pteIsPage(entry) ? pteFrame(entry) : ZERO_FRAME;
  if (frame && pageIsAnon(frame)) {
    if (!lockUnderPtl(frame, pmd, pte, entry)) {
      ptlUnlock(pmd);
      return 0;
    }
    const mine = reuseSwapPage(frame);
    if (mine) {
      pageMoveAnonRmap(frame, vma, address);
      store<u64>(pte, entry | WRITTEN);
      event(Event.PageReused, <f64>address, <f64>frame, 0);
    }
    unlockPage(frame);
    if (mine) {
      ptlUnlock(pmd);
      return 0;
    }
  } else if (isShared(vma)) {
    store<u64>(pte, entry | WRITTEN);
    getPage(frame);
    ptlUnlock(pmd);
    pageSet(frame, PageFlag.Dirty);
    putPage(frame);
    event(Event.PageShared, <f64>address, <f64>frame, 0);
    return 0;
  }
  // From here on the entry may go, and the page with it.
  if (frame) getPage(frame);
  ptlUnlock(pmd);
  return copyPage(vma, address, pmd, entry, frame);
}
