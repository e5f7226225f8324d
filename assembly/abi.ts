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

export const SUBMISSION_BYTES = 64;
export const COMPLETION_BYTES = 16;
/** Records that the submission buffer holds. */
export const BATCH_CAPACITY = 256;

/** What one submission asks for. Arguments in order; the result is 0 unless a value is named. */
export enum Op {
  /** (initial brk) -> task */
  Spawn = 1,
  /** (task, CloneFlag) -> task */
  Fork,
  /** (task, initial brk) : the address space becomes empty */
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
  /** (task, address) -> first word of the page */
  Read,
  /** (task, address, word) */
  Write,
  /** (task, address) : instruction fetch */
  Execute,
  /** (file, pages) */
  Truncate,
  /** (page) -> references counted; extra: VmFlag bits of the VMAs that counted */
  PageReferenced,
  /** (page) -> UnmapResult */
  TryToUnmap,
  /** (page) -> entries that were cleaned */
  PageMkclean,
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
}

export enum MremapFlag {
  MayMove = 1,
  Fixed = 2,
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
  /** Nothing to do: no VMA is mergeable yet. */
  Unmergeable,
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
  Account = 0x100000,
  NoReserve = 0x200000,
}

/** Page flags. */
export enum PageFlag {
  Locked = 0x1,
  Referenced = 0x4,
  Uptodate = 0x8,
  Dirty = 0x10,
  SwapCache = 0x8000,
  SwapBacked = 0x40000,
}

/** What a file is kept on: decides swap-backing and dirty accounting. */
export enum FileKind {
  /** Dirty accounting and page_mkwrite. */
  Disk = 0,
  /** Swap-backed, no dirty accounting. */
  Tmpfs = 1,
  /** The object behind a shared anonymous mapping: tmpfs without a name. */
  Shmem = 2,
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
  ESRCH = 3,
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
}

/** What fileField reads. */
export enum FileField {
  Inode = 0,
  Kind,
  Pages,
}

/** Sizes of the records that bulk queries leave in scratch memory; see assembly/mm/report.ts. */
export const VMA_RECORD = 80;
export const ENTRY_RECORD = 16;
export const MAPPING_RECORD = 96;
export const EVENT_RECORD = 32;

/** Where a snapshot begins: what is below are buffers, worthless between calls. */
export const SNAPSHOT_START = 0x6400;
export const SUBMISSIONS_AT = 0x0400;
export const COMPLETIONS_AT = 0x4400;
/** Where the f64 counters are. */
export const COUNTERS_AT = 0x7800;

/**
 * What verify() found broken. The hundreds are the number of the invariant in the specification. Each
 * kind names its details in order: frame and pgoff are numbers, `pid` is the lowest pid that runs in an
 * address space (0: none), `number` names an anon_vma, counts of mappings are true counts.
 */
export enum Violated {
  /** frame, mapcount, entries */
  Mapcount = 101,
  /** pid, address, frame : an entry names a frame that is free or does not exist */
  EntryFrame = 102,
  /** frame, refcount, entries, caches that hold it */
  Refcount = 103,
  /** frame, refcount : in use, though nothing maps it and no cache holds it */
  Unheld = 104,

  /** frame, pid, address, number : the VMA there can't be found through the page's anon_vma */
  Unreachable = 201,
  /** frame, pid, address : the page's anon_vma is gone */
  AnonVmaGone = 202,
  /** frame, pid, address, the page's inode (0: none), the VMA's inode (0: none) */
  OtherFile = 203,
  /** frame, inode of the cache, inode the page says (0: none) */
  CachedElsewhere = 204,
  /** frame, inode : mapped or in use, but not in its file's page cache */
  Uncached = 205,

  /** frame, pid, address, index, pgoff of the address */
  Index = 301,
  /** frame, inode, index, pgoff where it is cached */
  CachedIndex = 302,

  /** counter, recount */
  NrAnonPages = 401,
  /** counter, recount */
  NrFileMapped = 402,
  /** pid, counter, recount */
  AnonRss = 403,
  /** pid, counter, recount */
  FileRss = 404,
  /** pid, counter, recount */
  SwapRss = 405,
  /** pid, counter, recount */
  MapCount = 406,
  /** pid, counter, tasks */
  MmUsers = 407,
  /** pid : a task without address space */
  TaskMm = 408,
  /** counter, recount */
  FramesInUse = 409,
  /** counter, recount */
  SwapInUse = 410,
  /** counter, recount */
  Tables = 411,
  /** frame in the slot (0: none), counter, swap entries */
  SwapCount = 412,
  /** frame (0: none) : page, swap cache flag and slot do not belong together */
  SwapCache = 413,
  /** pid, address : a swap entry without slot */
  SwapEntry = 414,
  /** pid, address : an entry where there is no VMA */
  EntryOutside = 415,
  /** pid, address : an entry of no known kind */
  EntryKind = 416,
  /** pid, address : a link to what is no page table, or is one already used */
  TableLink = 417,
  /** inode, counter, recount */
  CachedPages = 418,
  /** inode : a page cache whose nodes do not hang together */
  CacheNode = 419,
  /** counter, recount */
  Vmas = 420,

  /** number, refcount, 1 if it has VMAs, children */
  AnonVmaRefcount = 1001,
  /** number : its root is gone, or not its own root */
  AnonVmaRoot = 1002,
  /** pid, start of the VMA, number of one anon_vma in its chain that has another root */
  ChainRoot = 1003,
  /** pid, start of the VMA, number, number of a newer one that comes after it */
  ChainOrder = 1004,
  /** pid, start of the VMA : links that do not agree */
  ChainLink = 1005,
  /** pid, start of the VMA : a chain or anon_vma that is gone */
  ChainGone = 1006,
  /** pid, start of the VMA, number of its anon_vma, number of the newest in its chain (0: none) */
  ChainNewest = 1007,
  /** number (0: gone), pid, start of the VMA : a chain that the VMA does not know */
  ChainLost = 1008,

  /** IndexOwner, its name, pid, start : a link to what is no node, or does not link back */
  TreeLink = 1101,
  /** IndexOwner, its name, pid, start : a red node below a red one, or a red root */
  TreeColour = 1102,
  /** IndexOwner, its name, pid, start : paths with different numbers of black nodes */
  TreeHeight = 1103,
  /** IndexOwner, its name, pid, start */
  TreeOrder = 1104,
  /** IndexOwner, its name, pid, start : largest last pgoff below the node is wrong */
  TreeMaximum = 1105,
  /** IndexOwner, its name, pid, start : not in the index it should be in */
  Unindexed = 1106,
  /** IndexOwner, its name, pid, start : in an index where it should not be */
  Stray = 1107,
  /** number, pid, start : bounds were changed behind the index */
  StaleKey = 1108,
  /** number, pid, start (pid 0, start 0: the end of the list) */
  ListLink = 1109,
  /** pid, start : maps a file that is gone */
  FileGone = 1110,
  /** pid, start : list links that lead nowhere or do not agree */
  VmaLink = 1111,
  /** pid, start, end : empty, not aligned, or beyond the end of the address space */
  VmaBounds = 1112,
  /** pid, start, end of the VMA before it */
  VmaOrder = 1113,
  /** pid, start : list and tree of the address space do not agree from there on */
  VmaTree = 1114,
  /** pid, start : in no address space's list */
  VmaLost = 1115,
  /** pid : the VMA found last is not one of its own */
  VmaCache = 1116,
}

/** Whose tree a violation is about, which says what its name is. */
export enum IndexOwner {
  /** An address space: pid. */
  Mm = 0,
  /** An anon_vma: number. */
  AnonVma,
  /** A file: inode. */
  File,
}

/** Layout of what verify() leaves: a count f64, then at most so many records, the rest of them zero. */
export const VIOLATIONS_LISTED = 64;
/** Violated, how many of that kind there are (0: see the first of the kind), five details; all f64. */
export const VIOLATION_RECORD = 56;
