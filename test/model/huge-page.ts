import type { AddressSpace, PresentEntry } from "./address-space.js";
import { ownAnonVma, Page } from "./page.js";
import { entryFor, mappings, places } from "./page-walk.js";
import { tellRange } from "./told.js";
import { HUGE } from "./units.js";
import type { Vma } from "./vma.js";

/** What one address space knows of a huge page that it maps: all of its parts show it as it is. */
export interface Whole {
  readonly head: Page;
  writable: boolean;
  dirty: boolean;
  young: boolean;
}

/** The entry of one part. Either all parts have one, each at its place, or none has. */
export class PartEntry implements PresentEntry {
  constructor(
    readonly whole: Whole,
    /** Which part, from 0. */
    readonly part: number,
  ) {}

  get page(): Page {
    const page = this.whole.head.parts?.[this.part];
    if (page === undefined) throw new Error("an entry for a part of a huge page that is none");
    return page;
  }

  get writable(): boolean {
    return this.whole.writable;
  }

  set writable(writable: boolean) {
    this.whole.writable = writable;
  }

  get dirty(): boolean {
    return this.whole.dirty;
  }

  set dirty(dirty: boolean) {
    this.whole.dirty = dirty;
  }

  get young(): boolean {
    return this.whole.young;
  }

  set young(young: boolean) {
    this.whole.young = young;
  }
}

/** Where the range of a huge page begins that an address lies in. */
export function hugeStart(address: number): number {
  return address - (address % HUGE);
}

/** A VMA in which faults, and khugepaged, may make huge pages, as far as its advice says. */
export function wantsHuge({ flags, space }: Vma): boolean {
  const { hugePages } = space.memory;
  if (hugePages === "never" || flags.noHugePage) return false;
  return (hugePages === "always" || flags.hugePage) && !isTemporaryStack(flags);
}

export function isTemporaryStack({ growsDown, sequential, random }: Vma["flags"]): boolean {
  return growsDown && sequential && random;
}

/** All of a huge page's range is in the VMA. */
export function hasRoomForHuge(vma: Vma, start: number): boolean {
  return vma.start <= start && start + HUGE <= vma.end;
}

/** Maps a huge page as a whole; nothing may be there. */
export function mapWhole(space: AddressSpace, start: number, whole: Whole): void {
  const marks = !space.memory.hasStorageKeys;
  const own = { ...whole, dirty: whole.dirty && marks, young: whole.young && marks };
  whole.head.mapcount++;
  for (let part = 0; part < HUGE; part++) {
    space.entries.set(start + part, new PartEntry(own, part));
  }
}

/** A new huge page with these words, for this place alone. Room for it has been found. */
export function mapNewHuge(vma: Vma, start: number, words: readonly number[]): void {
  const head = hugePage(vma, start, words);
  mapWhole(vma.space, start, { head, writable: vma.flags.write, dirty: true, young: true });
}

function hugePage(vma: Vma, start: number, words: readonly number[]): Page {
  const { memory, cgroup } = vma.space;
  const [head, ...tails] = words.map((word, part) => {
    const page = new Page(memory, memory.root, null, vma.pgoffOf(start + part), 0);
    page.write(word);
    return page;
  });
  if (head === undefined) throw new Error("a huge page of nothing");
  for (const tail of tails) tail.head = head;
  head.parts = [head, ...tails];
  head.owner = ownAnonVma(vma);
  head.swapBacked = true;
  memory.cgroups.give(head, cgroup);
  head.addToLists(vma);
  return head;
}

/** follow_page of a part: it was used, and may be written to, for all that anybody knows. */
export function touchWhole({ whole }: PartEntry): void {
  const marks = !whole.head.memory.hasStorageKeys;
  whole.young = marks;
  whole.dirty = marks;
}

/** Takes the whole of a huge page's entries away; where they began. */
export function takeWhole(space: AddressSpace, start: number): Whole {
  const entry = space.entries.get(start);
  if (!(entry instanceof PartEntry)) throw new Error("no huge page there");
  for (let part = 0; part < HUGE; part++) space.entries.delete(start + part);
  return entry.whole;
}

/**
 * split_huge_page: whatever a page is part of becomes small pages, for all who map it. False for one that nobody maps any
 * more: it stays as it is.
 */
export function splitHuge(page: Page): boolean {
  const { whole: head, memory } = page;
  const { parts } = head;
  if (parts === null) return true;
  if (head.mapcount === 0) return false;
  // Whoever may map it hears of it; where that comes late, whoever does.
  for (const place of places(head)) {
    const { vma, address } = place;
    if (memory.telling === "inside" && entryFor(head, place) === undefined) continue;
    tellRange(vma.space, address, address + HUGE);
  }
  const mapped = [...mappings(head)];
  head.parts = null;
  for (const part of parts) part.head = null;
  for (const part of parts) if (part !== head) likeHead(part, head);
  head.lists.insertParts(head, parts.slice(1));
  const marks = !memory.hasStorageKeys;
  for (const { vma, address, entry } of mapped) {
    const { young } = entry;
    const writable = entry.writable && vma.flags.write;
    vma.space.tables.add(address / HUGE);
    for (const [n, small] of parts.entries()) {
      vma.space.entries.set(address + n, { page: small, writable, dirty: marks, young });
    }
  }
  memory.events.thp_split++;
  return true;
}

/** A part that is on its own is what the whole was, and changed, as far as anybody knows. */
function likeHead(part: Page, head: Page): void {
  part.owner = head.owner;
  part.mapcount = head.mapcount;
  part.swapBacked = head.swapBacked;
  part.referenced = head.referenced;
  part.mlocked = head.mlocked;
  part.dirty = true;
  part.cgroup = head.cgroup;
  if (head.isCharged) head.cgroup.charged.add(part);
}

/** Splits the huge page that reaches over a place, where one VMA is to end and another to begin. */
export function splitAcross(vma: Vma, place: number): void {
  if (place <= vma.start || place >= vma.end || place % HUGE === 0) return;
  const entry = vma.space.entries.get(place);
  if (entry instanceof PartEntry) splitHuge(entry.page);
}
