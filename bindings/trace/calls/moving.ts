// mremap: mappings that grow, shrink, or go elsewhere.

import type { Vma } from "../../kernel/vma.js";
import { OpenFile } from "../inode-table.js";
import { pageAlign } from "../machine.js";
import type { Machine } from "../machine.js";
import { copies, forbidAccess, isLocked, lockedVma, unlock } from "../memory-lock.js";
import { MREMAP } from "../strace-flags.js";
import { hasFlag } from "../strace-value.js";
import type { FlagSet } from "../strace-value.js";
import type { Task } from "../task.js";
import type { TracedCall } from "../traced-call.js";

export function mremap(machine: Machine, task: Task, call: TracedCall): void {
  const flags = call.flags(3, MREMAP);
  const from = call.address(0);
  const oldLength = pageAlign(call.address(1));
  const newLength = pageAlign(call.address(2));
  const to = call.resultAddress();
  machine.assume(task, call.line, from, from + oldLength, "rw");
  const grown = growLocked(machine, task, call, from, oldLength, newLength);
  resize(machine, task, call, flags, { from, oldLength, to, newLength });
  grown(to);
}

/**
 * The kernel makes present what a locked mapping grows by: where it must not, nothing there may be
 * accessed until it has grown.
 * @returns to be called afterwards, with the address that the mapping has then
 */
function growLocked(
  machine: Machine,
  task: Task,
  call: TracedCall,
  from: number,
  oldLength: number,
  newLength: number,
): (to: number) => void {
  const vma = newLength > oldLength ? lockedVma(machine, task, from) : null;
  if (!vma) return () => undefined;
  const { lockedOnFault } = task.space;
  const onFault = lockedOnFault.has(from);
  const pages = vma.prot === "none" ? 0 : (newLength - oldLength) / 4096;
  if (!onFault && machine.takesPages(pages)) return () => undefined;
  const allow = forbidAccess(machine, task, call, { start: from, end: from + oldLength, vma });
  return (to) => {
    allow(to, to + newLength);
    if (onFault) lockedOnFault.add(to, to + newLength);
    else machine.populate(task, call.line, to + oldLength, to + newLength, copies(vma));
  };
}

function resize(
  machine: Machine,
  task: Task,
  call: TracedCall,
  flags: FlagSet,
  { from, oldLength, to, newLength }: Move,
): void {
  if (to === from) {
    machine.submission.push(call.line, call.name, to, (batch) =>
      batch.mremap(task.process, from, oldLength, newLength),
    );
    if (newLength < oldLength) task.space.unmapped(from + newLength, from + oldLength);
    else task.space.known.add(from, from + newLength);
    return;
  }
  const left = hasFlag(flags, MREMAP.MREMAP_DONTUNMAP)
    ? machine.vmasWithin(task, from, from + oldLength)
    : [];
  move(machine, task, call, { from, oldLength, to, newLength });
  for (const vma of left) {
    mapLike(machine, task, call, vma);
    // What is not moved loses its lock with what was.
    if (isLocked(vma)) unlock(machine, task, call, vma);
  }
}

interface Move {
  from: number;
  oldLength: number;
  to: number;
  newLength: number;
}

/**
 * Moves a range. Since 6.17 one call may move several VMAs, where v3.7 answers EFAULT and leaves the
 * source: then each VMA is moved by itself, to where the live kernel put it.
 */
function move(machine: Machine, task: Task, call: TracedCall, whole: Move): void {
  const { line, name } = call;
  const moveOne = (part: Move, onFailure: ((error: string) => void) | null) =>
    machine.submission.push(
      line,
      name,
      part.to,
      (batch) =>
        batch.mremap(task.process, part.from, part.oldLength, part.newLength, { to: part.to }),
      onFailure,
    );
  carry(task, whole);
  if (whole.oldLength !== whole.newLength || whole.oldLength <= 4096) {
    moveOne(whole, null);
    return;
  }
  const end = whole.from + whole.oldLength;
  moveOne(whole, () => {
    for (const vma of machine.vmasWithin(task, whole.from, end)) {
      const from = Math.max(vma.start, whole.from);
      const length = Math.min(vma.end, end) - from;
      const to = whole.to + (from - whole.from);
      moveOne({ from, oldLength: length, to, newLength: length }, null);
    }
  });
  machine.submission.flush();
}

/** What is known of a range moves with it. */
function carry({ space }: Task, { from, oldLength, to, newLength }: Move): void {
  const shift = to - from;
  const marks = [space.notForked, space.wipedOnFork, space.lockedOnFault].map(
    (ranges) => [ranges, ranges.within(from, from + oldLength)] as const,
  );
  space.unmapped(from, from + oldLength);
  space.mapped(to, to + newLength);
  for (const [ranges, marked] of marks) {
    for (const { start, end } of marked) ranges.add(start + shift, end + shift);
  }
}

/** MREMAP_DONTUNMAP leaves an empty mapping of the same kind behind. */
function mapLike(machine: Machine, task: Task, call: TracedCall, vma: Vma): void {
  const [start, end] = [vma.start, vma.end];
  const inode = vma.file ? machine.inodes.byNumber(vma.file.inode) : null;
  if (vma.file && !inode) {
    machine.notReplayed(call.name);
    return;
  }
  machine.map(task, call.line, call.name, {
    start: Math.max(start, call.address(0)),
    end: Math.min(end, call.address(0) + pageAlign(call.address(1))),
    prot: vma.prot,
    shared: vma.shared,
    open: inode && new OpenFile(inode),
    pgoff: vma.pgoff + Math.max(0, call.address(0) - start) / 4096,
    lock: null,
  });
}
