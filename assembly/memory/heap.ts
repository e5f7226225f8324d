// Linear memory above the constant data: grows from __heap_base, is never given back.
// Bytes below header().bytesInUse belong to the machine and are what a snapshot copies; bytes above
// are scratch for results and recounts, worthless after the next call.

import { header } from "./header";

const WASM_PAGE: u64 = 65536;

function ensure(end: u64): bool {
  if (end > <u64>header().memoryLimit) return false;
  const have = <u64>memory.size() * WASM_PAGE;
  if (end <= have) return true;
  return memory.grow(<i32>((end - have + WASM_PAGE - 1) / WASM_PAGE)) >= 0;
}

/** Zeroed bytes that stay, in whole 4 KiB: aligned address, or 0 when memory is exhausted. */
export function heapAlloc(size: u64): usize {
  const state = header();
  const start = <u64>state.bytesInUse;
  const bytes = (size + 4095) & ~4095;
  const end = start + bytes;
  if (!ensure(end)) return 0;
  memory.fill(<usize>start, 0, <usize>bytes);
  state.bytesInUse = <u32>end;
  return <usize>start;
}

/** Could so many more bytes be had? Grows the memory, so that they can't be refused later. */
export function heapHasRoom(bytes: u64): bool {
  return ensure(<u64>header().bytesInUse + bytes);
}

/** Bytes above those in use, not zeroed: valid until the core is called again, 0 when exhausted. */
export function heapScratch(bytes: u64): usize {
  const start = <u64>header().bytesInUse;
  return ensure(start + bytes) ? <usize>start : 0;
}
