// Finds room for a mapping: top-down from the mmap base, with the kernel's memory of where it was last.

import { TASK_SIZE_PAGES, PAGE_SHIFT } from "../abi/unit";
import { MmStruct } from "../struct/mm-struct";
import { Vma } from "../struct/vma";
import { findIntersection, findPrevious } from "./vma-list";

export const TASK_SIZE: u64 = (<u64>TASK_SIZE_PAGES) << PAGE_SHIFT;
/** Top of what is placed: below a gap for the stack. */
export const MMAP_BASE: u64 = 0x7ffff7fff000;
/** vm.mmap_min_addr: nothing is placed below, and a hint below counts as none. */
const MMAP_MIN: u64 = 0x1000;
/** No room. */
export const NO_AREA: u64 = u64.MAX_VALUE;

export function areaReset(mm: MmStruct): void {
  mm.freeAreaCache = MMAP_BASE;
  mm.cachedHoleSize = 0;
}

/** The end of a hole that grew: the next search may have to look higher again. */
export function areaFreed(mm: MmStruct, end: u64): void {
  if (end > mm.freeAreaCache) mm.freeAreaCache = min(end, MMAP_BASE);
}

/** Aligned address with room for so many bytes: about where it is wanted if that is free, else the highest hole below the base. */
export function getUnmappedArea(mm: MmStruct, near: u64, length: u64, alignment: u64): u64 {
  const hint = (near + alignment - 1) & ~(alignment - 1);
  if (length > TASK_SIZE) return NO_AREA;
  if (
    hint >= MMAP_MIN &&
    hint <= TASK_SIZE - length &&
    !findIntersection(mm, hint, hint + length)
  ) {
    return hint;
  }
  if (length <= mm.cachedHoleSize) areaReset(mm);
  const found = searchDown(mm, mm.freeAreaCache, length, alignment);
  if (found != NO_AREA || mm.freeAreaCache == MMAP_BASE) return found;
  areaReset(mm);
  return searchDown(mm, MMAP_BASE, length, alignment);
}

function searchDown(mm: MmStruct, top: u64, length: u64, alignment: u64): u64 {
  let largest = mm.cachedHoleSize;
  let vma = findPrevious(mm, top);
  while (top >= MMAP_MIN + length) {
    const below = vma ? changetype<Vma>(<usize>vma).end : 0;
    if (below <= top) {
      const found = (top - length) & ~(alignment - 1);
      if (found >= max(below, MMAP_MIN)) {
        mm.freeAreaCache = found;
        mm.cachedHoleSize = largest;
        return found;
      }
      largest = max(largest, top - below);
    }
    if (!vma) break;
    top = min(top, changetype<Vma>(<usize>vma).start);
    vma = changetype<Vma>(<usize>vma).prev;
  }
  mm.cachedHoleSize = largest;
  return NO_AREA;
}
