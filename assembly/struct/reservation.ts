// What the pool has promised. A mapping is promised, when it is made, that its faults will find a huge page:
//
//   shared    the file remembers which of its pages were promised or are there (AddressSpace.regions); one that is
//             in the page cache has used its promise up. All shared mappings of the file have one promise together.
//   private   whoever made the mapping owns the promise, children do not. A Reservation remembers for which
//             pages it was used up. VMAs into which the mapping is cut share it: such VMAs never move or merge, so it
//             is found by where they lie.
//
// Everything under hugetlb_lock.

import { VmFlag } from "../abi/flag";
import { Cache, slabAlloc, slabFree } from "../memory/slab";
import { AddressSpace, mappingOf } from "./address-space";
import { regionTruncate } from "./region";
import { Vma } from "./vma";

@unmanaged
export class Reservation {
  state: u32;
  /** The one of the same file that was made before it. */
  next: u32;
  mm: u32;
  /** VMAs that are left of the mapping. */
  vmas: u32;
  start: u64;
  end: u64;
  /** Huge pages for which it was used up, by index in the file. */
  used: u32;
}

export function regionsOf(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("regions");
}

export function usedOf(reservation: Reservation): usize {
  return changetype<usize>(reservation) + offsetof<Reservation>("used");
}

function reservationsOf(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("reservations");
}

/** HPAGE_RESV_OWNER: was this private mapping promised pages? */
export function ownsReservation(vma: Vma): bool {
  return (vma.flags & VmFlag.ReserveOwner) != 0;
}

/** The caller has reserved the object. */
export function reservationCreate(vma: Vma): void {
  const mapping = mappingOf(vma);
  const object = <u32>slabAlloc(Cache.Reservation);
  const reservation = changetype<Reservation>(<usize>object);
  reservation.mm = vma.mm;
  reservation.vmas = 1;
  reservation.start = vma.start;
  reservation.end = vma.end;
  reservation.used = 0;
  // The newest first: what is left of an older mapping has no part in it.
  reservation.next = mapping.reservations;
  mapping.reservations = object;
  vma.flags |= VmFlag.ReserveOwner;
}

/** Of an owner. */
export function reservationOf(vma: Vma): Reservation {
  let at = mappingOf(vma).reservations;
  while (true) {
    const it = changetype<Reservation>(<usize>at);
    if (it.mm == vma.mm && it.start <= vma.start && vma.end <= it.end) return it;
    at = it.next;
  }
}

/** hugetlb_vm_op_open: an owner was cut in two. */
export function reservationShare(vma: Vma): void {
  if (ownsReservation(vma)) reservationOf(vma).vmas++;
}

/** An owner goes; with the last of its mapping the record. */
export function reservationDrop(vma: Vma, reservation: Reservation): void {
  vma.flags &= ~VmFlag.ReserveOwner;
  if (--reservation.vmas) return;
  regionTruncate(usedOf(reservation), 0);
  const object = <u32>changetype<usize>(reservation);
  let link = reservationsOf(mappingOf(vma));
  while (load<u32>(link) != object) link = <usize>load<u32>(link) + offsetof<Reservation>("next");
  store<u32>(link, reservation.next);
  slabFree(Cache.Reservation, <usize>object);
}
