// mmap, munmap, mprotect, mremap and their relatives.

import { VmFlag } from "../../../assembly/abi/flag.js";
import { OpenFile } from "../inode-table.js";
import type { AddressRange } from "../known-ranges.js";
import { pageAlign, protOf } from "../machine.js";
import type { Machine } from "../machine.js";
import { isLocked, partsWithin } from "../memory-lock.js";
import { MAP, PROT } from "../strace-flags.js";
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
  const lock = task.space.lockFuture ?? (hasFlag(flags, MAP.MAP_LOCKED) ? "present" : null);
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
    lock,
  });
  if (lock === "present") return;
  const populated = hasFlag(flags, MAP.MAP_POPULATE) && !hasFlag(flags, MAP.MAP_NONBLOCK);
  if (populated && lock === null && prot !== 0) {
    machine.populate(task, call.line, start, end, (prot & 2) !== 0 && !shared);
  } else {
    touchNew(machine, task, call.line, start, end, prot);
  }
}

/** What becomes present in a new range that nobody captured faults for; what is locked is so already. */
export function touchNew(
  machine: Machine,
  task: Task,
  line: number,
  start: number,
  end: number,
  prot: number,
): void {
  if (machine.touchesMappings && (prot & 2) !== 0 && task.space.lockFuture !== "present") {
    machine.populate(task, line, start, end, true);
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
  const writable = prot & 2 ? lockedReadOnly(machine, task, start, end) : [];
  machine.submission.push(call.line, call.name, 0, (batch) =>
    batch.mprotect(task.process, start, end - start, protOf(prot)),
  );
  if (machine.touchesMappings && (prot & 2) !== 0) {
    machine.populate(task, call.line, start, end, true);
  } else {
    for (const part of writable) machine.populate(task, call.line, part.start, part.end, true);
  }
}

/** Locked private memory that may not be written yet: the live kernel makes it present when it may. */
function lockedReadOnly(machine: Machine, task: Task, start: number, end: number): AddressRange[] {
  const { space } = task;
  if (!space.locks) return [];
  return partsWithin(machine, task, start, end)
    .filter(({ vma }) => isLocked(vma) && !vma.shared && !vma.prot.includes("w"))
    .flatMap((part) => space.lockedOnFault.gaps(part.start, part.end));
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
  for (const vma of machine.vmasWithin(task, start, end)) {
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

/** remap_file_pages(address, size, prot, pgoff, flags): the live kernel maps the file anew at that place. */
export function remapFilePages(machine: Machine, task: Task, call: TracedCall): void {
  const start = call.address(0);
  const end = start + pageAlign(call.address(1));
  const pgoff = call.number(3);
  const vma = machine.vmasWithin(task, start, end)[0];
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
    ...(isLocked(vma) ? { lock: "present" as const } : {}),
  });
}

/** map_shadow_stack(address, size, flags) */
export function mapShadowStack(machine: Machine, task: Task, call: TracedCall): void {
  const start = call.resultAddress();
  const end = start + pageAlign(call.address(1));
  machine.map(task, call.line, call.name, { start, end, prot: "rw" });
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
  const vma = machine.vmasWithin(task, address, address + 1)[0];
  return vma && vma.flags & VmFlag.GrowsDown ? vma.start : address;
}
