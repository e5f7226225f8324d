// Invariant I1, and the counters over all frames: what each page counts against what was found.

import { PageFlag, Violated } from "../abi";
import { header } from "../memory/header";
import { Cache } from "../memory/slab";
import { pageFileMapping, pageIsAnon, pageMapcount, pageRefcount, pageTest } from "../struct/page";
import { census, frameNote, IN_PAGE_CACHE, IN_SWAP_CACHE, isLive } from "./census";
import { inodeOf } from "./indexes";
import { violated, violatedUnless } from "./violation";

function checkReferences(frame: u32, refcount: i32): void {
  const note = frameNote(frame);
  const caches = <u32>popcnt(note.caches);
  const held = note.entries + caches;
  if (refcount < <i32>held || refcount < 0) {
    violated(Violated.Refcount, <f64>frame, <f64>refcount, <f64>note.entries, <f64>caches);
  } else if (refcount > 0 && !held) {
    violated(Violated.Unheld, <f64>frame, <f64>refcount);
  }
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

/** After everything that maps or holds pages was gone through. */
export function checkFrames(): void {
  const state = header();
  const top = census().frameTop;
  let inUse = 0;
  let anonPages = 0;
  let fileMapped = 0;
  for (let frame: u32 = 1; frame <= top; frame++) {
    const entries = frameNote(frame).entries;
    const mapcount = pageMapcount(frame);
    const refcount = pageRefcount(frame);
    if (mapcount != <i32>entries) {
      violated(Violated.Mapcount, <f64>frame, <f64>mapcount, <f64>entries);
    }
    checkReferences(frame, refcount);
    if (refcount <= 0) continue;
    inUse++;
    checkCaches(frame);
    if (!entries) continue;
    if (pageIsAnon(frame)) anonPages++;
    else fileMapped++;
  }
  violatedUnless(Violated.FramesInUse, <f64>state.framesInUse, <f64>inUse);
  violatedUnless(Violated.NrAnonPages, <f64>state.nrAnonPages, <f64>anonPages);
  violatedUnless(Violated.NrFileMapped, <f64>state.nrFileMapped, <f64>fileMapped);
  violatedUnless(Violated.Tables, <f64>state.tables, <f64>census().tables);
}
