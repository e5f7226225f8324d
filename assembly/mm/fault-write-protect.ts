// do_wp_page: a write to a page whose entry does not allow it, though the VMA does.
//
//   anonymous, one owner left   reuse: the page moves to this VMA's anon_vma
//   shared and writable         reuse: the page becomes dirty
//   anything else               copy: new page in, then old page out of the reverse map

import { Doing } from "../locks";
import { Counter } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { PAGE_SIZE } from "../abi/unit";
import { event } from "../memory/event";
import { count } from "../memory/header";
import { setPteAtNotify } from "../notifier/dispatch";
import { rangeEndOutside, rangeStartOutside } from "../notifier/placement";
import { pageAddNewAnonRmap, pageMoveAnonRmap, pageRemoveRmap } from "../rmap/accounting";
import { munlockVmaPage } from "../rmap/munlock";
import { accountsDirty, mappingOf } from "../struct/address-space";
import { MmStruct } from "../struct/mm-struct";
import {
  lockPage,
  pageFileMapping,
  pageIsAnon,
  pageReadWord,
  pageSet,
  pageSetWord,
  trylockPage,
  unlockPage,
  ZERO_FRAME,
} from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import { setPageDirty } from "../struct/page-dirty";
import { ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import {
  pteBits,
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
import { vmaPageProt } from "../struct/vma-prot";
import { anonVmaPrepare } from "./anon-prepare";
import { dropNewPage, pageAllocCharged } from "./memcg-charge";
import { reuseSwapPage } from "./swap";
import { pageMkwrite } from "./writeback";

/** Written to, and writable if the VMA is: KSM's breaks come here for VMAs that are not. */
function writtenBits(vma: Vma): u64 {
  let bits = pteBits(PTE_YOUNG | PTE_DIRTY) | (vmaPageProt(vma) & PTE_USER);
  if (vma.flags & VmFlag.Write) bits |= PTE_WRITE;
  return bits;
}

/** Locks a page whose entry is looked at under the page-table lock; false if the entry changed meanwhile. */
function lockUnderPtl(frame: u32, pmd: usize, pte: usize, entry: u64): bool {
  if (trylockPage(frame, Doing.CopyOnWrite)) return true;
  getPage(frame);
  ptlUnlock(pmd);
  lockPage(frame, Doing.CopyOnWrite);
  ptlLock(pmd, Doing.CopyOnWrite);
  const same = load<u64>(pte) == entry;
  if (!same) unlockPage(frame);
  putPage(frame);
  return same;
}

/** Puts the copy in the old page's place; the old one keeps a reference of ours until it is out. */
function replacePage(vma: Vma, address: u64, pmd: usize, entry: u64, old: u32, copy: u32): bool {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pte = pteUnder(pmd, address);
  rangeStartOutside(mm, address, address + PAGE_SIZE);
  ptlLock(pmd, Doing.CopyOnWrite);
  if (load<u64>(pte) != entry) {
    ptlUnlock(pmd);
    rangeEndOutside(mm, address, address + PAGE_SIZE);
    dropNewPage(copy);
    return false;
  }
  if (!old) mm.anonRss++;
  else if (!pageIsAnon(old)) {
    mm.fileRss--;
    mm.anonRss++;
  }
  store<u64>(pte, 0);
  pageAddNewAnonRmap(copy, vma, address);
  setPteAtNotify(mm, address, pte, pteOf(copy, writtenBits(vma)));
  if (old) {
    pageRemoveRmap(old);
    putPage(old);
  }
  ptlUnlock(pmd);
  rangeEndOutside(mm, address, address + PAGE_SIZE);
  count(Counter.PagesCopied, 1);
  event(Event.PageCopied, <f64>address, <f64>old, <f64>copy);
  return true;
}

/** The caller's reference to the old page is dropped. */
function copyPage(vma: Vma, address: u64, pmd: usize, entry: u64, old: u32): i32 {
  const copy = pageAllocCharged(<usize>vma.mm);
  let error = copy ? 0 : Errno.ENOMEM;
  if (copy && !anonVmaPrepare(vma)) {
    dropNewPage(copy);
    error = Errno.ENOMEM;
  }
  if (!error) {
    pageSetWord(copy, old ? pageReadWord(old) : 0);
    pageSet(copy, PageFlag.Uptodate);
    const replaced = replacePage(vma, address, pmd, entry, old, copy);
    // Another task, with VMAs that may not be locked, must not keep the mlocked page.
    if (replaced && old && vma.flags & VmFlag.Locked) {
      lockPage(old, Doing.CopyOnWrite);
      munlockVmaPage(old);
      unlockPage(old);
    }
  }
  if (old) putPage(old);
  return error;
}

/**
 * A page of a file becomes writable where it is mapped shared. A file system that accounts for dirty pages
 * hears of it first, with the page locked and the page-table lock let go (page_mkwrite).
 */
function shareWritable(vma: Vma, address: u64, pmd: usize, entry: u64, frame: u32): i32 {
  const pte = pteUnder(pmd, address);
  const mapping = mappingOf(vma);
  const notified = accountsDirty(mapping);
  getPage(frame);
  if (notified) {
    ptlUnlock(pmd);
    lockPage(frame, Doing.CopyOnWrite);
    const gone = pageFileMapping(frame) != <u32>changetype<usize>(mapping);
    if (!gone) pageMkwrite(mapping, frame);
    ptlLock(pmd, Doing.CopyOnWrite);
    if (gone || load<u64>(pte) != entry) {
      ptlUnlock(pmd);
      unlockPage(frame);
      putPage(frame);
      return 0;
    }
  }
  store<u64>(pte, entry | writtenBits(vma));
  ptlUnlock(pmd);
  setPageDirty(frame);
  if (notified) unlockPage(frame);
  putPage(frame);
  event(Event.PageShared, <f64>address, <f64>frame, 0);
  return 0;
}

/** Returns 0 (the access is tried again), or ENOMEM. */
export function wpFault(vma: Vma, address: u64, pmd: usize, seen: u64): i32 {
  const pte = pteUnder(pmd, address);
  ptlLock(pmd, Doing.CopyOnWrite);
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
      store<u64>(pte, entry | writtenBits(vma));
      event(Event.PageReused, <f64>address, <f64>frame, 0);
    }
    unlockPage(frame);
    if (mine) {
      ptlUnlock(pmd);
      return 0;
    }
  } else if (isShared(vma) && vma.flags & VmFlag.Write) {
    return shareWritable(vma, address, pmd, entry, frame);
  }
  // From here on the entry may go, and the page with it.
  if (frame) getPage(frame);
  ptlUnlock(pmd);
  return copyPage(vma, address, pmd, entry, frame);
}
