// What verify() finds broken, and the layout of its report. Plain enums and numbers, as in abi/.

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
  /** frame, refcount, entries, others that hold it: caches, buffers, writeback, pins */
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

  /** frame, pid, address : no place that KSM knows leads to the VMA there */
  KsmUnreachable = 206,

  /** frame, pid, address, index, pgoff of the address */
  Index = 301,
  /** frame, inode, index, pgoff where it is cached */
  CachedIndex = 302,

  /** pid, address : an entry that keeps a pgoff, in a linear VMA */
  FileEntry = 303,

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

  /** frame (0: the head), number of the memcg, list : links that do not agree */
  LruLink = 421,
  /** frame, number of the memcg, list (-1, -1: none) : a page that is not on the list its flags say */
  LruList = 422,
  /** number of the memcg, list, counter, recount */
  LruCount = 423,
  /** counter, recount */
  NrDirty = 424,
  /** counter, recount */
  NrWriteback = 425,
  /** area, counter, recount, size */
  SwapArea = 426,
  /** frame (0: none), count : a slot's count and the frame that holds the rest of it do not agree */
  SwapContinuation = 427,
  /** pid (0: none), address : links between KSM's records that do not agree */
  KsmLink = 428,
  /** counter, recount */
  KsmPagesShared = 429,
  /** counter, recount */
  KsmPagesSharing = 430,
  /** pid, counter, holders */
  MmCount = 431,
  /** pid : nobody runs in it, but it has VMAs or page tables */
  MmLeft = 432,
  /** pid, counter, recount */
  LockedVm = 433,
  /** pid : it has swap entries, but is not where swapoff looks for them */
  MmList = 434,
  /** counter, recount */
  SwapLimit = 435,
  /** inode, counter, VMAs and holders of one open file */
  FileUsers = 436,
  /** inode, counter, recount of open files */
  InodeUsers = 437,
  /** counter, recount */
  FramesPoisoned = 440,
  /** counter, recount */
  FramesBroken = 441,
  /** pid, address, frame : a marker of a broken page names a frame that is none */
  HwpoisonEntry = 442,

  /** number of the memcg, counter, recount */
  MemcgUsage = 451,
  /** number of the memcg, counter, recount */
  MemcgCache = 452,
  /** number of the memcg, counter, recount */
  MemcgRss = 453,
  /** number of the memcg, usage, limit */
  MemcgLimit = 454,
  /** frame : charged, though nothing maps it and no cache holds it */
  MemcgCharge = 455,
  /** frame : its owner is no memcg */
  MemcgOwner = 456,
  /** number of the memcg (-1: the machine) : a charge or a move is still under way */
  MemcgMoving = 457,
  /** number of the memcg : parent, children and whose counter is charged as well do not agree */
  MemcgTree = 458,
  /** pid : an address space in no memcg */
  MemcgSpace = 459,
  /** frame, 1 if it should be : its side record's CACHE flag is not what it should be */
  CacheFlag = 464,

  /** pid : it has the swap token, but nobody runs in it, or its memcg is another (pid 0: nobody has it; -1: it is gone) */
  SwapTokenHolder = 470,
  /** there is no swap token, but somebody had it, or read from swap for it */
  SwapTokenUnused = 471,
  /** pid (0: all), counter, recount of processes that are held inside a fault */
  TasksHeld = 472,

  /** counter, recount */
  NrAnonHuge = 460,
  /** frame, its head : part of a huge page that does not hang together */
  HugePart = 461,
  /** pid, address, frame : a huge entry that does not map a huge page inside one VMA */
  HugeEntry = 462,
  /** pid, address : the table that was set aside for a huge page's split has entries */
  HugeTable = 463,

  /** counter, recount of huge pages of the pool */
  HugePages = 480,
  /** counter, recount of those that are free, pages in the list of the free */
  HugePagesFree = 481,
  /** counter, recount */
  HugePagesReserved = 482,
  /** inode, pid, start : a promise of huge pages whose VMAs are other than it counts */
  Reservation = 483,
  /** inode : regions that are empty, overlap, or are out of order */
  Regions = 484,
  /** frame, the head of its huge page of the pool : one of the two is broken and the other is not */
  HugeBroken = 485,
  /** frame : a broken huge page that the pool would give away */
  HugeBrokenFree = 486,

  /** number of the memcg, counter, recount */
  MemcgMappedFile = 501,
  /** frame, 1 if it should be : its side record's FILE_MAPPED flag is not what it should be */
  FileMappedFlag = 502,

  /** frame */
  MlockedUnmapped = 601,
  /** counter, recount */
  NrMlock = 602,

  /** frame, pid, address */
  WritableClean = 701,
  /** frame, its word, the word that reading it again would give */
  LostChange = 702,
  /** frame, key : a frame that is free has marks in its storage key */
  FreeKey = 703,
  /** pid, address : an entry has marks, on a machine whose entries have none */
  EntryMark = 704,
  /** frame : a dirty page of a disk that its file system does not know of */
  DirtyWithoutBuffers = 705,

  /** pid, address, frame */
  MigrationEntry = 801,
  /** pid, address, frame : still marked as being split */
  Splitting = 802,

  /** pid : links of the list of an address space's clients that do not agree */
  NotifierLink = 901,
  /** pid (0: none) : a client that is in no list */
  NotifierLost = 902,
  /** pid, ranges that it was told begin and not end, ranges that it counts itself */
  NotifierRange = 903,
  /** pid : ranges that began are not those that ended */
  NotifierArguments = 904,
  /** pid, address, frame in a client's table, frame in the page table (-1: none, 0: the zero page) */
  DevicePage = 905,
  /** pid, address, frame : a client may write to what the page table protects */
  DeviceWritable = 906,
  /** pid, address, frame : freed since a client mapped it */
  DeviceFreed = 907,
  /** pid (0: none), counter, recount : a client's table that is out of order, or has other pages than it counts */
  DeviceTable = 908,
  /** read sections of SRCU that never ended */
  Srcu = 909,

  /** number, refcount, 1 if it has VMAs, children, places of KSM that pin it */
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

  /** pid (0: none), address : a place of KSM that shares without an anon_vma, or pins one without sharing */
  KsmPin = 1009,
  /** Cache, objects : freed, and written to since */
  Freed = 1010,
  /** pid, start of the VMA, number of its anon_vma : not in its chain */
  ChainOwn = 1011,
  /** number, counter, recount of VMAs that call it their own */
  AnonVmaActive = 1012,
  /** number, counter, recount of anon_vmas whose parent it is */
  AnonVmaChildren = 1013,
  /** number : its parent is gone */
  AnonVmaParent = 1014,

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
  /** inode, pid, start (pid 0, start 0: the end) : links of the nonlinear VMAs that do not agree */
  NonlinearLink = 1117,
  /** pid, start, cursor : not a whole number of clusters */
  NonlinearCursor = 1118,
  /** IndexOwner, its name, pid, start : nearer to the root than one that reaches further */
  TreeHeap = 1119,
  /** IndexOwner, its name, pid, start : not the bit that its place turns by */
  TreeTurn = 1120,
  /** IndexOwner, its name, pid, start of the tree's VMA : ring links that lead nowhere or do not agree */
  RingLink = 1121,
  /** IndexOwner, its name, pid, start of the tree's VMA : others in its ring show other pages */
  RingRange = 1122,

  /** actor, locks */
  LocksHeld = 1201,
  /** pid */
  MmLocked = 1202,
  /** frame */
  PageLocked = 1203,
  /** frame : its side record is locked, or waits for the end of a migration */
  SideRecordLocked = 1204,
  /** number of the memcg (-1: cgroup_mutex) */
  MemcgLocked = 1205,
  /** inode (0: none), number (0: none) : marked as one of all locks, which nobody has */
  AllLocks = 1211,
}

/** Whose tree a violation is about, which says what its name is. */
export enum IndexOwner {
  /** An address space: pid. */
  Mm = 0,
  /** An anon_vma: number. */
  AnonVma,
  /** A file: inode. */
  File,
  /** The list of a file's nonlinear VMAs: inode. */
  Nonlinear,
}

/** Layout of what verify() leaves: a count f64, then at most so many records, the rest of them zero. */
export const VIOLATIONS_LISTED = 64;
/** Violated, how many of that kind there are (0: see the first of the kind), five details; all f64. */
export const VIOLATION_RECORD = 56;
