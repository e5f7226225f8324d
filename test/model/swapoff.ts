import type { AddressSpace } from "./address-space.js";
import { fail } from "./failure.js";
import { pageOf } from "./fault.js";
import type { Memory } from "./memory.js";
import { mapBack, readIn } from "./swap-in.js";
import type { SwapArea } from "./swap.js";

/**
 * swapoff: everything in an area is brought back, the youngest address space first; then the area is gone. EINVAL; ENOMEM if a cgroup has
 * no room for its pages, of which some are back then.
 */
export function swapoff(memory: Memory, number: number, spaces: Iterable<AddressSpace>): void {
  const area = memory.swap.area(number);
  area.on = false;
  try {
    // Where room for one page is made by sending another back to the area, that one's turn comes again.
    let before: number;
    do {
      before = area.slots.size;
      for (const space of [...spaces].reverse()) {
        memory.token.inside(space, () => bringBack(space, area));
      }
      for (const { page } of [...area.slots]) {
        page?.endWriteback();
        page?.freeSwap();
      }
    } while (area.slots.size > 0 && area.slots.size < before);
    if (area.slots.size > 0) fail("ENOMEM");
  } catch (error) {
    area.on = true;
    throw error;
  }
  memory.swap.remove(area);
}

/** What comes back nobody has used; its page is put among those that are in use all the same. */
function bringBack(space: AddressSpace, area: SwapArea): void {
  for (const vma of space.vmas) {
    for (const address of space.entryPages(vma.start, vma.end)) {
      const entry = space.entries.get(address);
      if (entry === undefined || !("slot" in entry) || entry.slot.area !== area) continue;
      // Read before anybody asks: no fault has to.
      if (entry.slot.page === null) readIn(space, entry.slot);
      mapBack(vma, address, entry, false);
      const back = space.entries.get(address);
      const page = pageOf(back);
      if (back === undefined || !("page" in back) || page === null) continue;
      back.young = false;
      page.lists.activate(page);
    }
  }
}
