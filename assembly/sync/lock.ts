// Locks with the kernel's rules. Every path takes them; release compiles them to nothing.
//
// Their order is in ../locks.ts.
//
// A lock word holds 0, or the owner's actor number plus one; a page's lock is a bit of its flags.
// For each actor HELD_LOCKS keeps what it holds, innermost last: a count, then pairs of
// (address, class and what was being done).

import { Event } from "../abi/event";
import { Doing, LockClass, LockFault, LOCK_FAULT_AT } from "../locks";
import { event } from "../memory/event";
import { header, HELD_LOCKS } from "../memory/header";
import { isWalkTraced } from "../memory/walk-mark";
import { countLeft, countTaken } from "./lock-counter";
import { pause, YieldKind } from "./yield-point";

export const MAX_ACTORS: u32 = 16;
const MAX_HELD: u32 = 23;
/** Bytes of what is remembered of an actor's locks: their number, then the locks. */
export const HELD_RECORD: usize = 192;

function held(): usize {
  const actor = header().actor;
  assert(actor < MAX_ACTORS, "lock: no such actor");
  return HELD_LOCKS + <usize>actor * HELD_RECORD;
}

/** Leaves a report for whoever reads the message: what is wanted, and the lock held that is in the way. */
function report(fault: LockFault, address: usize, kind: u32, doing: Doing, held: usize): void {
  const at = <usize>LOCK_FAULT_AT;
  store<u32>(at, fault);
  store<u32>(at, <u32>address, 4);
  store<u32>(at, kind | ((<u32>doing) << 8), 8);
  store<u32>(at, held ? load<u32>(held) : 0, 12);
  store<u32>(at, held ? load<u32>(held, 4) : 0, 16);
}

function checkOrder(address: usize, kind: LockClass, nested: bool, doing: Doing): void {
  const list = held();
  const n = load<u32>(list);
  for (let i: u32 = 0; i < n; i++) {
    const at = list + 8 + ((<usize>i) << 3);
    if (load<u32>(at) == <u32>address) {
      report(LockFault.Twice, address, kind, doing, at);
      assert(false, "lock: taken twice by the same actor");
    }
    const other = load<u32>(at, 4) & 0xff;
    if (other < <u32>kind || (nested && other == <u32>kind)) continue;
    report(LockFault.Order, address, kind, doing, at);
    assert(false, "lock: order violated");
  }
}

/** Somebody has it. In the explorer others run on and may let go; else nobody ever will. */
function waitFor(address: usize, kind: LockClass, doing: Doing): void {
  if (EXPLORE == 0 || header().actor == 0) {
    report(LockFault.Deadlock, address, kind, doing, 0);
    assert(false, "lock: waits for ever");
  }
  pause(YieldKind.Blocked, address);
}

function remember(address: usize, kind: LockClass, doing: Doing): void {
  const list = held();
  const n = load<u32>(list);
  assert(n < MAX_HELD, "lock: too many locks held");
  const at = list + 8 + ((<usize>n) << 3);
  store<u32>(at, <u32>address);
  store<u32>(at, (<u32>kind) | ((<u32>doing) << 8), 4);
  store<u32>(list, n + 1);
  countTaken(n, kind);
  if (isWalkTraced()) event(Event.LockTaken, <f64>kind, <f64>(<u32>address), <f64>doing);
}

function forget(address: usize): void {
  const list = held();
  const n = load<u32>(list);
  let i = n;
  while (i > 0 && load<u32>(list + ((<usize>i) << 3)) != <u32>address) i--;
  assert(i > 0, "lock: released by an actor that does not hold it");
  const at = list + ((<usize>i) << 3);
  const kind = load<u32>(at, 4) & 0xff;
  const steps = countLeft(i - 1, n, kind);
  if (isWalkTraced()) event(Event.LockLeft, <f64>kind, <f64>(<u32>address), <f64>steps);
  memory.copy(at, at + 8, (<usize>(n - i)) << 3);
  store<u32>(list, n - 1);
}

function acquire(address: usize, kind: LockClass, nested: bool, doing: Doing): void {
  checkOrder(address, kind, nested, doing);
  pause(YieldKind.Lock, address);
  while (load<u32>(address)) waitFor(address, kind, doing);
  store<u32>(address, header().actor + 1);
  remember(address, kind, doing);
}

/** Takes a mutex or spinlock whose word is at the address. */
export function lock(address: usize, kind: LockClass, doing: Doing): void {
  if (CHECKED) acquire(address, kind, false, doing);
}

/** A second lock of a class of which one is held: child after parent, destination after source. */
export function lockNested(address: usize, kind: LockClass, doing: Doing): void {
  if (CHECKED) acquire(address, kind, true, doing);
}

/** Somebody has what was tried. */
function refused(address: usize, kind: LockClass, doing: Doing): bool {
  if (CHECKED && isWalkTraced()) {
    event(Event.LockBusy, <f64>kind, <f64>(<u32>address), <f64>doing);
  }
  return false;
}

/**
 * One of the many locks of mm_take_all_locks, which are not remembered one by one: whoever takes them holds
 * mm_all_locks_mutex instead, and marks them, so that it asks for none twice.
 */
export function lockAmongAll(address: usize, kind: LockClass, doing: Doing): void {
  if (CHECKED) {
    checkOrder(address, kind, false, doing);
    assert(load<u32>(address) != header().actor + 1, "lock: mm_take_all_locks takes one twice");
    pause(YieldKind.Lock, address);
    while (load<u32>(address)) waitFor(address, kind, doing);
    store<u32>(address, header().actor + 1);
  }
}

export function unlockAmongAll(address: usize): void {
  if (CHECKED) {
    assert(
      load<u32>(address) == header().actor + 1,
      "lock: mm_drop_all_locks lets go of one that it does not hold",
    );
    store<u32>(address, 0);
    pause(YieldKind.Unlock, address);
  }
}

/** A lock that is tried and not waited for may be tried out of order. */
export function trylock(address: usize, kind: LockClass, doing: Doing): bool {
  if (CHECKED) {
    pause(YieldKind.Lock, address);
    if (load<u32>(address)) return refused(address, kind, doing);
    store<u32>(address, header().actor + 1);
    remember(address, kind, doing);
  }
  return true;
}

export function unlock(address: usize): void {
  if (CHECKED) {
    assert(
      load<u32>(address) == header().actor + 1,
      "lock: released by an actor that is not its owner",
    );
    store<u32>(address, 0);
    forget(address);
    pause(YieldKind.Unlock, address);
  }
}

export function isLocked(address: usize): bool {
  return CHECKED ? load<u32>(address) != 0 : false;
}

/** For assertions: does the running actor hold it? Always true in release. */
export function holds(address: usize): bool {
  return CHECKED ? load<u32>(address) == header().actor + 1 : true;
}

// mmap_sem, a reader-writer semaphore: word 0 owner of the write side, word 1 number of readers. Both are kept in
// all builds, since what tryDownRead and rwsemIsLocked say shows in results.

export function downWrite(sem: usize, doing: Doing): void {
  if (CHECKED) waitForWrite(sem, false, doing);
  store<u32>(sem, header().actor + 1);
}

export function downWriteNested(sem: usize, doing: Doing): void {
  if (CHECKED) waitForWrite(sem, true, doing);
  store<u32>(sem, header().actor + 1);
}

function waitForWrite(sem: usize, nested: bool, doing: Doing): void {
  checkOrder(sem, LockClass.MmapSem, nested, doing);
  pause(YieldKind.Lock, sem);
  while (load<u32>(sem) || load<u32>(sem, 4)) waitFor(sem, LockClass.MmapSem, doing);
  remember(sem, LockClass.MmapSem, doing);
}

export function upWrite(sem: usize): void {
  if (CHECKED) {
    assert(load<u32>(sem) == header().actor + 1, "lock: mmap_sem is not held for write");
    forget(sem);
  }
  store<u32>(sem, 0);
  if (CHECKED) pause(YieldKind.Unlock, sem);
}

/** Others may read from now on, but nobody has changed anything in between. */
export function downgradeWrite(sem: usize, doing: Doing): void {
  if (CHECKED) {
    assert(load<u32>(sem) == header().actor + 1, "lock: mmap_sem is not held for write");
    forget(sem);
  }
  store<u32>(sem, 0);
  addReader(sem, doing);
  if (CHECKED) pause(YieldKind.Unlock, sem);
}

export function downRead(sem: usize, doing: Doing): void {
  if (CHECKED) {
    checkOrder(sem, LockClass.MmapSem, false, doing);
    pause(YieldKind.Lock, sem);
    while (load<u32>(sem)) waitFor(sem, LockClass.MmapSem, doing);
  }
  addReader(sem, doing);
}

/** For whoever holds what comes after it in the order: false if somebody holds it for write. */
export function tryDownRead(sem: usize, doing: Doing): bool {
  if (CHECKED) pause(YieldKind.Lock, sem);
  if (load<u32>(sem)) return refused(sem, LockClass.MmapSem, doing);
  addReader(sem, doing);
  return true;
}

function addReader(sem: usize, doing: Doing): void {
  store<u32>(sem, load<u32>(sem, 4) + 1, 4);
  if (CHECKED) remember(sem, LockClass.MmapSem, doing);
}

/** One reader more, or less, that is no actor: a process that stays where it has mmap_sem. */
export function countReader(sem: usize, n: i32): void {
  store<u32>(sem, load<u32>(sem, 4) + n, 4);
}

/** Does anybody have it, to read or to write? */
export function rwsemIsLocked(sem: usize): bool {
  return (load<u32>(sem) | load<u32>(sem, 4)) != 0;
}

export function upRead(sem: usize): void {
  assert(load<u32>(sem, 4) > 0, "lock: mmap_sem is not held for read");
  store<u32>(sem, load<u32>(sem, 4) - 1, 4);
  if (CHECKED) {
    forget(sem);
    pause(YieldKind.Unlock, sem);
  }
}

// The page lock is a bit among the page's flags, as is the lock of a side record: bit 0 of the byte at an address.

const PG_LOCKED: u32 = 1;

export function lockBit(flags: usize, kind: LockClass, doing: Doing): void {
  if (CHECKED) acquireBit(flags, kind, false, doing);
}

/** A second one, where it is known which of the two comes first. */
export function lockBitNested(flags: usize, kind: LockClass, doing: Doing): void {
  if (CHECKED) acquireBit(flags, kind, true, doing);
}

function acquireBit(flags: usize, kind: LockClass, nested: bool, doing: Doing): void {
  checkOrder(flags, kind, nested, doing);
  pause(YieldKind.Lock, flags);
  while (load<u8>(flags) & PG_LOCKED) waitFor(flags, kind, doing);
  store<u8>(flags, load<u8>(flags) | PG_LOCKED);
  remember(flags, kind, doing);
}

export function trylockBit(flags: usize, kind: LockClass, doing: Doing): bool {
  if (CHECKED) {
    pause(YieldKind.Lock, flags);
    if (load<u8>(flags) & PG_LOCKED) return refused(flags, kind, doing);
    store<u8>(flags, load<u8>(flags) | PG_LOCKED);
    remember(flags, kind, doing);
  }
  return true;
}

export function unlockBit(flags: usize): void {
  if (CHECKED) {
    assert((load<u8>(flags) & PG_LOCKED) != 0, "lock: page is not locked");
    store<u8>(flags, load<u8>(flags) & ~PG_LOCKED);
    forget(flags);
    pause(YieldKind.Unlock, flags);
  }
}

/** trylockBit without a place in the list of what the actor holds, which has room for few. */
export function trylockBitUnlisted(flags: usize): bool {
  if (CHECKED) {
    pause(YieldKind.Lock, flags);
    if (load<u8>(flags) & PG_LOCKED) return false;
    store<u8>(flags, load<u8>(flags) | PG_LOCKED);
  }
  return true;
}

export function unlockBitUnlisted(flags: usize): void {
  if (CHECKED) {
    assert((load<u8>(flags) & PG_LOCKED) != 0, "lock: page is not locked");
    store<u8>(flags, load<u8>(flags) & ~PG_LOCKED);
    pause(YieldKind.Unlock, flags);
  }
}

/** Where the kernel may sleep: to allocate, to wait for I/O. */
export function mightSleep(): void {
  if (CHECKED) {
    const list = held();
    const n = load<u32>(list);
    for (let i: u32 = 0; i < n; i++) {
      const at = list + 8 + ((<usize>i) << 3);
      if ((load<u32>(at, 4) & 0xff) < <u32>LockClass.Ptl) continue;
      report(LockFault.Sleep, 0, 0, Doing.ChangeMm, at);
      assert(false, "lock: sleeps while it holds a spinlock");
    }
  }
}

/** Address of the list of what an actor holds, -1 for the one that runs; 0 in release, which has no locks. */
export function heldLocks(actor: i32): u32 {
  if (!CHECKED) return 0;
  return <u32>(actor < 0 ? held() : HELD_LOCKS + <usize>actor * HELD_RECORD);
}

/** At the end of an operation an actor holds nothing. */
export function assertNothingHeld(): void {
  if (CHECKED) assert(load<u32>(held()) == 0, "lock: still held at the end of the operation");
}
