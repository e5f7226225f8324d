import type { Page } from "./page.js";
import { tellEntry, tellLook } from "./told.js";
import { entryFor, places } from "./page-walk.js";

/** page_mkclean: entries of shared mappings that could be, or were, written; they no longer can. */
export function pageMkclean(page: Page): number {
  if (page.inode === null) return 0;
  let cleaned = 0;
  const { hasStorageKeys, keysDirtyAnyFile } = page.memory;
  const mapped = page.mapcount > 0;
  for (const place of places(page)) {
    const { vma, address } = place;
    if (!vma.flags.shared) continue;
    tellLook(vma.space, address);
    const entry = entryFor(page, place);
    if (entry === undefined || !(entry.dirty || entry.writable)) continue;
    entry.dirty = false;
    entry.writable = false;
    tellEntry(vma.space, address);
    cleaned++;
  }
  if (mapped && page.changed && hasStorageKeys && keysDirtyAnyFile) {
    page.changed = false;
    return 1;
  }
  return cleaned;
}

/** clear_page_dirty_for_io: whether the page has to be written; where that is accounted, entries are cleaned first. */
export function takeDirty(page: Page): boolean {
  if (page.inode?.accountsDirtyPages === true && pageMkclean(page) > 0) page.setDirty();
  const { dirty } = page;
  page.dirty = false;
  return dirty;
}

/** Writes a page's content to swap or to its disk; false where it has no place to go. */
export function writePage(page: Page): boolean {
  const { slot, inode } = page;
  if (slot !== null) {
    slot.word = page.read();
    page.memory.events.pswpout++;
  } else if (inode?.accountsDirtyPages === true) {
    if (!page.buffers) page.memory.buffersMissing++;
    inode.store(page.index, page.read());
  } else {
    return false;
  }
  page.beginWriteback();
  return true;
}
