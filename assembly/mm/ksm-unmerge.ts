// KSM takes everything apart that it has merged, as 2 in /sys/kernel/mm/ksm/run says. It goes along the same
// cursor as a scan, so that the exit of the address space at hand waits for it.

import { VmFlag } from "../abi/flag";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { ksmThreadMutex, MmSlot, slotOfMm, stableNodeAt } from "../struct/ksm";
import { mmapSem, mmDrop, MmStruct } from "../struct/mm-struct";
import { Vma } from "../struct/vma";
import { Doing, LockClass } from "../locks";
import { downRead, lock, unlock, upRead } from "../sync/lock";
import { unmergeKsmPages } from "./ksm-break";
import { leaveSlot, placesOf, removeItems } from "./ksm-slot";

/** Breaks every shared page of an address space, whose mmap_sem is held. 0, or ENOMEM. */
function unmergeMm(mm: MmStruct): i32 {
  let error = 0;
  for (let at = mm.mmap; at && mm.users && !error;) {
    const vma = changetype<Vma>(<usize>at);
    at = vma.next;
    if (vma.flags & VmFlag.Mergeable && vma.anonVma) {
      error = unmergeKsmPages(vma, vma.start, vma.end);
    }
  }
  return error;
}

/** Takes the address space at the cursor apart; the cursor goes on. 0, or ENOMEM and it stays. */
function unmergeSlot(slot: MmSlot): i32 {
  const mm = changetype<MmStruct>(<usize>slot.mm);
  downRead(mmapSem(mm), Doing.KsmUnmerge);
  const error = unmergeMm(mm);
  let over = false;
  if (!error) {
    removeItems(placesOf(slot), u64.MAX_VALUE);
    over = mm.users == 0;
    leaveSlot(slot, over);
  }
  upRead(mmapSem(mm));
  if (over) mmDrop(mm);
  return error;
}

/** What was left half apart may be mapped at places that nobody knows any more. */
function markStrays(): void {
  for (let at = slabNext(Cache.StableNode, 0); at; at = slabNext(Cache.StableNode, at)) {
    stableNodeAt(<u32>at).strays = 1;
  }
}

function placesThatShare(): u32 {
  return header().ksmPagesShared + header().ksmPagesSharing;
}

/**
 * Takes everything apart.
 * @returns places that no longer share, or -ENOMEM with the rest still shared
 */
export function ksmUnmerge(): i32 {
  lock(ksmThreadMutex(), LockClass.KsmThreadMutex, Doing.KsmUnmerge);
  const state = header();
  const sharing = placesThatShare();
  let error = 0;
  state.ksmCursor = state.ksmSlots;
  while (state.ksmCursor && !error) error = unmergeSlot(slotOfMm(state.ksmCursor));
  state.ksmCursor = 0;
  if (error) markStrays();
  const apart = <i32>(sharing - placesThatShare());
  unlock(ksmThreadMutex());
  return error ? -error : apart;
}
