import type { Entry, PresentEntry } from "./address-space.js";

type Marks = Omit<PresentEntry, "page">;

/**
 * pte_same: says later whether an entry is still what it is now, marks included. Somebody who only made it old has
 * changed it, too.
 */
export function watched(entry: () => Entry | Marks | undefined): () => boolean {
  const before = entry();
  const marks = marksOf(before);
  return () => entry() === before && marksOf(before) === marks;
}

function marksOf(entry: Entry | Marks | undefined): string {
  if (entry === undefined || !("young" in entry)) return "";
  return [entry.writable, entry.dirty, entry.young].join();
}
