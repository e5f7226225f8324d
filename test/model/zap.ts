import type { PresentEntry } from "./address-space.js";
import { tellRange } from "./told.js";
import type { Inode } from "./file.js";
import { PartEntry, splitHuge, takeWhole } from "./huge-page.js";
import type { Swap, SwapSlot } from "./swap.js";
import { HUGE } from "./units.js";
import type { Vma } from "./vma.js";

/** Takes away the entries of [start, end) of a VMA. */
export function zap(vma: Vma, start: number, end: number): void {
  const { entries } = vma.space;
  for (const address of vma.space.entryPages(start, end)) {
    if (isDoneAsWhole(vma, start, end, address)) continue;
    const entry = entries.get(address);
    if (entry === undefined) continue;
    entries.delete(address);
    if ("slot" in entry) forgetSwapEntry(vma.space.memory.swap, entry.slot);
    else if ("page" in entry) forgetPresent(vma, entry);
  }
}

/** A huge page goes all at once, or is split where only a part of it is to go. */
function isDoneAsWhole({ space }: Vma, start: number, end: number, address: number): boolean {
  const entry = space.entries.get(address);
  if (!(entry instanceof PartEntry)) return false;
  const first = address - entry.part;
  if (start <= first && first + HUGE <= end) {
    takeWhole(space, first).head.unmap();
    return true;
  }
  splitHuge(entry.page);
  return false;
}

/** Takes away the entries for pages [first, end) of a file wherever it is mapped; entries on swap stay. */
export function zapFilePages(
  inode: Inode,
  first: number,
  end: number,
  which: "private-copies-too" | "cached-pages-only",
): void {
  for (const vma of inode.inOrder) {
    const from = Math.max(vma.start, vma.addressOf(first));
    const to = Math.min(vma.end, vma.addressOf(end));
    tellRange(vma.space, from, to);
    for (const address of vma.space.entryPages(from, to)) {
      const entry = vma.space.entries.get(address);
      if (entry === undefined || !("page" in entry)) continue;
      if (which === "cached-pages-only" && entry.page?.inode !== inode) continue;
      vma.space.entries.delete(address);
      forgetPresent(vma, entry);
    }
  }
  for (const vma of inode.nonlinear) zapKeeping(vma, vma.start, vma.end, first, end);
}

/**
 * Takes pages [first, last) of the file away from [start, end) of a nonlinear VMA, in which they may be anywhere. Where
 * the file's order would bring back another one, the entry goes on saying which it was.
 */
export function zapKeeping(vma: Vma, start: number, end: number, first = 0, last = Infinity): void {
  const { entries } = vma.space;
  tellRange(vma.space, start, end);
  for (const address of vma.space.entryPages(start, end)) {
    const entry = entries.get(address);
    if (entry === undefined || !("page" in entry) || entry.page === null) continue;
    const { index } = entry.page;
    if (index < first || index >= last) continue;
    keepOffset(vma, address, index);
    forgetPresent(vma, entry);
  }
}

/** What is left at an address where a page of the file was. */
export function keepOffset(vma: Vma, address: number, index: number): void {
  if (index === vma.pgoffOf(address)) vma.space.entries.delete(address);
  else vma.space.entries.set(address, { pgoff: index });
}

/** What the entry knew of a file's page goes to the page; an anonymous one may be of no use on swap any more. */
function forgetPresent(vma: Vma, { page, dirty, young }: PresentEntry): void {
  if (page === null) return;
  const { anon } = page;
  if (!anon && dirty) page.setDirty();
  if (!anon && young && !vma.flags.sequential) page.lists.markAccessed(page);
  page.unmap();
  if (anon && page.mapcount === 0) page.freeSwap();
}

/** free_swap_and_cache: with the last entry the cached page leaves the slot too, if it is not mapped or swap is short. */
function forgetSwapEntry(swap: Swap, slot: SwapSlot): void {
  const { page } = slot;
  swap.free(slot);
  if (page !== null && (page.mapcount === 0 || swap.isOverHalfFull)) page.freeSwap();
}
