// Why mlock and its like failed.

import { VmFlag } from "../../assembly/abi/flag.js";
import { Errno } from "../../assembly/abi/result.js";
import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import { hex, type Context } from "./context.js";
import type { Process } from "./process.js";
import { exhaustedIn, hole, NO_MEMORY, pagesOf, SEARCHED, tooManyVmas } from "./reason.js";
import type { Vma } from "./vma.js";

export const NO_MEMLOCK = "memlock is 0: nothing can be locked";

/** Pages that would be locked beyond what memlock allows; empty if they are not. */
export function overMemlock({ options }: Context, locked: number, more: number): string {
  const most = options.memlock;
  if (locked + more <= most) return "";
  return `it would lock ${more} more pages beside ${locked}, accepted: ${most} in all (memlock)`;
}

/** A locked range of which pages can't be made present: those of a PROT_NONE VMA, or beyond a file's end. */
function unpopulated(process: Process, address: number, length: number): string {
  const end = address + length;
  let at = address;
  for (let i = 0; i < SEARCHED && at < end; i++) {
    const vma = process.vmaAt(at);
    if (!vma) return "";
    const which = `the VMA at ${hex(vma.start)} is locked, but`;
    if (vma.prot === "none") return `${which} ${vma.perms}: no page can be made present`;
    const pages = vma.file?.pages ?? Infinity;
    if (vma.pgoff + pagesOf(Math.min(end, vma.end) - vma.start) > pages) {
      return `${which} its file ends at ${pages}`;
    }
    const missing = untouchable(process, vma, at, Math.min(end, vma.end));
    if (missing !== null)
      return `${which} its page at ${hex(missing)} is SIGBUS for who touches it`;
    at = vma.end;
  }
  return "";
}

/** The first page of a locked VMA that is not present: mlock stops there. */
function untouchable(process: Process, vma: Vma, start: number, end: number): number | null {
  if (!(vma.flags & VmFlag.Locked) || vma.hugetlb) return null;
  // The page that a stack keeps free is left alone.
  const first = vma.flags & VmFlag.GrowsDown ? Math.max(start, vma.start + PAGE_SIZE) : start;
  const last = Math.min(end, first + SEARCHED * PAGE_SIZE);
  for (let at = first; at < last; at += PAGE_SIZE) if (!process.entryAt(at)) return at;
  return null;
}

/** @param locked pages that were locked before */
export function whyMlock(
  errno: Errno,
  context: Context,
  process: Process,
  address: number,
  length: number,
  locked: number,
): string {
  if (errno === Errno.EPERM) return NO_MEMLOCK;
  if (errno === Errno.EAGAIN) return exhaustedIn(context, process);
  const pages = pagesOf((address % PAGE_SIZE) + length);
  return (
    overMemlock(context, locked, pages) ||
    hole(process, address, length) ||
    tooManyVmas(context, process) ||
    unpopulated(process, address, length) ||
    NO_MEMORY
  );
}

export function whyMunlock(
  context: Context,
  process: Process,
  address: number,
  length: number,
): string {
  return hole(process, address, length) || tooManyVmas(context, process) || NO_MEMORY;
}

export function whyMlockall(errno: Errno, context: Context): string {
  if (errno === Errno.EPERM) return NO_MEMLOCK;
  return `more is mapped than can be locked: ${context.options.memlock} pages (memlock)`;
}
