// KSM's two trees. The stable one holds a node for each page that is shared, by contents, which can't
// change. The unstable one holds places that found no partner in this scan, by contents that may change
// under it: it may go wrong, is forgotten at each scan, and what it finds is compared again.

import { rbErase, rbInsertFixup, rbLink } from "../index/rb-tree";
import { Header, header } from "../memory/header";
import { Cache, slabAlloc, slabFree } from "../memory/slab";
import {
  itemAt,
  ItemTree,
  KSM_NODE,
  pageOfStableNode,
  RmapItem,
  StableNode,
  stableNodeAt,
} from "../struct/ksm";
import { MmStruct } from "../struct/mm-struct";
import {
  compoundHead,
  pageGeneration,
  pageIsAnon,
  pageMapcount,
  pageReadWord,
  pageSetStableNode,
  pageWord,
} from "../struct/page";
import { entryOf } from "../struct/page-table";
import { pteFrame, pteIsPage } from "../struct/pte";
import { removeItemFromTree, unstableRoot } from "./ksm-slot";

const LEFT: usize = 4;
const RIGHT: usize = 8;

function stableRoot(): usize {
  return changetype<usize>(header()) + offsetof<Header>("ksmStable");
}

function removeStableNode(node: u32): void {
  while (stableNodeAt(node).items) removeItemFromTree(itemAt(stableNodeAt(node).items));
  rbErase(stableRoot(), node + <u32>KSM_NODE, false);
  slabFree(Cache.StableNode, <usize>node);
}

/** The shared page with these contents, 0 if there is none. Stale nodes met on the way go. */
export function stableTreeSearch(word: f64): u32 {
  let at = header().ksmStable;
  while (at) {
    const node = at - <u32>KSM_NODE;
    const frame = pageOfStableNode(node);
    if (!frame) {
      removeStableNode(node);
      at = header().ksmStable;
      continue;
    }
    if (word == pageWord(frame)) {
      pageReadWord(frame);
      return frame;
    }
    at = load<u32>(<usize>at + (word < pageWord(frame) ? LEFT : RIGHT));
  }
  return 0;
}

/** A stable node for a page that is shared from now on; 0 when memory is exhausted. */
export function stableTreeInsert(frame: u32): u32 {
  const word = pageWord(frame);
  const object = <u32>slabAlloc(Cache.StableNode);
  if (!object) return 0;
  const stable: StableNode = stableNodeAt(object);
  stable.frame = frame;
  stable.generation = pageGeneration(frame);
  stable.items = 0;
  // The two places that were merged, and whoever else maps the first one's page through a fork.
  stable.strays = pageMapcount(frame) > 2 ? 1 : 0;
  let parent: u32 = 0;
  let link = stableRoot();
  for (let here = load<u32>(link); here; here = load<u32>(link)) {
    parent = here;
    const other = pageWord(stableNodeAt(here - <u32>KSM_NODE).frame);
    link = <usize>here + (word < other ? LEFT : RIGHT);
  }
  rbLink(object + <u32>KSM_NODE, parent, link);
  rbInsertFixup(stableRoot(), object + <u32>KSM_NODE, false);
  pageSetStableNode(frame, object);
  return object;
}

/** The anonymous page that shows at an address right now, 0 if none does. */
export function anonPageAt(mm: MmStruct, address: u64): u32 {
  const entry = mm.users ? entryOf(mm, address) : 0;
  return pteIsPage(entry) && pageIsAnon(compoundHead(pteFrame(entry))) ? pteFrame(entry) : 0;
}

/** The place of the unstable tree with these contents; 0 if there was none: then the item is in it now. */
export function unstableTreeSearchInsert(item: RmapItem, frame: u32): u32 {
  const word = pageWord(frame);
  let parent: u32 = 0;
  let link = unstableRoot();
  for (let here = load<u32>(link); here; here = load<u32>(link)) {
    const other = itemAt(here - <u32>KSM_NODE);
    const page = anonPageAt(changetype<MmStruct>(<usize>other.mm), other.address);
    // Its page is gone, or is this very page through a fork: the item has no place in this tree.
    if (!page || page == frame) return 0;
    if (word == pageWord(page)) {
      pageReadWord(page);
      return here - <u32>KSM_NODE;
    }
    parent = here;
    link = <usize>here + (word < pageWord(page) ? LEFT : RIGHT);
  }
  const node = <u32>(changetype<usize>(item) + KSM_NODE);
  item.tree = ItemTree.Unstable;
  item.sequence = header().ksmSequence;
  rbLink(node, parent, link);
  rbInsertFixup(unstableRoot(), node, false);
  return 0;
}
