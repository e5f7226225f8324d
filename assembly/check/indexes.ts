// Invariant I11: each index is in good order, and holds exactly the VMAs it should.

import { AnonIndex } from "../abi/switch";
import { IndexOwner, Violated } from "../violated";
import { anonIndexIsCurrent } from "../index/anon-index";
import { anonListNext, anonListVerify } from "../index/anon-list";
import { filesHavePrioTrees } from "../index/file-index";
import { nonlinearCursor, nonlinearNext } from "../index/nonlinear-list";
import { stepNode } from "../index/step";
import { rbFirst, rbNext } from "../index/rb-tree";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { AddressSpace, File, iMmapRoot } from "../struct/address-space";
import { CLUSTER_SIZE } from "../rmap/unmap-nonlinear";
import { AnonVma, AnonVmaChain, chainOfNode, CHAIN_NODE } from "../struct/anon-vma";
import { FILE_NODE, isNonlinear, Vma } from "../struct/vma";
import {
  anonVmaNote,
  BROKEN_INDEX,
  chainNote,
  fileNote,
  isLive,
  mappingNote,
  pidOf,
  pidOfVma,
  startOfVma,
  vmaNote,
} from "./census";
import { numberOf } from "./anon-vma";
import { checkPrioOrder, prioIndexHolds, prioNodeAfter } from "./prio-index";
import { checkIntervals, treeHolds, violatedAt } from "./tree";
import { violated } from "./violation";

/** Notes that the index of an anon_vma holds this chain. */
function noteChain(anonVma: AnonVma, chain: AnonVmaChain): void {
  const number = <f64>anonVma.number;
  if (chain.anonVma != <u32>changetype<usize>(anonVma)) {
    violatedAt(Violated.Stray, IndexOwner.AnonVma, number, chain.vma);
  } else {
    chainNote(<u32>changetype<usize>(chain)).indexed = 1;
  }
}

function checkAnonTree(anonVma: AnonVma): bool {
  const number = <f64>anonVma.number;
  const root = changetype<usize>(anonVma) + offsetof<AnonVma>("head");
  if (!treeHolds(root, IndexOwner.AnonVma, number)) return false;
  for (let node = rbFirst(anonVma.head); node; node = rbNext(node)) {
    const chain = chainOfNode(<usize>node);
    noteChain(anonVma, chain);
    if (!anonIndexIsCurrent(chain)) {
      violated(Violated.StaleKey, number, pidOfVma(chain.vma), startOfVma(chain.vma));
    }
  }
  checkIntervals(root, IndexOwner.AnonVma, number);
  return true;
}

function listFault(anonVma: AnonVma, chain: u32): void {
  const vma = isLive(Cache.Chain, chain) ? changetype<AnonVmaChain>(<usize>chain).vma : 0;
  violated(Violated.ListLink, <f64>anonVma.number, pidOfVma(vma), startOfVma(vma));
}

function checkAnonList(anonVma: AnonVma): bool {
  for (let node = anonVma.head; node; node = stepNode(anonListNext(node))) {
    const chain = node - <u32>CHAIN_NODE;
    // A chain that was met before: the list runs in a circle, or into another's.
    if (!isLive(Cache.Chain, chain) || chainNote(chain).indexed) {
      listFault(anonVma, chain);
      return false;
    }
    noteChain(anonVma, changetype<AnonVmaChain>(<usize>chain));
    if (!chainNote(chain).indexed) return false;
  }
  const wrong = anonListVerify(anonVma);
  if (wrong) listFault(anonVma, wrong - <u32>CHAIN_NODE);
  return true;
}

/** Every chain is in the index of its anon_vma, and nothing else is. */
export function checkAnonIndexes(): void {
  const list = header().anonIndex == <u32>AnonIndex.List;
  for (let at = slabNext(Cache.AnonVma, 0); at; at = slabNext(Cache.AnonVma, at)) {
    const anonVma = changetype<AnonVma>(at);
    const holds = list ? checkAnonList(anonVma) : checkAnonTree(anonVma);
    if (!holds) anonVmaNote(<u32>at).marks |= BROKEN_INDEX;
  }
  for (let at = slabNext(Cache.Chain, 0); at; at = slabNext(Cache.Chain, at)) {
    const chain = changetype<AnonVmaChain>(at);
    if (chainNote(<u32>at).indexed || !isLive(Cache.AnonVma, chain.anonVma)) continue;
    if (anonVmaNote(chain.anonVma).marks & BROKEN_INDEX) continue;
    violatedAt(Violated.Unindexed, IndexOwner.AnonVma, numberOf(chain.anonVma), chain.vma);
  }
}

/** The inode that a VMA shows, 0 if it shows none or one that is gone. */
export function mappingOfVma(vma: Vma): u32 {
  if (!isLive(Cache.File, vma.file)) return 0;
  const mapping = changetype<File>(<usize>vma.file).mapping;
  return isLive(Cache.AddressSpace, mapping) ? mapping : 0;
}

/** The number of an inode, 0 if it is gone. */
export function inodeOf(mapping: u32): f64 {
  return isLive(Cache.AddressSpace, mapping)
    ? <f64>changetype<AddressSpace>(<usize>mapping).inode
    : 0;
}

/** Notes that the index of a file holds the VMA of this node. */
function noteFileNode(mapping: AddressSpace, node: u32): void {
  const at = node - <u32>FILE_NODE;
  const vma = changetype<Vma>(<usize>at);
  const self = <u32>changetype<usize>(mapping);
  const belongs = vma.fileVma == at && mappingOfVma(vma) == self && !isNonlinear(vma);
  if (belongs) vmaNote(at).inFileIndex = 1;
  else violatedAt(Violated.Stray, IndexOwner.File, <f64>mapping.inode, at);
}

function checkFileTree(mapping: AddressSpace): bool {
  const root = iMmapRoot(mapping);
  const inode = <f64>mapping.inode;
  if (!treeHolds(root, IndexOwner.File, inode)) return false;
  for (let node = rbFirst(load<u32>(root)); node; node = rbNext(node)) {
    noteFileNode(mapping, node);
  }
  checkIntervals(root, IndexOwner.File, inode);
  return true;
}

function checkPrioTree(mapping: AddressSpace): bool {
  const root = iMmapRoot(mapping);
  const inode = <f64>mapping.inode;
  if (!prioIndexHolds(root, inode)) return false;
  for (let node = load<u32>(root); node; node = prioNodeAfter(node)) noteFileNode(mapping, node);
  checkPrioOrder(root, inode);
  return true;
}

/** Follows the list of a file's nonlinear VMAs as far as it goes. */
function checkNonlinear(mapping: AddressSpace): void {
  const self = <u32>changetype<usize>(mapping);
  let before: u32 = 0;
  for (let at = mapping.iMmapNonlinear; at;) {
    const vma = changetype<Vma>(<usize>at);
    const known = isLive(Cache.Vma, at);
    if (known && !(isNonlinear(vma) && mappingOfVma(vma) == self)) {
      // Its links are those of something else.
      violatedAt(Violated.Stray, IndexOwner.Nonlinear, <f64>mapping.inode, at);
      mappingNote(self).brokenList = 1;
      return;
    }
    // A VMA that was met before: the list runs in a circle.
    if (!known || vmaNote(at).inFileIndex || vma.fileLeft != before) break;
    vmaNote(at).inFileIndex = 1;
    if (nonlinearCursor(vma) % CLUSTER_SIZE) {
      const cursor = <f64>nonlinearCursor(vma);
      violated(Violated.NonlinearCursor, pidOf(vma.mm), <f64>vma.start, cursor);
    }
    before = at;
    at = nonlinearNext(vma);
    if (at) continue;
    if (mapping.iMmapNonlinearLast == before) return;
  }
  if (!before && !mapping.iMmapNonlinear && !mapping.iMmapNonlinearLast) return;
  mappingNote(self).brokenList = 1;
  const inode = <f64>mapping.inode;
  violated(Violated.NonlinearLink, inode, pidOfVma(before), startOfVma(before));
}

/** Every VMA that shows a file is in that file's index, or in its list of nonlinear ones, and nothing else is. */
export function checkFileIndexes(): void {
  const prio = filesHavePrioTrees();
  for (let at = slabNext(Cache.AddressSpace, 0); at; at = slabNext(Cache.AddressSpace, at)) {
    const mapping = changetype<AddressSpace>(at);
    const holds = prio ? checkPrioTree(mapping) : checkFileTree(mapping);
    if (!holds) mappingNote(<u32>at).brokenIndex = 1;
    checkNonlinear(mapping);
  }
  for (let at = slabNext(Cache.Vma, 0); at; at = slabNext(Cache.Vma, at)) {
    const vma = changetype<Vma>(at);
    if (isLive(Cache.File, vma.file)) fileNote(vma.file).vmas++;
    if (!vma.file || vmaNote(<u32>at).inFileIndex) continue;
    const mapping = mappingOfVma(vma);
    if (!mapping) {
      violated(Violated.FileGone, pidOf(vma.mm), <f64>vma.start);
    } else {
      const nonlinear = isNonlinear(vma);
      const note = mappingNote(mapping);
      const owner = nonlinear ? IndexOwner.Nonlinear : IndexOwner.File;
      // Behind a broken link nothing is known.
      if (nonlinear ? note.brokenList : note.brokenIndex) continue;
      violatedAt(Violated.Unindexed, owner, inodeOf(mapping), <u32>at);
    }
  }
}

/** After checkFileIndexes: who holds open files, and inodes. */
export function checkFileUsers(): void {
  for (let at = slabNext(Cache.File, 0); at; at = slabNext(Cache.File, at)) {
    const file = changetype<File>(at);
    const users = fileNote(<u32>at).vmas + file.held;
    if (isLive(Cache.AddressSpace, file.mapping)) mappingNote(file.mapping).files++;
    if (file.users != users) {
      violated(Violated.FileUsers, inodeOf(file.mapping), <f64>file.users, <f64>users);
    }
  }
  for (let at = slabNext(Cache.AddressSpace, 0); at; at = slabNext(Cache.AddressSpace, at)) {
    const mapping = changetype<AddressSpace>(at);
    const files = mappingNote(<u32>at).files;
    if (mapping.users != files) {
      violated(Violated.InodeUsers, <f64>mapping.inode, <f64>mapping.users, <f64>files);
    }
  }
}
