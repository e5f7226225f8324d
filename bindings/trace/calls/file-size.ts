// Calls that change how long a file is, or make holes in it.

import type { File } from "../../kernel/file.js";
import { pageAlign } from "../machine.js";
import type { Machine } from "../machine.js";
import { FALLOC } from "../strace-flags.js";
import { hasFlag } from "../strace-value.js";
import { UNKNOWN_SIZE } from "../inode-table.js";
import type { Inode } from "../inode-table.js";
import type { Task } from "../task.js";
import type { TracedCall } from "../traced-call.js";

/** ftruncate(fd, length) */
export function ftruncate(machine: Machine, task: Task, call: TracedCall): void {
  const open = machine.openFile(task, call, 0);
  if (open) setSize(machine, open.inode, call.number(1) / 4096);
}

/** truncate(path, length) */
export function truncate(machine: Machine, _task: Task, call: TracedCall): void {
  const path = call.string(0);
  if (path !== null) setSize(machine, machine.inodes.at(path, false), call.number(1) / 4096);
}

/** fallocate(fd, mode, offset, length) */
export function fallocate(machine: Machine, task: Task, call: TracedCall): void {
  const open = machine.openFile(task, call, 0);
  const mode = call.flags(1, FALLOC);
  const [from, to] = [call.number(2), call.number(2) + call.number(3)];
  if (!open) return;
  const { inode } = open;
  if (hasFlag(mode, FALLOC.FALLOC_FL_PUNCH_HOLE)) {
    if (inode.file) {
      punchHole(machine, call, inode.file, Math.ceil(from / 4096), Math.floor(to / 4096));
    }
  } else if (
    hasFlag(mode, FALLOC.FALLOC_FL_COLLAPSE_RANGE) ||
    hasFlag(mode, FALLOC.FALLOC_FL_INSERT_RANGE)
  ) {
    // Everything behind the place moves: no page that is mapped there is the right one any more.
    if (inode.file) {
      punchHole(machine, call, inode.file, Math.floor(from / 4096), UNKNOWN_SIZE);
    }
  } else if (!hasFlag(mode, FALLOC.FALLOC_FL_KEEP_SIZE)) {
    const pages = Math.ceil(to / 4096);
    if (inode.pages !== UNKNOWN_SIZE && pages > inode.pages) setSize(machine, inode, pages);
  }
}

/** Drops the pages between two page offsets of a file, in every address space; private copies stay. */
export function punchHole(
  machine: Machine,
  call: TracedCall,
  file: File,
  first: number,
  last: number,
): void {
  if (first >= last) return;
  machine.submission.push(call.line, call.name, 0, (batch) =>
    batch.punchHole(file, first, last - first),
  );
}

/** O_TRUNC: the file is empty, and grows by writes that no capture tells. */
export function emptied(machine: Machine, inode: Inode): void {
  if (!inode.mapped) return;
  setSize(machine, inode, 0);
  setSize(machine, inode, UNKNOWN_SIZE);
}

function setSize(machine: Machine, inode: Inode, pages: number): void {
  if (pages < 0) return;
  machine.submission.flush();
  inode.truncate(pageAlign(pages * 4096) / 4096);
}
