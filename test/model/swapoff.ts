import type { AddressSpace } from "./address-space.js";
import { pageOf } from "./fault.js";
import type { Memory } from "./memory.js";
import { mapBack, readIn } from "./swap-in.js";
import type { SwapArea } from "./swap.js";

/** swapoff: everything in an area is brought back, the youngest address space first; then the area is gone. EINVAL. */
export function swapoff(memory: Memory, number: number, spaces: Iterable<AddressSpace>): void {
  const area = memory.swap.area(number);
  area.on = false;
  for (const space of [...spaces].reverse()) bringBack(space, area);
  for (const { page } of [...area.slots]) {
    page?.endWriteback();
    page?.leaveSwapCache();
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
