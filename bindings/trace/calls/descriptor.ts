// Calls that make, copy and close descriptors, and those that rename files.

import { OpenFile } from "../inode-table.js";
import type { Inode } from "../inode-table.js";
import type { Machine } from "../machine.js";
import { CLONE, CLOSE_RANGE, MFD, OPEN } from "../strace-flags.js";
import { hasFlag, parseDescriptor, parseFields, parseFlags } from "../strace-value.js";
import type { FlagSet } from "../strace-value.js";
import { splitArguments } from "../strace-arguments.js";
import type { Task } from "../task.js";
import type { TracedCall } from "../traced-call.js";
import { emptied } from "./file-size.js";

/** open(path, flags, mode) */
export function open(machine: Machine, task: Task, call: TracedCall): void {
  opened(machine, task, call, call.string(0), call.flags(1, OPEN));
}

/** creat(path, mode) */
export function creat(machine: Machine, task: Task, call: TracedCall): void {
  opened(machine, task, call, call.string(0), { bits: OPEN.O_CREAT | OPEN.O_TRUNC, unknown: [] });
}

/** openat(directory, path, flags, mode) */
export function openat(machine: Machine, task: Task, call: TracedCall): void {
  opened(machine, task, call, pathAt(call, 0), call.flags(2, OPEN));
}

/** openat2(directory, path, {flags=...}, size) */
export function openat2(machine: Machine, task: Task, call: TracedCall): void {
  const how = parseFields(splitArguments(call.text(2).replace(/^\{|\}$/g, "")));
  const flags = parseFlags(how.get("flags") ?? "0", OPEN) ?? { bits: 0, unknown: [] };
  opened(machine, task, call, pathAt(call, 0), flags);
}

function opened(
  machine: Machine,
  task: Task,
  call: TracedCall,
  argument: string | null,
  flags: FlagSet,
): void {
  const returned = call.returnedDescriptor();
  if (!returned) return;
  const path = returned.path ?? argument ?? `descriptor ${returned.number}`;
  const exclusive = hasFlag(flags, OPEN.O_CREAT) && hasFlag(flags, OPEN.O_EXCL);
  const resolved = returned.path !== null;
  let inode: Inode;
  if (exclusive) inode = machine.inodes.create(path, resolved);
  else inode = machine.inodes.at(path, resolved);
  if (hasFlag(flags, OPEN.O_TRUNC)) emptied(machine, inode);
  const file = new OpenFile(inode);
  task.files.set(returned.number, file, hasFlag(flags, OPEN.O_CLOEXEC));
}

/** memfd_create(name, flags) */
export function memfdCreate(machine: Machine, task: Task, call: TracedCall): void {
  const returned = call.returnedDescriptor();
  if (!returned) return;
  const name = `/memfd:${call.string(0) ?? ""}`;
  const inode = machine.inodes.create(returned.path ?? name, true);
  const flags = call.flags(1, MFD);
  task.files.set(returned.number, new OpenFile(inode), hasFlag(flags, MFD.MFD_CLOEXEC));
}

/** dup(fd) = fd, dup2(fd, to), dup3(fd, to, flags) */
export function dup(machine: Machine, task: Task, call: TracedCall): void {
  const to = call.returnedDescriptor();
  if (!to) return;
  machine.openFile(task, call, 0);
  const closeOnExec = call.name === "dup3" && call.text(2).includes("O_CLOEXEC");
  task.files.duplicate(call.descriptor(0).number, to.number, closeOnExec);
}

/** fcntl(fd, F_DUPFD, ...) = fd and fcntl(fd, F_SETFD, flags) */
export function fcntl(machine: Machine, task: Task, call: TracedCall): void {
  const command = call.text(1);
  if (command.startsWith("F_DUPFD")) {
    const to = call.returnedDescriptor();
    if (!to) return;
    machine.openFile(task, call, 0);
    const closeOnExec = command === "F_DUPFD_CLOEXEC";
    task.files.duplicate(call.descriptor(0).number, to.number, closeOnExec);
  } else if (command === "F_SETFD") {
    task.files.setCloseOnExec(call.descriptor(0).number, call.text(2) !== "0");
  }
}

export function close(_machine: Machine, task: Task, call: TracedCall): void {
  task.files.close(call.descriptor(0).number);
}

/** close_range(first, last, flags) */
export function closeRange(_machine: Machine, task: Task, call: TracedCall): void {
  const flags = call.flags(2, CLOSE_RANGE);
  if (hasFlag(flags, CLOSE_RANGE.CLOSE_RANGE_UNSHARE)) task.files = task.files.clone();
  const onlyOnExec = hasFlag(flags, CLOSE_RANGE.CLOSE_RANGE_CLOEXEC);
  // ~0U is printed as -1 by some versions of strace.
  const last = call.number(1) < 0 ? Infinity : call.number(1);
  task.files.closeRange(call.number(0), last, onlyOnExec);
}

/** unshare(flags) */
export function unshare(_machine: Machine, task: Task, call: TracedCall): void {
  if (hasFlag(call.flags(0, CLONE), CLONE.CLONE_FILES)) task.files = task.files.clone();
}

/** rename(from, to) */
export function rename(machine: Machine, _task: Task, call: TracedCall): void {
  const [from, to] = [call.string(0), call.string(1)];
  if (from !== null && to !== null) machine.inodes.rename(from, to);
}

/** renameat(directory, from, directory, to), renameat2(..., flags) */
export function renameat(machine: Machine, _task: Task, call: TracedCall): void {
  const [from, to] = [pathAt(call, 0), pathAt(call, 2)];
  if (from !== null && to !== null) machine.inodes.rename(from, to);
}

/** unlink(path) */
export function unlink(machine: Machine, _task: Task, call: TracedCall): void {
  const path = call.string(0);
  if (path !== null) machine.inodes.unlink(path);
}

/** unlinkat(directory, path, flags) */
export function unlinkat(machine: Machine, _task: Task, call: TracedCall): void {
  const path = pathAt(call, 0);
  if (path !== null) machine.inodes.unlink(path);
}

/** A path argument, with the directory before it where strace printed that one's path. */
function pathAt(call: TracedCall, directoryIndex: number): string | null {
  const path = call.string(directoryIndex + 1);
  if (path === null || path.startsWith("/")) return path;
  const directory = parseDescriptor(call.text(directoryIndex))?.path ?? null;
  if (directory === null) return path;
  return `${directory === "/" ? "" : directory}/${path.replace(/^\.\//, "")}`;
}
