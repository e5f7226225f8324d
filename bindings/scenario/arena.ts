// Where a script's page numbers lie in the address space of a process.

import { PAGE_SHIFT, PAGE_SIZE } from "../../assembly/abi/unit.js";

/** Virtual address of page 0 of the arena, in bytes. */
export const ARENA_BASE = 0x200000000000;
/** Pages that a script can name: 0 to 262,143 (1 GiB). */
export const ARENA_PAGES = 262_144;

/** The address in bytes of a page of the arena. */
export function addressOf(page: number): number {
  return ARENA_BASE + page * PAGE_SIZE;
}

/** The page of the arena that holds an address. */
export function pageOf(address: number): number {
  return Math.floor((address - ARENA_BASE) / 2 ** PAGE_SHIFT);
}

/** A length in bytes for a number of pages. */
export function bytesOf(pages: number): number {
  return pages * PAGE_SIZE;
}
