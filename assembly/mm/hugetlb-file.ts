// Files of huge pages: how they are mapped, cut and read. Nothing is ever written to a disk, and write(2) is not
// for them.

import { Doing, LockClass } from "../locks";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { HUGE_ORDER, HUGE_PAGES, PAGE_SHIFT } from "../abi/unit";
import { fileIndexFirst, fileIndexNext } from "../index/file-index";
import { stepNode } from "../index/step";
import { AddressSpace, iMmapMutex, inodeMutex, mappingOf } from "../struct/address-space";
import { vmaOfNode } from "../struct/interval-node";
import { pageCacheFind, pageCacheNext } from "../struct/page-cache";
import { lockPage, pageWord, unlockPage } from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import { Vma, vmaLast } from "../struct/vma";
import { lock, unlock } from "../sync/lock";
import { deleteFromPageCache, isPageOf } from "./file";
import { unmapHugepageRange } from "./hugetlb-range";
import { hugetlbReserve, hugetlbUnreserve } from "./hugetlb-reserve";

/** Pages that are no whole huge page. */
export const HUGE_PAGE_REST: u64 = HUGE_PAGES - 1;

/**
 * hugetlbfs_file_mmap, of a VMA that is not linked yet: the pool promises its pages, and a file that is mapped to be
 * written grows to what is mapped. 0, or an Errno.
 */
export function hugetlbFileMmap(vma: Vma): i32 {
  if (vma.pgoff & HUGE_PAGE_REST) return Errno.EINVAL;
  const mapping = mappingOf(vma);
  lock(inodeMutex(mapping), LockClass.HugetlbInodeMutex, Doing.VmaLink);
  const error = hugetlbReserve(vma);
  if (!error && vma.flags & VmFlag.Write) mapping.size = max(mapping.size, vmaLast(vma) + 1);
  unlock(inodeMutex(mapping));
  return error;
}

/** hugetlb_vmtruncate_list: empties every mapping from a page on, private copies too. */
function unmapFrom(mapping: AddressSpace, first: u64): void {
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Truncate);
  let node = stepNode(fileIndexFirst(mapping, first, u64.MAX_VALUE));
  for (; node; node = stepNode(fileIndexNext(node, first, u64.MAX_VALUE))) {
    const vma = vmaOfNode(node);
    const from = max(first, vma.pgoff) - vma.pgoff;
    unmapHugepageRange(vma, vma.start + (from << PAGE_SHIFT), vma.end, 0);
  }
  unlock(iMmapMutex(mapping));
}

/** truncate_hugepages: how many there were from a huge page on. */
function truncateHugepages(mapping: AddressSpace, from: u64): u32 {
  let freed: u32 = 0;
  for (let frame = pageCacheNext(mapping, from); frame; frame = pageCacheNext(mapping, from)) {
    getPage(frame);
    lockPage(frame, Doing.Truncate);
    if (isPageOf(mapping, frame)) {
      deleteFromPageCache(mapping, frame);
      freed++;
    }
    unlockPage(frame);
    putPage(frame);
  }
  return freed;
}

/** Sets the size: 0, or EINVAL for what is no number of huge pages. Mappings are emptied once, as in the kernel. */
export function truncateHugetlbFile(mapping: AddressSpace, pages: u64): i32 {
  if (pages & HUGE_PAGE_REST) return Errno.EINVAL;
  lock(inodeMutex(mapping), LockClass.HugetlbInodeMutex, Doing.Truncate);
  mapping.size = pages;
  unmapFrom(mapping, pages);
  const freed = truncateHugepages(mapping, pages >> HUGE_ORDER);
  hugetlbUnreserve(mapping, pages >> HUGE_ORDER, freed);
  unlock(inodeMutex(mapping));
  return 0;
}

/** hugetlbfs_read of a page's first word: what is not there reads as zero, and is not made. */
export function hugetlbRead(mapping: AddressSpace, pgoff: u64): f64 {
  const head = pgoff < mapping.size ? pageCacheFind(mapping, pgoff >> HUGE_ORDER) : 0;
  return head ? pageWord(head + <u32>(pgoff & HUGE_PAGE_REST)) : 0;
}
