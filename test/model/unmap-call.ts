import type { AddressSpace } from "./address-space.js";
import { tellRange } from "./told.js";
import { fail } from "./failure.js";
import { munlockAll } from "./munlock.js";
import { zap } from "./zap.js";

/** munmap of [start, end): cuts the VMAs at both ends, drops the entries, then forgets the VMAs. */
export function unmap(space: AddressSpace, start: number, end: number): void {
  const first = space.overlapping(start, end)[0];
  if (first === undefined) return;
  if (first.start < start) {
    if (first.end > end && space.vmas.length >= space.environment.maxMapCount) fail("ENOMEM");
    space.split(first, start, "above");
  }
  const last = space.at(end);
  if (last !== undefined && last.start < end) space.split(last, end, "below");
  const gone = space.overlapping(start, end);
  for (const vma of gone) munlockAll(vma);
  tellRange(space, start, end);
  for (const vma of gone) zap(vma, vma.start, vma.end);
  for (const vma of gone) space.discard(vma);
  space.dropTables(gone[0]?.start ?? start, gone.at(-1)?.end ?? end);
}
