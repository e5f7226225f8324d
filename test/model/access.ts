import type { AddressSpace, PresentEntry, SwapEntry } from "./address-space.js";
import { fail } from "./failure.js";
import { Page } from "./page.js";
import { unlockPage } from "./unlock.js";
import type { Vma } from "./vma.js";

export type Access = "read" | "write" | "execute";

/**
 * One access by a process to the first word of a page, with whatever faults it takes.
 * Returns the word that is there afterwards. SIGSEGV, SIGBUS.
 */
export function access(space: AddressSpace, page: number, kind: Access, word = 0): number {
  const vma = space.at(page);
  if (vma === undefined || !allowed(vma, kind)) fail("SIGSEGV");
  const write = kind === "write";
  let entry = space.entries.get(page) ?? absent(space, vma, page, write);
  if ("slot" in entry) entry = swapIn(space, page, entry, write);
  if (write && !entry.writable) entry = breakProtection(space, vma, page, entry);
  entry.young = true;
  if (!write) return entry.page?.word ?? 0;
  if (entry.page === null) throw new Error("the zero page is never written");
  entry.dirty = true;
  entry.page.word = word;
  return word;
}

function allowed(vma: Vma, kind: Access): boolean {
  const { read, write, exec } = vma.flags;
  if (kind === "write") return write;
  if (kind === "execute") return exec;
  return read || write || exec;
}

function absent(space: AddressSpace, vma: Vma, page: number, write: boolean): PresentEntry {
  const entry = vma.file === null ? newPage(vma, page, write) : fromFile(vma, page, write);
  space.map(page, entry);
  return entry;
}

function newPage(vma: Vma, page: number, write: boolean): PresentEntry {
  if (!write) return { page: null, writable: false, dirty: false, young: true };
  vma.space.prepareAnonVma(vma);
  return ownPage(vma, page, 0);
}

function ownPage(vma: Vma, address: number, word: number): PresentEntry {
  const page = Page.anonymous(vma, address, word);
  page.mlocked = vma.flags.locked;
  return { page, writable: true, dirty: true, young: true };
}

function fromFile(vma: Vma, page: number, write: boolean): PresentEntry {
  const copy = write && !vma.flags.shared;
  // The anon_vma is made first, so it is there even if the file turns out to be too short.
  if (copy) vma.space.prepareAnonVma(vma);
  const cached = vma.file?.inode.cache[vma.pgoffOf(page)];
  if (cached === undefined) fail("SIGBUS");
  if (copy) {
    vma.space.environment.counts.pagesCopied++;
    return ownPage(vma, page, cached.word);
  }
  const writable = vma.flags.shared && vma.flags.write && (write || !vma.notifiesWrites);
  return { page: cached, writable, dirty: write, young: true };
}

function swapIn(
  space: AddressSpace,
  address: number,
  from: SwapEntry,
  write: boolean,
): PresentEntry {
  const { page } = from.slot;
  const owned = write && page.takeForWriting();
  const entry: PresentEntry = { page, writable: owned, dirty: owned, young: true };
  space.map(address, entry);
  page.swapEntryGone();
  return entry;
}

/** A write to an entry that is not writable, in a VMA that is. */
function breakProtection(
  space: AddressSpace,
  vma: Vma,
  address: number,
  entry: PresentEntry,
): PresentEntry {
  const { page } = entry;
  const reuse = page !== null && (page.anon ? page.takeForWriting() : vma.flags.shared);
  if (reuse) {
    if (page.anon) page.moveTo(vma);
    entry.writable = true;
    return entry;
  }
  space.prepareAnonVma(vma);
  space.environment.counts.pagesCopied++;
  const copy = ownPage(vma, address, page?.word ?? 0);
  space.drop(address);
  space.map(address, copy);
  if (page !== null && vma.flags.locked) unlockPage(page, space);
  return copy;
}
