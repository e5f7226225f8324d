import type { AddressSpace } from "./address-space.js";
import { fail } from "./failure.js";
import type { OpenFile } from "./file.js";
import { populate, populateIfLocked } from "./lock-call.js";
import { merge } from "./merge.js";
import { munlockRange } from "./munlock.js";
import { tellRange } from "./told.js";
import { unmap } from "./unmap-call.js";
import { Vma } from "./vma.js";

/** What entries can name. */
const OFFSETS = 2 ** 46;

/** remap_file_pages: [start, end), all in one shared mapping, shows its file from `pgoff` on. */
export function remap(
  space: AddressSpace,
  start: number,
  end: number,
  pgoff: number,
  nonBlock: boolean,
): void {
  if (end <= start || pgoff + (end - start) >= OFFSETS) fail("EINVAL");
  const vma = space.at(start);
  if (vma?.flags.shared !== true || vma.file === null || end > vma.end) fail("EINVAL");
  if (vma.flags.nonlinear) {
    reorder(vma, start, end, pgoff, nonBlock);
  } else if (vma.pgoffOf(start) !== pgoff) {
    const { file } = vma;
    space.exclusively(() => {
      if (file.inode.accountsDirtyPages) {
        mapAnew(vma, file, start, end, pgoff);
        return;
      }
      file.inode.unlink(vma);
      vma.flags = { ...vma.flags, nonlinear: true };
      vma.searched = 0;
      file.inode.link(vma);
      // Until it has the pages that are to be locked nobody else comes to it; others may.
      reorder(vma, start, end, pgoff, nonBlock || !vma.flags.locked);
    });
    if (vma.flags.nonlinear && !vma.flags.locked && !nonBlock) bringIn(vma, start, end);
  }
}

/** Entries of a nonlinear VMA say something else from now on; what was there goes. */
function reorder(vma: Vma, start: number, end: number, pgoff: number, nonBlock: boolean): void {
  const { space, flags } = vma;
  if (flags.locked) munlockRange(vma, start, end);
  vma.flags = flags;
  tellRange(space, start, end);
  space.addTables(start, end);
  for (let address = start; address < end; address++) {
    const entry = space.entries.get(address);
    space.entries.set(address, { pgoff: pgoff + address - start });
    if (entry === undefined || !("page" in entry) || entry.page === null) continue;
    if (entry.dirty) entry.page.setDirty();
    entry.page.unmap();
  }
  if (!nonBlock) bringIn(vma, start, end);
}

/** Without a lock only what may be read is brought in; what can't be had is left out. */
function bringIn(vma: Vma, start: number, end: number): void {
  if (vma.flags.locked || vma.flags.read) populate(vma, start, end);
}

/** A file system that has to hear of writes gets a VMA of its own for the range. */
function mapAnew(vma: Vma, file: OpenFile, start: number, end: number, pgoff: number): void {
  const { space, flags } = vma;
  const { inode } = file;
  // Held, as this may be all of it that is mapped.
  inode.opens++;
  unmap(space, start, end);
  let fresh = merge(space, { start, end, pgoff, flags, file, anonVma: null });
  if (fresh === null) {
    fresh = new Vma(space, start, end, pgoff, flags, file);
    space.insert(fresh);
    inode.link(fresh);
  }
  populateIfLocked(fresh, start, end);
  inode.opens--;
}
