// What a machine, and its files, can be made as.

/** Where faults make huge pages, and khugepaged collapses: /sys/kernel/mm/transparent_hugepage/enabled. */
export enum TransparentHugepage {
  Never = 0,
  /** Where madvise asked for them. */
  Madvise,
  /** Wherever they fit. */
  Always,
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

/** What kind of machine it is. */
export enum Arch {
  X86 = 0,
  S390x = 1,
}
