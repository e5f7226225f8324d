// mremap: a mapping shrinks, grows where it is, or moves with its entries (spec/commits.md section 7).

import { MremapFlag } from "../abi/argument";
import { Event } from "../abi/event";
import { VmFlag } from "../abi/flag";
import { MremapOrder } from "../abi/switch";
import { Errno } from "../abi/result";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/unit";
import { event } from "../memory/event";
import { header } from "../memory/header";
import { anonVmaClone, anonVmaMovetoTail } from "../rmap/anon-vma";
import { getFile } from "../struct/address-space";
import { MmStruct } from "../struct/mm-struct";
import { tablesReserve } from "../struct/page-table";
import { isHugetlbVma, Vma } from "../struct/vma";
import { unmergeKsmPages } from "./ksm-break";
import { isOverMemlock } from "./limit";
import { mlockNewRange } from "./mlock";
import { movePageTables, tablesToMove } from "./move-page-tables";
import { doMunmap } from "./munmap";
import { populateVma } from "./populate";
import { getUnmappedArea, NO_AREA, TASK_SIZE } from "./unmapped-area";
import {
  findIntersection,
  findPrevious,
  findVma,
  vmaAlloc,
  vmaCopy,
  vmaFree,
  vmaLink,
} from "./vma-list";
import { vmaAdjust } from "./vma-adjust";
import { vmaMerge } from "./vma-merge";

/** VMAs that a move may make on the way. */
const SPARE_VMAS: u32 = 3;

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/** Is it the order of a list that keeps walks from missing entries on their way? */
function keepsOrder(): bool {
  return header().mremapOrder == <u32>MremapOrder.MoveToTail;
}

/** The VMA at the new place and, in the low bit, whether moving the entries needs the rmap locks; 0: no memory. */
function copyVma(source: Vma, start: u64, length: u64, linear: u64): u32 {
  const mm = changetype<MmStruct>(<usize>source.mm);
  const sourceStart = source.start;
  const faulted = source.file != 0 || source.anonVma != 0;
  // Memory that was never touched may begin a new life, with a better chance to merge.
  const pgoff = faulted ? linear : start >> PAGE_SHIFT;
  if (findIntersection(mm, start, start + length)) return 0;
  const joined = vmaMerge(
    mm,
    findPrevious(mm, start),
    start,
    start + length,
    source.flags,
    source.anonVma,
    source.file,
    pgoff,
  );
  if (joined) {
    const target = vmaAt(joined);
    // The source may have become part of it: then nothing is in place to be compared with.
    const self = sourceStart >= target.start && sourceStart < target.end;
    assert(!self || !faulted, "mremap: a faulted vma merged with its own copy");
    if (!self && keepsOrder()) anonVmaMovetoTail(target);
    const needLocks = self || target.pgoff <= source.pgoff;
    return needLocks ? joined | 1 : joined;
  }
  const vma = vmaAlloc();
  if (!vma) return 0;
  vmaCopy(vma, source);
  // The bounds are the key under which anonVmaClone inserts, so they come first.
  vma.start = start;
  vma.end = start + length;
  vma.pgoff = pgoff;
  if (!anonVmaClone(vma, source)) {
    vmaFree(vma);
    return 0;
  }
  if (vma.file) getFile(vma.file);
  vmaLink(mm, vma);
  event(Event.VmaNew, <f64>vma.start, <f64>vma.end, 1);
  return <u32>changetype<usize>(vma);
}

/** Moves [from, from + oldLength) to `to`, where there is room; returns to, or -Errno. */
function moveVma(source: Vma, from: u64, oldLength: u64, newLength: u64, to: u64): i64 {
  const mm = changetype<MmStruct>(<usize>source.mm);
  if (mm.mapCount + SPARE_VMAS >= header().maxMapCount) return -Errno.ENOMEM;
  const linear = source.pgoff + ((from - source.start) >> PAGE_SHIFT);
  if (!tablesReserve(tablesToMove(mm, from, oldLength))) return -Errno.ENOMEM;
  const locked = (source.flags & VmFlag.Locked) != 0;
  // Pages that are shared by contents would be met at the new place by surprise.
  if (source.flags & VmFlag.Mergeable) {
    const error = unmergeKsmPages(source, from, from + oldLength);
    if (error) return -(<i64>error);
  }
  const copied = copyVma(source, to, newLength, linear);
  if (!copied) return -Errno.ENOMEM;
  const target = vmaAt(copied & ~1);
  const needLocks = (copied & 1) != 0;

  // The source may have been merged into the target, and its struct freed.
  const origin = vmaAt(findVma(mm, from));
  const done = movePageTables(origin, from, to, oldLength, needLocks);
  if (done < oldLength) {
    // Back again, then the new mapping goes the way of the old. Walks must come to where the entries are now first.
    if (keepsOrder()) anonVmaMovetoTail(origin);
    movePageTables(target, to, from, done, true);
    doMunmap(mm, to, newLength);
    return -Errno.ENOMEM;
  }

  // What is left of the old VMA keeps its promise of memory.
  const accounted = (origin.flags & VmFlag.Account) != 0;
  const left = origin.end - origin.start - oldLength;
  const startsInside = from > origin.start;
  const cutsHole = startsInside && from + oldLength < origin.end;
  if (accounted) origin.flags &= ~VmFlag.Account;
  const error = doMunmap(mm, from, oldLength);
  if (accounted && (error || left)) {
    const rest = vmaAt(findVma(mm, startsInside ? from - 1 : from));
    rest.flags |= VmFlag.Account;
    if (cutsHole && !error) vmaAt(rest.next).flags |= VmFlag.Account;
  }
  if (locked) {
    mm.lockedVm += <u32>(newLength >> PAGE_SHIFT);
    if (newLength > oldLength) populateVma(vmaAt(findVma(mm, to)), to + oldLength, to + newLength);
  }
  return <i64>to;
}

/** May [address, address + oldLength), all in one VMA, become newLength? 0, or an Errno. */
function checkResize(mm: MmStruct, address: u64, oldLength: u64, newLength: u64): i32 {
  const vma = findVma(mm, address);
  if (!vma || vmaAt(vma).start > address) return Errno.EFAULT;
  // Huge pages of the pool neither move nor grow.
  if (isHugetlbVma(vmaAt(vma))) return Errno.EINVAL;
  if (oldLength > vmaAt(vma).end - address) return Errno.EFAULT;
  if (newLength <= oldLength) return 0;
  if (vmaAt(vma).flags & VmFlag.DontExpand) return Errno.EFAULT;
  const more = (newLength - oldLength) >> PAGE_SHIFT;
  return vmaAt(vma).flags & VmFlag.Locked && isOverMemlock(mm, more) ? Errno.EAGAIN : 0;
}

function mremapTo(mm: MmStruct, address: u64, oldBytes: u64, newBytes: u64, to: u64): i64 {
  if (to & 0xfff || newBytes > TASK_SIZE || to > TASK_SIZE - newBytes) return -Errno.EINVAL;
  if (to <= address && to + newBytes > address) return -Errno.EINVAL;
  if (address <= to && address + oldBytes > to) return -Errno.EINVAL;
  let error = doMunmap(mm, to, newBytes);
  if (error) return -(<i64>error);
  let length = oldBytes;
  if (length > newBytes) {
    error = doMunmap(mm, address + newBytes, length - newBytes);
    if (error) return -(<i64>error);
    length = newBytes;
  }
  error = checkResize(mm, address, length, newBytes);
  if (error) return -(<i64>error);
  return moveVma(vmaAt(findVma(mm, address)), address, length, newBytes, to);
}

/** May the VMA grow where it is by so many bytes? */
function isExpandable(vma: Vma, bytes: u64): bool {
  const end = vma.end + bytes;
  if (end > TASK_SIZE) return false;
  return !vma.next || vmaAt(vma.next).start >= end;
}

/**
 * mremap(2), under mmap_sem for write. With MremapFlag.Fixed the target is unmapped first, even if the
 * call fails afterwards.
 * @returns the address, or -Errno
 */
export function doMremap(
  mm: MmStruct,
  address: u64,
  oldLength: u64,
  newLength: u64,
  how: u32,
  to: u64,
): i64 {
  if (address & 0xfff) return -Errno.EINVAL;
  if (how & MremapFlag.Fixed && !(how & MremapFlag.MayMove)) return -Errno.EINVAL;
  const oldBytes = (oldLength + 0xfff) & ~0xfff;
  const newBytes = (newLength + 0xfff) & ~0xfff;
  if (!newBytes) return -Errno.EINVAL;
  if (how & MremapFlag.Fixed) return mremapTo(mm, address, oldBytes, newBytes, to);

  if (oldBytes >= newBytes) {
    if (oldBytes > newBytes) {
      const error = doMunmap(mm, address + newBytes, oldBytes - newBytes);
      if (error) return -(<i64>error);
    }
    return <i64>address;
  }
  const error = checkResize(mm, address, oldBytes, newBytes);
  if (error) return -(<i64>error);
  const it = vmaAt(findVma(mm, address));
  if (oldBytes == it.end - address && isExpandable(it, newBytes - oldBytes)) {
    if (!vmaAdjust(it, it.start, address + newBytes, it.pgoff, 0)) return -Errno.ENOMEM;
    mlockNewRange(it, address + oldBytes, address + newBytes);
    return <i64>address;
  }
  if (!(how & MremapFlag.MayMove)) return -Errno.ENOMEM;
  const room = getUnmappedArea(mm, 0, newBytes, PAGE_SIZE);
  if (room == NO_AREA) return -Errno.ENOMEM;
  return moveVma(it, address, oldBytes, newBytes, room);
}
