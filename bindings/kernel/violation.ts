import {
  IndexOwner,
  Violated,
  VIOLATION_RECORD,
  VIOLATIONS_LISTED,
} from "../../assembly/violated.js";

/** A broken invariant. */
export interface Violation {
  /** Its name in the specification: "I1" to "I12". */
  readonly invariant: string;
  /** What is broken, and where. */
  readonly message: string;
}

type Wording = (a: number, b: number, c: number, d: number, e: number) => string;

const hex = (address: number): string => `0x${address.toString(16)}`;

const times = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

const space = (pid: number): string =>
  pid ? `process ${pid}` : "an address space that no process runs in";

const frameOrZero = (frame: number): string => (frame ? `page ${frame}` : "the zero page");

const place = (pid: number, address: number): string => `${hex(address)} of ${space(pid)}`;

const vma = (pid: number, start: number): string =>
  pid || start ? `the VMA at ${place(pid, start)}` : "no VMA";

const anonVma = (number: number): string => (number ? `anon_vma ${number}` : "no live anon_vma");

const file = (inode: number): string => (inode ? `inode ${inode}` : "no file");

/** By the core's Cache. */
const RECORDS: readonly string[] = [
  ...["", "tasks", "address spaces", "VMAs", "anon_vmas", "chains", "inodes", "open files"],
  ...["page cache nodes", "swap slots", "cgroups", "stable nodes", "places of KSM"],
  ...["KSM's address spaces", "ranges of file data", "mmu notifiers", "pages of mmu notifiers"],
  ...["regions of huge pages", "promises of huge pages"],
];

const cgroup = (number: number): string => (number ? `cgroup ${number}` : "the root cgroup");

const LISTS = ["inactive anon", "active anon", "inactive file", "active file", "unevictable"];

const lru = (list: number): string => `the ${LISTS[list] ?? "unknown"} list`;

/** "the file index of inode 3", "the VMA tree of process 1"... */
function index(owner: IndexOwner, name: number): string {
  switch (owner) {
    case IndexOwner.Mm:
      return `the VMA tree of ${space(name)}`;
    case IndexOwner.AnonVma:
      return `the index of ${anonVma(name)}`;
    case IndexOwner.File:
      return `the file index of ${file(name)}`;
    case IndexOwner.Nonlinear:
      return `the list of nonlinear VMAs of ${file(name)}`;
  }
}

/** A fault of an index, which comes with the VMA that it shows at. */
const inIndex =
  (fault: string): Wording =>
  (owner, name, pid, start) =>
    `${index(owner, name)} ${fault}, at ${vma(pid, start)}`;

const rss =
  (kind: string, entries: string): Wording =>
  (pid, counter, found) =>
    `${kind} rss of ${space(pid)} is ${counter}, its page table holds ${found} ${entries}`;

/** What a record's details mean is told beside each kind in assembly/violated.ts. */
const wordings: Record<Violated, Wording> = {
  [Violated.Mapcount]: (frame, mapcount, entries) =>
    `page ${frame} has a mapcount of ${mapcount}, ${times(entries, "entry maps", "entries map")} it`,
  [Violated.EntryFrame]: (pid, address, frame) =>
    `the entry at ${place(pid, address)} names frame ${frame}, which is not in use`,
  [Violated.Refcount]: (frame, refcount, entries, others) =>
    `page ${frame} has a refcount of ${refcount}, ${times(entries, "entry", "entries")} and ` +
    `${times(others, "other")} (caches, buffers, writeback, pins) hold it`,
  [Violated.Unheld]: (frame, refcount) =>
    `page ${frame} has a refcount of ${refcount}, but nothing maps it and no cache holds it`,

  [Violated.Unreachable]: (frame, pid, address, number) =>
    `page ${frame} is mapped at ${place(pid, address)}, but the VMA there is not in the index of ` +
    `its ${anonVma(number)}`,
  [Violated.AnonVmaGone]: (frame, pid, address) =>
    `page ${frame}, mapped at ${place(pid, address)}, points to an anon_vma that is gone`,
  [Violated.OtherFile]: (frame, pid, address, owner, shown) =>
    `page ${frame} belongs to ${file(owner)}, but is mapped at ${place(pid, address)}, where the ` +
    `VMA shows ${file(shown)}`,
  [Violated.CachedElsewhere]: (frame, inode, owner) =>
    `page ${frame} is in the page cache of ${file(inode)}, but belongs to ${file(owner)} or is ` +
    "cached twice",
  [Violated.Uncached]: (frame, inode) =>
    `page ${frame} belongs to ${file(inode)}, but is not in its page cache`,

  [Violated.KsmUnreachable]: (frame, pid, address) =>
    `page ${frame}, which KSM shares, is mapped at ${place(pid, address)}, which no place that KSM ` +
    "knows leads to",

  [Violated.Index]: (frame, pid, address, found, expected) =>
    `page ${frame} has index ${found}, but at ${place(pid, address)} the VMA shows pgoff ${expected}`,
  [Violated.CachedIndex]: (frame, inode, found, expected) =>
    `page ${frame} has index ${found}, but is cached as page ${expected} of ${file(inode)}`,

  [Violated.FileEntry]: (pid, address) =>
    `the entry at ${place(pid, address)} keeps a pgoff, but the VMA there is linear`,

  [Violated.NrAnonPages]: (counter, found) =>
    `NR_ANON_PAGES is ${counter}, ${times(found, "anonymous page is", "anonymous pages are")} mapped`,
  [Violated.NrAnonHuge]: (counter, found) =>
    `NR_ANON_TRANSPARENT_HUGEPAGES is ${counter}, ` +
    `${times(found, "huge page is", "huge pages are")} mapped`,
  [Violated.HugePart]: (frame, head) =>
    `page ${frame} and the huge page that begins at frame ${head} do not belong together`,
  [Violated.HugeEntry]: (pid, address, frame) =>
    `the huge entry at ${place(pid, address)} with frame ${frame} is not all of a huge page inside ` +
    "one VMA",
  [Violated.HugeTable]: (pid, address) =>
    `the table that the huge entry at ${place(pid, address)} needs for its split has entries`,
  [Violated.Splitting]: (pid, address, frame) =>
    `the huge entry of page ${frame} at ${place(pid, address)} is still marked as being split`,
  [Violated.NrFileMapped]: (counter, found) =>
    `NR_FILE_MAPPED is ${counter}, ${times(found, "file page is", "file pages are")} mapped`,
  [Violated.AnonRss]: rss("anon", "anonymous pages"),
  [Violated.FileRss]: rss("file", "file pages"),
  [Violated.SwapRss]: rss("swap", "swap entries"),
  [Violated.MapCount]: (pid, counter, found) =>
    `the map count of ${space(pid)} is ${counter}, its list has ${times(found, "VMA")}`,
  [Violated.MmUsers]: (pid, users, tasks) =>
    `the address space of ${pid ? `process ${pid}` : "nobody"} counts ${times(users, "user")}, ` +
    `${times(tasks, "task runs", "tasks run")} in it`,
  [Violated.TaskMm]: (pid) => `process ${pid} has no address space`,
  [Violated.FramesInUse]: (counter, found) =>
    `frames in use are counted as ${counter}, ${found} have references`,
  [Violated.SwapInUse]: (counter, found) =>
    `swap in use is counted as ${counter}, there ${found === 1 ? "is" : "are"} ${times(found, "slot")}`,
  [Violated.Tables]: (counter, found) =>
    `page tables are counted as ${counter}, the address spaces hold ${found}`,
  [Violated.SwapCount]: (frame, counter, entries) =>
    `the swap slot of page ${frame} counts ${counter}, ` +
    `${times(entries, "swap entry refers", "swap entries refer")} to it`,
  [Violated.SwapCache]: (frame) =>
    frame
      ? `page ${frame} and a swap slot do not agree on whether it is in the swap cache`
      : "a swap slot holds no page",
  [Violated.SwapEntry]: (pid, address) =>
    `the swap entry at ${place(pid, address)} names a slot that is not in use`,
  [Violated.EntryOutside]: (pid, address) =>
    `the page table has an entry at ${place(pid, address)}, where there is no VMA`,
  [Violated.EntryKind]: (pid, address) =>
    `the entry at ${place(pid, address)} is neither present nor of any known kind`,
  [Violated.TableLink]: (pid, address) =>
    `the page table over ${place(pid, address)} is no table, or is used twice`,
  [Violated.CachedPages]: (inode, counter, found) =>
    `the page cache of ${file(inode)} counts ${times(counter, "page")}, it holds ${found}`,
  [Violated.CacheNode]: (inode) => `the page cache of ${file(inode)} does not hang together`,
  [Violated.Vmas]: (counter, found) =>
    `VMAs of all address spaces are counted as ${counter}, their lists hold ${found}`,

  [Violated.LruLink]: (frame, memcg, list) =>
    `${lru(list)} of ${cgroup(memcg)} has links that do not agree, at ` +
    (frame ? `page ${frame}` : "its head"),
  [Violated.LruList]: (frame, memcg, list) =>
    list < 0
      ? `page ${frame} says that it is on a list of reclaim, but is on none`
      : `page ${frame} is on ${lru(list)} of ${cgroup(memcg)}, where it does not belong`,
  [Violated.LruCount]: (memcg, list, counter, found) =>
    `${lru(list)} of ${cgroup(memcg)} counts ${times(counter, "page")}, it holds ${found}`,
  [Violated.NrDirty]: (counter, found) =>
    `NR_FILE_DIRTY is ${counter}, ${times(found, "page is", "pages are")} dirty`,
  [Violated.NrWriteback]: (counter, found) =>
    `NR_WRITEBACK is ${counter}, ${times(found, "page is", "pages are")} being written`,
  [Violated.MemcgUsage]: (memcg, counter, found) =>
    `the usage of ${cgroup(memcg)} is ${counter}, ${times(found, "page is", "pages are")} charged`,
  [Violated.MemcgCache]: (memcg, counter, found) =>
    `cache of ${cgroup(memcg)} is ${counter}, it has ${times(found, "page")} of files`,
  [Violated.MemcgRss]: (memcg, counter, found) =>
    `rss of ${cgroup(memcg)} is ${counter}, it has ${times(found, "anonymous page")}`,
  [Violated.MemcgLimit]: (memcg, usage, limit) =>
    `the usage of ${cgroup(memcg)} is ${usage}, beyond its limit of ${limit}`,
  [Violated.MemcgCharge]: (frame) =>
    `page ${frame} is charged, though nothing maps it and no cache holds it`,
  [Violated.MemcgOwner]: (frame) => `page ${frame} has an owner that is no cgroup`,
  [Violated.MemcgMoving]: (memcg) =>
    memcg < 0
      ? "a move of charges is still under way"
      : `a charge to ${cgroup(memcg)}, or a move from it, is still under way`,
  [Violated.MemcgTree]: (memcg) =>
    `${cgroup(memcg)} and those above and below it do not agree about it`,
  [Violated.MemcgSpace]: (pid) => `${space(pid)} is in no cgroup`,
  [Violated.MemcgMappedFile]: (memcg, counter, found) =>
    `mapped_file of ${cgroup(memcg)} is ${counter}, ` +
    times(found, "of its file pages is mapped", "of its file pages are mapped"),
  [Violated.FileMappedFlag]: (frame, wanted) =>
    `page ${frame} is ${wanted ? "a mapped file page that is charged, without" : "no mapped file page that is charged, but has"} FILE_MAPPED in its side record`,
  [Violated.CacheFlag]: (frame, wanted) =>
    `page ${frame} is ${wanted ? "charged as a page of a file, without" : "not charged as a page of a file, but has"} CACHE in its side record`,
  [Violated.SwapArea]: (area, counter, found, size) =>
    `swap area ${area} of ${times(size, "page")} counts ${counter} in use, it has ` +
    times(found, "slot"),
  [Violated.SwapContinuation]: (frame, count) =>
    `a swap slot with a count of ${count} has ${frame ? `frame ${frame}` : "no frame"} for what it ` +
    "has no room for",
  [Violated.KsmLink]: (pid, address) =>
    "KSM's records do not agree" + (pid || address ? `, at ${place(pid, address)}` : ""),
  [Violated.KsmPagesShared]: (counter, found) =>
    `KSM counts ${times(counter, "shared page")}, there ${found === 1 ? "is" : "are"} ${found}`,
  [Violated.KsmPagesSharing]: (counter, found) =>
    `KSM counts ${times(counter, "place")} that share beside the first, there ${found === 1 ? "is" : "are"} ${found}`,
  [Violated.MmCount]: (pid, counter, holders) =>
    `the struct of ${space(pid)} counts ${times(counter, "holder")}, it has ${holders}`,
  [Violated.MmLeft]: (pid) => `${space(pid)} has VMAs or page tables`,
  [Violated.LockedVm]: (pid, counter, found) =>
    `locked_vm of ${space(pid)} is ${counter}, its locked VMAs have ${times(found, "page")}`,
  [Violated.MmList]: (pid) =>
    `${space(pid)} has swap entries, but is not where swapoff looks for them`,
  [Violated.SwapLimit]: (counter, found) =>
    `swap counts ${times(counter, "page")} in all, its areas have ${found}`,
  [Violated.FileUsers]: (inode, counter, found) =>
    `an open file of ${file(inode)} counts ${times(counter, "user")}, it has ${found}`,
  [Violated.InodeUsers]: (inode, counter, found) =>
    `${file(inode)} counts ${times(counter, "open file")}, it has ${found}`,
  [Violated.FramesPoisoned]: (counter, found) =>
    `broken frames are counted as ${counter}, ${found} are marked`,
  [Violated.FramesBroken]: (counter, found) =>
    `broken frames that are free are counted as ${counter}, ${found} are`,
  [Violated.HwpoisonEntry]: (pid, address, frame) =>
    `the marker at ${place(pid, address)} names frame ${frame}, which is not broken`,

  [Violated.SwapTokenHolder]: (pid) =>
    pid < 0
      ? "the swap token is held by an address space that is gone"
      : pid
        ? `${space(pid)} has the swap token, but nobody runs in it, or it is in another cgroup than it was`
        : "nobody has the swap token, but the cgroup of its holder is known",
  [Violated.SwapTokenUnused]: () => "there is no swap token, but somebody has had it",
  [Violated.TasksHeld]: (pid, counter, found) =>
    `${times(counter, "process is", "processes are")} counted as held inside a fault` +
    `${pid ? ` in ${space(pid)}` : ""}, ${found} ${found === 1 ? "is" : "are"}`,
  [Violated.HugePages]: (counter, found) =>
    `the pool counts ${times(counter, "huge page")}, there ${found === 1 ? "is" : "are"} ${found}`,
  [Violated.HugePagesFree]: (counter, found, listed) =>
    `the pool counts ${times(counter, "free huge page")}, nobody holds ${found}, and its list has ${listed}`,
  [Violated.HugePagesReserved]: (counter, found) =>
    `the pool counts ${times(counter, "promised huge page")}, mappings were promised ${found}`,
  [Violated.Reservation]: (inode, pid, start) =>
    `a promise of huge pages${inode ? ` of ${file(inode)}` : ""}, at ${place(pid, start)}, counts other VMAs than share it`,
  [Violated.Regions]: (inode) => `the regions of ${file(inode)} in huge pages are no list in order`,
  [Violated.HugeBroken]: (frame, head) =>
    `of the huge page of the pool at frame ${head} frame ${frame} is broken, or the rest is`,
  [Violated.HugeBrokenFree]: (frame) =>
    `the huge page of the pool at frame ${frame} is free, though it is broken`,

  [Violated.MlockedUnmapped]: (frame) => `page ${frame} is mlocked, but nothing maps it`,
  [Violated.NrMlock]: (counter, found) =>
    `NR_MLOCK is ${counter}, ${times(found, "page is", "pages are")} mlocked`,

  [Violated.WritableClean]: (frame, pid, address) =>
    `page ${frame} can be written at ${place(pid, address)} without a fault, but is not known to be dirty`,

  [Violated.LostChange]: (frame, word, kept) =>
    `page ${frame} was changed to ${word}, but nothing says so: read again it would be ${kept}`,
  [Violated.FreeKey]: (frame, key) =>
    `frame ${frame}, which is free, has a storage key of 0x${key.toString(16)}`,
  [Violated.EntryMark]: (pid, address) =>
    `the entry at ${place(pid, address)} is marked as touched or changed, which entries of an s390x can't be`,
  [Violated.DirtyWithoutBuffers]: (frame) =>
    `page ${frame} of a disk is dirty, but has no buffers: its file system has not heard of it`,

  [Violated.MigrationEntry]: (pid, address, frame) =>
    `the entry at ${place(pid, address)} still waits for the migration of page ${frame}`,

  [Violated.NotifierLink]: (pid) =>
    `the list of mmu notifiers of ${space(pid)} has links that do not agree`,
  [Violated.NotifierLost]: (pid) => `an mmu notifier of ${space(pid)} is in no list`,
  [Violated.NotifierRange]: (pid, begun, ranges) =>
    `an mmu notifier of ${space(pid)} waits for the end of ${times(begun, "range")}, ` +
    `and counts ${ranges} itself`,
  [Violated.NotifierArguments]: (pid) =>
    `an mmu notifier of ${space(pid)} was told of other ends of ranges than of starts`,
  [Violated.DevicePage]: (pid, address, frame, there) =>
    `an mmu notifier shows ${frameOrZero(frame)} at ${place(pid, address)}, where the page table ` +
    (there < 0 ? "has nothing" : `has ${frameOrZero(there)}`),
  [Violated.DeviceWritable]: (pid, address, frame) =>
    `an mmu notifier may write to page ${frame} at ${place(pid, address)}, which the page table protects`,
  [Violated.DeviceFreed]: (pid, address, frame) =>
    `an mmu notifier shows page ${frame} at ${place(pid, address)}, which was freed`,
  [Violated.DeviceTable]: (pid, counter, found) =>
    `the table of an mmu notifier of ${space(pid)} ` +
    (found < 0 ? "is out of order" : `counts ${times(counter, "page")}, it has ${found}`),
  [Violated.Srcu]: (sections) =>
    `${times(sections, "read section")} of SRCU ${sections === 1 ? "has" : "have"} not ended`,

  [Violated.AnonVmaRefcount]: (number, refcount, hasVmas, children, pins) =>
    `${anonVma(number)} has a refcount of ${refcount}, but ${hasVmas ? "VMAs" : "no VMAs"}` +
    (pins ? `, ${times(pins, "place")} of KSM that pin it` : "") +
    ` and ${times(children, "child", "children")}`,
  [Violated.AnonVmaRoot]: (number) =>
    `the root of ${anonVma(number)} is gone, or is not a root itself`,
  [Violated.ChainRoot]: (pid, start, number) =>
    `${anonVma(number)}, in the chain of ${vma(pid, start)}, has another root than the one before it`,
  [Violated.ChainOrder]: (pid, start, number, newer) =>
    `in the chain of ${vma(pid, start)} ${anonVma(newer)} comes after ${anonVma(number)}, though ` +
    "it is newer",
  [Violated.ChainLink]: (pid, start) => `links in the chain of ${vma(pid, start)} do not agree`,
  [Violated.ChainGone]: (pid, start) =>
    `the chain of ${vma(pid, start)} leads to a link or an anon_vma that is gone`,
  [Violated.ChainNewest]: (pid, start, own, newest) =>
    `${vma(pid, start)} has ${anonVma(own)}, but the newest in its chain is ${anonVma(newest)}`,
  [Violated.ChainLost]: (number, pid, start) =>
    `a link of ${anonVma(number)} to ${vma(pid, start)} is not in that VMA's chain`,

  [Violated.KsmPin]: (pid, address) =>
    `the place of KSM at ${place(pid, address)} shares without an anon_vma, or pins one without sharing`,
  [Violated.ChainOwn]: (pid, start, own) =>
    `${vma(pid, start)} has ${anonVma(own)}, which is not in its chain`,
  [Violated.AnonVmaActive]: (number, counter, recount) =>
    `${anonVma(number)} counts ${times(counter, "VMA")} whose own it is, but there ${recount === 1 ? "is" : "are"} ${recount}`,
  [Violated.AnonVmaChildren]: (number, counter, recount) =>
    `${anonVma(number)} counts ${times(counter, "child", "children")} in use, but there ${recount === 1 ? "is" : "are"} ${recount}`,
  [Violated.AnonVmaParent]: (number) => `the parent of ${anonVma(number)} is gone`,
  [Violated.Freed]: (cache, written) =>
    `${times(written, "freed record")} of ${RECORDS[cache] ?? "no known kind"} ${written === 1 ? "was" : "were"} written to`,

  [Violated.TreeLink]: inIndex(
    "has a link that leads to no node, or to one that does not link back",
  ),
  [Violated.TreeColour]: inIndex("has a red root, or a red node below a red one"),
  [Violated.TreeHeight]: inIndex("is out of balance: another number of black nodes"),
  [Violated.TreeOrder]: inIndex("is out of order"),
  [Violated.TreeMaximum]: inIndex("has a wrong largest pgoff for a subtree"),
  [Violated.TreeHeap]: inIndex("has a VMA above one that reaches further"),
  [Violated.TreeTurn]: inIndex("turns by a wrong bit"),
  [Violated.RingLink]: inIndex("has a ring with links that do not agree"),
  [Violated.RingRange]: inIndex("has a ring of VMAs that show different pages"),
  [Violated.Unindexed]: (owner, name, pid, start) =>
    `${index(owner, name)} lacks ${vma(pid, start)}`,
  [Violated.Stray]: (owner, name, pid, start) =>
    `${index(owner, name)} holds ${vma(pid, start)}, which does not belong there`,
  [Violated.StaleKey]: (number, pid, start) =>
    `${vma(pid, start)} has other bounds than those it is in the index of ${anonVma(number)} with`,
  [Violated.ListLink]: (number, pid, start) =>
    `the list of ${anonVma(number)} has links that do not agree, at ` +
    (pid || start ? vma(pid, start) : "its end"),
  [Violated.FileGone]: (pid, start) => `${vma(pid, start)} maps a file that is gone`,
  [Violated.VmaLink]: (pid, start) =>
    `the list of VMAs of ${space(pid)} has links that do not agree, at ` +
    (start ? hex(start) : "its head"),
  [Violated.VmaBounds]: (pid, start, end) =>
    `${vma(pid, start)} ends at ${hex(end)}: its bounds are empty, not page-aligned, or too high`,
  [Violated.VmaOrder]: (pid, start, end) =>
    `${vma(pid, start)} begins before the end, ${hex(end)}, of the one before it`,
  [Violated.VmaTree]: (pid, start) =>
    `list and tree of the VMAs of ${space(pid)} differ from ${hex(start)} on`,
  [Violated.VmaLost]: (pid, start) =>
    `a VMA at ${place(pid, start)} is in the list of no address space`,
  [Violated.VmaCache]: (pid) =>
    `the VMA that ${space(pid)} remembers as the last one found is not one of its own`,

  [Violated.NonlinearLink]: (inode, pid, start) =>
    `the list of nonlinear VMAs of ${file(inode)} has links that do not agree, at ` +
    (pid || start ? vma(pid, start) : "its head"),
  [Violated.NonlinearCursor]: (pid, start, cursor) =>
    `${vma(pid, start)} has been unmapped up to ${cursor} bytes, which is no whole number of clusters`,

  [Violated.LocksHeld]: (actor, locks) =>
    `${times(locks, "lock is", "locks are")} still held` + (actor ? ` by actor ${actor}` : ""),
  [Violated.MmLocked]: (pid) => `mmap_sem or page_table_lock of ${space(pid)} is still taken`,
  [Violated.PageLocked]: (frame) => `page ${frame} is still locked`,
  [Violated.SideRecordLocked]: (frame) =>
    `the side record of page ${frame} is still locked, or waits for a migration`,
  [Violated.MemcgLocked]: (memcg) =>
    memcg < 0 ? "cgroup_mutex is still taken" : `a lock of ${cgroup(memcg)} is still taken`,
  [Violated.AllLocks]: (inode, number) =>
    `${inode ? file(inode) : anonVma(number)} is still marked by mm_take_all_locks`,
};

/** The hundreds of a kind are the invariant's number. */
function invariantOf(kind: number): string {
  return `I${Math.floor(kind / 100)}`;
}

type Details = [number, number, number, number, number];

/** One record of the report; kind 0 is beyond its end. */
function readRecord(view: DataView, at: number): { kind: number; total: number; details: Details } {
  const field = (n: number): number => view.getFloat64(at + n * 8, true);
  const details: Details = [field(2), field(3), field(4), field(5), field(6)];
  return { kind: field(0), total: field(1), details };
}

/**
 * Reads the report that the core's verify() left.
 *
 * @param view all of linear memory
 * @param at address of the report
 * @returns the violations that it lists: where there are too many of a kind, the first says how many
 */
export function decodeViolations(view: DataView, at: number): Violation[] {
  const records = Array.from({ length: VIOLATIONS_LISTED }, (_, n) =>
    readRecord(view, at + 8 + n * VIOLATION_RECORD),
  ).filter(({ kind }) => kind !== 0);
  return records.map(({ kind, total, details }) => {
    const listed = records.filter((other) => other.kind === kind).length;
    const more = total > listed ? ` (the first ${listed} of ${total} of this kind)` : "";
    const message = wordings[kind as Violated](...details) + more;
    return { invariant: invariantOf(kind), message };
  });
}
