// The half of try_to_unmap_file that is about nonlinear VMAs. Nothing tells where in them a page is, so none is
// looked for: a part of each VMA is unmapped, whatever it shows, in the hope that the page is among it.
//
//   cursor       how far the last calls have come in a VMA, in whole clusters
//   round        each VMA from its cursor up to the same limit, which is raised by a cluster for the next round
//   guess        as many pages as the one asked for has mappings: when they are unmapped, it is enough for now

import { Counter } from "../abi/counter";
import { Event } from "../abi/event";
import { VmFlag } from "../abi/flag";
import { UnmapResult } from "../abi/result";
import { PAGE_SIZE } from "../abi/unit";
import { WalkAct } from "../abi/walk";
import { nonlinearCursor, nonlinearNext, setNonlinearCursor } from "../index/nonlinear-list";
import { event } from "../memory/event";
import { count } from "../memory/header";
import { pageClearedInside, rangeEndOutside, rangeStartOutside } from "../notifier/placement";
import { AddressSpace } from "../struct/address-space";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { pageIndex, pageIsAnon, pageMapcount } from "../struct/page";
import { setPageDirty } from "../struct/page-dirty";
import { putPage } from "../struct/page-frame";
import { pmdAt, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { PTE_DIRTY, pteFrame, pteIsPage, pteOfPgoff } from "../struct/pte";
import { linearPageIndex, Vma } from "../struct/vma";
import { traceCluster, traceDid, traceEntry } from "../struct/walk-trace";
import { Doing } from "../locks";
import { tryDownRead, upRead } from "../sync/lock";
import { pageRemoveRmap } from "./accounting";
import { mlockVmaPage } from "./mlock";
import { clearFlushYoung } from "./young";

/** What a cursor advances by. */
export const CLUSTER_SIZE: u64 = 32 * <u64>PAGE_SIZE;

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/** Takes an old entry away; in its place, what a fault needs to find the page again. */
function unmapEntry(vma: Vma, address: u64, pte: usize, entry: u64): void {
  const frame = pteFrame(entry);
  const pgoff = pageIndex(frame);
  const linear = pgoff == linearPageIndex(vma, address);
  store<u64>(pte, 0);
  pageClearedInside(changetype<MmStruct>(<usize>vma.mm), address);
  store<u64>(pte, linear ? 0 : pteOfPgoff(pgoff));
  if (entry & PTE_DIRTY) setPageDirty(frame);
  pageRemoveRmap(frame);
  putPage(frame);
  changetype<MmStruct>(<usize>vma.mm).fileRss--;
  event(linear ? Event.Unmapped : Event.OffsetKept, <f64>address, <f64>frame, 0);
  if (CHECKED) traceDid(linear ? WalkAct.Removed : WalkAct.OffsetKept);
}

/**
 * try_to_unmap_cluster: goes through at most 32 entries.
 * @param wanted the page that this is about
 * @returns pages unmapped, and in the upper half an UnmapResult: Mlock if the page was met in a locked VMA
 */
function tryToUnmapCluster(vma: Vma, cursor: u64, wanted: u32): u64 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const from = (vma.start + cursor) & ~(CLUSTER_SIZE - 1);
  const end = min(from + CLUSTER_SIZE, vma.end);
  const start = max(from, vma.start);
  let at = start;
  let unmapped: u32 = 0;
  let entries: u32 = 0;
  let result = UnmapResult.Again;
  count(Counter.ClustersScanned, 1);
  if (CHECKED) traceCluster(vma, at, end);
  const pmd = pmdAt(mm, at);
  if (!pmd) return (<u64>result) << 32;
  rangeStartOutside(mm, start, end);
  // The VMA stays locked as long as nobody has mmap_sem for write; without it nothing is sure, and it counts as not locked.
  let locked = tryDownRead(mmapSem(mm), Doing.Unmap);
  if (locked && !(vma.flags & VmFlag.Locked)) {
    upRead(mmapSem(mm));
    locked = false;
  }
  ptlLock(pmd, Doing.Unmap);
  for (; at < end; at += PAGE_SIZE) {
    const pte = pteUnder(pmd, at);
    const entry = load<u64>(pte);
    entries++;
    if (CHECKED) traceEntry(wanted, at, entry);
    if (!pteIsPage(entry)) continue;
    assert(!pageIsAnon(pteFrame(entry)), "rmap: anonymous page in a nonlinear vma");
    if (locked) {
      // Nobody has locked the page, unless it is the wanted one (docs/simplified.md).
      mlockVmaPage(pteFrame(entry));
      if (CHECKED) traceDid(WalkAct.Mlocked);
      if (pteFrame(entry) == wanted) result = UnmapResult.Mlock;
    } else if (clearFlushYoung(mm, pte, at)) {
      if (CHECKED) traceDid(WalkAct.MadeOld);
    } else {
      unmapEntry(vma, at, pte, entry);
      unmapped++;
    }
  }
  ptlUnlock(pmd);
  count(Counter.EntriesChecked, entries);
  rangeEndOutside(mm, start, end);
  if (locked) upRead(mmapSem(mm));
  return ((<u64>result) << 32) | unmapped;
}

/**
 * Goes on in the nonlinear VMAs of a file, of which there is one at least, where the last call stopped; the
 * page is mapped, and no linear VMA has objected. Under i_mmap_mutex.
 * @returns Mlock if the page was met in a locked VMA, else Again
 */
export function tryToUnmapNonlinear(mapping: AddressSpace, frame: u32): UnmapResult {
  const first = mapping.iMmapNonlinear;
  let limit: u64 = 0;
  let size: u64 = 0;
  for (let at = first; at; at = nonlinearNext(vmaAt(at))) {
    limit = max(limit, nonlinearCursor(vmaAt(at)));
    size = max(size, vmaAt(at).end - vmaAt(at).start);
  }
  let guess = pageMapcount(frame);
  let result = UnmapResult.Again;
  if (guess <= 0) return result;
  size = (size + CLUSTER_SIZE - 1) & ~(CLUSTER_SIZE - 1);
  if (!limit) limit = CLUSTER_SIZE;
  // VMAs may have become smaller since the last call: then the first round alone ends this one.
  while (true) {
    for (let at = first; at; at = nonlinearNext(vmaAt(at))) {
      const vma = vmaAt(at);
      let cursor = nonlinearCursor(vma);
      while (cursor < limit && cursor < vma.end - vma.start) {
        const cluster = tryToUnmapCluster(vma, cursor, frame);
        if (<u32>(cluster >> 32) == <u32>UnmapResult.Mlock) result = UnmapResult.Mlock;
        guess -= <i32>(<u32>cluster);
        cursor += CLUSTER_SIZE;
        setNonlinearCursor(vma, cursor);
        if (guess <= 0) return result;
      }
      setNonlinearCursor(vma, limit);
    }
    limit += CLUSTER_SIZE;
    if (limit > size) break;
  }
  // All of them were gone through: the next call begins anew.
  for (let at = first; at; at = nonlinearNext(vmaAt(at))) setNonlinearCursor(vmaAt(at), 0);
  return result;
}
