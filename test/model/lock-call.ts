import { access } from "./access.js";
import type { AddressSpace } from "./address-space.js";
import { reflag } from "./change-call.js";
import { fail, Failure } from "./failure.js";
import { unlockPages } from "./unlock.js";
import type { Vma } from "./vma.js";

/** mlock of [start, end): marks the VMAs up to the first hole; without one it then brings the pages in. */
export function lockRange(space: AddressSpace, start: number, end: number): void {
  markRange(space, start, end, true);
  populate(space, start, end);
}

/** munlock of [start, end). */
export function unlockRange(space: AddressSpace, start: number, end: number): void {
  markRange(space, start, end, false);
}

function markRange(space: AddressSpace, start: number, end: number, locked: boolean): void {
  let at = start;
  while (at < end) {
    const vma = space.at(at);
    if (vma === undefined) fail("ENOMEM");
    const until = Math.min(vma.end, end);
    if (vma.flags.locked !== locked) {
      const changed = reflag(space, vma, at, until, { ...vma.flags, locked }, "ENOMEM");
      if (!locked) unlockPages(changed, at, until);
    }
    at = Math.max(until, space.at(until - 1)?.end ?? until);
  }
}

/** Brings in and locks every page; private ones are copied now if they may be written. */
export function populate(space: AddressSpace, start: number, end: number): void {
  for (let address = start; address < end; address++) {
    const vma = space.at(address);
    if (vma === undefined) fail("ENOMEM");
    bringIn(vma, address);
    const entry = space.entries.get(address);
    if (entry !== undefined && "page" in entry && entry.page !== null) entry.page.mlocked = true;
  }
}

function bringIn(vma: Vma, address: number): void {
  try {
    const word = access(vma.space, address, "read");
    if (vma.flags.write && !vma.flags.shared) access(vma.space, address, "write", word);
  } catch (error) {
    if (error instanceof Failure) fail("ENOMEM");
    throw error;
  }
}
