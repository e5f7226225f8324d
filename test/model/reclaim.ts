import type { PresentEntry } from "./address-space.js";
import type { Page } from "./page.js";
import type { Vma } from "./vma.js";

/** The order in which a walk meets VMAs. */
export type WalkOrder = "list" | "interval-tree";

interface Mapping {
  readonly vma: Vma;
  readonly address: number;
  readonly entry: PresentEntry;
}

/** Every entry for the page, found anew at each step because a walk changes what it passes. */
function* mappings(page: Page, order: WalkOrder): Generator<Mapping> {
  for (const vma of page.candidates(order)) {
    const address = vma.addressOf(page.index);
    const entry = vma.space.entries.get(address);
    if (entry !== undefined && "page" in entry && entry.page === page) {
      yield { vma, address, entry };
    }
  }
}

/** page_referenced: entries used since the last time, which it forgets; sequential readers do not count. */
export function pageReferenced(page: Page): number {
  let references = 0;
  for (const { vma, entry } of mappings(page, "list")) {
    if (entry.young && !vma.flags.sequential) references++;
    entry.young = false;
  }
  return references;
}

export type UnmapOutcome = "success" | "again" | "fail";

/** try_to_unmap, anonymous pages going to swap: ends at the first entry that was used since the last look. */
export function tryToUnmap(page: Page, order: WalkOrder): UnmapOutcome {
  if (page.mapcount === 0) return "success";
  const slot = page.anon ? page.enterSwapCache() : null;
  let outcome: UnmapOutcome = "again";
  for (const { vma, address, entry } of mappings(page, order)) {
    if (entry.young) {
      entry.young = false;
      outcome = "fail";
      break;
    }
    if (slot === null) {
      vma.space.drop(address);
    } else {
      slot.entries++;
      vma.space.entries.set(address, { slot });
      page.unmap();
    }
  }
  return page.mapcount === 0 ? "success" : outcome;
}

/** page_mkclean: entries of shared mappings that could be, or were, written; they no longer can. */
export function pageMkclean(page: Page): number {
  if (page.anon) return 0;
  let cleaned = 0;
  for (const { vma, entry } of mappings(page, "list")) {
    if (!vma.flags.shared || !(entry.dirty || entry.writable)) continue;
    entry.dirty = false;
    entry.writable = false;
    cleaned++;
  }
  return cleaned;
}
