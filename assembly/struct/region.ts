// Sets of huge pages of a file, as a list of regions [from, to) in order that neither overlap nor touch. What
// one is for is said by whoever keeps it: struct/reservation.ts.

import { Cache, slabAlloc, slabFree } from "../memory/slab";

@unmanaged
export class Region {
  state: u32;
  next: u32;
  from: u64;
  to: u64;
}

function regionAt(address: u32): Region {
  return changetype<Region>(<usize>address);
}

/** Pages of [from, to) that are in the set. */
export function regionCount(list: usize, from: u64, to: u64): u64 {
  let pages: u64 = 0;
  for (let at = load<u32>(list); at; at = regionAt(at).next) {
    const first = max(from, regionAt(at).from);
    const end = min(to, regionAt(at).to);
    if (first < end) pages += end - first;
  }
  return pages;
}

/** Adds [from, to); the caller has reserved one object. */
export function regionAdd(list: usize, from: u64, to: u64): void {
  let link = list;
  while (load<u32>(link) && regionAt(load<u32>(link)).to < from) link = nextOf(load<u32>(link));
  // Those that it meets become part of it.
  for (let at = load<u32>(link); at && regionAt(at).from <= to; at = load<u32>(link)) {
    from = min(from, regionAt(at).from);
    to = max(to, regionAt(at).to);
    drop(link);
  }
  const object = <u32>slabAlloc(Cache.Region);
  const region = regionAt(object);
  region.from = from;
  region.to = to;
  region.next = load<u32>(link);
  store<u32>(link, object);
}

/** Drops everything from a page on: how many pages that were. */
export function regionTruncate(list: usize, from: u64): u64 {
  let pages: u64 = 0;
  for (let link = list; load<u32>(link);) {
    const region = regionAt(load<u32>(link));
    if (region.to > from) pages += region.to - max(from, region.from);
    if (region.from >= from) {
      drop(link);
    } else {
      region.to = min(region.to, from);
      link = nextOf(load<u32>(link));
    }
  }
  return pages;
}

function nextOf(object: u32): usize {
  return <usize>object + offsetof<Region>("next");
}

/** Takes out and frees the region that a link leads to. */
function drop(link: usize): void {
  const object = load<u32>(link);
  store<u32>(link, regionAt(object).next);
  slabFree(Cache.Region, <usize>object);
}
