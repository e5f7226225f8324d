// Which function replays which call.

import * as advice from "./calls/advice.js";
import * as heap from "./calls/break.js";
import * as descriptor from "./calls/descriptor.js";
import * as size from "./calls/file-size.js";
import * as locking from "./calls/locking.js";
import * as mapping from "./calls/mapping.js";
import * as moving from "./calls/moving.js";
import * as shared from "./calls/shared-memory.js";
import { isHarmless } from "./known-calls.js";
import type { Machine } from "./machine.js";
import { isBirth, isExec } from "./plan.js";
import type { CallKind } from "./strace-file.js";
import type { Task } from "./task.js";
import type { TracedCall } from "./traced-call.js";

/** Replays one call by one thread. */
export type CallReplay = (machine: Machine, task: Task, call: TracedCall) => void;

const TABLE: Readonly<Record<string, CallReplay>> = {
  mmap: mapping.mmap,
  mmap2: mapping.mmap,
  munmap: mapping.munmap,
  mprotect: mapping.mprotect,
  pkey_mprotect: mapping.mprotect,
  mremap: moving.mremap,
  remap_file_pages: mapping.remapFilePages,
  map_shadow_stack: mapping.mapShadowStack,
  brk: heap.brk,
  prctl: heap.prctl,
  arch_prctl: archPrctl,
  madvise: advice.madvise,
  process_madvise: advice.processMadvise,
  mlock: locking.mlock,
  mlock2: locking.mlock,
  munlock: locking.munlock,
  mlockall: locking.mlockall,
  munlockall: locking.munlockall,
  shmget: shared.shmget,
  shmctl: shared.shmctl,
  shmat: shared.shmat,
  shmdt: shared.shmdt,
  io_setup: shared.ioSetup,
  io_destroy: shared.ioDestroy,
  ftruncate: size.ftruncate,
  ftruncate64: size.ftruncate,
  truncate: size.truncate,
  truncate64: size.truncate,
  fallocate: size.fallocate,
  open: descriptor.open,
  openat: descriptor.openat,
  openat2: descriptor.openat2,
  creat: descriptor.creat,
  memfd_create: descriptor.memfdCreate,
  dup: descriptor.dup,
  dup2: descriptor.dup,
  dup3: descriptor.dup,
  fcntl: descriptor.fcntl,
  fcntl64: descriptor.fcntl,
  close: descriptor.close,
  close_range: descriptor.closeRange,
  unshare: descriptor.unshare,
  rename: descriptor.rename,
  renameat: descriptor.renameat,
  renameat2: descriptor.renameat,
  unlink: descriptor.unlink,
  unlinkat: descriptor.unlinkat,
};

/** Calls of which a failure can leave part of the work done, and the errors that tell of it. */
const PARTIAL: Readonly<Record<string, readonly string[]>> = {
  mprotect: ["ENOMEM", "EACCES"],
  pkey_mprotect: ["ENOMEM", "EACCES"],
  madvise: ["ENOMEM"],
  mlock: ["ENOMEM", "EAGAIN"],
  mlock2: ["ENOMEM", "EAGAIN"],
  munlock: ["ENOMEM"],
};

/** Whether a call is replayed, known to change no address space, or unknown. */
export const callKind: CallKind = (name) => {
  if (Object.hasOwn(TABLE, name) || isLife(name)) return "replayed";
  return isHarmless(name) ? "harmless" : "unknown";
};

/** Calls by which threads come, change and go: `Life` replays them. */
export function isLife(name: string): boolean {
  return isBirth(name) || isExec(name) || name === "exit" || name === "exit_group";
}

/** The function for a call of the table; undefined for all others. */
export function replayOf(name: string): CallReplay | undefined {
  return Object.hasOwn(TABLE, name) ? TABLE[name] : undefined;
}

/** Whether a call has nothing to replay: it failed without a trace, or never returned. */
export function leftNothing(call: TracedCall): boolean {
  if (isLife(call.name)) return call.error !== null;
  if (call.result === null) return true;
  if (call.error === null) return false;
  const partial = Object.hasOwn(PARTIAL, call.name) ? PARTIAL[call.name] : undefined;
  // Nothing of a program is mapped beyond its own half of the addresses.
  return !partial?.includes(call.error) || !call.isInUserSpace(0) || !call.isInUserSpace(1);
}

/** The kernel places a shadow stack where it likes, and no result tells where. */
function archPrctl(machine: Machine, _task: Task, call: TracedCall): void {
  const shadowStack = call.text(0) === "ARCH_SHSTK_ENABLE" || call.text(0) === "0x5001";
  if (shadowStack) machine.notReplayed(`${call.name} ${call.text(0)}`);
}
