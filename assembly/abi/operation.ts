// What a submission can ask for.

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
  /** (task) : it stays inside a page fault, with mmap_sem for read; what it or others can't do then is -EBUSY */
  HoldFault,
  /** (task) : that fault is over; -EINVAL if it is in none */
  LetGo,

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

  /** (page, memcg or 0, task in whose context it is, or 0) -> references counted; extra: VmFlag bits of the VMAs that counted */
  PageReferenced = 48,
  /** (page, Unmap) -> UnmapResult; with Unmap.Munlock what try_to_munlock says */
  TryToUnmap,
  /** (page) -> entries that were cleaned */
  PageMkclean,
  /** (page) -> MigrateResult; extra: handle of the page that took its place */
  MigratePage,
  /** (page, 1: whatever is young goes too, task in whose context it is, or 0) -> PageFate : isolates one page and reclaims it */
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
  /**
   * (page, task or 0, address in a VMA of it) -> 1 if it may be reclaimed: page_evictable. With a VMA as of a new page,
   * which is on no list (-EBUSY), but mapped (-EINVAL)
   */
  PageEvictable,

  /** () -> places that share after one full scan and did not before */
  KsmScan = 80,
  /** () -> places that no longer share: breaks every merge (writing 2 to /sys/kernel/mm/ksm/run) */
  KsmUnmerge,
  /** (memcg or 0: all, pages wanted, Reclaim, task that reclaims, or 0) -> pages reclaimed */
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
