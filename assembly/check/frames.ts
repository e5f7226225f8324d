// Invariants I1 and I6, and the counters over all frames: what each page counts against what was found.

import { VmStat } from "../abi/counter";
import { PageFlag } from "../abi/flag";
import { StorageKeyDirty } from "../abi/switch";
import { HUGE_PAGES } from "../abi/unit";
import { hasStorageKeys } from "../arch/storage-key";
import { Violated } from "../violated";
import { header, vmStatOf } from "../memory/header";
import { Cache } from "../memory/slab";
import { lastUnmapClearsMlock } from "../rmap/mlock";
import { accountsDirty, AddressSpace } from "../struct/address-space";
import {
  pageFileMapping,
  pageIsAnon,
  pageIsHuge,
  pageMapcount,
  pagePins,
  pagePrivate,
  pageRefcount,
  pageSize,
  pageTail,
  pageTest,
  pageIsHugetlb,
} from "../struct/page";
import {
  census,
  frameNote,
  IN_PAGE_CACHE,
  IN_SWAP_CACHE,
  IN_SWAP_COUNT,
  isFrame,
  isLive,
} from "./census";
import { checkPool, checkPooled } from "./huge-pool";
import { inodeOf } from "./indexes";
import { violated, violatedUnless } from "./violation";

/** References that JavaScript holds on a huge page through its tails. */
function pinsOfTails(head: u32): u32 {
  let pins: u32 = 0;
  for (let n: u32 = 1; n < <u32>HUGE_PAGES && isFrame(head + n); n++) pins += pagePins(head + n);
  return pins;
}

/** A huge page is its head and all frames after it up to the next one that could be a head. */
function checkHead(head: u32): void {
  for (let n: u32 = 1; n < <u32>HUGE_PAGES; n++) {
    if (isFrame(head + n) && pageTail(head + n) && pagePrivate(head + n) == head) continue;
    violated(Violated.HugePart, <f64>(head + n), <f64>head);
  }
}

/** A tail has no entries, no references and no list of its own; it counts who holds it besides. */
function checkTail(tail: u32): void {
  const head = tail & ~(<u32>HUGE_PAGES - 1);
  const sound =
    isFrame(head) &&
    pageIsHuge(head) &&
    (pageRefcount(head) > 0 || pageIsHugetlb(head)) &&
    pageRefcount(tail) == 0 &&
    pageMapcount(tail) == <i32>pagePins(tail) &&
    !frameNote(tail).entries &&
    !pageTest(tail, PageFlag.Lru);
  if (!sound) violated(Violated.HugePart, <f64>tail, <f64>head);
  // What is broken of a page of the pool is all of it.
  const other = pageTest(tail, PageFlag.HwPoison) != pageTest(head, PageFlag.HwPoison);
  if (sound && pageIsHugetlb(head) && other) violated(Violated.HugeBroken, <f64>tail, <f64>head);
}

/** References that are known: everything that may hold a page at a quiet moment leaves a trace of it. */
function checkReferences(frame: u32, refcount: i32): void {
  const note = frameNote(frame);
  let others = <u32>popcnt(note.caches & (IN_PAGE_CACHE | IN_SWAP_CACHE | IN_SWAP_COUNT));
  if (refcount > 0) {
    if (pageTest(frame, PageFlag.Private)) others++;
    if (pageTest(frame, PageFlag.Failed)) others++;
    others += pagePins(frame);
    if (pageIsHuge(frame)) others += pinsOfTails(frame);
  }
  const held = note.entries + others;
  if (refcount == <i32>held) return;
  if (refcount > 0 && !held) violated(Violated.Unheld, <f64>frame, <f64>refcount);
  else violated(Violated.Refcount, <f64>frame, <f64>refcount, <f64>note.entries, <f64>others);
}

/** Of a page in use: do the caches hold it that it says it is in? */
function checkCaches(frame: u32): void {
  const caches = frameNote(frame).caches;
  if (pageTest(frame, PageFlag.SwapCache) && !(caches & IN_SWAP_CACHE)) {
    violated(Violated.SwapCache, <f64>frame);
  }
  const mapping = pageFileMapping(frame);
  if (mapping && isLive(Cache.AddressSpace, mapping) && !(caches & IN_PAGE_CACHE)) {
    violated(Violated.Uncached, <f64>frame, inodeOf(mapping));
  }
}

/** Dirty, and of a file whose dirty pages are counted. */
function isAccountedDirty(frame: u32): bool {
  const mapping = pageFileMapping(frame);
  if (!pageTest(frame, PageFlag.Dirty) || !isLive(Cache.AddressSpace, mapping)) return false;
  return accountsDirty(changetype<AddressSpace>(<usize>mapping));
}

/** Up to v3.7-rc2 a changed storage key makes any file's page dirty. */
function keysDirtyAnyFile(): bool {
  return hasStorageKeys() && header().storageKeyDirty == <u32>StorageKeyDirty.Always;
}

/** After everything that maps or holds pages was gone through. */
export function checkFrames(): void {
  const state = header();
  const top = census().frameTop;
  const mappedIfMlocked = lastUnmapClearsMlock();
  const bufferedIfDirty = !keysDirtyAnyFile();
  let inUse = 0;
  let mlocked = 0;
  let dirty = 0;
  let writeback = 0;
  let anonPages = 0;
  let anonHuge = 0;
  let fileMapped = 0;
  let poisoned = 0;
  let broken = 0;
  for (let frame: u32 = 1; frame <= top; frame++) {
    if (pageTest(frame, PageFlag.HwPoison)) {
      poisoned++;
      if (pageRefcount(frame) <= 0 && !pageTail(frame) && !pageIsHugetlb(frame)) broken++;
    }
    if (pageTail(frame)) {
      inUse++;
      checkTail(frame);
      continue;
    }
    const entries = frameNote(frame).entries;
    const mapcount = pageMapcount(frame);
    const refcount = pageRefcount(frame);
    if (mapcount != <i32>entries) {
      violated(Violated.Mapcount, <f64>frame, <f64>mapcount, <f64>entries);
    }
    checkReferences(frame, refcount);
    if (pageIsHugetlb(frame)) checkPooled(frame);
    if (refcount <= 0) continue;
    inUse++;
    if (pageIsHuge(frame)) checkHead(frame);
    checkCaches(frame);
    if (pageTest(frame, PageFlag.Mlocked)) {
      mlocked += pageSize(frame);
      // Invariant I6: the last unmap clears it, if it does.
      if (!entries && mappedIfMlocked) violated(Violated.MlockedUnmapped, <f64>frame);
    }
    if (pageTest(frame, PageFlag.Writeback)) writeback++;
    if (isAccountedDirty(frame)) {
      dirty++;
      // Invariant I7: whoever makes it dirty has told the file system first.
      if (bufferedIfDirty && !pageTest(frame, PageFlag.Private)) {
        violated(Violated.DirtyWithoutBuffers, <f64>frame);
      }
    }
    if (!entries || pageIsHugetlb(frame)) continue;
    if (pageIsHuge(frame)) anonHuge++;
    else if (pageIsAnon(frame)) anonPages++;
    else fileMapped++;
  }
  violatedUnless(Violated.FramesInUse, <f64>state.framesInUse, <f64>(inUse + checkPool()));
  violatedUnless(Violated.FramesPoisoned, <f64>state.framesPoisoned, <f64>poisoned);
  violatedUnless(Violated.FramesBroken, <f64>state.framesBroken, <f64>broken);
  violatedUnless(Violated.NrAnonPages, <f64>state.nrAnonPages, <f64>anonPages);
  violatedUnless(Violated.NrAnonHuge, <f64>state.nrAnonHuge, <f64>anonHuge);
  violatedUnless(Violated.NrFileMapped, <f64>state.nrFileMapped, <f64>fileMapped);
  violatedUnless(Violated.NrMlock, vmStatOf(VmStat.NrMlock), <f64>mlocked);
  violatedUnless(Violated.NrDirty, vmStatOf(VmStat.NrDirty), <f64>dirty);
  violatedUnless(Violated.NrWriteback, vmStatOf(VmStat.NrWriteback), <f64>writeback);
  violatedUnless(Violated.Tables, <f64>state.tables, <f64>census().tables);
}
