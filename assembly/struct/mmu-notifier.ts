// Clients that are told when entries of an address space change, and the pages that their own tables map.
//
//   MmStruct --notifiers--> MmuNotifier --next--> MmuNotifier ...      registered last first
//                              |
//                            pages: a tree of DevicePage by address    (model clients alone)
//
// The invariant (I9) at every quiet moment: no range is being changed, and each DevicePage shows what the page
// table shows at its address, writable only if the entry is.

import { NotifierModel } from "../abi/argument";
import { Cache, slabFree, slabZalloc } from "../memory/slab";
import { MmStruct } from "./mm-struct";

@unmanaged
export class MmuNotifier {
  state: u32;
  /** In the list of its address space; next outlives removal, for whoever is at it under SRCU. */
  next: u32;
  prev: u32;
  mm: u32;
  /** 0 once it is out of the list: hlist_unhashed. */
  listed: u32;
  /** Whoever uses the record: its registration, and accesses under way. */
  holds: u32;
  model: u32;
  /** NotifierCall bits: what it has callbacks for. */
  calls: u32;
  /** Its callbacks may sleep. */
  sleeps: u32;
  /** mmu_lock or umem_mutex. */
  lock: u32;
  /** Root of the tree of its pages, and how many there are. */
  pages: u32;
  pageCount: u32;
  /** 1 after release: it maps nothing any more. */
  released: u32;
  /** Ranges that are being changed: mmu_notifier_count of KVM, notifiers_count of a umem. */
  ranges: i32;
  /** mmu_notifier_seq: changes that are complete. */
  sequence: u32;
  /** Ranges that it was told begin and was not told end, and their sum, which tells other arguments. */
  begun: i32;
  open: u64;
  /** Names it to JavaScript. */
  cookie: f64;
}

/** What a client's own table shows at an address. It holds no reference to the frame. */
@unmanaged
export class DevicePage {
  state: u32;
  /** Node of the client's tree, or of a list of spare ones by right. */
  parent: u32;
  left: u32;
  right: u32;
  address: u64;
  /** 0: the zero page. */
  frame: u32;
  /** Of the page that was in the frame when it was mapped. */
  generation: u32;
  writable: u32;
  young: u32;
}

/** Offset of the tree node in DevicePage. */
export const DEVICE_NODE: usize = 4;

export function notifierAt(address: u32): MmuNotifier {
  return changetype<MmuNotifier>(<usize>address);
}

export function devicePageAt(address: u32): DevicePage {
  return changetype<DevicePage>(<usize>address);
}

/** A client that is not registered yet, or 0 when memory is exhausted. */
export function notifierAlloc(model: NotifierModel, cookie: f64, calls: u32, sleeps: bool): u32 {
  const object = <u32>slabZalloc(Cache.Notifier);
  if (!object) return 0;
  const notifier = notifierAt(object);
  notifier.holds = 1;
  notifier.model = model;
  notifier.cookie = cookie;
  notifier.calls = calls;
  notifier.sleeps = sleeps ? 1 : 0;
  return object;
}

/** Drops a hold of the record; the last one frees it. */
export function notifierDrop(notifier: MmuNotifier): void {
  if (--notifier.holds) return;
  assert(notifier.pages == 0, "notifier: freed with pages mapped");
  slabFree(Cache.Notifier, changetype<usize>(notifier));
}

/** One more that uses the record. */
export function notifierHold(notifier: MmuNotifier): void {
  notifier.holds++;
}

/** The lock of an address space's list of notifiers. */
export function notifierLock(mm: MmStruct): usize {
  return changetype<usize>(mm) + offsetof<MmStruct>("notifierLock");
}

/** mmu_lock, or umem_mutex. */
export function clientLock(notifier: MmuNotifier): usize {
  return changetype<usize>(notifier) + offsetof<MmuNotifier>("lock");
}

/** Root of the tree of a client's pages. */
export function pagesRoot(notifier: MmuNotifier): usize {
  return changetype<usize>(notifier) + offsetof<MmuNotifier>("pages");
}
