import type { Entry, PresentEntry } from "./address-space.js";
import { requireRoom, whileHeld } from "./charge.js";
import { watched } from "./entry-change.js";
import { countMajorFault } from "./events.js";
import { tellNew } from "./told.js";
import { fail } from "./failure.js";
import type { Inode, OpenFile } from "./file.js";
import { hugeFault } from "./huge-fault.js";
import { munlockPage } from "./page-lock.js";
import { Page } from "./page.js";
import { keepSpare } from "./stack.js";
import { swapIn } from "./swap-in.js";
import { HUGE } from "./units.js";
import type { Vma } from "./vma.js";

/**
 * handle_mm_fault: one step towards an entry that allows what is wanted. What the VMA allows was asked by the caller;
 * KSM writes where it doesn't. SIGBUS.
 */
export function fault(vma: Vma, address: number, write: boolean): void {
  const { space } = vma;
  // Of exec's new one nobody takes mmap_sem yet.
  if (!space.isBorn) handle(vma, address, write);
  else space.memory.token.inside(space, () => handle(vma, address, write));
}

function handle(vma: Vma, address: number, write: boolean): void {
  if (hugeFault(vma, address, write)) return;
  vma.space.tables.add(Math.floor(address / HUGE));
  const entry = vma.space.entries.get(address);
  if (entry === undefined) absent(vma, address, write);
  else if ("broken" in entry) fail("SIGBUS");
  else if ("slot" in entry) swapIn(vma, address, entry, write);
  else if ("pgoff" in entry) fromFile(vma, fileOf(vma), address, entry.pgoff, write);
  else if (write && !entry.writable) breakProtection(vma, address, entry);
}

function absent(vma: Vma, address: number, write: boolean): void {
  if (vma.file !== null) {
    fromFile(vma, vma.file, address, vma.pgoffOf(address), write);
    return;
  }
  if (!write) {
    keepSpare(vma, address);
    vma.space.map(address, { page: null, writable: false, dirty: false, young: true });
    return;
  }
  const { memory, cgroup } = vma.space;
  requireRoom(memory, cgroup);
  try {
    keepSpare(vma, address);
  } catch (error) {
    memory.cgroups.takeBackUnused(cgroup);
    throw error;
  }
  mapOwn(vma, address, 0);
}

/** A new page with that content, for this place alone. Room for it has been found. */
function mapOwn(vma: Vma, address: number, word: number): void {
  vma.space.prepareAnonVma(vma);
  const page = Page.anonymous(vma, address, word);
  vma.space.map(address, { page, writable: vma.flags.write, dirty: true, young: true });
}

function fileOf({ file }: Vma): OpenFile {
  if (file === null) throw new Error("an entry that names a page of a file, but no file");
  return file;
}

/** @param index which page of the file is wanted there */
function fromFile(
  vma: Vma,
  { inode }: OpenFile,
  address: number,
  index: number,
  write: boolean,
): void {
  const copy = write && !vma.flags.shared;
  const { memory, cgroup } = vma.space;
  // Room for the copy is found first, while the page that is to be copied is held.
  const held = inode.cache.get(index) ?? null;
  if (copy) whileHeld(held, () => requireRoom(memory, cgroup));
  try {
    mapFromFile(vma, inode, address, index, write);
  } catch (error) {
    if (copy) memory.cgroups.takeBackUnused(cgroup);
    throw error;
  }
}

function mapFromFile(vma: Vma, inode: Inode, address: number, index: number, write: boolean): void {
  const { space } = vma;
  const copy = write && !vma.flags.shared;
  const reads = inode.kind === "disk" || inode.kind === "ramfs";
  const missing = reads && !inode.cache.has(index);
  const cached = index < inode.size ? inode.read(index, space.cgroup) : null;
  // The anon_vma is made before the file is asked, so it is there even if that turns out to be too short.
  if (copy) space.prepareAnonVma(vma);
  if (cached === null) fail("SIGBUS");
  if (missing) countMajorFault(space);
  if (cached.poisoned) fail("SIGBUS");
  if (copy) {
    space.environment.counts.pagesCopied++;
    mapOwn(vma, address, cached.read());
    return;
  }
  const writable = write || vma.writableAtOnce;
  space.map(address, { page: cached, writable, dirty: write, young: true });
  if (!write) return;
  notifyOfWrite(cached);
  cached.setDirty();
}

/** page_mkwrite: the file system gets buffers ready, and waits until nobody writes the page out any more. */
function notifyOfWrite(page: Page): void {
  page.attachBuffers();
  page.endWriteback();
}

/** A fault on behalf of somebody who, if it fails, leaves no table that was made for it. */
export function faultTidily(vma: Vma, address: number, write: boolean): void {
  const { tables } = vma.space;
  const table = Math.floor(address / HUGE);
  const had = tables.has(table);
  try {
    fault(vma, address, write);
  } catch (error) {
    const empty = vma.space.entryPages(table * HUGE, (table + 1) * HUGE).length === 0;
    if (!had && empty) tables.delete(table);
    throw error;
  }
}

/** A write to an entry that does not allow it. */
function breakProtection(vma: Vma, address: number, entry: PresentEntry): void {
  const { page } = entry;
  if (page?.anon === true) {
    if (page.takeForWriting()) {
      page.moveTo(vma);
      makeWritable(vma, entry);
      return;
    }
  } else if (page !== null && vma.flags.shared && vma.flags.write) {
    notifyOfWrite(page);
    page.setDirty();
    makeWritable(vma, entry);
    return;
  }
  copy(vma, address, page);
}

function makeWritable(vma: Vma, entry: PresentEntry): void {
  entry.writable = vma.flags.write;
  const marks = !vma.space.memory.hasStorageKeys;
  entry.dirty = marks;
  entry.young = marks;
}

/** The place gets a copy of its own; the old page stays with whoever else has it. */
function copy(vma: Vma, address: number, old: Page | null): void {
  const { memory, cgroup, entries } = vma.space;
  const isSame = watched(() => entries.get(address));
  whileHeld(old, () => requireRoom(memory, cgroup));
  if (!isSame()) {
    // Reclaim for the copy has taken the old page's entry away, or made it old: the copy was made in vain, and the
    // access is tried again.
    old?.read();
    memory.cgroups.takeBackUnused(cgroup);
    return;
  }
  vma.space.environment.counts.pagesCopied++;
  entries.delete(address);
  mapOwn(vma, address, old?.read() ?? 0);
  const own = pageOf(entries.get(address));
  if (own !== null) tellNew(vma.space, address, own, vma.flags.write);
  if (old === null) return;
  old.unmap();
  // Another task, whose VMAs may not be locked, must not keep the mlocked page.
  if (vma.flags.locked) munlockPage(old);
}

/** The page that an entry maps, if it maps one. */
export function pageOf(entry: Entry | undefined): Page | null {
  return entry !== undefined && "page" in entry ? entry.page : null;
}
