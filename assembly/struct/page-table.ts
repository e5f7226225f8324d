// Four levels of 512 entries, as on x86-64; a table is 4 KiB.
//
//   bits   47..39   38..30   29..21   20..12
//          pgd      pud      pmd      pte           entry of an upper level:  63..32 lock   31..0 table
//
// The upper half of a pmd entry is the page-table lock of the table below it.

import { PAGE_SHIFT } from "../abi";
import { header } from "../memory/header";
import { heapAlloc, heapHasRoom } from "../memory/heap";
import { Doing, LockClass } from "../locks";
import { lock, lockNested, unlock } from "../sync/lock";
import { MmStruct } from "./mm-struct";

const LEVEL_BITS: u64 = 9;
const INDEX: u64 = 511;
const PMD_SHIFT: u64 = 21;
const PGD_SHIFT: u64 = 39;
const TABLE_BYTES: u32 = 4096;
/** Bytes that one table of entries maps. */
export const PMD_SIZE: u64 = 1 << 21;
const LOCK_HALF: usize = 4;

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

/** The pmd entry over an address, whose lower half is the table of entries; 0 if a level is absent. */
export function pmdAt(mm: MmStruct, address: u64): usize {
  let table = mm.pgd;
  if (!table) return 0;
  for (let shift = PGD_SHIFT; shift > PMD_SHIFT; shift -= LEVEL_BITS) {
    table = load<u32>(entryAt(table, address, shift));
    if (!table) return 0;
  }
  const pmd = entryAt(table, address, PMD_SHIFT);
  return load<u32>(pmd) ? pmd : 0;
}

/** pmdAt, with what is absent on the way made; 0 when memory is exhausted. */
export function pmdAlloc(mm: MmStruct, address: u64): usize {
  if (!mm.pgd) {
    mm.pgd = tableAlloc(mm);
    if (!mm.pgd) return 0;
  }
  let table = mm.pgd;
  let entry: usize = 0;
  for (let shift = PGD_SHIFT; shift >= PMD_SHIFT; shift -= LEVEL_BITS) {
    entry = entryAt(table, address, shift);
    table = load<u32>(entry);
    if (!table) {
      table = tableAlloc(mm);
      if (!table) return 0;
      store<u32>(entry, table);
    }
  }
  return entry;
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

/** Smallest address from here on that a table of entries covers; end if there is none before it. */
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
    if (below && trimLevel(mm, below, shift - LEVEL_BITS, address, keep)) {
      store<u64>(entry, 0);
      tableFree(mm, below);
    }
  }
  return mm.tables > keep && isEmpty(table);
}
