// madvise: forget pages, or other flags for a range.

import { Advice } from "../abi/argument";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { MmStruct } from "../struct/mm-struct";
import { isNonlinear, Vma } from "../struct/vma";
import { findVma, isErrno } from "./vma-list";
import { ksmEnter } from "../struct/ksm";
import { unmergeKsmPages } from "./ksm-break";
import { vmaSetFlags } from "./mprotect";
import { zapPageRange } from "./zap";
import { zapNonlinear } from "./zap-nonlinear";

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/** VM_NO_THP. */
const NEVER_HUGE: u32 = VmFlag.Shared | VmFlag.MayShare | VmFlag.DontExpand;
/** Locked pages stay, and so do those of a hugetlb file. */
const KEEPS_PAGES: u32 = VmFlag.Locked | VmFlag.Hugetlb;
const NEVER_MERGEABLE: u32 = VmFlag.Shared | VmFlag.MayShare | VmFlag.DontExpand;

function advisedFlags(flags: u32, advice: Advice): u32 {
  switch (advice) {
    case Advice.Normal:
      return flags & ~(VmFlag.SeqRead | VmFlag.RandRead);
    case Advice.Random:
      return (flags & ~VmFlag.SeqRead) | VmFlag.RandRead;
    case Advice.Sequential:
      return (flags & ~VmFlag.RandRead) | VmFlag.SeqRead;
    case Advice.DontFork:
      return flags | VmFlag.DontCopy;
    case Advice.DoFork:
      return flags & ~VmFlag.DontCopy;
    case Advice.Mergeable:
      // Shared memory and what must not be copied is never merged; it is no error to ask for it.
      return flags & NEVER_MERGEABLE ? flags : flags | VmFlag.Mergeable;
    case Advice.Unmergeable:
      return flags & ~VmFlag.Mergeable;
    case Advice.HugePage:
      return (flags & ~VmFlag.NoHugePage) | VmFlag.HugePage;
    case Advice.NoHugePage:
      return (flags & ~VmFlag.HugePage) | VmFlag.NoHugePage;
    default:
      return flags;
  }
}

/** hugepage_madvise says no, also to what was asked for before. */
function refusesHuge(flags: u32, advice: Advice): bool {
  if (advice == Advice.HugePage) return (flags & (NEVER_HUGE | VmFlag.HugePage)) != 0;
  return advice == Advice.NoHugePage && (flags & (NEVER_HUGE | VmFlag.NoHugePage)) != 0;
}

/** One VMA's part; the VMA that holds it now, or an Errno. */
function madviseVma(vma: Vma, prev: u32, start: u64, end: u64, advice: Advice): u32 {
  if (advice == Advice.DontNeed) {
    if (isNonlinear(vma)) zapNonlinear(vma, start, end, 0, u64.MAX_VALUE, 0);
    else zapPageRange(vma, start, end);
    return <u32>changetype<usize>(vma);
  }
  const flags = advisedFlags(vma.flags, advice);
  if (flags == vma.flags) return <u32>changetype<usize>(vma);
  const mm = changetype<MmStruct>(<usize>vma.mm);
  if (advice == Advice.Mergeable && !mm.ksmSlot && !ksmEnter(mm)) return Errno.ENOMEM;
  if (advice == Advice.Unmergeable && unmergeKsmPages(vma, start, end)) return Errno.ENOMEM;
  return vmaSetFlags(vma, prev, start, end, flags);
}

/**
 * madvise(2), under mmap_sem for write (for read it would do for DONTNEED). Holes are passed over and
 * make the result ENOMEM.
 */
export function doMadvise(mm: MmStruct, start: u64, length: u64, advice: Advice): i32 {
  if (start & 0xfff || advice < Advice.Normal || advice > Advice.NoHugePage) return Errno.EINVAL;
  const bytes = (length + 0xfff) & ~0xfff;
  const end = start + bytes;
  if (end < start || (length && !bytes)) return Errno.EINVAL;
  if (end == start) return 0;
  let at = findVma(mm, start);
  let prev = at && start > vmaAt(at).start ? at : at ? vmaAt(at).prev : 0;
  let hole = 0;
  let from = start;
  while (true) {
    if (!at) return Errno.ENOMEM;
    if (from < vmaAt(at).start) {
      hole = Errno.ENOMEM;
      from = vmaAt(at).start;
      if (from >= end) return hole;
    }
    const to = min(vmaAt(at).end, end);
    if (advice == Advice.WillNeed && !vmaAt(at).file) return Errno.EBADF;
    if (advice == Advice.DontNeed && vmaAt(at).flags & KEEPS_PAGES) return Errno.EINVAL;
    if (refusesHuge(vmaAt(at).flags, advice)) return Errno.EINVAL;
    prev = madviseVma(vmaAt(at), prev, from, to, advice);
    // Resources may come back: the kernel says so with another error than for holes.
    if (isErrno(prev)) return prev == <u32>Errno.ENOMEM ? Errno.EAGAIN : <i32>prev;
    from = max(to, vmaAt(prev).end);
    if (from >= end) return hole;
    at = vmaAt(prev).next;
  }
}
