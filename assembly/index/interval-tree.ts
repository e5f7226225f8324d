// The interval tree of spec/commits.md section 8: a red-black tree by first pgoff, each node with the
// largest last pgoff below it. Ties go right, so equal keys stay in order of insertion.
//
// Searches count the nodes they pass: visited are those that became the current node, touched those of
// which a field was read. What they return is a step (step.ts).

import { Counter } from "../abi/counter";
import { count } from "../memory/header";
import { IntervalNode, nodeFirst, nodeLast } from "../struct/interval-node";
import { traceNode } from "../struct/walk-trace";
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
import { makeStep } from "./step";

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

/** First node below `node` (whose subtreeLast reaches start) that meets [start, last]. */
function subtreeSearch(node: u32, start: u64, last: u64, visited: u32, touched: u32): u64 {
  while (true) {
    const left = rbLeft(node);
    if (left) {
      touched++;
      if (at(left).subtreeLast >= start) {
        // If the leftmost candidate there begins too late, so does everything to its right.
        visited++;
        node = left;
        if (CHECKED) traceNode(node);
        continue;
      }
    }
    if (nodeFirst(at(node)) > last) return makeStep(0, visited, touched);
    if (nodeLast(at(node)) >= start) return makeStep(node, visited, touched);
    const right = rbRight(node);
    if (!right) return makeStep(0, visited, touched);
    touched++;
    if (at(right).subtreeLast < start) return makeStep(0, visited, touched);
    visited++;
    node = right;
    if (CHECKED) traceNode(node);
  }
}

/** Step to the first node, by first pgoff, that meets [start, last]. */
export function intervalTreeFirst(root: usize, start: u64, last: u64): u64 {
  const node = load<u32>(root);
  if (!node) return 0;
  if (at(node).subtreeLast < start) return makeStep(0, 0, 1);
  if (CHECKED) traceNode(node);
  return subtreeSearch(node, start, last, 1, 1);
}

/** Step to the node after this one that meets [start, last]. */
export function intervalTreeNext(node: u32, start: u64, last: u64): u64 {
  let visited: u32 = 0;
  let touched: u32 = 0;
  let right = rbRight(node);
  while (true) {
    if (right) {
      touched++;
      if (at(right).subtreeLast >= start) {
        if (CHECKED) traceNode(right);
        return subtreeSearch(right, start, last, visited + 1, touched);
      }
    }
    let child: u32;
    do {
      child = node;
      node = rbParent(child);
      if (!node) return makeStep(0, visited, touched);
      visited++;
      touched++;
      if (CHECKED) traceNode(node);
      right = rbRight(node);
    } while (right == child);
    if (nodeFirst(at(node)) > last) return makeStep(0, visited, touched);
    if (nodeLast(at(node)) >= start) return makeStep(node, visited, touched);
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
