// Promises of the pool are made with a mapping, used up by its faults, and given back with it
// (struct/reservation.ts says what they are).

import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { HUGE_ORDER } from "../abi/unit";
import { header } from "../memory/header";
import { Cache, slabReserve } from "../memory/slab";
import { AddressSpace, mappingOf } from "../struct/address-space";
import {
  dequeueHugePage,
  hugePagesAvailable,
  hugetlbLock,
  hugetlbUnlock,
} from "../struct/huge-pool";
import { regionAdd, regionCount, regionTruncate } from "../struct/region";
import {
  ownsReservation,
  regionsOf,
  reservationCreate,
  reservationDrop,
  reservationOf,
  usedOf,
} from "../struct/reservation";
import { linearPageIndex, Vma, vmaPages } from "../struct/vma";
import { mightSleep } from "../sync/lock";

/** Objects that an allocation or a mapping may need, so that neither fails half-way. */
export function reserveRecords(): bool {
  return slabReserve(Cache.Region, 1) && slabReserve(Cache.Reservation, 1);
}

/** hugetlb_reserve_pages, of a new mapping: 0, or ENOMEM when the pool can't promise so much. */
export function hugetlbReserve(vma: Vma): i32 {
  if (vma.flags & VmFlag.NoReserve) return 0;
  if (!reserveRecords()) return Errno.ENOMEM;
  const regions = regionsOf(mappingOf(vma));
  const shared = (vma.flags & VmFlag.MayShare) != 0;
  const from = linearPageIndex(vma, vma.start);
  const to = from + (vmaPages(vma) >> HUGE_ORDER);
  hugetlbLock();
  const pages = to - from - (shared ? regionCount(regions, from, to) : 0);
  // Broken pages may have left less than was promised; who asks for nothing gets it all the same.
  const promised = !pages || <i64>pages <= <i64>hugePagesAvailable();
  if (promised) {
    header().hugePagesReserved += <i32>pages;
    if (shared) regionAdd(regions, from, to);
    else reservationCreate(vma);
  }
  hugetlbUnlock();
  return promised ? 0 : Errno.ENOMEM;
}

/** Where it is kept for which pages a VMA's promise was used up (an owner's), or made at all (a shared one's); 0: it has none. */
function recordOf(vma: Vma): usize {
  if (vma.flags & VmFlag.MayShare) return regionsOf(mappingOf(vma));
  return ownsReservation(vma) ? usedOf(reservationOf(vma)) : 0;
}

/**
 * alloc_huge_page: a page for the VMA's page of that index, promised or free for all. The caller has called
 * reserveRecords.
 * @param avoidReserve the promise was used up before: not another one's
 * @returns 0 when there is none
 */
export function allocHugePage(vma: Vma, index: u64, avoidReserve: bool): u32 {
  const shared = (vma.flags & VmFlag.MayShare) != 0;
  mightSleep();
  hugetlbLock();
  const record = recordOf(vma);
  const recorded = record != 0 && regionCount(record, index, index + 1) != 0;
  const promised = !avoidReserve && record != 0 && recorded == shared;
  const head = promised || hugePagesAvailable() > 0 ? dequeueHugePage() : 0;
  if (head) {
    if (promised) header().hugePagesReserved--;
    // A shared mapping that was promised nothing: its file has the page all the same.
    if (promised ? !shared : shared && !recorded) regionAdd(record, index, index + 1);
  }
  hugetlbUnlock();
  return head;
}

/** Could allocHugePage give a page? Asked before anything is done that a fault without one must not leave. */
export function canAllocHugePage(vma: Vma, index: u64, avoidReserve: bool): bool {
  const shared = (vma.flags & VmFlag.MayShare) != 0;
  const record = recordOf(vma);
  const recorded = record != 0 && regionCount(record, index, index + 1) != 0;
  const promised = !avoidReserve && record != 0 && recorded == shared;
  return promised ? header().hugePagesFree > 0 : hugePagesAvailable() > 0;
}

/** hugetlb_unreserve_pages: the file ends at that huge page, and lost so many that it had beyond it. */
export function hugetlbUnreserve(mapping: AddressSpace, from: u64, freed: u32): void {
  hugetlbLock();
  const pages = regionTruncate(regionsOf(mapping), from);
  header().hugePagesReserved -= <i32>pages - <i32>freed;
  hugetlbUnlock();
}

/** hugetlb_vm_op_close: an owner's VMA takes with it what it has not used. */
export function hugetlbVmClose(vma: Vma): void {
  if (!ownsReservation(vma)) return;
  const from = linearPageIndex(vma, vma.start);
  const to = from + (vmaPages(vma) >> HUGE_ORDER);
  hugetlbLock();
  const reservation = reservationOf(vma);
  const unused = to - from - regionCount(usedOf(reservation), from, to);
  header().hugePagesReserved -= <i32>unused;
  reservationDrop(vma, reservation);
  hugetlbUnlock();
}
