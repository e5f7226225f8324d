// KSM's records: address spaces, their places, and the pages that places share.

import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { itemAt, ItemTree, slotOfMm, stableNodeAt } from "../struct/ksm";
import { MmStruct } from "../struct/mm-struct";
import { Violated } from "../violated";
import { anonVmaNote, isLive, ksmNote, pidOf } from "./census";
import { notePlace, sortPlaces } from "./ksm-places";
import { violated, violatedUnless } from "./violation";

function link(mm: u32, address: u64): void {
  violated(Violated.KsmLink, pidOf(mm), <f64>address);
}

/** The places of one address space, by address. */
function checkPlaces(slot: u32): void {
  const mm = slotOfMm(slot).mm;
  let before: u64 = 0;
  let first = true;
  for (let at = slotOfMm(slot).rmapList; at; at = itemAt(at).next) {
    // A place that was met before: the list runs in a circle, or into another's.
    if (!isLive(Cache.RmapItem, at) || ksmNote(at).listed) {
      link(mm, before);
      return;
    }
    const item = itemAt(at);
    ksmNote(at).listed = 1;
    if (item.mm != mm || (!first && item.address <= before)) link(mm, item.address);
    before = item.address;
    first = false;
  }
}

function checkSlots(): void {
  let before: u32 = 0;
  for (let at = header().ksmSlots; at; at = slotOfMm(at).next) {
    const sound = isLive(Cache.MmSlot, at) && !ksmNote(at).listed && slotOfMm(at).prev == before;
    if (!sound || !isLive(Cache.Mm, slotOfMm(at).mm)) {
      violated(Violated.KsmLink, 0, 0);
      return;
    }
    ksmNote(at).listed = 1;
    const slot = slotOfMm(at);
    if (changetype<MmStruct>(<usize>slot.mm).ksmSlot != at) link(slot.mm, 0);
    checkPlaces(at);
    before = at;
  }
  if (header().ksmLastSlot != before) violated(Violated.KsmLink, 0, 0);
}

/** The places that share one page. */
function checkStableNode(node: u32): u32 {
  let before: u32 = 0;
  let places: u32 = 0;
  for (let at = stableNodeAt(node).items; at; at = itemAt(at).nextSharing) {
    const sound = isLive(Cache.RmapItem, at) && !ksmNote(at).sharing;
    if (!sound || itemAt(at).head != node || itemAt(at).prevSharing != before) {
      link(sound ? itemAt(at).mm : 0, sound ? itemAt(at).address : 0);
      ksmNote(node).brokenList = 1;
      return places;
    }
    ksmNote(at).sharing = 1;
    notePlace(at);
    places++;
    before = at;
  }
  return places;
}

/** A place has a node, and pins an anon_vma, exactly while it shares. */
function checkPlace(at: u32): void {
  const item = itemAt(at);
  const shares = item.tree == <u32>ItemTree.Stable;
  const note = ksmNote(at);
  if (!note.listed || (note.sharing != 0) != shares || (item.head != 0) != shares) {
    link(item.mm, item.address);
  }
  if (isLive(Cache.AnonVma, item.anonVma)) anonVmaNote(item.anonVma).pins++;
  if (isLive(Cache.AnonVma, item.anonVma) != shares || (item.anonVma != 0) != shares) {
    violated(Violated.KsmPin, pidOf(item.mm), <f64>item.address);
  }
}

/** Notes who pins which anon_vma, and which places share. */
export function checkKsm(): void {
  checkSlots();
  let shared = 0;
  let sharing = 0;
  for (let at = slabNext(Cache.StableNode, 0); at; at = slabNext(Cache.StableNode, at)) {
    const places = checkStableNode(<u32>at);
    if (!places) continue;
    shared++;
    sharing += places - 1;
  }
  sortPlaces();
  for (let at = slabNext(Cache.RmapItem, 0); at; at = slabNext(Cache.RmapItem, at)) {
    checkPlace(<u32>at);
  }
  violatedUnless(Violated.KsmPagesShared, <f64>header().ksmPagesShared, <f64>shared);
  violatedUnless(Violated.KsmPagesSharing, <f64>header().ksmPagesSharing, <f64>sharing);
}
