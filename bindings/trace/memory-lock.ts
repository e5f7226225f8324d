// Locked ranges: which pages become present with the lock, and which VMAs get the flag alone.
//
// The kernel makes present all that it locks, and a capture may lock more than a machine has. Up to the
// limits of populating it does so here. Beyond them, and where the live kernel locks only what is touched
// (MLOCK_ONFAULT, which v3.7 does not have), a VMA is locked while nothing in it may be accessed: then
// there is nothing to make present.

import { VmFlag } from "../../assembly/abi/flag.js";
import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import type { Batch } from "../kernel/batch.js";
import type { Vma } from "../kernel/vma.js";
import type { Lock } from "./address-space.js";
import type { AddressRange } from "./known-ranges.js";
import type { Machine } from "./machine.js";
import type { Task } from "./task.js";
import type { TracedCall } from "./traced-call.js";

/** Addresses of one VMA. */
export interface Part extends AddressRange {
  vma: Vma;
}

/** What of a range is mapped, VMA by VMA. */
export function partsWithin(machine: Machine, task: Task, start: number, end: number): Part[] {
  return machine.vmasWithin(task, start, end).map((vma) => ({
    start: Math.max(start, vma.start),
    end: Math.min(end, vma.end),
    vma,
  }));
}

/** Pages that a lock makes present. */
export function pagesToLock(parts: readonly Part[]): number {
  return parts.reduce(
    (sum, { start, end, vma }) => sum + (vma.prot === "none" ? 0 : (end - start) / PAGE_SIZE),
    0,
  );
}

/** The VMA at an address if it is locked, else null. */
export function lockedVma(machine: Machine, task: Task, address: number): Vma | null {
  if (!task.space.locks) return null;
  machine.submission.flush();
  const vma = task.process.vmaAt(address);
  return vma && isLocked(vma) ? vma : null;
}

/** Has it VM_LOCKED? */
export function isLocked({ flags }: Vma): boolean {
  return (flags & VmFlag.Locked) !== 0;
}

/** Locks parts without the kernel's making them present; those within the limits of populating are touched. */
export function lockBare(
  machine: Machine,
  task: Task,
  call: TracedCall,
  parts: readonly Part[],
  lock: Lock,
): void {
  for (const part of parts) if (!isLocked(part.vma)) lockFlag(machine, task, call, part);
  for (const { start, end, vma } of parts) {
    if (lock === "on-fault") task.space.lockedOnFault.add(start, end);
    else if (vma.prot !== "none") machine.populate(task, call.line, start, end, copies(vma));
  }
}

/** Locks a part with none of its pages. */
export function lockFlag(machine: Machine, task: Task, call: TracedCall, part: Part): void {
  const allow = forbidAccess(machine, task, call, part);
  // It says ENOMEM, since nothing there can be made present, but the flag is set.
  lockPages(machine, task, call, part, true);
  allow(part.start, part.end);
}

/** Locks a range with its pages. */
export function lockPages(
  machine: Machine,
  task: Task,
  call: TracedCall,
  { start, end }: AddressRange,
  mayFail: boolean,
): void {
  machine.submission.push(
    call.line,
    call.name,
    0,
    (batch) => batch.mlock(task.process, start, end - start),
    mayFail ? () => undefined : null,
  );
}

/** Unlocks a range. */
export function unlock(
  machine: Machine,
  task: Task,
  call: TracedCall,
  { start, end }: AddressRange,
): void {
  machine.submission.push(
    call.line,
    call.name,
    0,
    (batch) => batch.munlock(task.process, start, end - start),
    call.error === null ? null : () => undefined,
  );
}

/**
 * Forbids every access to a part of a VMA.
 * @returns allows it again, at the addresses that it has by then
 */
export function forbidAccess(
  machine: Machine,
  task: Task,
  call: TracedCall,
  { start, end, vma }: Part,
): (start: number, end: number) => void {
  const { process } = task;
  const push = (add: (batch: Batch) => void) => {
    machine.submission.push(call.line, call.name, 0, add);
  };
  // The other value of a flag keeps it apart from its neighbours meanwhile.
  const [other, own] =
    vma.flags & VmFlag.DontCopy
      ? (["dofork", "dontfork"] as const)
      : (["dontfork", "dofork"] as const);
  push((batch) => batch.madvise(process, start, end - start, other));
  push((batch) => batch.mprotect(process, start, end - start, "none"));
  return (from, to) => {
    push((batch) => batch.mprotect(process, from, to - from, vma.prot));
    push((batch) => batch.madvise(process, from, to - from, own));
  };
}

/** Are its pages copied before they are written? */
export function copies({ prot, shared }: Vma): boolean {
  return prot.includes("w") && !shared;
}
