import type { Events } from "./events.js";
import type { Page } from "./page.js";

export type ListName =
  "inactiveAnon" | "activeAnon" | "inactiveFile" | "activeFile" | "unevictable";

export const LIST_NAMES: readonly ListName[] = [
  "inactiveAnon",
  "activeAnon",
  "inactiveFile",
  "activeFile",
  "unevictable",
];

/**
 * The lists of reclaim. Each is a set in order of arrival, so what comes first has been there longest. Pages that
 * nobody refers to any more are left out whenever somebody looks.
 */
export class LruLists {
  private readonly lists: Readonly<Record<ListName, Set<Page>>> = {
    inactiveAnon: new Set(),
    activeAnon: new Set(),
    inactiveFile: new Set(),
    activeFile: new Set(),
    unevictable: new Set(),
  };

  constructor(private readonly events: Events) {}

  /** Puts a page where its marks say. */
  link(page: Page): void {
    this.lists[listOf(page)].add(page);
  }

  /** Takes a page off its list for whoever works on it; false if it was on none. */
  isolate(page: Page): boolean {
    return Object.values(this.lists).some((list) => list.delete(page));
  }

  holds(page: Page): boolean {
    return Object.values(this.lists).some((list) => list.has(page));
  }

  /** A page that is on no list becomes an inactive or an active one. */
  add(page: Page, active: boolean): void {
    page.unevictable = false;
    page.active = active;
    page.relink();
  }

  addUnevictable(page: Page): void {
    page.unevictable = true;
    page.active = false;
    page.relink();
  }

  /** putback_lru_page: after isolation, to the list on which the page belongs by now. */
  putback(page: Page): void {
    const was = page.unevictable;
    if (page.evictable) {
      this.add(page, page.active);
      if (was) this.events.unevictable_pgs_rescued++;
    } else {
      this.addUnevictable(page);
      if (!was) this.events.unevictable_pgs_culled++;
    }
  }

  /** From the inactive list to the active one, if the page is on it. */
  activate(page: Page): void {
    if (page.active || page.unevictable || !this.isolate(page)) return;
    page.active = true;
    this.link(page);
    this.events.pgactivate++;
  }

  /** mark_page_accessed: the second touch activates. */
  markAccessed(page: Page): void {
    if (page.referenced && !page.active && !page.unevictable && this.holds(page)) {
      this.activate(page);
      page.referenced = false;
    } else {
      page.referenced = true;
    }
  }

  /** The n pages that have been on the list longest. */
  someOldest(name: ListName, n: number): Page[] {
    return [...this.pages(name)].slice(0, n);
  }

  /** All pages that are on a list. */
  all(): Page[] {
    const names = Object.keys(this.lists) as ListName[];
    return names.flatMap((name) => [...this.pages(name)]);
  }

  /** rotate_reclaimable_page: an inactive page that is not dirty becomes the next to go. */
  rotate(page: Page): void {
    if (page.dirty || page.active || page.unevictable || !this.holds(page)) return;
    this.linkAsOldest(page);
    this.events.pgrotated++;
  }

  /** deactivate_page: one that is not mapped goes next, or has to be written first. */
  deactivate(page: Page): void {
    if (page.mapcount > 0 || page.unevictable || !this.isolate(page)) return;
    if (page.active) this.events.pgdeactivate++;
    page.active = false;
    page.referenced = false;
    if (page.dirty || page.writeback) {
      page.wanted = true;
      this.link(page);
    } else {
      this.linkAsOldest(page);
      this.events.pgrotated++;
    }
  }

  private linkAsOldest(page: Page): void {
    this.isolate(page);
    const list = this.lists[listOf(page)];
    const others = [...list];
    list.clear();
    for (const one of [page, ...others]) list.add(one);
  }

  /** In small pages. */
  count(name: ListName): number {
    let sum = 0;
    for (const page of this.pages(name)) sum += page.size;
    return sum;
  }

  /**
   * lru_add_page_tail: what was one page comes to stand as many, to be looked at one after the other, the first first. If
   * that is in somebody's hands, they are the next to be looked at.
   */
  insertParts(head: Page, tails: readonly Page[]): void {
    const place = this.listWith(head);
    for (const tail of tails) {
      tail.unevictable = !tail.evictable;
      tail.active = !tail.unevictable && head.active;
    }
    if (place === undefined) {
      for (const tail of [...tails].reverse()) this.linkAsOldest(tail);
    } else if (tails.some((tail) => this.lists[listOf(tail)] !== place)) {
      for (const tail of [...tails].reverse()) this.link(tail);
    } else {
      const pages = [...place];
      pages.splice(pages.indexOf(head) + 1, 0, ...tails);
      place.clear();
      for (const page of pages) place.add(page);
    }
  }

  private listWith(page: Page): Set<Page> | undefined {
    return Object.values(this.lists).find((list) => list.has(page));
  }

  private pages(name: ListName): Set<Page> {
    const list = this.lists[name];
    for (const page of list) if (page.references === 0) list.delete(page);
    return list;
  }
}

function listOf(page: Page): ListName {
  if (page.unevictable) return "unevictable";
  if (page.swapBacked) return page.active ? "activeAnon" : "inactiveAnon";
  return page.active ? "activeFile" : "inactiveFile";
}
