// A model client comes to memory through its own table, and faults in what is not there: it finds the page as
// get_user_pages does, lets go of it, and maps it if it was told of no change meanwhile.

import { DeviceAccess, NotifierModel } from "../abi/argument";
import { Errno } from "../abi/result";
import { PAGE_SIZE, TASK_SIZE_PAGES } from "../abi/unit";
import { Doing, LockClass } from "../locks";
import { header } from "../memory/header";
import { Cache, slabFree, slabZalloc } from "../memory/slab";
import { deviceAt, deviceMap, isCurrent } from "../notifier/device-table";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import {
  clientLock,
  devicePageAt,
  MmuNotifier,
  notifierDrop,
  notifierHold,
} from "../struct/mmu-notifier";
import { pageGeneration, pageReadWord, pageSetWord, ZERO_FRAME } from "../struct/page";
import { Vma } from "../struct/vma";
import { downRead, lock, unlock, upRead } from "../sync/lock";
import { pause, sharedAccess, YieldKind } from "../sync/yield-point";
import { followPage, pinUserPage, NO_PAGE, putUserPage, vmaForUserPage } from "./get-user-page";

/** A network card maps what is present of so many pages at once, beside the one that it needs. */
const RDMA_PAGES: u64 = 4;
/** No entry of its own that allows the access. */
const MISS: f64 = -1;
/** A record that stands for no page. */
const NO_FRAME: u32 = u32.MAX_VALUE;
/** A fault that does not succeed after so many tries is our bug. */
const MAX_TRIES: i32 = 64;

/** Records for so many pages, linked by `right`; 0 when memory is exhausted. */
function reserve(pages: u64): u32 {
  let first: u32 = 0;
  for (let n: u64 = 0; n < pages; n++) {
    const page = <u32>slabZalloc(Cache.DevicePage);
    if (!page) {
      discard(first);
      return 0;
    }
    devicePageAt(page).right = first;
    first = page;
  }
  return first;
}

function discard(first: u32): void {
  for (let page = first; page;) {
    const next = devicePageAt(page).right;
    slabFree(Cache.DevicePage, <usize>page);
    page = next;
  }
}

function note(record: u32, address: u64, frame: i32, write: bool): void {
  const page = devicePageAt(record);
  page.address = address;
  page.frame = frame;
  page.generation = pageGeneration(frame);
  page.writable = write ? 1 : 0;
}

/** Finds the page, with a reference, and others of its block that are there already. 0, or -Errno. */
function find(mm: MmStruct, address: u64, write: bool, records: u32): i32 {
  downRead(mmapSem(mm), Doing.DeviceAccess);
  const vma = vmaForUserPage(mm, address, write);
  const frame = vma ? pinUserPage(vma, address, write) : -Errno.EFAULT;
  if (frame >= 0) {
    note(records, address, frame, write);
    findNeighbours(<Vma>vma, address, write, devicePageAt(records).right);
  }
  upRead(mmapSem(mm));
  return min(frame, 0);
}

function findNeighbours(vma: Vma, address: u64, write: bool, records: u32): void {
  const block = address & ~(RDMA_PAGES * PAGE_SIZE - 1);
  const end = min(vma.end, block + RDMA_PAGES * PAGE_SIZE);
  let at = max(vma.start, block);
  for (let record = records; record; at += PAGE_SIZE) {
    if (at == address) continue;
    const mm = changetype<MmStruct>(<usize>vma.mm);
    const frame = at < end ? followPage(mm, at, write) : NO_PAGE;
    if (frame == NO_PAGE) devicePageAt(record).frame = NO_FRAME;
    else note(record, at, frame, write);
    record = devicePageAt(record).right;
  }
}

/** Maps what was found if no change began or ended since, and lets go of it; the records left over, with a mark: not. */
function mapFound(notifier: MmuNotifier, records: u32, sequence: u32): u32 {
  const kind = notifier.model == <u32>NotifierModel.Kvm ? LockClass.MmuLock : LockClass.UmemMutex;
  lock(clientLock(notifier), kind, Doing.DeviceAccess);
  const changed = notifier.ranges != 0 || notifier.sequence != sequence || notifier.released != 0;
  let left: u32 = 0;
  for (let record = records; record;) {
    const page = devicePageAt(record);
    const next = page.right;
    const frame = page.frame;
    if (frame == NO_FRAME || changed || !deviceMap(notifier, record)) {
      page.right = left;
      left = record;
    }
    if (frame != NO_FRAME) putUserPage(frame);
    record = next;
  }
  unlock(clientLock(notifier));
  return changed ? left | 1 : left;
}

/** 0, or -Errno. */
function faultIn(mm: MmStruct, notifier: MmuNotifier, address: u64, write: bool): i32 {
  let records = reserve(notifier.model == <u32>NotifierModel.Rdma ? RDMA_PAGES : 1);
  if (!records) return -Errno.ENOMEM;
  let tries = 0;
  while (true) {
    assert(tries++ < MAX_TRIES, "notifier: a device's fault does not get anywhere");
    sharedAccess(changetype<usize>(notifier));
    const sequence = notifier.sequence;
    const error = notifier.released ? -Errno.EFAULT : find(mm, address, write, records);
    if (!error) records = mapFound(notifier, records, sequence);
    const again = !error && (records & 1) != 0;
    records &= ~1;
    if (!again) {
      discard(records);
      return error;
    }
    // Whoever changes the range has to come to its end first.
    if (notifier.ranges && header().actor) pause(YieldKind.Blocked, changetype<usize>(notifier));
  }
}

/** Reads or writes as the device does, without a lock, if its table allows it. */
function touch(notifier: MmuNotifier, address: u64, write: bool, word: f64): f64 {
  sharedAccess(changetype<usize>(notifier));
  const found = deviceAt(notifier, address);
  if (!found) return MISS;
  const page = devicePageAt(found);
  if (write && !page.writable) return MISS;
  assert(isCurrent(page), "notifier: a device uses a page that was freed");
  if (!isCurrent(page)) return <f64>-Errno.EFAULT;
  if (notifier.model == <u32>NotifierModel.Kvm) page.young = 1;
  if (write) {
    pageSetWord(page.frame, word);
    return 0;
  }
  return page.frame == ZERO_FRAME ? 0 : pageReadWord(page.frame);
}

/** An access through the device's own table; -EFAULT, -ENOMEM. */
function access(mm: MmStruct, notifier: MmuNotifier, address: u64, write: bool, word: f64): f64 {
  let result = touch(notifier, address, write, word);
  for (let tries = 0; result == MISS; tries++) {
    assert(tries < MAX_TRIES, "notifier: a device's access does not get anywhere");
    const error = faultIn(mm, notifier, address, write);
    if (error) return <f64>error;
    result = touch(notifier, address, write, word);
  }
  return result;
}

/** Only a fault: what is found there, as frame * 2, and 1 more if it may be written to. A model client maps it. */
function fault(mm: MmStruct, notifier: MmuNotifier, address: u64, write: bool): f64 {
  if (notifier.model != <u32>NotifierModel.Callbacks) {
    const error = faultIn(mm, notifier, address, write);
    if (error) return <f64>error;
    const found = deviceAt(notifier, address);
    return found ? <f64>devicePageAt(found).frame * 2 + <f64>devicePageAt(found).writable : 0;
  }
  downRead(mmapSem(mm), Doing.DeviceAccess);
  const vma = vmaForUserPage(mm, address, write);
  const frame = vma ? pinUserPage(vma, address, write) : -Errno.EFAULT;
  if (frame >= 0) putUserPage(frame);
  upRead(mmapSem(mm));
  return frame < 0 ? <f64>frame : <f64>frame * 2 + (write ? 1 : 0);
}

/** An access or a fault of a registered client; -EINVAL for an access of one that has no table in the core. */
export function deviceOperation(
  mm: MmStruct,
  notifier: MmuNotifier,
  address: u64,
  how: DeviceAccess,
  word: f64,
): f64 {
  const accesses = how == DeviceAccess.Read || how == DeviceAccess.Write;
  if (accesses && notifier.model == <u32>NotifierModel.Callbacks) return <f64>-Errno.EINVAL;
  if (address >> 12 >= <u64>TASK_SIZE_PAGES) return <f64>-Errno.EFAULT;
  const page = address & ~(<u64>PAGE_SIZE - 1);
  const write = how == DeviceAccess.Write || how == DeviceAccess.FaultWrite;
  notifierHold(notifier);
  const result = accesses
    ? access(mm, notifier, page, write, word)
    : fault(mm, notifier, page, write);
  notifierDrop(notifier);
  return result;
}
