// Invariant I5, and what memcgs are charged: every page is asked who it is charged to.

import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { isRootMemcg, Memcg, memcgAt, memcgOnMoveAt } from "../struct/memcg";
import { stockOf } from "../struct/memcg-stock";
import { MmStruct } from "../struct/mm-struct";
import { pageFileMapping, pageIsAnon, pageMemcg, pageRefcount, pageSize } from "../struct/page";
import { isCharged, PageCgroup, pageCgroupTest, pagesHaveStatFlags } from "../struct/page-cgroup";
import { MAX_ACTORS } from "../sync/lock";
import { Violated } from "../violated";
import { census, frameNote, IN_SWAP_CACHE, isLive, memcgNote, pidOfMm } from "./census";
import { violated } from "./violation";

/** Something must have brought the charge, and be there to give it back. */
function hasCause(frame: u32): bool {
  const note = frameNote(frame);
  if (pageRefcount(frame) <= 0) return false;
  if (pageIsAnon(frame)) return note.entries != 0 || (note.caches & IN_SWAP_CACHE) != 0;
  return pageFileMapping(frame) != 0;
}

function countPage(frame: u32): void {
  const owner = pageMemcg(frame);
  if (!isLive(Cache.Memcg, owner)) {
    violated(Violated.MemcgOwner, <f64>frame);
    return;
  }
  if (!isCharged(frame)) return;
  if (!hasCause(frame)) violated(Violated.MemcgCharge, <f64>frame);
  const note = memcgNote(owner);
  const anon = pageIsAnon(frame);
  if (anon) note.rss += pageSize(frame);
  else note.cache += pageSize(frame);
  if (!anon && frameNote(frame).entries) note.mappedFile++;
}

/** Up to v3.3 a page's side record says what is counted of it; later there is nothing to say. */
function checkStatFlags(frame: u32): void {
  const kept = pagesHaveStatFlags();
  const file = kept && isCharged(frame) && !pageIsAnon(frame);
  const mapped = file && frameNote(frame).entries != 0;
  if (pageCgroupTest(frame, PageCgroup.FileMapped) != mapped) {
    violated(Violated.FileMappedFlag, <f64>frame, mapped ? 1 : 0);
  }
  // The flag of a page that is not charged is what it was.
  if ((kept && !isCharged(frame)) || pageCgroupTest(frame, PageCgroup.Cache) == file) return;
  violated(Violated.CacheFlag, <f64>frame, file ? 1 : 0);
}

function countPages(): void {
  const top = census().frameTop;
  for (let frame: u32 = 1; frame <= top; frame++) {
    countPage(frame);
    checkStatFlags(frame);
    const between = PageCgroup.Lock | PageCgroup.Migration | PageCgroup.MoveLock;
    if (pageCgroupTest(frame, between)) violated(Violated.SideRecordLocked, <f64>frame);
  }
}

/** Links of the tree of groups: false if they can't be followed. */
function checkTree(it: Memcg): bool {
  const parent = it.parent;
  const sound = parent ? isLive(Cache.Memcg, parent) : isRootMemcg(<u32>changetype<usize>(it));
  const above = sound && parent && memcgAt(parent).hierarchical ? parent : 0;
  if (!sound || it.chargedTo != above) {
    violated(Violated.MemcgTree, <f64>it.number);
    return false;
  }
  if (parent) memcgNote(parent).children++;
  if (above) memcgNote(above).below += it.usage;
  return true;
}

function isBeingMoved(memcg: u32): bool {
  for (let processor: u32 = 0; processor < MAX_ACTORS; processor++) {
    if (load<u32>(memcgOnMoveAt(memcg, processor))) return true;
  }
  return memcgAt(memcg).movingAccount != 0;
}

function checkCounters(memcg: u32): void {
  const it = memcgAt(memcg);
  const note = memcgNote(memcg);
  const number = <f64>it.number;
  const own = isRootMemcg(memcg) ? 0 : <u32>(note.rss + note.cache) + stockOf(memcg);
  const usage = own + note.below;
  if (it.usage != usage) violated(Violated.MemcgUsage, number, <f64>it.usage, <f64>usage);
  if (it.usage > it.limit) violated(Violated.MemcgLimit, number, <f64>it.usage, <f64>it.limit);
  if (it.cache != note.cache) {
    violated(Violated.MemcgCache, number, <f64>it.cache, <f64>note.cache);
  }
  if (it.rss != note.rss) violated(Violated.MemcgRss, number, <f64>it.rss, <f64>note.rss);
  if (it.mappedFile != note.mappedFile) {
    violated(Violated.MemcgMappedFile, number, <f64>it.mappedFile, <f64>note.mappedFile);
  }
  if (it.children != note.children) violated(Violated.MemcgTree, number);
  if (isBeingMoved(memcg) || it.references) violated(Violated.MemcgMoving, number);
  if (it.moveLock || it.counterLock) violated(Violated.MemcgLocked, number);
}

function checkSpaces(): void {
  for (let at = slabNext(Cache.Mm, 0); at; at = slabNext(Cache.Mm, at)) {
    const mm = changetype<MmStruct>(at);
    if (!isLive(Cache.Memcg, mm.memcg)) violated(Violated.MemcgSpace, pidOfMm(mm));
  }
}

/** After everything that maps or holds pages was gone through. Without a memcg but the root there is nothing. */
export function checkMemcgs(): void {
  const state = header();
  if (!state.memcgEnabled) return;
  countPages();
  let sound = true;
  for (let at = slabNext(Cache.Memcg, 0); at; at = slabNext(Cache.Memcg, at)) {
    if (!checkTree(memcgAt(<u32>at))) sound = false;
  }
  for (let at = slabNext(Cache.Memcg, 0); sound && at; at = slabNext(Cache.Memcg, at)) {
    checkCounters(<u32>at);
  }
  checkSpaces();
  if (state.memcgMoving || state.mcMover || state.mcPrecharge || state.mcMoved) {
    violated(Violated.MemcgMoving, -1);
  }
  if (state.cgroupMutex) violated(Violated.MemcgLocked, -1);
}
