// A walk of the reverse map as it goes, recorded as events: what it is about, the nodes it visits, what it makes of
// each VMA, what it finds in entries and does there. Locks tell of themselves (sync/lock.ts).
//
//   WalkBegin WalkPage
//     (WalkNode WalkVma)* WalkOffer     a search of the index: nodes on the way, and what is made of the last
//       WalkEntry WalkDid               at an entry
//     WalkCluster (WalkEntry WalkDid)*  a part of a nonlinear VMA
//   WalkCost WalkEnd
//
// Only for checked builds: every call stands behind `if (CHECKED)`. Nothing here may be a yield point.

import { Event } from "../abi/event";
import { EntryFound, EntryTouch, Offer, WalkAct, WalkKind } from "../abi/walk";
import { event } from "../memory/event";
import { handleOf } from "../memory/handle";
import { enterWalk, isWalkTraced, leaveWalk } from "../memory/walk-mark";
import { stepsPassed } from "../sync/lock-counter";
import { AddressSpace } from "./address-space";
import { IntervalNode, nodeFirst, nodeLast } from "./interval-node";
import {
  mappingIsAnon,
  mappingIsKsm,
  pageIndex,
  pageMapcount,
  pageMapping,
  mappingOwner,
} from "./page";
import {
  pteFrame,
  pteIsFile,
  pteIsHwpoison,
  pteIsMigration,
  pteIsPage,
  pteIsPresent,
  pteIsSwap,
  PTE_DIRTY,
  PTE_WRITE,
  PTE_YOUNG,
} from "./pte";
import { Vma } from "./vma";

/** Inode of a file's page, 0 for an anonymous one, -1 for one that KSM shares. */
function ownerOf(mapping: u32): f64 {
  if (mappingIsKsm(mapping)) return -1;
  const owner = mappingOwner(mapping);
  if (mappingIsAnon(mapping) || !owner) return 0;
  return <f64>changetype<AddressSpace>(owner).inode;
}

/** A walk for the page begins. */
export function traceBegin(kind: WalkKind, frame: u32): void {
  if (!enterWalk()) return;
  event(Event.WalkBegin, <f64>frame, <f64>kind, <f64>pageIndex(frame));
  event(Event.WalkPage, <f64>pageMapcount(frame), ownerOf(pageMapping(frame)), <f64>stepsPassed());
}

/** It ends, with what it returns. */
export function traceEnd(result: f64): void {
  if (!isWalkTraced()) return;
  event(Event.WalkEnd, result, 0, <f64>stepsPassed());
  leaveWalk();
}

/** An index node became the current one of the search. */
export function traceNode(node: u32): void {
  if (!isWalkTraced()) return;
  const interval = changetype<IntervalNode>(<usize>node);
  const vma = changetype<Vma>(<usize>interval.vma);
  const mm = handleOf(<usize>vma.mm);
  event(Event.WalkNode, mm, <f64>nodeFirst(interval), <f64>nodeLast(interval));
  event(Event.WalkVma, <f64>vma.start, <f64>vma.end, <f64>vma.flags);
}

/** What a walk makes of the VMA that the index handed to it. */
export function traceOffer(offer: Offer, address: u64): void {
  if (isWalkTraced()) event(Event.WalkOffer, <f64>address, <f64>offer, 0);
}

/** Pages [start, end) of a nonlinear VMA are gone through. */
export function traceCluster(vma: Vma, start: u64, end: u64): void {
  if (isWalkTraced()) {
    event(Event.WalkCluster, handleOf(<usize>vma.mm), <f64>start, <f64>end);
  }
}

/** An entry was looked at, for the page in `frame`. */
export function traceEntry(frame: u32, address: u64, entry: u64): void {
  if (!isWalkTraced()) return;
  let touch: u32 = 0;
  if (pteIsPresent(entry)) {
    if (entry & PTE_YOUNG) touch |= EntryTouch.Young;
    if (entry & PTE_DIRTY) touch |= EntryTouch.Dirty;
    if (entry & PTE_WRITE) touch |= EntryTouch.Writable;
  }
  event(Event.WalkEntry, <f64>address, <f64>foundIn(frame, entry), <f64>touch);
}

/** There is no table in which an entry could be. */
export function traceNoTable(address: u64): void {
  if (isWalkTraced()) event(Event.WalkEntry, <f64>address, <f64>EntryFound.NoTable, 0);
}

function foundIn(frame: u32, entry: u64): EntryFound {
  if (!entry) return EntryFound.Absent;
  if (pteIsPresent(entry)) {
    return pteIsPage(entry) && pteFrame(entry) == frame ? EntryFound.Page : EntryFound.OtherPage;
  }
  if (pteIsSwap(entry)) return EntryFound.Swap;
  if (pteIsMigration(entry)) return EntryFound.Migration;
  if (pteIsHwpoison(entry)) return EntryFound.Hwpoison;
  assert(pteIsFile(entry), "rmap: an entry of a kind that traces do not know");
  return EntryFound.FileOffset;
}

/** What was done at the entry that was looked at last. */
export function traceDid(act: WalkAct): void {
  if (isWalkTraced()) event(Event.WalkDid, <f64>act, 0, 0);
}

/** What the search cost, as it goes into the counters. */
export function traceCost(visited: u32, touched: u32, irrelevant: u32): void {
  if (isWalkTraced()) event(Event.WalkCost, <f64>visited, <f64>touched, <f64>irrelevant);
}
