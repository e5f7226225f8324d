import { fail } from "./failure.js";
import type { Page } from "./page.js";

/** Areas that can be in use at once. */
const MOST_AREAS = 8;

/** A part of swap. */
export interface SwapArea {
  readonly pages: number;
  readonly priority: number;
  readonly slots: Set<SwapSlot>;
  /** False while it is being taken out of use. */
  on: boolean;
}

/** A page's place on swap: held by the entries that name it and by the page in the swap cache. */
export interface SwapSlot {
  readonly area: SwapArea;
  entries: number;
  /** The page in the swap cache; null when only the content is left, in `word`. */
  page: Page | null;
  word: number;
}

/** All swap areas. */
export class Swap {
  /** By number; null for one that was taken out of use. */
  readonly areas: (SwapArea | null)[] = [];

  /** Priority of the last area that came without one. */
  private least = 0;

  /** swapon: the number of the new area. EPERM when there are too many. */
  add(pages: number, priority: number): number {
    if (pages === 0) fail("EINVAL");
    const free = this.areas.indexOf(null);
    const number = free < 0 ? this.areas.length : free;
    if (number >= MOST_AREAS) fail("EPERM");
    this.areas[number] = {
      pages,
      priority: priority < 0 ? --this.least : priority,
      slots: new Set(),
      on: true,
    };
    return number;
  }

  area(number: number): SwapArea {
    return this.areas[number] ?? fail("EINVAL");
  }

  /** Forgets an empty area. */
  remove(area: SwapArea): void {
    if (area.slots.size > 0) throw new Error("a swap area is removed with slots in it");
    this.areas[this.areas.indexOf(area)] = null;
  }

  /** A slot for a page in the area with room that has the highest priority; null when swap is full. */
  allocate(page: Page): SwapSlot | null {
    const roomy = this.inUse.filter((area) => area.on && area.slots.size < area.pages);
    const highest = Math.max(...roomy.map((area) => area.priority));
    const area = roomy.find((candidate) => candidate.priority === highest);
    if (area === undefined) return null;
    const slot = { area, entries: 0, page, word: 0 };
    area.slots.add(slot);
    return slot;
  }

  /** One entry less refers to the slot. */
  free(slot: SwapSlot): void {
    slot.entries--;
    this.release(slot);
  }

  /** Forgets a slot that nothing holds. */
  release(slot: SwapSlot): void {
    if (slot.entries === 0 && slot.page === null) slot.area.slots.delete(slot);
  }

  /** vm_swap_full: more than half is used. */
  get isOverHalfFull(): boolean {
    return 2 * this.used > this.size;
  }

  get exists(): boolean {
    return this.size > 0;
  }

  get isFull(): boolean {
    return this.used >= this.size;
  }

  /** Pages in the swap cache. */
  get cached(): number {
    return this.inUse.flatMap(({ slots }) => [...slots].filter(({ page }) => page !== null)).length;
  }

  private get inUse(): SwapArea[] {
    return this.areas.filter((area) => area !== null);
  }

  private get used(): number {
    return this.inUse.reduce((sum, area) => sum + area.slots.size, 0);
  }

  private get size(): number {
    return this.inUse.reduce((sum, area) => sum + area.pages, 0);
  }
}
