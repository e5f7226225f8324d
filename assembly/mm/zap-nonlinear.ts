// Takes pages out of a nonlinear VMA whose place in the file has to be remembered: where a page is not at its
// linear place an entry stays that keeps its pgoff. Entries that are not present stay as they are.

import { Event } from "../abi/event";
import { PAGE_SIZE } from "../abi/unit";
import { event } from "../memory/event";
import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "../notifier/dispatch";
import { MmStruct } from "../struct/mm-struct";
import { pageFileMapping, pageIndex } from "../struct/page";
import { nextMapped, pmdAt, pmdEnd, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { pteFrame, pteIsPage, pteOfPgoff } from "../struct/pte";
import { linearPageIndex, Vma } from "../struct/vma";
import { Doing } from "../locks";
import { zapPage } from "./zap";

/**
 * Unmaps pages [first, last] of the file from [start, end) of the VMA, in which they may be anywhere.
 * @param only 0, or an AddressSpace: pages of others stay
 */
export function zapNonlinear(
  vma: Vma,
  start: u64,
  end: u64,
  first: u64,
  last: u64,
  only: u32,
): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  let pages: u32 = 0;
  mmuNotifierInvalidateRangeStart(mm, start, end);
  for (let at = nextMapped(mm, start, end); at < end; at = nextMapped(mm, at, end)) {
    const stop = pmdEnd(at, end);
    const pmd = pmdAt(mm, at);
    ptlLock(pmd, Doing.Zap);
    for (; at < stop; at += PAGE_SIZE) {
      const pte = pteUnder(pmd, at);
      const entry = load<u64>(pte);
      if (!pteIsPage(entry)) continue;
      const frame = pteFrame(entry);
      if (only && pageFileMapping(frame) != only) continue;
      const pgoff = pageIndex(frame);
      if (pgoff < first || pgoff > last) continue;
      store<u64>(pte, pgoff == linearPageIndex(vma, at) ? 0 : pteOfPgoff(pgoff));
      zapPage(vma, entry);
      pages++;
    }
    ptlUnlock(pmd);
  }
  mmuNotifierInvalidateRangeEnd(mm, start, end);
  if (pages) event(Event.Zapped, <f64>pages, <f64>start, <f64>end);
}
