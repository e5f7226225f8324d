import type { AddressSpace } from "./address-space.js";
import { fail } from "./failure.js";

/** Page number below which the kernel places what it may place where it likes. */
const MMAP_TOP = 0x7ffff7fff;

/** The highest free range of that many pages below the mapping area's top. */
export function highestGap(space: AddressSpace, pages: number): number {
  let top = MMAP_TOP;
  for (const vma of [...space.vmas].reverse()) {
    if (vma.end <= top && top - vma.end >= pages) break;
    top = Math.min(top, vma.start);
  }
  if (top < pages) fail("ENOMEM");
  return top - pages;
}

/** Asks the machine's placement for room, and insists that it is room. */
export function placed(space: AddressSpace, pages: number): number {
  const start = space.environment.placement(space, pages);
  if (space.overlapping(start, start + pages).length > 0 || start + pages > MMAP_TOP) {
    throw new Error(`page ${start} was chosen for ${pages} pages: not free, or too high`);
  }
  return start;
}
