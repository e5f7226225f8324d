// The one place where the machine's roots are kept. Nothing else in the core is module state.
//
//   0x0000  never used, so that 0 is no object
//   0x0400  submission buffer    256 x 64 bytes   (see abi/memory.ts)
//   0x4400  completion buffer    256 x 16 bytes
//   0x5400  the last fault of a lock (checked and explore only, see locks.ts)
//   0x5800  lock and step counters (checked and explore only, see sync/lock-counter.ts)   -.
//   0x6400  locks held, for each actor (checked and explore only)                          |
//   0x7000  Header                                                                         |
//   0x76c0  whose address space each actor runs in, see current.ts                         |
//   0x7700  processors, 16 bytes each, see sync/rcu.ts and struct/memcg-stock.ts           |
//   0x7800  counters, f64 each                                                             |
//   0x7900  slab caches                                                                    |
//   0x7c00  vmstat, f64 each                                                               |
//   0x7e00  swap areas                                                                     |
//   0x8000  constant data of asc                                                           |
//   heap    page arrays, slabs                                                            -'
//
// A snapshot copies [SNAPSHOT_START, header().bytesInUse).

import { Counter, VmStat } from "../abi/counter";
import { COMPLETIONS_AT, COUNTERS_AT, SUBMISSIONS_AT, VMSTAT_AT } from "../abi/memory";

export const SUBMISSIONS: usize = SUBMISSIONS_AT;
export const COMPLETIONS: usize = COMPLETIONS_AT;
export const HELD_LOCKS: usize = 0x6400;
const HEADER: usize = 0x7000;
const COUNTERS: usize = COUNTERS_AT;
const VMSTAT: usize = VMSTAT_AT;
/** What each processor has to itself: actors are processors, number 0 is that of plain runs. */
export const PROCESSORS: usize = 0x7700;
export const PROCESSOR_BYTES: usize = 16;
export const SLAB_CACHES: usize = 0x7900;
export const SWAP_AREAS: usize = 0x7e00;

/** Roots, switches and zone counters of one kernel. */
@unmanaged
export class Header {
  /** End of the bytes in use: everything at or above is scratch. */
  bytesInUse: u32;
  /** Cap of linear memory in bytes. */
  memoryLimit: u32;

  /** The switches, in the order of Switch. */
  memcgStat: u32;
  swapToken: u32;
  fileIndex: u32;
  mremapOrder: u32;
  anonIndex: u32;
  vmaAddress: u32;
  pageEvictable: u32;
  clearMlock: u32;
  notifierCalls: u32;
  storageKeyDirty: u32;
  hugeMove: u32;
  hugetlbPgoff: u32;
  migrationMlock: u32;
  ksmWalk: u32;
  anonVmaReuse: u32;
  invalidatePage: u32;
  maxMapCount: u32;

  /** Frames 1 to frames can be allocated; frame 0 is the zero page. */
  frames: u32;
  framesInUse: u32;
  /** Frames above this one were never used. */
  frameTop: u32;
  /** Frames that are marked as broken, and those of them that are free. */
  framesPoisoned: u32;
  framesBroken: u32;
  /** memory_failure so far. */
  memoryFailures: u32;
  frameFree: u32;

  pageFlags: u32;
  pageMapcount: u32;
  pageRefcount: u32;
  pageMapping: u32;
  pageIndex: u32;
  pagePrivate: u32;
  pageWord: u32;
  pageLruNext: u32;
  pageLruPrev: u32;
  pageMemcg: u32;
  pageCgroup: u32;
  pagePins: u32;
  pageGeneration: u32;

  tableFree: u32;
  tables: u32;

  /** Pages that all areas hold, and slots in use. */
  swapLimit: u32;
  swapInUse: u32;
  /** Areas that were ever in use: those after them are empty. */
  swapAreas: u32;
  /** Priority of the last area that was made without one: the next comes after it. */
  leastPriority: i32;
  swapLock: u32;
  mmlistLock: u32;
  /** Pages under writeback stay so until it is let go. */
  ioHeld: u32;

  lruLock: u32;
  /** The memcg of what belongs to no other, and the list of all. */
  rootMemcg: u32;
  lastMemcg: u32;
  nextMemcg: u32;
  /** 1 once there is another memcg than the root: until then nothing is charged or counted. */
  memcgEnabled: u32;
  /** memcg_moving: moves of charges that are under way, of whatever memcg. */
  memcgMoving: u32;
  cgroupMutex: u32;
  /** The one move of a task: from and to which memcg, charges taken in advance, pages moved, who moves plus 1. */
  mcFrom: u32;
  mcTo: u32;
  mcPrecharge: u32;
  mcMoved: u32;
  mcMover: u32;
  /** The page that waits, locked, for its charge: reclaim passes it over in release too, which has no page locks. */
  chargedFrame: u32;
  /** Most pages that an address space may lock, and that a stack may have. */
  memlockLimit: u32;
  stackLimit: u32;

  /** KSM: its mutex, address spaces in the order of scans, the one at hand, the trees, scans begun, pages
   * shared and places that share them beside the first. */
  ksmThreadMutex: u32;
  ksmSlots: u32;
  ksmLastSlot: u32;
  ksmCursor: u32;
  ksmStable: u32;
  ksmUnstable: u32;
  ksmSequence: u32;
  ksmPagesShared: u32;
  ksmPagesSharing: u32;
  /** What the last scan changed: merges, and contents that were new. */
  ksmChanges: u32;

  /** The pool of huge pages: how many there are, the first that is free, how many are, and how many of these are promised. */
  hugePages: u32;
  hugeFree: u32;
  hugePagesFree: u32;
  hugePagesReserved: i32;
  hugetlbLock: u32;
  hugetlbInstantiationMutex: u32;
  /** 1 once there was a huge page: until then no page is looked at for whether it is one. */
  hugeSeen: u32;

  nrAnonPages: i32;
  /** Huge anonymous pages that are mapped: in nrAnonPages they are not. */
  nrAnonHuge: i32;
  nrFileMapped: i32;

  /** VMAs of all address spaces, and the most there were; the most that one address space had. */
  vmas: u32;
  peakVmas: u32;
  peakMapCount: u32;

  tasks: u32;
  lastTask: u32;
  nextPid: u32;
  mms: u32;
  nextInode: u32;
  nextAnonVma: u32;

  /** mm_take_all_locks: one at a time. Read sections of SRCU that are under way. */
  mmAllLocksMutex: u32;
  srcuReaders: u32;
  /** One of TransparentHugepage. */
  transparentHugepage: u32;

  /** The actor that runs now: 0 outside the explorer. */
  actor: u32;

  /** The buffer, events that it has room for, and how many of these may be recorded. */
  eventBuffer: u32;
  eventRoom: u32;
  eventCapacity: u32;
  eventCount: u32;

  /** Walks are to be traced, and a bit for each actor that is in such a walk. */
  traceWalks: u32;
  walksTraced: u32;

  /** Pages for the benchmarks: frames, and where each is mapped. */
  sample: u32;
  sampleLength: u32;
  sampleRoom: u32;
  sampleMappings: u32;
  sampleMappingsRoom: u32;

  /** What steps of searches have passed beyond what they have room to say (index/step.ts). */
  longVisited: u32;
  longTouched: u32;

  /** Storage keys of an s390x, 0 on others: see arch/storage-key.ts. */
  storageKeys: u32;
  keysChanged: u32;
  keysAccess: u32;
  /** Bits that a page-table entry can have: all of them, but no marks on an s390x. */
  entryBits: u64;

  /** The swap token: who holds it, and that one's memcg then, 0 for nobody; reads from swap, and how many there were
   * when it was aged or taken last. */
  swapTokenMm: u32;
  swapTokenMemcg: u32;
  globalFaults: u32;
  lastAging: u32;
  swapTokenLock: u32;
  /** Tasks that are held inside a fault. */
  tasksHeld: u32;
}

export function header(): Header {
  return changetype<Header>(HEADER);
}

/** Sets one switch of a kernel that is being made. */
export function setSwitch(which: u32, value: u32): void {
  store<u32>(HEADER + offsetof<Header>("memcgStat") + ((<usize>which) << 2), value);
}

/** Adds to an exact count. Hot loops add up in a local and call this once. */
export function count(counter: Counter, n: u32): void {
  const at = COUNTERS + ((<usize>counter) << 3);
  store<f64>(at, load<f64>(at) + <f64>n);
}

export function resetCounters(): void {
  memory.fill(COUNTERS, 0, (<usize>Counter.Count) << 3);
}

function vmStatAt(stat: VmStat): usize {
  return VMSTAT + ((<usize>stat) << 3);
}

/** Adds to a number of /proc/vmstat; states go down as well. */
export function vmStat(stat: VmStat, n: i32): void {
  const at = vmStatAt(stat);
  store<f64>(at, load<f64>(at) + <f64>n);
}

export function vmStatOf(stat: VmStat): f64 {
  return load<f64>(vmStatAt(stat));
}
