// What both sides of the boundary must agree on: operations, flags, error numbers, record sizes.
// This file is plain TypeScript and plain AssemblyScript: only enums and numeric constants.
//
//   submission record (SUBMISSION_BYTES)           completion record (COMPLETION_BYTES)
//   +0   op      f64   one of Op                   +0  result  f64   value, or -errno
//   +8   args[7] f64   see Op                      +8  extra   f64   see Op
//
// Addresses and lengths are bytes, pgoff and file sizes are pages. Handles are f64: see memory/handle.ts.

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
/** First address a process cannot use: 2^47 less one page, as on x86-64. */
export const TASK_SIZE_PAGES = 0x7ffffffff;

/** Pages that a huge page has, in frames that follow each other: what one pmd entry maps. */
export const HUGE_PAGES = 512;
/** Its logarithm. */
export const HUGE_ORDER = 9;
/** Bytes of a huge page. */
export const HUGE_SIZE = 0x200000;

export const SUBMISSION_BYTES = 64;
export const COMPLETION_BYTES = 16;
/** Records that the submission buffer holds. */
export const BATCH_CAPACITY = 256;

/**
 * What one submission asks for. Arguments in order; the result is 0 unless a value is named. Operations
 * of one kind of handle stand together: FIRST_FILE_OP and its fellows say where each kind begins.
 */
export enum Op {
  /** (initial brk, memcg or 0: the root's) -> task */
  Spawn = 1,
  /** (task, CloneFlag) -> task */
  Fork,
  /**
   * (task, initial brk, argument pages, where the stack ends, 1: it is executable) : the address space becomes
   * empty, but for the stack if there are arguments
   */
  Exec,
  /** (task) */
  Exit,
  /** (task, address, length, Prot, MapFlag, file, pgoff) -> address */
  Mmap,
  /** (task, address, length) */
  Munmap,
  /** (task, address, length, Prot) */
  Mprotect,
  /** (task, address, old length, new length, MremapFlag, new address) -> address */
  Mremap,
  /** (task, address, length, Advice) */
  Madvise,
  /** (task, address) -> break after the call */
  Brk,
  /** (task, address, length) */
  Mlock,
  /** (task, address, length) */
  Munlock,
  /** (task, LockAll; 0: munlockall) */
  Mlockall,
  /** (task, address) -> first word of the page */
  Read,
  /** (task, address, word) */
  Write,
  /** (task, address) : instruction fetch */
  Execute,
  /** (task, address, length, pgoff, RemapFlag) : the range shows the file from pgoff on */
  RemapFilePages = 17,
  /** (task, address) -> CollapseResult : khugepaged's collapse of the HUGE_PAGES aligned pages that hold the address */
  CollapseHuge = 19,
  /** (task, memcg) : its address space goes there, with what it has charged */
  MoveTask = 20,
  /** (task, NotifierModel, cookie, NotifierCall bits that it wants, 1: it may sleep) -> notifier */
  RegisterNotifier = 22,
  /** (notifier) */
  UnregisterNotifier,
  /** (notifier, address, DeviceAccess, word) -> word of the page; of a fault by callbacks frame * 2 + writable */
  DeviceAccess,

  /** (file, pages) */
  Truncate = 32,
  /** (file, pgoff, pages) : frees the pages of a range; private copies and the size stay */
  PunchHole,
  /** (file, pgoff) -> first word of the page: read(2) */
  FileRead,
  /** (file, pgoff, word) : write(2) of a page's first word; the file grows if it has to */
  FileWrite,
  /** (file) -> pages that were written: writeback of all that is dirty */
  Writeback,
  /** (file, pgoff, pages, Invalidate) -> pages dropped, or -EBUSY when some had to stay */
  Invalidate,

  /** (page, memcg or 0) -> references counted; extra: VmFlag bits of the VMAs that counted */
  PageReferenced = 48,
  /** (page, Unmap) -> UnmapResult; with Unmap.Munlock what try_to_munlock says */
  TryToUnmap,
  /** (page) -> entries that were cleaned */
  PageMkclean,
  /** (page) -> MigrateResult; extra: handle of the page that took its place */
  MigratePage,
  /** (page, 1: whatever is young goes too) -> PageFate : isolates one page and reclaims it */
  ShrinkPage,
  /** (page) : one more reference from outside, as get_user_pages takes */
  PinPage,
  /** (page) : -EINVAL without a pin */
  UnpinPage,
  /** (page) -> 1 if the page was on a list and is not now: isolate_lru_page, with a reference */
  IsolatePage,
  /** (page) : back on the list it belongs on; -EINVAL if it was not isolated */
  PutbackPage,
  /** (page) -> 1 if the page has no buffers any more: try_to_release_page */
  ReleaseBuffers,
  /** (page) : marks the frame as broken (PG_hwpoison); what maps it is left alone */
  PoisonPage,
  /** (page) -> 1 if the page is part of no huge page afterwards: split_huge_page */
  SplitHugePage = 62,
  /**
   * (page, or 0 for what the frame of a number holds, that number, 1: processes are told at once) -> MemoryFailure;
   * extra: see FAILURE_SEQUENCE_UNIT
   */
  MemoryFailure = 60,

  /** (page, StorageKey) : page_set_storage_key; these are -EINVAL where there are no storage keys */
  SetStorageKey = 64,
  /** (page) -> 1 if the key said referenced, which it does not any more: page_test_and_clear_young */
  TestClearReferenced,
  /** (page) -> 1 if the key said changed, which it does not any more: page_test_and_clear_dirty */
  TestClearChanged,

  /** () -> places that share after one full scan and did not before */
  KsmScan = 80,
  /** () -> places that no longer share: breaks every merge (writing 2 to /sys/kernel/mm/ksm/run) */
  KsmUnmerge,
  /** (memcg or 0: all, pages wanted, Reclaim) -> pages reclaimed */
  Reclaim,
  /** (pages, priority + 1) -> area number */
  SwapOn,
  /** (area number) */
  SwapOff,
  /** (1: pages under writeback stay so until 0) */
  HoldIo,
  /** () -> huge pages made: one full scan of khugepaged */
  KhugepagedScan = 86,

  /** (memcg, pages + 1; 0: no limit) : -EBUSY when it can't be brought below */
  LimitMemcg = 90,
  /** (memcg) : rmdir; what is charged to it goes to its parent */
  RemoveMemcg,
  /** (memcg) : memory.force_empty */
  EmptyMemcg,
  /** (memcg, 0: maxUsage, 1: failcnt) */
  ResetMemcg,
  /** (memcg, 1: what is below it is charged to it as well) : -EBUSY when it has children */
  SetMemcgHierarchy,
  /** (parent; 0: the root) -> memcg */
  MakeMemcg,

  /** (first frame, frames) -> keys that said referenced, and do not any more: see arch/key-marks.ts for which */
  TakeReferenced = 100,
  /** (first frame, frames) -> keys that said changed, and do not any more */
  TakeChanged,
  /** (pages) -> huge pages that the pool has then: as many as there is room for, and no less than are in use or promised */
  SetHugePages = 104,
}

export const FIRST_FILE_OP = 32;
export const FIRST_PAGE_OP = 48;
export const FIRST_MACHINE_OP = 80;

/** Who is told of changes to a page table. */
export enum NotifierModel {
  /** Callbacks of JavaScript. */
  Callbacks = 0,
  /** A virtual machine: sequence and count, retries its own faults, ages its own entries; never sleeps. */
  Kvm,
  /** A network card: sleeps in its callbacks, maps some pages at a time, ages nothing. */
  Rdma,
}

/** What a client is told: bits, and what the import is called with. */
export enum NotifierCall {
  InvalidatePage = 1,
  RangeStart = 2,
  RangeEnd = 4,
  ClearFlushYoung = 8,
  TestYoung = 16,
  ChangePte = 32,
  Release = 64,
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

/** What became of a page that reclaim looked at. */
export enum PageFate {
  /** Freed, or only somebody else's reference keeps it. */
  Reclaimed = 0,
  /** Back on the inactive list. */
  Kept,
  Activated,
  /** To the unevictable list. */
  Culled,
  /** It was on no list. */
  NotIsolated,
}

/** Where faults make huge pages, and khugepaged collapses: /sys/kernel/mm/transparent_hugepage/enabled. */
export enum TransparentHugepage {
  Never = 0,
  /** Where madvise asked for them. */
  Madvise,
  /** Wherever they fit. */
  Always,
}

/** What became of a collapse. */
export enum CollapseResult {
  Collapsed = 0,
  /** The range is not all of one VMA that may have huge pages. */
  NotEligible,
  /** Nothing of it was ever touched, or it is a huge page already. */
  NothingThere,
  /** An entry is not a writable one of a page that only it holds, and that is on a list and not locked. */
  Unsuitable,
  /** None of its pages was touched lately. */
  Idle,
  /** No row of frames. */
  NoMemory,
}

/** What migration of a page came to. */
export enum MigrateResult {
  /** Its contents and mappings are another page's now. */
  Moved = 0,
  /** Not on a list, held by somebody, or an entry could not be replaced: everything is as it was. */
  Busy,
  /** KSM pages are not migrated. */
  Refused,
  /** No frame to go to. */
  NoMemory,
}

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

/** What memory_failure came to, in two parts: what was done, and FailedPage times FAILED_PAGE_UNIT. */
export enum MemoryFailure {
  /** The page is out of use, and nobody has noticed but those who had changed it. */
  Recovered = 0,
  /** It is when its last user lets go of it. */
  Delayed,
  /** Nothing could be done. */
  Ignored,
  /** What was done was not enough: somebody still uses the page. */
  Failed,
  /** The frame was known to be broken. */
  Known,
}

/** What kind of page it was that is broken. */
export enum FailedPage {
  /** None: the frame is not used. */
  Free = 0,
  /** On no list of reclaim: the kernel's own, or in somebody's hands. */
  NonLru,
  /** Entries of it could not be taken away. */
  Mapped,
  /** Its file lost it before it was looked at. */
  Truncated,
  SwapCacheDirty,
  SwapCacheClean,
  UnevictableDirty,
  UnevictableClean,
  LruDirty,
  LruClean,
  /** Somebody took it off its list meanwhile. */
  Unknown,
  /** A huge page of the pool that is in use, and one that is free. */
  Huge,
  FreeHuge,
}

export const FAILED_PAGE_UNIT = 16;
/** Beside it: how many processes are sent a signal, and times this which of all memory_failures it was. */
export const FAILURE_SEQUENCE_UNIT = 1048576;

/** Signals that memory_failure sends. */
export enum Signal {
  None = 0,
  Bus = 7,
  Kill = 9,
}

/** What a file is kept on: decides swap-backing, dirty accounting and whether its pages can be evicted. */
export enum FileKind {
  /** Dirty accounting and page_mkwrite. */
  Disk = 0,
  /** Swap-backed, no dirty accounting. */
  Tmpfs = 1,
  /** The object behind a shared anonymous mapping: tmpfs without a name. */
  Shmem = 2,
  /** No dirty accounting, not swap-backed, never evicted. */
  Ramfs = 3,
  /** Huge pages of the pool, which are never written out and on no list of reclaim. */
  Hugetlb = 4,
}

/** swap_again and its fellows. */
export enum UnmapResult {
  Success = 0,
  Again,
  Fail,
  Mlock,
}

/** errno values of the system calls, and two of our own for signals. */
export enum Errno {
  EPERM = 1,
  ESRCH = 3,
  E2BIG = 7,
  EBADF = 9,
  EAGAIN = 11,
  ENOMEM = 12,
  EACCES = 13,
  EFAULT = 14,
  EBUSY = 16,
  EEXIST = 17,
  EINVAL = 22,
  ESTALE = 116,
  SIGBUS = 1007,
  SIGSEGV = 1011,
}

/** Values of the anonIndex and fileIndex switches. */
export enum IndexKind {
  List = 0,
  IntervalTree = 1,
}

/** Values of the vmaAddress switch. */
export enum VmaAddress {
  Checked = 0,
  Asserted = 1,
}

/** Values of the mremapOrder switch. */
export enum MremapOrder {
  AlwaysLock = 0,
  LockIfNeeded = 1,
}

/** What kind of machine it is. */
export enum Arch {
  X86 = 0,
  S390x = 1,
}

/** A storage key of an s390x, as the machine has it: the access-control bits are the upper four. */
export enum StorageKey {
  Changed = 0x2,
  Referenced = 0x4,
}

/** Where the access-control bits of a key begin. */
export const KEY_ACCESS_SHIFT = 4;

/** Exact counts since the last reset, in the order of the header's f64 block. */
export enum Counter {
  /** Reverse-map walks, and searches of an index alone. */
  Walks = 0,
  /** Index nodes that became the current node of a search. */
  NodesVisited,
  /** Index nodes of which any field was read. */
  NodesTouched,
  /** VMAs that a walk was handed and that do not hold the page's address. */
  IrrelevantVmas,
  /** Page-table entries looked up by walks. */
  EntriesChecked,
  /** Key comparisons by insertions into an index. */
  Comparisons,
  Rotations,
  /** Subtree maxima that were given another value. */
  MaximaRewritten,
  IndexInserts,
  IndexRemoves,
  VmaSplits,
  VmaMerges,
  AnonVmasCreated,
  ChainsCreated,
  Faults,
  /** Pages copied on write. */
  PagesCopied,
  /** Stretches of nonlinear VMAs that try_to_unmap went through. */
  ClustersScanned,
  Count,
}

/** What happened inside an operation, for --explain: event records are [Event, a, b, c] as f64. */
export enum Event {
  /** a: start, b: cut, c: end of the VMA that was split */
  VmaSplit = 1,
  /** a: case 1 to 8, b: start, c: end of the VMA that remains */
  VmaMerge,
  /** a: start, b: end of a new VMA, c: 1 if it came from fork or mremap */
  VmaNew,
  /** a: start, b: end of a VMA that went away */
  VmaGone,
  /** a: anon_vma number, b: start of the VMA */
  AnonVmaNew,
  /** a: anon_vma number, b: start of the VMA; the neighbour's was taken */
  AnonVmaReused,
  /** a: links copied, b: start of the VMA, c: 1 fork, 0 split or move or merge */
  AnonVmaCloned,
  /** a: address : the zero page was mapped */
  ZeroPage,
  /** a: address, b: frame : a new anonymous page */
  AnonPage,
  /** a: address, b: frame : a page of the file was mapped */
  FilePage,
  /** a: address, b: old frame (0 the zero page), c: new frame */
  PageCopied,
  /** a: address, b: frame : write-protected page used again, it had no other owner */
  PageReused,
  /** a: address, b: frame : shared page made writable */
  PageShared,
  /** a: address, b: frame : read back through the swap cache */
  SwapIn,
  /** a: address, b: frame : entry replaced by a swap entry */
  SwapOut,
  /** a: pages unmapped, b: start, c: end */
  Zapped,
  /** a: entries copied, b: start of the VMA (0 copied: they are refaulted) */
  EntriesCopied,
  /** a: entries moved, b: old address, c: new address */
  EntriesMoved,
  /** a: frame : PG_mlocked was set */
  Mlocked,
  /** a: frame : PG_mlocked was cleared */
  Munlocked,
  /** a: address, b: old frame, c: frame of the page that is shared now */
  KsmMerged,
  /** a: old frame, b: new frame, c: entries that were replaced */
  Migrated,
  /** a: frame, b: PageFate, c: 1 if that is because it was touched */
  Reclaimed,
  /** a: frame : its contents were written out */
  Written,
  /** a: frame, b: area : read from swap, a major fault */
  SwapRead,
  /** a: address, b: frame : entry of a file's page taken away, and nothing put in its place */
  Unmapped,
  /** a: address, b: frame : entry of a file's page replaced by one that keeps its pgoff */
  OffsetKept,
  /** a: entries, b: start, c: first pgoff that remap_file_pages put there */
  Remapped,
  /** a: frame : dirty, as its storage key said at the last unmap that it was changed */
  KeyDirty,
  /** a: frame, b: WalkKind, c: the page's index : a walk begins, of those that are traced */
  WalkBegin,
  /** a: map count, b: inode of its file (0 anonymous, -1 shared by KSM), c: steps that its actor has passed */
  WalkPage,
  /** a: address space (TaskField.Mm), b: first, c: last pgoff : an index node became the current one of a search */
  WalkNode,
  /** a: start, b: end, c: VmFlags of the VMA of that node */
  WalkVma,
  /** a: address of the page in that VMA, b: Offer : the index handed it to the walk */
  WalkOffer,
  /** a: address space, b: start, c: end of a part of a nonlinear VMA that is gone through, whatever it shows */
  WalkCluster,
  /** a: address, b: EntryFound, c: EntryTouch */
  WalkEntry,
  /** a: WalkAct, at that entry */
  WalkDid,
  /** a: nodes visited, b: nodes touched, c: irrelevant VMAs */
  WalkCost,
  /** a: what the walk returns, c: steps that its actor has passed */
  WalkEnd,
  /** a: LockClass, b: address of the lock, c: Doing : taken inside a walk */
  LockTaken,
  /** a: LockClass, b: address of the lock, c: Doing : tried in vain */
  LockBusy,
  /** a: LockClass, b: address of the lock, c: steps for which it was held */
  LockLeft,
  /** a: pages, b: start before, c: start of the VMA afterwards */
  StackGrown,
  /** a: address, b: frame : a new huge page */
  HugePage,
  /** a: address, b: old frame, c: new frame (0: HUGE_PAGES small pages) : a huge page was copied */
  HugePageCopied,
  /** a: frame, b: entries that became tables : a huge page was split */
  HugePageSplit,
  /** a: address, b: frame, c: pages that were copied into it */
  Collapsed,
  /** a: address, b: frame : entry of a broken page replaced by a marker */
  Poisoned,
  /** a: frame, b: what memory_failure came to, c: processes that are sent a signal */
  MemoryFailed,
}

/** Events of several actors have the actor's number beside what happened. */
export const EVENT_ACTOR_SHIFT = 8;

/** The walks of the reverse map. */
export enum WalkKind {
  Referenced = 1,
  Unmap,
  UnmapToMigrate,
  Munlock,
  Mkclean,
  /** rmap_walk that finds every place. */
  Record,
  /** rmap_walk that restores migration entries. */
  Restore,
  /** Both passes of split_huge_page. */
  Split,
}

/** What a walk makes of a VMA that an index offers. */
export enum Offer {
  /** Its entry is looked at. */
  Considered = 0,
  /** It does not hold the page. */
  Irrelevant,
  /** Reclaim for one memcg passes over the processes of others. */
  OtherMemcg,
  /** page_mkclean looks at shared mappings only. */
  Private,
  /** A stack that exec is still moving. */
  TemporaryStack,
  /** KSM: it holds the place's address, but the other pass is for it. */
  OtherPass,
}

/** What stands in an entry that a walk looks at. */
export enum EntryFound {
  /** No page table. */
  NoTable = 0,
  Absent,
  /** Another page, or the zero page. */
  OtherPage,
  Swap,
  Migration,
  Hwpoison,
  /** What keeps the pgoff of a file's page that is not there. */
  FileOffset,
  /** The page of the walk. */
  Page,
}

/** Bits of a present entry, as a walk finds them. */
export enum EntryTouch {
  Young = 1,
  Dirty = 2,
  Writable = 4,
}

/** What a walk does at an entry. */
export enum WalkAct {
  /** Nothing. */
  None = 0,
  /** page_referenced: young, made old and counted. */
  Counted,
  /** Young, made old, not counted: read sequentially. */
  Forgotten,
  /** Not young. */
  Old,
  /** The VMA is locked: the walk ends. */
  VmaLocked,
  /** try_to_unmap: the VMA is locked, the page is mlocked. */
  Mlocked,
  /** The VMA is locked, but its mmap_sem could not be had. */
  MmapSemBusy,
  /** The VMA is no longer locked. */
  NoLongerLocked,
  /** try_to_munlock: the VMA is not locked. */
  NotLocked,
  /** Young: made old, and left. */
  MadeOld,
  /** What took the entry's place. */
  SwapEntry,
  MigrationEntry,
  HwpoisonEntry,
  Removed,
  /** The swap slot can't count one more entry: put back. */
  PutBack,
  /** page_mkclean: write-protected and clean. */
  Protected,
  /** Was both already. */
  Clean,
  /** rmap_walk: a place of the page. */
  Place,
  /** One that was found before. */
  PlaceAgain,
  /** The migration entry leads to the page again. */
  Restored,
  /** What a nonlinear VMA keeps of an entry that was taken away. */
  OffsetKept,
  /** page_referenced: the storage key says that the page was touched, and forgets it. */
  KeyCounted,
  /** split_huge_page: the huge entry is marked; then it becomes a table of entries. */
  Splitting,
  Split,
}

/** The lists of reclaim, of every memcg. */
export enum LruList {
  InactiveAnon = 0,
  ActiveAnon,
  InactiveFile,
  ActiveFile,
  Unevictable,
  Count,
}

/** /proc/vmstat: in the order of the f64 block at VMSTAT_AT; the first ones are states, not events. */
export enum VmStat {
  NrMlock = 0,
  NrDirty,
  NrWriteback,
  PgActivate,
  PgDeactivate,
  PgFault,
  PgMajFault,
  PgRefill,
  PgScanKswapd,
  PgScanDirect,
  PgStealKswapd,
  PgStealDirect,
  PswpIn,
  PswpOut,
  PgRotated,
  PgMigrateSuccess,
  PgMigrateFail,
  UnevictablePgsCulled,
  UnevictablePgsRescued,
  UnevictablePgsMlocked,
  UnevictablePgsMunlocked,
  UnevictablePgsCleared,
  UnevictablePgsStranded,
  ThpFaultAlloc,
  ThpFaultFallback,
  ThpCollapseAlloc,
  ThpCollapseAllocFailed,
  ThpSplit,
  Count,
}

/** What pageField reads. */
export enum PageField {
  /** As a count: 0 is not mapped. */
  Mapcount = 0,
  Refcount,
  Index,
  Flags,
  Word,
  /** Number of the anon_vma it points to, 0 for others. */
  AnonVma,
  /** Inode of the file it belongs to, 0 for others. */
  Inode,
  /** 1 for a page that KSM shares. */
  Ksm,
  /** Number of the memcg it is charged to: 0 is the root. */
  Memcg,
  /** References held by PinPage and IsolatePage. */
  Pins,
  /** 1 for anonymous pages, also when nothing maps them any more; 0 for a page that its file has lost. */
  Anon,
  /** Bits of StorageKey, 0 where there are no keys. */
  StorageKey,
  /** First frame of the huge page that it is part of, 0 if it is part of none. */
  HugePage,
  /** 1 for part of a huge page of the pool. */
  Hugetlb,
}

/** What taskField reads. */
export enum TaskField {
  Pid = 0,
  ParentPid,
  AnonRss,
  FileRss,
  SwapRss,
  MapCount,
  /** Names the address space: equal for tasks that share it. */
  Mm,
  Brk,
  LockedVm,
  /** Number of its memcg: 0 is the root. */
  Memcg,
  /** The Signal that memory_failure has sent it, and the address that came with it. */
  Signal,
  SignalAddress,
  /** Which memory_failure sent it: 1, 2, 3... */
  SignalSequence,
  /** Handle of its memcg. */
  MemcgHandle,
}

/** What memcgField reads; TOTAL beside it: the sum over the memcg and what is below it. */
export enum MemcgField {
  Number = 0,
  /** Pages on its lists. */
  Pages,
  /** Plus a LruList: pages on that list. */
  Lru,
  Usage = 7,
  /** -1: none. */
  Limit,
  MaxUsage,
  Failcnt,
  Cache,
  Rss,
  MappedFile,
  PgPgIn,
  PgPgOut,
  PgFault,
  PgMajFault,
  /** Handle, 0 for the root. */
  Parent,
  /** 1 if what is below it is charged to it as well. */
  Hierarchy,
  /** The least limit that holds for it, its own or from above; -1: none. */
  HierarchicalLimit,
  /** Address spaces in it. */
  Spaces,
}
export const MEMCG_TOTAL = 256;

/** What fileField reads. */
export enum FileField {
  Inode = 0,
  Kind,
  Pages,
  /** Pages in the page cache. */
  Cached,
}

/** Which entries of page tables are listed. */
export enum EntryKind {
  Present = 0,
  Swap,
  /** Those that keep the pgoff of a page that is not there. */
  File,
}

/** What notifierField reads. */
export enum NotifierField {
  /** 1 while it is registered. */
  Registered = 0,
  /** Pages that its own table maps. */
  Pages,
  /** Changes it was told of. */
  Sequence,
  /** Ranges that are being changed. */
  Ranges,
}

/** A page of a client's own table: address f64, frame f64 (0: the zero page), then u32 1 writable, u32 1 young. */
export const DEVICE_RECORD = 24;
/** Sizes of the records that bulk queries leave in scratch memory; see assembly/mm/report.ts. */
export const VMA_RECORD = 80;
export const ENTRY_RECORD = 16;
export const MAPPING_RECORD = 96;
export const EVENT_RECORD = 32;

/** Where a snapshot begins: what is below are buffers, worthless between calls. */
export const SNAPSHOT_START = 0x5800;
export const SUBMISSIONS_AT = 0x0400;
export const COMPLETIONS_AT = 0x4400;
/** Where the f64 counters are. */
export const COUNTERS_AT = 0x7800;
/** Where the f64 block of VmStat is. */
export const VMSTAT_AT = 0x7c00;
/** Swap areas there can be. */
export const MAX_SWAP_AREAS = 8;
