// What can be asked of one page, task, file, memory cgroup or client.

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
  /** Of the swap token: token_priority, last_interval, faultstamp. */
  TokenPriority,
  TokenInterval,
  Faultstamp,
  /** 1 while it is held inside a fault. */
  Held,
}

/** What swapTokenField reads. */
export enum TokenField {
  /** Handle of the first task that runs in the holder, 0: nobody has the token. */
  Holder = 0,
  GlobalFaults,
  LastAging,
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
