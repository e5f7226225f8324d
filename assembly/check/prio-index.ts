// Prio trees and their rings that may be damaged. As in tree.ts, a link is followed only to a node that links back; a
// ring whose links agree comes back to its head.

import { prioGoesRight, prioIsAbove } from "../index/prio-tree";
import { isSameRange, isTreeNode, prioFirst, prioLast, prioNodeAt } from "../struct/prio-node";
import { IndexOwner, Violated } from "../violated";
import { fault, vmaOfNode } from "./tree";

function faultAt(kind: Violated, inode: f64, node: u32): bool {
  fault(kind, IndexOwner.File, inode, node);
  return false;
}

function isNode(node: u32): bool {
  return vmaOfNode(node, IndexOwner.File) != 0;
}

function childHolds(child: u32, node: u32): bool {
  return !child || (child != node && isNode(child) && prioNodeAt(child).parent == node);
}

function childrenHold(node: u32): bool {
  const left = prioNodeAt(node).left;
  const right = prioNodeAt(node).right;
  return (!left || left != right) && childHolds(left, node) && childHolds(right, node);
}

/** Can the ring of a node of the tree be gone round? */
function ringHolds(node: u32): bool {
  const head = prioNodeAt(node).head;
  if (!head) return true;
  if (!isNode(head) || isTreeNode(head) || prioNodeAt(head).head != node) return false;
  let member = head;
  do {
    const after = prioNodeAt(member).right;
    if (!isNode(after) || isTreeNode(after) || prioNodeAt(after).left != member) return false;
    if (after != head && prioNodeAt(after).head) return false;
    member = after;
  } while (member != head);
  return true;
}

/** The node of the tree after this one, in pre-order; 0: it was the last. */
function treeNodeAfter(node: u32): u32 {
  if (prioNodeAt(node).left) return prioNodeAt(node).left;
  while (!prioNodeAt(node).right) {
    let child: u32;
    do {
      child = node;
      node = prioNodeAt(child).parent;
      if (node == child) return 0;
    } while (prioNodeAt(node).right == child);
  }
  return prioNodeAt(node).right;
}

/** Can the tree and its rings be walked? If not, that is reported. */
export function prioIndexHolds(root: usize, inode: f64): bool {
  const top = load<u32>(root);
  if (!top) return true;
  if (!isNode(top) || prioNodeAt(top).parent != top) return faultAt(Violated.TreeLink, inode, top);
  for (let node = top; node; node = treeNodeAfter(node)) {
    if (!childrenHold(node)) return faultAt(Violated.TreeLink, inode, node);
    if (!ringHolds(node)) return faultAt(Violated.RingLink, inode, node);
  }
  return true;
}

/** Is the node on the side of all above it that its key's bits say? */
function isOnItsSide(node: u32): bool {
  const first = prioFirst(node);
  const last = prioLast(node);
  let below = node;
  for (let above = prioNodeAt(node).parent; above != below; above = prioNodeAt(above).parent) {
    const right = prioNodeAt(above).right == below;
    if (prioGoesRight(first, last, prioNodeAt(above).turn) != right) return false;
    below = above;
  }
  return true;
}

/** Does its place turn by the bit after that of the place above it; at the root, by the highest that a key may have? */
function turnIsRight(node: u32): bool {
  const place = prioNodeAt(node);
  if (place.parent != node) return place.turn == prioNodeAt(place.parent).turn - 1;
  return place.turn >= 0 && place.turn < 63 && !(prioLast(node) >> (<u64>(place.turn + 1)));
}

function ringIsOfOneRange(node: u32): bool {
  const head = prioNodeAt(node).head;
  if (!head) return true;
  let member = head;
  do {
    if (!isSameRange(member, node)) return false;
    member = prioNodeAt(member).right;
  } while (member != head);
  return true;
}

/** Reports the first thing that is wrong with the order of a tree that holds. */
export function checkPrioOrder(root: usize, inode: f64): void {
  for (let node = load<u32>(root); node; node = treeNodeAfter(node)) {
    const parent = prioNodeAt(node).parent;
    let wrong: u32 = 0;
    if (!turnIsRight(node)) wrong = Violated.TreeTurn;
    else if (!isOnItsSide(node)) wrong = Violated.TreeOrder;
    else if (parent != node && !prioIsAbove(parent, node)) wrong = Violated.TreeHeap;
    else if (!ringIsOfOneRange(node)) wrong = Violated.RingRange;
    if (!wrong) continue;
    fault(<Violated>wrong, IndexOwner.File, inode, node);
    return;
  }
}

/** Of an index that holds: the node after this one, rings and all; 0: it was the last. */
export function prioNodeAfter(node: u32): u32 {
  const head = prioNodeAt(node).head;
  if (isTreeNode(node)) return head ? head : treeNodeAfter(node);
  const after = prioNodeAt(node).right;
  const treeNode = prioNodeAt(after).head;
  return treeNode ? treeNodeAfter(treeNode) : after;
}
