// Invariant I10: the chains of VMAs, and what anon_vmas count.

import { AnonVmaReuse } from "../abi/switch";
import { Violated } from "../violated";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { AnonVma, AnonVmaChain } from "../struct/anon-vma";
import { Vma } from "../struct/vma";
import { anonVmaNote, chainNote, HAS_VMAS, isLive, MISTAKEN, pidOf, vmaNote } from "./census";
import { violated } from "./violation";

function anonVmaAt(address: u32): AnonVma {
  return changetype<AnonVma>(<usize>address);
}

/** Its number, 0 if it is gone. */
export function numberOf(anonVma: u32): f64 {
  return isLive(Cache.AnonVma, anonVma) ? <f64>anonVmaAt(anonVma).number : 0;
}

/** One link's place in its VMA's chain; false: it can't be followed. */
function checkLink(vma: Vma, pid: f64, at: u32, newer: u32): bool {
  if (!isLive(Cache.Chain, at)) {
    violated(Violated.ChainGone, pid, <f64>vma.start);
    return false;
  }
  const note = chainNote(at);
  const chain = changetype<AnonVmaChain>(<usize>at);
  const stray = note.onVma != 0 || chain.vma != <u32>changetype<usize>(vma);
  if (stray || chain.newer != newer) violated(Violated.ChainLink, pid, <f64>vma.start);
  if (stray) return false;
  note.onVma = 1;
  if (!isLive(Cache.AnonVma, chain.anonVma)) violated(Violated.ChainGone, pid, <f64>vma.start);
  return true;
}

/** Newest to oldest, and all of one root. */
function checkSuccession(vma: Vma, pid: f64, newer: u32, older: u32): void {
  if (!isLive(Cache.AnonVma, newer) || !isLive(Cache.AnonVma, older)) return;
  const a = anonVmaAt(newer);
  const b = anonVmaAt(older);
  if (a.root != b.root) violated(Violated.ChainRoot, pid, <f64>vma.start, <f64>b.number);
  if (a.number <= b.number) {
    violated(Violated.ChainOrder, pid, <f64>vma.start, <f64>a.number, <f64>b.number);
  }
}

function isMistaken(anonVma: u32): void {
  if (isLive(Cache.AnonVma, anonVma)) anonVmaNote(anonVma).marks |= MISTAKEN;
}

/**
 * The newest is the one that new pages of this VMA are given to. Where fork's child may take one over, it is some
 * other in its chain.
 */
function checkOwn(vma: Vma, pid: f64, newest: u32, isInChain: bool): void {
  const own = vma.anonVma;
  const mayBeOlder = header().anonVmaReuse == <u32>AnonVmaReuse.LowDegree;
  if (mayBeOlder ? isInChain || (!own && !newest) : own == newest) {
    if (isLive(Cache.AnonVma, own)) anonVmaNote(own).recount++;
    return;
  }
  isMistaken(own);
  isMistaken(newest);
  if (mayBeOlder && own) violated(Violated.ChainOwn, pid, <f64>vma.start, numberOf(own));
  else violated(Violated.ChainNewest, pid, <f64>vma.start, numberOf(own), numberOf(newest));
}

function checkChain(vma: Vma): void {
  const pid = pidOf(vma.mm);
  let newer: u32 = 0;
  let newest: u32 = 0;
  let isInChain = false;
  for (let at = vma.chainHead; at;) {
    if (!checkLink(vma, pid, at, newer)) {
      vmaNote(<u32>changetype<usize>(vma)).brokenChain = 1;
      isMistaken(vma.anonVma);
      return;
    }
    const chain = changetype<AnonVmaChain>(<usize>at);
    if (newer)
      checkSuccession(vma, pid, changetype<AnonVmaChain>(<usize>newer).anonVma, chain.anonVma);
    else newest = chain.anonVma;
    if (chain.anonVma == vma.anonVma) isInChain = true;
    newer = at;
    at = chain.older;
  }
  if (vma.chainTail != newer) violated(Violated.ChainLink, pid, <f64>vma.start);
  checkOwn(vma, pid, newest, isInChain);
}

/** Follows the chain of every VMA, and reports one link of each that is not in its chain. */
export function checkChains(): void {
  for (let at = slabNext(Cache.Vma, 0); at; at = slabNext(Cache.Vma, at)) {
    checkChain(changetype<Vma>(at));
  }
  for (let at = slabNext(Cache.Chain, 0); at; at = slabNext(Cache.Chain, at)) {
    const chain = changetype<AnonVmaChain>(at);
    const known = isLive(Cache.Vma, chain.vma);
    if (isLive(Cache.AnonVma, chain.anonVma)) anonVmaNote(chain.anonVma).marks |= HAS_VMAS;
    // Behind a broken link nothing is known.
    if (chainNote(<u32>at).onVma || (known && vmaNote(chain.vma).brokenChain)) continue;
    if (known) vmaNote(chain.vma).brokenChain = 1;
    const vma = changetype<Vma>(<usize>chain.vma);
    violated(
      Violated.ChainLost,
      numberOf(chain.anonVma),
      known ? pidOf(vma.mm) : 0,
      known ? <f64>vma.start : 0,
    );
  }
}

/** Who calls it their own, as checkChains found; then the recount is done with. */
function checkActiveVmas(): void {
  for (let at = slabNext(Cache.AnonVma, 0); at; at = slabNext(Cache.AnonVma, at)) {
    const note = anonVmaNote(<u32>at);
    const anonVma = changetype<AnonVma>(at);
    const recount = note.recount;
    note.recount = 0;
    if (anonVma.activeVmas == <i32>recount || note.marks & MISTAKEN) continue;
    violated(Violated.AnonVmaActive, <f64>anonVma.number, <f64>anonVma.activeVmas, <f64>recount);
  }
}

/** Parents, and those of their children that have VMAs. */
function checkChildren(): void {
  for (let at = slabNext(Cache.AnonVma, 0); at; at = slabNext(Cache.AnonVma, at)) {
    // What a place of KSM alone keeps has no parent any more.
    if (!(anonVmaNote(<u32>at).marks & HAS_VMAS)) continue;
    const anonVma = changetype<AnonVma>(at);
    if (isLive(Cache.AnonVma, anonVma.parent)) anonVmaNote(anonVma.parent).recount++;
    else violated(Violated.AnonVmaParent, <f64>anonVma.number);
  }
  for (let at = slabNext(Cache.AnonVma, 0); at; at = slabNext(Cache.AnonVma, at)) {
    const anonVma = changetype<AnonVma>(at);
    const recount = anonVmaNote(<u32>at).recount;
    if (anonVma.children == <i32>recount) continue;
    violated(Violated.AnonVmaChildren, <f64>anonVma.number, <f64>anonVma.children, <f64>recount);
  }
}

/** Roots and reference counts, after checkChains and checkKsm. */
export function checkAnonVmas(): void {
  for (let at = slabNext(Cache.AnonVma, 0); at; at = slabNext(Cache.AnonVma, at)) {
    const anonVma = changetype<AnonVma>(at);
    const root = anonVma.root;
    if (!isLive(Cache.AnonVma, root) || anonVmaAt(root).root != root) {
      violated(Violated.AnonVmaRoot, <f64>anonVma.number);
    } else if (root != <u32>at) {
      anonVmaNote(root).children++;
    }
  }
  checkActiveVmas();
  checkChildren();
  for (let at = slabNext(Cache.AnonVma, 0); at; at = slabNext(Cache.AnonVma, at)) {
    const anonVma = changetype<AnonVma>(at);
    const note = anonVmaNote(<u32>at);
    const hasVmas = note.marks & HAS_VMAS;
    const held = hasVmas + note.children + note.pins;
    // Nothing holds it: it should have been freed, whatever it counts.
    if (held && anonVma.refcount == <i32>held) continue;
    violated(
      Violated.AnonVmaRefcount,
      <f64>anonVma.number,
      <f64>anonVma.refcount,
      <f64>hasVmas,
      <f64>note.children,
      <f64>note.pins,
    );
  }
}
