import type { AddressSpace } from "./address-space.js";
import { requireRoom } from "./charge.js";
import { fail, Failure } from "./failure.js";
import { NO_FLAGS, type Flags } from "./flags.js";
import { Page } from "./page.js";
import { TASK_PAGES } from "./units.js";
import { Vma } from "./vma.js";

/** Pages that exec gives a stack below its arguments. */
const ROOM = 32;
/** Arguments of so many pages are always allowed, if the stack may be so large. */
const FREE_OF_CHARGE = 32;

/** Somebody touched `page`, below a VMA: it holds the page afterwards, or SIGSEGV. */
export function growTo(vma: Vma, page: number): void {
  const { space } = vma;
  if (!vma.flags.growsDown) fail("SIGSEGV");
  space.prepareAnonVma(vma);
  const more = vma.start - page;
  const locked = vma.flags.locked ? space.lockedPages + more : 0;
  const { stack, memlock } = space.environment;
  if (more > vma.pgoff || vma.end - page > stack || locked > memlock) fail("SIGSEGV");
  space.resize(vma, page, vma.end);
}

/** The VMA right below, where it is a piece of the same stack. */
function lowerPart(vma: Vma): Vma | undefined {
  const below = vma.space.at(vma.start - 1);
  return below?.flags.growsDown === true ? below : undefined;
}

/** The lowest page of a stack, which is not made present without being asked for. */
export function isSpare(vma: Vma, page: number): boolean {
  return vma.flags.growsDown && page === vma.start && lowerPart(vma) === undefined;
}

/** A page is about to be put in: if it is the lowest, another one is to be the spare. SIGBUS if that is somebody's. */
export function keepSpare(vma: Vma, page: number): void {
  if (!isSpare(vma, page)) return;
  if (vma.space.at(page - 1) !== undefined) fail("SIGBUS");
  try {
    if (page > 0) growTo(vma, page - 1);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

/** The stack of a program: pages of arguments, and where it ends, in pages. */
export interface Stack {
  readonly pages: number;
  readonly top: number;
}

const STACK_FLAGS: Flags = { ...NO_FLAGS, read: true, write: true, account: true, growsDown: true };

/**
 * Lays the stack in an empty address space. Its pages have the index of the place where they were written, at the end
 * of all addresses. E2BIG for arguments that are too many, of which some have been written then.
 */
export function layStack(space: AddressSpace, { pages, top }: Stack): void {
  const limit = space.environment.stack;
  const size = pages < limit ? pages + 1 : pages;
  const vma = new Vma(space, top - size, top, TASK_PAGES - size, STACK_FLAGS, null);
  space.insert(vma);
  space.prepareAnonVma(vma);
  for (let i = 1; i <= pages; i++) {
    if (i > Math.max(1, limit)) fail("E2BIG");
    requireRoom(space.memory, space.cgroup);
    const page = Page.anonymous(vma, top - i, i);
    space.map(top - i, { page, writable: true, dirty: true, young: true });
    // Where the entry can't tell, who writes without a mapping of his own tells at once.
    if (space.memory.hasStorageKeys) page.setDirty();
    page.lists.markAccessed(page);
    const soFar = i < limit ? i + 1 : i;
    if (soFar > FREE_OF_CHARGE && soFar > limit / 4) fail("E2BIG");
  }
  space.addTables(top - size, top);
  const whole = Math.min(size + ROOM, Math.max(limit, size));
  if (whole <= top) space.resize(vma, top - whole, top);
}
