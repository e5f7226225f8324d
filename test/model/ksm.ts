import type { AddressSpace } from "./address-space.js";
import { fault, pageOf } from "./fault.js";
import type { KsmItem, SharedContent } from "./ksm-content.js";
import { mergeInto, mergeTwo } from "./ksm-merge.js";
import type { Page } from "./page.js";
import type { Vma } from "./vma.js";

/** An address space that KSM scans, with its places by address. */
interface Scanned {
  readonly space: AddressSpace;
  items: readonly KsmItem[];
}

/** pages_shared and pages_sharing. */
export interface Sharing {
  readonly shared: number;
  readonly sharing: number;
}

/** KSM: equal pages in mergeable VMAs become one. */
export class Ksm {
  /** In the order in which they came. */
  private scanned: Scanned[] = [];
  /** All content that is shared: the stable tree. */
  private contents: SharedContent[] = [];
  /** Places of this scan that have found no partner yet: the unstable tree. */
  private waiting: KsmItem[] = [];
  /** What the last scan changed: merges, and content that was new to it. */
  changes = 0;

  /** An address space gets its first mergeable VMA, or is a fork's copy of one that KSM scans. */
  enter(space: AddressSpace): void {
    if (!this.scans(space)) this.scanned.push({ space, items: [] });
  }

  scans(space: AddressSpace): boolean {
    return this.scanned.some((scanned) => scanned.space === space);
  }

  /** An address space has ended. Without places there is nothing left to forget. */
  leave(space: AddressSpace): void {
    this.scanned = this.scanned.filter((it) => it.space !== space || it.items.length > 0);
  }

  /** Scans until nothing changes; pages that gave way to an equal one. */
  settle(): number {
    let merged = 0;
    do merged += this.scan();
    while (this.changes > 0);
    return merged;
  }

  /** One scan of everything; pages that gave way to an equal one. */
  scan(): number {
    let merged = 0;
    this.waiting = [];
    this.changes = 0;
    for (const scanned of [...this.scanned]) merged += this.scanSpace(scanned);
    this.changes += merged;
    return merged;
  }

  /** Takes all apart; how many places were known to share. */
  unmerge(): number {
    const { shared, sharing } = this.known;
    for (const scanned of [...this.scanned]) {
      for (const vma of mergeableVmas(scanned.space)) breakShared(vma, vma.start, vma.end);
      this.forget(scanned.items);
      scanned.items = [];
      if (scanned.space.users === 0) this.leave(scanned.space);
    }
    return shared + sharing;
  }

  /** Pages that are known to be shared, and places beside one of each; what was freed is known until somebody looks for it. */
  get known(): Sharing {
    return sharingOf(this.contents);
  }

  /** Those of them that are not freed. */
  get certain(): Sharing {
    return sharingOf(this.contents.filter(({ alive }) => alive));
  }

  private scanSpace(scanned: Scanned): number {
    const { space } = scanned;
    const before = new Map(scanned.items.map((item) => [item.address, item]));
    const items: KsmItem[] = [];
    let merged = 0;
    for (const vma of mergeableVmas(space)) {
      for (const address of vma.space.entryPages(vma.start, vma.end)) {
        const page = pageOf(space.entries.get(address));
        if (page?.anon !== true) continue;
        const item = before.get(address) ?? newItem(space, address);
        before.delete(address);
        items.push(item);
        if (this.compare(item, page)) merged++;
      }
    }
    this.forget([...before.values()]);
    scanned.items = items;
    if (space.users === 0 || !space.vmas.some((vma) => vma.flags.mergeable)) {
      this.forget(items);
      scanned.items = [];
      this.leave(space);
    }
    return merged;
  }

  /** cmp_and_merge_page: whether the place shares now and did not before. */
  private compare(item: KsmItem, page: Page): boolean {
    if (page.isShared && item.content !== null) return false;
    this.forget([item]);
    if (!page.isShared) page.read();
    const content = this.contentOf(page);
    if (content !== undefined) {
      if (!page.isShared) content.page.read();
      if (!mergeInto(item, page, content.page)) return false;
      share(item, content);
      return true;
    }
    if (item.seen !== page.word) {
      item.seen = page.word;
      this.changes++;
      return false;
    }
    const partner = this.waiting.find((other) => pageAt(other)?.word === page.word);
    if (partner === undefined) {
      this.waiting.push(item);
      return false;
    }
    const other = pageAt(partner);
    // The same page, through a fork, waits for somebody else.
    if (other === null || other === page) return false;
    other.read();
    const made = mergeTwo(item, page, partner, other);
    if (made === null) return false;
    this.waiting = this.waiting.filter((it) => it !== partner);
    this.contents.push(made);
    share(partner, made);
    share(item, made);
    return true;
  }

  /** What is shared with the page's content; the page itself, if it has come here through a fork. */
  private contentOf(page: Page): SharedContent | undefined {
    const equal = this.contents.filter((content) =>
      page.isShared ? page.owner === content : content.page.word === page.word,
    );
    const found = equal.find(({ alive }) => alive);
    if (found !== undefined) return found;
    // Places may still be known to share what was freed meanwhile: whoever looks for it finds that out.
    this.contents = this.contents.filter((content) => !equal.includes(content));
    for (const { items } of equal) this.forget(items);
    return undefined;
  }

  /** Places that share no more, or are no more. */
  private forget(items: readonly KsmItem[]): void {
    this.waiting = this.waiting.filter((item) => !items.includes(item));
    for (const item of items) {
      const { content, anonVma } = item;
      if (content !== null) content.items = content.items.filter((other) => other !== item);
      item.content = null;
      item.anonVma = null;
      anonVma?.unpin();
    }
  }
}

function sharingOf(contents: readonly SharedContent[]): Sharing {
  const places = contents.map(({ items }) => items.length).filter((count) => count > 0);
  return {
    shared: places.length,
    sharing: places.reduce((sum, count) => sum + count - 1, 0),
  };
}

function newItem(space: AddressSpace, address: number): KsmItem {
  return { space, address, seen: null, content: null, anonVma: null, index: 0 };
}

function share(item: KsmItem, content: SharedContent): void {
  item.content = content;
  content.items.unshift(item);
}

function pageAt({ space, address }: KsmItem): Page | null {
  return pageOf(space.entries.get(address));
}

function mergeableVmas(space: AddressSpace): Vma[] {
  return space.vmas.filter((vma) => vma.flags.mergeable && vma.anonVma !== null);
}

/** break_ksm: the places of a range that show a shared page get copies of their own. */
export function breakShared(vma: Vma, start: number, end: number): void {
  for (const address of vma.space.entryPages(start, end)) {
    if (pageOf(vma.space.entries.get(address))?.isShared === true) fault(vma, address, true);
  }
}
