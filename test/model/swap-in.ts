import type { AddressSpace, PresentEntry, SwapEntry } from "./address-space.js";
import { AnonVma } from "./anon-vma.js";
import { requireRoom, whileLocked } from "./charge.js";
import { countMajorFault } from "./events.js";
import { fail } from "./failure.js";
import { ownAnonVma, Page } from "./page.js";
import type { SwapSlot } from "./swap.js";
import type { Vma } from "./vma.js";

/** do_swap_page: an entry on swap becomes one for a page again. SIGBUS if that is broken. */
export function swapIn(vma: Vma, address: number, entry: SwapEntry, write: boolean): void {
  if (entry.slot.page === null) {
    vma.space.memory.token.read(vma.space);
    countMajorFault(vma.space);
  }
  if (entry.slot.page?.poisoned === true) fail("SIGBUS");
  mapBack(vma, address, entry, write);
}

/** The same for whoever does not ask whether the page is broken. */
export function mapBack(vma: Vma, address: number, { slot }: SwapEntry, write: boolean): void {
  const { space } = vma;
  const cached = slot.page ?? readIn(space, slot);
  const page = belongs(cached, vma, address) ? cached : copyFor(space, cached);
  // Whoever has touched it before has it charged, unless it leaves the swap cache now.
  const chargedBefore = page === cached && page.isCharged;
  if (!chargedBefore) whileLocked(cached, () => requireRoom(space.memory, space.cgroup));
  const owned = write && page.takeForWriting();
  const entry: PresentEntry = {
    page,
    writable: owned ? vma.flags.write : false,
    dirty: owned,
    young: true,
  };
  space.map(address, entry);
  if (!page.anon) {
    page.owner = owned ? ownAnonVma(vma) : ownAnonVma(vma).root;
    page.index = vma.pgoffOf(address);
  }
  if (!chargedBefore) chargeOnList(page, space);
  if (page !== cached) page.addToLists(vma);
  space.memory.swap.free(slot);
  if (space.memory.swap.isOverHalfFull || vma.flags.locked || page.mlocked) page.freeSwap();
}

/** The page has its charge from now on, and is on its cgroup's list, if it was on one. */
function chargeOnList(page: Page, { memory, cgroup }: AddressSpace): void {
  const listed = memory.cgroups.counting && page.lists.isolate(page);
  memory.cgroups.give(page, cgroup);
  if (listed) page.lists.link(page);
}

/** Brings the content back in a page that belongs to nobody yet. */
export function readIn({ memory }: AddressSpace, slot: SwapSlot): Page {
  const page = new Page(memory, memory.root, null, 0, slot.word);
  page.swapBacked = true;
  page.slot = slot;
  slot.page = page;
  page.lists.add(page, false);
  memory.events.pswpin++;
  return page;
}

/** What KSM shared may have become a page of another family, or at another index, than this place. */
function belongs({ owner, index }: Page, vma: Vma, address: number): boolean {
  if (!(owner instanceof AnonVma)) return true;
  return owner.root === ownAnonVma(vma).root && index === vma.pgoffOf(address);
}

function copyFor({ memory }: AddressSpace, cached: Page): Page {
  const copy = new Page(memory, memory.root, null, 0, 0);
  copy.write(cached.read());
  copy.swapBacked = true;
  copy.dirty = true;
  return copy;
}
