import type { LruLists } from "./lru-lists.js";
import type { Page } from "./page.js";
import { mappings } from "./page-walk.js";

/** What page_referenced found: mappings that were used, and what the VMAs of those allow. */
export interface References {
  count: number;
  locked: boolean;
  executable: boolean;
}

/**
 * page_referenced: through how many mappings the page was used since the last time, which it forgets. Sequential
 * readers do not count; a locked VMA ends it. With `only`, processes of other cgroups are not asked.
 */
export function pageReferenced(page: Page, only: LruLists | null = null): References {
  const found: References = { count: 0, locked: false, executable: false };
  let left = page.mapcount;
  for (const { vma, entry } of mappings(page)) {
    if (only !== null && vma.space.lists !== only) continue;
    if (vma.flags.locked) {
      found.locked = true;
      break;
    }
    if (entry.young && !vma.flags.sequential) {
      found.count++;
      found.executable ||= vma.flags.exec;
    }
    entry.young = false;
    left--;
    if (left === 0) break;
  }
  return found;
}
