// A page gains and loses mappings (spec/rmap.md Part 1, "Adding and removing").

import { PageFlag } from "../abi";
import { header } from "../memory/header";
import { AnonVma } from "../struct/anon-vma";
import {
  pageAnonVma,
  pageIndex,
  pageIsAnon,
  pageIsKsm,
  pageMapcountAt,
  pageSet,
  pageSetAnonMapping,
  pageSetIndex,
  pageTest,
} from "../struct/page";
import { linearPageIndex, Vma } from "../struct/vma";
import { addPageToUnevictableList, lruCacheAdd } from "../struct/lru";
import { sharedAccess } from "../sync/yield-point";
import { clearPageMlock, mlockedVmaNewpage } from "./mlock";

/** One more mapping; true if it is the first. */
function gain(frame: u32): bool {
  const at = pageMapcountAt(frame);
  sharedAccess(at);
  const mapcount = load<i32>(at) + 1;
  store<i32>(at, mapcount);
  return mapcount == 0;
}

/** Points a page to an anon_vma: the VMA's own if exclusive, else the root's. */
function setAnonRmap(frame: u32, vma: Vma, address: u64, exclusive: bool): void {
  let anonVma = vma.anonVma;
  assert(anonVma != 0, "rmap: anonymous page in a vma without anon_vma");
  if (!exclusive) anonVma = changetype<AnonVma>(<usize>anonVma).root;
  pageSetAnonMapping(frame, anonVma);
  pageSetIndex(frame, linearPageIndex(vma, address));
}

function checkAnonRmap(frame: u32, vma: Vma, address: u64): void {
  assert(
    changetype<AnonVma>(<usize>pageAnonVma(frame)).root ==
      changetype<AnonVma>(<usize>vma.anonVma).root,
    "rmap: page mapped under another root",
  );
  assert(pageIndex(frame) == linearPageIndex(vma, address), "rmap: page mapped at another index");
}

/** Maps an anonymous page that may be shared: after swap-in, and by what restores entries. */
export function pageAddAnonRmap(frame: u32, vma: Vma, address: u64, exclusive: bool): void {
  if (gain(frame)) {
    header().nrAnonPages++;
    // A page that KSM shares points to its stable node, whoever maps it.
    if (!pageIsAnon(frame)) setAnonRmap(frame, vma, address, exclusive);
  } else if (CHECKED && !pageIsKsm(frame)) {
    checkAnonRmap(frame, vma, address);
  }
}

/** A new anonymous page goes where it can be reclaimed, or where it can't. */
export function lruAddNewAnon(frame: u32, vma: Vma): void {
  if (mlockedVmaNewpage(vma, frame)) addPageToUnevictableList(frame);
  else lruCacheAdd(frame, true);
}

/** Maps a page that was just made, which nobody else can see. */
export function pageAddNewAnonRmap(frame: u32, vma: Vma, address: u64): void {
  assert(address >= vma.start && address < vma.end, "rmap: address outside its vma");
  pageSet(frame, PageFlag.SwapBacked);
  store<i32>(pageMapcountAt(frame), 0);
  header().nrAnonPages++;
  setAnonRmap(frame, vma, address, true);
  lruAddNewAnon(frame, vma);
}

export function pageAddFileRmap(frame: u32): void {
  if (gain(frame)) header().nrFileMapped++;
}

/** Fork's copy of a mapping: no lock, no counter. */
export function pageDupRmap(frame: u32): void {
  gain(frame);
}

/** The page, locked, has one owner left: it moves to that VMA's own anon_vma. Its index stays. */
export function pageMoveAnonRmap(frame: u32, vma: Vma, address: u64): void {
  assert(vma.anonVma != 0, "rmap: anonymous page in a vma without anon_vma");
  assert(pageIndex(frame) == linearPageIndex(vma, address), "rmap: page moved at another index");
  pageSetAnonMapping(frame, vma.anonVma);
}

/**
 * Under the page-table lock. The mapping field of an anonymous page stays as it is. PG_mlocked goes last,
 * when nothing maps the page any more.
 */
export function pageRemoveRmap(frame: u32): void {
  const anon = pageIsAnon(frame);
  const at = pageMapcountAt(frame);
  sharedAccess(at);
  const mapcount = load<i32>(at) - 1;
  assert(mapcount >= -1, "rmap: unmapped more often than mapped");
  store<i32>(at, mapcount);
  if (mapcount >= 0) return;
  if (anon) header().nrAnonPages--;
  else header().nrFileMapped--;
  if (pageTest(frame, PageFlag.Mlocked)) clearPageMlock(frame);
}
