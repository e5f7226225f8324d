// mmap: new mappings.

import { MapFlag } from "../abi/argument";
import { Event } from "../abi/event";
import { VmFlag } from "../abi/flag";
import { FileKind } from "../abi/machine";
import { Errno } from "../abi/result";
import { HUGE_SIZE, PAGE_SHIFT, PAGE_SIZE } from "../abi/unit";
import { event } from "../memory/event";
import { header } from "../memory/header";
import { AddressSpace, File, getFile, isHugetlb } from "../struct/address-space";
import { MmStruct } from "../struct/mm-struct";
import { isHugetlbVma, Vma, vmaPages } from "../struct/vma";
import { fileClose, fileCreate } from "./file";
import { hugetlbFileMmap } from "./hugetlb-file";
import { canDoMlock, isOverMemlock } from "./limit";
import { mlockNewRange } from "./mlock";
import { doMunmap } from "./munmap";
import { getUnmappedArea, NO_AREA, TASK_SIZE } from "./unmapped-area";
import { findIntersection, findPrevious, isErrno, vmaAlloc, vmaFree, vmaLink } from "./vma-list";
import { vmaMerge } from "./vma-merge";
import { protFlags } from "../struct/vma-prot";

export const MAY_ANYTHING: u32 = VmFlag.MayRead | VmFlag.MayWrite | VmFlag.MayExec;
/** Page offsets and file sizes reach so far. */
export const PGOFF_MAX: u64 = 1 << 52;

const HUGE_REST: u64 = HUGE_SIZE - 1;

function isHugetlbFile(file: u32): bool {
  return isHugetlb(changetype<AddressSpace>(<usize>changetype<File>(<usize>file).mapping));
}

/** A private mapping that may be written has to be promised memory. */
export function isAccountable(flags: u32): bool {
  return (flags & (VmFlag.NoReserve | VmFlag.Shared | VmFlag.Write)) == VmFlag.Write;
}

/** The object behind memory that shows no file by name, if it needs one: shared, or in huge pages. False: no memory. */
function openNameless(vma: Vma): bool {
  const huge = (vma.flags & VmFlag.Hugetlb) != 0;
  if (!huge && !(vma.flags & VmFlag.Shared)) return true;
  vma.file = <u32>fileCreate(huge ? FileKind.Hugetlb : FileKind.Shmem, vmaPages(vma), -1);
  vma.pgoff = 0;
  return vma.file != 0;
}

/** Joins the range to a neighbour or makes a VMA of it: the VMA that holds it, or an Errno. */
export function mapRegion(
  mm: MmStruct,
  start: u64,
  end: u64,
  flags: u32,
  file: u32,
  pgoff: u64,
): u32 {
  const prev = findPrevious(mm, start);
  const joined = vmaMerge(mm, prev, start, end, flags, 0, file, pgoff);
  if (joined) return joined;
  const vma = vmaAlloc();
  if (!vma) return Errno.ENOMEM;
  const state = vma.state;
  memory.fill(changetype<usize>(vma), 0, offsetof<Vma>());
  vma.state = state;
  vma.mm = <u32>changetype<usize>(mm);
  vma.start = start;
  vma.end = end;
  vma.flags = flags;
  vma.pgoff = pgoff;
  vma.file = file;
  if (file) {
    getFile(file);
  } else if (!openNameless(vma)) {
    vmaFree(vma);
    return Errno.ENOMEM;
  }
  const error = isHugetlbVma(vma) ? hugetlbFileMmap(vma) : 0;
  if (error) {
    fileClose(vma.file);
    vmaFree(vma);
    return error;
  }
  vmaLink(mm, vma);
  event(Event.VmaNew, <f64>start, <f64>end, 0);
  return <u32>changetype<usize>(vma);
}

/**
 * mmap(2), under mmap_sem for write.
 * @param file 0 for anonymous memory
 * @returns the address, or -Errno
 */
export function doMmap(
  mm: MmStruct,
  address: u64,
  length: u64,
  prot: u32,
  how: u32,
  file: u32,
  pgoff: u64,
): i64 {
  if (!length) return -Errno.EINVAL;
  if (length > TASK_SIZE) return -Errno.ENOMEM;
  const bytes = (length + 0xfff) & ~0xfff;
  if (pgoff > PGOFF_MAX || pgoff + (bytes >> PAGE_SHIFT) > PGOFF_MAX) return -Errno.EINVAL;
  if (mm.mapCount > header().maxMapCount) return -Errno.ENOMEM;
  const huge = (how & MapFlag.Hugetlb) != 0 || (file != 0 && isHugetlbFile(file));
  if (how & MapFlag.Hugetlb && file) return -Errno.EINVAL;
  if (huge && bytes & HUGE_REST) return -Errno.EINVAL;
  // Only private anonymous memory can be a stack.
  if (how & MapFlag.GrowsDown && (file || huge || how & MapFlag.Shared)) {
    return -Errno.EINVAL;
  }
  const fixed = (how & (MapFlag.Fixed | MapFlag.FixedNoReplace)) != 0;
  let start = address & ~0xfff;
  if (fixed) {
    if (address & (huge ? HUGE_REST : 0xfff)) return -Errno.EINVAL;
    if (start > TASK_SIZE - bytes) return -Errno.ENOMEM;
    if (how & MapFlag.FixedNoReplace && findIntersection(mm, start, start + bytes)) {
      return -Errno.EEXIST;
    }
  } else {
    start = getUnmappedArea(mm, start, bytes, huge ? HUGE_SIZE : PAGE_SIZE);
    if (start == NO_AREA) return -Errno.ENOMEM;
  }

  let flags = protFlags(prot) | MAY_ANYTHING;
  if (how & MapFlag.GrowsDown) flags |= VmFlag.GrowsDown;
  if (how & MapFlag.NoReserve) flags |= VmFlag.NoReserve;
  if (how & MapFlag.Shared) flags |= VmFlag.Shared | VmFlag.MayShare;
  if (!file) pgoff = how & MapFlag.Shared ? 0 : start >> PAGE_SHIFT;
  // The pool promises its pages itself.
  if (huge) flags |= VmFlag.Hugetlb | VmFlag.DontExpand;
  else if (isAccountable(flags)) flags |= VmFlag.Account;
  flags |= mm.defFlags;
  if (how & MapFlag.Locked) {
    if (!canDoMlock()) return -Errno.EPERM;
    flags |= VmFlag.Locked;
  }
  if (how & MapFlag.StackSetup) flags |= VmFlag.SeqRead | VmFlag.RandRead;
  if (flags & VmFlag.Locked && isOverMemlock(mm, bytes >> PAGE_SHIFT)) return -Errno.EAGAIN;

  const error = doMunmap(mm, start, bytes);
  if (error) return -(<i64>error);
  const vma = mapRegion(mm, start, start + bytes, flags, file, pgoff);
  if (isErrno(vma)) return -(<i64>vma);
  mlockNewRange(changetype<Vma>(<usize>vma), start, start + bytes);
  return <i64>start;
}
