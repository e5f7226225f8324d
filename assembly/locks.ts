// The locks of the kernel, in the order in which they may be taken, and what takes them: for messages.
//
//   cgroup_mutex > ksm_thread_mutex > inode mutex
//     mmap_sem
//       mm_all_locks_mutex, inode mutex of a hugetlb file, hugetlb_instantiation_mutex
//         page lock
//           i_mmap_mutex
//             anon_vma mutex (always that of the root)
//               umem_mutex of a network card
//                 page-table lock
//                   the lock of an address space's list of notifiers, mmu_lock of a virtual machine
//                     lock of a page's side record
//                       zone LRU lock
//                         move lock of a side record (memcgStat page-flag), or move_lock of a memcg: interrupts stay
//                         off inside, so there is no LRU work in it
//                           swap lock, mmlist lock, private_lock, inode lock, tree_lock, hugetlb_lock
//                             lock of a memcg's counter, swap_token_lock

/** Classes, outer to inner: a lock may be taken only while none of its own or an inner class is held. */
export enum LockClass {
  CgroupMutex = 1,
  KsmThreadMutex,
  InodeMutex,
  MmapSem,
  MmAllLocksMutex,
  HugetlbInodeMutex,
  HugetlbInstantiationMutex,
  PageLock,
  IMmapMutex,
  AnonVmaMutex,
  UmemMutex,
  Ptl,
  NotifierLock,
  MmuLock,
  PageCgroup,
  ZoneLru,
  PageCgroupMove,
  MemcgMove,
  SwapLock,
  MmlistLock,
  PrivateLock,
  InodeLock,
  TreeLock,
  ResCounter,
  HugetlbLock,
  SwapTokenLock,
}

/** What a lock is taken for: the words are in bindings/core/lock-fault.ts. */
export enum Doing {
  ChangeMm = 1,
  Fault,
  SwapIn,
  CopyOnWrite,
  FileIo,
  PageCache,
  Fork,
  KsmMerge,
  KsmScan,
  KsmUnmerge,
  KsmForget,
  KsmExit,
  Migrate,
  Mlock,
  Mprotect,
  Mremap,
  PageOperation,
  Reclaim,
  SwapCache,
  SwapOff,
  Truncate,
  VmaAdjust,
  VmaLink,
  Writeback,
  Zap,
  CheckAddress,
  AnonVma,
  KsmWalk,
  RestoreEntry,
  Mkclean,
  PageLockAnonVma,
  Referenced,
  Unmap,
  Walk,
  Lru,
  Mmlist,
  SetPageDirty,
  SwapSlot,
  RemapFile,
  ExpandStack,
  Exec,
  NotifierList,
  NotifierCall,
  DeviceAccess,
  SplitHuge,
  Collapse,
  MemoryFailure,
  Charge,
  Uncharge,
  MoveCharges,
  PageStat,
  ChangeCgroup,
  HugetlbPool,
  HugetlbFault,
  HugetlbUnmap,
  SwapToken,
}

/** What was wrong about a lock. */
export enum LockFault {
  /** Wanted while a lock is held that comes after it. */
  Order = 1,
  /** Wanted by who holds it. */
  Twice,
  /** Wanted while somebody holds it who will not let go: nobody else runs. */
  Deadlock,
  /** Something sleeps, to allocate or to wait, while a spinlock is held. */
  Sleep,
}

/** Where the checked builds leave the last fault: LockFault, then what is wanted and what is held. */
export const LOCK_FAULT_AT = 0x5400;
/** A lock as it is remembered: address u32, LockClass in the low byte and Doing above it, u32. */
export const LOCK_RECORD = 8;

/** Where the checked builds count locks and steps: see sync/lock-counter.ts. */
export const LOCK_COUNTERS_AT = 0x5800;
export const LOCK_CLASSES_AT = 0x5880;
/** Of each class: taken, steps held, longest hold, f64 each. */
export const LOCK_CLASS_BYTES = 24;
/** Numbers of classes are below. */
export const LOCK_CLASS_LIMIT = 32;
export const HELD_SINCE_AT = 0x5c00;
