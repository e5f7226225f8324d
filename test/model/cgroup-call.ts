import type { AddressSpace } from "./address-space.js";
import type { Cgroup } from "./cgroup.js";
import { reclaimSome } from "./charge.js";
import { fail } from "./failure.js";
import { LIST_NAMES } from "./lru-lists.js";
import type { Memory } from "./memory.js";
import { hasUsers, shiftCharge } from "./cgroup-move.js";

/** How often reclaim may come back with nothing. */
const TRIES = 5;

/** A limit is set once no more is charged. EBUSY when reclaim doesn't get there, EINVAL. */
export function setLimit(memory: Memory, cgroup: Cgroup, limit: number): void {
  const { cgroups } = memory;
  if (cgroup === cgroups.root) fail("EINVAL");
  let tries = TRIES * cgroups.living.filter((other) => cgroup.concerns(other)).length;
  let least = cgroup.usage;
  while (cgroup.usage > limit) {
    if (tries === 0) fail("EBUSY");
    cgroups.makeRoom(cgroup, (full) => reclaimSome(memory, full), true);
    if (cgroup.usage < least) least = cgroup.usage;
    else tries--;
  }
  cgroup.limit = limit;
}

/** Reclaims what can be reclaimed; the rest is the heir's. EBUSY while somebody uses it, EINVAL. */
export function forceEmpty(memory: Memory, cgroup: Cgroup, spaces: Iterable<AddressSpace>): void {
  if (cgroup === memory.root) fail("EINVAL");
  if (hasUsers(cgroup, spaces)) fail("EBUSY");
  for (let tries = TRIES; tries > 0 && cgroup.usage > 0;) {
    if (reclaimSome(memory, cgroup) === 0) tries--;
  }
  leaveToHeir(memory, cgroup);
}

/** A cgroup is no more. EBUSY, EINVAL. */
export function remove(memory: Memory, cgroup: Cgroup, spaces: Iterable<AddressSpace>): void {
  if (cgroup === memory.root) fail("EINVAL");
  if (hasUsers(cgroup, spaces)) fail("EBUSY");
  leaveToHeir(memory, cgroup);
  cgroup.end();
}

/** Everything on its lists is the heir's, list by list, what was there longest first. EBUSY if something is not there. */
function leaveToHeir(memory: Memory, cgroup: Cgroup): void {
  const { lists } = cgroup;
  const heir = cgroup.chargedAbove ?? memory.root;
  memory.cgroups.drain(cgroup);
  for (const name of LIST_NAMES) {
    for (const page of lists.someOldest(name, Infinity)) {
      lists.isolate(page);
      if (page.isCharged) {
        shiftCharge(page, heir);
        // Above it is charged already.
        cgroup.usage -= page.size;
      }
      page.lists.putback(page);
    }
  }
  if (cgroup.usage > 0 || lists.all().length > 0) fail("EBUSY");
}
