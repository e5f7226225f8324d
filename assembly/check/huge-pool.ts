// The pool of huge pages: which are in use, which are free, and what was promised.
//
//   promised = for each hugetlb file   pages that shared mappings were promised, less those that are there
//            + for each owner's VMA    its pages, less those for which its promise was used up

import { PageFlag } from "../abi/flag";
import { HUGE_ORDER } from "../abi/unit";
import { Violated } from "../violated";
import { header } from "../memory/header";
import { Cache, slabLive, slabNext } from "../memory/slab";
import { AddressSpace, isHugetlb } from "../struct/address-space";
import { pagePrivate, pageRefcount, pageIsHugetlb, pageTest } from "../struct/page";
import { Region, regionCount } from "../struct/region";
import { ownsReservation, regionsOf, Reservation, usedOf } from "../struct/reservation";
import { isHugetlbVma, linearPageIndex, Vma, vmaPages } from "../struct/vma";
import { census, isFrame, isLive, pidOf, reservationNote } from "./census";
import { inodeOf, mappingOfVma } from "./indexes";
import { violated, violatedUnless } from "./violation";

/** Notes one that frames were met of. */
export function checkPooled(head: u32): void {
  census().poolPages++;
  if (pageRefcount(head) != 0) return;
  census().poolFree++;
  if (pageTest(head, PageFlag.HwPoison)) violated(Violated.HugeBrokenFree, <f64>head);
}

/** Pages in the list of the free, as far as it can be followed. */
function listed(): u32 {
  let n: u32 = 0;
  let at = header().hugeFree;
  for (; at && n <= census().frameTop; n++) {
    if (!isFrame(at) || !pageIsHugetlb(at) || pageRefcount(at) != 0) break;
    at = pagePrivate(at);
  }
  return n;
}

/** Is it a list of regions in order? Otherwise nothing is known of it. */
function isSound(list: usize, inode: f64): bool {
  let end: u64 = 0;
  let n = slabLive(Cache.Region);
  for (let at = load<u32>(list); at; n--) {
    const sound = n > 0 && isLive(Cache.Region, at);
    const region = changetype<Region>(<usize>at);
    // Those that touch are one.
    if (!sound || region.from >= region.to || (end && region.from <= end)) {
      violated(Violated.Regions, inode);
      return false;
    }
    end = region.to;
    at = region.next;
  }
  return true;
}

/** The promise that an owner's VMA shares; 0 if it can't be found. */
function reservationFor(vma: Vma): u32 {
  const mapping = mappingOfVma(vma);
  if (!mapping) return 0;
  let n = slabLive(Cache.Reservation);
  for (let at = changetype<AddressSpace>(<usize>mapping).reservations; at; n--) {
    if (!n || !isLive(Cache.Reservation, at)) return 0;
    const it = changetype<Reservation>(<usize>at);
    if (it.mm == vma.mm && it.start <= vma.start && vma.end <= it.end) return at;
    at = it.next;
  }
  return 0;
}

/** What an owner's VMA is still promised. */
function promisedTo(vma: Vma): i64 {
  const at = reservationFor(vma);
  if (!at) {
    violated(Violated.Reservation, inodeOf(mappingOfVma(vma)), pidOf(vma.mm), <f64>vma.start);
    return 0;
  }
  const note = reservationNote(at);
  const used = usedOf(changetype<Reservation>(<usize>at));
  if (!note.seen) note.sound = isSound(used, inodeOf(mappingOfVma(vma))) ? 1 : 0;
  note.seen = 1;
  note.vmas++;
  if (!note.sound) return 0;
  const from = linearPageIndex(vma, vma.start);
  const to = from + (vmaPages(vma) >> HUGE_ORDER);
  return <i64>(to - from - regionCount(used, from, to));
}

function promised(): i64 {
  let pages: i64 = 0;
  for (let at = slabNext(Cache.AddressSpace, 0); at; at = slabNext(Cache.AddressSpace, at)) {
    const mapping = changetype<AddressSpace>(at);
    if (!isHugetlb(mapping) || !isSound(regionsOf(mapping), <f64>mapping.inode)) continue;
    pages += <i64>regionCount(regionsOf(mapping), 0, u64.MAX_VALUE) - <i64>mapping.pages;
  }
  for (let at = slabNext(Cache.Vma, 0); at; at = slabNext(Cache.Vma, at)) {
    const vma = changetype<Vma>(at);
    if (isHugetlbVma(vma) && ownsReservation(vma)) pages += promisedTo(vma);
  }
  return pages;
}

/** After all frames: how many frames the free ones have, which nothing refers to. */
export function checkPool(): i32 {
  const state = header();
  const free = census().poolFree;
  violatedUnless(Violated.HugePages, <f64>state.hugePages, <f64>census().poolPages);
  if (state.hugePagesFree != free || listed() != free) {
    violated(Violated.HugePagesFree, <f64>state.hugePagesFree, <f64>free, <f64>listed());
  }
  violatedUnless(Violated.HugePagesReserved, <f64>state.hugePagesReserved, <f64>promised());
  for (let at = slabNext(Cache.Reservation, 0); at; at = slabNext(Cache.Reservation, at)) {
    const it = changetype<Reservation>(at);
    if (it.vmas == reservationNote(<u32>at).vmas) continue;
    violated(Violated.Reservation, 0, pidOf(it.mm), <f64>it.start);
  }
  return <i32>free;
}
