import type { Page } from "./page.js";
import { mlockPage } from "./page-lock.js";
import { tellEntry, tellRange, usedByDevices } from "./told.js";
import type { Vma } from "./vma.js";
import { keepOffset } from "./zap.js";

/** Pages that are searched at a time: a stretch begins at a multiple of it. */
const STRETCH = 32;

/**
 * Nobody knows where in nonlinear VMAs a file's page is, so whatever is met there and was not used is unmapped, until
 * that is as much as the page has mappings. "mlock" if the page itself was met in a locked one.
 */
export function unmapSomewhere(page: Page): "again" | "mlock" {
  const vmas = page.inode?.nonlinear ?? [];
  if (vmas.length === 0) return "again";
  const wanted = page.mapcount;
  let unmapped = 0;
  let locked = false;
  for (const { vma, from, upTo } of turns(vmas)) {
    vma.searched = upTo;
    if (from === upTo) continue;
    const met = search(vma, from, page);
    unmapped += met.unmapped;
    locked ||= met.locked;
    if (unmapped >= wanted) return locked ? "mlock" : "again";
  }
  for (const vma of vmas) vma.searched = 0;
  return locked ? "mlock" : "again";
}

/** One stretch of one VMA, or none: where it has come to when its turn is over. */
interface Turn {
  readonly vma: Vma;
  readonly from: number;
  readonly upTo: number;
}

/** All VMAs come as far as the one that is ahead, then all a stretch further, as long as the largest has one. */
function* turns(vmas: readonly Vma[]): Generator<Turn> {
  const ahead = Math.max(...vmas.map(({ searched }) => searched));
  const largest = Math.max(...vmas.map(({ pages }) => pages));
  const first = ahead === 0 ? STRETCH : ahead;
  for (let goal = first; goal === first || goal < largest + STRETCH; goal += STRETCH) {
    for (const vma of vmas) {
      while (vma.searched < goal && vma.searched < vma.pages) {
        yield { vma, from: vma.searched, upTo: vma.searched + STRETCH };
      }
      yield { vma, from: goal, upTo: goal };
    }
  }
}

/** The stretch that has the page so far from the VMA's start: as much of it as is the VMA's. */
function search(vma: Vma, from: number, wanted: Page): { unmapped: number; locked: boolean } {
  const { space, start, end, flags } = vma;
  const begin = start + from - ((start + from) % STRETCH);
  const [first, last] = [Math.max(begin, start), Math.min(begin + STRETCH, end)];
  if (space.memory.telling !== "inside") tellRange(space, first, last);
  const locks = flags.locked && !space.heldForWriting;
  let unmapped = 0;
  let locked = false;
  for (const address of space.entryPages(first, last)) {
    const entry = space.entries.get(address);
    if (entry === undefined || !("page" in entry) || entry.page === null) continue;
    const { page } = entry;
    if (locks) {
      mlockPage(page);
      locked ||= page === wanted;
      continue;
    }
    const byDevice = usedByDevices(space, address);
    const used = entry.young || byDevice;
    entry.young = false;
    if (used) continue;
    if (entry.dirty) page.setDirty();
    keepOffset(vma, address, page.index);
    page.unmap();
    if (space.memory.telling === "inside") tellEntry(space, address);
    unmapped++;
  }
  return { unmapped, locked };
}
