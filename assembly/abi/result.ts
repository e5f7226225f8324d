// What operations come to.

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
