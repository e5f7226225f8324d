import { munlockPage } from "./page-lock.js";
import type { Vma } from "./vma.js";

/** A range is locked no more: its VMA says so first, so that no walk finds it while pages are unlocked. */
export function munlockRange(vma: Vma, start: number, end: number): void {
  vma.flags = { ...vma.flags, locked: false };
  for (const address of vma.space.entryPages(start, end)) {
    const entry = vma.space.entries.get(address);
    if (entry !== undefined && "page" in entry && entry.page !== null)
      munlockPage(entry.page.whole);
  }
}

/** All pages of a VMA that is about to go. */
export function munlockAll(vma: Vma): void {
  if (vma.flags.locked) munlockRange(vma, vma.start, vma.end);
}
