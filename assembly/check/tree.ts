// Red-black trees that may be damaged. A walk from the root goes down a link only after it has seen that
// the node there is one and links back, so it comes up the way it went and ends, whatever is stored.

import { IndexOwner, Violated } from "../violated";
import { intervalTreeVerify, TreeFault } from "../index/interval-tree";
import { rbFirst, rbIsRed, rbLeft, rbNext, rbParent, rbRight } from "../index/rb-tree";
import { Cache } from "../memory/slab";
import { CHAIN_NODE } from "../struct/anon-vma";
import { IntervalNode } from "../struct/interval-node";
import { FILE_NODE, MM_NODE } from "../struct/vma";
import { isLive, pidOfVma, startOfVma } from "./census";
import { violated } from "./violation";

/** The VMA that a node stands for, 0 if it is no node of such a tree. */
export function vmaOfNode(node: u32, owner: IndexOwner): u32 {
  if (owner == IndexOwner.Mm) {
    const vma = node - <u32>MM_NODE;
    return isLive(Cache.Vma, vma) ? vma : 0;
  }
  const file = owner == IndexOwner.File;
  const object = node - <u32>(file ? FILE_NODE : CHAIN_NODE);
  if (!isLive(file ? Cache.Vma : Cache.Chain, object)) return 0;
  const vma = changetype<IntervalNode>(<usize>node).vma;
  return isLive(Cache.Vma, vma) ? vma : 0;
}

/** Reports something about a node of an index. */
export function fault(kind: Violated, owner: IndexOwner, name: f64, node: u32): void {
  const vma = vmaOfNode(node, owner);
  violatedAt(kind, owner, name, vma);
}

/** Can the child of a node be followed? */
function childHolds(child: u32, node: u32, owner: IndexOwner): bool {
  return !child || (vmaOfNode(child, owner) != 0 && rbParent(child) == node);
}

function childrenHold(node: u32, owner: IndexOwner): bool {
  const left = rbLeft(node);
  const right = rbRight(node);
  return (
    (!left || left != right) && childHolds(left, node, owner) && childHolds(right, node, owner)
  );
}

/** Can the tree be walked? If not, that is reported. */
export function treeHolds(root: usize, owner: IndexOwner, name: f64): bool {
  let node = load<u32>(root);
  if (!node) return true;
  if (!vmaOfNode(node, owner) || rbParent(node)) {
    fault(Violated.TreeLink, owner, name, node);
    return false;
  }
  while (true) {
    if (!childrenHold(node, owner)) {
      fault(Violated.TreeLink, owner, name, node);
      return false;
    }
    const below = rbLeft(node) ? rbLeft(node) : rbRight(node);
    if (below) {
      node = below;
      continue;
    }
    // Up to where a right side was not seen yet.
    let parent = rbParent(node);
    while (parent && (!rbRight(parent) || rbRight(parent) == node)) {
      node = parent;
      parent = rbParent(node);
    }
    if (!parent) return true;
    node = rbRight(parent);
  }
}

/** Reports what is wrong with the colours of a tree that holds. */
export function checkColours(root: usize, owner: IndexOwner, name: f64): void {
  const top = load<u32>(root);
  if (top && rbIsRed(top)) fault(Violated.TreeColour, owner, name, top);
  let height = -1;
  for (let node = rbFirst(top); node; node = rbNext(node)) {
    const left = rbLeft(node);
    const right = rbRight(node);
    if (rbIsRed(node) && ((left && rbIsRed(left)) || (right && rbIsRed(right)))) {
      fault(Violated.TreeColour, owner, name, node);
    }
    if (left && right) continue;
    let blacks = 0;
    for (let up = node; up; up = rbParent(up)) if (!rbIsRed(up)) blacks++;
    if (height < 0) height = blacks;
    if (blacks == height) continue;
    // Every node on that side would say the same.
    fault(Violated.TreeHeight, owner, name, node);
    return;
  }
}

function violationOf(fault: u32): Violated {
  switch (fault) {
    case TreeFault.RedRed:
    case TreeFault.RedRoot:
      return Violated.TreeColour;
    case TreeFault.BlackHeight:
      return Violated.TreeHeight;
    case TreeFault.Order:
      return Violated.TreeOrder;
    case TreeFault.Maximum:
      return Violated.TreeMaximum;
    default:
      return Violated.TreeLink;
  }
}

/** Reports the first thing that an interval tree, which holds, finds wrong with itself. */
export function checkIntervals(root: usize, owner: IndexOwner, name: f64): void {
  const found = intervalTreeVerify(root);
  if (found) fault(violationOf(<u32>found), owner, name, <u32>(found >> 32));
}

/** Reports something about a VMA (0: none) in an index. */
export function violatedAt(kind: Violated, owner: IndexOwner, name: f64, vma: u32): void {
  violated(kind, <f64>owner, name, pidOfVma(vma), startOfVma(vma));
}
