// The switches of a kernel. A switch's place here is that of its word in Header; its values are numbered from the
// oldest to the newest, as bindings/kernel/releases.ts lists them.

export enum Switch {
  MemcgStat = 0,
  SwapToken,
  FileIndex,
  MremapOrder,
  AnonIndex,
  VmaAddress,
  PageEvictable,
  ClearMlock,
  NotifierCalls,
  StorageKeyDirty,
  // Later repairs of what v3.7 does.
  HugeMove,
  HugetlbPgoff,
  MigrationMlock,
  KsmWalk,
  AnonVmaReuse,
  InvalidatePage,
  Count,
}

/** How statistics of a page and moves of its charge are kept apart. */
export enum MemcgStat {
  PageFlag = 0,
  MoveLock,
  MoveLockFast,
}

export enum SwapToken {
  On = 0,
  Off,
}

export enum FileIndex {
  PrioTree = 0,
  /** With the pruning of right turns that v3.4 lost. */
  PrioTree34,
  IntervalTree,
}

/** What keeps a walk from missing entries that mremap moves. */
export enum MremapOrder {
  None = 0,
  MoveToTail,
  AlwaysLock,
  LockIfNeeded,
}

export enum AnonIndex {
  List = 0,
  IntervalTree,
}

export enum VmaAddress {
  Checked = 0,
  Asserted,
}

export enum PageEvictable {
  WithVma = 0,
  PageOnly,
}

export enum ClearMlock {
  OnTruncate = 0,
  OnLastUnmap,
}

export enum NotifierCalls {
  UnderPtl = 0,
  OutsidePtl,
}

export enum StorageKeyDirty {
  Always = 0,
  NonAccountingOnly,
}

/** What mremap holds while it moves a whole huge entry. */
export enum HugeMove {
  PtlOnly = 0,
  RmapLocks,
}

/** In which units walks ask for a page of the pool. */
export enum HugetlbPgoff {
  HugePages = 0,
  SmallPages,
}

export enum MigrationMlock {
  Lost = 0,
  Restored,
}

/** Which VMAs a walk for a page of KSM asks for. */
export enum KsmWalk {
  AllVmas = 0,
  ShiftedAddress,
  ExactIndex,
}

export enum AnonVmaReuse {
  Never = 0,
  LowDegree,
}

/** How clients hear of one page that is unmapped or write-protected. */
export enum InvalidatePage {
  AfterUnlock = 0,
  Range,
}
