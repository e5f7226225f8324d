// A page gains and loses mappings (spec/rmap.md Part 1, "Adding and removing").

import { Event } from "../abi/event";
import { PageFlag } from "../abi/flag";
import { StorageKeyDirty } from "../abi/switch";
import { hasStorageKeys, pageTestAndClearDirty } from "../arch/storage-key";
import { event } from "../memory/event";
import { header } from "../memory/header";
import { accountsDirty, AddressSpace } from "../struct/address-space";
import { AnonVma } from "../struct/anon-vma";
import {
  pageAnonVma,
  pageFileMapping,
  pageIndex,
  pageIsAnon,
  pageIsHuge,
  pageIsKsm,
  pageMapcountAt,
  pageSet,
  pageSetAnonMapping,
  pageSetIndex,
  pageTest,
  pageIsHugetlb,
} from "../struct/page";
import { setPageDirty } from "../struct/page-dirty";
import { linearPageIndex, Vma } from "../struct/vma";
import { addPageToUnevictableList, lruCacheAdd } from "../struct/lru";
import { isMemcgEnabled, unchargePage } from "../struct/memcg-charge";
import { sharedAccess } from "../sync/yield-point";
import { clearPageMlock, lastUnmapClearsMlock, newPageEvictable } from "./mlock";
import { beginUpdatePageStat, endUpdatePageStat, updateMappedFile } from "./page-stat";

/** One more mapping; true if it is the first. */
function gain(frame: u32): bool {
  const at = pageMapcountAt(frame);
  sharedAccess(at);
  const mapcount = load<i32>(at) + 1;
  store<i32>(at, mapcount);
  return mapcount == 0;
}

/** A huge page is counted by itself, as one. */
function countAnon(frame: u32, n: i32): void {
  if (pageIsHuge(frame)) header().nrAnonHuge += n;
  else header().nrAnonPages += n;
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
    countAnon(frame, 1);
    // A page that KSM shares points to its stable node, whoever maps it.
    if (!pageIsAnon(frame)) setAnonRmap(frame, vma, address, exclusive);
  } else if (CHECKED && !pageIsKsm(frame)) {
    checkAnonRmap(frame, vma, address);
  }
}

/** A new anonymous page goes where it can be reclaimed, or where it can't. */
export function lruAddNewAnon(frame: u32, vma: Vma): void {
  if (newPageEvictable(frame, vma)) lruCacheAdd(frame, true);
  else addPageToUnevictableList(frame);
}

/** Maps a page that was just made, which nobody else can see. */
export function pageAddNewAnonRmap(frame: u32, vma: Vma, address: u64): void {
  assert(address >= vma.start && address < vma.end, "rmap: address outside its vma");
  pageSet(frame, PageFlag.SwapBacked);
  store<i32>(pageMapcountAt(frame), 0);
  countAnon(frame, 1);
  setAnonRmap(frame, vma, address, true);
  lruAddNewAnon(frame, vma);
}

export function pageAddFileRmap(frame: u32): void {
  const counted = isMemcgEnabled();
  const locked = counted && beginUpdatePageStat(frame);
  if (gain(frame)) {
    header().nrFileMapped++;
    if (counted) updateMappedFile(frame, 1);
  }
  if (counted) endUpdatePageStat(frame, locked);
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
 * Is the storage key all that knows of changes? Entries of an s390x do not, and a write is noticed by a fault only
 * where dirty pages are accounted for. Swap space does not account for them (page_mapping of the swap cache), and an
 * anonymous page outside of it has nothing that a change could differ from. Up to v3.7-rc2 every file's page was asked.
 */
function changesShowInKey(frame: u32, anon: bool): bool {
  if (!hasStorageKeys()) return false;
  if (pageTest(frame, PageFlag.SwapCache)) return true;
  if (header().storageKeyDirty == <u32>StorageKeyDirty.Always) return !anon;
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  return mapping != null && !accountsDirty(mapping);
}

/** The last mapping is gone. Huge pages of the pool are on no account, and charged to nobody. */
function lastMappingGone(frame: u32, anon: bool, keyed: bool, charged: bool): void {
  if (keyed && pageTestAndClearDirty(frame)) {
    event(Event.KeyDirty, <f64>frame, 0, 0);
    setPageDirty(frame);
  }
  if (pageIsHugetlb(frame)) return;
  if (anon) {
    if (charged) unchargePage(frame);
    countAnon(frame, -1);
  } else {
    header().nrFileMapped--;
    if (charged) updateMappedFile(frame, -1);
  }
}

/**
 * Under the page-table lock. The mapping field of an anonymous page stays as it is. PG_mlocked goes last,
 * when nothing maps the page any more; up to v3.6 it stays.
 */
export function pageRemoveRmap(frame: u32): void {
  const anon = pageIsAnon(frame);
  // Once it is unmapped, the page may lose its file at any moment.
  const keyed = changesShowInKey(frame, anon);
  const charged = isMemcgEnabled();
  // An anonymous page's uncharging takes the lock of its side record, inside which a move takes move_lock.
  const bracketed = charged && !anon;
  const locked = bracketed && beginUpdatePageStat(frame);
  const at = pageMapcountAt(frame);
  sharedAccess(at);
  const mapcount = load<i32>(at) - 1;
  assert(mapcount >= -1, "rmap: unmapped more often than mapped");
  store<i32>(at, mapcount);
  if (mapcount < 0) lastMappingGone(frame, anon, keyed, charged);
  if (bracketed) endUpdatePageStat(frame, locked);
  if (mapcount < 0 && pageTest(frame, PageFlag.Mlocked) && lastUnmapClearsMlock()) {
    clearPageMlock(frame);
  }
}
