// The radix priority search tree of spec/commits.md section 8, over VMAs no two of which have the same [first,
// last]. A trie by the bits of first, from the highest that any key may have, then by those of the size; and at
// the same time a heap: whoever is above reaches further, or as far and begins earlier. So its depth is bounded
// by bits, and nothing is ever rotated.
//
//   turn     3          [1, 14]        Each place has the bit by which it turns: index_bits - 1 at the root, one
//                      /       \       less a level, and from -1 on (bit 63) those of the size. What moves to
//   turn     2     [2, 9]     [8, 12]  another place takes over that place's turn. When index_bits grows,
//                  /               \   places come in above the old root, so no turn ever changes.
//   turn     1  [3, 3]           [12, 12]
//
// A search is pre-order. To the right of a place all keys begin at its prefix with the turn's bit set, or later:
// what a search need not look at. v3.4 lost the prefix, and knew that bit alone.

import { Counter } from "../abi/counter";
import { count } from "../memory/header";
import { isSameRange, prioFirst, prioLast, PrioNode, prioNodeAt } from "../struct/prio-node";
import { traceNode } from "../struct/walk-trace";
import { makeLongStep } from "./step";

const BITS: i32 = 64;

function at(node: u32): PrioNode {
  return prioNodeAt(node);
}

function isRoot(node: u32): bool {
  return at(node).parent == node;
}

/** Does a key belong to the right of a place with that turn? */
export function prioGoesRight(first: u64, last: u64, turn: i32): bool {
  return turn >= 0
    ? ((first >> (<u64>turn)) & 1) != 0
    : (((last - first) >> (<u64>(BITS + turn))) & 1) != 0;
}

/** Has a node to be nearer to the root than another? */
export function prioIsAbove(a: u32, b: u32): bool {
  const last = prioLast(a);
  const other = prioLast(b);
  return last == other ? prioFirst(a) < prioFirst(b) : last > other;
}

function makeLeaf(node: u32, parent: u32, turn: i32): void {
  const leaf = at(node);
  leaf.parent = parent;
  leaf.left = 0;
  leaf.right = 0;
  leaf.turn = turn;
}

/** The node takes the place of another, which is linked nowhere then. */
export function prioTreeReplace(root: usize, old: u32, node: u32): void {
  const from = at(old);
  const to = at(node);
  const parent = from.parent;
  to.left = from.left;
  to.right = from.right;
  to.turn = from.turn;
  if (from.left) at(from.left).parent = node;
  if (from.right) at(from.right).parent = node;
  if (parent == old) {
    to.parent = node;
    store<u32>(root, node);
    return;
  }
  to.parent = parent;
  if (at(parent).left == old) at(parent).left = node;
  else at(parent).right = node;
}

/**
 * prio_tree_expand: the node, which reaches beyond all others or is the first, becomes the root. The first bit more
 * costs nothing; for each further one the old root moves out, onto a spine of left children.
 */
function expand(root: usize, node: u32): void {
  const last = prioLast(node);
  const top = load<u32>(root);
  let bits = top ? at(top).turn + 1 : 1;
  if (last >> (<u64>bits)) bits++;
  let above = node;
  makeLeaf(node, node, 0);
  for (; last >> (<u64>bits); bits++) {
    const old = load<u32>(root);
    if (!old) continue;
    detach(root, old);
    makeLeaf(old, above, 0);
    at(above).left = old;
    above = old;
  }
  let turn = bits;
  for (let down = node; down; down = at(down).left) at(down).turn = --turn;
  const rest = load<u32>(root);
  if (rest) {
    at(above).left = rest;
    at(rest).parent = above;
  }
  store<u32>(root, node);
}

/** @returns 0, or the node that has the same range, and then nothing is inserted */
export function prioTreeInsert(root: usize, node: u32): u32 {
  let here = load<u32>(root);
  if (!here || prioLast(node) >> (<u64>(at(here).turn + 1))) {
    expand(root, node);
    count(Counter.IndexInserts, 1);
    return 0;
  }
  let compared: u32 = 0;
  while (true) {
    compared++;
    if (isSameRange(here, node)) break;
    if (prioIsAbove(node, here)) {
      // It stays here; whoever was here goes on down.
      prioTreeReplace(root, here, node);
      const displaced = here;
      here = node;
      node = displaced;
    }
    const place = at(here);
    const right = prioGoesRight(prioFirst(node), prioLast(node), place.turn);
    const below = right ? place.right : place.left;
    if (!below) {
      makeLeaf(node, here, place.turn - 1);
      if (right) place.right = node;
      else place.left = node;
      here = 0;
      break;
    }
    here = below;
  }
  count(Counter.Comparisons, compared);
  if (!here) count(Counter.IndexInserts, 1);
  return here;
}

/** Pulls up those below it, each time the one that reaches further. */
function detach(root: usize, node: u32): void {
  let leaf = node;
  while (true) {
    const left = at(leaf).left;
    const right = at(leaf).right;
    if (!left && !right) break;
    leaf = left && (!right || prioLast(left) >= prioLast(right)) ? left : right;
  }
  const parent = at(leaf).parent;
  if (parent == leaf) {
    store<u32>(root, 0);
    return;
  }
  if (at(parent).right == leaf) at(parent).right = 0;
  else at(parent).left = 0;
  while (leaf != node) {
    // What is replaced still knows what was above it.
    const old = at(leaf).parent;
    prioTreeReplace(root, old, leaf);
    leaf = old;
  }
}

export function prioTreeRemove(root: usize, node: u32): void {
  detach(root, node);
  count(Counter.IndexRemoves, 1);
}

/** The earliest first pgoff that a search expects to the right of a node. */
function earliestRight(node: u32, prunes: bool): u64 {
  const turn = at(node).turn;
  if (turn < 0) return prunes ? prioFirst(node) : 0;
  const bit: u64 = 1 << (<u64>turn);
  return prunes ? (prioFirst(node) & ~(bit - 1)) | bit : bit;
}

function meets(node: u32, start: u64, last: u64): bool {
  return prioFirst(node) <= last && prioLast(node) >= start;
}

/**
 * Step to the first node that meets [start, last].
 * @param prunes false as of v3.4
 */
export function prioTreeFirst(root: usize, start: u64, last: u64, prunes: bool): u64 {
  let node = load<u32>(root);
  if (!node) return 0;
  if (prioLast(node) < start) return makeLongStep(0, 0, 1);
  let visited: u32 = 1;
  let touched: u32 = 1;
  if (CHECKED) traceNode(node);
  while (!meets(node, start, last)) {
    // A node to the left that reaches so far and does not meet it begins too late, as does everything to its right:
    // no need to come back.
    let below = at(node).left;
    if (below) touched++;
    if (!below || prioLast(below) < start) {
      below = at(node).right;
      if (!below || earliestRight(node, prunes) > last) return makeLongStep(0, visited, touched);
      touched++;
      if (prioLast(below) < start) return makeLongStep(0, visited, touched);
    }
    node = below;
    visited++;
    if (CHECKED) traceNode(node);
  }
  return makeLongStep(node, visited, touched);
}

/**
 * Step to the next node after this one that meets [start, last].
 * @param touched nodes that the step has cost so far
 */
export function prioTreeNext(node: u32, start: u64, last: u64, prunes: bool, touched: u32): u64 {
  let visited: u32 = 0;
  do {
    let below = at(node).left;
    if (below) {
      touched++;
      if (prioLast(below) < start) below = 0;
    }
    while (!below) {
      const right = at(node).right;
      if (right && earliestRight(node, prunes) <= last) {
        touched++;
        if (prioLast(right) >= start) {
          below = right;
          break;
        }
      }
      // Up to where this came from the left.
      let child: u32;
      do {
        if (isRoot(node)) return makeLongStep(0, visited, touched);
        child = node;
        node = at(child).parent;
        visited++;
        touched++;
        if (CHECKED) traceNode(node);
      } while (at(node).right == child);
    }
    node = below;
    visited++;
    if (CHECKED) traceNode(node);
  } while (!meets(node, start, last));
  return makeLongStep(node, visited, touched);
}
