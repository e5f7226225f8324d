import type { Page } from "./page.js";
import type { AddressSpace } from "./address-space.js";
import type { Vma } from "./vma.js";

/** The pages of a range that is locked no more: locked still if another address space says so. */
export function unlockPages(vma: Vma, start: number, end: number): void {
  for (const address of vma.space.entryPages(start, end)) {
    const entry = vma.space.entries.get(address);
    if (entry !== undefined && "page" in entry && entry.page !== null) {
      unlockPage(entry.page, vma.space);
    }
  }
}

/** munlock of one page by `space`, whose own other mappings cannot be asked: its semaphore is held. */
export function unlockPage(page: Page, space: AddressSpace): void {
  if (!page.mlocked) return;
  page.mlocked = page
    .candidates("list")
    .some((vma) => vma.space !== space && vma.flags.locked && maps(vma, page));
}

function maps(vma: Vma, page: Page): boolean {
  const entry = vma.space.entries.get(vma.addressOf(page.index));
  return entry !== undefined && "page" in entry && entry.page === page;
}

/** All pages of a VMA that is about to go. */
export function unlockAll(vma: Vma): void {
  if (!vma.flags.locked) return;
  vma.flags = { ...vma.flags, locked: false };
  unlockPages(vma, vma.start, vma.end);
}
