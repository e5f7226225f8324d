// The walks of a page that KSM shares (spec/rmap.md Part 1, "the three KSM walks"). Its stable node lists
// the places; the page's own index says nothing about where it is, so v3.7 asks each place's anon_vma for
// everything it has, and passes over VMAs that do not hold the place's address. Two passes over the
// places: first the place's own address space, then those that a fork has given the page to.
//
// The switch ksmWalk has two later ways to ask for less. The place's address, shifted, is its index only in
// VMAs that are where they were when they were first written; the index that the place had is right wherever they are.

import { Doing } from "../locks";
import { VmFlag } from "../abi/flag";
import { UnmapResult } from "../abi/result";
import { KsmWalk } from "../abi/switch";
import { PAGE_SHIFT } from "../abi/unit";
import { Offer, WalkAct } from "../abi/walk";
import { anonSource, sourceFirst, sourceNext, sourceRoot } from "../index/source";
import { stepNode, stepTouched, stepVisited } from "../index/step";
import { header } from "../memory/header";
import { AnonVma } from "../struct/anon-vma";
import { vmaOfNode } from "../struct/interval-node";
import { itemAt, RmapItem, stableNodeAt } from "../struct/ksm";
import { isSameOrSubtree } from "../struct/memcg";
import { MmStruct } from "../struct/mm-struct";
import { pageMapcount, pageMapped, pageStableNode } from "../struct/page";
import { Vma } from "../struct/vma";
import { traceDid, traceOffer } from "../struct/walk-trace";
import { anonVmaLock, anonVmaUnlock } from "./anon-vma";
import { clearBuckets, hashRecord, isMappedAt, isRecorded, recordMapping } from "./mapping-record";
import {
  FOUND,
  LOCKED,
  pageReferencedOne,
  REFERENCED,
  referencesOf,
  withToken,
} from "./referenced-one";
import { hasSwapTokens } from "./swap-token";
import { tryToUnmapOne } from "./unmap-one";
import { countWalk } from "./walk-cost";

/** What is done at each place, and what a walk returns. */
export enum KsmVisit {
  /** argument: 0 or a memcg; references in the low half, flags of the VMAs that counted in the upper */
  Referenced = 0,
  /** argument: Unmap; an UnmapResult */
  Unmap,
  /** places that are mapped, recorded where there is room */
  Record,
  /** VMAs that hold a place, mapped or not */
  Count,
}

/** The one pgoff that a place's anon_vma is asked for, unless it is asked for all. */
function askedOf(item: RmapItem, how: u32): u64 {
  return how == <u32>KsmWalk.ShiftedAddress ? item.address >> PAGE_SHIFT : item.index;
}

/** Does the VMA show the place, in the pass that asks for it? */
function shows(vma: Vma, item: RmapItem, pass: i32): bool {
  if (item.address < vma.start || item.address >= vma.end) return false;
  return pass == 0 ? item.mm == vma.mm : item.mm != vma.mm;
}

/** Why the VMA does not show the place in this pass. */
function passedOver(vma: Vma, item: RmapItem): Offer {
  const holds = item.address >= vma.start && item.address < vma.end;
  return holds ? Offer.OtherPass : Offer.Irrelevant;
}

/** Walks all places of the page, which is locked. */
export function ksmWalk(frame: u32, visit: KsmVisit, argument: u32, out: usize, room: u32): u64 {
  const node = pageStableNode(frame);
  let mapcount = pageMapcount(frame);
  // A page that is being merged has no node yet, or no longer: nobody could take its entries away.
  let result: u32 = 0;
  if (visit == KsmVisit.Unmap) result = node ? UnmapResult.Again : UnmapResult.Fail;
  let flags: u32 = 0;
  let visited: u32 = 0;
  let touched: u32 = 0;
  let irrelevant: u32 = 0;
  let entries: u32 = 0;
  let stop = node == 0;
  const how = header().ksmWalk;
  const tokens = hasSwapTokens();
  const asksForAll = how == <u32>KsmWalk.AllVmas;
  clearBuckets(out, room);
  for (let pass = 0; pass < 2 && !stop; pass++) {
    for (let at = stableNodeAt(node).items; at && !stop;) {
      const item = itemAt(at);
      at = item.nextSharing;
      const anonVma = changetype<AnonVma>(<usize>item.anonVma);
      anonVmaLock(anonVma, Doing.KsmWalk);
      const source = anonSource();
      const root = sourceRoot(source, changetype<usize>(anonVma));
      const first = asksForAll ? 0 : askedOf(item, how);
      const last = asksForAll ? u64.MAX_VALUE : first;
      let step = sourceFirst(source, root, first, last);
      let found: u32;
      for (; ; step = sourceNext(source, found, first, last)) {
        visited += stepVisited(step);
        touched += stepTouched(step);
        found = stepNode(step);
        if (!found) break;
        const vma = vmaOfNode(found);
        if (!shows(vma, item, pass)) {
          irrelevant++;
          if (CHECKED) traceOffer(passedOver(vma, item), 0);
          continue;
        }
        if (visit == KsmVisit.Count) {
          result++;
          continue;
        }
        if (visit == KsmVisit.Referenced) {
          if (argument && !isSameOrSubtree(argument, changetype<MmStruct>(<usize>vma.mm).memcg)) {
            if (CHECKED) traceOffer(Offer.OtherMemcg, item.address);
            continue;
          }
          if (CHECKED) traceOffer(Offer.Considered, item.address);
          entries++;
          let one = pageReferencedOne(frame, vma, item.address, false);
          if (tokens) one = withToken(one, vma);
          if (one & LOCKED) {
            flags |= VmFlag.Locked;
            mapcount = 0;
          }
          if (one >= REFERENCED) {
            result += referencesOf(one);
            flags |= vma.flags;
          }
          if (one & FOUND) mapcount--;
          // In its own address space an address is in one VMA only.
          if (pass == 0 || mapcount <= 0) break;
          continue;
        }
        if (CHECKED) traceOffer(Offer.Considered, item.address);
        entries++;
        if (visit == KsmVisit.Unmap) {
          result = tryToUnmapOne(frame, vma, item.address, argument);
          stop = result != <u32>UnmapResult.Again || !pageMapped(frame);
          if (stop) break;
        } else if (isMappedAt(frame, vma, item.address)) {
          // The second pass comes again to children that KSM has found by themselves.
          if (room && pass == 1 && isRecorded(out, room, vma, item.address)) {
            if (CHECKED) traceDid(WalkAct.PlaceAgain);
            continue;
          }
          if (CHECKED) traceDid(WalkAct.Place);
          if (result < room) {
            recordMapping(out, result, vma, item.address);
            hashRecord(out, room, result);
          }
          result++;
        }
      }
      anonVmaUnlock(anonVma);
      if (visit == KsmVisit.Referenced && mapcount <= 0) stop = true;
    }
  }
  countWalk(visited, touched, irrelevant, entries);
  return ((<u64>flags) << 32) | result;
}
