// What JavaScript asks about clients that are told of changes to a page table.

import { NotifierField } from "../abi/field";
import { DEVICE_RECORD } from "../abi/memory";
import { Errno } from "../abi/result";
import { handleOf, objectOf } from "../memory/handle";
import { heapScratch } from "../memory/heap";
import { Cache } from "../memory/slab";
import { deviceFrom, deviceNext } from "../notifier/device-table";
import { devicePageAt, MmuNotifier, notifierAt } from "../struct/mmu-notifier";
import { mmOf } from "./process";

/** One of NotifierField, or -ESTALE for one that is let go. */
export function notifierField(handle: f64, field: i32): f64 {
  const object = objectOf(Cache.Notifier, handle);
  if (!object) return <f64>-Errno.ESTALE;
  const notifier = changetype<MmuNotifier>(object);
  switch (field) {
    case NotifierField.Registered:
      return <f64>notifier.listed;
    case NotifierField.Pages:
      return <f64>notifier.pageCount;
    case NotifierField.Sequence:
      return <f64>notifier.sequence;
    default:
      return <f64>notifier.ranges;
  }
}

/** Records of the pages that its table maps, by address: DEVICE_RECORD bytes each; 0 when there is no room. */
export function devicePagesOf(handle: f64): u32 {
  const object = objectOf(Cache.Notifier, handle);
  if (!object) return 0;
  const notifier = changetype<MmuNotifier>(object);
  const out = heapScratch(<u64>notifier.pageCount * <u64>DEVICE_RECORD + 8);
  if (!out) return 0;
  let at = out;
  for (let found = deviceFrom(notifier, 0); found; found = deviceNext(found)) {
    const page = devicePageAt(found);
    store<f64>(at, <f64>page.address);
    store<f64>(at, <f64>page.frame, 8);
    store<u32>(at, page.writable, 16);
    store<u32>(at, page.young, 20);
    at += <usize>DEVICE_RECORD;
  }
  return <u32>out;
}

/** Handles of those that are registered with a task's address space, last first: a count, then f64 each. */
export function notifiersOf(handle: f64): u32 {
  const task = objectOf(Cache.Task, handle);
  if (!task) return 0;
  const first = mmOf(task).notifiers;
  let n: u32 = 0;
  for (let at = first; at; at = notifierAt(at).next) n++;
  const out = heapScratch(8 + ((<u64>n) << 3));
  if (!out) return 0;
  store<f64>(out, <f64>n);
  let slot = out + 8;
  for (let at = first; at; at = notifierAt(at).next) {
    store<f64>(slot, handleOf(<usize>at));
    slot += 8;
  }
  return <u32>out;
}
