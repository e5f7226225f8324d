// How a VMA hangs in an index: one node in each of its anon_vma_chains, one in the VMA for its file.
//
//   +0  parent, colour in bit 0    (list: the node before)
//   +4  left                       (list: the node after)
//   +8  right
//   +12 vma, whose [first, last] pgoff is the key: read through it, never copied
//   +16 subtreeLast, the largest last pgoff at and below this node

import { Vma, vmaLast } from "./vma";

@unmanaged
export class IntervalNode {
  parent: u32;
  left: u32;
  right: u32;
  vma: u32;
  subtreeLast: u64;
}

export function vmaOfNode(node: u32): Vma {
  return changetype<Vma>(<usize>changetype<IntervalNode>(<usize>node).vma);
}

export function nodeFirst(node: IntervalNode): u64 {
  return changetype<Vma>(<usize>node.vma).pgoff;
}

export function nodeLast(node: IntervalNode): u64 {
  return vmaLast(changetype<Vma>(<usize>node.vma));
}
