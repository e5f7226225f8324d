// An address space.

import { Header, header } from "../memory/header";
import { Cache, slabFree, slabZalloc } from "../memory/slab";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";

@unmanaged
export class MmStruct {
  state: u32;
  next: u32;
  prev: u32;
  /** Tasks that share it. */
  users: u32;
  /** Who holds the struct itself: the users together, and KSM. */
  count: u32;
  /** Top page table, 0 until something is mapped. */
  pgd: u32;
  mmap: u32;
  mmRb: u32;
  /** The VMA found last. */
  mmapCache: u32;
  mapCount: u32;
  anonRss: i32;
  fileRss: i32;
  swapRss: i32;
  /** Pages of VMAs that are locked. */
  lockedVm: u32;
  /** Flags that new mappings get: VM_LOCKED after mlockall(MCL_FUTURE). */
  defFlags: u32;
  memcg: u32;
  /** KSM's record of it, 0 if it never had a mergeable VMA, or lost the last one. */
  ksmSlot: u32;
  /** 1 once it has had a swap entry: swapoff looks into it. */
  onMmlist: u32;
  /** Page tables of all levels. */
  tables: u32;
  pageTableLock: u32;
  /** First of those that are told of changes to the page table, 0: nobody is; and the lock of their list. */
  notifiers: u32;
  notifierLock: u32;
  mmapSemWriter: u32;
  mmapSemReaders: u32;
  startBrk: u64;
  brk: u64;
  /** Where the search for room starts from, and the largest hole it passed above. */
  freeAreaCache: u64;
  cachedHoleSize: u64;
  /** The swap token: how much it deserves it, reads from swap when it read last, and between that and the one before. */
  tokenPriority: u32;
  faultstamp: u32;
  lastInterval: u32;
  /** Tasks that are held inside a fault, and have mmap_sem for read that long. */
  heldReaders: u32;
}

export function mmapSem(mm: MmStruct): usize {
  return changetype<usize>(mm) + offsetof<MmStruct>("mmapSemWriter");
}

export function pageTableLock(mm: MmStruct): usize {
  return changetype<usize>(mm) + offsetof<MmStruct>("pageTableLock");
}

/** An empty address space with one user, or null when memory is exhausted. */
export function mmAlloc(): MmStruct | null {
  const object = slabZalloc(Cache.Mm);
  if (!object) return null;
  const mm = changetype<MmStruct>(object);
  const state = header();
  mm.users = 1;
  mm.count = 1;
  mm.next = state.mms;
  if (mm.next) changetype<MmStruct>(<usize>mm.next).prev = <u32>object;
  state.mms = <u32>object;
  return mm;
}

/** Drops a hold of the struct; the last one frees it. */
export function mmDrop(mm: MmStruct): void {
  if (--mm.count == 0) mmFree(mm);
}

/** Puts the mm where swapoff finds it. */
export function joinMmlist(mm: MmStruct): void {
  if (mm.onMmlist) return;
  const guard = changetype<usize>(header()) + offsetof<Header>("mmlistLock");
  lock(guard, LockClass.MmlistLock, Doing.Mmlist);
  mm.onMmlist = 1;
  unlock(guard);
}

function mmFree(mm: MmStruct): void {
  if (mm.next) changetype<MmStruct>(<usize>mm.next).prev = mm.prev;
  if (mm.prev) changetype<MmStruct>(<usize>mm.prev).next = mm.next;
  else header().mms = mm.next;
  slabFree(Cache.Mm, changetype<usize>(mm));
}
