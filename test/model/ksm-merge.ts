import type { PresentEntry } from "./address-space.js";
import { AnonVma } from "./anon-vma.js";
import { tellNew, tellRange } from "./told.js";
import { splitHuge } from "./huge-page.js";
import { SharedContent, type KsmItem } from "./ksm-content.js";
import { mlockPage, munlockPage } from "./page-lock.js";
import type { Page } from "./page.js";
import type { Vma } from "./vma.js";

/** try_to_merge_with_ksm_page: the place shows `shared` from now on instead of `page`; false if it must not. */
export function mergeInto(item: KsmItem, page: Page, shared: Page): boolean {
  const vma = vmaOf(item);
  if (vma === undefined) return false;
  if (page !== shared && !replace(vma, item, page, shared)) return false;
  pinAnonVma(item, vma);
  return true;
}

/**
 * try_to_merge_two_pages: the page that was scanned second becomes the one that both places share; null if one of them
 * is held by somebody. Then the second page is again what it was, but for its entry, which is protected now.
 */
export function mergeTwo(
  item: KsmItem,
  page: Page,
  partner: KsmItem,
  other: Page,
): SharedContent | null {
  const vma = vmaOf(item);
  if (vma === undefined || !mayMerge(vma, page) || protect(item, page) === null) return null;
  const { owner } = page;
  const content = new SharedContent(page);
  page.owner = content;
  page.lists.markAccessed(page);
  if (mergeInto(partner, other, page)) {
    pinAnonVma(item, vma);
    return content;
  }
  page.owner = owner;
  return null;
}

function vmaOf({ space, address }: KsmItem): Vma | undefined {
  return space.users === 0 ? undefined : space.at(address);
}

function pinAnonVma(item: KsmItem, vma: Vma): void {
  item.anonVma = vma.anonVma;
  item.index = vma.pgoffOf(item.address);
  item.anonVma?.pin();
}

/** Only a page that belongs to the VMA, and whose VMA still is mergeable. */
function mayMerge(vma: Vma, page: Page): boolean {
  return (
    vma.flags.mergeable &&
    splitHuge(page) &&
    page.owner instanceof AnonVma &&
    page.owner.root === vma.anonVma?.root &&
    vma.holds(vma.addressOf(page.index))
  );
}

/** write_protect_page: the entry, clean and protected; null if somebody unknown, who may be writing, holds the page. */
function protect({ space, address }: KsmItem, page: Page): PresentEntry | null {
  // Also if nothing comes of it, unless clients hear of the change alone.
  if (page.memory.telling !== "inside") tellRange(space, address, address + 1);
  const entry = space.entries.get(address);
  if (entry === undefined || !("page" in entry) || entry.page !== page) return null;
  if (!entry.writable && !entry.dirty) return entry;
  if (page.pins > 0) return null;
  if (entry.dirty) page.setDirty();
  entry.dirty = false;
  entry.writable = false;
  tellNew(space, address, page, false);
  return entry;
}

function replace(vma: Vma, item: KsmItem, page: Page, shared: Page): boolean {
  if (!mayMerge(vma, page)) return false;
  if (protect(item, page) === null || page.word !== shared.word) return false;
  const entry = { page: shared, writable: false, dirty: false, young: true };
  vma.space.map(item.address, entry);
  tellNew(vma.space, item.address, shared, false);
  page.unmap();
  if (page.mapcount === 0) page.freeSwap();
  if (vma.flags.locked) {
    munlockPage(page);
    mlockPage(shared);
  }
  return true;
}
