// rmap_walk: every place where the page is or may be mapped, each handed to a recorder.

import { anonSource, Source, sourceFirst, sourceNext, sourceRoot } from "../index/source";
import { stepNode, stepTouched, stepVisited } from "../index/step";
import { AddressSpace, iMmapMutex } from "../struct/address-space";
import { AnonVma } from "../struct/anon-vma";
import { vmaOfNode } from "../struct/interval-node";
import { MmStruct } from "../struct/mm-struct";
import { pageAnonVma, pageFileMapping, pageIndex } from "../struct/page";
import { ptlUnlock } from "../struct/page-table";
import { lock, LockClass, unlock } from "../sync/lock";
import { OUTSIDE, pageCheckAddress, vmaAddress } from "./address";
import { anonVmaLock, anonVmaUnlock } from "./anon-vma";
import { countWalk, countWalks } from "./walk-cost";

/** A mapping as rmapWalk records it: the VMA, a spare word, and the address as f64. */
export const MAPPING_BYTES: usize = 16;

function rmapWalkIn(source: u32, owner: usize, frame: u32, out: usize, room: u32): u32 {
  const pgoff = pageIndex(frame);
  let found: u32 = 0;
  let irrelevant: u32 = 0;
  let entries: u32 = 0;
  let visited: u32 = 0;
  let touched: u32 = 0;
  let node: u32;
  let step = sourceFirst(source, sourceRoot(source, owner), pgoff, pgoff);
  for (; ; step = sourceNext(source, node, pgoff, pgoff)) {
    visited += stepVisited(step);
    touched += stepTouched(step);
    node = stepNode(step);
    if (!node) break;
    const vma = vmaOfNode(node);
    const address = vmaAddress(pgoff, vma);
    if (address == OUTSIDE) {
      irrelevant++;
      continue;
    }
    entries++;
    const pmd = pageCheckAddress(frame, changetype<MmStruct>(<usize>vma.mm), address, true);
    if (!pmd) continue;
    ptlUnlock(pmd);
    if (found < room) {
      const at = out + <usize>found * MAPPING_BYTES;
      store<u32>(at, <u32>changetype<usize>(vma));
      store<f64>(at, <f64>address, 8);
    }
    found++;
  }
  countWalk(visited, touched, irrelevant, entries);
  return found;
}

/**
 * Walks all VMAs that the page's index offers, without stopping early. The page must not lose its last
 * mapping meanwhile: the caller pins it.
 * @param out room for that many records of MAPPING_BYTES; 0 records only counts
 * @returns present entries found
 */
export function rmapWalk(frame: u32, out: usize, room: u32): u32 {
  const anon = pageAnonVma(frame);
  if (anon) {
    const anonVma = changetype<AnonVma>(<usize>anon);
    anonVmaLock(anonVma);
    const found = rmapWalkIn(anonSource(), <usize>anon, frame, out, room);
    anonVmaUnlock(anonVma);
    return found;
  }
  const file = pageFileMapping(frame);
  if (!file) return 0;
  const mapping = changetype<AddressSpace>(<usize>file);
  lock(iMmapMutex(mapping), LockClass.IMmapMutex);
  const found = rmapWalkIn(Source.File, <usize>file, frame, out, room);
  unlock(iMmapMutex(mapping));
  return found;
}

/**
 * The index alone: how many VMAs it offers that hold the pgoff of mapped pages, all together. Takes no
 * lock, looks at no entry.
 * @param frames address of n frame numbers, u32 each
 */
export function stab(frames: usize, n: u32): u32 {
  const anonymous = anonSource();
  let relevant: u32 = 0;
  let irrelevant: u32 = 0;
  let visited: u32 = 0;
  let touched: u32 = 0;
  for (let end = frames + ((<usize>n) << 2); frames < end; frames += 4) {
    const frame = load<u32>(frames);
    const pgoff = pageIndex(frame);
    const anon = pageAnonVma(frame);
    const source: u32 = anon ? anonymous : Source.File;
    const owner = <usize>(anon ? anon : pageFileMapping(frame));
    let node: u32;
    let step = sourceFirst(source, sourceRoot(source, owner), pgoff, pgoff);
    for (; ; step = sourceNext(source, node, pgoff, pgoff)) {
      visited += stepVisited(step);
      touched += stepTouched(step);
      node = stepNode(step);
      if (!node) break;
      if (vmaAddress(pgoff, vmaOfNode(node)) == OUTSIDE) irrelevant++;
      else relevant++;
    }
  }
  countWalks(n, visited, touched, irrelevant, 0);
  return relevant;
}
