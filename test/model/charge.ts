import type { Cgroup } from "./cgroup.js";
import { fail } from "./failure.js";
import type { Memory } from "./memory.js";
import type { Page } from "./page.js";
import { reclaim } from "./reclaim.js";

/** Pages that are reclaimed at a time to make room. */
const AT_ONCE = 32;

/** Frees some pages of a cgroup; how many. */
export function reclaimSome(memory: Memory, cgroup: Cgroup): number {
  return reclaim(memory, AT_ONCE, "direct", cgroup);
}

/** Room for a page of a cgroup, which may take reclaim. ENOMEM. */
export function requireRoom(memory: Memory, cgroup: Cgroup): void {
  const found = memory.cgroups.tryCharge(cgroup, (full) => reclaimSome(memory, full));
  if (!found) fail("ENOMEM");
}

/** Does something during which the page can't be freed, as it is in somebody's hands. */
export function whileHeld<T>(page: Page | null, work: () => T): T {
  if (page === null) return work();
  page.pins++;
  try {
    return work();
  } finally {
    page.pins--;
  }
}

/** The same of a page that is locked as well: reclaim does not even look at it. */
export function whileLocked<T>(page: Page, work: () => T): T {
  page.locked = true;
  try {
    return whileHeld(page, work);
  } finally {
    page.locked = false;
  }
}
