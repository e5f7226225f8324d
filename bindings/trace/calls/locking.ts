// mlock, mlock2, mlockall, munlock, munlockall.

import { PAGE_SIZE } from "../../../assembly/abi/unit.js";
import type { Lock } from "../address-space.js";
import type { Inode } from "../inode-table.js";
import { UNKNOWN_SIZE } from "../inode-table.js";
import type { AddressRange } from "../known-ranges.js";
import { pageAlign } from "../machine.js";
import type { Machine } from "../machine.js";
import { lockBare, lockFlag, lockPages, pagesToLock, partsWithin, unlock } from "../memory-lock.js";
import type { Part } from "../memory-lock.js";
import { MCL, MLOCK } from "../strace-flags.js";
import { hasFlag } from "../strace-value.js";
import type { Task } from "../task.js";
import type { TracedCall } from "../traced-call.js";

const USER_END = 2 ** 47;
/** What the kernel may lock without a limit of its own, what forbids every access included. */
const MOST_BYTES = (2 ** 32 - 1) * PAGE_SIZE;

/** mlock(address, length), mlock2(address, length, flags) */
export function mlock(machine: Machine, task: Task, call: TracedCall): void {
  const { space } = task;
  const range = wholePages(call);
  if (range.end <= range.start) return;
  const onFault = call.name === "mlock2" && hasFlag(call.flags(2, MLOCK), MLOCK.MLOCK_ONFAULT);
  if (call.error === null) machine.assume(task, call.line, range.start, range.end, "rw");
  const parts = partsWithin(machine, task, range.start, range.end);
  if (call.error === null) lengthenFiles(machine, parts);
  else if (call.error === "ENOMEM" && !wentOn(machine, task, call, range, parts, onFault)) return;
  space.locks = true;
  space.lockedOnFault.remove(range.start, range.end);
  if (onFault || !machine.takesPages(pagesToLock(parts))) {
    lockBare(machine, task, call, parts, onFault ? "on-fault" : "present");
  } else {
    lockPages(machine, task, call, range, call.error !== null);
  }
}

/**
 * mlock said ENOMEM: for the limit of locked memory, which leaves all as it was; for a hole, before which
 * all is locked and not yet made present; or, when all was locked, for a page that can't be had.
 * @returns true for the last
 */
function wentOn(
  machine: Machine,
  task: Task,
  call: TracedCall,
  { start, end }: AddressRange,
  parts: readonly Part[],
  onFault: boolean,
): boolean {
  if (!task.space.complete) return false;
  let reached = start;
  for (const part of parts) if (part.start === reached) reached = part.end;
  if (reached === end) return !onFault && parts.some((part) => isOutOfReach(machine, part));
  task.space.locks = true;
  for (const part of parts) {
    if (part.end > reached) break;
    lockFlag(machine, task, call, part);
    if (onFault) task.space.lockedOnFault.add(part.start, part.end);
  }
  return false;
}

/** munlock(address, length): up to a hole, which is ENOMEM. */
export function munlock(machine: Machine, task: Task, call: TracedCall): void {
  const { space } = task;
  const range = wholePages(call);
  const mapped = space.complete ? [range] : space.known.within(range.start, range.end);
  for (const part of mapped) unlock(machine, task, call, part);
  space.lockedOnFault.remove(range.start, range.end);
}

/** mlockall(flags) */
export function mlockall(machine: Machine, task: Task, call: TracedCall): void {
  const { space } = task;
  const flags = call.flags(0, MCL);
  const lock: Lock = hasFlag(flags, MCL.MCL_ONFAULT) ? "on-fault" : "present";
  space.lockFuture = hasFlag(flags, MCL.MCL_FUTURE) ? lock : null;
  if (!hasFlag(flags, MCL.MCL_CURRENT)) return;
  space.locks = true;
  space.lockedOnFault.remove(0, USER_END);
  const parts = partsWithin(machine, task, 0, USER_END);
  const bare = lock === "on-fault" || vmBytes(parts) > MOST_BYTES;
  if (bare || !machine.takesPages(pagesToLock(parts))) lockBare(machine, task, call, parts, lock);
  else task.process.mlockall({ current: true });
}

function vmBytes(parts: readonly Part[]): number {
  return parts.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** munlockall() */
export function munlockall(machine: Machine, { space, process }: Task): void {
  machine.submission.flush();
  process.munlockall();
  space.lockFuture = null;
  space.lockedOnFault.remove(0, USER_END);
}

/** Both ends rounded to pages, outwards. */
function wholePages(call: TracedCall): AddressRange {
  const address = call.address(0);
  return { start: address - (address % PAGE_SIZE), end: pageAlign(address + call.address(1)) };
}

/** The file behind a part when a call told that it ends before the part does. */
function shortFile(machine: Machine, { end, vma }: Part): Inode | null {
  const inode = vma.file ? machine.inodes.byNumber(vma.file.inode) : null;
  if (!inode || inode.pages === UNKNOWN_SIZE) return null;
  const last = vma.pgoff + (end - vma.start) / PAGE_SIZE;
  return last > inode.pages ? inode : null;
}

/** Nothing there can be made present, or not all. */
function isOutOfReach(machine: Machine, part: Part): boolean {
  return part.vma.prot === "none" || shortFile(machine, part) !== null;
}

/** All of a file that was locked is there: it has grown since, by writes that no capture tells. */
function lengthenFiles(machine: Machine, parts: readonly Part[]): void {
  for (const part of parts) shortFile(machine, part)?.truncate(UNKNOWN_SIZE);
}
