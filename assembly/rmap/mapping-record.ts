// What a walk that records leaves of each place where a page is mapped.

import { MmStruct } from "../struct/mm-struct";
import { ptlUnlock } from "../struct/page-table";
import { Vma } from "../struct/vma";
import { pageCheckAddress } from "./address";

/** A mapping as rmapWalk records it: the VMA, a spare word, and the address as f64. */
export const MAPPING_BYTES: usize = 16;

/** Is the page mapped there? */
export function isMappedAt(frame: u32, vma: Vma, address: u64): bool {
  const pmd = pageCheckAddress(frame, changetype<MmStruct>(<usize>vma.mm), address, true);
  if (!pmd) return false;
  ptlUnlock(pmd);
  return true;
}

/** Is one of the first n records that of the place? */
export function isRecorded(out: usize, n: u32, vma: Vma, address: u64): bool {
  for (let at = out; at < out + <usize>n * MAPPING_BYTES; at += MAPPING_BYTES) {
    if (load<u32>(at) != <u32>changetype<usize>(vma)) continue;
    if (load<f64>(at, 8) == <f64>address) return true;
  }
  return false;
}

/** Writes record n. */
export function recordMapping(out: usize, n: u32, vma: Vma, address: u64): void {
  const at = out + <usize>n * MAPPING_BYTES;
  store<u32>(at, <u32>changetype<usize>(vma));
  store<f64>(at, <f64>address, 8);
}
