// madvise, process_madvise, and the calls that lock memory: those of their effects that v3.7 has.

import type { Advice } from "../../kernel/operation.js";
import { pageAlign } from "../machine.js";
import type { Machine } from "../machine.js";
import { MADV, MCL } from "../strace-flags.js";
import { hasFlag, parseFields, parseNumber } from "../strace-value.js";
import { splitArguments } from "../strace-arguments.js";
import type { Task } from "../task.js";
import type { TracedCall } from "../traced-call.js";
import { punchHole } from "./file-size.js";
import { vmasWithin } from "./mapping.js";

/** Advice that the kernel is given as it is. */
const SAME: Readonly<Record<number, Advice>> = {
  [MADV.MADV_NORMAL ?? 0]: "normal",
  [MADV.MADV_RANDOM ?? 0]: "random",
  [MADV.MADV_SEQUENTIAL ?? 0]: "sequential",
  [MADV.MADV_WILLNEED ?? 0]: "willneed",
  [MADV.MADV_DONTNEED ?? 0]: "dontneed",
  [MADV.MADV_DONTNEED_LOCKED ?? 0]: "dontneed",
  // A guard region answers SIGSEGV, which faults do not show here; its pages go away.
  [MADV.MADV_GUARD_INSTALL ?? 0]: "dontneed",
  [MADV.MADV_DONTFORK ?? 0]: "dontfork",
  [MADV.MADV_DOFORK ?? 0]: "dofork",
};

export function madvise(machine: Machine, task: Task, call: TracedCall): void {
  const start = call.address(0);
  const end = start + pageAlign(call.address(1));
  const { bits, unknown } = call.flags(2, MADV);
  if (unknown.length > 0) machine.notReplayed(`madvise ${unknown.join("|")}`);
  else advise(machine, task, call, start, end, bits);
}

/** process_madvise(pidfd, iovec, count, advice, flags): what drops pages is only allowed on oneself. */
export function processMadvise(machine: Machine, task: Task, call: TracedCall): void {
  const { bits, unknown } = call.flags(3, MADV);
  if (unknown.length > 0) {
    machine.notReplayed(`process_madvise ${unknown.join("|")}`);
    return;
  }
  for (const vector of splitArguments(call.text(1).replace(/^\[|\]$/g, ""))) {
    const fields = parseFields(splitArguments(vector.replace(/^\{|\}$/g, "")));
    const start = parseNumber(fields.get("iov_base") ?? "");
    const length = parseNumber(fields.get("iov_len") ?? "");
    if (start === null || length === null) throw call.malformed(1, "iovecs are expected");
    advise(machine, task, call, start, start + pageAlign(length), bits);
  }
}

function advise(
  machine: Machine,
  task: Task,
  call: TracedCall,
  start: number,
  end: number,
  advice: number,
): void {
  if (end <= start) return;
  const { space } = task;
  const same = SAME[advice];
  if (same !== undefined) {
    if (same === "dontfork") machine.assume(task, call.line, start, end, "rw");
    const mapped = space.complete ? [{ start, end }] : space.known.within(start, end);
    // Where part of the range is not mapped the call fails, and has still done the rest.
    const tolerate = call.error === null ? null : () => undefined;
    for (const part of mapped) {
      machine.submission.push(
        call.line,
        call.name,
        0,
        (batch) => batch.madvise(task.process, part.start, part.end - part.start, same),
        tolerate,
      );
    }
  }
  if (call.error !== null) return;
  switch (advice) {
    case MADV.MADV_DONTFORK:
      space.notForked.add(start, end);
      break;
    case MADV.MADV_DOFORK:
      space.notForked.remove(start, end);
      break;
    case MADV.MADV_WIPEONFORK:
      space.wipedOnFork.add(start, end);
      break;
    case MADV.MADV_KEEPONFORK:
      space.wipedOnFork.remove(start, end);
      break;
    case MADV.MADV_POPULATE_READ:
    case MADV.MADV_POPULATE_WRITE:
      machine.populate(task, call.line, start, end, advice === MADV.MADV_POPULATE_WRITE);
      break;
    case MADV.MADV_REMOVE:
      removePages(machine, task, call, start, end);
      break;
  }
}

/** MADV_REMOVE punches a hole into the file behind the range. */
function removePages(
  machine: Machine,
  task: Task,
  call: TracedCall,
  start: number,
  end: number,
): void {
  for (const vma of vmasWithin(machine, task, start, end)) {
    if (!vma.file) continue;
    const first = vma.pgoff + (Math.max(start, vma.start) - vma.start) / 4096;
    const last = vma.pgoff + (Math.min(end, vma.end) - vma.start) / 4096;
    punchHole(machine, call, vma.file.inode, first, last);
  }
}

/** mlock(address, length), mlock2(address, length, flags): VM_LOCKED itself is not modelled; pages become present. */
export function mlock(machine: Machine, task: Task, call: TracedCall): void {
  if (call.text(2).includes("MLOCK_ONFAULT") || call.text(2) === "0x1") return;
  const start = call.address(0) - (call.address(0) % 4096);
  const end = pageAlign(call.address(0) + call.address(1));
  populateMapped(machine, task, call, start, end);
}

export function mlockall(machine: Machine, task: Task, call: TracedCall): void {
  const flags = call.flags(0, MCL);
  const onFault = hasFlag(flags, MCL.MCL_ONFAULT);
  task.space.lockFuture = hasFlag(flags, MCL.MCL_FUTURE) && !onFault;
  if (hasFlag(flags, MCL.MCL_CURRENT) && !onFault) {
    populateMapped(machine, task, call, 0, 2 ** 47);
  }
}

export function munlockall(_machine: Machine, task: Task): void {
  task.space.lockFuture = false;
}

function populateMapped(
  machine: Machine,
  task: Task,
  call: TracedCall,
  start: number,
  end: number,
): void {
  for (const vma of vmasWithin(machine, task, start, end)) {
    if (vma.prot === "none") continue;
    const write = vma.prot.includes("w") && !vma.shared;
    const [from, to] = [Math.max(start, vma.start), Math.min(end, vma.end)];
    machine.populate(task, call.line, from, to, write);
  }
}
