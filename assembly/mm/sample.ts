// Loops for benchmarks: the same paths as everywhere, over a sample of pages, without a call a page.
//
//   sample:    frame u32 [n]          mappings:  first u32 [n + 1]   of each page's places
//                                                (a record of MAPPING_BYTES, its mm for the VMA) [...]

import { Unmap } from "../abi/argument";
import { Errno } from "../abi/result";
import { header } from "../memory/header";
import { heapAlloc } from "../memory/heap";
import { pageReferenced, references } from "../rmap/referenced";
import { MAPPING_BYTES } from "../rmap/mapping-record";
import { rmapWalk, stab } from "../rmap/walk";
import { MmStruct } from "../struct/mm-struct";
import { pageMapcount, pageRefcount } from "../struct/page";
import { pteAt } from "../struct/page-table";
import { PTE_YOUNG } from "../struct/pte";
import { Vma } from "../struct/vma";
import { Access, accessMemory } from "./fault";
import { unmapPage } from "./page-operation";

function frameAt(i: u32): u32 {
  return load<u32>(<usize>header().sample + ((<usize>i) << 2));
}

/** The place after i, from the last to the first: a division would be a tenth of a stab. */
function wrapped(i: u32): u32 {
  return i + 1 == header().sampleLength ? 0 : i + 1;
}

/** Room for n frame numbers, which the caller writes there; 0 when memory is exhausted. */
export function sampleReserve(n: u32): u32 {
  const state = header();
  state.sample = <u32>heapAlloc((<u64>n) << 2);
  state.sampleLength = n;
  return state.sample;
}

function makeOld(mm: usize, address: u64): void {
  const pte = pteAt(changetype<MmStruct>(mm), address);
  if (pte) store<u64>(pte, load<u64>(pte) & ~PTE_YOUNG);
}

/** Looks up where the sampled pages are mapped, and makes their entries old; 0 or ENOMEM. */
export function samplePrepare(): i32 {
  const state = header();
  const n = state.sampleLength;
  let total: u64 = 0;
  for (let i: u32 = 0; i < n; i++) total += <u64>pageMapcount(frameAt(i));
  const heads = ((<u64>n + 1) * 4 + 7) & ~7;
  const bytes = heads + total * MAPPING_BYTES;
  if (bytes > <u64>state.sampleMappingsRoom) {
    state.sampleMappings = <u32>heapAlloc(bytes);
    state.sampleMappingsRoom = state.sampleMappings ? <u32>bytes : 0;
  }
  const table = <usize>state.sampleMappings;
  if (!table) return Errno.ENOMEM;
  const places = table + <usize>heads;
  let next: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    store<u32>(table + ((<usize>i) << 2), next);
    const at = places + <usize>next * MAPPING_BYTES;
    const found = rmapWalk(frameAt(i), at, <u32>pageMapcount(frameAt(i)));
    for (let k: u32 = 0; k < found; k++) {
      const place = at + <usize>k * MAPPING_BYTES;
      const mm = changetype<Vma>(<usize>load<u32>(place)).mm;
      store<u32>(place, mm);
      makeOld(<usize>mm, <u64>load<f64>(place, 8));
    }
    next += found;
  }
  store<u32>(table + ((<usize>n) << 2), next);
  return 0;
}

/** The index alone, for so many pages of the sample from offset on; VMAs found. */
export function benchStab(count: u32, offset: u32): u32 {
  const state = header();
  let slot = offset % state.sampleLength;
  let sum: u32 = 0;
  while (count) {
    const n = min(count, state.sampleLength - slot);
    sum += stab(<usize>state.sample + ((<usize>slot) << 2), n);
    count -= n;
    slot = 0;
  }
  return sum;
}

/** page_referenced; references counted. */
export function benchPageReferenced(count: u32, offset: u32): u32 {
  let sum: u32 = 0;
  let slot = offset % header().sampleLength;
  for (let i: u32 = 0; i < count; i++, slot = wrapped(slot))
    sum += <u32>references(pageReferenced(frameAt(slot), false, 0));
  return sum;
}

/** A full rmap_walk; entries found. */
export function benchRmapWalk(count: u32, offset: u32): u32 {
  let sum: u32 = 0;
  let slot = offset % header().sampleLength;
  for (let i: u32 = 0; i < count; i++, slot = wrapped(slot)) sum += rmapWalk(frameAt(slot), 0, 0);
  return sum;
}

/** try_to_unmap to swap entries, then the faults that bring every one back; pages unmapped. */
export function benchTryToUnmap(count: u32, offset: u32): u32 {
  const state = header();
  const n = state.sampleLength;
  const table = <usize>state.sampleMappings;
  const places = table + ((((<usize>n + 1) << 2) + 7) & ~7);
  let sum: u32 = 0;
  let slot = offset % n;
  for (let i: u32 = 0; i < count; i++, slot = wrapped(slot)) {
    if (!pageRefcount(frameAt(slot))) continue;
    unmapPage(frameAt(slot), Unmap.Unmap);
    if (!pageMapcount(frameAt(slot))) sum++;
    const end = load<u32>(table + ((<usize>slot) << 2), 4);
    for (let k = load<u32>(table + ((<usize>slot) << 2)); k < end; k++) {
      const place = places + <usize>k * MAPPING_BYTES;
      const mm = <usize>load<u32>(place);
      const address = <u64>load<f64>(place, 8);
      accessMemory(changetype<MmStruct>(mm), address, Access.Read, 0);
      makeOld(mm, address);
    }
  }
  return sum;
}
