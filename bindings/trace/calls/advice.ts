// madvise and process_madvise: those of their effects that v3.7 has.

import { VmFlag } from "../../../assembly/abi/flag.js";
import type { Advice } from "../../kernel/operation.js";
import { pageAlign } from "../machine.js";
import type { Machine } from "../machine.js";
import { isLocked, lockFlag, partsWithin, unlock } from "../memory-lock.js";
import { MADV } from "../strace-flags.js";
import { parseFields, parseNumber } from "../strace-value.js";
import { splitArguments } from "../strace-arguments.js";
import type { Task } from "../task.js";
import type { TracedCall } from "../traced-call.js";
import { punchHole } from "./file-size.js";

/** Advice that the kernel is given as it is. */
const SAME: Readonly<Record<number, Advice>> = {
  [MADV.MADV_NORMAL ?? 0]: "normal",
  [MADV.MADV_RANDOM ?? 0]: "random",
  [MADV.MADV_SEQUENTIAL ?? 0]: "sequential",
  [MADV.MADV_WILLNEED ?? 0]: "willneed",
  [MADV.MADV_DONTNEED ?? 0]: "dontneed",
  // A guard region answers SIGSEGV, which faults do not show here; its pages go away.
  [MADV.MADV_GUARD_INSTALL ?? 0]: "dontneed",
  [MADV.MADV_DONTFORK ?? 0]: "dontfork",
  [MADV.MADV_DOFORK ?? 0]: "dofork",
  [MADV.MADV_MERGEABLE ?? 0]: "mergeable",
  [MADV.MADV_UNMERGEABLE ?? 0]: "unmergeable",
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
    if (same === "dontfork" || same === "mergeable") {
      machine.assume(task, call.line, start, end, "rw");
    }
    giveSame(machine, task, call, start, end, same);
  } else if (advice === MADV.MADV_DONTNEED_LOCKED) {
    dropLocked(machine, task, call, start, end);
  } else if (advice === MADV.MADV_HUGEPAGE) {
    adviseHuge(machine, task, call, start, end, "hugepage");
  } else if (advice === MADV.MADV_NOHUGEPAGE) {
    adviseHuge(machine, task, call, start, end, "nohugepage");
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

function giveSame(
  machine: Machine,
  task: Task,
  call: TracedCall,
  start: number,
  end: number,
  advice: Advice,
): void {
  const { space, process } = task;
  const mapped = space.complete ? [{ start, end }] : space.known.within(start, end);
  // Where part of the range is not mapped the call fails, and has still done the rest.
  const tolerate = call.error === null ? null : () => undefined;
  for (const part of mapped) {
    machine.submission.push(
      call.line,
      call.name,
      0,
      (batch) => batch.madvise(process, part.start, part.end - part.start, advice),
      tolerate,
    );
  }
}

/** Advice that v3.7 refuses where it holds already, and for shared memory: there nothing changes. */
function adviseHuge(
  machine: Machine,
  task: Task,
  call: TracedCall,
  start: number,
  end: number,
  advice: "hugepage" | "nohugepage",
): void {
  const flag = advice === "hugepage" ? VmFlag.HugePage : VmFlag.NoHugePage;
  for (const part of partsWithin(machine, task, start, end)) {
    if (part.vma.shared || part.vma.flags & flag) continue;
    giveSame(machine, task, call, part.start, part.end, advice);
  }
}

/** MADV_DONTNEED_LOCKED drops what is locked as well, which v3.7 does not: it is unlocked meanwhile. */
function dropLocked(
  machine: Machine,
  task: Task,
  call: TracedCall,
  start: number,
  end: number,
): void {
  const locked = partsWithin(machine, task, start, end).filter(({ vma }) => isLocked(vma));
  for (const part of locked) unlock(machine, task, call, part);
  giveSame(machine, task, call, start, end, "dontneed");
  for (const part of locked) lockFlag(machine, task, call, part);
}

/** MADV_REMOVE punches a hole into the file behind the range. */
function removePages(
  machine: Machine,
  task: Task,
  call: TracedCall,
  start: number,
  end: number,
): void {
  for (const vma of machine.vmasWithin(task, start, end)) {
    if (!vma.file) continue;
    const first = vma.pgoff + (Math.max(start, vma.start) - vma.start) / 4096;
    const last = vma.pgoff + (Math.min(end, vma.end) - vma.start) / 4096;
    punchHole(machine, call, vma.file, first, last);
  }
}
