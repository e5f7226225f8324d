// Locks with the kernel's rules. Every path takes them; release compiles them to nothing.
//
// Order, outer to inner (spec/rmap.md):
//
//   inode mutex
//     mmap_sem
//       page lock
//         i_mmap_mutex
//           anon_vma mutex (always that of the root)
//             page-table lock
//               zone LRU lock, swap lock, mmlist lock, private_lock, inode lock, tree_lock
//
// A lock word holds 0, or the owner's actor number plus one; a page's lock is a bit of its flags.
// For each actor HELD_LOCKS keeps what it holds, innermost last: a count, then (address, class) pairs.

import { header, HELD_LOCKS } from "../memory/header";
import { pause, YieldKind } from "./yield-point";

/** In the order in which they may be taken. */
export enum LockClass {
  InodeMutex = 1,
  MmapSem,
  PageLock,
  IMmapMutex,
  AnonVmaMutex,
  Ptl,
  ZoneLru,
  SwapLock,
  MmlistLock,
  TreeLock,
}

const MAX_ACTORS: u32 = 16;
const MAX_HELD: u32 = 23;
const RECORD: usize = 192;

function held(): usize {
  const actor = header().actor;
  assert(actor < MAX_ACTORS, "lock: no such actor");
  return HELD_LOCKS + <usize>actor * RECORD;
}

function checkOrder(address: usize, kind: LockClass, nested: bool): void {
  const list = held();
  const n = load<u32>(list);
  for (let i: u32 = 0; i < n; i++) {
    const at = list + 8 + ((<usize>i) << 3);
    assert(load<u32>(at) != <u32>address, "lock: taken twice by the same actor");
    const other = load<u32>(at, 4);
    assert(other < <u32>kind || (nested && other == <u32>kind), "lock: order violated");
  }
}

function remember(address: usize, kind: LockClass): void {
  const list = held();
  const n = load<u32>(list);
  assert(n < MAX_HELD, "lock: too many locks held");
  const at = list + 8 + ((<usize>n) << 3);
  store<u32>(at, <u32>address);
  store<u32>(at, <u32>kind, 4);
  store<u32>(list, n + 1);
}

function forget(address: usize): void {
  const list = held();
  const n = load<u32>(list);
  let i = n;
  while (i > 0 && load<u32>(list + ((<usize>i) << 3)) != <u32>address) i--;
  assert(i > 0, "lock: released by an actor that does not hold it");
  const at = list + ((<usize>i) << 3);
  memory.copy(at, at + 8, (<usize>(n - i)) << 3);
  store<u32>(list, n - 1);
}

function acquire(address: usize, kind: LockClass, nested: bool): void {
  checkOrder(address, kind, nested);
  pause(YieldKind.Lock, address);
  while (load<u32>(address)) {
    assert(EXPLORE != 0 && header().actor != 0, "lock: waits for ever");
    pause(YieldKind.Blocked, address);
  }
  store<u32>(address, header().actor + 1);
  remember(address, kind);
}

/** Takes a mutex or spinlock whose word is at the address. */
export function lock(address: usize, kind: LockClass): void {
  if (CHECKED) acquire(address, kind, false);
}

/** A second lock of a class of which one is held: child after parent, destination after source. */
export function lockNested(address: usize, kind: LockClass): void {
  if (CHECKED) acquire(address, kind, true);
}

/** A lock that is tried and not waited for may be tried out of order. */
export function trylock(address: usize, kind: LockClass): bool {
  if (CHECKED) {
    pause(YieldKind.Lock, address);
    if (load<u32>(address)) return false;
    store<u32>(address, header().actor + 1);
    remember(address, kind);
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

// mmap_sem, a reader-writer semaphore: word 0 owner of the write side, word 1 number of readers.

export function downWrite(sem: usize): void {
  if (CHECKED) writeSide(sem, false);
}

export function downWriteNested(sem: usize): void {
  if (CHECKED) writeSide(sem, true);
}

function writeSide(sem: usize, nested: bool): void {
  checkOrder(sem, LockClass.MmapSem, nested);
  pause(YieldKind.Lock, sem);
  while (load<u32>(sem) || load<u32>(sem, 4)) {
    assert(EXPLORE != 0 && header().actor != 0, "lock: waits for ever");
    pause(YieldKind.Blocked, sem);
  }
  store<u32>(sem, header().actor + 1);
  remember(sem, LockClass.MmapSem);
}

export function upWrite(sem: usize): void {
  if (CHECKED) {
    assert(load<u32>(sem) == header().actor + 1, "lock: mmap_sem is not held for write");
    store<u32>(sem, 0);
    forget(sem);
    pause(YieldKind.Unlock, sem);
  }
}

export function downRead(sem: usize): void {
  if (CHECKED) {
    checkOrder(sem, LockClass.MmapSem, false);
    pause(YieldKind.Lock, sem);
    while (load<u32>(sem)) {
      assert(EXPLORE != 0 && header().actor != 0, "lock: waits for ever");
      pause(YieldKind.Blocked, sem);
    }
    store<u32>(sem, load<u32>(sem, 4) + 1, 4);
    remember(sem, LockClass.MmapSem);
  }
}

export function upRead(sem: usize): void {
  if (CHECKED) {
    assert(load<u32>(sem, 4) > 0, "lock: mmap_sem is not held for read");
    store<u32>(sem, load<u32>(sem, 4) - 1, 4);
    forget(sem);
    pause(YieldKind.Unlock, sem);
  }
}

// The page lock is a bit among the page's flags, so it has functions of its own.

const PG_LOCKED: u32 = 1;

export function lockBit(flags: usize, kind: LockClass): void {
  if (CHECKED) {
    checkOrder(flags, kind, false);
    pause(YieldKind.Lock, flags);
    while (load<u32>(flags) & PG_LOCKED) {
      assert(EXPLORE != 0 && header().actor != 0, "lock: waits for ever");
      pause(YieldKind.Blocked, flags);
    }
    store<u32>(flags, load<u32>(flags) | PG_LOCKED);
    remember(flags, kind);
  }
}

export function trylockBit(flags: usize, kind: LockClass): bool {
  if (CHECKED) {
    pause(YieldKind.Lock, flags);
    if (load<u32>(flags) & PG_LOCKED) return false;
    store<u32>(flags, load<u32>(flags) | PG_LOCKED);
    remember(flags, kind);
  }
  return true;
}

export function unlockBit(flags: usize): void {
  if (CHECKED) {
    assert((load<u32>(flags) & PG_LOCKED) != 0, "lock: page is not locked");
    store<u32>(flags, load<u32>(flags) & ~PG_LOCKED);
    forget(flags);
    pause(YieldKind.Unlock, flags);
  }
}

/** Where the kernel may sleep: to allocate, to wait for I/O. */
export function mightSleep(): void {
  if (CHECKED) {
    const list = held();
    const n = load<u32>(list);
    for (let i: u32 = 0; i < n; i++) {
      const kind = load<u32>(list + 8 + ((<usize>i) << 3), 4);
      assert(kind < <u32>LockClass.Ptl, "lock: sleeps while it holds a spinlock");
    }
  }
}

/** At the end of an operation an actor holds nothing. */
export function assertNothingHeld(): void {
  if (CHECKED) assert(load<u32>(held()) == 0, "lock: still held at the end of the operation");
}
