// mprotect: other permissions for a range, VMA by VMA.

import { Doing } from "../locks";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/unit";
import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "../notifier/dispatch";
import { MmStruct } from "../struct/mm-struct";
import { nextMapped, pmdAt, pmdEnd, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteIsMigration,
  pteIsPresent,
  pteOfMigration,
  PTE_USER,
  PTE_WRITE,
} from "../struct/pte";
import { changeHugePmd } from "./huge-entry";
import { isHugetlbVma, Vma } from "../struct/vma";
import { hugetlbChangeProtection } from "./hugetlb-range";
import { findVma, isErrno } from "./vma-list";
import { vmaMerge } from "./vma-merge";
import { vmaSplit } from "./vma-split";
import { protFlags, vmaPageProt, vmaWantsWritenotify } from "../struct/vma-prot";

const ACCESS: u32 = VmFlag.Read | VmFlag.Write | VmFlag.Exec;
const ALREADY_ACCOUNTED: u32 = VmFlag.Account | VmFlag.Write | VmFlag.Shared | VmFlag.NoReserve;

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/** Gives every present entry of [start, end) the VMA's protection; young and dirty stay. */
function changeProtection(vma: Vma, start: u64, end: u64): void {
  if (isHugetlbVma(vma)) {
    hugetlbChangeProtection(vma, start, end);
    return;
  }
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const prot = vmaPageProt(vma);
  const keepsDirty = vmaWantsWritenotify(vma);
  for (let at = nextMapped(mm, start, end); at < end; at = nextMapped(mm, at, end)) {
    const stop = pmdEnd(at, end);
    let pmd = pmdAt(mm, at);
    if (!pmd) {
      if (changeHugePmd(vma, at, stop, prot)) {
        at = stop;
        continue;
      }
      pmd = pmdAt(mm, at);
    }
    ptlLock(pmd, Doing.Mprotect);
    for (; at < stop; at += PAGE_SIZE) {
      const pte = pteUnder(pmd, at);
      let entry = load<u64>(pte);
      if (!pteIsPresent(entry)) {
        // A page on its way comes back read-only: the next write asks.
        if (pteIsMigration(entry)) store<u64>(pte, pteOfMigration(pteFrame(entry), false));
        continue;
      }
      entry = (entry & ~(PTE_USER | PTE_WRITE)) | prot;
      // A page that is known to be dirty need not fault to say so again.
      if (keepsDirty && entry & PTE_DIRTY) entry |= PTE_WRITE;
      store<u64>(pte, entry);
    }
    ptlUnlock(pmd);
  }
}

/** Sets the flags of [start, end) of a VMA by merging or splitting; the VMA that holds it now, or an Errno. */
export function vmaSetFlags(vma: Vma, prev: u32, start: u64, end: u64, flags: u32): u32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pgoff = vma.pgoff + ((start - vma.start) >> PAGE_SHIFT);
  const joined = vmaMerge(mm, prev, start, end, flags, vma.anonVma, vma.file, pgoff);
  if (joined) {
    vmaAt(joined).flags = flags;
    return joined;
  }
  let error = start != vma.start ? vmaSplit(vma, start, true) : 0;
  if (!error && end != vma.end) error = vmaSplit(vma, end, false);
  if (error) return <u32>error;
  vma.flags = flags;
  return <u32>changetype<usize>(vma);
}

/** mprotect_fixup: of one VMA, or a part of it; the VMA that holds the range afterwards, or 0: no memory. */
export function mprotectFixup(vma: Vma, prev: u32, start: u64, end: u64, wanted: u32): u32 {
  let flags = wanted;
  if (flags == vma.flags) return <u32>changetype<usize>(vma);
  if (flags & VmFlag.Write && !(vma.flags & ALREADY_ACCOUNTED)) flags |= VmFlag.Account;
  const changed = vmaSetFlags(vma, prev, start, end, flags);
  if (!isErrno(changed)) {
    const mm = changetype<MmStruct>(<usize>vmaAt(changed).mm);
    mmuNotifierInvalidateRangeStart(mm, start, end);
    changeProtection(vmaAt(changed), start, end);
    mmuNotifierInvalidateRangeEnd(mm, start, end);
  }
  return changed;
}

/** mprotect(2), under mmap_sem for write. What was done before an error stays, as in the kernel. */
export function doMprotect(mm: MmStruct, start: u64, length: u64, prot: u32): i32 {
  if (start & 0xfff) return Errno.EINVAL;
  if (!length) return 0;
  const bytes = (length + 0xfff) & ~0xfff;
  const end = start + bytes;
  if (end <= start) return Errno.ENOMEM;
  let at = findVma(mm, start);
  if (!at || vmaAt(at).start > start) return Errno.ENOMEM;
  let prev = start > vmaAt(at).start ? at : vmaAt(at).prev;
  let from = start;
  while (true) {
    const vma = vmaAt(at);
    const flags = protFlags(prot) | (vma.flags & ~ACCESS);
    if (flags & ~(flags >> 4) & ACCESS) return Errno.EACCES;
    const to = min(vma.end, end);
    prev = mprotectFixup(vma, prev, from, to, flags);
    if (isErrno(prev)) return <i32>prev;
    from = max(to, vmaAt(prev).end);
    if (from >= end) return 0;
    at = vmaAt(prev).next;
    if (!at || vmaAt(at).start != from) return Errno.ENOMEM;
  }
}
