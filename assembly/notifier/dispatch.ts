// Who changes a page table tells those who keep a table of their own (spec/commits.md section 2). The names are
// the kernel's; docs/architecture.md says how to use them. With nobody registered each costs one test.
//
//   start, change, end    for ranges: before the first lock of the change, after the last; the same arguments
//   invalidate_page       after a change, with the page-table lock let go; the caller keeps the frame from being freed
//                         (where a switch decides whether that lock is held: placement.ts)
//   clear_flush_young, test_young, change_pte       with the page-table lock held: nobody may sleep in them
//
// Clients are told in the order of the list, the one registered last first. SRCU keeps the list together.

import { NotifierModel } from "../abi/argument";
import { NotifierCall } from "../abi/event";
import { NotifierCalls } from "../abi/switch";
import { header } from "../memory/header";
import { MmStruct } from "../struct/mm-struct";
import { pteFrame, PTE_WRITE } from "../struct/pte";
import { MmuNotifier, notifierAt } from "../struct/mmu-notifier";
import { notifierCallback } from "../sync/host";
import { mightSleep } from "../sync/lock";
import { srcuReadLock, srcuReadUnlock } from "../sync/srcu";
import {
  kvmChangePte,
  kvmInvalidatePage,
  kvmRangeEnd,
  kvmRangeStart,
  kvmRelease,
  kvmYoung,
} from "./kvm";
import { rdmaInvalidatePage, rdmaRangeEnd, rdmaRangeStart, rdmaRelease } from "./rdma";

/** mm_has_notifiers. */
export function mmHasNotifiers(mm: MmStruct): bool {
  return mm.notifiers != 0;
}

/** mmu_notifier_invalidate_range_start: from now to the end nobody may map anything of [start, end) anew. */
export function mmuNotifierInvalidateRangeStart(mm: MmStruct, start: u64, end: u64): void {
  if (mm.notifiers) tellRange(mm, start, end, true);
}

/** mmu_notifier_invalidate_range_end: with the arguments of the start, on every way out. */
export function mmuNotifierInvalidateRangeEnd(mm: MmStruct, start: u64, end: u64): void {
  if (mm.notifiers) tellRange(mm, start, end, false);
}

/** mmu_notifier_invalidate_page: the entry at an address is not what it was. */
export function mmuNotifierInvalidatePage(mm: MmStruct, address: u64): void {
  if (mm.notifiers) tellPage(mm, address);
}

/** mmu_notifier_clear_flush_young: was the page there used by another than the processor? Forgets it. */
export function mmuNotifierClearFlushYoung(mm: MmStruct, address: u64): bool {
  return mm.notifiers != 0 && askYoung(mm, address, true);
}

/** mmu_notifier_test_young: the same, and nothing is forgotten. */
export function mmuNotifierTestYoung(mm: MmStruct, address: u64): bool {
  return mm.notifiers != 0 && askYoung(mm, address, false);
}

/** mmu_notifier_change_pte: the entry at an address is about to lead to another frame, or to be read-only. */
export function mmuNotifierChangePte(mm: MmStruct, address: u64, frame: u32, writable: bool): void {
  if (mm.notifiers) tellChange(mm, address, frame, writable);
}

/** set_pte_at_notify: clients hear of the new entry first, so that none of them shows the old page longer. */
export function setPteAtNotify(mm: MmStruct, address: u64, pte: usize, entry: u64): void {
  if (mm.notifiers) tellChange(mm, address, pteFrame(entry), (entry & PTE_WRITE) != 0);
  store<u64>(pte, entry);
}

function callback(notifier: MmuNotifier, what: NotifierCall, a: u64, b: u64): bool {
  if (!(notifier.calls & what)) return false;
  if (notifier.sleeps) mightSleep();
  return notifierCallback(notifier.cookie, what, <f64>a, <f64>b) != 0;
}

/** Two ranges that differ do not cancel each other out. */
function mark(start: u64, end: u64): u64 {
  return start + rotl(end, 21) + 1;
}

function rangeStart(notifier: MmuNotifier, start: u64, end: u64): void {
  notifier.begun++;
  notifier.open += mark(start, end);
  if (notifier.model == <u32>NotifierModel.Kvm) {
    kvmRangeStart(notifier, start, end);
  } else if (notifier.model == <u32>NotifierModel.Rdma) {
    rdmaRangeStart(notifier, start, end);
  } else {
    notifier.ranges++;
    callback(notifier, NotifierCall.RangeStart, start, end);
  }
}

function rangeEnd(notifier: MmuNotifier, start: u64, end: u64): void {
  assert(notifier.begun > 0, "notifier: a range ends that never began");
  notifier.begun--;
  notifier.open -= mark(start, end);
  assert(notifier.begun != 0 || notifier.open == 0, "notifier: another range ends than began");
  if (notifier.model == <u32>NotifierModel.Kvm) {
    kvmRangeEnd(notifier);
  } else if (notifier.model == <u32>NotifierModel.Rdma) {
    rdmaRangeEnd(notifier);
  } else {
    notifier.sequence++;
    notifier.ranges--;
    callback(notifier, NotifierCall.RangeEnd, start, end);
  }
}

function tellRange(mm: MmStruct, start: u64, end: u64, begins: bool): void {
  srcuReadLock();
  for (let at = mm.notifiers; at; at = notifierAt(at).next) {
    if (begins) rangeStart(notifierAt(at), start, end);
    else rangeEnd(notifierAt(at), start, end);
  }
  srcuReadUnlock();
}

function invalidatePage(notifier: MmuNotifier, address: u64): void {
  if (notifier.model == <u32>NotifierModel.Kvm) {
    kvmInvalidatePage(notifier, address);
  } else if (notifier.model == <u32>NotifierModel.Rdma) {
    rdmaInvalidatePage(notifier, address);
  } else {
    notifier.sequence++;
    callback(notifier, NotifierCall.InvalidatePage, address, 0);
  }
}

function tellPage(mm: MmStruct, address: u64): void {
  srcuReadLock();
  for (let at = mm.notifiers; at; at = notifierAt(at).next) {
    invalidatePage(notifierAt(at), address);
  }
  srcuReadUnlock();
}

/** Has it change_pte? */
function hearsOfChange(notifier: MmuNotifier): bool {
  if (notifier.model != <u32>NotifierModel.Callbacks) {
    return notifier.model == <u32>NotifierModel.Kvm;
  }
  return (notifier.calls & NotifierCall.ChangePte) != 0;
}

/** Every client is asked, whatever the first one says: each has to forget. */
function askYoung(mm: MmStruct, address: u64, clear: bool): bool {
  let young = false;
  srcuReadLock();
  for (let at = mm.notifiers; at; at = notifierAt(at).next) {
    const notifier = notifierAt(at);
    if (!isUsed(notifier, address, clear)) continue;
    young = true;
    // One is enough to know, but not to make the others forget.
    if (!clear) break;
  }
  srcuReadUnlock();
  return young;
}

function isUsed(notifier: MmuNotifier, address: u64, clear: bool): bool {
  if (notifier.model == <u32>NotifierModel.Kvm) return kvmYoung(notifier, address, clear);
  const what = clear ? NotifierCall.ClearFlushYoung : NotifierCall.TestYoung;
  return callback(notifier, what, address, 0);
}

/**
 * A client without change_pte hears of one page in its place, in a kernel that has no range around the change. The
 * card of the RDMA model sleeps then, under the page-table lock.
 */
function tellChange(mm: MmStruct, address: u64, frame: u32, writable: bool): void {
  const ranged = header().notifierCalls != <u32>NotifierCalls.UnderPtl;
  srcuReadLock();
  for (let at = mm.notifiers; at; at = notifierAt(at).next) {
    const notifier = notifierAt(at);
    if (!ranged && !hearsOfChange(notifier)) {
      invalidatePage(notifier, address);
    } else if (notifier.model == <u32>NotifierModel.Kvm) {
      kvmChangePte(notifier, address, frame, writable);
    } else {
      const entry = ((<u64>frame) << 1) | (writable ? 1 : 0);
      callback(notifier, NotifierCall.ChangePte, address, entry);
    }
  }
  srcuReadUnlock();
}

/** Tells one client that its address space ends, or that it is let go. */
export function notifierRelease(notifier: MmuNotifier): void {
  if (notifier.model == <u32>NotifierModel.Kvm) kvmRelease(notifier);
  else if (notifier.model == <u32>NotifierModel.Rdma) rdmaRelease(notifier);
  else callback(notifier, NotifierCall.Release, 0, 0);
}
