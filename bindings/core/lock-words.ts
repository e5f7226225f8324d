// Locks and what takes them, in words.

import { Doing, LockClass } from "../../assembly/locks.js";

/** Each class of locks by its name. */
export const lockNames = {
  [LockClass.KsmThreadMutex]: "ksm_thread_mutex",
  [LockClass.InodeMutex]: "inode mutex",
  [LockClass.MmapSem]: "mmap_sem",
  [LockClass.PageLock]: "page lock",
  [LockClass.IMmapMutex]: "i_mmap_mutex",
  [LockClass.AnonVmaMutex]: "anon_vma mutex",
  [LockClass.Ptl]: "page-table lock",
  [LockClass.ZoneLru]: "zone LRU lock",
  [LockClass.SwapLock]: "swap lock",
  [LockClass.MmlistLock]: "mmlist lock",
  [LockClass.PrivateLock]: "private_lock",
  [LockClass.InodeLock]: "inode lock",
  [LockClass.TreeLock]: "tree_lock",
} as const satisfies Readonly<Record<LockClass, string>>;

/** A class of locks: `mmap_sem`, `anon_vma mutex`... */
export type LockName = (typeof lockNames)[LockClass];

/** What a lock is taken for. */
export const actions: Readonly<Record<Doing, string>> = {
  [Doing.ChangeMm]: "a system call changes the address space",
  [Doing.Fault]: "a fault",
  [Doing.SwapIn]: "a fault on a swap entry",
  [Doing.CopyOnWrite]: "a write fault on a protected page",
  [Doing.FileIo]: "read(2) or write(2)",
  [Doing.PageCache]: "the page cache",
  [Doing.Fork]: "fork",
  [Doing.KsmMerge]: "KSM merges a page",
  [Doing.KsmScan]: "a scan of KSM",
  [Doing.KsmUnmerge]: "KSM takes everything apart",
  [Doing.KsmForget]: "KSM forgets a place",
  [Doing.KsmExit]: "KSM lets an address space end",
  [Doing.Migrate]: "page migration",
  [Doing.Mlock]: "mlock or munlock",
  [Doing.Mprotect]: "mprotect",
  [Doing.Mremap]: "mremap",
  [Doing.PageOperation]: "an operation on one page",
  [Doing.Reclaim]: "reclaim",
  [Doing.SwapCache]: "the swap cache",
  [Doing.SwapOff]: "swapoff",
  [Doing.Truncate]: "truncation or invalidation",
  [Doing.VmaAdjust]: "vma_adjust",
  [Doing.VmaLink]: "a VMA is linked or unlinked",
  [Doing.Writeback]: "writeback",
  [Doing.Zap]: "entries are taken away",
  [Doing.CheckAddress]: "a walk looks at an entry",
  [Doing.AnonVma]: "a VMA is tied to its anon_vmas",
  [Doing.KsmWalk]: "a walk of a page that KSM shares",
  [Doing.RestoreEntry]: "a migration entry is restored",
  [Doing.Mkclean]: "page_mkclean",
  [Doing.PageLockAnonVma]: "page_lock_anon_vma",
  [Doing.Referenced]: "page_referenced",
  [Doing.Unmap]: "try_to_unmap",
  [Doing.Walk]: "rmap_walk",
  [Doing.Lru]: "the lists of reclaim",
  [Doing.Mmlist]: "an address space joins mmlist",
  [Doing.SetPageDirty]: "a page becomes dirty",
  [Doing.SwapSlot]: "swap slots",
  [Doing.RemapFile]: "remap_file_pages",
  [Doing.ExpandStack]: "a stack grows",
  [Doing.Exec]: "exec",
};
