// The index of an anon_vma, whichever structure the kernel was made with. How walks ask it is in
// source.ts.

import { AnonIndex } from "../abi/switch";
import { header } from "../memory/header";
import { AnonVma, AnonVmaChain, CHAIN_BYTES, nodeOfChain } from "../struct/anon-vma";
import { IntervalNode, nodeFirst, nodeLast } from "../struct/interval-node";
import { Vma } from "../struct/vma";
import { anonListAppend, anonListRemove } from "./anon-list";
import { intervalTreeInsert, intervalTreeRemove } from "./interval-tree";

/** Where the index is rooted: the tree's root, or the list's first node. */
export function anonIndexRoot(anonVma: AnonVma): usize {
  return changetype<usize>(anonVma) + offsetof<AnonVma>("head");
}

/** Links the chain into its anon_vma's index: at the list's tail, or by its VMA's present bounds. */
export function anonIndexInsert(chain: AnonVmaChain): void {
  const anonVma = changetype<AnonVma>(<usize>chain.anonVma);
  const node = <u32>nodeOfChain(chain);
  if (header().anonIndex == <u32>AnonIndex.List) anonListAppend(anonVma, node);
  else intervalTreeInsert(anonIndexRoot(anonVma), node);
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
  if (!CHECKED || header().anonIndex == <u32>AnonIndex.List) return true;
  const node = changetype<IntervalNode>(nodeOfChain(chain));
  return (
    load<u64>(changetype<usize>(chain) + CHAIN_BYTES) == nodeFirst(node) &&
    load<u64>(changetype<usize>(chain) + CHAIN_BYTES, 8) == nodeLast(node)
  );
}

export function anonIndexRemove(chain: AnonVmaChain): void {
  const anonVma = changetype<AnonVma>(<usize>chain.anonVma);
  const node = <u32>nodeOfChain(chain);
  if (header().anonIndex == <u32>AnonIndex.List) anonListRemove(anonVma, node);
  else intervalTreeRemove(anonIndexRoot(anonVma), node);
}

/** Before a VMA's bounds change, under the root's mutex: all its chains leave their trees. */
export function anonIndexPreUpdate(vma: Vma): void {
  if (header().anonIndex == <u32>AnonIndex.List) return;
  for (let at = vma.chainHead; at;) {
    const chain = changetype<AnonVmaChain>(<usize>at);
    anonIndexRemove(chain);
    at = chain.older;
  }
}

/** After they changed: all its chains come back. */
export function anonIndexPostUpdate(vma: Vma): void {
  if (header().anonIndex == <u32>AnonIndex.List) return;
  for (let at = vma.chainHead; at;) {
    const chain = changetype<AnonVmaChain>(<usize>at);
    anonIndexInsert(chain);
    at = chain.older;
  }
}
