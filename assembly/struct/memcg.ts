// A memory cgroup: whom pages are charged to, and the lists of its pages that reclaim goes over.

import { HUGE_PAGES, LruList } from "../abi";
import { header } from "../memory/header";
import { Cache, slabZalloc } from "../memory/slab";

/**
 *   +0  state | number | next | pages charged
 *   +16 for each LruList: head, tail, count, huge (16 bytes)
 */
@unmanaged
export class Memcg {
  state: u32;
  /** Names it to people: 0 is the root. */
  number: u32;
  next: u32;
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

export const MEMCG_BYTES: u32 = 96;

export function memcgLru(memcg: u32, list: LruList): Lru {
  return changetype<Lru>(<usize>memcg + offsetof<Memcg>() + <usize>list * offsetof<Lru>());
}

/** Pages on a list, of HUGE_PAGES each that is huge. */
export function lruPages(list: Lru): u32 {
  return list.count + list.huge * (<u32>HUGE_PAGES - 1);
}

/** A memcg with no pages, last in the list of all; 0 when memory is exhausted. */
export function memcgAlloc(): u32 {
  const object = <u32>slabZalloc(Cache.Memcg);
  if (!object) return 0;
  const state = header();
  changetype<Memcg>(<usize>object).number = state.nextMemcg++;
  if (state.lastMemcg) changetype<Memcg>(<usize>state.lastMemcg).next = object;
  else state.rootMemcg = object;
  state.lastMemcg = object;
  return object;
}
