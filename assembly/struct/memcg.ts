// A memory cgroup: whom pages are charged to, and the lists of its pages that reclaim goes over.

import { LruList } from "../abi/counter";
import { HUGE_PAGES } from "../abi/unit";
import { Header, header } from "../memory/header";
import { Cache, slabFree, slabZalloc } from "../memory/slab";
import { MAX_ACTORS } from "../sync/lock";

/** A counter that never says no. */
export const NO_LIMIT: u32 = u32.MAX_VALUE;
/** Scans of reclaim, from the most cautious priority to 0: each remembers whose turn it was. */
const PRIORITIES: u32 = 13;

/**
 *   +0    Memcg
 *   then  for each LruList: head, tail, count, huge (16 bytes)
 *   then  for each priority of reclaim below this memcg: number of the memcg that was last (4 bytes)
 *   then  for each processor: moves of its charges that are under way (4 bytes), with memcgStat page-flag
 */
@unmanaged
export class Memcg {
  state: u32;
  /** Names it to people: 0 is the root. */
  number: u32;
  /** In the list of all, by number. */
  next: u32;
  /** In the tree of groups: 0 for the root. */
  parent: u32;
  /** Whose counter is charged as well: the parent if that is hierarchical, else 0. */
  chargedTo: u32;
  hierarchical: u32;
  children: u32;
  /** Charges that are under way. */
  references: u32;

  /** res_counter, in pages. */
  usage: u32;
  limit: u32;
  maxUsage: u32;
  failcnt: u32;
  counterLock: u32;

  /** moving_account and move_lock: moves of its charges that are under way, and what guards its statistics then. */
  movingAccount: u32;
  moveLock: u32;

  /** Statistics, of its own pages alone. */
  cache: i32;
  rss: i32;
  mappedFile: i32;
  pgpgin: u32;
  pgpgout: u32;
  pgfault: u32;
  pgmajfault: u32;
}

/** One list of reclaim: newest first, linked through the page arrays. */
@unmanaged
export class Lru {
  head: u32;
  tail: u32;
  /** What is linked: a huge page is one. */
  count: u32;
  /** How many of these are huge. */
  huge: u32;
}

/** Bytes before the counts of processors. */
function onMoveOffset(): u32 {
  return <u32>offsetof<Memcg>() + <u32>LruList.Count * <u32>offsetof<Lru>() + (PRIORITIES << 2);
}

/** Bytes of a memcg with all that follows it. */
export function memcgBytes(): u32 {
  return onMoveOffset() + (MAX_ACTORS << 2);
}

export function memcgAt(memcg: u32): Memcg {
  return changetype<Memcg>(<usize>memcg);
}

export function memcgLru(memcg: u32, list: LruList): Lru {
  return changetype<Lru>(<usize>memcg + offsetof<Memcg>() + <usize>list * offsetof<Lru>());
}

/** Pages on a list, of HUGE_PAGES each that is huge. */
export function lruPages(list: Lru): u32 {
  return list.count + list.huge * (<u32>HUGE_PAGES - 1);
}

/** Where reclaim below a memcg keeps whose turn it was at a priority. */
export function memcgTurnAt(memcg: u32, priority: i32): usize {
  const turns = <usize>memcg + offsetof<Memcg>() + <usize>LruList.Count * offsetof<Lru>();
  return turns + ((<usize>priority) << 2);
}

/** Where a processor counts moves of a memcg's charges: with memcgStat page-flag. */
export function memcgOnMoveAt(memcg: u32, processor: u32): usize {
  return <usize>(memcg + onMoveOffset() + (processor << 2));
}

export function cgroupMutex(): usize {
  return changetype<usize>(header()) + offsetof<Header>("cgroupMutex");
}

export function isRootMemcg(memcg: u32): bool {
  return memcg == header().rootMemcg;
}

/** A memcg with no pages, last in the list of all; 0 when memory is exhausted. */
export function memcgAlloc(parent: u32): u32 {
  const object = <u32>slabZalloc(Cache.Memcg);
  if (!object) return 0;
  const state = header();
  const memcg = memcgAt(object);
  memcg.number = state.nextMemcg++;
  memcg.limit = NO_LIMIT;
  memcg.parent = parent;
  if (parent) {
    const above = memcgAt(parent);
    above.children++;
    memcg.hierarchical = above.hierarchical;
    memcg.chargedTo = above.hierarchical ? parent : 0;
  }
  if (state.lastMemcg) memcgAt(state.lastMemcg).next = object;
  else state.rootMemcg = object;
  state.lastMemcg = object;
  return object;
}

/** Of a memcg that nothing refers to any more: never the root. */
export function memcgFree(memcg: u32): void {
  const state = header();
  let before = state.rootMemcg;
  while (memcgAt(before).next != memcg) before = memcgAt(before).next;
  memcgAt(before).next = memcgAt(memcg).next;
  if (state.lastMemcg == memcg) state.lastMemcg = before;
  memcgAt(memcgAt(memcg).parent).children--;
  slabFree(Cache.Memcg, <usize>memcg);
}

function isBelow(memcg: u32, top: u32): bool {
  let at = memcg;
  while (at && at != top) at = memcgAt(at).parent;
  return at != 0;
}

/** mem_cgroup_same_or_subtree: does what is done for `top` concern the memcg? */
export function isSameOrSubtree(top: u32, memcg: u32): bool {
  return top == memcg || (memcgAt(top).hierarchical != 0 && isBelow(memcg, top));
}

/** mem_cgroup_iter: the memcg after this one (0: the first) of those that count for `top`: all of them for the root. */
export function memcgIter(top: u32, after: u32): u32 {
  let at = after ? memcgAt(after).next : header().rootMemcg;
  while (at && !isRootMemcg(top) && !isSameOrSubtree(top, at)) at = memcgAt(at).next;
  return at;
}

/** The memcg whose turn it is when reclaim for `top` comes to a priority: the next one each time. */
export function memcgTurn(top: u32, priority: i32): u32 {
  // Kept as a number plus one: whose turn it was may be gone.
  const at = memcgTurnAt(top, priority);
  const least = load<u32>(at);
  let memcg = top;
  while (memcg && (memcgAt(memcg).number < least || !isSameOrSubtree(top, memcg))) {
    memcg = memcgAt(memcg).next;
  }
  if (!memcg) memcg = top;
  store<u32>(at, memcgAt(memcg).number + 1);
  return memcg;
}
