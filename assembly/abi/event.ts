// What happens inside operations, as it is recorded, and as clients of mmu notifiers are told.

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
  /** a: frame : freed while PG_mlocked was set */
  MlockFreed,
  /** a: frame : dirty and to be written, but without buffers */
  BuffersMissing,
  /** a: address space (TaskField.Mm), b: priority before, c: after a read from swap that did not bring it the token */
  SwapTokenPriority,
  /** a: address space, b: who held the swap token before (0: nobody), c: its priority then : it took the token */
  SwapTokenTaken,
  /** a: address space : it ended, or changed its memcg, and gave the swap token up */
  SwapTokenPut,
  /** a: address space : reclaim took the swap token from it */
  SwapTokenDisabled,
  /** a: anon_vma number, b: start of the VMA; fork gave the child one that nobody called its own any more */
  AnonVmaInherited,
}

/** Events of several actors have the actor's number beside what happened. */
export const EVENT_ACTOR_SHIFT = 8;
