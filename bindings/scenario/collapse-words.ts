// Which page kept khugepaged from making one huge page of a range, and why.

import { HUGE_PAGES } from "../../assembly/abi/unit.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import { addressOf, pageOf } from "./arena.js";
import { placesOf } from "./wording.js";

/** Of the range that a page lies in: khugepaged looks at its pages in turn, and leaves all at the first that does not suit. */
export function whyUnsuitable(process: Process, page: number): string {
  const first = page - (page % HUGE_PAGES);
  const swapped = new Set(process.swapped().map(({ address }) => pageOf(address)));
  for (let at = first; at < first + HUGE_PAGES; at++) {
    const why = swapped.has(at) ? "in swap" : whyNotCopied(process, at);
    if (why !== null) return `page ${at} is ${why}`;
  }
  return "where a page of it was, there is the marker of a broken one";
}

/** Null for a page that suits, and where none is. */
function whyNotCopied(process: Process, at: number): string | null {
  const entry = process.entryAt(addressOf(at));
  if (entry === null) return null;
  const page = process.pageAt(addressOf(at));
  if (page === null) return "the zero page";
  if (page.ksm) return "shared by KSM";
  if (page.mapcount > 1) return `shared: it is at ${placesOf(page)}`;
  return held(page) ?? (entry.writable ? null : "write-protected, though nobody shares it");
}

function held(page: Page): string | null {
  if (page.pins > 0) return "pinned";
  if (!page.lru) return "on no list of reclaim";
  if (page.swapCache) return "in the swap cache";
  return page.refcount > 1 ? "held by somebody else" : null;
}
