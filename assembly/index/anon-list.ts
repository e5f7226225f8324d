// The list of spec/commits.md section 6, "before": chains in order of linking, every walk visits all.
// A node's parent word links to the one before, its left word to the one after.

import { Counter } from "../abi/counter";
import { count } from "../memory/header";
import { AnonVma } from "../struct/anon-vma";
import { IntervalNode } from "../struct/interval-node";
import { traceNode } from "../struct/walk-trace";
import { makeStep } from "./step";

function at(node: u32): IntervalNode {
  return changetype<IntervalNode>(<usize>node);
}

export function anonListAppend(anonVma: AnonVma, node: u32): void {
  const tail = anonVma.tail;
  at(node).parent = tail;
  at(node).left = 0;
  if (tail) at(tail).left = node;
  else anonVma.head = node;
  anonVma.tail = node;
  count(Counter.IndexInserts, 1);
}

export function anonListRemove(anonVma: AnonVma, node: u32): void {
  const before = at(node).parent;
  const after = at(node).left;
  if (before) at(before).left = after;
  else anonVma.head = after;
  if (after) at(after).parent = before;
  else anonVma.tail = before;
  count(Counter.IndexRemoves, 1);
}

function stepTo(node: u32): u64 {
  if (!node) return 0;
  if (CHECKED) traceNode(node);
  return makeStep(node, 1, 1);
}

export function anonListFirst(root: usize): u64 {
  return stepTo(load<u32>(root));
}

export function anonListNext(node: u32): u64 {
  return stepTo(at(node).left);
}

/** Invariant I11 for a list: 0, or the node whose link back is wrong. */
export function anonListVerify(anonVma: AnonVma): u32 {
  let before: u32 = 0;
  for (let node = anonVma.head; node; node = at(node).left) {
    if (at(node).parent != before) return node;
    before = node;
  }
  return anonVma.tail == before ? 0 : before;
}
