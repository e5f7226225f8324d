// What a walk that records leaves of each place where a page is mapped. A walk that may come to one place
// twice also hashes its records, so that it is told in few steps, however many there are: each record has
// room for the head of a bucket, which is its own record's or another's.
//
//   +0 VMA | +4 next of its bucket | +8 address f64 | +16 first of bucket n | +20 spare
//
// Links are numbers of records from 1; 0 is none.

import { PAGE_SHIFT } from "../abi/unit";
import { MmStruct } from "../struct/mm-struct";
import { pageIsHuge } from "../struct/page";
import { ptlUnlock } from "../struct/page-table";
import { Vma } from "../struct/vma";
import { pageCheckAddress } from "./address";
import { isHugeMappedAt } from "./huge-entry";

/** A mapping as rmapWalk records it: the VMA at +0, and the address as f64 at +8. */
export const MAPPING_BYTES: usize = 24;

const NEXT: usize = 4;
const ADDRESS: usize = 8;
const FIRST: usize = 16;

/** Is the page mapped there? */
export function isMappedAt(frame: u32, vma: Vma, address: u64): bool {
  if (pageIsHuge(frame)) return isHugeMappedAt(frame, vma, address);
  const pmd = pageCheckAddress(frame, changetype<MmStruct>(<usize>vma.mm), address, true);
  if (!pmd) return false;
  ptlUnlock(pmd);
  return true;
}

/** Writes record n. */
export function recordMapping(out: usize, n: u32, vma: Vma, address: u64): void {
  const at = out + <usize>n * MAPPING_BYTES;
  store<u32>(at, <u32>changetype<usize>(vma));
  store<f64>(at, <f64>address, ADDRESS);
}

/** Before the first record that is to be found again: all buckets are empty. */
export function clearBuckets(out: usize, room: u32): void {
  for (let n: u32 = 0; n < room; n++) store<u32>(out + <usize>n * MAPPING_BYTES, 0, FIRST);
}

/** Where the number of the first record is that may be the place's. */
function bucketOf(out: usize, room: u32, vma: u32, address: f64): usize {
  const page = <u32>((<u64>address) >> PAGE_SHIFT);
  const mixed = vma * 0x9e3779b1 + page * 0x85ebca6b;
  return out + <usize>((mixed ^ (mixed >> 16)) % room) * MAPPING_BYTES + FIRST;
}

/** Record n of `room` can be found from now on. */
export function hashRecord(out: usize, room: u32, n: u32): void {
  const at = out + <usize>n * MAPPING_BYTES;
  const bucket = bucketOf(out, room, load<u32>(at), load<f64>(at, ADDRESS));
  store<u32>(at, load<u32>(bucket), NEXT);
  store<u32>(bucket, n + 1);
}

/** Is one of the records that were hashed that of the place? */
export function isRecorded(out: usize, room: u32, vma: Vma, address: u64): bool {
  const wanted = <u32>changetype<usize>(vma);
  for (let n = load<u32>(bucketOf(out, room, wanted, <f64>address)); n;) {
    const at = out + <usize>(n - 1) * MAPPING_BYTES;
    if (load<u32>(at) == wanted && load<f64>(at, ADDRESS) == <f64>address) return true;
    n = load<u32>(at, NEXT);
  }
  return false;
}
