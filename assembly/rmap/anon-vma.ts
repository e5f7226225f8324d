// Lifetime of anon_vma (spec/rmap.md Part 1, "Objects and lifetime"). Its refcount is
//
//   1 for "has any VMA"  +  1 for each explicit pin  +  (on a root) 1 for each child
//
// Chains are cloned from oldest to newest, so that every copy is in the same order with the root last.
//
// Where processes fork and end for ever, each fork adds an anon_vma and a link to the chain. The switch anonVmaReuse
// has what came of it: fork's child takes one that its parent's chain has already and no VMA calls its own any more.

import { Counter } from "../abi/counter";
import { Event } from "../abi/event";
import { anonIndexInsert, anonIndexRemove } from "../index/anon-index";
import { event } from "../memory/event";
import { AnonVmaReuse } from "../abi/switch";
import { count, header } from "../memory/header";
import { Cache, slabFree } from "../memory/slab";
import {
  AnonVma,
  anonVmaAlloc,
  AnonVmaChain,
  chainAddToVma,
  chainAlloc,
  chainFree,
  chainRemoveFromVma,
  rootMutex,
} from "../struct/anon-vma";
import { MmStruct, pageTableLock } from "../struct/mm-struct";
import { Vma } from "../struct/vma";
import { Doing, LockClass } from "../locks";
import { isLocked, lock, unlock } from "../sync/lock";
import { sharedAccess } from "../sync/yield-point";

function anonVmaAt(address: u32): AnonVma {
  return changetype<AnonVma>(<usize>address);
}

export function anonVmaLock(anonVma: AnonVma, doing: Doing): void {
  lock(rootMutex(anonVma), LockClass.AnonVmaMutex, doing);
}

export function anonVmaUnlock(anonVma: AnonVma): void {
  unlock(rootMutex(anonVma));
}

export function anonVmaCreate(vma: Vma): AnonVma | null {
  const anonVma = anonVmaAlloc();
  if (anonVma) {
    count(Counter.AnonVmasCreated, 1);
    event(Event.AnonVmaNew, <f64>anonVma.number, <f64>vma.start, 0);
  }
  return anonVma;
}

function anonVmaFree(anonVma: AnonVma): void {
  // Somebody who found it through a page may hold the root's mutex: let them finish.
  const mutex = rootMutex(anonVma);
  if (isLocked(mutex)) {
    lock(mutex, LockClass.AnonVmaMutex, Doing.AnonVma);
    unlock(mutex);
  }
  slabFree(Cache.AnonVma, changetype<usize>(anonVma));
}

export function getAnonVma(anonVma: AnonVma): void {
  sharedAccess(changetype<usize>(anonVma));
  anonVma.refcount++;
}

/** One more reference, unless it is being freed. */
export function getAnonVmaUnlessZero(anonVma: AnonVma): bool {
  sharedAccess(changetype<usize>(anonVma));
  if (anonVma.refcount == 0) return false;
  anonVma.refcount++;
  return true;
}

/** Drops a reference; the last one frees it, its root first if that was only held by this child. */
export function putAnonVma(anonVma: AnonVma): void {
  sharedAccess(changetype<usize>(anonVma));
  assert(anonVma.refcount > 0, "anon_vma: reference dropped that nobody held");
  if (--anonVma.refcount) return;
  const root = anonVmaAt(anonVma.root);
  if (changetype<usize>(root) != changetype<usize>(anonVma)) {
    if (--root.refcount == 0) anonVmaFree(root);
  }
  anonVmaFree(anonVma);
}

/** Ties a VMA to an anon_vma whose root is locked: newest of the VMA, and into the index. */
export function anonVmaChainLink(vma: Vma, chain: AnonVmaChain, anonVma: AnonVma): void {
  chain.vma = <u32>changetype<usize>(vma);
  chain.anonVma = <u32>changetype<usize>(anonVma);
  chainAddToVma(vma, chain);
  anonIndexInsert(chain);
  count(Counter.ChainsCreated, 1);
}

/**
 * Gives the VMA an anon_vma if it has none: a neighbour's (found by the caller, since neighbours are
 * mm's business), else a new one. Under mmap_sem for read, so another thread may win: the loser frees.
 * @returns false when memory is exhausted, with nothing changed
 */
export function anonVmaPrepareWith(vma: Vma, neighbour: u32): bool {
  const chain = chainAlloc();
  if (!chain) return false;
  let fresh = false;
  let anonVma: AnonVma;
  if (neighbour) {
    anonVma = anonVmaAt(neighbour);
  } else {
    const made = anonVmaCreate(vma);
    if (!made) {
      chainFree(chain);
      return false;
    }
    anonVma = made;
    fresh = true;
  }
  anonVmaLock(anonVma, Doing.AnonVma);
  const guard = pageTableLock(changetype<MmStruct>(<usize>vma.mm));
  lock(guard, LockClass.Ptl, Doing.AnonVma);
  const won = vma.anonVma == 0;
  if (won) {
    vma.anonVma = <u32>changetype<usize>(anonVma);
    anonVmaChainLink(vma, chain, anonVma);
    anonVma.activeVmas++;
    if (fresh) anonVma.children++;
  }
  unlock(guard);
  anonVmaUnlock(anonVma);
  if (won) {
    if (!fresh) event(Event.AnonVmaReused, <f64>anonVma.number, <f64>vma.start, 0);
  } else {
    if (fresh) putAnonVma(anonVma);
    chainFree(chain);
  }
  return true;
}

/** Nobody's pages are given to it any more, and one child at most relies on it. Never a root: it is its own child. */
function isDeserted(anonVma: AnonVma): bool {
  return anonVma.activeVmas == 0 && anonVma.children < 2;
}

/**
 * Ties dst, whose bounds are set, to every anon_vma of src. One without an anon_vma of its own may be given the
 * oldest that is deserted; others come with the one they are to have.
 * @returns false when memory is exhausted, with what was linked taken out again
 */
export function anonVmaClone(dst: Vma, src: Vma): bool {
  const reuses = header().anonVmaReuse == <u32>AnonVmaReuse.LowDegree;
  let root: u32 = 0;
  let failed = false;
  let links: u32 = 0;
  for (let at = src.chainTail; at;) {
    const source = changetype<AnonVmaChain>(<usize>at);
    const chain = chainAlloc();
    if (!chain) {
      failed = true;
      break;
    }
    const anonVma = anonVmaAt(source.anonVma);
    if (!root) {
      root = anonVma.root;
      lock(rootMutex(anonVma), LockClass.AnonVmaMutex, Doing.AnonVma);
    }
    assert(root == anonVma.root, "anon_vma: a chain of two roots");
    anonVmaChainLink(dst, chain, anonVma);
    if (reuses && !dst.anonVma && isDeserted(anonVma)) dst.anonVma = source.anonVma;
    links++;
    at = source.newer;
  }
  if (dst.anonVma) anonVmaAt(dst.anonVma).activeVmas++;
  if (root) unlock(rootMutex(anonVmaAt(root)));
  if (failed) {
    unlinkAnonVmas(dst);
    return false;
  }
  if (links) event(Event.AnonVmaCloned, <f64>links, <f64>dst.start, 0);
  return true;
}

/**
 * anon_vma_moveto_tail: in each of its lists the VMA comes last, so that walks which must find entries on their way to
 * it have been where they come from. The list is all that has an order which can be chosen.
 */
export function anonVmaMovetoTail(vma: Vma): void {
  let root: u32 = 0;
  for (let at = vma.chainTail; at;) {
    const chain = changetype<AnonVmaChain>(<usize>at);
    const anonVma = anonVmaAt(chain.anonVma);
    if (!root) {
      root = anonVma.root;
      lock(rootMutex(anonVma), LockClass.AnonVmaMutex, Doing.Mremap);
    }
    assert(root == anonVma.root, "anon_vma: a chain of two roots");
    anonIndexRemove(chain);
    anonIndexInsert(chain);
    at = chain.newer;
  }
  if (root) unlock(rootMutex(anonVmaAt(root)));
}

/**
 * For fork: the child's VMA joins all of the parent's anon_vmas and gets one of its own, of the same root, unless it
 * was given one of them.
 * @returns false when memory is exhausted, with the child's chain undone
 */
export function anonVmaFork(vma: Vma, parent: Vma): bool {
  if (!parent.anonVma) return true;
  // The struct was copied from the parent's: it has no anon_vma of its own yet.
  vma.anonVma = 0;
  if (!anonVmaClone(vma, parent)) return false;
  if (vma.anonVma) {
    event(Event.AnonVmaInherited, <f64>anonVmaAt(vma.anonVma).number, <f64>vma.start, 0);
    return true;
  }
  const anonVma = anonVmaCreate(vma);
  const chain = anonVma ? chainAlloc() : null;
  if (!anonVma || !chain) {
    if (anonVma) putAnonVma(anonVma);
    unlinkAnonVmas(vma);
    return false;
  }
  const root = anonVmaAt(anonVmaAt(parent.anonVma).root);
  anonVma.root = <u32>changetype<usize>(root);
  anonVma.parent = parent.anonVma;
  anonVma.activeVmas = 1;
  getAnonVma(root);
  vma.anonVma = <u32>changetype<usize>(anonVma);
  anonVmaLock(anonVma, Doing.AnonVma);
  anonVmaChainLink(vma, chain, anonVma);
  anonVmaAt(anonVma.parent).children++;
  anonVmaUnlock(anonVma);
  return true;
}

/**
 * Unties the VMA from all its anon_vmas, newest first. Two passes: with the root locked every chain
 * leaves its index, and only those whose anon_vma became empty stay; then, unlocked, these are put.
 */
export function unlinkAnonVmas(vma: Vma): void {
  let root: u32 = 0;
  for (let at = vma.chainHead; at;) {
    const chain = changetype<AnonVmaChain>(<usize>at);
    const anonVma = anonVmaAt(chain.anonVma);
    at = chain.older;
    if (!root) {
      root = anonVma.root;
      lock(rootMutex(anonVma), LockClass.AnonVmaMutex, Doing.AnonVma);
    }
    assert(root == anonVma.root, "anon_vma: a chain of two roots");
    anonIndexRemove(chain);
    if (anonVma.head) {
      chainRemoveFromVma(vma, chain);
      chainFree(chain);
    } else {
      anonVmaAt(anonVma.parent).children--;
    }
  }
  if (vma.anonVma) anonVmaAt(vma.anonVma).activeVmas--;
  vma.anonVma = 0;
  if (root) unlock(rootMutex(anonVmaAt(root)));
  for (let at = vma.chainHead; at;) {
    const chain = changetype<AnonVmaChain>(<usize>at);
    at = chain.older;
    putAnonVma(anonVmaAt(chain.anonVma));
    chainRemoveFromVma(vma, chain);
    chainFree(chain);
  }
}
