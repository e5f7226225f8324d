import { splitHuge } from "./huge-page.js";
import { tryToUnmap } from "./page-unmap.js";
import { clearMlock } from "./page-lock.js";
import { entryFor } from "./page-walk.js";
import type { Page } from "./page.js";
import type { ModelProcess } from "./process.js";
import { PAGE } from "./units.js";
import type { Vma } from "./vma.js";
import { pageMkclean } from "./write-out.js";

/** What was done about a broken page. */
export type Result = "recovered" | "delayed" | "ignored" | "failed" | "known";

/** What it came to, and who hears of it. */
export interface MemoryFailure {
  readonly result: Result;
  readonly told: readonly ModelProcess[];
}

/** False if that was known. */
export function markBroken(page: Page): boolean {
  if (page.poisoned) return false;
  page.poisoned = true;
  page.memory.broken++;
  return true;
}

/** Takes a broken page out of use, as far as that can be; `listeners` are told if they lose something. */
export function memoryFailure(page: Page, listeners: readonly ModelProcess[]): MemoryFailure {
  const nobody = { told: [] };
  if (!markBroken(page)) return { result: "known", ...nobody };
  // What nothing maps any more can't be split.
  if (!splitHuge(page)) return { result: "failed", ...nobody };
  if (!page.lists.holds(page)) return { result: "ignored", ...nobody };
  page.failed = true;
  page.endWriteback();
  let told: readonly ModelProcess[] = [];
  if (page.mapcount > 0) {
    if (page.isShared) return { result: "failed", ...nobody };
    const harmless = canBeReadAgain(page);
    const found = harmless ? [] : findUsers(page, listeners);
    const poison = page.slot !== null || harmless;
    const gone = tryToUnmap(page, { mlock: true, access: true, poison }) === "success";
    if (page.dirty) told = tell(found, gone ? "SIGBUS" : "SIGKILL");
    if (!gone) return { result: "failed", told };
  }
  // Its file lost it before.
  if (page.slot === null && page.owner === null) return { result: "ignored", told };
  const before = page.slot !== null && page.dirty ? "delayed" : "recovered";
  const done = takeOut(page);
  const others = page.references - 1 - (before === "delayed" ? 1 : 0);
  return { result: done && others === 0 ? before : "failed", told };
}

/** The disk has the same content, and nobody has written to it since. */
function canBeReadAgain(page: Page): boolean {
  if (page.inode?.accountsDirtyPages !== true || page.dirty) return false;
  if (pageMkclean(page) === 0) return true;
  page.setDirty();
  return false;
}

interface User {
  readonly process: ModelProcess;
  readonly address: number;
}

/** Whoever has an anonymous page; whoever maps that part of a file, whether the page is there or not. */
function findUsers(page: Page, listeners: readonly ModelProcess[]): User[] {
  const vmas = page.candidates(page.memory.walkOrder).filter((vma) => !page.anon || has(vma, page));
  return listeners.flatMap((process) => {
    const vma = vmas.find(({ space }) => space === process.space);
    return vma === undefined ? [] : [{ process, address: vma.addressOf(page.index) * PAGE }];
  });
}

function has(vma: Vma, page: Page): boolean {
  return entryFor(page, { vma, address: vma.addressOf(page.index) }) !== undefined;
}

function tell(users: readonly User[], name: "SIGBUS" | "SIGKILL"): ModelProcess[] {
  for (const { process, address } of users) {
    process.signal ??= { name, address };
    if (name === "SIGKILL") process.signal.name = name;
  }
  return users.map(({ process }) => process);
}

/** What is done with a page that nobody maps any more; false if it stays where it was. */
function takeOut(page: Page): boolean {
  const { inode } = page;
  if (page.slot !== null) {
    if (page.dirty) page.dirty = false;
    else forgetInSwap(page);
  }
  page.lists.isolate(page);
  page.active = false;
  page.unevictable = false;
  if (inode === null) return true;
  if (inode.kind === "ramfs") {
    if (page.dirty) return false;
    if (page.memory.mlockOutlivesMappings) clearMlock(page);
    if (page.outsiders > 1) return false;
  }
  // What is kept nowhere else is a hole from now on.
  if (inode.kind === "tmpfs" || inode.kind === "shmem") inode.store(page.index, 0);
  inode.remove(page);
  return true;
}

/** The copy on swap is good: the page leaves it alone, as clean as it is. */
function forgetInSwap(page: Page): void {
  page.leaveSwapCache();
  page.dirty = false;
}
