// How a VMA hangs in a prio tree: where IntervalNode (interval-node.ts) has its links and its maximum. VMAs with
// one and the same [first, last] share a node of the tree, and all others of them are in a ring.
//
//                node of the tree              head of its ring    other members
//   +0  parent   the node above; of the root,  0                   0
//                the root itself
//   +4  left     node below                    the member before   the member before
//   +8  right    node below                    the member after    the member after
//   +12 vma, whose [first, last] pgoff is the key
//   +16 head     head of its ring, 0: alone    node of the tree    0
//   +20 turn     the bit by which its place    -                   -
//                turns to the right

import { IntervalNode, nodeFirst, nodeLast } from "./interval-node";

@unmanaged
export class PrioNode {
  parent: u32;
  left: u32;
  right: u32;
  vma: u32;
  head: u32;
  /** A bit's number in the first pgoff; below that 64 less than its number in the size. */
  turn: i32;
}

export function prioNodeAt(node: u32): PrioNode {
  return changetype<PrioNode>(<usize>node);
}

/** The radix of its key. */
export function prioFirst(node: u32): u64 {
  return nodeFirst(changetype<IntervalNode>(<usize>node));
}

/** The heap of its key. */
export function prioLast(node: u32): u64 {
  return nodeLast(changetype<IntervalNode>(<usize>node));
}

/** Is it a node of the tree, and not of a ring? */
export function isTreeNode(node: u32): bool {
  return prioNodeAt(node).parent != 0;
}

/** Do two nodes have the same [first, last]? */
export function isSameRange(a: u32, b: u32): bool {
  return prioFirst(a) == prioFirst(b) && prioLast(a) == prioLast(b);
}
