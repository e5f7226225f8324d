// Page tables: each entry is counted, and looked up in the VMA that it lies in.

import { PageFlag } from "../abi/flag";
import { HUGE_PAGES, PAGE_SHIFT } from "../abi/unit";
import { Violated } from "../violated";
import { Cache, slabLive, slabNext } from "../memory/slab";
import { AnonVmaChain } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import { accountsDirty, AddressSpace } from "../struct/address-space";
import { itemAt, stableNodeAt } from "../struct/ksm";
import {
  pageAnonVma,
  pageFileMapping,
  pageIndex,
  pageIsAnon,
  pageIsHuge,
  pageIsKsm,
  pageRefcount,
  pageStableNode,
  pageTest,
  pageIsHugetlb,
} from "../struct/page";
import { PMD_SIZE } from "../struct/page-table";
import {
  PTE_DIRTY,
  pteFrame,
  pteIsFile,
  pteHasForeignBits,
  pteIsHwpoison,
  pteIsMigration,
  pteIsPage,
  pteIsPresent,
  pteIsSwap,
  pteSwapSlot,
  PTE_SPLITTING,
  PTE_WRITE,
} from "../struct/pte";
import { isHugetlbVma, isNonlinear, linearPageIndex, Vma } from "../struct/vma";
import { numberOf } from "./anon-vma";
import {
  anonVmaNote,
  BROKEN_INDEX,
  census,
  chainNote,
  ENTRY_DIRTY,
  frameNote,
  isFrame,
  isLive,
  isTable,
  ksmNote,
  MmNote,
  mmNote,
  pidOfMm,
  swapNote,
  tableNote,
  vmaNote,
} from "./census";
import { inodeOf, mappingOfVma } from "./indexes";
import { findPlace, placeOf } from "./ksm-places";
import { violated } from "./violation";

const PGD_SHIFT: u64 = 39;
const PMD_SHIFT: u64 = 21;
const LEVEL_BITS: u64 = 9;
const ENTRIES: u32 = 512;

/** The VMA over an address, which only grows from call to call; 0 if there is none. */
function vmaOver(note: MmNote, address: u64): u32 {
  let at = note.cursor;
  while (at && changetype<Vma>(<usize>at).end <= address) at = changetype<Vma>(<usize>at).next;
  note.cursor = at;
  return at && changetype<Vma>(<usize>at).start <= address ? at : 0;
}

/** Marks the anon_vmas through which walks find the VMA. */
function markReachable(note: MmNote, vma: u32): void {
  if (note.marked == vma) return;
  note.marked = vma;
  let at = changetype<Vma>(<usize>vma).chainHead;
  for (let n = slabLive(Cache.Chain); at && n && isLive(Cache.Chain, at); n--) {
    const chain = changetype<AnonVmaChain>(<usize>at);
    at = chain.older;
    if (!isLive(Cache.AnonVma, chain.anonVma)) continue;
    const anonVma = anonVmaNote(chain.anonVma);
    const broken = anonVma.marks & BROKEN_INDEX;
    const indexed = chainNote(<u32>changetype<usize>(chain)).indexed || broken;
    if (indexed) anonVma.markedBy = vma;
  }
}

/** Invariant I2: can a walk from the page's anon_vma come to the VMA that its entry lies in? */
function checkReach(note: MmNote, pid: f64, address: u64, frame: u32, vma: u32): void {
  const anonVma = pageAnonVma(frame);
  if (!isLive(Cache.AnonVma, anonVma)) {
    violated(Violated.AnonVmaGone, <f64>frame, pid, <f64>address);
    return;
  }
  // Behind a broken link nothing is known.
  if (vmaNote(vma).brokenChain) return;
  markReachable(note, vma);
  if (anonVmaNote(anonVma).markedBy == vma) return;
  violated(Violated.Unreachable, <f64>frame, pid, <f64>address, numberOf(anonVma));
}

/** Does a walk from the place, 0 if it is none, come to the VMA whose chain was marked? */
function leadsTo(place: u32, vma: u32): bool {
  const anonVma = place ? itemAt(place).anonVma : 0;
  return isLive(Cache.AnonVma, anonVma) && anonVmaNote(anonVma).markedBy == vma;
}

/**
 * Invariant I2 of a page that KSM shares: is there a place from which a walk comes to the VMA? v3.7 breaks
 * it for who maps the page through a fork without being a place, until KSM comes there, if it ever does.
 * The address space's own place is asked first.
 */
function checkKsmReach(note: MmNote, pid: f64, address: u64, frame: u32, vma: u32): void {
  if (vmaNote(vma).brokenChain) return;
  markReachable(note, vma);
  const node = pageStableNode(frame);
  const known = isLive(Cache.StableNode, node);
  if (known && (stableNodeAt(node).strays || ksmNote(node).brokenList)) return;
  if (
    leadsTo(placeOf(findPlace(node, address, changetype<Vma>(<usize>vma).mm), node, address), vma)
  )
    return;
  let n = findPlace(node, address, 0);
  for (let at = placeOf(n, node, address); at; at = placeOf(++n, node, address)) {
    if (leadsTo(at, vma)) return;
  }
  violated(Violated.KsmUnreachable, <f64>frame, pid, <f64>address);
}

/** Invariant I7: what can be written without a fault is known to be dirty, where that is accounted for. */
function checkWritable(pid: f64, address: u64, entry: u64, mapping: u32): void {
  const frame = pteFrame(entry);
  if (!(entry & PTE_WRITE) || pageTest(frame, PageFlag.Dirty)) return;
  if (!accountsDirty(changetype<AddressSpace>(<usize>mapping))) return;
  violated(Violated.WritableClean, <f64>frame, pid, <f64>address);
}

function checkPlace(note: MmNote, pid: f64, address: u64, entry: u64, vma: u32): void {
  const frame = pteFrame(entry);
  if (pageIsKsm(frame)) {
    checkKsmReach(note, pid, address, frame, vma);
    return;
  }
  const area = changetype<Vma>(<usize>vma);
  const expected = linearPageIndex(area, address);
  const index = pageIndex(frame);
  if (index != expected && !isNonlinear(area)) {
    violated(Violated.Index, <f64>frame, pid, <f64>address, <f64>index, <f64>expected);
  }
  if (pageIsAnon(frame)) {
    checkReach(note, pid, address, frame, vma);
    return;
  }
  const mapping = pageFileMapping(frame);
  const shown = mappingOfVma(area);
  if (mapping && mapping == shown) {
    checkWritable(pid, address, entry, mapping);
    return;
  }
  violated(Violated.OtherFile, <f64>frame, pid, <f64>address, inodeOf(mapping), inodeOf(shown));
}

function checkPage(note: MmNote, pid: f64, address: u64, entry: u64, vma: u32): void {
  const frame = pteFrame(entry);
  if (!isFrame(frame) || pageRefcount(frame) <= 0) {
    violated(Violated.EntryFrame, pid, <f64>address, <f64>frame);
    return;
  }
  frameNote(frame).entries++;
  if (entry & PTE_DIRTY) frameNote(frame).caches |= ENTRY_DIRTY;
  if (pageIsAnon(frame)) note.anon++;
  else note.file++;
  if (vma) checkPlace(note, pid, address, entry, vma);
}

/** What stands in place of a broken page. */
function checkMarker(pid: f64, address: u64, frame: u32): void {
  if (isFrame(frame) && pageTest(frame, PageFlag.HwPoison)) return;
  violated(Violated.HwpoisonEntry, pid, <f64>address, <f64>frame);
}

function checkEntry(note: MmNote, address: u64, entry: u64): void {
  const pid = <f64>note.pid;
  const vma = note.sound ? vmaOver(note, address) : 0;
  if (note.sound && !vma) violated(Violated.EntryOutside, pid, <f64>address);
  if (pteHasForeignBits(entry)) violated(Violated.EntryMark, pid, <f64>address);
  if (pteIsPage(entry)) {
    checkPage(note, pid, address, entry, vma);
  } else if (pteIsSwap(entry)) {
    const slot = <u32>pteSwapSlot(entry);
    note.swap++;
    if (isLive(Cache.SwapSlot, slot)) swapNote(slot).entries++;
    else violated(Violated.SwapEntry, pid, <f64>address);
  } else if (pteIsMigration(entry)) {
    // Invariant I8: whoever migrates restores its entries before it lets go of the page.
    violated(Violated.MigrationEntry, pid, <f64>address, <f64>pteFrame(entry));
  } else if (pteIsFile(entry)) {
    const linear = vma && !isNonlinear(changetype<Vma>(<usize>vma));
    if (linear) violated(Violated.FileEntry, pid, <f64>address);
  } else if (pteIsHwpoison(entry)) {
    checkMarker(pid, address, pteFrame(entry));
  } else if (!pteIsPresent(entry)) {
    violated(Violated.EntryKind, pid, <f64>address);
  }
}

/** The entry of a huge page, and the table that its split will need. */
function checkHuge(note: MmNote, table: u32, address: u64): void {
  const pid = <f64>note.pid;
  if (!isTable(table) || tableNote(table).seen) {
    violated(Violated.TableLink, pid, <f64>address);
    return;
  }
  tableNote(table).seen = 1;
  census().tables++;
  for (let at: usize = 8; at < (<usize>ENTRIES) << 3; at += 8) {
    if (!load<u64>(<usize>table + at)) continue;
    violated(Violated.HugeTable, pid, <f64>address);
    break;
  }
  const entry = load<u64>(<usize>table);
  if (pteHasForeignBits(entry)) violated(Violated.EntryMark, pid, <f64>address);
  const frame = pteFrame(entry);
  const vma = note.sound ? vmaOver(note, address) : 0;
  if (note.sound && !vma) violated(Violated.EntryOutside, pid, <f64>address);
  if (vma && isHugetlbVma(changetype<Vma>(<usize>vma)) && !pteIsPage(entry)) {
    if (pteIsMigration(entry)) violated(Violated.MigrationEntry, pid, <f64>address, <f64>frame);
    else if (pteIsHwpoison(entry)) checkMarker(pid, address, frame);
    else violated(Violated.EntryKind, pid, <f64>address);
    return;
  }
  const cut = vma != 0 && changetype<Vma>(<usize>vma).end < address + PMD_SIZE;
  const inUse = pteIsPage(entry) && isFrame(frame) && pageRefcount(frame) > 0;
  if (cut || !inUse || !pageIsHuge(frame)) {
    violated(Violated.HugeEntry, pid, <f64>address, <f64>frame);
  }
  if (!inUse) return;
  if (entry & PTE_SPLITTING) violated(Violated.Splitting, pid, <f64>address, <f64>frame);
  frameNote(frame).entries++;
  // Those of the pool are in no rss.
  const pooled = pageIsHugetlb(frame);
  if (!pooled) note.anon += HUGE_PAGES;
  if (vma && pooled != isHugetlbVma(changetype<Vma>(<usize>vma))) {
    violated(Violated.HugeEntry, pid, <f64>address, <f64>frame);
  }
  if (vma) checkPlace(note, pid, address, entry, vma);
}

/** A table and what is below it: at most four levels. */
function checkTable(note: MmNote, table: u32, shift: u64, base: u64): void {
  if (!isTable(table) || tableNote(table).seen) {
    violated(Violated.TableLink, <f64>note.pid, <f64>base);
    return;
  }
  tableNote(table).seen = 1;
  census().tables++;
  for (let i: u32 = 0; i < ENTRIES; i++) {
    const at = <usize>table + ((<usize>i) << 3);
    const address = base + ((<u64>i) << shift);
    if (shift == PAGE_SHIFT) {
      const entry = load<u64>(at);
      if (entry) checkEntry(note, address, entry);
    } else {
      const below = load<u32>(at);
      if (below & 1 && shift == PMD_SHIFT) checkHuge(note, below & ~1, address);
      else if (below) checkTable(note, below, shift - LEVEL_BITS, address);
    }
  }
}

function checkRss(kind: Violated, pid: f64, counter: i32, recount: i32): void {
  if (counter != recount) violated(kind, pid, <f64>counter, <f64>recount);
}

/** Counts every entry of every address space, after the indexes were checked. */
export function checkPageTables(): void {
  for (let at = slabNext(Cache.Mm, 0); at; at = slabNext(Cache.Mm, at)) {
    const mm = changetype<MmStruct>(at);
    const note = mmNote(<u32>at);
    note.cursor = mm.mmap;
    if (mm.pgd) checkTable(note, mm.pgd, PGD_SHIFT, 0);
    const pid = pidOfMm(mm);
    checkRss(Violated.AnonRss, pid, mm.anonRss, note.anon);
    checkRss(Violated.FileRss, pid, mm.fileRss, note.file);
    checkRss(Violated.SwapRss, pid, mm.swapRss, note.swap);
    if (note.swap && !mm.onMmlist) violated(Violated.MmList, pid);
  }
}
