import type { Cgroup } from "./cgroup.js";
import type { Page } from "./page.js";
import { wasUsed } from "./page-unmap.js";
import { mappings } from "./page-walk.js";

/** What page_referenced found: mappings that were used, and what the VMAs of those allow. */
export interface References {
  count: number;
  locked: boolean;
  executable: boolean;
}

/**
 * page_referenced: through how many mappings the page was used since the last time, which it forgets. Sequential
 * readers do not count; a locked VMA ends it. Each mapping of who has the swap token and is inside a fault counts once more. With `only`, only processes of that cgroup and of those below it are asked.
 */
export function pageReferenced(page: Page, only: Cgroup | null = null): References {
  const found: References = { count: 0, locked: false, executable: false };
  let left = page.mapcount;
  for (const mapping of mappings(page)) {
    const { vma } = mapping;
    if (only !== null && !only.concerns(vma.space.cgroup)) continue;
    if (vma.flags.locked) {
      found.locked = true;
      break;
    }
    const used = forgetTouches(page);
    // Of a huge page the reader in sequence counts as well.
    if ((wasUsed(mapping) || used) && (page.size > 1 || !vma.flags.sequential)) {
      found.count++;
      found.executable ||= vma.flags.exec;
    }
    if (page.memory.token.shields(vma.space)) {
      found.count++;
      found.executable ||= vma.flags.exec;
    }
    left--;
    if (left === 0) break;
  }
  if (page.memory.hasStorageKeys && page.mapcount > 0 && page.touched) {
    found.count++;
    page.touched = false;
  }
  return found;
}

/** What tells on an s390x that somebody used a huge page: the keys of all its parts. The first entry gets to know. */
function forgetTouches({ parts, memory }: Page): boolean {
  if (parts === null || !memory.hasStorageKeys) return false;
  const used = parts.some(({ touched }) => touched);
  for (const part of parts) part.touched = false;
  return used;
}
