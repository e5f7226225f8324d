// Marks of many frames at once: which were set, and all of them cleared.

import { header } from "../memory/header";
import { heapScratch } from "../memory/heap";

/** Frames in a word of a bitmap. */
const WORD: u32 = 64;
const ALL: u64 = u64.MAX_VALUE;

/** Bits of frames [first, end) in the word that begins with frame `from`. */
function maskOf(from: u32, first: u32, end: u32): u64 {
  const before = <u64>(first > from ? first - from : 0);
  const behind = <u64>(end < from + WORD ? from + WORD - end : 0);
  return (ALL << before) & (ALL >> behind);
}

/** Moves the marks under a mask to `out`; how many there were. */
function takeWord(at: usize, out: usize, mask: u64): u32 {
  const word = load<u64>(at);
  const taken = word & mask;
  store<u64>(out, taken);
  if (taken) store<u64>(at, word & ~mask);
  return <u32>popcnt(taken);
}

/** Moves two words of marks; how many there were. Most blocks of a large machine have none. */
function takeBlock(at: usize, out: usize): u32 {
  const block = v128.load(at);
  v128.store(out, block);
  if (!v128.any_true(block)) return 0;
  v128.store(at, i64x2.splat(0));
  return <u32>(popcnt(i64x2.extract_lane(block, 0)) + popcnt(i64x2.extract_lane(block, 1)));
}

/**
 * Takes the marks of frames [first, first + n) out of a bitmap. Which they were stands in scratch memory at
 * bytesInUse, bit 0 for the first frame of first's word.
 * @returns how many, or -1 when there is no memory for the answer
 */
function takeMarks(bitmap: u32, first: u32, n: u32): f64 {
  const end = first + n;
  const base = first & ~(WORD - 1);
  const out = heapScratch(((<u64>(end - base) + 127) >> 7) << 4);
  if (!out) return -1;
  let taken: u32 = 0;
  let frame = base;
  while (frame < end) {
    const at = <usize>bitmap + <usize>(frame >> 3);
    const to = out + <usize>((frame - base) >> 3);
    if (frame >= first && frame + 2 * WORD <= end) {
      taken += takeBlock(at, to);
      frame += 2 * WORD;
    } else {
      taken += takeWord(at, to, maskOf(frame, first, end));
      frame += WORD;
    }
  }
  return <f64>taken;
}

/** Takes the referenced marks of frames [first, first + n). */
export function takeReferenced(first: u32, n: u32): f64 {
  return takeMarks(header().storageKeys, first, n);
}

/** Takes the changed marks of frames [first, first + n). */
export function takeChanged(first: u32, n: u32): f64 {
  return takeMarks(header().keysChanged, first, n);
}
