// brk: the heap grows and shrinks.

import { VmFlag } from "../abi/flag";
import { PAGE_SHIFT } from "../abi/unit";
import { header } from "../memory/header";
import { MmStruct } from "../struct/mm-struct";
import { Vma } from "../struct/vma";
import { isOverMemlock } from "./limit";
import { mapRegion, MAY_ANYTHING } from "./mmap";
import { mlockNewRange } from "./mlock";
import { doMunmap } from "./munmap";
import { TASK_SIZE } from "./unmapped-area";
import { findIntersection, isErrno } from "./vma-list";

/**
 * brk(2): moves the end of the heap, if nothing is in the way.
 * @returns where the heap ends now
 */
export function doBrk(mm: MmStruct, brk: u64): u64 {
  if (brk < mm.startBrk || brk > TASK_SIZE) return mm.brk;
  const old = (mm.brk + 0xfff) & ~0xfff;
  const end = (brk + 0xfff) & ~0xfff;
  if (end < old) {
    if (doMunmap(mm, end, old - end)) return mm.brk;
  } else if (end > old) {
    // A page is left free above it.
    if (findIntersection(mm, old, end + 0x1000)) return mm.brk;
    if (mm.mapCount > header().maxMapCount) return mm.brk;
    const access: u32 = VmFlag.Read | VmFlag.Write | MAY_ANYTHING | VmFlag.Account;
    const flags = access | mm.defFlags;
    if (flags & VmFlag.Locked && isOverMemlock(mm, (end - old) >> PAGE_SHIFT)) return mm.brk;
    const vma = mapRegion(mm, old, end, flags, 0, old >> PAGE_SHIFT);
    if (isErrno(vma)) return mm.brk;
    mlockNewRange(changetype<Vma>(<usize>vma), old, end);
  }
  mm.brk = brk;
  return brk;
}
