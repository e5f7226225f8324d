// A network card that pages on demand: its table is guarded by a mutex, and to unmap it waits for the card. So
// its callbacks sleep, which v3.7 allows where no spinlock is held. It has no way to tell which pages were used.

import { PAGE_SIZE } from "../abi/unit";
import { Doing, LockClass } from "../locks";
import { clientLock, MmuNotifier } from "../struct/mmu-notifier";
import { lock, mightSleep, unlock } from "../sync/lock";
import { sharedAccess } from "../sync/yield-point";
import { deviceUnmap } from "./device-table";

function umemLock(notifier: MmuNotifier): void {
  mightSleep();
  lock(clientLock(notifier), LockClass.UmemMutex, Doing.NotifierCall);
}

function umemUnlock(notifier: MmuNotifier): void {
  unlock(clientLock(notifier));
}

/** Unmaps, and sleeps until the card says that it has heard. */
function unmapAndWait(notifier: MmuNotifier, start: u64, end: u64): void {
  deviceUnmap(notifier, start, end);
  mightSleep();
  sharedAccess(changetype<usize>(notifier));
}

export function rdmaRangeStart(notifier: MmuNotifier, start: u64, end: u64): void {
  umemLock(notifier);
  notifier.ranges++;
  unmapAndWait(notifier, start, end);
  umemUnlock(notifier);
}

export function rdmaRangeEnd(notifier: MmuNotifier): void {
  umemLock(notifier);
  notifier.sequence++;
  notifier.ranges--;
  umemUnlock(notifier);
}

/** A range of one page, in one go. */
export function rdmaInvalidatePage(notifier: MmuNotifier, address: u64): void {
  umemLock(notifier);
  notifier.sequence++;
  unmapAndWait(notifier, address, address + PAGE_SIZE);
  umemUnlock(notifier);
}

export function rdmaRelease(notifier: MmuNotifier): void {
  umemLock(notifier);
  notifier.released = 1;
  unmapAndWait(notifier, 0, u64.MAX_VALUE);
  umemUnlock(notifier);
}
