// Handles: what JavaScript holds of an object. One f64:
//
//   generation (25 bits) * 2^28 + address / 8        for slab objects
//   generation (25 bits) * 2^28 + frame number       for pages
//
// A handle whose generation is no longer the object's is stale. 0 is no object.

import { header } from "./header";
import { Cache } from "./slab";

const SHIFT: u64 = 28;
const LOW: u64 = (1 << 28) - 1;

export function handleOf(object: usize): f64 {
  if (!object) return 0;
  return <f64>(((<u64>(load<u32>(object) >> 6)) << SHIFT) | (<u64>(object >>> 3)));
}

/** The live object of that type, or 0 when the handle is stale. */
export function objectOf(cache: Cache, handle: f64): usize {
  const bits = <u64>handle;
  const object = (<usize>(bits & LOW)) << 3;
  if (object == 0 || object >= <usize>header().bytesInUse) return 0;
  const state = ((<u32>(bits >> SHIFT)) << 6) | ((<u32>cache) << 1) | 1;
  return load<u32>(object) == state ? object : 0;
}

export function frameHandle(frame: u32, generation: u32): f64 {
  return <f64>(((<u64>generation) << SHIFT) | (<u64>frame));
}

export function frameOfHandle(handle: f64): u32 {
  return <u32>((<u64>handle) & LOW);
}

export function generationOfHandle(handle: f64): u32 {
  return <u32>((<u64>handle) >> SHIFT);
}
