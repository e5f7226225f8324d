import { AnonVma } from "./anon-vma.js";
import type { AddressSpace } from "./address-space.js";
import type { Machine } from "./machine.js";
import type { Page } from "./page.js";

/** What is wrong with the model itself, by the specification's invariants; nothing, one hopes. */
export function brokenInvariants(machine: Machine): string[] {
  const spaces = new Set(machine.processes.filter((p) => p.alive).map((p) => p.space));
  const broken: string[] = [];
  const entries = new Map<Page, number>();
  for (const space of spaces) {
    broken.push(...brokenOrder(space));
    for (const [address, entry] of space.entries) {
      const vma = space.at(address);
      const page = "slot" in entry ? entry.slot.page : entry.page;
      if (vma === undefined) {
        broken.push(`entry outside any VMA at ${address}`);
      } else if (page !== null) {
        const { owner } = page;
        if (owner instanceof AnonVma && !owner.alive)
          broken.push("I10 a page names a dead anon_vma");
        if (!page.candidates("list").includes(vma)) broken.push("I2 an entry cannot be reached");
        if (page.index !== vma.pgoffOf(address)) broken.push("I3 a page is at the wrong place");
      }
      if (page !== null && "page" in entry) entries.set(page, (entries.get(page) ?? 0) + 1);
    }
  }
  for (const [page, count] of entries) {
    if (page.mapcount !== count) broken.push(`I1 mapcount ${page.mapcount}, entries ${count}`);
  }
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
