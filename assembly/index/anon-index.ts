// The index of an anon_vma, whichever structure the kernel was made with. A walk reads the kind once
// and passes it on: the choice costs a predictable branch for each node it is handed, never a call
// through a table.

import { IndexKind } from "../abi";
import { header } from "../memory/header";
import { AnonVma, AnonVmaChain, chainOfNode, CHAIN_BYTES, nodeOfChain } from "../struct/anon-vma";
import { IntervalNode, nodeFirst, nodeLast } from "../struct/interval-node";
import { Vma } from "../struct/vma";
import { anonListAppend, anonListNext, anonListRemove } from "./anon-list";
import {
  intervalTreeFirst,
  intervalTreeInsert,
  intervalTreeNext,
  intervalTreeRemove,
} from "./interval-tree";
import { makeStep, stepNode } from "./step";

function head(anonVma: AnonVma): usize {
  return changetype<usize>(anonVma) + offsetof<AnonVma>("head");
}

/** Links the chain into its anon_vma's index: at the list's tail, or by its VMA's present bounds. */
export function anonIndexInsert(chain: AnonVmaChain): void {
  const anonVma = changetype<AnonVma>(<usize>chain.anonVma);
  const node = <u32>nodeOfChain(chain);
  if (header().anonIndex == <u32>IndexKind.List) anonListAppend(anonVma, node);
  else intervalTreeInsert(head(anonVma), node);
  if (CHECKED) anonIndexRemember(chain);
}

/** Checked builds remember the key, so that a bound changed behind the index is noticed. */
function anonIndexRemember(chain: AnonVmaChain): void {
  const node = changetype<IntervalNode>(nodeOfChain(chain));
  store<u64>(changetype<usize>(chain) + CHAIN_BYTES, nodeFirst(node));
  store<u64>(changetype<usize>(chain) + CHAIN_BYTES, nodeLast(node), 8);
}

/** Is the key it was inserted with still its VMA's? The list has no keys. */
export function anonIndexIsCurrent(chain: AnonVmaChain): bool {
  if (!CHECKED || header().anonIndex == <u32>IndexKind.List) return true;
  const node = changetype<IntervalNode>(nodeOfChain(chain));
  return (
    load<u64>(changetype<usize>(chain) + CHAIN_BYTES) == nodeFirst(node) &&
    load<u64>(changetype<usize>(chain) + CHAIN_BYTES, 8) == nodeLast(node)
  );
}

export function anonIndexRemove(chain: AnonVmaChain): void {
  const anonVma = changetype<AnonVma>(<usize>chain.anonVma);
  const node = <u32>nodeOfChain(chain);
  if (header().anonIndex == <u32>IndexKind.List) anonListRemove(anonVma, node);
  else intervalTreeRemove(head(anonVma), node);
}

function listStep(node: u32): u64 {
  return node ? makeStep(node, 1, 1) : 0;
}

function checkKey(step: u64): void {
  const node = stepNode(step);
  if (CHECKED && node) assert(anonIndexIsCurrent(chainOfNode(node)), "anon_vma: stale key");
}

/** Step to the first node that the index offers for [start, last]: a list offers all. */
export function anonIndexFirst(kind: u32, anonVma: AnonVma, start: u64, last: u64): u64 {
  if (kind == <u32>IndexKind.List) return listStep(anonVma.head);
  const step = intervalTreeFirst(head(anonVma), start, last);
  checkKey(step);
  return step;
}

export function anonIndexNext(kind: u32, node: u32, start: u64, last: u64): u64 {
  if (kind == <u32>IndexKind.List) return listStep(anonListNext(node));
  const step = intervalTreeNext(node, start, last);
  checkKey(step);
  return step;
}

/** Before a VMA's bounds change, under the root's mutex: all its chains leave their trees. */
export function anonIndexPreUpdate(vma: Vma): void {
  if (header().anonIndex == <u32>IndexKind.List) return;
  for (let at = vma.chainHead; at;) {
    const chain = changetype<AnonVmaChain>(<usize>at);
    anonIndexRemove(chain);
    at = chain.older;
  }
}

/** After they changed: all its chains come back. */
export function anonIndexPostUpdate(vma: Vma): void {
  if (header().anonIndex == <u32>IndexKind.List) return;
  for (let at = vma.chainHead; at;) {
    const chain = changetype<AnonVmaChain>(<usize>at);
    anonIndexInsert(chain);
    at = chain.older;
  }
}
