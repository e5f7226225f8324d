// A virtual machine as KVM of v3.7 is one: it counts ranges that are being changed, and changes that are complete,
// under its mmu_lock, a spinlock. A fault that saw either move maps nothing, and is made again.

import { PAGE_SIZE } from "../abi/unit";
import { Doing, LockClass } from "../locks";
import { clientLock, devicePageAt, MmuNotifier } from "../struct/mmu-notifier";
import { pageGeneration } from "../struct/page";
import { lock, unlock } from "../sync/lock";
import { deviceAt, deviceUnmap, deviceYoung } from "./device-table";

function mmuLock(notifier: MmuNotifier): void {
  lock(clientLock(notifier), LockClass.MmuLock, Doing.NotifierCall);
}

function mmuUnlock(notifier: MmuNotifier): void {
  unlock(clientLock(notifier));
}

export function kvmInvalidatePage(notifier: MmuNotifier, address: u64): void {
  mmuLock(notifier);
  notifier.sequence++;
  deviceUnmap(notifier, address, address + PAGE_SIZE);
  mmuUnlock(notifier);
}

/** From here to the end of the range its faults map nothing, in the range or elsewhere. */
export function kvmRangeStart(notifier: MmuNotifier, start: u64, end: u64): void {
  mmuLock(notifier);
  notifier.ranges++;
  deviceUnmap(notifier, start, end);
  mmuUnlock(notifier);
}

export function kvmRangeEnd(notifier: MmuNotifier): void {
  mmuLock(notifier);
  // First the sequence: a fault that no longer sees the range must see that there was one.
  notifier.sequence++;
  notifier.ranges--;
  mmuUnlock(notifier);
}

export function kvmYoung(notifier: MmuNotifier, address: u64, clear: bool): bool {
  mmuLock(notifier);
  const young = deviceYoung(notifier, address, clear);
  mmuUnlock(notifier);
  return young;
}

/** A page that is about to be mapped for writing is left to a fault; one that is not is mapped at once. */
export function kvmChangePte(
  notifier: MmuNotifier,
  address: u64,
  frame: u32,
  writable: bool,
): void {
  mmuLock(notifier);
  notifier.sequence++;
  const found = deviceAt(notifier, address);
  if (found) {
    if (writable) {
      deviceUnmap(notifier, address, address + PAGE_SIZE);
    } else {
      const page = devicePageAt(found);
      page.frame = frame;
      page.generation = pageGeneration(frame);
      page.writable = 0;
    }
  }
  mmuUnlock(notifier);
}

export function kvmRelease(notifier: MmuNotifier): void {
  mmuLock(notifier);
  notifier.released = 1;
  deviceUnmap(notifier, 0, u64.MAX_VALUE);
  mmuUnlock(notifier);
}
