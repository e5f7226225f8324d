// The limit of a memcg, and whether it holds for what is below it.

import { Errno } from "../abi/result";
import { isRootMemcg, memcgAt, memcgIter } from "../struct/memcg";
import { resSetLimit } from "../struct/res-counter";
import { RECLAIM_RETRIES, reclaimMemcg } from "./memcg-charge";

/** Memcgs that a limit concerns. */
function countBelow(memcg: u32): u32 {
  let n: u32 = 0;
  for (let at = memcgIter(memcg, 0); at; at = memcgIter(memcg, at)) n++;
  return n;
}

/** mem_cgroup_resize_limit: 0, EBUSY when so much can't be reclaimed, EINVAL for the root. */
export function memcgSetLimit(memcg: u32, limit: u32): i32 {
  if (isRootMemcg(memcg)) return Errno.EINVAL;
  let retries = RECLAIM_RETRIES * countBelow(memcg);
  let before = memcgAt(memcg).usage;
  memcgAt(memcg).references++;
  let set = resSetLimit(memcg, limit);
  while (!set && retries) {
    reclaimMemcg(memcg, true);
    const usage = memcgAt(memcg).usage;
    if (usage >= before) retries--;
    else before = usage;
    set = retries != 0 && resSetLimit(memcg, limit);
  }
  memcgAt(memcg).references--;
  return set ? 0 : Errno.EBUSY;
}

/** memory.use_hierarchy: 0, EBUSY when it has children, EINVAL below a memcg that is hierarchical. */
export function memcgSetHierarchy(memcg: u32, on: bool): i32 {
  const it = memcgAt(memcg);
  if (it.parent && memcgAt(it.parent).hierarchical) return on ? 0 : Errno.EINVAL;
  if (it.children && (it.hierarchical != 0) != on) return Errno.EBUSY;
  it.hierarchical = on ? 1 : 0;
  return 0;
}
