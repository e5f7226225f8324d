import { AddressSpace } from "./address-space.js";
import { AnonVma, cloneChain } from "./anon-vma.js";
import { mapWhole, PartEntry } from "./huge-page.js";
import { newcomer } from "./swap-token.js";
import { tellRange } from "./told.js";
import { Vma } from "./vma.js";

/** fork's copy: VMAs in order; entries only where there may be private pages. */
export function copySpace(from: AddressSpace): AddressSpace {
  const to = new AddressSpace(from.environment, from.cgroup);
  to.standing = newcomer(from.standing.stamp);
  to.brkStart = from.brkStart;
  to.brk = from.brk;
  if (from.environment.ksm.scans(from)) from.environment.ksm.enter(to);
  for (const vma of from.vmas) {
    if (vma.flags.dontCopy) continue;
    const copy = copyVma(to, vma);
    // Of a nonlinear one nothing else says what it shows.
    if (vma.anonVma !== null || vma.flags.nonlinear) copyEntries(vma, copy);
  }
  return to;
}

function copyVma(to: AddressSpace, vma: Vma): Vma {
  const flags = { ...vma.flags, locked: false };
  const copy = new Vma(to, vma.start, vma.end, vma.pgoff, flags, vma.file);
  copy.searched = vma.searched;
  if (vma.anonVma !== null) {
    const deserted = vma.chain.find((anonVma) => anonVma.deserted);
    cloneChain(copy, vma);
    if (deserted !== undefined && to.environment.memory.reusesAnonVmas) copy.anonVma = deserted;
    else giveOwn(copy, vma.anonVma);
  }
  vma.file?.inode.linkAfter(copy, vma);
  to.insert(copy);
  return copy;
}

function giveOwn(copy: Vma, parent: AnonVma): void {
  const own = new AnonVma(parent);
  copy.space.environment.counts.anonVmasCreated++;
  copy.anonVma = own;
  copy.chain.push(own);
  own.link(copy);
}

function copyEntries(vma: Vma, copy: Vma): void {
  if (!vma.flags.shared) tellRange(vma.space, vma.start, vma.end);
  for (const table of vma.space.tablesIn(vma.start, vma.end)) copy.space.tables.add(table);
  for (const page of vma.space.entryPages(vma.start, vma.end)) {
    const entry = vma.space.entries.get(page);
    if (entry === undefined) continue;
    if (entry instanceof PartEntry) {
      entry.writable = false;
      if (entry.part === 0) mapWhole(copy.space, page, { ...entry.whole, young: false });
      continue;
    }
    if ("broken" in entry || "pgoff" in entry) {
      copy.space.entries.set(page, entry);
    } else if ("slot" in entry) {
      entry.slot.entries++;
      copy.space.entries.set(page, { slot: entry.slot });
    } else if (vma.flags.shared) {
      copy.space.map(page, { ...entry, dirty: false, young: false });
    } else {
      entry.writable = false;
      copy.space.map(page, { ...entry, young: false });
    }
  }
}
