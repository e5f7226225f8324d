// The interval tree of spec/commits.md section 8: a red-black tree by first pgoff, each node with the
// largest last pgoff below it. Ties go right, so equal keys stay in order of insertion.
//
// Searches count the nodes they pass on their way in locals and store them once; the node they return
// is counted by the walk that is handed it. Visited: became the current node. Touched: a field was read.

import { Counter } from "../abi";
import { count } from "../memory/header";
import { IntervalNode, nodeFirst, nodeLast } from "../struct/interval-node";
import {
  rbErase,
  rbFirst,
  rbInsertFixup,
  rbIsRed,
  rbLeft,
  rbLink,
  rbNext,
  rbParent,
  rbPropagate,
  rbRight,
  subtreeLastOf,
} from "./rb-tree";

const LEFT: usize = 4;
const RIGHT: usize = 8;

function at(node: u32): IntervalNode {
  return changetype<IntervalNode>(<usize>node);
}

function raise(node: u32, last: u64): u32 {
  const interval = at(node);
  if (interval.subtreeLast >= last) return 0;
  interval.subtreeLast = last;
  return 1;
}

/** Links the node, whose vma is set, by that VMA's present bounds. */
export function intervalTreeInsert(root: usize, node: u32): void {
  const first = nodeFirst(at(node));
  const last = nodeLast(at(node));
  let parent: u32 = 0;
  let link = root;
  let compared: u32 = 0;
  let raised: u32 = 0;
  for (let here = load<u32>(link); here; here = load<u32>(link)) {
    parent = here;
    compared++;
    raised += raise(here, last);
    link = <usize>here + (first < nodeFirst(at(here)) ? LEFT : RIGHT);
  }
  at(node).subtreeLast = last;
  rbLink(node, parent, link);
  rbInsertFixup(root, node, true);
  count(Counter.Comparisons, compared);
  count(Counter.MaximaRewritten, raised);
  count(Counter.IndexInserts, 1);
}

/** Links the node as the in-order successor of prev, which begins at the same pgoff. */
export function intervalTreeInsertAfter(root: usize, node: u32, prev: u32): void {
  assert(nodeFirst(at(node)) == nodeFirst(at(prev)), "interval tree: insert after another key");
  const last = nodeLast(at(node));
  let parent = prev;
  let link = <usize>prev + RIGHT;
  for (let here = rbRight(prev); here; here = rbLeft(here)) {
    parent = here;
    link = <usize>here + LEFT;
  }
  at(node).subtreeLast = last;
  rbLink(node, parent, link);
  rbPropagate(parent);
  rbInsertFixup(root, node, true);
  count(Counter.IndexInserts, 1);
}

export function intervalTreeRemove(root: usize, node: u32): void {
  rbErase(root, node, true);
  count(Counter.IndexRemoves, 1);
}

/** First node below `node` (whose subtreeLast reaches start) that meets [start, last], or 0. */
function subtreeSearch(node: u32, start: u64, last: u64, visited: u32, touched: u32): u32 {
  let found: u32 = 0;
  for (;;) {
    const left = rbLeft(node);
    if (left) {
      touched++;
      if (at(left).subtreeLast >= start) {
        // If the leftmost candidate there begins too late, so does everything to its right.
        visited++;
        node = left;
        continue;
      }
    }
    if (nodeFirst(at(node)) > last) break;
    if (nodeLast(at(node)) >= start) {
      found = node;
      break;
    }
    const right = rbRight(node);
    if (!right) break;
    touched++;
    if (at(right).subtreeLast < start) break;
    visited++;
    node = right;
  }
  passed(visited, touched, found);
  return found;
}

/** The node that is returned is counted by the walk, so it is taken off here. */
function passed(visited: u32, touched: u32, found: u32): void {
  const handed: u32 = found ? 1 : 0;
  if (visited != handed) count(Counter.NodesVisited, visited - handed);
  if (touched != handed) count(Counter.NodesTouched, touched - handed);
}

/** First node, by first pgoff, that meets [start, last], or 0. */
export function intervalTreeFirst(root: usize, start: u64, last: u64): u32 {
  const node = load<u32>(root);
  if (!node) return 0;
  if (at(node).subtreeLast < start) {
    passed(0, 1, 0);
    return 0;
  }
  return subtreeSearch(node, start, last, 1, 1);
}

/** The node after this one that meets [start, last], or 0. */
export function intervalTreeNext(node: u32, start: u64, last: u64): u32 {
  let visited: u32 = 0;
  let touched: u32 = 0;
  let right = rbRight(node);
  while (true) {
    if (right) {
      touched++;
      if (at(right).subtreeLast >= start)
        return subtreeSearch(right, start, last, visited + 1, touched);
    }
    let child: u32;
    do {
      child = node;
      node = rbParent(child);
      if (!node) {
        passed(visited, touched, 0);
        return 0;
      }
      visited++;
      touched++;
      right = rbRight(node);
    } while (right == child);
    if (nodeFirst(at(node)) > last) {
      passed(visited, touched, 0);
      return 0;
    }
    if (nodeLast(at(node)) >= start) {
      passed(visited, touched, node);
      return node;
    }
  }
}

/** What intervalTreeVerify found. */
export enum TreeFault {
  None = 0,
  Parent,
  RedRed,
  BlackHeight,
  Order,
  Maximum,
  RedRoot,
}

function blackHeight(node: u32): i32 {
  let height = 0;
  for (; node; node = rbLeft(node)) if (!rbIsRed(node)) height++;
  return height;
}

/**
 * Invariant I11: links, colours, black height, order and maxima of a tree, without recursion.
 * @returns TreeFault, with the node in the upper 32 bits
 */
export function intervalTreeVerify(root: usize): u64 {
  const top = load<u32>(root);
  if (!top) return TreeFault.None;
  if (rbIsRed(top)) return fault(TreeFault.RedRoot, top);
  if (rbParent(top)) return fault(TreeFault.Parent, top);
  const height = blackHeight(top);
  let before: u32 = 0;
  for (let node = rbFirst(top); node; node = rbNext(node)) {
    const left = rbLeft(node);
    const right = rbRight(node);
    if (left && rbParent(left) != node) return fault(TreeFault.Parent, left);
    if (right && rbParent(right) != node) return fault(TreeFault.Parent, right);
    if (rbIsRed(node) && ((left && rbIsRed(left)) || (right && rbIsRed(right))))
      return fault(TreeFault.RedRed, node);
    if (!left || !right) {
      let blacks = 0;
      for (let up = node; up; up = rbParent(up)) if (!rbIsRed(up)) blacks++;
      if (blacks != height) return fault(TreeFault.BlackHeight, node);
    }
    if (at(node).subtreeLast != subtreeLastOf(node)) return fault(TreeFault.Maximum, node);
    if (before && nodeFirst(at(before)) > nodeFirst(at(node))) return fault(TreeFault.Order, node);
    before = node;
  }
  return TreeFault.None;
}

function fault(kind: TreeFault, node: u32): u64 {
  return ((<u64>node) << 32) | (<u64>kind);
}
