// What the trace of a walk through the reverse map consists of.

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
  /** page_referenced: its process has the swap token and is inside a fault: counts, whatever the entry says. */
  TokenCounted,
}
