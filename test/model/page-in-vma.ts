import { AnonVma } from "./anon-vma.js";
import { entryFor } from "./page-walk.js";
import type { Page } from "./page.js";
import type { Vma } from "./vma.js";

/** page_address_in_vma: where any VMA would map a page; null if it can't, or KSM shares the page. */
export function addressInVma(page: Page, vma: Vma): number | null {
  const { owner, index } = page.whole;
  const related =
    owner instanceof AnonVma
      ? owner.root === vma.anonVma?.root
      : owner !== null && owner === vma.file?.inode && !vma.flags.nonlinear;
  const address = vma.addressOf(index);
  // Of a part: so far from the first one's, whether the VMA reaches that far or not.
  const beyond = page.index - index;
  return related && vma.holds(address) ? address + beyond : null;
}

/** page_mapped_in_vma: whether it does so now. */
export function mappedInVma(page: Page, vma: Vma): boolean {
  // Entries of huge pages are not looked for.
  if (page.whole.size > 1) return false;
  const address = vma.addressOf(page.index);
  return vma.holds(address) && entryFor(page, { vma, address }) !== undefined;
}
