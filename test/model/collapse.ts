import type { AddressSpace, Entry, PresentEntry } from "./address-space.js";
import { chargeHuge } from "./huge-fault.js";
import { hasRoomForHuge, hugeStart, isTemporaryStack, mapNewHuge } from "./huge-page.js";
import type { Page } from "./page.js";
import { tellRange } from "./told.js";
import { HUGE } from "./units.js";
import type { Vma } from "./vma.js";

export type Collapse =
  "collapsed" | "not-eligible" | "nothing-there" | "unsuitable" | "idle" | "no-memory";

/** khugepaged's work on the range that an address lies in. */
export function collapse(space: AddressSpace, address: number): Collapse {
  const { memory, cgroup } = space;
  const start = hugeStart(address);
  const first = look(space, start);
  if (first !== "collapsed") return first;
  if (!memory.hasRows) {
    memory.events.thp_collapse_alloc_failed++;
    return "no-memory";
  }
  memory.events.thp_collapse_alloc++;
  if (!chargeHuge(space)) return "no-memory";
  // Room may have been made out of these very pages.
  const result = space.exclusively(() => replace(space, start));
  if (result !== "collapsed") memory.cgroups.takeBackUnused(cgroup, HUGE);
  return result;
}

/** One scan of khugepaged: huge pages made. Whoever came last has his turn first. */
export function khugepaged(spaces: Iterable<AddressSpace>): number {
  let made = 0;
  for (const space of [...spaces].reverse()) {
    if (space.memory.hugePages === "never") continue;
    for (const { start, end } of space.vmas) {
      for (let at = Math.ceil(start / HUGE) * HUGE; at + HUGE <= end; at += HUGE) {
        if (collapse(space, at) === "collapsed") made++;
      }
    }
  }
  return made;
}

/** The VMA, if it may have a huge page there. */
function eligible(space: AddressSpace, start: number): Vma | null {
  const vma = space.users > 0 ? space.at(start) : undefined;
  if (vma === undefined || !hasRoomForHuge(vma, start)) return null;
  const { flags, anonVma, file } = vma;
  const { hugePages } = space.memory;
  const unwanted = hugePages === "never" || flags.noHugePage;
  const wanted = !unwanted && (flags.hugePage || hugePages === "always");
  return wanted && anonVma !== null && file === null && !isTemporaryStack(flags) ? vma : null;
}

/** What collapsing would come to. */
function look(space: AddressSpace, start: number): Collapse {
  if (eligible(space, start) === null) return "not-eligible";
  if (!space.tables.has(start / HUGE)) return "nothing-there";
  const entries = entriesOf(space, start);
  if (entries.length === 0) return "nothing-there";
  if (!entries.every(([, entry]) => isSuitable(entry))) return "unsuitable";
  const used = entries.some(([at, entry]) => wasTouched(space, at, entry as PresentEntry));
  return used ? "collapsed" : "idle";
}

function entriesOf(space: AddressSpace, start: number): [at: number, entry: Entry][] {
  return space.entryPages(start, start + HUGE).map((at) => [at, space.entries.get(at)!]);
}

/** A page that nobody but this entry has, which may be written. */
function isSuitable(entry: Entry): boolean {
  if (!("page" in entry) || entry.page === null) return false;
  const { page, writable } = entry;
  return writable && page.anon && page.references === 1 && page.lists.holds(page) && !page.locked;
}

function wasTouched(space: AddressSpace, at: number, { page, young }: PresentEntry): boolean {
  const byDevice = space.devices.some(({ shown }) => shown.get(at)?.young === true);
  return young || page?.referenced === true || byDevice;
}

/** collapse_huge_page: all or nothing. */
function replace(space: AddressSpace, start: number): Collapse {
  const vma = eligible(space, start);
  if (vma === null) return "not-eligible";
  if (!space.tables.has(start / HUGE)) return "nothing-there";
  tellRange(space, start, start + HUGE);
  const isolated: Page[] = [];
  const giveUp = (why: Collapse): Collapse => {
    for (const page of isolated) page.lists.putback(page);
    return why;
  };
  const entries = entriesOf(space, start);
  let touched = false;
  for (const [at, entry] of entries) {
    if (!isSuitable(entry)) return giveUp("unsuitable");
    const { page } = entry as PresentEntry;
    if (page === null || !page.lists.isolate(page)) return giveUp("unsuitable");
    isolated.push(page);
    touched ||= wasTouched(space, at, entry as PresentEntry);
  }
  if (!touched) return giveUp(entries.length === 0 ? "nothing-there" : "idle");
  const words = new Array<number>(HUGE).fill(0);
  for (const [at, entry] of entries) {
    const { page } = entry as PresentEntry;
    if (page === null) continue;
    words[at - start] = page.read();
    page.lists.putback(page);
    space.entries.delete(at);
    page.unmap();
  }
  space.tables.delete(start / HUGE);
  mapNewHuge(vma, start, words);
  return "collapsed";
}
