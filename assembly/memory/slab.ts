// Type-stable slabs: a freed object is only ever reused as an object of its own type, as in the
// kernel's SLAB_DESTROY_BY_RCU caches. Every object begins with its state word:
//
//   30                      6 5       1  0
//   +------------------------+---------+----+      word 1 of a free object links to the next free one;
//   | generation             | cache   |live|      the rest keeps what it held (poisoned in checked)
//   +------------------------+---------+----+
//
// A slab is 4 KiB: a link to the slab before it, a spare word, then objects.

import { SLAB_CACHES } from "./header";
import { heapAlloc } from "./heap";

/** Types that have a cache. Zero is none, so that a zero word is no object. */
export enum Cache {
  None = 0,
  Task,
  Mm,
  Vma,
  AnonVma,
  Chain,
  AddressSpace,
  File,
  CacheNode,
  SwapSlot,
  Memcg,
  StableNode,
  RmapItem,
  MmSlot,
  Extent,
  Notifier,
  DevicePage,
  Region,
  Reservation,
  Count,
}

const SLAB_BYTES: u32 = 4096;
const SLAB_HEAD: u32 = 8;
/** Handles carry 25 bits of generation: an object that has used them all is retired. */
const LAST_GENERATION: u32 = 0x1ffffff;
const POISON: u8 = 0x6b;

@unmanaged
class SlabCache {
  free: u32;
  slabs: u32;
  size: u32;
  live: u32;
  /** Freed objects keep their contents, since somebody may still look at them under RCU. */
  typeSafe: u32;
}

function cacheOf(cache: Cache): SlabCache {
  return changetype<SlabCache>(SLAB_CACHES + <usize>cache * offsetof<SlabCache>());
}

/** Sets a cache up: size in bytes, a multiple of 8. */
export function slabInit(cache: Cache, size: u32, typeSafe: bool): void {
  const slabs = cacheOf(cache);
  slabs.size = size;
  slabs.typeSafe = typeSafe ? 1 : 0;
}

function slabGrow(cache: Cache): bool {
  const slabs = cacheOf(cache);
  const slab = heapAlloc(SLAB_BYTES);
  if (!slab) return false;
  store<u32>(slab, slabs.slabs);
  slabs.slabs = <u32>slab;
  const size = slabs.size;
  const first = <u32>slab + SLAB_HEAD;
  // Linked from the last to the first, so that objects are handed out in address order.
  let object = first + ((SLAB_BYTES - SLAB_HEAD) / size) * size;
  while (object != first) {
    object -= size;
    if (CHECKED && !slabs.typeSafe) memory.fill(object + 4, POISON, size - 4);
    store<u32>(object, (<u32>cache) << 1);
    store<u32>(object, slabs.free, 4);
    slabs.free = object;
  }
  return true;
}

/** Has nobody written to a free object? Only its state and its link are anything else than poison. */
function isPoisoned(object: usize, size: u32): bool {
  for (let at: usize = 8; at < <usize>size; at++) {
    if (load<u8>(object + at) != POISON) return false;
  }
  return true;
}

/** A live object with undefined contents after its state word, or 0 when memory is exhausted. */
export function slabAlloc(cache: Cache): usize {
  const slabs = cacheOf(cache);
  if (!slabs.free && !slabGrow(cache)) return 0;
  const object = slabs.free;
  assert(
    !CHECKED || slabs.typeSafe || isPoisoned(object, slabs.size),
    "slab: an object was written to after it was freed",
  );
  slabs.free = load<u32>(object, 4);
  store<u32>(object, load<u32>(object) | 1);
  slabs.live++;
  return object;
}

/** slabAlloc with everything but the state word zero. */
export function slabZalloc(cache: Cache): usize {
  const object = slabAlloc(cache);
  if (object) memory.fill(object + 4, 0, cacheOf(cache).size - 4);
  return object;
}

export function slabFree(cache: Cache, object: usize): void {
  const slabs = cacheOf(cache);
  const state = load<u32>(object);
  assert((state & 1) == 1, "slab: an object was freed twice");
  assert(((state >> 1) & 31) == cache, "slab: an object was freed as another type");
  if (CHECKED && !slabs.typeSafe) memory.fill(object + 4, POISON, slabs.size - 4);
  slabs.live--;
  const generation = (state >> 6) + 1;
  if (generation > LAST_GENERATION) {
    store<u32>(object, state & ~1);
    return;
  }
  store<u32>(object, (generation << 6) | ((<u32>cache) << 1));
  store<u32>(object, slabs.free, 4);
  slabs.free = <u32>object;
}

/** Makes sure that the next n allocations succeed: false, and nothing changed for a user, if they can't. */
export function slabReserve(cache: Cache, n: u32): bool {
  let object = cacheOf(cache).free;
  while (n > 0) {
    if (!object) {
      // Fresh objects go in front of the list, so counting goes on with only the missing ones.
      const size = cacheOf(cache).size;
      const per = (SLAB_BYTES - SLAB_HEAD) / size;
      if (!slabGrow(cache)) return false;
      n = n > per ? n - per : 0;
    } else {
      object = load<u32>(object, 4);
      n--;
    }
  }
  return true;
}

/** Freed objects that somebody has written to since; only checked builds can tell. */
export function slabWrittenAfterFree(cache: Cache): u32 {
  const slabs = cacheOf(cache);
  if (!CHECKED || slabs.typeSafe) return 0;
  const size = slabs.size;
  let n: u32 = 0;
  for (let slab = slabs.slabs; slab; slab = load<u32>(slab)) {
    for (let object = slab + SLAB_HEAD; object + size <= slab + SLAB_BYTES; object += size) {
      if (!slabIsLive(object) && !isPoisoned(object, size)) n++;
    }
  }
  return n;
}

/** Is the object in use? Of an address that has been one: slabs never go. */
export function slabIsLive(object: usize): bool {
  return (load<u32>(object) & 1) != 0;
}

export function slabLive(cache: Cache): u32 {
  return cacheOf(cache).live;
}

/** The live object after this one (0: the first) in memory order of slabs, or 0. For recounts. */
export function slabNext(cache: Cache, after: usize): usize {
  const slabs = cacheOf(cache);
  const size = slabs.size;
  let slab = after ? (<u32>after) & ~(SLAB_BYTES - 1) : slabs.slabs;
  let object = after ? <u32>after + size : slab + SLAB_HEAD;
  while (slab) {
    while (object + size <= slab + SLAB_BYTES) {
      if (load<u32>(object) & 1) return object;
      object += size;
    }
    slab = load<u32>(slab);
    object = slab + SLAB_HEAD;
  }
  return 0;
}
