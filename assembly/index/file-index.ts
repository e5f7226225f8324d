// The index of a file's VMAs (i_mmap), guarded by i_mmap_mutex. Nonlinear VMAs are in a list beside it.

import { AddressSpace, iMmapRoot } from "../struct/address-space";
import { FILE_NODE, isNonlinear, Vma } from "../struct/vma";
import {
  intervalTreeFirst,
  intervalTreeInsert,
  intervalTreeInsertAfter,
  intervalTreeNext,
  intervalTreeRemove,
} from "./interval-tree";
import { nonlinearInsert, nonlinearRemove } from "./nonlinear-list";

function nodeOf(vma: Vma): u32 {
  return <u32>(changetype<usize>(vma) + FILE_NODE);
}

export function fileIndexInsert(mapping: AddressSpace, vma: Vma): void {
  vma.fileVma = <u32>changetype<usize>(vma);
  intervalTreeInsert(iMmapRoot(mapping), nodeOf(vma));
}

/** For fork: the child's VMA comes right after the parent's, whose pgoff it shares. */
export function fileIndexInsertAfter(mapping: AddressSpace, vma: Vma, parent: Vma): void {
  vma.fileVma = <u32>changetype<usize>(vma);
  intervalTreeInsertAfter(iMmapRoot(mapping), nodeOf(vma), nodeOf(parent));
}

export function fileIndexRemove(mapping: AddressSpace, vma: Vma): void {
  intervalTreeRemove(iMmapRoot(mapping), nodeOf(vma));
}

/** Puts a VMA where truncation and walks look for VMAs of its kind. */
export function fileIndexLink(mapping: AddressSpace, vma: Vma): void {
  if (isNonlinear(vma)) nonlinearInsert(mapping, vma);
  else fileIndexInsert(mapping, vma);
}

export function fileIndexUnlink(mapping: AddressSpace, vma: Vma): void {
  if (isNonlinear(vma)) nonlinearRemove(mapping, vma);
  else fileIndexRemove(mapping, vma);
}

/** Step to the first node that meets [start, last]; its vma field leads to the VMA. */
export function fileIndexFirst(mapping: AddressSpace, start: u64, last: u64): u64 {
  return intervalTreeFirst(iMmapRoot(mapping), start, last);
}

export function fileIndexNext(node: u32, start: u64, last: u64): u64 {
  return intervalTreeNext(node, start, last);
}
