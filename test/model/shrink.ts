import type { Cgroup } from "./cgroup.js";
import type { Page } from "./page.js";
import { tryToUnmap } from "./page-unmap.js";
import { pageReferenced } from "./referenced.js";
import { takeDirty, writePage } from "./write-out.js";

/** What became of a page that reclaim looked at. */
export type Fate = "reclaimed" | "kept" | "activated" | "culled";

/** How hard reclaim tries. */
export interface Effort {
  /** Whatever was used goes too, and dirty pages of files are written. */
  readonly force: boolean;
  /** Dirty pages of files are written. */
  readonly writesFiles: boolean;
  /** The cgroup whose processes alone are asked; null for all. */
  readonly only: Cgroup | null;
}

/** Reclaims a page that is isolated, or puts it back. */
export function shrink(page: Page, effort: Effort): Fate {
  const { lists } = page;
  const { events, swap } = page.memory;
  const fate = page.locked ? "kept" : judge(page, effort);
  if (fate === "culled") page.freeSwap();
  if (fate === "activated") {
    if (swap.isOverHalfFull) page.freeSwap();
    page.active = true;
    events.pgactivate++;
  }
  if (fate === "reclaimed") return fate;
  if (fate === "culled" || !page.evictable || page.unevictable) lists.putback(page);
  else page.relink();
  return fate;
}

function judge(page: Page, { force, writesFiles, only }: Effort): Fate {
  if (!page.evictable) return "culled";
  if (page.writeback) {
    // Reclaim for one cgroup has nobody else to slow it down: it waits for what it meets again.
    if (only === null || !page.wanted) {
      page.wanted = true;
      return "kept";
    }
    page.endWriteback();
  }
  const advice = force ? "reclaim" : checkReferences(page, only);
  if (advice === "activate") return "activated";
  if (advice === "keep") return "kept";
  if (page.anon && page.slot === null && !page.enterSwapCache()) return "activated";
  if (page.mapcount > 0) {
    const outcome = tryToUnmap(page, { access: force });
    if (outcome === "fail") return "activated";
    if (outcome === "again") return "kept";
    if (outcome === "mlock") return "culled";
  }
  if (page.dirty) {
    if (!page.swapBacked && !force && !writesFiles) {
      page.wanted = true;
      return "kept";
    }
    if (advice === "reclaim-if-clean") return "kept";
    const fate = pageout(page);
    if (fate !== null) return fate;
  }
  if (!page.releaseBuffers()) return "activated";
  return leaveCache(page) ? "reclaimed" : "kept";
}

/** page_check_references: what its use since the last look means. */
function checkReferences(
  page: Page,
  only: Cgroup | null,
): "reclaim" | "reclaim-if-clean" | "keep" | "activate" {
  const { count, locked, executable } = pageReferenced(page, only);
  const before = page.referenced;
  page.referenced = false;
  // try_to_unmap will find the locked VMA.
  if (locked) return "reclaim";
  if (count === 0) return before && !page.swapBacked ? "reclaim-if-clean" : "reclaim";
  if (page.swapBacked) return "activate";
  page.referenced = true;
  return before || count > 1 || executable ? "activate" : "keep";
}

/** Writes a dirty page; null when it is clean afterwards, else what becomes of it. */
function pageout(page: Page): Fate | null {
  if (page.mapcount > 0 || page.outsiders > 0) return "kept";
  if (!takeDirty(page)) return null;
  if (page.slot?.entries === 0) {
    // Nobody is left to come back to it: the page is dirty then, and goes when reclaim lets go of it.
    page.freeSwap();
    return "kept";
  }
  page.wanted = true;
  if (!writePage(page)) {
    page.setDirty();
    return "activated";
  }
  if (page.writeback) return "kept";
  page.wanted = false;
  return null;
}

/** remove_mapping: out of the swap cache or the page cache, if nobody else holds the page and it is clean. */
function leaveCache(page: Page): boolean {
  if (page.references !== 1 || page.dirty) return false;
  if (page.slot !== null) {
    page.leaveSwapCache();
    return true;
  }
  if (!page.cached) return false;
  page.inode?.remove(page);
  return true;
}
