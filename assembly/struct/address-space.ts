// A file's pages and the VMAs that map it, and the open files that lead to it.

import { FileKind } from "../abi/machine";
import { header } from "../memory/header";
import { Cache, slabFree, slabZalloc } from "../memory/slab";
import { Vma } from "./vma";

@unmanaged
export class AddressSpace {
  state: u32;
  /** Open files, and mappings through them. */
  users: u32;
  inode: u32;
  kind: u32;
  /** In pages; access beyond it is SIGBUS. */
  size: u64;
  /** Pages below this one start as firstWord + index, all others as zero. */
  dataEnd: u64;
  firstWord: f64;
  /** Where pages begin with other words than that: mm/file-data.ts. */
  extents: u32;
  /** Page cache: root node and its height in levels. */
  root: u32;
  height: u32;
  pages: u32;
  treeLock: u32;
  privateLock: u32;
  inodeLock: u32;
  inodeMutex: u32;
  /** Index of the VMAs. */
  iMmap: u32;
  iMmapMutex: u32;
  /** VMAs that the index can't hold, as they show pages in another order: the first and the last. */
  iMmapNonlinear: u32;
  iMmapNonlinearLast: u32;
  /** AS_MM_ALL_LOCKS: its mutex is among those that mm_take_all_locks has. */
  mmAllLocks: u32;
  /** Of a hugetlb file: huge pages that shared mappings were promised or have, and what private ones were. */
  regions: u32;
  reservations: u32;
}

/** What open(2) makes: VMAs of different opens never merge. */
@unmanaged
export class File {
  state: u32;
  mapping: u32;
  /** Whoever holds the file open, and each VMA. */
  users: u32;
  /** 1 while the opener holds it: it can be mapped, and closed. */
  held: u32;
}

export function iMmapMutex(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("iMmapMutex");
}

export function iMmapRoot(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("iMmap");
}

export function treeLock(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("treeLock");
}

export function privateLock(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("privateLock");
}

export function inodeLock(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("inodeLock");
}

export function inodeMutex(mapping: AddressSpace): usize {
  return changetype<usize>(mapping) + offsetof<AddressSpace>("inodeMutex");
}

/** Do its pages count in the shmem way: swap-backed, without dirty accounting? */
export function isSwapBacked(mapping: AddressSpace): bool {
  return mapping.kind == FileKind.Tmpfs || mapping.kind == FileKind.Shmem;
}

/** mapping_unevictable: reclaim can do nothing with its pages. */
export function isUnevictable(mapping: AddressSpace): bool {
  return mapping.kind == FileKind.Ramfs;
}

/** In huge pages of the pool? Its page cache counts in these. */
export function isHugetlb(mapping: AddressSpace): bool {
  return mapping.kind == FileKind.Hugetlb;
}

/** Of a VMA that shows a file. */
export function mappingOf(vma: Vma): AddressSpace {
  return changetype<AddressSpace>(<usize>changetype<File>(<usize>vma.file).mapping);
}

/** mapping_cap_account_dirty: writes through shared mappings are noticed by a fault. */
export function accountsDirty(mapping: AddressSpace): bool {
  return mapping.kind == FileKind.Disk;
}

export function addressSpaceAlloc(kind: FileKind, size: u64, firstWord: f64): usize {
  const object = slabZalloc(Cache.AddressSpace);
  if (!object) return 0;
  const mapping = changetype<AddressSpace>(object);
  mapping.inode = ++header().nextInode;
  mapping.kind = kind;
  mapping.size = size;
  mapping.dataEnd = firstWord < 0 ? 0 : size;
  mapping.firstWord = firstWord;
  return object;
}

/** An open file with one user, or 0 when memory is exhausted. */
export function fileOpen(mapping: AddressSpace): usize {
  const object = slabZalloc(Cache.File);
  if (!object) return 0;
  const file = changetype<File>(object);
  file.mapping = <u32>changetype<usize>(mapping);
  file.users = 1;
  mapping.users++;
  return object;
}

export function getFile(file: u32): void {
  changetype<File>(<usize>file).users++;
}

/** Drops a user; true when it was the last of the inode, whose pages the caller then drops. */
export function putFile(file: u32): bool {
  const object = changetype<File>(<usize>file);
  if (--object.users) return false;
  const mapping = changetype<AddressSpace>(<usize>object.mapping);
  slabFree(Cache.File, <usize>file);
  return --mapping.users == 0;
}
