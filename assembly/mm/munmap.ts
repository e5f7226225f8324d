// munmap, and the end of a VMA.

import { Event } from "../abi/event";
import { Errno } from "../abi/result";
import { event } from "../memory/event";
import { header } from "../memory/header";
import { unlinkAnonVmas } from "../rmap/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import { freePageTables } from "../struct/page-table";
import { Vma } from "../struct/vma";
import { fileClose } from "./file";
import { hugetlbVmClose } from "./hugetlb-reserve";
import { munlockWhole } from "./mlock";
import { areaFreed, TASK_SIZE } from "./unmapped-area";
import { findVma, unlinkFileVma, vmaFree, vmaRemove } from "./vma-list";
import { vmaSplitUnlimited } from "./vma-split";
import { unmapVmas } from "./zap";

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/**
 * Of VMAs that are out of the mm and still linked by next: entries first, then chains, then tables.
 * @param from where the range that is unmapped begins, and `to` where it ends: holes included
 */
export function unmapRegion(
  mm: MmStruct,
  first: u32,
  prev: u32,
  next: u32,
  from: u64,
  to: u64,
): void {
  const start = vmaAt(first).start;
  let end = start;
  unmapVmas(mm, first, from, to);
  for (let at = first; at; at = vmaAt(at).next) {
    unlinkAnonVmas(vmaAt(at));
    unlinkFileVma(vmaAt(at));
    end = vmaAt(at).end;
  }
  freePageTables(mm, start, end, prev ? vmaAt(prev).end : 0, next ? vmaAt(next).start : 0);
  for (let at = first; at;) {
    const vma = vmaAt(at);
    at = vma.next;
    event(Event.VmaGone, <f64>vma.start, <f64>vma.end, 0);
    hugetlbVmClose(vma);
    if (vma.file) fileClose(vma.file);
    vmaFree(vma);
  }
}

/** Takes [start, end), which VMAs begin and end at, out of the mm. */
function detach(mm: MmStruct, first: u32, start: u64, end: u64): void {
  const prev = vmaAt(first).prev;
  let last = first;
  for (let at = first; at && vmaAt(at).start < end;) {
    const next = vmaAt(at).next;
    vmaRemove(mm, vmaAt(at));
    areaFreed(mm, vmaAt(at).end);
    last = at;
    at = next;
  }
  const next = vmaAt(last).next;
  vmaAt(last).next = 0;
  unmapRegion(mm, first, prev, next, start, end);
}

/**
 * Unmaps [start, start + length), under mmap_sem for write.
 * @returns 0, or an Errno; then nothing but splits happened
 */
export function doMunmap(mm: MmStruct, start: u64, length: u64): i32 {
  if (start & 0xfff || start > TASK_SIZE || length > TASK_SIZE - start) return Errno.EINVAL;
  const bytes = (length + 0xfff) & ~0xfff;
  if (!bytes) return Errno.EINVAL;
  const end = start + bytes;
  let first = findVma(mm, start);
  if (!first || vmaAt(first).start >= end) return 0;

  if (start > vmaAt(first).start) {
    const vma = vmaAt(first);
    // Only a hole in the middle of one VMA makes more VMAs than there were.
    if (end < vma.end && mm.mapCount >= header().maxMapCount) return Errno.ENOMEM;
    const error = vmaSplitUnlimited(vma, start, false);
    if (error) return error;
    first = vma.next;
  }
  const last = findVma(mm, end);
  if (last && end > vmaAt(last).start) {
    const whole = last == first;
    const error = vmaSplitUnlimited(vmaAt(last), end, true);
    if (error) return error;
    if (whole) first = vmaAt(last).prev;
  }
  for (let at = first; mm.lockedVm && at && vmaAt(at).start < end; at = vmaAt(at).next) {
    munlockWhole(vmaAt(at));
  }
  detach(mm, first, start, end);
  return 0;
}
