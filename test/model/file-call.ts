import { fail } from "./failure.js";
import type { Inode } from "./file.js";
import type { Page } from "./page.js";
import { clearMlock } from "./page-lock.js";
import { takeDirty, writePage } from "./write-out.js";
import { zapFilePages } from "./zap.js";

/** read(2) of a page's word; 0 beyond the end. */
export function fileRead(inode: Inode, index: number): number {
  if (index >= inode.size) return 0;
  const page = inode.read(index, inode.memory.root);
  page.lists.markAccessed(page);
  return page.read();
}

/** write(2) of a page's word; the file grows if it has to. */
export function fileWrite(inode: Inode, index: number, word: number): void {
  const page = inode.read(index, inode.memory.root);
  page.endWriteback();
  page.attachBuffers();
  page.write(word);
  page.setDirty();
  inode.size = Math.max(inode.size, index + 1);
  page.lists.markAccessed(page);
}

/** Writes the dirty pages of a disk; how many. */
export function writeback(inode: Inode): number {
  if (!inode.accountsDirtyPages) return 0;
  let written = 0;
  for (const page of inode.cachedIn(0, Infinity)) {
    if (!page.dirty) continue;
    page.endWriteback();
    if (takeDirty(page) && writePage(page)) written++;
  }
  return written;
}

/** Another size. Pages beyond a smaller one go, private copies too, unless they are on swap. */
export function truncate(inode: Inode, pages: number): void {
  const smaller = pages < inode.size;
  inode.size = pages;
  if (!smaller) return;
  zapFilePages(inode, pages, Infinity, "private-copies-too");
  for (const page of inode.cachedIn(pages, Infinity)) inode.remove(page);
  inode.forgetBeyondSize();
}

/** A hole: its pages go and read as zero. Beyond the end there is nothing to do. */
export function punch(inode: Inode, first: number, pages: number): void {
  const end = Math.min(first + pages, inode.size);
  if (first >= end) return;
  for (let index = first; index < end; index++) inode.store(index, 0);
  zapFilePages(inode, first, end, "cached-pages-only");
  for (const page of inode.cachedIn(first, end)) inode.remove(page);
}

/** Drops clean pages from the cache: idle ones, or all, which are unmapped first. EBUSY if one of all has to stay. */
export function invalidate(
  inode: Inode,
  first: number,
  pages: number,
  how: "idle" | "all",
): number {
  const found = inode.cachedIn(first, first + pages);
  const dropped = found.filter((page) => {
    if (how === "all") return invalidateAnyway(inode, page);
    if (invalidateIdle(inode, page)) return true;
    page.lists.deactivate(page);
    return false;
  });
  if (how === "all" && dropped.length < found.length) fail("EBUSY");
  return dropped.length;
}

function invalidateIdle(inode: Inode, page: Page): boolean {
  if (page.mapcount > 0 || page.writeback || page.dirty) return false;
  if (!page.releaseBuffers()) return false;
  if (page.memory.mlockOutlivesMappings) clearMlock(page);
  if (page.outsiders > 0) return false;
  inode.remove(page);
  return true;
}

function invalidateAnyway(inode: Inode, page: Page): boolean {
  page.endWriteback();
  if (page.mapcount > 0) {
    zapFilePages(inode, page.index, page.index + 1, "cached-pages-only");
  }
  if (page.dirty || !page.releaseBuffers()) return false;
  inode.remove(page);
  return true;
}
