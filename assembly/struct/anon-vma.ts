// anon_vma: what the pages of a family of VMAs point to, and the chain that ties VMAs to it.
//
//   Vma --chainHead--> Chain --next--> Chain ...      newest first, all anon_vmas of one root
//                        |               |
//                     AnonVma          AnonVma        each with an index of its chains' nodes
//                        '---- root -----'            whose mutex guards them all

import { header } from "../memory/header";
import { Cache, slabAlloc, slabFree } from "../memory/slab";
import { Vma } from "./vma";

@unmanaged
export class AnonVma {
  state: u32;
  /** Names it to people: 1, 2, 3 in order of creation. */
  number: u32;
  root: u32;
  refcount: i32;
  /** Index of the chains: root of the tree, or first of the list. */
  head: u32;
  /** Last of the list. */
  tail: u32;
  mutex: u32;
  /** The one of the VMA that the fork copied; a root's is itself. It lives as long as this one has VMAs. */
  parent: u32;
  /** anon_vmas with VMAs whose parent this is: a root that has VMAs is one of its own. */
  children: i32;
  /** VMAs whose pages are given to this one. */
  activeVmas: i32;
}

/** +8 is the node: parent, left, right, vma, subtreeLast. */
@unmanaged
export class AnonVmaChain {
  state: u32;
  anonVma: u32;
  nodeParent: u32;
  nodeLeft: u32;
  nodeRight: u32;
  vma: u32;
  nodeSubtreeLast: u64;
  /** Of the same VMA: the one before (newer) and after (older). */
  newer: u32;
  older: u32;
}

export const CHAIN_BYTES: u32 = 40;
/** Checked builds keep behind it the key it was inserted with: first and last pgoff. */
export const CHECKED_CHAIN_BYTES: u32 = 56;
export const CHAIN_NODE: usize = 8;

export function chainOfNode(node: usize): AnonVmaChain {
  return changetype<AnonVmaChain>(node - CHAIN_NODE);
}

export function nodeOfChain(chain: AnonVmaChain): usize {
  return changetype<usize>(chain) + CHAIN_NODE;
}

export function rootMutex(anonVma: AnonVma): usize {
  return <usize>anonVma.root + offsetof<AnonVma>("mutex");
}

/** One reference, its own root and parent, or null. The mutex and the empty index outlive every reuse. */
export function anonVmaAlloc(): AnonVma | null {
  const object = slabAlloc(Cache.AnonVma);
  if (!object) return null;
  const anonVma = changetype<AnonVma>(object);
  anonVma.number = ++header().nextAnonVma;
  anonVma.root = <u32>object;
  anonVma.refcount = 1;
  anonVma.parent = <u32>object;
  anonVma.children = 0;
  anonVma.activeVmas = 0;
  return anonVma;
}

export function chainAlloc(): AnonVmaChain | null {
  return changetype<AnonVmaChain | null>(slabAlloc(Cache.Chain));
}

export function chainFree(chain: AnonVmaChain): void {
  slabFree(Cache.Chain, changetype<usize>(chain));
}

/** Puts the chain at the head of the VMA's: newest first. */
export function chainAddToVma(vma: Vma, chain: AnonVmaChain): void {
  const object = <u32>changetype<usize>(chain);
  chain.newer = 0;
  chain.older = vma.chainHead;
  if (vma.chainHead) changetype<AnonVmaChain>(<usize>vma.chainHead).newer = object;
  else vma.chainTail = object;
  vma.chainHead = object;
}

export function chainRemoveFromVma(vma: Vma, chain: AnonVmaChain): void {
  if (chain.newer) changetype<AnonVmaChain>(<usize>chain.newer).older = chain.older;
  else vma.chainHead = chain.older;
  if (chain.older) changetype<AnonVmaChain>(<usize>chain.older).newer = chain.newer;
  else vma.chainTail = chain.newer;
}

/** Exactly one entry: the VMA was never through a fork, or a move of one that was. */
export function chainIsSingular(vma: Vma): bool {
  return vma.chainHead != 0 && vma.chainHead == vma.chainTail;
}

/** anon_vmas the VMA is tied to. */
export function chainLength(vma: Vma): u32 {
  let n: u32 = 0;
  for (let at = vma.chainHead; at; at = changetype<AnonVmaChain>(<usize>at).older) n++;
  return n;
}
