// The index of a file's VMAs (i_mmap), guarded by i_mmap_mutex. Nonlinear VMAs are in a list beside it.

import { FileIndex } from "../abi/switch";
import { header } from "../memory/header";
import { AddressSpace, iMmapRoot } from "../struct/address-space";
import { FILE_NODE, isNonlinear, Vma } from "../struct/vma";
import { intervalTreeInsert, intervalTreeInsertAfter, intervalTreeRemove } from "./interval-tree";
import { nonlinearInsert, nonlinearInsertAfter, nonlinearRemove } from "./nonlinear-list";
import { prioInsert, prioRemove, prioRingAdd, prioRingNext } from "./prio-ring";
import { prioTreeFirst } from "./prio-tree";
import { Source, treeFirst, treeNext } from "./source";
import { forgetLongStep } from "./step";

function nodeOf(vma: Vma): u32 {
  return <u32>(changetype<usize>(vma) + FILE_NODE);
}

/** Is this kernel's index a prio tree, of v3.4 or not? */
export function filesHavePrioTrees(): bool {
  return header().fileIndex != <u32>FileIndex.IntervalTree;
}

function prioTreesPrune(): bool {
  return header().fileIndex == <u32>FileIndex.PrioTree;
}

export function fileIndexInsert(mapping: AddressSpace, vma: Vma): void {
  vma.fileVma = <u32>changetype<usize>(vma);
  if (filesHavePrioTrees()) prioInsert(iMmapRoot(mapping), nodeOf(vma));
  else intervalTreeInsert(iMmapRoot(mapping), nodeOf(vma));
}

export function fileIndexRemove(mapping: AddressSpace, vma: Vma): void {
  if (filesHavePrioTrees()) prioRemove(iMmapRoot(mapping), nodeOf(vma));
  else intervalTreeRemove(iMmapRoot(mapping), nodeOf(vma));
}

/** Puts a VMA where truncation and walks look for VMAs of its kind. */
export function fileIndexLink(mapping: AddressSpace, vma: Vma): void {
  if (isNonlinear(vma)) nonlinearInsert(mapping, vma);
  else fileIndexInsert(mapping, vma);
}

/**
 * For fork: the child's VMA, which has the parent's bounds and pgoff, comes right after it. Among the nonlinear ones it did
 * so while the links of the list were those of the prio tree's rings, whatever they were in; since then it is the last.
 */
export function fileIndexLinkChild(mapping: AddressSpace, vma: Vma, parent: Vma): void {
  const nonlinear = isNonlinear(vma);
  const prio = filesHavePrioTrees();
  vma.fileVma = <u32>changetype<usize>(vma);
  if (nonlinear && prio) nonlinearInsertAfter(mapping, vma, parent);
  else if (nonlinear) nonlinearInsert(mapping, vma);
  else if (prio) prioRingAdd(nodeOf(vma), nodeOf(parent));
  else intervalTreeInsertAfter(iMmapRoot(mapping), nodeOf(vma), nodeOf(parent));
}

export function fileIndexUnlink(mapping: AddressSpace, vma: Vma): void {
  if (isNonlinear(vma)) nonlinearRemove(mapping, vma);
  else fileIndexRemove(mapping, vma);
}

/** Step to the first node that meets [start, last]; its vma field leads to the VMA. For those that count no walks. */
export function fileIndexFirst(mapping: AddressSpace, start: u64, last: u64): u64 {
  const root = iMmapRoot(mapping);
  if (!filesHavePrioTrees()) return treeFirst(Source.FileTree, root, start, last);
  const step = prioTreeFirst(root, start, last, prioTreesPrune());
  forgetLongStep();
  return step;
}

export function fileIndexNext(node: u32, start: u64, last: u64): u64 {
  if (!filesHavePrioTrees()) return treeNext(Source.FileTree, node, start, last);
  const step = prioRingNext(node, start, last, prioTreesPrune());
  forgetLongStep();
  return step;
}
