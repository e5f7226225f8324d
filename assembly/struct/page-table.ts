// Four levels of 512 entries, as on x86-64; a table is 4 KiB.
//
//   bits   47..39   38..30   29..21   20..12
//          pgd      pud      pmd      pte           entry of an upper level:  63..32 lock   31..0 table
//
// The upper half of a pmd entry is the page-table lock of the table below it.
//
// A huge page is mapped by one entry for the whole of what a table of entries would map. The table that its
// split will need is there from the beginning: the pmd entry leads to it with PMD_HUGE set, and its first word
// is the entry of the huge page. Whoever looks for a table of entries does not find it. Huge entries are guarded
// by the page_table_lock of the address space, as is the making of tables.

import { PAGE_SHIFT } from "../abi/unit";
import { header } from "../memory/header";
import { heapAlloc, heapHasRoom } from "../memory/heap";
import { Doing, LockClass } from "../locks";
import { lock, lockNested, unlock } from "../sync/lock";
import { MmStruct } from "./mm-struct";
import { pteOfPart } from "./pte";

const LEVEL_BITS: u64 = 9;
const INDEX: u64 = 511;
const PMD_SHIFT: u64 = 21;
const PUD_SHIFT: u64 = 30;
const PGD_SHIFT: u64 = 39;
const TABLE_BYTES: u32 = 4096;
/** Bytes that one table of entries maps. */
export const PMD_SIZE: u64 = 1 << 21;
const LOCK_HALF: usize = 4;
/** In the lower half of a pmd entry: what it leads to is no table, but holds the entry of a huge page. */
const PMD_HUGE: u32 = 1;

function tableAlloc(mm: MmStruct): u32 {
  const state = header();
  let table = state.tableFree;
  if (table) {
    state.tableFree = load<u32>(<usize>table);
    store<u32>(<usize>table, 0);
  } else {
    table = <u32>heapAlloc(TABLE_BYTES);
  }
  if (table) {
    state.tables++;
    mm.tables++;
  }
  return table;
}

/** Makes sure that the next n tables can be had; false when memory is exhausted. */
export function tablesReserve(n: u32): bool {
  for (let free = header().tableFree; free && n > 0; free = load<u32>(<usize>free)) n--;
  return heapHasRoom(<u64>n * TABLE_BYTES);
}

/** The table must be empty. */
function tableFree(mm: MmStruct, table: u32): void {
  const state = header();
  mm.tables--;
  store<u32>(<usize>table, state.tableFree);
  state.tableFree = table;
  state.tables--;
}

function entryAt(table: u32, address: u64, shift: u64): usize {
  return <usize>table + <usize>(((address >> shift) & INDEX) << 3);
}

/** The pmd entry over an address, whatever is in it; 0 if there is no table that it would be in. */
export function pmdSlot(mm: MmStruct, address: u64): usize {
  // Written out: a loop over two levels is slower than they are.
  const pgd = mm.pgd;
  if (!pgd) return 0;
  const pud = load<u32>(entryAt(pgd, address, PGD_SHIFT));
  if (!pud) return 0;
  const pmd = load<u32>(entryAt(pud, address, PUD_SHIFT));
  return pmd ? entryAt(pmd, address, PMD_SHIFT) : 0;
}

/** The pmd entry over an address, whose lower half is the table of entries; 0 if a level is absent, or huge. */
export function pmdAt(mm: MmStruct, address: u64): usize {
  const pmd = pmdSlot(mm, address);
  if (!pmd) return 0;
  const table = load<u32>(pmd);
  return table && !(table & PMD_HUGE) ? pmd : 0;
}

/** The pmd entry over an address if it maps a huge page, else 0. */
export function hugePmdAt(mm: MmStruct, address: u64): usize {
  const pmd = pmdSlot(mm, address);
  return pmd && pmdIsHuge(pmd) ? pmd : 0;
}

/** Does the pmd entry map a huge page? */
export function pmdIsHuge(pmd: usize): bool {
  return (load<u32>(pmd) & PMD_HUGE) != 0;
}

/** Does the pmd entry lead to a table of entries? */
export function pmdIsTable(pmd: usize): bool {
  const table = load<u32>(pmd);
  return table != 0 && !(table & PMD_HUGE);
}

/** pmd_none: neither a table nor a huge page. */
export function pmdIsNone(pmd: usize): bool {
  return load<u32>(pmd) == 0;
}

/** The entry of the huge page that a pmd entry maps. */
export function hugeEntry(pmd: usize): u64 {
  return load<u64>(<usize>(load<u32>(pmd) & ~PMD_HUGE));
}

/** Where the entry of the huge page is that a pmd entry maps. */
export function hugeEntryAt(pmd: usize): usize {
  return <usize>(load<u32>(pmd) & ~PMD_HUGE);
}

export function setHugeEntry(pmd: usize, entry: u64): void {
  store<u64>(<usize>(load<u32>(pmd) & ~PMD_HUGE), entry);
}

/** Maps a huge page where nothing is, with a table set aside for its split: false when memory is exhausted. */
export function hugeEntryInstall(mm: MmStruct, pmd: usize, entry: u64): bool {
  assert(pmdIsNone(pmd), "page table: a huge page where something is");
  const table = tableAlloc(mm);
  if (!table) return false;
  store<u64>(<usize>table, entry);
  store<u32>(pmd, table | PMD_HUGE);
  return true;
}

/** Takes a huge entry away, and the table that was set aside with it. */
export function hugeEntryClear(mm: MmStruct, pmd: usize): void {
  const table = load<u32>(pmd) & ~PMD_HUGE;
  store<u64>(<usize>table, 0);
  store<u32>(pmd, 0);
  tableFree(mm, table);
}

/** A huge entry moves, with the table that was set aside, to where nothing is. */
export function hugeEntryMove(from: usize, to: usize): void {
  assert(pmdIsNone(to), "page table: a huge page moved to where something is");
  store<u32>(to, load<u32>(from));
  store<u32>(from, 0);
}

/** The huge entry becomes a table of entries, all absent yet, which the caller fills under the lock it holds. */
export function hugeEntryToTable(pmd: usize): void {
  const table = load<u32>(pmd) & ~PMD_HUGE;
  store<u64>(<usize>table, 0);
  store<u32>(pmd, table);
}

/** Takes a huge entry away, and hands over the table that was set aside with it, all of whose entries are absent. */
export function hugeEntryWithdraw(pmd: usize): u32 {
  const table = load<u32>(pmd) & ~PMD_HUGE;
  store<u64>(<usize>table, 0);
  store<u32>(pmd, 0);
  return table;
}

/** Takes a table out of sight: nobody who comes from above finds it until it is put back. */
export function tableWithdraw(pmd: usize): u32 {
  const table = load<u32>(pmd);
  store<u32>(pmd, 0);
  return table;
}

/** Puts a table back where it was. */
export function tablePutBack(pmd: usize, table: u32): void {
  assert(pmdIsNone(pmd), "page table: a table put back where something is");
  store<u32>(pmd, table);
}

/** Maps a huge page where a table was withdrawn, all of whose entries are absent now. */
export function tableToHugeEntry(pmd: usize, table: u32, entry: u64): void {
  assert(pmdIsNone(pmd), "page table: a huge page where something is");
  assert(isEmpty(table), "page table: a huge page in place of entries");
  store<u64>(<usize>table, entry);
  store<u32>(pmd, table | PMD_HUGE);
}

/** The entry in a table for an address that the table maps. */
export function pteInTable(table: u32, address: u64): usize {
  return entryAt(table, address, PAGE_SHIFT);
}

/** pmdSlot, with what is absent above it made; 0 when memory is exhausted. */
export function pmdSlotAlloc(mm: MmStruct, address: u64): usize {
  if (!mm.pgd) {
    mm.pgd = tableAlloc(mm);
    if (!mm.pgd) return 0;
  }
  let table = mm.pgd;
  for (let shift = PGD_SHIFT; shift > PMD_SHIFT; shift -= LEVEL_BITS) {
    const entry = entryAt(table, address, shift);
    table = load<u32>(entry);
    if (!table) {
      table = tableAlloc(mm);
      if (!table) return 0;
      store<u32>(entry, table);
    }
  }
  return entryAt(table, address, PMD_SHIFT);
}

/** pmdAt, with what is absent on the way made; 0 when memory is exhausted. What is there must not be huge. */
export function pmdAlloc(mm: MmStruct, address: u64): usize {
  const pmd = pmdSlotAlloc(mm, address);
  if (!pmd) return 0;
  assert(!pmdIsHuge(pmd), "page table: entries wanted where a huge page is");
  if (!load<u32>(pmd)) {
    const table = tableAlloc(mm);
    if (!table) return 0;
    store<u32>(pmd, table);
  }
  return pmd;
}

/** Address of the entry in the table below a pmd entry. */
export function pteUnder(pmd: usize, address: u64): usize {
  return entryAt(load<u32>(pmd), address, PAGE_SHIFT);
}

/** Address of the entry, 0 if its table is absent. No lock is taken. */
export function pteAt(mm: MmStruct, address: u64): usize {
  const pmd = pmdAt(mm, address);
  return pmd ? pteUnder(pmd, address) : 0;
}

/** The entry over an address, 0 if none is; under a huge page, what its split would leave there. No lock is taken. */
export function entryOf(mm: MmStruct, address: u64): u64 {
  const pmd = pmdSlot(mm, address);
  if (!pmd || pmdIsNone(pmd)) return 0;
  if (!pmdIsHuge(pmd)) return load<u64>(pteUnder(pmd, address));
  return pteOfPart(hugeEntry(pmd), <u32>((address >> PAGE_SHIFT) & INDEX));
}

export function ptlLock(pmd: usize, doing: Doing): void {
  lock(pmd + LOCK_HALF, LockClass.Ptl, doing);
}

/** A second table's lock: the destination's of mremap, the source's of fork. */
export function ptlLockNested(pmd: usize, doing: Doing): void {
  lockNested(pmd + LOCK_HALF, LockClass.Ptl, doing);
}

export function ptlUnlock(pmd: usize): void {
  unlock(pmd + LOCK_HALF);
}

/** End of the range that the table over this address maps, but not beyond end. */
export function pmdEnd(address: u64, end: u64): u64 {
  return min((address | (PMD_SIZE - 1)) + 1, end);
}

/** Smallest address from here on that a table of entries or a huge page covers; end if there is none before it. */
export function nextMapped(mm: MmStruct, address: u64, end: u64): u64 {
  while (address < end) {
    let table = mm.pgd;
    if (!table) return end;
    let shift = PGD_SHIFT;
    for (; shift >= PMD_SHIFT; shift -= LEVEL_BITS) {
      table = load<u32>(entryAt(table, address, shift));
      if (!table) break;
    }
    if (table) return address;
    address = ((address >> shift) + 1) << shift;
  }
  return end;
}

function isEmpty(table: u32): bool {
  for (let at = <usize>table; at < <usize>table + <usize>TABLE_BYTES; at += 8) {
    if (load<u64>(at)) return false;
  }
  return true;
}

/**
 * Frees the tables that only served [start, end), which nothing maps any more. Neighbours begin at
 * ceiling (0: none) and end at floor: a table that reaches into them stays.
 */
export function freePageTables(mm: MmStruct, start: u64, end: u64, floor: u64, ceiling: u64): void {
  const pgd = mm.pgd;
  if (!pgd) return;
  freeLevel(mm, pgd, PGD_SHIFT, start, end, floor, ceiling);
  if (floor == 0 && ceiling == 0) {
    mm.pgd = 0;
    tableFree(mm, pgd);
  }
}

function freeLevel(
  mm: MmStruct,
  table: u32,
  shift: u64,
  start: u64,
  end: u64,
  floor: u64,
  ceiling: u64,
): void {
  const size = (<u64>1) << shift;
  for (let address = start & ~(size - 1); address < end; address += size) {
    const entry = entryAt(table, address, shift);
    const below = load<u32>(entry);
    if (!below) continue;
    if (shift > PMD_SHIFT) {
      freeLevel(
        mm,
        below,
        shift - LEVEL_BITS,
        max(address, start),
        min(address + size, end),
        floor,
        ceiling,
      );
    }
    if (address < floor || (ceiling != 0 && address + size > ceiling)) continue;
    assert(!(below & PMD_HUGE), "page table: freed with a huge page in it");
    assert(isEmpty(below), "page table: freed with entries in it");
    store<u64>(entry, 0);
    tableFree(mm, below);
  }
}

/** After a fault that failed: drops the tables it made on the way to an address, down to so many. */
export function trimPageTables(mm: MmStruct, address: u64, keep: u32): void {
  if (trimLevel(mm, mm.pgd, PGD_SHIFT, address, keep)) {
    tableFree(mm, mm.pgd);
    mm.pgd = 0;
  }
}

/** Of a table and those below it; true if this one is to go too. */
function trimLevel(mm: MmStruct, table: u32, shift: u64, address: u64, keep: u32): bool {
  if (shift >= PMD_SHIFT) {
    const entry = entryAt(table, address, shift);
    const below = load<u32>(entry);
    if (below & PMD_HUGE) return false;
    if (below && trimLevel(mm, below, shift - LEVEL_BITS, address, keep)) {
      store<u64>(entry, 0);
      tableFree(mm, below);
    }
  }
  return mm.tables > keep && isEmpty(table);
}
