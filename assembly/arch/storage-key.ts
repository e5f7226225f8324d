// Storage keys: what an s390x notes of each frame, beside the page tables, whose entries have neither an accessed
// nor a dirty bit there. Whoever touches the frame leaves a mark: programs, the kernel, I/O.
//
//   storageKeys    referenced   1 bit a frame    an access
//   keysChanged    changed      1 bit a frame    a write
//   keysAccess     access       4 bits a frame   access-control bits: kept, as key 0, which Linux runs with, opens all
//
// An x86-64 has none: storageKeys is 0. Callers on hot paths ask hasStorageKeys first, which is one load.

import { KEY_ACCESS_SHIFT, StorageKey } from "../abi/flag";
import { header } from "../memory/header";
import { heapAlloc } from "../memory/heap";
import { sharedAccess } from "../sync/yield-point";

/** Each part is this long a multiple of bytes: what one step of a bulk operation takes. */
const BLOCK: u64 = 16;

function rounded(bytes: u64): u64 {
  return (bytes + BLOCK - 1) & ~(BLOCK - 1);
}

/** Keys for frames 0 to frames; false when memory is exhausted. */
export function storageKeysInit(frames: u32): bool {
  const state = header();
  const marks = rounded(((<u64>frames) >> 3) + 1);
  const access = rounded(((<u64>frames) >> 1) + 1);
  const start = heapAlloc(2 * marks + access);
  if (!start) return false;
  state.storageKeys = <u32>start;
  state.keysChanged = <u32>(start + <usize>marks);
  state.keysAccess = <u32>(start + <usize>(2 * marks));
  return true;
}

/** Is the machine an s390x? */
export function hasStorageKeys(): bool {
  return header().storageKeys != 0;
}

function wordOf(bitmap: u32, frame: u32): usize {
  return <usize>bitmap + ((<usize>(frame >> 5)) << 2);
}

function isSet(bitmap: u32, frame: u32): bool {
  return ((load<u32>(wordOf(bitmap, frame)) >> (frame & 31)) & 1) != 0;
}

function mark(bitmap: u32, frame: u32): void {
  const at = wordOf(bitmap, frame);
  store<u32>(at, load<u32>(at) | (1 << (frame & 31)));
}

function testAndClear(bitmap: u32, frame: u32): bool {
  const at = wordOf(bitmap, frame);
  // Whoever writes to the page meanwhile sets the bit without a lock.
  sharedAccess(at);
  const word = load<u32>(at);
  const bit: u32 = 1 << (frame & 31);
  store<u32>(at, word & ~bit);
  return (word & bit) != 0;
}

/** Somebody read the frame. */
export function keyReferenced(frame: u32): void {
  mark(header().storageKeys, frame);
}

/** Somebody wrote to the frame. */
export function keyChanged(frame: u32): void {
  const state = header();
  mark(state.storageKeys, frame);
  mark(state.keysChanged, frame);
}

/** page_test_and_clear_young: was the frame touched? */
export function pageTestAndClearYoung(frame: u32): bool {
  return testAndClear(header().storageKeys, frame);
}

/** page_test_and_clear_young of all frames of a row: was any of them touched? First and number are multiples of 64. */
export function framesTestAndClearYoung(first: u32, n: u32): bool {
  const at = wordOf(header().storageKeys, first);
  sharedAccess(at);
  let marks: u64 = 0;
  for (let i: u32 = 0; i < n >> 3; i += 8) {
    marks |= load<u64>(at + <usize>i);
    store<u64>(at + <usize>i, 0);
  }
  return marks != 0;
}

/** page_test_and_clear_dirty: was the frame written to? */
export function pageTestAndClearDirty(frame: u32): bool {
  return testAndClear(header().keysChanged, frame);
}

/** Was the frame written to? Leaves the mark. */
export function isKeyChanged(frame: u32): bool {
  return isSet(header().keysChanged, frame);
}

function accessAt(frame: u32): usize {
  return <usize>header().keysAccess + <usize>(frame >> 1);
}

/** The key of a frame, as bits of StorageKey. */
export function pageStorageKey(frame: u32): u32 {
  const state = header();
  const access = ((<u32>load<u8>(accessAt(frame))) >> ((frame & 1) << 2)) & 15;
  let key = access << KEY_ACCESS_SHIFT;
  if (isSet(state.storageKeys, frame)) key |= StorageKey.Referenced;
  if (isSet(state.keysChanged, frame)) key |= StorageKey.Changed;
  return key;
}

/** page_set_storage_key: marks and access control at once. */
export function pageSetStorageKey(frame: u32, key: u32): void {
  const state = header();
  testAndClear(state.storageKeys, frame);
  testAndClear(state.keysChanged, frame);
  if (key & StorageKey.Referenced) mark(state.storageKeys, frame);
  if (key & StorageKey.Changed) mark(state.keysChanged, frame);
  const at = accessAt(frame);
  const shift = (frame & 1) << 2;
  const others = (<u32>load<u8>(at)) & ~(15 << shift);
  store<u8>(at, others | ((key >> KEY_ACCESS_SHIFT) << shift));
}
