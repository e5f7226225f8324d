// Room for a page is asked of its process's memcg before the page is used. One that is at its limit, or below one that
// is, is reclaimed first.

import { Reclaim } from "../abi/argument";
import { PageFlag } from "../abi/flag";
import { header } from "../memory/header";
import { cancelCharge, commitCharge, isMemcgEnabled, unchargePage } from "../struct/memcg-charge";
import { isRootMemcg, isSameOrSubtree, memcgAt } from "../struct/memcg";
import { CHARGE_BATCH, consumeStock, drainAllStock, refillStock } from "../struct/memcg-stock";
import { MmStruct } from "../struct/mm-struct";
import { pageAlloc, putPage } from "../struct/page-frame";
import { isCharged } from "../struct/page-cgroup";
import { pageSize, pageTest } from "../struct/page";
import { resCharge, resMargin } from "../struct/res-counter";
import { pause, YieldKind } from "../sync/yield-point";
import { reclaimPages } from "./vmscan";

/** How often reclaim may come back with nothing. */
export const RECLAIM_RETRIES: u32 = 5;
const MAX_RECLAIM_LOOPS: u32 = 100;
const SWAP_CLUSTER_MAX: u32 = 32;

enum Charging {
  Done,
  /** Something has changed: it is worth another try. */
  Retry,
  NoMemory,
  /** Where v3.7 kills a process of the memcg. */
  OutOfMemory,
}

/**
 * mem_cgroup_reclaim: pages reclaimed of a memcg and what is below it.
 * @param shrink its limit is being lowered: some progress is enough
 */
export function reclaimMemcg(memcg: u32, shrink: bool): u32 {
  let total: u32 = 0;
  for (let loop: u32 = 0; loop < MAX_RECLAIM_LOOPS; loop++) {
    if (loop) drainAllStock(memcg);
    total += reclaimPages(memcg, SWAP_CLUSTER_MAX, Reclaim.Direct);
    if (total && shrink) break;
    if (resMargin(memcg)) break;
    if (loop && !total) break;
  }
  return total;
}

/** While a task is moved its pages count twice: true, after a wait, if that may be why there is no room. */
function waitForMove(memcg: u32): bool {
  const state = header();
  if (!state.mcMover || state.mcMover == state.actor + 1) return false;
  const concerns = isSameOrSubtree(memcg, state.mcFrom) || isSameOrSubtree(memcg, state.mcTo);
  if (concerns) pause(YieldKind.Blocked, changetype<usize>(state));
  return concerns;
}

function doCharge(memcg: u32, pages: u32, last: bool): Charging {
  const over = resCharge(memcg, pages);
  if (!over) return Charging.Done;
  // Nothing is reclaimed for the sake of a batch.
  if (pages == CHARGE_BATCH) return Charging.Retry;
  const reclaimed = reclaimMemcg(over, false);
  if (resMargin(over) >= pages) return Charging.Retry;
  if (pages == 1 && reclaimed) return Charging.Retry;
  if (waitForMove(over)) return Charging.Retry;
  return last ? Charging.OutOfMemory : Charging.NoMemory;
}

/**
 * mem_cgroup_try_charge: room for pages in a memcg.
 * @param memcg who is charged; 0: the memcg of `mm`, whichever that is when it succeeds
 * @param mm whose, 0: nobody's, and then the root's
 * @param insist it is an access that fails otherwise: more than one attempt without progress
 * @returns who was charged, 0 if there is no room; to be given to commitCharge or cancelCharge
 */
export function tryCharge(memcg: u32, mm: usize, pages: u32, insist: bool): u32 {
  const root = header().rootMemcg;
  if (!isMemcgEnabled()) return root;
  let batch = max(CHARGE_BATCH, pages);
  let retries = RECLAIM_RETRIES;
  while (true) {
    const owner = memcg ? memcg : mm ? changetype<MmStruct>(mm).memcg : root;
    if (owner == root) return root;
    if (pages == 1 && consumeStock(owner)) return owner;
    memcgAt(owner).references++;
    const result = doCharge(owner, batch, insist && !retries);
    memcgAt(owner).references--;
    if (result == Charging.Done) {
      if (batch > pages) refillStock(owner, batch - pages);
      return owner;
    }
    if (result == Charging.Retry) {
      batch = pages;
    } else {
      if (result == Charging.OutOfMemory || !insist) return 0;
      retries--;
    }
  }
}

/**
 * mem_cgroup_newpage_charge: of a page that is to be an anonymous one of `mm`; false if there is no room. Nobody
 * insists on a huge page, as there are small ones.
 */
export function chargeNewPage(frame: u32, mm: usize): bool {
  const pages = <u32>pageSize(frame);
  const memcg = tryCharge(0, mm, pages, pages == 1);
  if (memcg) commitCharge(memcg, frame, true);
  return memcg != 0;
}

/** A new page for private memory of `mm`, charged: 0 when there is no frame, or no room in its memcg. */
export function pageAllocCharged(mm: usize): u32 {
  const frame = pageAlloc();
  if (!frame || chargeNewPage(frame, mm)) return frame;
  putPage(frame);
  return 0;
}

/** A page of pageAllocCharged that is not needed: our reference goes, and its charge unless it is mapped. */
export function dropNewPage(frame: u32): void {
  unchargePage(frame);
  putPage(frame);
}

/** mem_cgroup_cache_charge: of a page that is to enter the page cache, for `mm`, or for nobody (0). */
export function chargeCachePage(frame: u32, mm: usize): bool {
  const memcg = tryCharge(0, mm, 1, true);
  if (memcg) commitCharge(memcg, frame, false);
  return memcg != 0;
}

/** What tryChargeSwapin says of a page that has its charge. */
export const HAS_CHARGE: u32 = 1;

/**
 * mem_cgroup_try_charge_swapin: room for a page that is about to be mapped from swap. Whoever touched it first has it.
 * @param locked the page of the swap cache, which reclaim must not come to meanwhile
 * @returns for commitChargeSwapin or cancelChargeSwapin; 0 if there is no room
 */
export function tryChargeSwapin(frame: u32, locked: u32, mm: usize): u32 {
  if (!isMemcgEnabled()) return HAS_CHARGE;
  // Asked of pages of the swap cache: others, which are copies, have none yet.
  if (pageTest(frame, PageFlag.SwapCache) && isCharged(frame)) return HAS_CHARGE;
  header().chargedFrame = locked;
  const memcg = tryCharge(0, mm, 1, true);
  header().chargedFrame = 0;
  return memcg;
}

/** The page is mapped by now. */
export function commitChargeSwapin(memcg: u32, frame: u32): void {
  if (memcg != HAS_CHARGE) commitCharge(memcg, frame, true, true);
}

export function cancelChargeSwapin(memcg: u32): void {
  if (memcg != HAS_CHARGE && !isRootMemcg(memcg)) cancelCharge(memcg, 1);
}
