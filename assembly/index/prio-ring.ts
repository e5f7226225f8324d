// VMAs with one and the same [first, last] (struct/prio-node.ts): one of them is the tree's node, the others are in a
// ring, of which the tree's node knows the head. Nobody looks for a place in a ring, so a fork, whose VMAs all have
// their parent's range, costs the same however many there are.
//
//   tree's node --head--> head <---> member <---> member
//               <--head--  ^                        ^
//                          '------------------------'
//
// A search gives a node of the tree, and then its whole ring.

import { Counter } from "../abi/counter";
import { count } from "../memory/header";
import { isSameRange, isTreeNode, PrioNode, prioNodeAt } from "../struct/prio-node";
import { traceNode } from "../struct/walk-trace";
import { prioTreeInsert, prioTreeNext, prioTreeRemove, prioTreeReplace } from "./prio-tree";
import { makeStep } from "./step";

function at(node: u32): PrioNode {
  return prioNodeAt(node);
}

function linkAfter(node: u32, before: u32): void {
  const after = at(before).right;
  at(node).left = before;
  at(node).right = after;
  at(before).right = node;
  at(after).left = node;
}

/** Takes a member out; the one after it, or 0 if it was alone. */
function unlink(node: u32): u32 {
  const after = at(node).right;
  if (after == node) return 0;
  const before = at(node).left;
  at(before).right = after;
  at(after).left = before;
  return after;
}

function setHead(treeNode: u32, head: u32): void {
  at(treeNode).head = head;
  if (head) at(head).head = treeNode;
}

/** vma_prio_tree_add: joins another with the same range, right after it if that is in a ring, else at the ring's end. */
export function prioRingAdd(node: u32, old: u32): void {
  assert(isSameRange(node, old), "prio tree: a ring of different ranges");
  at(node).parent = 0;
  at(node).head = 0;
  const head = at(old).head;
  if (!isTreeNode(old)) {
    linkAfter(node, old);
  } else if (head) {
    linkAfter(node, at(head).left);
  } else {
    at(node).left = node;
    at(node).right = node;
    setHead(old, node);
  }
  count(Counter.IndexInserts, 1);
}

/** vma_prio_tree_insert: into the tree, or into the ring of those that have the same range. */
export function prioInsert(root: usize, node: u32): void {
  at(node).head = 0;
  const same = prioTreeInsert(root, node);
  if (same) prioRingAdd(node, same);
}

/** vma_prio_tree_remove. */
export function prioRemove(root: usize, node: u32): void {
  const head = at(node).head;
  if (isTreeNode(node)) {
    if (!head) {
      prioTreeRemove(root, node);
      return;
    }
    // The head takes over the place in the tree, and the member after it is the head then.
    const after = unlink(head);
    prioTreeReplace(root, node, head);
    setHead(head, after);
  } else {
    const after = unlink(node);
    // Of a head, this is the tree's node.
    if (head) setHead(head, after);
  }
  count(Counter.IndexRemoves, 1);
}

/** Step from a node of the tree, or of a ring. The head is looked at once more when its ring is through. */
export function prioRingNext(node: u32, start: u64, last: u64, prunes: bool): u64 {
  if (!isTreeNode(node)) {
    const after = at(node).right;
    if (at(after).head) return prioTreeNext(at(after).head, start, last, prunes, 1);
    node = after;
  } else {
    const head = at(node).head;
    if (!head) return prioTreeNext(node, start, last, prunes, 0);
    node = head;
  }
  if (CHECKED) traceNode(node);
  return makeStep(node, 1, 1);
}
