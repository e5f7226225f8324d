// A virtual memory area: [start, end) of one address space, showing a file or anonymous memory
// from pgoff on.
//
//   +0  state          +4  mm             +8  start (bytes)        +16 end (bytes)
//   +24 pgoff (pages)  +32 flags          +36 file                 +40 anonVma
//   +44 chain, newest  +48 chain, oldest  +52 next   +56 prev      by address, in its mm
//   +60 node of the mm's tree (parent, left, right)
//   +72 node of the file's index: parent, left, right, vma, subtreeLast     = 96 bytes
//
// A nonlinear VMA is in its file's list instead of the tree: then left is the one before it, right the one
// after it, and subtreeLast is how far try_to_unmap has come in it.

import { VmFlag } from "../abi/flag";
import { HUGE_ORDER, PAGE_SHIFT } from "../abi/unit";

@unmanaged
export class Vma {
  state: u32;
  mm: u32;
  start: u64;
  end: u64;
  pgoff: u64;
  flags: u32;
  file: u32;
  anonVma: u32;
  chainHead: u32;
  chainTail: u32;
  next: u32;
  prev: u32;
  mmParent: u32;
  mmLeft: u32;
  mmRight: u32;
  fileParent: u32;
  fileLeft: u32;
  fileRight: u32;
  fileVma: u32;
  fileSubtreeLast: u64;
}

/** Offset of the node of the mm's tree. */
export const MM_NODE: usize = 60;
/** Offset of the node of the file's index. */
export const FILE_NODE: usize = 72;

/** Of the page that holds the address: its offset in the VMA's object, in pages; in huge pages for a hugetlb VMA. */
export function linearPageIndex(vma: Vma, address: u64): u64 {
  const index = ((address - vma.start) >> PAGE_SHIFT) + vma.pgoff;
  return isHugetlbVma(vma) ? index >> HUGE_ORDER : index;
}

/** is_vm_hugetlb_page: does it map huge pages of the pool, and nothing else? */
export function isHugetlbVma(vma: Vma): bool {
  return (vma.flags & VmFlag.Hugetlb) != 0;
}

export function vmaPages(vma: Vma): u64 {
  return (vma.end - vma.start) >> PAGE_SHIFT;
}

/** Last pgoff it covers. */
export function vmaLast(vma: Vma): u64 {
  return vma.pgoff + ((vma.end - vma.start) >> PAGE_SHIFT) - 1;
}

/** Does each entry say for itself which page of the file it shows? */
export function isNonlinear(vma: Vma): bool {
  return (vma.flags & VmFlag.Nonlinear) != 0;
}

export function isShared(vma: Vma): bool {
  return (vma.flags & VmFlag.Shared) != 0;
}

/** Private and possibly writable: fork must protect its pages. */
export function isCowMapping(flags: u32): bool {
  return (flags & (VmFlag.Shared | VmFlag.MayWrite)) == VmFlag.MayWrite;
}

/** VM_SPECIAL: VMAs with one of these never merge, and are never locked. */
export function isSpecial(flags: u32): bool {
  return (flags & VmFlag.DontExpand) != 0;
}

/** VM_STACK_INCOMPLETE_SETUP. */
export const STACK_SETUP: u32 = VmFlag.SeqRead | VmFlag.RandRead;

/** exec's stack before it is where it will stay: both hints at once, which madvise never gives. */
export function isVmaTemporaryStack(flags: u32): bool {
  return (flags & VmFlag.GrowsDown) != 0 && (flags & STACK_SETUP) == STACK_SETUP;
}
