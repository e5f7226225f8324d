// One way to ask any index that a reverse-map walk may use, so that each walk is written once. A walk
// looks up where its index is rooted once; then each step is a predictable branch and the search itself.

import { header } from "../memory/header";
import { AddressSpace, iMmapRoot } from "../struct/address-space";
import { AnonVma, chainOfNode } from "../struct/anon-vma";
import { anonIndexIsCurrent, anonIndexRoot } from "./anon-index";
import { anonListFirst, anonListNext } from "./anon-list";
import { intervalTreeFirst, intervalTreeNext } from "./interval-tree";
import { prioRingNext } from "./prio-ring";
import { prioTreeFirst } from "./prio-tree";
import { stepNode } from "./step";

/**
 * Where a walk gets its VMAs from: the first two are the values of AnonIndex, the others those of FileIndex backwards,
 * so that one comparison tells a prio tree.
 */
export enum Source {
  AnonList = 0,
  AnonTree = 1,
  FileTree = 2,
  FilePrioTree34 = 3,
  FilePrioTree = 4,
}

/** The anonymous source of this kernel. */
export function anonSource(): u32 {
  return header().anonIndex;
}

/** The source of files of this kernel. */
export function fileSource(): u32 {
  return Source.FilePrioTree - header().fileIndex;
}

/** Is it an index of a file's VMAs? */
export function isOfFile(source: u32): bool {
  return source >= <u32>Source.FileTree;
}

function isPrioTree(source: u32): bool {
  return source > <u32>Source.FileTree;
}

/** Root of the index that owner, an AnonVma or an AddressSpace, keeps. */
export function sourceRoot(source: u32, owner: usize): usize {
  return isOfFile(source)
    ? iMmapRoot(changetype<AddressSpace>(owner))
    : anonIndexRoot(changetype<AnonVma>(owner));
}

function checkKey(source: u32, step: u64): void {
  const node = stepNode(step);
  if (CHECKED && node && source == <u32>Source.AnonTree) {
    assert(anonIndexIsCurrent(chainOfNode(node)), "anon_vma: stale key");
  }
}

/** Step to the first node that the index offers for [start, last]: a list offers all. */
export function sourceFirst(source: u32, root: usize, start: u64, last: u64): u64 {
  return source == <u32>Source.AnonList
    ? anonListFirst(root)
    : treeFirst(source, root, start, last);
}

/**
 * sourceFirst() of a tree. Loops that want to be fast call it, and anonListFirst() themselves, which is inlined; for the
 * same reason nobody else calls intervalTreeFirst(): with one caller it is no call.
 */
export function treeFirst(source: u32, root: usize, start: u64, last: u64): u64 {
  if (!isPrioTree(source)) {
    const step = intervalTreeFirst(root, start, last);
    checkKey(source, step);
    return step;
  }
  return prioTreeFirst(root, start, last, source == <u32>Source.FilePrioTree);
}

/** Step from a node that sourceFirst() or this has given. */
export function sourceNext(source: u32, node: u32, start: u64, last: u64): u64 {
  return source == <u32>Source.AnonList ? anonListNext(node) : treeNext(source, node, start, last);
}

/** sourceNext() of a tree, in the same way. */
export function treeNext(source: u32, node: u32, start: u64, last: u64): u64 {
  if (!isPrioTree(source)) {
    const step = intervalTreeNext(node, start, last);
    checkKey(source, step);
    return step;
  }
  return prioRingNext(node, start, last, source == <u32>Source.FilePrioTree);
}
