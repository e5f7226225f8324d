// A page's charge goes from one memcg to another.

import { PageFlag } from "../abi/flag";
import {
  pageIsAnon,
  pageMapped,
  pageMemcg,
  pageSetMemcg,
  pageSize,
  pageTest,
} from "../struct/page";
import { chargeStatistics } from "../struct/memcg-charge";
import { memcgAt } from "../struct/memcg";
import { isCharged, lockPageCgroup, unlockPageCgroup } from "../struct/page-cgroup";
import { Doing } from "../locks";
import { moveLockMemcg, moveUnlockMemcg } from "./page-stat";

/**
 * mem_cgroup_move_account, of a page that is on no list: the statistics go over. The counters are the caller's.
 * @returns how many pages have moved: of a huge page all, unless somebody was faster to split it; 0 if the page is not
 *   charged to `from`
 */
export function moveAccount(frame: u32, from: u32, to: u32): u32 {
  assert(from != to, "memcg: a charge is moved to where it is");
  assert(!pageTest(frame, PageFlag.Lru), "memcg: a charge is moved of a page that is on a list");
  const anon = pageIsAnon(frame);
  lockPageCgroup(frame, Doing.MoveCharges);
  let moved = 0;
  if (isCharged(frame) && pageMemcg(frame) == from) {
    moveLockMemcg(from, Doing.MoveCharges);
    if (!anon && pageMapped(frame)) {
      memcgAt(from).mappedFile--;
      memcgAt(to).mappedFile++;
    }
    moved = pageSize(frame);
    chargeStatistics(from, anon, -moved);
    pageSetMemcg(frame, to);
    chargeStatistics(to, anon, moved);
    moveUnlockMemcg(from);
  }
  unlockPageCgroup(frame);
  return <u32>moved;
}
