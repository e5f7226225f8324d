// The VMAs of an address space, by address: a doubly linked list and a red-black tree over it.

import { rbErase, rbInsertFixup, rbLink } from "../index/rb-tree";
import { header } from "../memory/header";
import { Cache, slabFree, slabAlloc } from "../memory/slab";
import { iMmapMutex, mappingOf } from "../struct/address-space";
import { MmStruct } from "../struct/mm-struct";
import { MM_NODE, Vma } from "../struct/vma";
import { fileIndexLink, fileIndexUnlink } from "../index/file-index";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

function root(mm: MmStruct): usize {
  return changetype<usize>(mm) + offsetof<MmStruct>("mmRb");
}

/** What some functions return: is it an Errno, and no VMA? */
export function isErrno(vma: u32): bool {
  return vma < 4096;
}

/** A VMA with undefined contents, or null when memory is exhausted. */
export function vmaAlloc(): Vma | null {
  return changetype<Vma | null>(slabAlloc(Cache.Vma));
}

export function vmaFree(vma: Vma): void {
  slabFree(Cache.Vma, changetype<usize>(vma));
}

/** Copies everything but the object's own state: chain empty, linked nowhere. */
export function vmaCopy(dst: Vma, src: Vma): void {
  const state = dst.state;
  memory.copy(changetype<usize>(dst), changetype<usize>(src), offsetof<Vma>());
  dst.state = state;
  dst.chainHead = 0;
  dst.chainTail = 0;
  dst.next = 0;
  dst.prev = 0;
}

/** The first VMA that ends above the address, or 0. */
export function findVma(mm: MmStruct, address: u64): u32 {
  const cached = mm.mmapCache;
  if (cached && vmaAt(cached).end > address && vmaAt(cached).start <= address) return cached;
  let found: u32 = 0;
  let vma = mm.mmRb ? mm.mmRb - <u32>MM_NODE : 0;
  while (vma) {
    const node = vmaAt(vma);
    let below: u32;
    if (node.end > address) {
      found = vma;
      if (node.start <= address) break;
      below = node.mmLeft;
    } else {
      below = node.mmRight;
    }
    vma = below ? below - <u32>MM_NODE : 0;
  }
  if (found) mm.mmapCache = found;
  return found;
}

/** The last VMA that begins below the address, or 0: what a VMA put there would have before it. */
export function findPrevious(mm: MmStruct, address: u64): u32 {
  let found: u32 = 0;
  let node = mm.mmRb;
  while (node) {
    const vma = vmaAt(node - <u32>MM_NODE);
    if (vma.start < address) {
      found = node - <u32>MM_NODE;
      node = vma.mmRight;
    } else {
      node = vma.mmLeft;
    }
  }
  return found;
}

/** The first VMA that meets [start, end), or 0. */
export function findIntersection(mm: MmStruct, start: u64, end: u64): u32 {
  const vma = findVma(mm, start);
  return vma && vmaAt(vma).start < end ? vma : 0;
}

/** Into the list and the tree. */
export function vmaInsert(mm: MmStruct, vma: Vma): void {
  const self = <u32>changetype<usize>(vma);
  const prev = findPrevious(mm, vma.start);
  const next = prev ? vmaAt(prev).next : mm.mmap;
  vma.mm = <u32>changetype<usize>(mm);
  vma.prev = prev;
  vma.next = next;
  if (prev) vmaAt(prev).next = self;
  else mm.mmap = self;
  if (next) vmaAt(next).prev = self;

  // The neighbours in the list are the neighbours in the tree: one of them has room below it.
  const node = self + <u32>MM_NODE;
  if (prev && !vmaAt(prev).mmRight) {
    rbLink(node, prev + <u32>MM_NODE, <usize>prev + offsetof<Vma>("mmRight"));
  } else if (next) {
    rbLink(node, next + <u32>MM_NODE, <usize>next + offsetof<Vma>("mmLeft"));
  } else {
    rbLink(node, 0, root(mm));
  }
  rbInsertFixup(root(mm), node, false);
  mm.mapCount++;
  header().vmas++;
}

/** Out of the list and the tree. Its own next and prev stay. */
export function vmaRemove(mm: MmStruct, vma: Vma): void {
  if (vma.prev) vmaAt(vma.prev).next = vma.next;
  else mm.mmap = vma.next;
  if (vma.next) vmaAt(vma.next).prev = vma.prev;
  rbErase(root(mm), <u32>(changetype<usize>(vma) + MM_NODE), false);
  if (mm.mmapCache == <u32>changetype<usize>(vma)) mm.mmapCache = vma.prev;
  mm.mapCount--;
  header().vmas--;
}

/** Into the mm and, if it has one, the index of its file. */
export function vmaLink(mm: MmStruct, vma: Vma): void {
  if (!vma.file) {
    vmaInsert(mm, vma);
    return;
  }
  const mapping = mappingOf(vma);
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.VmaLink);
  vmaInsert(mm, vma);
  fileIndexLink(mapping, vma);
  unlock(iMmapMutex(mapping));
}

/** Out of the index of its file, so that truncation and walks see it no more. */
export function unlinkFileVma(vma: Vma): void {
  if (!vma.file) return;
  const mapping = mappingOf(vma);
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.VmaLink);
  fileIndexUnlink(mapping, vma);
  unlock(iMmapMutex(mapping));
}
