// What is counted: by walks and indexes, by /proc/vmstat, by the lists of reclaim.

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
  /** Dirty pages of disks that were to be written and had no buffers. */
  BuffersMissing,
  Count,
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
  /** Up to v3.6: see ClearMlock.OnTruncate. */
  UnevictablePgsMlockfreed,
  Count,
}
