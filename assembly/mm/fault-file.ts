// A fault on a file mapping that has no entry, or one that only says which page of the file it shows.

import { Doing } from "../locks";
import { Counter } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { event } from "../memory/event";
import { count } from "../memory/header";
import { pageAddFileRmap, pageAddNewAnonRmap } from "../rmap/accounting";
import { isSwapBacked, mappingOf } from "../struct/address-space";
import { MmStruct } from "../struct/mm-struct";
import {
  lockPage,
  pageFileMapping,
  pageReadWord,
  pageSet,
  pageSetWord,
  pageTest,
  unlockPage,
} from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import { setPageDirty } from "../struct/page-dirty";
import { ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { PTE_DIRTY, pteOf, ptePgoff, PTE_USER, PTE_WRITE, PTE_YOUNG } from "../struct/pte";
import { isNonlinear, isShared, linearPageIndex, Vma } from "../struct/vma";
import { vmaPageProt } from "../struct/vma-prot";
import { anonVmaPrepare } from "./anon-prepare";
import { findGetPage } from "./file";
import { countMajorFault } from "./fault-count";
import { dropNewPage, pageAllocCharged } from "./memcg-charge";
import { pageCacheRead } from "./page-cache-read";
import { pageMkwrite } from "./writeback";

/** A write to a private mapping: the process gets the copy, the cached page is not mapped. */
function mapCopy(vma: Vma, address: u64, pmd: usize, seen: u64, cached: u32, copy: u32): void {
  pageSetWord(copy, pageReadWord(cached));
  pageSet(copy, PageFlag.Uptodate);
  ptlLock(pmd, Doing.Fault);
  const pte = pteUnder(pmd, address);
  if (load<u64>(pte) != seen) {
    ptlUnlock(pmd);
    return;
  }
  getPage(copy);
  changetype<MmStruct>(<usize>vma.mm).anonRss++;
  pageAddNewAnonRmap(copy, vma, address);
  store<u64>(pte, pteOf(copy, PTE_USER | PTE_WRITE | PTE_DIRTY | PTE_YOUNG));
  ptlUnlock(pmd);
  count(Counter.PagesCopied, 1);
  event(Event.PageCopied, <f64>address, <f64>cached, <f64>copy);
}

/** The cached page itself. A write to a shared mapping makes it dirty, after its file system was told. */
function mapCached(vma: Vma, address: u64, pmd: usize, seen: u64, cached: u32, write: bool): void {
  if (write) pageMkwrite(mappingOf(vma), cached);
  ptlLock(pmd, Doing.Fault);
  const pte = pteUnder(pmd, address);
  if (load<u64>(pte) == seen) {
    getPage(cached);
    changetype<MmStruct>(<usize>vma.mm).fileRss++;
    pageAddFileRmap(cached);
    let bits = PTE_YOUNG | vmaPageProt(vma);
    if (write) bits |= PTE_WRITE | PTE_DIRTY;
    store<u64>(pte, pteOf(cached, bits));
    event(Event.FilePage, <f64>address, <f64>cached, 0);
  }
  ptlUnlock(pmd);
  if (write) setPageDirty(cached);
}

/**
 * Returns 0, SIGBUS beyond the file's end, or ENOMEM. A page that was truncated while we waited for its
 * lock is not mapped, and the access is tried again.
 * @param seen the entry, which must still be there when the page's takes its place
 */
function fileFault(vma: Vma, address: u64, pmd: usize, pgoff: u64, seen: u64, write: bool): i32 {
  const mapping = mappingOf(vma);
  const exists = pgoff < mapping.size;
  const copies = write && !isShared(vma);
  let cached = exists ? findGetPage(mapping, pgoff) : 0;
  const reads = exists && !cached && !isSwapBacked(mapping);
  const copy = copies ? pageAllocCharged(<usize>vma.mm) : 0;
  if (exists && !cached && (copy || !copies)) cached = pageCacheRead(mapping, pgoff, <usize>vma.mm);
  // The file is asked last: a write beyond its end leaves the VMA with an anon_vma, as in the kernel.
  const ready = (cached || !exists) && (!copies || (copy && anonVmaPrepare(vma)));
  let error = ready ? 0 : Errno.ENOMEM;
  if (ready && !exists) error = Errno.SIGBUS;
  if (ready && reads) countMajorFault(changetype<MmStruct>(<usize>vma.mm));
  if (!error) {
    lockPage(cached, Doing.Fault);
    if (pgoff >= mapping.size) error = Errno.SIGBUS;
    else if (pageFileMapping(cached) == <u32>changetype<usize>(mapping)) {
      if (pageTest(cached, PageFlag.HwPoison)) error = Errno.SIGBUS;
      else if (copies) mapCopy(vma, address, pmd, seen, cached, copy);
      else mapCached(vma, address, pmd, seen, cached, write);
    }
    unlockPage(cached);
  }
  if (cached) putPage(cached);
  if (copy) dropNewPage(copy);
  return error;
}

/** do_linear_fault: nothing is there, so the page is the one that the VMA's pgoff gives. */
export function linearFault(vma: Vma, address: u64, pmd: usize, write: bool): i32 {
  return fileFault(vma, address, pmd, linearPageIndex(vma, address), 0, write);
}

/** do_nonlinear_fault: the entry itself says which page. In a VMA that has no such entries it is bad: SIGBUS. */
export function nonlinearFault(vma: Vma, address: u64, pmd: usize, seen: u64, write: bool): i32 {
  ptlLock(pmd, Doing.Fault);
  const same = load<u64>(pteUnder(pmd, address)) == seen;
  ptlUnlock(pmd);
  if (!same) return 0;
  if (!isNonlinear(vma)) return Errno.SIGBUS;
  return fileFault(vma, address, pmd, ptePgoff(seen), seen, write);
}
