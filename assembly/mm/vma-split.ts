// Cuts a VMA in two.

import { Counter } from "../abi/counter";
import { Event } from "../abi/event";
import { Errno } from "../abi/result";
import { HUGE_SIZE, PAGE_SHIFT } from "../abi/unit";
import { event } from "../memory/event";
import { count, header } from "../memory/header";
import { anonVmaClone } from "../rmap/anon-vma";
import { getFile } from "../struct/address-space";
import { MmStruct } from "../struct/mm-struct";
import { reservationShare } from "../struct/reservation";
import { isHugetlbVma, Vma } from "../struct/vma";
import { vmaAdjust } from "./vma-adjust";
import { vmaAlloc, vmaCopy, vmaFree } from "./vma-list";

/** Of an address: what lies beyond the beginning of a huge page. */
const HUGE_REST: u64 = HUGE_SIZE - 1;

/**
 * Cuts at an address inside the VMA, which keeps one side; the other becomes a new VMA. Does not look
 * at the limit of VMAs.
 * @param below the new VMA is the lower part
 * @returns 0, EINVAL inside a huge page of the pool, or ENOMEM; then nothing changed
 */
export function vmaSplitUnlimited(vma: Vma, at: u64, below: bool): i32 {
  if (isHugetlbVma(vma) && at & HUGE_REST) return Errno.EINVAL;
  const half = vmaAlloc();
  if (!half) return Errno.ENOMEM;
  const start = vma.start;
  const end = vma.end;
  const pgoff = vma.pgoff + ((at - start) >> PAGE_SHIFT);
  vmaCopy(half, vma);
  if (below) {
    half.end = at;
  } else {
    half.start = at;
    half.pgoff = pgoff;
  }
  if (!anonVmaClone(half, vma)) {
    vmaFree(half);
    return Errno.ENOMEM;
  }
  if (half.file) getFile(half.file);
  reservationShare(half);
  const object = <u32>changetype<usize>(half);
  // With a VMA to insert there is nothing to import, so this can't fail.
  if (below) vmaAdjust(vma, at, end, pgoff, object);
  else vmaAdjust(vma, start, at, vma.pgoff, object);
  count(Counter.VmaSplits, 1);
  event(Event.VmaSplit, <f64>start, <f64>at, <f64>end);
  return 0;
}

/** vmaSplitUnlimited for callers that must respect the limit of VMAs. */
export function vmaSplit(vma: Vma, at: u64, below: bool): i32 {
  if (changetype<MmStruct>(<usize>vma.mm).mapCount >= header().maxMapCount) return Errno.ENOMEM;
  return vmaSplitUnlimited(vma, at, below);
}
