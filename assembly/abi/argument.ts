// Words that arguments of operations are made of.

/** Who is told of changes to a page table. */
export enum NotifierModel {
  /** Callbacks of JavaScript. */
  Callbacks = 0,
  /** A virtual machine: sequence and count, retries its own faults, ages its own entries; never sleeps. */
  Kvm,
  /** A network card: sleeps in its callbacks, maps some pages at a time, ages nothing. */
  Rdma,
}

/** How a client comes to a page through its own table, or only faults it in. */
export enum DeviceAccess {
  Read = 0,
  Write,
  FaultRead,
  FaultWrite,
}

export enum Prot {
  None = 0,
  Read = 1,
  Write = 2,
  Exec = 4,
}

export enum MapFlag {
  Shared = 1,
  /** Exactly there, replacing what was there. */
  Fixed = 2,
  /** Exactly there, or EEXIST. */
  FixedNoReplace = 4,
  /** Grows down, as a stack. */
  GrowsDown = 8,
  /** No accounting (MAP_NORESERVE). */
  NoReserve = 16,
  /** Locked and made present, as by mlock. */
  Locked = 32,
  /** With GrowsDown: the stack that exec is still setting up, which migration leaves alone. */
  StackSetup = 64,
  /** In huge pages of the pool (MAP_HUGETLB), without a file. */
  Hugetlb = 128,
}

export enum MremapFlag {
  MayMove = 1,
  Fixed = 2,
}

export enum RemapFlag {
  /** The pages are left to be faulted in (MAP_NONBLOCK). */
  NonBlock = 1,
}

export enum CloneFlag {
  /** The child shares the address space: a thread, or a vfork child. */
  Vm = 1,
}

export enum Advice {
  Normal = 0,
  Random,
  Sequential,
  WillNeed,
  DontNeed,
  DontFork,
  DoFork,
  /** Equal pages may be merged (KSM). */
  Mergeable,
  /** No longer, and pages that were are copied. */
  Unmergeable,
  /** Huge pages where they fit. */
  HugePage,
  /** None. */
  NoHugePage,
}

/** What mlockall locks. */
export enum LockAll {
  Current = 1,
  /** What will be mapped, and made present at once. */
  Future = 2,
}

/** What try_to_unmap is to do: one action, and what it is to overlook. */
export enum Unmap {
  Unmap = 0,
  /** Leave migration entries. */
  Migration = 1,
  /** Only mlock the page if a locked VMA maps it. */
  Munlock = 2,
  ActionMask = 0xff,
  IgnoreMlock = 0x100,
  IgnoreAccess = 0x200,
  IgnoreHwpoison = 0x400,
}

/** How pages of a file are dropped. */
export enum Invalidate {
  /** invalidate_mapping_pages: only what is clean and not mapped. */
  Idle = 0,
  /** invalidate_inode_pages2: unmapped first, private copies stay. */
  All,
}

/** Who reclaims. */
export enum Reclaim {
  /** An allocation: writes no dirty file pages. */
  Direct = 0,
  /** kswapd. */
  Background,
}
