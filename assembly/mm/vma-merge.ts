// Which neighbours a range may be joined with (spec/rmap.md Part 2).
//
//   AAAA is the range, P the VMA before it, N the one after it
//
//   1  PPPPAAAANNNN   2  PPPPAAAA      3      AAAANNNN        a hole was filled
//   4  PPPPPPPPNNNN   5  PPPPNNNNNNNN                         the boundary of P and N moves
//          AAAA              AAAA
//   6  PPPPXXXXNNNN   7  PPPPXXXX      8      XXXXNNNN        the range is all of X
//          AAAA              AAAA             AAAA

import { Counter } from "../abi/counter";
import { Event } from "../abi/event";
import { PAGE_SHIFT } from "../abi/unit";
import { event } from "../memory/event";
import { count } from "../memory/header";
import { Cache, slabReserve } from "../memory/slab";
import { chainIsSingular, chainLength } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import { isSpecial, Vma, vmaPages } from "../struct/vma";
import { vmaAdjust } from "./vma-adjust";

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

function isMergeable(vma: Vma, file: u32, flags: u32): bool {
  return vma.flags == flags && vma.file == file;
}

/** May pages of one anon_vma be found through the other? vma (0: none) is where one of them comes from. */
function isAnonCompatible(a: u32, b: u32, vma: u32): bool {
  if ((!a || !b) && (!vma || chainIsSingular(vmaAt(vma)))) return true;
  return a == b;
}

function canMergeBefore(
  vma: u32,
  flags: u32,
  anonVma: u32,
  file: u32,
  pgoff: u64,
  pages: u64,
): bool {
  const it = vmaAt(vma);
  return (
    isMergeable(it, file, flags) &&
    isAnonCompatible(anonVma, it.anonVma, vma) &&
    it.pgoff == pgoff + pages
  );
}

function canMergeAfter(vma: u32, flags: u32, anonVma: u32, file: u32, pgoff: u64): bool {
  const it = vmaAt(vma);
  return (
    isMergeable(it, file, flags) &&
    isAnonCompatible(anonVma, it.anonVma, vma) &&
    it.pgoff + vmaPages(it) == pgoff
  );
}

function merged(case_: i32, vma: u32): u32 {
  count(Counter.VmaMerges, 1);
  event(Event.VmaMerge, <f64>case_, <f64>vmaAt(vma).start, <f64>vmaAt(vma).end);
  return vma;
}

/**
 * Joins [start, end) with what is before and after it, if they agree in everything.
 * @param prev VMA before the range, 0 if there is none
 * @param anonVma of the VMA whose range it is; 0 for a new mapping
 * @returns the VMA that holds the range now, or 0: nothing was changed
 */
export function vmaMerge(
  mm: MmStruct,
  prev: u32,
  start: u64,
  end: u64,
  flags: u32,
  anonVma: u32,
  file: u32,
  pgoff: u64,
): u32 {
  if (isSpecial(flags)) return 0;
  const pages = (end - start) >> PAGE_SHIFT;
  const area = prev ? vmaAt(prev).next : mm.mmap;
  let next = area;
  if (area && vmaAt(area).end == end) next = vmaAt(area).next;

  if (prev && vmaAt(prev).end == start && canMergeAfter(prev, flags, anonVma, file, pgoff)) {
    const before = vmaAt(prev);
    if (
      next &&
      vmaAt(next).start == end &&
      canMergeBefore(next, flags, anonVma, file, pgoff, pages) &&
      isAnonCompatible(before.anonVma, vmaAt(next).anonVma, 0)
    ) {
      // Two VMAs are swallowed one after the other: what the second needs is set aside first, so that
      // it can't fail half-way (docs/simplified.md).
      if (area != next && !before.anonVma && vmaAt(next).anonVma) {
        if (!slabReserve(Cache.Chain, chainLength(vmaAt(next)))) return 0;
      }
      if (!vmaAdjust(before, before.start, vmaAt(next).end, before.pgoff, 0)) return 0;
      return merged(area == next ? 1 : 6, prev);
    }
    const case_ = !area || vmaAt(area).start >= end ? 2 : vmaAt(area).end == end ? 7 : 5;
    if (!vmaAdjust(before, before.start, end, before.pgoff, 0)) return 0;
    return merged(case_, prev);
  }

  if (
    next &&
    vmaAt(next).start == end &&
    canMergeBefore(next, flags, anonVma, file, pgoff, pages)
  ) {
    if (prev && start < vmaAt(prev).end) {
      const before = vmaAt(prev);
      if (!vmaAdjust(before, before.start, start, before.pgoff, 0)) return 0;
      return merged(4, next);
    }
    const case_ = area == next ? 3 : 8;
    const joined = vmaAt(next);
    if (!vmaAdjust(vmaAt(area), start, joined.end, joined.pgoff - pages, 0)) return 0;
    return merged(case_, area);
  }
  return 0;
}
