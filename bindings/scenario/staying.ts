// Why a page is where it was after reclaim or migration was asked to take it.

import { KernelError } from "../core/kernel-error.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Migration } from "../kernel/migration.js";
import type { Fate } from "../kernel/page-fate.js";
import { swapRoom } from "./swap-room.js";
import { placesOf } from "./wording.js";

/** A page of a range that an operation had to leave. */
export interface Stayed {
  /** Its page number in the range. */
  readonly page: number;
  /** A sentence's end: "pinned". */
  readonly why: string;
}

/** Is its only copy in memory, with no disk to write it to? */
function isOnlyInMemory(page: Page): boolean {
  return page.inode !== 0 && page.file?.kind !== "disk";
}

/** Is it mapped where no walk finds it? */
function isInNonlinear(page: Page): boolean {
  return page.inode !== 0 && page.mapcount > page.mappings().length;
}

const IN_NONLINEAR = "mapped in a nonlinear VMA, of which a part is unmapped at a time";

/** What a file's page is kept on. */
function keeperOf(page: Page): string {
  const kind = page.file?.kind ?? "shmem";
  return kind === "shmem" ? "shared memory" : kind;
}

/** What is told of a page, which may have been freed when reclaim let go of it. */
function unlessFreed(words: () => string): string {
  try {
    return words();
  } catch (error) {
    if (error instanceof KernelError && error.code === "ESTALE") return "freed on the way";
    throw error;
  }
}

/** Why reclaim that takes whatever it is given left a page, which looks as it left it. */
export function whyForcedStayed(kernel: Kernel, page: Page, fate: Fate): string {
  return unlessFreed(() => forcedInWords(kernel, page, fate));
}

function forcedInWords(kernel: Kernel, page: Page, fate: Fate): string {
  if (fate === "not-isolated") {
    if (page.hugetlb) return "huge pages of the pool are never reclaimed";
    return page.hugePage
      ? "in a huge page, of which another page is the first"
      : "on no list of reclaim";
  }
  if (fate === "culled") return whyCulled(page);
  if (page.pins > 0) return "pinned";
  if (page.writeback) return "being written, I/O is held";
  if (fate !== "activated") return isInNonlinear(page) ? IN_NONLINEAR : "held by somebody else";
  if (page.anon) return whyNotSwapped(kernel, page);
  return isOnlyInMemory(page) ? `only unmapped, ${neverSwapped(page)}` : "can't be written";
}

/** Why an anonymous page got no place in swap. */
function whyNotSwapped(kernel: Kernel, page: Page): string {
  const { pages, used } = swapRoom(kernel);
  if (page.swapCache) return "to count so many swap entries takes a frame, and none is free";
  if (pages === 0) return "there is no swap";
  return used >= pages ? "swap is full" : "swap was full, or memory is exhausted";
}

function neverSwapped(page: Page): string {
  return `${keeperOf(page)} is never swapped out in this model`;
}

/**
 * Why reclaim that goes over its lists left a page, as far as it shows.
 * @param touched that the page was in use decided it
 */
export function whyStayed(kernel: Kernel, page: Page, fate: Fate, touched: boolean): string {
  if (fate === "culled") return whyCulled(page);
  if (touched) return "touched lately";
  if (page.pins > 0) return "pinned";
  if (page.writeback) return "being written";
  if (fate === "activated") {
    if (page.anon) return whyNotSwapped(kernel, page);
    return isOnlyInMemory(page) ? neverSwapped(page) : "can't be written";
  }
  if (isInNonlinear(page)) return IN_NONLINEAR;
  return page.dirty && page.inode !== 0
    ? "dirty, and only background reclaim writes files"
    : "held by somebody else";
}

function whyCulled(page: Page): string {
  return page.mlocked ? "mlocked" : `${keeperOf(page)} is never reclaimed`;
}

/** Why migration left a page. */
export function whyNotMoved(page: Page, result: Exclude<Migration["result"], "moved">): string {
  return unlessFreed(() => notMovedInWords(page, result));
}

function notMovedInWords(page: Page, result: Exclude<Migration["result"], "moved">): string {
  if (result === "refused") {
    return page.ksm
      ? `KSM shares it, at ${placesOf(page)}`
      : `dirty, and ${keeperOf(page)} can't write it`;
  }
  if (page.pins > 0) return "pinned";
  if (isInNonlinear(page)) return IN_NONLINEAR;
  return page.lru ? "held by somebody else" : "on no list of reclaim";
}
