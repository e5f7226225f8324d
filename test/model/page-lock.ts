import type { Page } from "./page.js";
import { tryToMunlock } from "./page-unmap.js";

/** Marks a page that a locked VMA maps, and moves it where reclaim doesn't look. */
export function mlockPage(page: Page): void {
  if (page.mlocked) return;
  const { lists } = page;
  const { events } = page.memory;
  page.mlocked = true;
  events.unevictable_pgs_mlocked++;
  if (lists.isolate(page)) lists.putback(page);
}

/** The last mapping is gone, or the page is about to leave its file. */
export function clearMlock(page: Page): void {
  if (!page.mlocked) return;
  const { lists } = page;
  const { events } = page.memory;
  page.mlocked = false;
  events.unevictable_pgs_cleared++;
  if (lists.isolate(page)) lists.putback(page);
  else if (page.unevictable) events.unevictable_pgs_stranded++;
}

/** munlock_vma_page: the mark goes, unless another locked VMA can be asked and maps the page. */
export function munlockPage(page: Page): void {
  if (!page.mlocked) return;
  const { lists } = page;
  const { events } = page.memory;
  page.mlocked = false;
  if (!lists.isolate(page)) {
    if (page.unevictable) events.unevictable_pgs_stranded++;
    else events.unevictable_pgs_munlocked++;
    return;
  }
  const lockedElsewhere = page.mapcount > 1 && tryToMunlock(page) === "mlock";
  if (!lockedElsewhere) events.unevictable_pgs_munlocked++;
  lists.putback(page);
}
