// mmap, munmap, mprotect, mremap and their relatives.

import { VmFlag } from "../../../assembly/abi.js";
import type { Vma } from "../../kernel/vma.js";
import { OpenFile } from "../inode-table.js";
import { pageAlign, protOf } from "../machine.js";
import type { Machine } from "../machine.js";
import { MAP, MREMAP, PROT } from "../strace-flags.js";
import { hasFlag } from "../strace-value.js";
import type { FlagSet } from "../strace-value.js";
import type { Task } from "../task.js";
import type { TracedCall } from "../traced-call.js";

const HUGE_PAGE = 2 * 1024 * 1024;

export function mmap(machine: Machine, task: Task, call: TracedCall): void {
  if (call.returnedHigh) {
    machine.notReplayed(`${call.name} above 0x7ffffffff000`);
    return;
  }
  const flags = call.flags(3, MAP);
  const prot = call.flags(2, PROT).bits & 7;
  const start = call.resultAddress();
  const end = start + mappedLength(call, flags);
  const type = flags.bits % 16;
  const shared = type === MAP.MAP_SHARED || type === MAP.MAP_SHARED_VALIDATE;
  const offset = call.arity > 5 ? call.number(5) : 0;
  if (offset < 0 || offset % 4096) throw call.malformed(5, "a multiple of 4096 is expected");
  machine.map(task, call.line, call.name, {
    start,
    end,
    prot: protOf(prot),
    shared,
    growsDown: hasFlag(flags, MAP.MAP_GROWSDOWN),
    noReserve: hasFlag(flags, MAP.MAP_NORESERVE),
    open: mappedFile(machine, task, call, flags),
    pgoff: offset / 4096,
  });
  const populated = hasFlag(flags, MAP.MAP_POPULATE) || hasFlag(flags, MAP.MAP_LOCKED);
  if (populated && !hasFlag(flags, MAP.MAP_NONBLOCK) && prot !== 0) {
    machine.populate(task, call.line, start, end, (prot & 2) !== 0 && !shared);
  } else {
    touchNew(machine, task, call.line, start, end, prot);
  }
}

/** What becomes present in a new range: everything after mlockall, or what nobody captured faults for. */
export function touchNew(
  machine: Machine,
  task: Task,
  line: number,
  start: number,
  end: number,
  prot: number,
): void {
  const writable = (prot & 2) !== 0;
  if ((machine.touchesMappings && writable) || (task.space.lockFuture && prot !== 0)) {
    machine.populate(task, line, start, end, writable);
  }
}

export function munmap(machine: Machine, task: Task, call: TracedCall): void {
  const start = call.address(0);
  machine.unmap(task, call.line, call.name, start, start + pageAlign(call.address(1)));
}

export function mprotect(machine: Machine, task: Task, call: TracedCall): void {
  const flags = call.flags(2, PROT);
  const prot = flags.bits & 7;
  let start = call.address(0);
  const end = start + pageAlign(call.address(1));
  if (end === start) return;
  if (call.error !== null) {
    protectUntilRefused(machine, task, call, start, end, prot);
    return;
  }
  machine.assume(task, call.line, start, end, prot & 2 ? "rw" : "r");
  if (hasFlag(flags, PROT.PROT_GROWSDOWN)) start = growingStart(machine, task, start);
  machine.submission.push(call.line, call.name, 0, (batch) =>
    batch.mprotect(task.process, start, end - start, protOf(prot)),
  );
  if (machine.touchesMappings && (prot & 2) !== 0) {
    machine.populate(task, call.line, start, end, true);
  }
}

/** A call that failed has changed the VMAs before the one that refused, or before the hole. */
function protectUntilRefused(
  machine: Machine,
  task: Task,
  call: TracedCall,
  start: number,
  end: number,
  prot: number,
): void {
  let reached = start;
  for (const vma of vmasWithin(machine, task, start, end)) {
    if (vma.start > reached) break;
    // How a file was opened is not known: what says EACCES is a shared mapping of one opened to be read.
    if (call.error === "EACCES" && vma.shared && vma.file) break;
    reached = Math.min(vma.end, end);
  }
  if (reached === start) return;
  machine.submission.push(call.line, call.name, 0, (batch) =>
    batch.mprotect(task.process, start, reached - start, protOf(prot)),
  );
}

export function mremap(machine: Machine, task: Task, call: TracedCall): void {
  const flags = call.flags(3, MREMAP);
  const from = call.address(0);
  const oldLength = pageAlign(call.address(1));
  const newLength = pageAlign(call.address(2));
  const to = call.resultAddress();
  machine.assume(task, call.line, from, from + oldLength, "rw");
  if (to === from) {
    machine.submission.push(call.line, call.name, to, (batch) =>
      batch.mremap(task.process, from, oldLength, newLength),
    );
    if (newLength < oldLength) task.space.unmapped(from + newLength, from + oldLength);
    else task.space.known.add(from, from + newLength);
    return;
  }
  const left = hasFlag(flags, MREMAP.MREMAP_DONTUNMAP)
    ? vmasWithin(machine, task, from, from + oldLength)
    : [];
  move(machine, task, call, { from, oldLength, to, newLength });
  for (const vma of left) mapLike(machine, task, call, vma);
}

/** remap_file_pages(address, size, prot, pgoff, flags): the live kernel maps the file anew at that place. */
export function remapFilePages(machine: Machine, task: Task, call: TracedCall): void {
  const start = call.address(0);
  const end = start + pageAlign(call.address(1));
  const pgoff = call.number(3);
  const vma = vmasWithin(machine, task, start, end)[0];
  const inode = vma?.file ? machine.inodes.byNumber(vma.file.inode) : null;
  if (!vma || !inode || pgoff < 0) {
    machine.notReplayed(call.name);
    return;
  }
  const open = new OpenFile(inode);
  machine.map(task, call.line, call.name, {
    start,
    end,
    prot: vma.prot,
    shared: true,
    open,
    pgoff,
  });
}

/** map_shadow_stack(address, size, flags) */
export function mapShadowStack(machine: Machine, task: Task, call: TracedCall): void {
  const start = call.resultAddress();
  const end = start + pageAlign(call.address(1));
  machine.map(task, call.line, call.name, { start, end, prot: "rw" });
}

/** The VMAs of a thread that overlap a range, once everything before has taken effect. */
export function vmasWithin(machine: Machine, task: Task, start: number, end: number): Vma[] {
  machine.submission.flush();
  return task.process.vmas().filter((vma) => vma.start < end && vma.end > start);
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
    for (const vma of vmasWithin(machine, task, whole.from, end)) {
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
  const notForked = space.notForked.within(from, from + oldLength);
  const wiped = space.wipedOnFork.within(from, from + oldLength);
  space.unmapped(from, from + oldLength);
  space.mapped(to, to + newLength);
  for (const { start, end } of notForked) space.notForked.add(start + shift, end + shift);
  for (const { start, end } of wiped) space.wipedOnFork.add(start + shift, end + shift);
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
  });
}

function mappedFile(
  machine: Machine,
  task: Task,
  call: TracedCall,
  flags: FlagSet,
): OpenFile | null {
  const huge = hasFlag(flags, MAP.MAP_HUGETLB);
  if (!hasFlag(flags, MAP.MAP_ANONYMOUS)) return machine.openFile(task, call, 4);
  return huge ? new OpenFile(machine.inodes.create("/anon_hugepage")) : null;
}

/** The length that is mapped: whole pages, or whole huge pages. */
function mappedLength(call: TracedCall, flags: FlagSet): number {
  const length = call.address(1);
  if (length === 0) throw call.malformed(1, "a length above 0 is expected");
  if (!hasFlag(flags, MAP.MAP_HUGETLB)) return pageAlign(length);
  const shift = Math.floor(flags.bits / 2 ** MAP.MAP_HUGE_SHIFT) & 0x3f;
  const size = shift === 0 ? HUGE_PAGE : 2 ** shift;
  return Math.ceil(length / size) * size;
}

function growingStart(machine: Machine, task: Task, address: number): number {
  const vma = vmasWithin(machine, task, address, address + 1)[0];
  return vma && vma.flags & VmFlag.GrowsDown ? vma.start : address;
}
