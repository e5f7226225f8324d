// Where a huge page of the pool is mapped.

import { Doing } from "../locks";
import { MmStruct } from "../struct/mm-struct";
import { hugeEntry, pmdIsHuge, pmdSlot } from "../struct/page-table";
import { pteFrame, pteIsPage } from "../struct/pte";
import { traceEntry, traceNoTable } from "../struct/walk-trace";
import { pmdLock, pmdUnlock } from "./huge-entry";

/**
 * __page_check_address of a huge page of the pool: the pmd entry that maps it right now, with page_table_lock taken; 0 if it is
 * not mapped there. There is no look without the lock.
 */
export function hugetlbCheckAddress(frame: u32, mm: MmStruct, address: u64): usize {
  const pmd = pmdSlot(mm, address);
  if (!pmd) {
    if (CHECKED) traceNoTable(address);
    return 0;
  }
  pmdLock(mm, Doing.CheckAddress);
  if (CHECKED && !pmdIsHuge(pmd)) traceNoTable(address);
  if (pmdIsHuge(pmd)) {
    const entry = hugeEntry(pmd);
    if (CHECKED) traceEntry(frame, address, entry);
    if (pteIsPage(entry) && pteFrame(entry) == frame) return pmd;
  }
  pmdUnlock(mm);
  return 0;
}

/** Does the VMA map it at that address? */
export function isHugetlbMappedAt(frame: u32, mm: MmStruct, address: u64): bool {
  if (!hugetlbCheckAddress(frame, mm, address)) return false;
  pmdUnlock(mm);
  return true;
}
