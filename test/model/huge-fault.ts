import type { AddressSpace } from "./address-space.js";
import { reclaimSome, whileHeld } from "./charge.js";
import { watched } from "./entry-change.js";
import {
  hasRoomForHuge,
  hugeStart,
  mapNewHuge,
  PartEntry,
  splitHuge,
  takeWhole,
  wantsHuge,
} from "./huge-page.js";
import { Page } from "./page.js";
import { tellRange } from "./told.js";
import { HUGE } from "./units.js";
import type { Vma } from "./vma.js";

/** A fault where nothing is mapped as yet, or a huge page is; false if it is a matter of small pages. */
export function hugeFault(vma: Vma, address: number, write: boolean): boolean {
  const { space } = vma;
  const entry = space.entries.get(address);
  if (entry instanceof PartEntry) return !write || entry.writable || writeTo(vma, address, entry);
  if (space.tables.has(hugeStart(address) / HUGE) || vma.file !== null) return false;
  return wantsHuge(vma) && bringIn(vma, hugeStart(address), write);
}

/** do_huge_pmd_anonymous_page. A reader gets one as well. */
function bringIn(vma: Vma, start: number, write: boolean): boolean {
  const { memory } = vma.space;
  if (!hasRoomForHuge(vma, start)) return false;
  // A writer has it prepared with his small page.
  if (memory.hasRows || !write) vma.space.prepareAnonVma(vma);
  if (!memory.hasRows) {
    memory.events.thp_fault_fallback++;
    return false;
  }
  memory.events.thp_fault_alloc++;
  if (!chargeHuge(vma.space)) return false;
  mapNewHuge(vma, start, new Array<number>(HUGE).fill(0));
  return true;
}

/** Nobody insists: there are small pages. */
export function chargeHuge({ memory, cgroup }: AddressSpace): boolean {
  const reclaim = (full: typeof cgroup): number => reclaimSome(memory, full);
  return memory.cgroups.tryCharge(cgroup, reclaim, false, HUGE);
}

/** do_huge_pmd_wp_page. */
function writeTo(vma: Vma, address: number, { whole, part }: PartEntry): boolean {
  const { space } = vma;
  const { head } = whole;
  if (head.mapcount === 1) {
    const marks = !space.memory.hasStorageKeys;
    Object.assign(whole, { writable: vma.flags.write, dirty: marks, young: marks });
    return true;
  }
  const parts = head.parts ?? [];
  const start = address - part;
  const isSame = watched(() => {
    const now = space.entries.get(start);
    return now instanceof PartEntry ? now.whole : undefined;
  });
  return whileHeld(head, () =>
    wantsHuge(vma) && space.memory.hasRows
      ? copyWhole(vma, start, parts, isSame)
      : copyParts(vma, start, parts, isSame),
  );
}

/** It may have been split while room was made: then it is tried again. */
function copyWhole(
  vma: Vma,
  start: number,
  parts: readonly Page[],
  isSame: () => boolean,
): boolean {
  const { space } = vma;
  const { memory } = space;
  memory.events.thp_fault_alloc++;
  const charged = chargeHuge(space);
  if (!charged) {
    splitHuge(parts[0]!);
    return false;
  }
  const words = parts.map((page) => page.read());
  tellRange(space, start, start + HUGE);
  if (!isSame()) {
    memory.cgroups.takeBackUnused(space.cgroup, HUGE);
    return true;
  }
  space.environment.counts.pagesCopied += HUGE;
  const { head } = takeWhole(space, start);
  mapNewHuge(vma, start, words);
  head.unmap();
  return true;
}

/** do_huge_pmd_wp_page_fallback. Each of the small pages finds room for itself. */
function copyParts(
  vma: Vma,
  start: number,
  parts: readonly Page[],
  isSame: () => boolean,
): boolean {
  const { space } = vma;
  const { memory, cgroup } = space;
  const giveBack = (pages: number): void => {
    for (let n = 0; n < pages; n++) memory.cgroups.takeBackUnused(cgroup);
  };
  memory.events.thp_fault_fallback++;
  const words: number[] = [];
  for (const page of [...parts].reverse()) {
    if (!memory.cgroups.tryCharge(cgroup, (full) => reclaimSome(memory, full))) {
      giveBack(words.length);
      splitHuge(parts[0]!);
      return false;
    }
    words.unshift(page.read());
  }
  tellRange(space, start, start + HUGE);
  if (!isSame()) {
    giveBack(HUGE);
    return true;
  }
  space.environment.counts.pagesCopied += HUGE;
  const { head } = takeWhole(space, start);
  space.tables.add(start / HUGE);
  for (const [n, word] of words.entries()) {
    const page = Page.anonymous(vma, start + n, word);
    space.map(start + n, { page, writable: vma.flags.write, dirty: true, young: true });
  }
  head.unmap();
  return true;
}
