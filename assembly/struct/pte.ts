// Page-table entries, 64 bits:
//
//   present      63 ........ 12   8     6      5       4        1         0
//                frame            user  dirty  young   special  writable  1
//   others       63 ........ 12                        3..1: kind         0
//                swap: slot address / 8;  migration, poisoned: frame;  file: pgoff
//
// `special` is the zero page: mapped, but no page of ours. An entry without `user` is PROT_NONE.
// A file entry, in nonlinear VMAs alone, says which page of the file is to be faulted in there.
// A migration entry stands for a page on its way to another frame: its kind keeps the writable bit.
// Absent is 0. The entry of a huge page is a present one, with the frame of its head; bit 9 is `splitting`.
//
// On an s390x entries have no dirty and no young bit: storage keys have (arch/storage-key.ts). Setting them does
// nothing there, so they read as clear, and whoever tests and clears them need not know.

import { header } from "../memory/header";

export const PTE_PRESENT: u64 = 0x1;
export const PTE_WRITE: u64 = 0x2;
export const PTE_SPECIAL: u64 = 0x10;
export const PTE_YOUNG: u64 = 0x20;
export const PTE_DIRTY: u64 = 0x40;
export const PTE_USER: u64 = 0x100;
/** Of a huge entry: its page is being split, under the mutex of its anon_vma. */
export const PTE_SPLITTING: u64 = 0x200;
const PTE_SWAP: u64 = 0x2;
const PTE_MIGRATION_READ: u64 = 0x4;
const PTE_MIGRATION_WRITE: u64 = 0x6;
const PTE_HWPOISON: u64 = 0x8;
const PTE_FILE: u64 = 0xa;
const KIND_MASK: u64 = 0xf;
const PAYLOAD: u64 = 12;

export function pteFrame(entry: u64): u32 {
  return <u32>(entry >> PAYLOAD);
}

export function pteOf(frame: u32, bits: u64): u64 {
  return ((<u64>frame) << PAYLOAD) | PTE_PRESENT | pteBits(bits);
}

/** Those bits of an entry that the machine has: whoever sets PTE_YOUNG or PTE_DIRTY asks here. */
export function pteBits(bits: u64): u64 {
  return bits & header().entryBits;
}

/** Has the entry marks that entries of the machine can't have? */
export function pteHasForeignBits(entry: u64): bool {
  return pteIsPresent(entry) && (entry & ~header().entryBits) != 0;
}

/** What entries of an s390x have not. */
export const PTE_MARKS: u64 = PTE_YOUNG | PTE_DIRTY;

/** Of a huge entry: the entry of one of its small pages. */
export function pteOfPart(huge: u64, n: u32): u64 {
  return (huge + ((<u64>n) << PAYLOAD)) & ~PTE_SPLITTING;
}

export function pteIsPresent(entry: u64): bool {
  return (entry & PTE_PRESENT) != 0;
}

/** Present and one of our pages: not the zero page. */
export function pteIsPage(entry: u64): bool {
  return (entry & (PTE_PRESENT | PTE_SPECIAL)) == PTE_PRESENT;
}

export function pteIsSwap(entry: u64): bool {
  return (entry & KIND_MASK) == PTE_SWAP;
}

export function pteOfSwap(slot: usize): u64 {
  return (((<u64>slot) >> 3) << PAYLOAD) | PTE_SWAP;
}

export function pteSwapSlot(entry: u64): usize {
  return (<usize>(entry >> PAYLOAD)) << 3;
}

export function pteIsMigration(entry: u64): bool {
  const kind = entry & KIND_MASK;
  return kind == PTE_MIGRATION_READ || kind == PTE_MIGRATION_WRITE;
}

export function pteOfMigration(frame: u32, writable: bool): u64 {
  return ((<u64>frame) << PAYLOAD) | (writable ? PTE_MIGRATION_WRITE : PTE_MIGRATION_READ);
}

export function pteMigrationIsWritable(entry: u64): bool {
  return (entry & KIND_MASK) == PTE_MIGRATION_WRITE;
}

/** Does it keep the pgoff of a page that is not there? */
export function pteIsFile(entry: u64): bool {
  return (entry & KIND_MASK) == PTE_FILE;
}

/** @param pgoff below 2^52 */
export function pteOfPgoff(pgoff: u64): u64 {
  return (pgoff << PAYLOAD) | PTE_FILE;
}

export function ptePgoff(entry: u64): u64 {
  return entry >> PAYLOAD;
}

export function pteIsHwpoison(entry: u64): bool {
  return (entry & KIND_MASK) == PTE_HWPOISON;
}

export function pteOfHwpoison(frame: u32): u64 {
  return ((<u64>frame) << PAYLOAD) | PTE_HWPOISON;
}
