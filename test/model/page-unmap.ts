import { tellEntry, tellLook, usedByDevices } from "./told.js";
import type { Page } from "./page.js";
import { mlockPage } from "./page-lock.js";
import { unmapSomewhere } from "./nonlinear-search.js";
import { entryFor, places, type Mapping } from "./page-walk.js";

export type UnmapOutcome = "success" | "again" | "fail" | "mlock";

/** What try_to_unmap overlooks. */
export interface Overlooked {
  readonly mlock?: boolean;
  readonly access?: boolean;
  readonly poison?: boolean;
}

/**
 * try_to_unmap: entries of anonymous pages, which are in the swap cache, become swap entries. Ends at the first entry
 * that was used since the last look, and at a locked VMA, which mlocks the page.
 */
export function tryToUnmap(page: Page, overlooked: Overlooked = {}): UnmapOutcome {
  let outcome: UnmapOutcome = "again";
  for (const place of places(page)) {
    tellLook(place.vma.space, place.address);
    const entry = entryFor(page, place);
    if (entry !== undefined) outcome = tryToUnmapOne(page, { ...place, entry }, overlooked);
    if (outcome !== "again" || page.mapcount === 0) break;
  }
  if (outcome === "again" && page.mapcount > 0) outcome = unmapSomewhere(page);
  return outcome !== "mlock" && page.mapcount === 0 ? "success" : outcome;
}

function tryToUnmapOne(page: Page, mapping: Mapping, overlooked: Overlooked): UnmapOutcome {
  const { vma, address, entry } = mapping;
  if (overlooked.mlock !== true && vma.flags.locked) return mlockFor(page, mapping);
  if (overlooked.access !== true && wasUsed(mapping)) return "fail";
  if (entry.dirty) page.setDirty();
  if (page.poisoned && overlooked.poison !== true) {
    vma.space.entries.set(address, { broken: true });
  } else if (page.slot === null) {
    vma.space.entries.delete(address);
  } else {
    page.slot.entries++;
    vma.space.entries.set(address, { slot: page.slot });
  }
  page.unmap();
  tellEntry(vma.space, address);
  return "again";
}

/** By the process or by a device; both are forgotten. */
export function wasUsed({ vma, address, entry }: Mapping): boolean {
  const byDevice = usedByDevices(vma.space, address);
  const used = entry.young || byDevice;
  entry.young = false;
  return used;
}

/** A locked VMA keeps the page, if whoever changes its address space does not hold it right now. */
function mlockFor(page: Page, { vma }: Mapping): "mlock" | "again" {
  if (vma.space.heldForWriting) return "again";
  mlockPage(page);
  return "mlock";
}

/** try_to_munlock: "mlock" if a locked VMA maps the page, which is mlocked then. */
export function tryToMunlock(page: Page): "mlock" | "again" {
  // Nobody looks for entries of huge pages.
  if (page.size > 1) return "again";
  for (const place of places(page)) {
    const { vma, address } = place;
    if (vma.flags.locked) tellLook(vma.space, address);
    const entry = entryFor(page, place);
    if (entry === undefined) continue;
    if (vma.flags.locked && mlockFor(page, { ...place, entry }) === "mlock") return "mlock";
    // Told needlessly: nothing has changed.
    if (!vma.flags.locked && page.memory.telling === "outside") tellEntry(vma.space, address);
  }
  return "again";
}
