// remap_file_pages: a range of a shared mapping shows other pages of its file, in whatever order.

import { RemapFlag } from "../abi/argument";
import { Event } from "../abi/event";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/unit";
import { hasStorageKeys } from "../arch/storage-key";
import { fileIndexRemove } from "../index/file-index";
import { nonlinearInsert, setNonlinearCursor } from "../index/nonlinear-list";
import { event } from "../memory/event";
import { header } from "../memory/header";
import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "../notifier/dispatch";
import { pageRemoveRmap } from "../rmap/accounting";
import { accountsDirty, getFile, iMmapMutex, mappingOf } from "../struct/address-space";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { setPageDirty } from "../struct/page-dirty";
import { putPage } from "../struct/page-frame";
import {
  pmdAlloc,
  pmdAt,
  pmdEnd,
  PMD_SIZE,
  ptlLock,
  ptlUnlock,
  pteUnder,
  tablesReserve,
} from "../struct/page-table";
import { PTE_DIRTY, pteFrame, pteIsPage, pteOfPgoff } from "../struct/pte";
import { isHugetlbVma, isNonlinear, isShared, linearPageIndex, Vma } from "../struct/vma";
import { Doing, LockClass } from "../locks";
import { downgradeWrite, downRead, downWrite, lock, unlock, upRead, upWrite } from "../sync/lock";
import { fileClose } from "./file";
import { mlockNewRange, munlockVmaPagesRange } from "./mlock";
import { mapRegion, PGOFF_MAX } from "./mmap";
import { doMunmap } from "./munmap";
import { populateVma } from "./populate";
import { findVma, isErrno } from "./vma-list";

/** Offsets from here on can't be kept by an entry: PTE_FILE_MAX_BITS. */
function fileOffsetEnd(): u64 {
  return hasStorageKeys() ? PGOFF_MAX : 1 << 46;
}

// What remapping comes to, beside an Errno.
const REMAPPED: i32 = 0;
/** Nothing is left to do. */
const DONE: i32 = -1;
/** The VMA has to change, for which mmap_sem is needed for write. */
const NEEDS_WRITE: i32 = -2;

/** The shared mapping that all of the range lies in, of small pages; null if there is none. */
function vmaToRemap(mm: MmStruct, start: u64, end: u64): Vma | null {
  const vma = changetype<Vma | null>(<usize>findVma(mm, start));
  if (!vma || !isShared(vma) || isHugetlbVma(vma)) return null;
  return start < vma.start || end > vma.end ? null : vma;
}

/** Page tables that the range lacks at most. */
function missingTables(mm: MmStruct, start: u64, end: u64): u64 {
  const leaves = (end - 1) / PMD_SIZE - start / PMD_SIZE + 1;
  // So many don't fit, whatever is there.
  if (leaves > (<u64>header().memoryLimit) >> PAGE_SHIFT) return leaves;
  let missing: u64 = 0;
  for (let at = start; at < end; at = pmdEnd(at, end)) if (!pmdAt(mm, at)) missing++;
  const above = min(missing, ((end - start) >> 30) + 2);
  return missing ? missing + 2 * above + 1 : 0;
}

function hasTables(mm: MmStruct, start: u64, end: u64): bool {
  const missing = missingTables(mm, start, end);
  return missing <= (<u64>header().memoryLimit) >> PAGE_SHIFT && tablesReserve(<u32>missing);
}

/** page_mkclean does not look at nonlinear VMAs, so where dirty pages are counted the range becomes a VMA of its own. */
function mapAnew(mm: MmStruct, vma: Vma, start: u64, end: u64, pgoff: u64): i32 {
  const file = vma.file;
  const flags = vma.flags;
  // The mapping may be the last that holds it.
  getFile(file);
  let now: u32 = 0;
  if (!doMunmap(mm, start, end - start)) now = mapRegion(mm, start, end, flags, file, pgoff);
  if (!isErrno(now)) mlockNewRange(changetype<Vma>(<usize>now), start, end);
  fileClose(file);
  return isErrno(now) ? Errno.ENOMEM : DONE;
}

/** From the tree, which goes by bounds and pgoff, to the list: before any entry says something else than these. */
function makeNonlinear(vma: Vma): void {
  const mapping = mappingOf(vma);
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.RemapFile);
  fileIndexRemove(mapping, vma);
  vma.flags |= VmFlag.Nonlinear;
  setNonlinearCursor(vma, 0);
  nonlinearInsert(mapping, vma);
  unlock(iMmapMutex(mapping));
}

/**
 * zap_pte: takes away what is there; true if it was a page. A migration entry goes without its page being taken off the rss, which
 * v3.7 forgets (docs/simplified.md).
 */
function zapEntry(mm: MmStruct, pte: usize): bool {
  const entry = load<u64>(pte);
  store<u64>(pte, 0);
  if (!pteIsPage(entry)) return false;
  const frame = pteFrame(entry);
  if (entry & PTE_DIRTY) setPageDirty(frame);
  pageRemoveRmap(frame);
  putPage(frame);
  mm.fileRss--;
  return true;
}

/** generic_file_remap_pages: every entry of the range says which page it shows; false when memory is exhausted. */
function installFileEntries(mm: MmStruct, start: u64, end: u64, pgoff: u64): bool {
  const first = pgoff;
  let unmapped: u32 = 0;
  for (let at = start; at < end;) {
    const pmd = pmdAlloc(mm, at);
    if (!pmd) return false;
    const stop = pmdEnd(at, end);
    ptlLock(pmd, Doing.RemapFile);
    for (; at < stop; at += PAGE_SIZE) {
      const pte = pteUnder(pmd, at);
      if (zapEntry(mm, pte)) unmapped++;
      store<u64>(pte, pteOfPgoff(pgoff++));
    }
    ptlUnlock(pmd);
  }
  if (unmapped) event(Event.Zapped, <f64>unmapped, <f64>start, <f64>end);
  event(Event.Remapped, <f64>(pgoff - first), <f64>start, <f64>first);
  return true;
}

/** Under mmap_sem, for write if `writes`. */
function remap(mm: MmStruct, start: u64, end: u64, pgoff: u64, writes: bool): i32 {
  const vma = vmaToRemap(mm, start, end);
  if (!vma) return Errno.EINVAL;
  if (!isNonlinear(vma)) {
    if (pgoff == linearPageIndex(vma, start)) return DONE;
    if (!writes) return NEEDS_WRITE;
    if (accountsDirty(mappingOf(vma))) return mapAnew(mm, vma, start, end, pgoff);
  }
  // Memory for all entries is set aside before anything changes (docs/simplified.md).
  if (!hasTables(mm, start, end)) return Errno.ENOMEM;
  if (!isNonlinear(vma)) makeNonlinear(vma);
  if (vma.flags & VmFlag.Locked) {
    // Pages lose their mark, the VMA stays locked.
    const flags = vma.flags;
    munlockVmaPagesRange(vma, start, end);
    vma.flags = flags;
  }
  mmuNotifierInvalidateRangeStart(mm, start, end);
  const installed = installFileEntries(mm, start, end, pgoff);
  mmuNotifierInvalidateRangeEnd(mm, start, end);
  return installed ? REMAPPED : Errno.ENOMEM;
}

/**
 * remap_file_pages(2): 0, or an Errno. Start and length are rounded down to pages. mmap_sem is had for read
 * until a VMA has to become nonlinear. What can't be made present is left out, and is no error.
 */
export function doRemapFilePages(
  mm: MmStruct,
  address: u64,
  length: u64,
  pgoff: u64,
  how: u32,
): i32 {
  const start = address & ~0xfff;
  const end = start + (length & ~0xfff);
  if (end <= start || pgoff + ((end - start) >> PAGE_SHIFT) >= fileOffsetEnd()) return Errno.EINVAL;
  const sem = mmapSem(mm);
  downRead(sem, Doing.RemapFile);
  let writes = false;
  let result = remap(mm, start, end, pgoff, false);
  if (result == NEEDS_WRITE) {
    upRead(sem);
    downWrite(sem, Doing.RemapFile);
    writes = true;
    result = remap(mm, start, end, pgoff, true);
  }
  if (result == REMAPPED && !(how & RemapFlag.NonBlock)) {
    const vma = changetype<Vma>(<usize>findVma(mm, start));
    if (vma.flags & VmFlag.Locked) {
      populateVma(vma, start, end);
    } else {
      if (writes) downgradeWrite(sem, Doing.RemapFile);
      writes = false;
      // make_pages_present reads, and nobody lets it where the program itself may not.
      if (vma.flags & VmFlag.Read) populateVma(vma, start, end);
    }
  }
  if (writes) upWrite(sem);
  else upRead(sem);
  return result == DONE ? 0 : result;
}
