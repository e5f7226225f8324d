// Flags of VMAs, pages and storage keys.

/** vm_flags, with the kernel's values. */
export enum VmFlag {
  Read = 0x1,
  Write = 0x2,
  Exec = 0x4,
  Shared = 0x8,
  MayRead = 0x10,
  MayWrite = 0x20,
  MayExec = 0x40,
  MayShare = 0x80,
  GrowsDown = 0x100,
  Locked = 0x2000,
  SeqRead = 0x8000,
  RandRead = 0x10000,
  DontCopy = 0x20000,
  DontExpand = 0x40000,
  /** Not the kernel's, who keeps it beside the VMA: the pool has promised pages to whoever made this private mapping. */
  ReserveOwner = 0x1000,
  /** Not the kernel's either: a page was taken away for the owner's sake, so that a fault that finds none is refused. */
  ReserveLost = 0x4000,
  Account = 0x100000,
  NoReserve = 0x200000,
  /** Pages are not where the file's order would have them (remap_file_pages). */
  Nonlinear = 0x800000,
  HugePage = 0x20000000,
  NoHugePage = 0x40000000,
  /** Mapped by huge pages of the pool. */
  Hugetlb = 0x400000,
  /** 0x80000000: enum values are signed. */
  Mergeable = -0x80000000,
}

/** Page flags. */
export enum PageFlag {
  Locked = 0x1,
  Referenced = 0x4,
  Uptodate = 0x8,
  Dirty = 0x10,
  /** On one of the lists of reclaim. */
  Lru = 0x20,
  Active = 0x40,
  /** Has buffers, which hold a reference. */
  Private = 0x800,
  Writeback = 0x2000,
  /** First page of a huge one. */
  Head = 0x4000,
  SwapCache = 0x8000,
  /** Reclaim wants it as soon as its writeback ends. */
  Reclaim = 0x20000,
  SwapBacked = 0x40000,
  Unevictable = 0x80000,
  Mlocked = 0x100000,
  HwPoison = 0x400000,
  /** Any other page of a huge one. */
  Tail = 0x800000,
  /** Not the kernel's: JavaScript has taken it off its list, and holds one of its pins for that. */
  Isolated = 0x1000000,
  /** Not the kernel's: memory_failure holds a reference that it never gives back. */
  Failed = 0x2000000,
  /** Nor this one, on heads: a huge page of the pool, to which it goes back. */
  Hugetlb = 0x4000000,
}

/** A storage key of an s390x, as the machine has it: the access-control bits are the upper four. */
export enum StorageKey {
  Changed = 0x2,
  Referenced = 0x4,
}

/** Where the access-control bits of a key begin. */
export const KEY_ACCESS_SHIFT = 4;
