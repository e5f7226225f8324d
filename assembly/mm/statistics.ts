// Numbers about the machine. Those of a memcg are in memcg-field.ts.

import { LruList, VmStat } from "../abi/counter";
import { TokenField } from "../abi/field";
import { handleOf } from "../memory/handle";
import { header, vmStatOf } from "../memory/header";
import { Cache, slabLive, slabNext } from "../memory/slab";
import { AddressSpace } from "../struct/address-space";
import { lruPages, memcgAt, memcgLru } from "../struct/memcg";
import { framesFree } from "../struct/page-frame";
import { slotAt, swapArea } from "../struct/swap-slot";
import { Task } from "../struct/task";

/** A number of /proc/vmstat that is counted as things happen: one of VmStat. */
export function vmStat(stat: i32): f64 {
  return vmStatOf(<VmStat>stat);
}

/** In page caches and, as v3.7 counts them with these, in the swap cache. */
function cachedPages(): f64 {
  let pages: u32 = 0;
  for (let at = slabNext(Cache.AddressSpace, 0); at; at = slabNext(Cache.AddressSpace, at)) {
    pages += changetype<AddressSpace>(at).pages;
  }
  for (let at = slabNext(Cache.SwapSlot, 0); at; at = slabNext(Cache.SwapSlot, at)) {
    if (slotAt(at).frame) pages++;
  }
  return <f64>pages;
}

/**
 * What is there now: 0 NR_ANON_PAGES, 1 NR_FILE_MAPPED, 2 + LruList, 7 NR_FILE_PAGES, 8 free frames,
 * 9 NR_ANON_TRANSPARENT_HUGEPAGES, 10 broken frames; of the pool of huge pages 11 all, 12 the
 * free, 13 the promised; 14 anon_vmas, 15 links of VMAs to them.
 */
export function zoneStat(which: i32): f64 {
  const state = header();
  if (which == 0) return <f64>state.nrAnonPages;
  if (which == 1) return <f64>state.nrFileMapped;
  if (which == 7) return cachedPages();
  if (which == 8) return <f64>framesFree();
  if (which == 9) return <f64>state.nrAnonHuge;
  if (which == 10) return <f64>state.framesPoisoned;
  if (which == 11) return <f64>state.hugePages;
  if (which == 12) return <f64>state.hugePagesFree;
  if (which == 13) return <f64>state.hugePagesReserved;
  if (which == 14) return <f64>slabLive(Cache.AnonVma);
  if (which == 15) return <f64>slabLive(Cache.Chain);
  let pages: u32 = 0;
  for (let at = state.rootMemcg; at; at = memcgAt(at).next) {
    pages += lruPages(memcgLru(at, <LruList>(which - 2)));
  }
  return <f64>pages;
}

/** Of a swap area below MAX_SWAP_AREAS: 0 its size in pages, 0 if there is none, 1 pages in use, 2 its priority. */
export function swapAreaField(area: u32, field: i32): f64 {
  const it = swapArea(area);
  if (field == 0) return <f64>it.limit;
  return field == 1 ? <f64>it.inUse : <f64>it.priority;
}

/** KSM: 0 pages shared, 1 places that share them beside the first, 2 what the last scan changed. */
export function ksmField(which: i32): f64 {
  const state = header();
  if (which == 0) return <f64>state.ksmPagesShared;
  return which == 1 ? <f64>state.ksmPagesSharing : <f64>state.ksmChanges;
}

/** The first task that runs in the address space which holds the swap token; 0 if there is none. */
function tokenHolder(): usize {
  const holder = header().swapTokenMm;
  let at: usize = holder ? <usize>header().tasks : 0;
  while (at && changetype<Task>(at).mm != holder) at = <usize>changetype<Task>(at).next;
  return at;
}

/** One of TokenField. */
export function swapTokenField(field: i32): f64 {
  if (field == TokenField.Holder) return handleOf(tokenHolder());
  return <f64>(field == TokenField.GlobalFaults ? header().globalFaults : header().lastAging);
}
