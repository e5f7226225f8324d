import type { AddressSpace } from "./address-space.js";
import { fail } from "./failure.js";
import { Inode, OpenFile } from "./file.js";
import { NO_FLAGS, withProtection, type Flags, type Protection } from "./flags.js";
import { populateIfLocked } from "./lock-call.js";
import { merge, type Wanted } from "./merge.js";
import { placed } from "./placement.js";
import { unmap } from "./unmap-call.js";
import { PAGE, pageOfAligned, pagesOf, TASK_PAGES } from "./units.js";
import { Vma } from "./vma.js";

/** First page that a wish may name: 64 KiB. */
const LOWEST_WISH = 16;

/** What mmap was asked for, in pages. */
export interface MapRequest {
  readonly pages: number;
  /** Wanted place in bytes; null to be placed. */
  readonly address: number | null;
  readonly fixed: boolean | "no-replace";
  readonly protection: Protection;
  readonly shared: boolean;
  readonly noReserve: boolean;
  readonly growsDown: boolean;
  /** The stack that exec is still setting up. */
  readonly stackSetup: boolean;
  readonly locked: boolean;
  readonly file: OpenFile | null;
  readonly pgoff: number;
}

/** mmap; returns the first page. */
export function map(space: AddressSpace, request: MapRequest): number {
  if (request.pages === 0) fail("EINVAL");
  if (space.vmas.length > space.environment.maxMapCount) fail("ENOMEM");
  if (request.growsDown && (request.shared || request.file !== null)) fail("EINVAL");
  const start = placeFor(space, request);
  const end = start + request.pages;
  const locked = request.locked || space.locksFuture;
  if (locked) space.requireRoomToLock(request.pages, "EAGAIN");
  unmap(space, start, end);

  const writable = withProtection(NO_FLAGS, request.protection).write;
  const { shared, noReserve, growsDown, stackSetup } = request;
  const flags: Flags = {
    ...withProtection(NO_FLAGS, request.protection),
    shared,
    noReserve,
    growsDown,
    sequential: stackSetup,
    random: stackSetup,
    account: writable && !shared && !noReserve,
    locked,
  };
  const pgoff = request.file !== null ? request.pgoff : request.shared ? 0 : start;
  const wanted = { start, end, pgoff, flags, file: request.file, anonVma: null };
  const vma = merge(space, wanted) ?? newVma(space, wanted, shared);
  populateIfLocked(vma, start, end);
  return start;
}

function newVma(space: AddressSpace, wanted: Wanted, shared: boolean): Vma {
  const { start, end, pgoff, flags } = wanted;
  // Shared anonymous memory is a file without a name.
  const unnamed = wanted.file === null && shared;
  const object = (): OpenFile =>
    OpenFile.unnamed(new Inode(space.memory, "shmem", end - start, null));
  const file = unnamed ? object() : wanted.file;
  const vma = new Vma(space, start, end, pgoff, flags, file);
  space.insert(vma);
  file?.inode.link(vma);
  return vma;
}

function placeFor(space: AddressSpace, request: MapRequest): number {
  const { address, fixed, pages } = request;
  if (pages > TASK_PAGES) fail("ENOMEM");
  if (address !== null && fixed !== false) {
    if (address / PAGE > TASK_PAGES - pages) fail("ENOMEM");
    const page = pageOfAligned(address);
    if (fixed === "no-replace" && space.overlapping(page, page + pages).length > 0) {
      fail("EEXIST");
    }
    return page;
  }
  // Not fixed is a wish only: rounded down, and followed if there is room.
  const page = Math.floor((address ?? 0) / PAGE);
  if (page >= LOWEST_WISH && page <= TASK_PAGES - pages) {
    if (space.overlapping(page, page + pages).length === 0) return page;
  }
  return placed(space, pages);
}

/** brk: the break afterwards, which is the old one when it could not be moved. Bytes. */
export function moveBreak(space: AddressSpace, address: number): number {
  if (address < space.brkStart) return space.brk;
  const from = pagesOf(space.brk);
  const to = pagesOf(address);
  if (to > from) {
    if (space.overlapping(from, to + 1).length > 0) return space.brk;
    if (to > TASK_PAGES || space.vmas.length > space.environment.maxMapCount) return space.brk;
    const locked = space.locksFuture;
    if (locked && space.lockedPages + to - from > space.environment.memlock) return space.brk;
    const flags: Flags = { ...withProtection(NO_FLAGS, "rw"), account: true, locked };
    const wanted = { start: from, end: to, pgoff: from, flags, file: null, anonVma: null };
    populateIfLocked(merge(space, wanted) ?? newVma(space, wanted, false), from, to);
  } else if (to < from) {
    unmap(space, to, from);
  }
  space.brk = address;
  return address;
}
