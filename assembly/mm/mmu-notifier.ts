// Registration of those that are told of changes to a page table, and its end.

import { NotifierModel } from "../abi/argument";
import { Errno } from "../abi/result";
import { Doing, LockClass } from "../locks";
import { notifierRelease } from "../notifier/dispatch";
import { mmapSem, mmDrop, MmStruct } from "../struct/mm-struct";
import {
  MmuNotifier,
  notifierAlloc,
  notifierAt,
  notifierDrop,
  notifierLock,
} from "../struct/mmu-notifier";
import { downWrite, lock, unlock, upWrite } from "../sync/lock";
import { srcuReadLock, srcuReadUnlock, synchronizeSrcu } from "../sync/srcu";
import { mmDropAllLocks, mmTakeAllLocks } from "./take-all-locks";

/**
 * mmu_notifier_register: the client is first in the list from now on. All locks of the address space keep
 * anybody from being between the start and the end of a range meanwhile.
 * @returns the client, or 0 when memory is exhausted
 */
export function mmuNotifierRegister(
  mm: MmStruct,
  model: NotifierModel,
  cookie: f64,
  calls: u32,
  sleeps: bool,
): u32 {
  const object = notifierAlloc(model, cookie, calls, sleeps);
  if (!object) return 0;
  const notifier = notifierAt(object);
  downWrite(mmapSem(mm), Doing.NotifierList);
  mmTakeAllLocks(mm);
  mm.count++;
  notifier.mm = <u32>changetype<usize>(mm);
  lock(notifierLock(mm), LockClass.NotifierLock, Doing.NotifierList);
  notifier.next = mm.notifiers;
  if (notifier.next) notifierAt(notifier.next).prev = object;
  mm.notifiers = object;
  notifier.listed = 1;
  unlock(notifierLock(mm));
  mmDropAllLocks(mm);
  upWrite(mmapSem(mm));
  return object;
}

/** hlist_del_init_rcu: whoever stands on it finds the way on. */
function unlist(mm: MmStruct, notifier: MmuNotifier): void {
  if (notifier.prev) notifierAt(notifier.prev).next = notifier.next;
  else mm.notifiers = notifier.next;
  if (notifier.next) notifierAt(notifier.next).prev = notifier.prev;
  notifier.listed = 0;
}

/** mmu_notifier_unregister: release, then out of the list; on return no callback is under way. 0, or EINVAL. */
export function mmuNotifierUnregister(mm: MmStruct, notifier: MmuNotifier): i32 {
  if (!notifier.listed || notifier.released) return Errno.EINVAL;
  // Another thread that unregisters it meanwhile finds it released.
  notifier.released = 1;
  srcuReadLock();
  notifierRelease(notifier);
  srcuReadUnlock();
  lock(notifierLock(mm), LockClass.NotifierLock, Doing.NotifierList);
  unlist(mm, notifier);
  unlock(notifierLock(mm));
  synchronizeSrcu();
  notifierDrop(notifier);
  mmDrop(mm);
  return 0;
}

/**
 * mmu_notifier_release: the address space ends, and nobody runs in it. All clients hear of it before the first
 * page goes, in the order of the list. Then they are let go, as by the drivers whose files close next.
 */
export function mmuNotifierRelease(mm: MmStruct): void {
  if (!mm.notifiers) return;
  srcuReadLock();
  for (let at = mm.notifiers; at; at = notifierAt(at).next) notifierRelease(notifierAt(at));
  srcuReadUnlock();
  lock(notifierLock(mm), LockClass.NotifierLock, Doing.NotifierList);
  const first = mm.notifiers;
  mm.notifiers = 0;
  for (let at = first; at; at = notifierAt(at).next) notifierAt(at).listed = 0;
  unlock(notifierLock(mm));
  synchronizeSrcu();
  for (let at = first; at;) {
    const notifier = notifierAt(at);
    at = notifier.next;
    notifierDrop(notifier);
    mmDrop(mm);
  }
}
