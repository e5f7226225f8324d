// The list of a file's nonlinear VMAs (i_mmap_nonlinear), guarded by i_mmap_mutex: the newest is the last. Their
// links are where linear VMAs have their node in the tree (struct/vma.ts).

import { AddressSpace } from "../struct/address-space";
import { Vma } from "../struct/vma";

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

export function nonlinearNext(vma: Vma): u32 {
  return vma.fileRight;
}

/** Bytes from its start up to which try_to_unmap has been in this round: whole clusters, maybe beyond its end. */
export function nonlinearCursor(vma: Vma): u64 {
  return vma.fileSubtreeLast;
}

export function setNonlinearCursor(vma: Vma, cursor: u64): void {
  vma.fileSubtreeLast = cursor;
}

/** A copy of another VMA keeps that one's cursor, as the kernel's does. */
export function nonlinearInsert(mapping: AddressSpace, vma: Vma): void {
  const self = <u32>changetype<usize>(vma);
  const last = mapping.iMmapNonlinearLast;
  vma.fileLeft = last;
  vma.fileRight = 0;
  if (last) vmaAt(last).fileRight = self;
  else mapping.iMmapNonlinear = self;
  mapping.iMmapNonlinearLast = self;
}

/** Right after another VMA of the list. */
export function nonlinearInsertAfter(mapping: AddressSpace, vma: Vma, before: Vma): void {
  const self = <u32>changetype<usize>(vma);
  const after = before.fileRight;
  vma.fileLeft = <u32>changetype<usize>(before);
  vma.fileRight = after;
  before.fileRight = self;
  if (after) vmaAt(after).fileLeft = self;
  else mapping.iMmapNonlinearLast = self;
}

export function nonlinearRemove(mapping: AddressSpace, vma: Vma): void {
  const before = vma.fileLeft;
  const after = vma.fileRight;
  if (before) vmaAt(before).fileRight = after;
  else mapping.iMmapNonlinear = after;
  if (after) vmaAt(after).fileLeft = before;
  else mapping.iMmapNonlinearLast = before;
}
