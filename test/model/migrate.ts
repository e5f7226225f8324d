import { isTemporaryStack, splitHuge } from "./huge-page.js";
import { tellEntry, tellLook } from "./told.js";
import { SharedContent } from "./ksm-content.js";
import { unmapSomewhere } from "./nonlinear-search.js";
import { Page } from "./page.js";
import { mlockPage } from "./page-lock.js";
import { entryFor, places, type Place } from "./page-walk.js";

/** What migration came to: the page that took the old one's place, or why there is none. */
export type Migration = Page | "busy" | "refused";

/** Moves a page to another frame, with its mappings, which become old and clean. */
export function migrate(page: Page): Migration {
  const { events } = page.memory;
  // Whoever asks for a part of a huge page gets that part moved.
  if (!splitHuge(page)) return "busy";
  const { lists } = page;
  if (!lists.isolate(page)) return "busy";
  const result = page.isShared ? "refused" : moveWithCharge(page);
  if (result instanceof Page) {
    events.pgmigrate_success++;
    result.lists.putback(result);
  } else {
    events.pgmigrate_fail++;
    lists.putback(page);
  }
  return result;
}

/** Of the two pages one is charged at the end: the other had its charge from the beginning, or for a moment. */
function moveWithCharge(page: Page): Migration {
  const { cgroup, memory } = page;
  const { isCharged } = page;
  page.migrating = true;
  const result = move(page);
  page.migrating = false;
  if (!isCharged) return result;
  const used = result instanceof Page ? result : page;
  memory.cgroups.handOver(page, used, cgroup);
  // Its mappings may have gone for good.
  if (used.anon && used.mapcount === 0 && used.slot === null) memory.cgroups.takeBack(used);
  return result;
}

function move(page: Page): Migration {
  page.endWriteback();
  // Nobody could find the way back to an anonymous page that is neither mapped nor on swap.
  if (page.anon && page.mapcount === 0 && page.slot === null) return "busy";
  const restore = unmapAll(page);
  // It would have to be written first, and has nowhere to go.
  const stuck = page.inode?.kind === "ramfs" && page.dirty;
  const held = stuck || page.mapcount > 0 || page.outsiders > 0;
  const target = held ? page : replacement(page);
  for (const { vma, address, writable } of restore) {
    const writes = writable || vma.writableAtOnce;
    vma.space.map(address, { page: target, writable: writes, dirty: false, young: false });
    if (vma.flags.locked && page.memory.migrationRestoresMlock) mlockPage(target);
  }
  if (stuck) return "refused";
  return held ? "busy" : target;
}

/** An entry that waits for its page. */
interface Waiting extends Place {
  readonly writable: boolean;
}

/** Takes every entry away. Those that swap doesn't remember are returned, to be made again. */
function unmapAll(page: Page): Waiting[] {
  const found: Waiting[] = [];
  for (const place of places(page)) {
    const { vma, address } = place;
    // What exec is still setting up moves without the locks that would make a walk see it.
    if (page.anon && isTemporaryStack(vma.flags)) continue;
    tellLook(vma.space, address);
    const entry = entryFor(page, place);
    if (entry === undefined) continue;
    if (entry.dirty) page.setDirty();
    if (page.poisoned) {
      vma.space.entries.set(address, { broken: true });
    } else if (page.slot === null) {
      vma.space.entries.delete(address);
      found.push({ vma, address, writable: entry.writable });
    } else {
      page.slot.entries++;
      vma.space.entries.set(address, { slot: page.slot });
    }
    page.unmap();
    tellEntry(vma.space, address);
    if (page.mapcount === 0) break;
  }
  // Where nobody knows of it, it may be unmapped on the way.
  if (page.mapcount > 0) unmapSomewhere(page);
  return found;
}

/** The new page has the old one's content, identity, marks and place in its cache. */
function replacement(page: Page): Page {
  const { owner, index, memory } = page;
  if (owner instanceof SharedContent) throw new Error("a page that KSM shares does not move");
  const target = new Page(memory, memory.root, owner, index, page.read());
  target.swapBacked = page.swapBacked;
  target.dirty = page.dirty;
  target.referenced = page.referenced;
  target.active = page.active;
  target.unevictable = page.unevictable;
  // The old one has it still, unless it went with the last mapping.
  target.mlocked = page.mlocked;
  page.mlocked = false;
  target.buffers = page.buffers;
  target.slot = page.slot;
  if (target.slot !== null) target.slot.page = target;
  if (page.cached) page.inode?.cache.set(index, target);
  page.slot = null;
  page.buffers = false;
  page.dirty = false;
  page.owner = null;
  return target;
}
