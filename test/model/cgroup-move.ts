import type { AddressSpace } from "./address-space.js";
import { chargeCounters, type Cgroup } from "./cgroup.js";
import { reclaimSome } from "./charge.js";
import { fail } from "./failure.js";
import type { Page } from "./page.js";
import type { Vma } from "./vma.js";

/** Does anybody run in a cgroup, or is there one below it? */
export function hasUsers(cgroup: Cgroup, spaces: Iterable<AddressSpace>): boolean {
  return cgroup.children > 0 || [...spaces].some((space) => space.cgroup === cgroup);
}

/** The page's charge is another cgroup's; what the counters say is the caller's business. */
export function shiftCharge(page: Page, to: Cgroup): void {
  const from = page.cgroup;
  from.charged.delete(page);
  from.pgpgout++;
  page.cgroup = to;
  to.charged.add(page);
  to.pgpgin++;
}

/**
 * All who share an address space go to another cgroup, with what is charged of it to the one that they leave. ENOMEM if
 * there is no room for that, and they stay.
 */
export function moveSpace(space: AddressSpace, to: Cgroup): void {
  const { memory, cgroup: from } = space;
  if (from === to) return;
  const room = new Room(space, to);
  try {
    room.find(charged(space, from).reduce((sum, page) => sum + page.size, 0));
    space.cgroup = to;
    // What there was room for twice goes once: a page that shows in two places.
    for (const page of chargedInTurn(space, from)) {
      // A huge one is passed over if there is not room for all of it.
      if (page.size > 1 && room.left < page.size) continue;
      if (room.left === 0 && !memory.token.inside(space, () => room.findOne())) break;
      if (!page.lists.isolate(page)) continue;
      shiftCharge(page, to);
      room.left -= page.size;
      room.used += page.size;
      page.lists.putback(page);
    }
    memory.token.lose(space);
  } finally {
    memory.cgroups.relieve(to, room.left);
    memory.cgroups.relieve(from, room.used);
  }
}

/** What the new cgroup was charged with before anything moves. */
class Room {
  left = 0;
  used = 0;

  constructor(
    private readonly space: AddressSpace,
    private readonly cgroup: Cgroup,
  ) {}

  /** For so many pages: at once if that goes, else one by one. ENOMEM. */
  find(pages: number): void {
    const { root } = this.space.memory;
    if (this.cgroup === root || (pages > 1 && chargeCounters(this.cgroup, pages) === null)) {
      this.left += pages;
      return;
    }
    for (let i = 0; i < pages; i++) if (!this.findOne()) fail("ENOMEM");
  }

  findOne(): boolean {
    const { memory } = this.space;
    const reclaim = (full: Cgroup): number => reclaimSome(memory, full);
    const found = memory.cgroups.tryCharge(this.cgroup, reclaim, false);
    if (found) this.left++;
    return found;
  }
}

/** What is charged to a cgroup at each place of an address space, by address. */
function charged(space: AddressSpace, cgroup: Cgroup): Page[] {
  return [...chargedInTurn(space, cgroup)];
}

/** The same, looked for anew at each step. */
function* chargedInTurn(space: AddressSpace, cgroup: Cgroup): Generator<Page> {
  for (const vma of space.vmas) {
    for (const address of placesOf(vma)) {
      const page = pageFor(vma, address);
      if (page?.isCharged === true && page.cgroup === cgroup) yield page;
    }
  }
}

/** Where there is an entry, or a page of the file. */
function placesOf(vma: Vma): number[] {
  const places = new Set(vma.space.entryPages(vma.start, vma.end));
  const cached = vma.file?.inode.cachedIn(vma.pgoff, vma.pgoff + vma.pages) ?? [];
  for (const { index } of cached) places.add(vma.addressOf(index));
  return [...places].sort((a, b) => a - b);
}

/** The page that shows at a place, or would if somebody looked: that of the swap cache, or of the file. */
function pageFor(vma: Vma, address: number): Page | null {
  const entry = vma.space.entries.get(address);
  const ofFile = (index: number): Page | null => vma.file?.inode.cache.get(index) ?? null;
  if (entry === undefined) return ofFile(vma.pgoffOf(address));
  // A huge page shows once, at its first.
  if ("page" in entry) return entry.page;
  if ("slot" in entry) return entry.slot.page;
  return "pgoff" in entry ? ofFile(entry.pgoff) : null;
}
