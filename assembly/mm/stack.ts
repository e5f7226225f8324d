// Stacks: a VMA with VM_GROWSDOWN takes in what is touched below it, and keeps a page free below what it holds.
//
//   mmap_sem, for read only
//     anon_vma mutex     look again; chains out of their trees; start, pgoff; back into the trees
//
// The mutex is what keeps two threads that grow one stack apart, so the VMA gets its anon_vma first.

import { Doing } from "../locks";
import { Event } from "../abi/event";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/unit";
import { anonIndexPostUpdate, anonIndexPreUpdate } from "../index/anon-index";
import { event } from "../memory/event";
import { Cache, slabReserve } from "../memory/slab";
import { anonVmaLock, anonVmaUnlock } from "../rmap/anon-vma";
import { AnonVma } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import { framesFree } from "../struct/page-frame";
import { tablesReserve } from "../struct/page-table";
import { Vma } from "../struct/vma";
import { sharedAccess } from "../sync/yield-point";
import { anonVmaPrepare } from "./anon-prepare";
import { isOverMemlock, stackLimit } from "./limit";

/** Tables on the way to one entry. */
const LEVELS: u32 = 4;

/** A stack that was cut in two is one all the same: its lower part is what has a page free below. */
function continuesBelow(vma: Vma): bool {
  if (!vma.prev) return false;
  const below = changetype<Vma>(<usize>vma.prev);
  return below.end == vma.start && (below.flags & VmFlag.GrowsDown) != 0;
}

/** stack_guard_page_start: the page that mlock leaves alone, as touching it would make the stack grow. */
export function isStackGuardPage(vma: Vma, address: u64): bool {
  return (vma.flags & VmFlag.GrowsDown) != 0 && address == vma.start && !continuesBelow(vma);
}

/** acct_stack_growth: may it have so many more pages? They are counted if it is locked. */
function accountGrowth(vma: Vma, start: u64, pages: u64): bool {
  if ((vma.end - start) >> PAGE_SHIFT > stackLimit()) return false;
  if (vma.flags & VmFlag.Locked) {
    const mm = changetype<MmStruct>(<usize>vma.mm);
    if (isOverMemlock(mm, pages)) return false;
    mm.lockedVm += <u32>pages;
  }
  return true;
}

/**
 * expand_stack: the VMA begins at the page of a lower address, if nobody else has seen to that meanwhile.
 * @returns 0, SIGSEGV if it may not, or ENOMEM without memory for an anon_vma, which it has in all other cases
 */
export function expandStack(vma: Vma, address: u64): i32 {
  if (!anonVmaPrepare(vma)) return Errno.ENOMEM;
  const start = address & ~0xfff;
  const anonVma = changetype<AnonVma>(<usize>vma.anonVma);
  anonVmaLock(anonVma, Doing.ExpandStack);
  let error = 0;
  if (start < vma.start) {
    const old = vma.start;
    const pages = (old - start) >> PAGE_SHIFT;
    // A VMA that was moved may have fewer pages below it in its object than addresses.
    if (pages <= vma.pgoff && accountGrowth(vma, start, pages)) {
      anonIndexPreUpdate(vma);
      vma.start = start;
      vma.pgoff -= pages;
      anonIndexPostUpdate(vma);
      event(Event.StackGrown, <f64>pages, <f64>old, <f64>start);
    } else {
      error = Errno.SIGSEGV;
    }
  }
  anonVmaUnlock(anonVma);
  return error;
}

/** Is there what the fault after it will need? Then one that can't succeed leaves the stack as it was. */
function hasRoomForFault(write: bool): bool {
  return (
    (!write || framesFree() > 0) &&
    slabReserve(Cache.AnonVma, 1) &&
    slabReserve(Cache.Chain, 1) &&
    tablesReserve(LEVELS)
  );
}

/** A fault below the VMA: 0 if it holds the address now, SIGSEGV if it does not grow so far, or ENOMEM. */
export function growStack(vma: Vma, address: u64, write: bool): i32 {
  if (!(vma.flags & VmFlag.GrowsDown)) return Errno.SIGSEGV;
  sharedAccess(changetype<usize>(vma));
  return hasRoomForFault(write) ? expandStack(vma, address) : Errno.ENOMEM;
}

/**
 * check_stack_guard_page, before a page is put in a VMA: one more stays free below, if that can be had.
 * @returns false where something else is mapped right below, which a stack must not run into
 */
export function keepsGuardPage(vma: Vma, address: u64): bool {
  if (!(vma.flags & VmFlag.GrowsDown) || address != vma.start) return true;
  if (vma.prev && changetype<Vma>(<usize>vma.prev).end == address) return continuesBelow(vma);
  // Without one it goes on, as v3.7 does.
  if (address >= <u64>PAGE_SIZE) expandStack(vma, address - PAGE_SIZE);
  return true;
}
