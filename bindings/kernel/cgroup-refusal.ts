// Why a memory cgroup stood in the way, or did not do what it was asked.

import { Errno } from "../../assembly/abi/result.js";
import type { Context } from "./context.js";
import type { MemoryCgroup } from "./memory-cgroup.js";

/** What messages call it. */
export function cgroupInWords({ name, number }: MemoryCgroup): string {
  return `cgroup ${name || number}`;
}

/** Which limit keeps so many more pages from being charged to it; empty if none does. */
export function whyFull(cgroup: MemoryCgroup, more = 1): string {
  const { limit, usage, parent } = cgroup;
  const label = cgroupInWords(cgroup);
  if (limit !== null && usage >= limit) return `${label} is at its limit of ${limit} pages`;
  if (limit !== null && usage + more > limit) {
    return `${label} has ${usage} pages and a limit of ${limit}, it would have ${more} more`;
  }
  return parent?.hierarchy ? whyFull(parent, more) : "";
}

/** Why it keeps the limit that it had. */
export function whyNotLimited(errno: Errno, cgroup: MemoryCgroup): string {
  return errno === Errno.EBUSY
    ? `its usage is ${cgroup.usage}${advance(cgroup)}, and no more can be reclaimed`
    : "the root has no limit";
}

/** How much of its usage is no page yet, but the rest of a batch; empty if nothing is. */
function advance(cgroup: MemoryCgroup): string {
  const { total_cache: cache, total_rss: rss } = cgroup.stat();
  const rest = cgroup.usage - cache - rss;
  return rest > 0 ? `, of which ${rest} ${rest === 1 ? "is" : "are"} charged in advance` : "";
}

/** Why a process stays in the cgroup that it is in. */
export function whyNotMoved(errno: Errno, cgroup: MemoryCgroup): string {
  switch (errno) {
    case Errno.ENOMEM:
      return `there is no room for its pages: ${cgroup.usage} of ${cgroup.limit} are charged`;
    case Errno.ESRCH:
      return "it has exited";
    case Errno.ESTALE:
      return `${cgroupInWords(cgroup)} was removed`;
    default:
      return "";
  }
}

/** Why it can be neither emptied nor removed. */
export function whyBusy(errno: Errno, context: Context, cgroup: MemoryCgroup): string {
  if (errno === Errno.EINVAL) return "the root stays";
  if (cgroup.spaces) return "there are processes in it";
  return context.hasCgroupsBelow(cgroup)
    ? "there are cgroups below it"
    : "a page that is charged to it is on no list, as it was isolated";
}

/** What is told of an operation that a cgroup was an option of, if that failed for it; empty if not. */
export function whyGone(result: number, cgroup: MemoryCgroup | undefined): string {
  const gone = result === -Errno.ESTALE && cgroup?.exists === false;
  return gone ? `${cgroupInWords(cgroup)} was removed` : "";
}
