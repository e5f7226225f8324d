// A page's charge goes from one memcg to another.

import { PageFlag } from "../abi/flag";
import { pageMemcg, pageSetMemcg, pageSize, pageTest } from "../struct/page";
import { chargeStatistics } from "../struct/memcg-charge";
import { memcgAt } from "../struct/memcg";
import {
  isCharged,
  isChargedAsAnon,
  lockPageCgroup,
  unlockPageCgroup,
} from "../struct/page-cgroup";
import { Doing } from "../locks";
import { isInMappedFile, lockPageStat, unlockPageStat } from "./page-stat";

/**
 * mem_cgroup_move_account, of a page that is on no list: the statistics go over. The counters are the caller's.
 * @returns how many pages have moved: of a huge page all, unless somebody was faster to split it; 0 if the page is not
 *   charged to `from`
 */
export function moveAccount(frame: u32, from: u32, to: u32): u32 {
  assert(from != to, "memcg: a charge is moved to where it is");
  assert(!pageTest(frame, PageFlag.Lru), "memcg: a charge is moved of a page that is on a list");
  const anon = isChargedAsAnon(frame);
  lockPageCgroup(frame, Doing.MoveCharges);
  let moved = 0;
  if (isCharged(frame) && pageMemcg(frame) == from) {
    lockPageStat(frame, from);
    if (isInMappedFile(frame)) {
      memcgAt(from).mappedFile--;
      memcgAt(to).mappedFile++;
    }
    moved = pageSize(frame);
    chargeStatistics(from, anon, -moved);
    pageSetMemcg(frame, to);
    chargeStatistics(to, anon, moved);
    unlockPageStat(frame, from);
  }
  unlockPageCgroup(frame);
  return <u32>moved;
}
