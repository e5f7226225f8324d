// Reclaim goes over the lists: inactive pages are freed or get another chance, active ones grow old.

import { Reclaim } from "../abi/argument";
import { LruList, VmStat } from "../abi/counter";
import { PageFlag, VmFlag } from "../abi/flag";
import { PageFate } from "../abi/result";
import { header, vmStat } from "../memory/header";
import { pageReferenced, referencedFlags, references } from "../rmap/referenced";
import { isolateLruPage, isolateLruPages, putbackLruPage, relinkPage } from "../struct/isolation";
import { lruNext, pageEvictable } from "../struct/lru";
import { Lru, lruPages, memcgAt, memcgLru, memcgTurn } from "../struct/memcg";
import { pageClear, pageSize, pageTest } from "../struct/page";
import { shrinkPage } from "./pageout";
import { disableSwapToken } from "./thrash";

const DEF_PRIORITY: i32 = 12;
const SWAP_CLUSTER_MAX: u32 = 32;

/** shrink_active_list: the oldest n pages become inactive, but for program text that was used. */
function shrinkActiveList(list: Lru, n: u32, target: u32): void {
  // What comes back to the list is not looked at again.
  for (let left = min(n, list.count); left && list.tail; left--) {
    const frame = list.tail;
    // It is about to be freed: whoever frees it takes it off the list.
    if (!isolateLruPage(frame)) break;
    vmStat(VmStat.PgRefill, 1);
    if (!pageEvictable(frame)) {
      putbackLruPage(frame);
      continue;
    }
    const result = pageReferenced(frame, false, target);
    const isText = (referencedFlags(result) & VmFlag.Exec) != 0;
    if (!(references(result) && isText && !pageTest(frame, PageFlag.SwapBacked))) {
      pageClear(frame, PageFlag.Active);
      vmStat(VmStat.PgDeactivate, pageSize(frame));
    }
    relinkPage(frame);
  }
}

/** shrink_inactive_list: pages reclaimed. Those of one memcg are not in the machine's statistics, as in v3.7. */
function shrinkInactiveList(list: Lru, n: u32, target: u32, kind: Reclaim, priority: i32): u32 {
  const kswapd = kind == Reclaim.Background;
  let reclaimed: u32 = 0;
  for (let frame = isolateLruPages(list, n); frame;) {
    const next = lruNext(frame);
    if (!target) vmStat(kswapd ? VmStat.PgScanKswapd : VmStat.PgScanDirect, 1);
    // An allocation never writes files: it would wait on top of a deep stack.
    const fate = shrinkPage(frame, target, false, kswapd ? priority : DEF_PRIORITY);
    if (fate == PageFate.Reclaimed) reclaimed++;
    frame = next;
  }
  if (!target) vmStat(kswapd ? VmStat.PgStealKswapd : VmStat.PgStealDirect, reclaimed);
  return reclaimed;
}

/** Is the inactive list so short that active pages should be looked at? */
function isInactiveLow(inactive: Lru, active: Lru): bool {
  return lruPages(inactive) < lruPages(active);
}

/** How many pages of a list a round looks at. For one memcg a short list is looked at all the same. */
function scanCount(list: Lru, target: u32, priority: i32): u32 {
  const n = lruPages(list) >> priority;
  return n == 0 && target ? SWAP_CLUSTER_MAX : n;
}

function shrinkPair(
  memcg: u32,
  inactiveList: LruList,
  target: u32,
  kind: Reclaim,
  priority: i32,
  wanted: u32,
): u32 {
  const inactive = memcgLru(memcg, inactiveList);
  const active = memcgLru(memcg, inactiveList + 1);
  let left = scanCount(inactive, target, priority);
  let leftActive = scanCount(active, target, priority);
  let reclaimed: u32 = 0;
  // Anonymous pages grow old with what is taken from them, files also by themselves.
  while (left || (leftActive && inactiveList == LruList.InactiveFile)) {
    let n = min(left, SWAP_CLUSTER_MAX);
    reclaimed += shrinkInactiveList(inactive, n, target, kind, priority);
    left -= n;
    n = min(leftActive, SWAP_CLUSTER_MAX);
    if (isInactiveLow(inactive, active)) shrinkActiveList(active, n, target);
    leftActive -= n;
    if (reclaimed >= wanted) break;
  }
  return reclaimed;
}

/** However it went, some anonymous pages are made old for the next time. */
function rebalanceAnon(memcg: u32, target: u32): void {
  if (!header().swapLimit) return;
  const active = memcgLru(memcg, LruList.ActiveAnon);
  if (isInactiveLow(memcgLru(memcg, LruList.InactiveAnon), active)) {
    shrinkActiveList(active, SWAP_CLUSTER_MAX, target);
  }
}

function isSwapAvailable(): bool {
  return header().swapInUse < header().swapLimit;
}

function shrinkMemcg(memcg: u32, target: u32, kind: Reclaim, priority: i32, wanted: u32): u32 {
  let reclaimed = shrinkPair(memcg, LruList.InactiveFile, target, kind, priority, wanted);
  // Without swap there is nowhere for anonymous pages to go.
  if (reclaimed < wanted && isSwapAvailable()) {
    const rest = wanted - reclaimed;
    reclaimed += shrinkPair(memcg, LruList.InactiveAnon, target, kind, priority, rest);
  }
  rebalanceAnon(memcg, target);
  return reclaimed;
}

/**
 * Reclaims until so many pages are free, or everything was tried.
 * @param target 0, or the memcg whose pages, and those of what is below it, are wanted
 * @returns pages reclaimed
 */
export function reclaimPages(target: u32, wanted: u32, kind: Reclaim): u32 {
  let reclaimed: u32 = 0;
  for (let priority = DEF_PRIORITY; priority >= 0 && reclaimed < wanted; priority--) {
    // kswapd reclaims for no memcg, even where it goes over the lists of one.
    if (!priority) disableSwapToken(kind == Reclaim.Background ? 0 : target);
    // For a limit one memcg below it has its turn at each priority; for memory as such all have.
    let memcg = target ? memcgTurn(target, priority) : header().rootMemcg;
    while (memcg && reclaimed < wanted) {
      reclaimed += shrinkMemcg(memcg, target, kind, priority, wanted - reclaimed);
      memcg = target ? 0 : memcgAt(memcg).next;
    }
  }
  return reclaimed;
}
