// Red-black trees over nodes of { parent | colour, left, right }: the shape that the textbook's
// bottom-up insertion and deletion give, which is also the kernel's, since visit counts depend on it.
//
//        g(black)                 p(black)         A node is red while bit 0 of its parent word is set.
//       /        \               /        \        A tree is named by the address of the word that
//     p(red)    u(black)  -->  n(red)    g(red)    holds its root.
//    /                                      \
//  n(red)                                  u(black)
//
// `augmented` trees are interval trees: their nodes carry subtreeLast, which rotations and removals keep.

import { Counter } from "../abi/counter";
import { count } from "../memory/header";
import { IntervalNode, nodeLast } from "../struct/interval-node";

const RED: u32 = 1;
const LEFT: usize = 4;
const RIGHT: usize = 8;

export function rbParent(node: u32): u32 {
  return load<u32>(<usize>node) & ~RED;
}

export function rbLeft(node: u32): u32 {
  return load<u32>(<usize>node, LEFT);
}

export function rbRight(node: u32): u32 {
  return load<u32>(<usize>node, RIGHT);
}

export function rbIsRed(node: u32): bool {
  return (load<u32>(<usize>node) & RED) != 0;
}

function isBlack(node: u32): bool {
  return node == 0 || !rbIsRed(node);
}

function setParent(node: u32, parent: u32): void {
  store<u32>(<usize>node, parent | (load<u32>(<usize>node) & RED));
}

function paint(node: u32, red: bool): void {
  store<u32>(<usize>node, rbParent(node) | (<u32>red));
}

/** Puts `now` where `old` hangs below parent (0: at the root). */
function replaceChild(root: usize, parent: u32, old: u32, now: u32): void {
  if (!parent) store<u32>(root, now);
  else if (rbLeft(parent) == old) store<u32>(<usize>parent, now, LEFT);
  else store<u32>(<usize>parent, now, RIGHT);
}

/** What subtreeLast of an interval node has to be. */
export function subtreeLastOf(node: u32): u64 {
  let last = nodeLast(changetype<IntervalNode>(<usize>node));
  const left = rbLeft(node);
  if (left) last = max(last, changetype<IntervalNode>(<usize>left).subtreeLast);
  const right = rbRight(node);
  if (right) last = max(last, changetype<IntervalNode>(<usize>right).subtreeLast);
  return last;
}

function refresh(node: u32): bool {
  const interval = changetype<IntervalNode>(<usize>node);
  const last = subtreeLastOf(node);
  if (interval.subtreeLast == last) return false;
  interval.subtreeLast = last;
  count(Counter.MaximaRewritten, 1);
  return true;
}

/** Corrects the maxima from node up, as far as they change. */
export function rbPropagate(node: u32): void {
  while (node && refresh(node)) node = rbParent(node);
}

/** node's child on the given side goes up, node goes down to the other. */
function rotate(root: usize, node: u32, side: usize, augmented: bool): void {
  const other = LEFT + RIGHT - side;
  const child = load<u32>(<usize>node + side);
  const inner = load<u32>(<usize>child + other);
  const parent = rbParent(node);
  store<u32>(<usize>node + side, inner);
  if (inner) setParent(inner, node);
  replaceChild(root, parent, node, child);
  setParent(child, parent);
  store<u32>(<usize>child + other, node);
  setParent(node, child);
  count(Counter.Rotations, 1);
  if (augmented) {
    changetype<IntervalNode>(<usize>child).subtreeLast = changetype<IntervalNode>(
      <usize>node,
    ).subtreeLast;
    refresh(node);
  }
}

/** Links a new red leaf; link is the address of the empty child word (or the root word). */
export function rbLink(node: u32, parent: u32, link: usize): void {
  store<u32>(<usize>node, parent | RED);
  store<u32>(<usize>node, 0, LEFT);
  store<u32>(<usize>node, 0, RIGHT);
  store<u32>(link, node);
}

/** Restores the rules after rbLink. */
export function rbInsertFixup(root: usize, node: u32, augmented: bool): void {
  let parent = rbParent(node);
  while (parent && rbIsRed(parent)) {
    const grand = rbParent(parent);
    const side = rbLeft(grand) == parent ? LEFT : RIGHT;
    const other = LEFT + RIGHT - side;
    const uncle = load<u32>(<usize>grand + other);
    if (!isBlack(uncle)) {
      paint(parent, false);
      paint(uncle, false);
      paint(grand, true);
      node = grand;
      parent = rbParent(node);
      continue;
    }
    if (load<u32>(<usize>parent + other) == node) {
      rotate(root, parent, other, augmented);
      parent = node;
    }
    paint(parent, false);
    paint(grand, true);
    rotate(root, grand, side, augmented);
    break;
  }
  paint(load<u32>(root), false);
}

/** Takes the node out: with two children its in-order successor takes its place. */
export function rbErase(root: usize, node: u32, augmented: bool): void {
  const left = rbLeft(node);
  const right = rbRight(node);
  let child: u32;
  let parent: u32;
  let red: bool;
  if (left && right) {
    let successor = right;
    for (let below = rbLeft(successor); below; below = rbLeft(successor)) successor = below;
    child = rbRight(successor);
    red = rbIsRed(successor);
    parent = rbParent(successor);
    if (parent == node) {
      parent = successor;
    } else {
      store<u32>(<usize>parent, child, LEFT);
      if (child) setParent(child, parent);
      store<u32>(<usize>successor, right, RIGHT);
      setParent(right, successor);
    }
    store<u32>(<usize>successor, left, LEFT);
    setParent(left, successor);
    replaceChild(root, rbParent(node), node, successor);
    store<u32>(<usize>successor, load<u32>(<usize>node));
    if (augmented) {
      // The successor stands for the old node from here on; what changed below it goes up through it.
      changetype<IntervalNode>(<usize>successor).subtreeLast = changetype<IntervalNode>(
        <usize>node,
      ).subtreeLast;
      rbPropagateThrough(parent, successor);
    }
  } else {
    child = left ? left : right;
    red = rbIsRed(node);
    parent = rbParent(node);
    replaceChild(root, parent, node, child);
    if (child) setParent(child, parent);
    if (augmented) rbPropagate(parent);
  }
  if (!red) eraseFixup(root, child, parent, augmented);
}

/** Corrects the maxima from `from` to `through`, whatever changes, and from there as far as they change. */
function rbPropagateThrough(from: u32, through: u32): void {
  while (from != through) {
    refresh(from);
    from = rbParent(from);
  }
  rbPropagate(through);
}

/** node (perhaps none, below parent) lacks one black. */
function eraseFixup(root: usize, node: u32, parent: u32, augmented: bool): void {
  while (parent && isBlack(node)) {
    const side = rbLeft(parent) == node ? LEFT : RIGHT;
    const other = LEFT + RIGHT - side;
    let sibling = load<u32>(<usize>parent + other);
    if (rbIsRed(sibling)) {
      paint(sibling, false);
      paint(parent, true);
      rotate(root, parent, other, augmented);
      sibling = load<u32>(<usize>parent + other);
    }
    const near = load<u32>(<usize>sibling + side);
    let far = load<u32>(<usize>sibling + other);
    if (isBlack(near) && isBlack(far)) {
      paint(sibling, true);
      node = parent;
      parent = rbParent(node);
      continue;
    }
    if (isBlack(far)) {
      paint(near, false);
      paint(sibling, true);
      rotate(root, sibling, side, augmented);
      far = sibling;
      sibling = near;
    }
    paint(sibling, rbIsRed(parent));
    paint(parent, false);
    paint(far, false);
    rotate(root, parent, other, augmented);
    return;
  }
  if (node) paint(node, false);
}

export function rbFirst(node: u32): u32 {
  if (!node) return 0;
  for (let left = rbLeft(node); left; left = rbLeft(node)) node = left;
  return node;
}

export function rbNext(node: u32): u32 {
  const right = rbRight(node);
  if (right) return rbFirst(right);
  let parent = rbParent(node);
  while (parent && rbRight(parent) == node) {
    node = parent;
    parent = rbParent(node);
  }
  return parent;
}
