// Invariant I7, its second half: no change of a page is lost. What nothing marks as changed, and is kept elsewhere as
// well, has the contents that it would have if it were read again. Asked where the caches are gone through, after the
// page tables.

import { hasStorageKeys, isKeyChanged } from "../arch/storage-key";
import { PageFlag } from "../abi/flag";
import { Cache } from "../memory/slab";
import { extentOf, EXTENT_NODE, fileFirstWord } from "../mm/file-data";
import { accountsDirty, AddressSpace, isHugetlb } from "../struct/address-space";
import { pageIndex, pageTest, pageWord } from "../struct/page";
import { SwapSlot } from "../struct/swap-slot";
import { Violated } from "../violated";
import { ENTRY_DIRTY, frameNote, isLive } from "./census";
import { violated } from "./violation";

/** More levels than a balanced tree of extents can have. */
const MAX_DEPTH: i32 = 64;

/**
 * Will a change of the page be noticed? On an s390x its key keeps the mark until the last unmap, but not where dirty
 * pages are accounted for: there a fault has set PG_dirty.
 */
function isMarked(frame: u32, accounted: bool): bool {
  const note = frameNote(frame);
  if (pageTest(frame, PageFlag.Dirty) || note.caches & ENTRY_DIRTY) return true;
  // Lost with its frame, and those who come for it are told.
  if (pageTest(frame, PageFlag.HwPoison)) return true;
  return hasStorageKeys() && !accounted && note.entries != 0 && isKeyChanged(frame);
}

function compare(frame: u32, accounted: bool, kept: f64): void {
  if (pageWord(frame) == kept || isMarked(frame, accounted)) return;
  violated(Violated.LostChange, <f64>frame, pageWord(frame), kept);
}

/** Of the page that a slot caches: once it is gone, the entries that lead there bring back what the slot has. */
export function checkSwapped(slot: SwapSlot): void {
  if (slot.count) compare(slot.frame, false, slot.word);
}

/** What reading a file's page gives; not a number where its records can't be followed. */
function fileKeeps(mapping: AddressSpace, index: u64): f64 {
  let node = mapping.extents;
  for (let depth = 0; node; depth++) {
    if (depth == MAX_DEPTH || !isLive(Cache.Extent, node - EXTENT_NODE)) return NaN;
    const extent = extentOf(node);
    if (index < extent.first) node = extent.left;
    else if (index > extent.last) node = extent.right;
    else return extent.word;
  }
  return fileFirstWord(mapping, index);
}

/** Of a page in the page cache. */
export function checkKept(mapping: AddressSpace, frame: u32): void {
  // Huge pages of the pool are read from nowhere.
  if (isHugetlb(mapping)) return;
  const kept = fileKeeps(mapping, pageIndex(frame));
  if (!isNaN(kept)) compare(frame, accountsDirty(mapping), kept);
}
