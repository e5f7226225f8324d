// page_mkclean: write-protects a file page everywhere, so that the next write is noticed.

import { PAGE_SIZE } from "../abi/unit";
import { hasStorageKeys, pageTestAndClearDirty } from "../arch/storage-key";
import { fileSource, sourceFirst, sourceNext, sourceRoot } from "../index/source";
import { stepNode, stepTouched, stepVisited } from "../index/step";
import { header } from "../memory/header";
import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "../notifier/dispatch";
import { isToldByRange, pageChangedOutside, pageClearedInside } from "../notifier/placement";
import { AddressSpace, iMmapMutex, isHugetlb } from "../struct/address-space";
import { vmaOfNode } from "../struct/interval-node";
import { MmStruct } from "../struct/mm-struct";
import { pageFileMapping, pageIndex, pageMapped } from "../struct/page";
import { ptlUnlock, pteUnder } from "../struct/page-table";
import { PTE_DIRTY, PTE_WRITE } from "../struct/pte";
import { isShared, Vma } from "../struct/vma";
import { StorageKeyDirty } from "../abi/switch";
import { Offer, WalkAct, WalkKind } from "../abi/walk";
import { traceBegin, traceDid, traceEnd, traceOffer } from "../struct/walk-trace";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { addressIsChecked, OUTSIDE, pageCheckAddress, vmaAddress } from "./address";
import { countLongSteps, countWalk, hasLongSteps } from "./walk-cost";

/** page_mkclean_one: 1 if there was an entry to be cleaned. */
function pageMkcleanOne(frame: u32, vma: Vma, address: u64): u32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const ranged = isToldByRange(mm);
  if (ranged) mmuNotifierInvalidateRangeStart(mm, address, address + PAGE_SIZE);
  const cleaned = cleanEntry(frame, mm, address);
  if (ranged) mmuNotifierInvalidateRangeEnd(mm, address, address + PAGE_SIZE);
  return cleaned;
}

function cleanEntry(frame: u32, mm: MmStruct, address: u64): u32 {
  const pmd = pageCheckAddress(frame, mm, address, true);
  if (!pmd) return 0;
  const pte = pteUnder(pmd, address);
  const entry = load<u64>(pte);
  const changed = (entry & (PTE_DIRTY | PTE_WRITE)) != 0;
  if (changed) {
    store<u64>(pte, 0);
    pageClearedInside(mm, address);
    store<u64>(pte, entry & ~(PTE_DIRTY | PTE_WRITE));
  }
  if (CHECKED) traceDid(changed ? WalkAct.Protected : WalkAct.Clean);
  ptlUnlock(pmd);
  if (changed) pageChangedOutside(mm, address);
  return changed ? 1 : 0;
}

/** Up to v3.7-rc2 an s390x's page counts as dirty as well if its key says that it was changed. */
function keyTellsOfChanges(): bool {
  return hasStorageKeys() && header().storageKeyDirty == <u32>StorageKeyDirty.Always;
}

/** Of a locked page: entries that were dirty or writable. Never marks the page itself; never anonymous. */
export function pageMkclean(frame: u32): u32 {
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  // Pages of hugetlb files are never written out, so nobody wants to notice writes to them.
  if (!mapping || !pageMapped(frame) || isHugetlb(mapping)) return 0;
  if (CHECKED) traceBegin(WalkKind.Mkclean, frame);
  let cleaned = mkclean(frame, mapping);
  if (keyTellsOfChanges() && pageTestAndClearDirty(frame)) cleaned = 1;
  if (CHECKED) traceEnd(<f64>cleaned);
  return cleaned;
}

function mkclean(frame: u32, mapping: AddressSpace): u32 {
  const pgoff = pageIndex(frame);
  const checked = addressIsChecked();
  let cleaned: u32 = 0;
  let irrelevant: u32 = 0;
  let entries: u32 = 0;
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Mkclean);
  const owner = changetype<usize>(mapping);
  let visited: u32 = 0;
  let touched: u32 = 0;
  let node: u32;
  const source = fileSource();
  let step = sourceFirst(source, sourceRoot(source, owner), pgoff, pgoff);
  for (; ; step = sourceNext(source, node, pgoff, pgoff)) {
    visited += stepVisited(step);
    touched += stepTouched(step);
    node = stepNode(step);
    if (!node) break;
    const vma = vmaOfNode(node);
    if (!isShared(vma)) {
      if (CHECKED) traceOffer(Offer.Private, 0);
      continue;
    }
    const address = vmaAddress(pgoff, vma, checked);
    if (address == OUTSIDE) {
      irrelevant++;
      if (CHECKED) traceOffer(Offer.Irrelevant, 0);
      continue;
    }
    if (CHECKED) traceOffer(Offer.Considered, address);
    entries++;
    cleaned += pageMkcleanOne(frame, vma, address);
  }
  unlock(iMmapMutex(mapping));
  countWalk(visited, touched, irrelevant, entries);
  if (hasLongSteps()) countLongSteps();
  return cleaned;
}
