import type { AddressSpace, PresentEntry } from "./address-space.js";
import { AnonVma } from "./anon-vma.js";
import { PartEntry } from "./huge-page.js";
import type { Cgroup } from "./cgroup.js";
import type { Machine } from "./machine.js";
import type { Page } from "./page.js";
import type { SwapSlot } from "./swap.js";
import { HUGE } from "./units.js";
import type { Vma } from "./vma.js";

/** What is wrong with the model itself, by the specification's invariants; nothing, one hopes. */
export function brokenInvariants(machine: Machine): string[] {
  const spaces = new Set(machine.processes.filter((p) => p.alive).map((p) => p.space));
  const broken: string[] = [];
  const entries = new Map<Page | SwapSlot, number>();
  const count = (thing: Page | SwapSlot): void => {
    entries.set(thing, (entries.get(thing) ?? 0) + 1);
  };
  for (const space of spaces) {
    broken.push(...brokenOrder(space));
    for (const [address, entry] of space.entries) {
      const vma = space.at(address);
      if (vma === undefined) {
        broken.push(`entry outside any VMA at ${address}`);
      } else if ("slot" in entry) {
        count(entry.slot);
      } else if ("pgoff" in entry) {
        if (!vma.flags.nonlinear) broken.push("I3 a linear VMA has an entry that names a page");
      } else if (entry instanceof PartEntry) {
        broken.push(...brokenPart(vma, address, entry));
        // The parts are one mapping.
        if (entry.part === 0) {
          count(entry.page);
          broken.push(...brokenEntry(vma, address, entry, entry.page));
        }
      } else if ("page" in entry && entry.page !== null) {
        count(entry.page);
        broken.push(...brokenEntry(vma, address, entry, entry.page));
      }
    }
  }
  for (const [thing, found] of entries) {
    if ("slot" in thing) broken.push(...brokenPage(thing, found));
    else if (thing.entries !== found) broken.push(`I4 swap count ${thing.entries}, not ${found}`);
  }
  for (const page of machine.memory.mlocked) {
    if (page.mapcount === 0 && !machine.memory.mlockOutlivesMappings) {
      broken.push("I6 an mlocked page that nothing maps");
    }
  }
  return [...broken, ...machine.memory.cgroups.living.flatMap(brokenCgroup)];
}

/** Charges that nobody counts, and more than the limit. */
function brokenCgroup({ charged, children, limit, parent, usage }: Cgroup): string[] {
  const broken: string[] = [];
  if (usage > limit) broken.push(`a cgroup with ${usage} pages, and a limit of ${limit}`);
  // Above it what is charged below counts too, and in advance as well; the root has no counter.
  if (parent !== null && children === 0 && usage < charged.size) {
    broken.push(`a cgroup counts ${usage} pages, and has ${charged.size}`);
  }
  return broken;
}

/** A huge page is mapped as a whole, by one VMA, at a place that is made for it, or not at all. */
function brokenPart(vma: Vma, address: number, { whole, part }: PartEntry): string[] {
  const { space } = vma;
  const broken: string[] = [];
  const next = space.entries.get(address + 1);
  const last = part === HUGE - 1;
  if (!last && !(next instanceof PartEntry && next.whole === whole && next.part === part + 1)) {
    broken.push("I3 a huge page is not mapped as a whole");
  }
  if ((address - part) % HUGE !== 0) broken.push("I3 a huge page begins where none can");
  if (!last && !vma.holds(address + 1)) broken.push("I3 a huge page reaches over its VMA's end");
  if (space.tables.has((address - part) / HUGE)) broken.push("I3 a huge page in place of a table");
  if (vma.file !== null) broken.push("I3 a huge page in a file");
  return broken;
}

function brokenEntry(vma: Vma, address: number, entry: PresentEntry, page: Page): string[] {
  const broken: string[] = [];
  const { owner } = page;
  // What KSM shares is anywhere, and a fork may have it where no walk comes.
  if (page.isShared) return broken;
  if (owner instanceof AnonVma && !owner.alive) broken.push("I10 a page names a dead anon_vma");
  if (vma.flags.nonlinear) {
    if (page.inode?.nonlinear.includes(vma) !== true) broken.push("I2 a nonlinear VMA is lost");
    return broken;
  }
  if (!page.candidates("list").includes(vma)) broken.push("I2 an entry cannot be reached");
  if (page.index !== vma.pgoffOf(address)) broken.push("I3 a page is at the wrong place");
  if (page.inode?.accountsDirtyPages === true && entry.writable && !page.dirty) {
    broken.push("I7 a page that can be written is clean");
  }
  return broken;
}

function brokenPage(page: Page, found: number): string[] {
  const broken: string[] = [];
  const { lists } = page;
  if (page.mapcount !== found) broken.push(`I1 mapcount ${page.mapcount}, entries ${found}`);
  if (lists.holds(page) && page.mlocked && !page.unevictable) {
    broken.push("I6 an mlocked page can be reclaimed");
  }
  if (page.slot !== null && page.slot.page !== page) broken.push("a slot has another page");
  return broken;
}

function brokenOrder(space: AddressSpace): string[] {
  const broken: string[] = [];
  for (const [place, vma] of space.vmas.entries()) {
    const before = space.vmas[place - 1];
    if (vma.start >= vma.end) broken.push("an empty VMA");
    if (before !== undefined && before.end > vma.start) broken.push("VMAs overlap");
    if (vma.anonVma !== null && vma.chain.at(-1) === undefined) broken.push("I10 chain is empty");
    const roots = new Set(vma.chain.map((anonVma) => anonVma.root));
    if (roots.size > 1) broken.push("I10 a chain with several roots");
    for (const anonVma of vma.chain) {
      const keys = anonVma.sorted.map((other) => other.pgoff);
      if (keys.some((key, index) => index > 0 && key < (keys[index - 1] ?? key))) {
        broken.push("I11 an index is out of order");
      }
      if (!anonVma.linked.includes(vma) || !anonVma.sorted.includes(vma)) {
        broken.push("I2 a VMA is missing from an index");
      }
    }
  }
  return broken;
}
