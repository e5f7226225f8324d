// System V shared memory, and the ring that io_setup maps.

import { OpenFile } from "../inode-table.js";
import { pageAlign } from "../machine.js";
import type { Machine } from "../machine.js";
import { SHM } from "../strace-flags.js";
import { hasFlag, parseNumber } from "../strace-value.js";
import type { Task } from "../task.js";
import type { TracedCall } from "../traced-call.js";

/** shmget(key, size, flags) = id */
export function shmget(machine: Machine, _task: Task, call: TracedCall): void {
  const key = call.text(0) === "IPC_PRIVATE" ? 0 : (parseNumber(call.text(0)) ?? 0);
  machine.segments.learn(call.result ?? 0, key, call.address(1));
}

/** shmctl(id, command, {... shm_segsz=...}) */
export function shmctl(machine: Machine, _task: Task, call: TracedCall): void {
  // These take an index into the system's table, not an id.
  if (/SHM_STAT|SHM_INFO|IPC_INFO/.test(call.text(1))) return;
  const id = call.number(0);
  const size = /\bshm_segsz=(\d{1,15})/.exec(call.args);
  if (size) machine.segments.get(id).bytes = Number(size[1]);
  if (call.text(1).includes("IPC_RMID")) machine.segments.remove(id);
}

/** shmat(id, address, flags) = address */
export function shmat(machine: Machine, task: Task, call: TracedCall): void {
  const segment = machine.segments.get(call.number(0));
  const flags = call.flags(2, SHM);
  const start = call.resultAddress();
  if (segment.bytes === null) {
    machine.counts.assumedRanges++;
    machine.counts.assumedPages++;
  }
  const access = hasFlag(flags, SHM.SHM_RDONLY) ? "r" : "rw";
  machine.map(task, call.line, call.name, {
    start,
    end: start + pageAlign(segment.bytes ?? 1),
    prot: hasFlag(flags, SHM.SHM_EXEC) ? `${access}x` : access,
    shared: true,
    open: new OpenFile(segment.inode),
  });
}

/** shmdt(address): every piece of the attachment that is still mapped goes away. */
export function shmdt(machine: Machine, task: Task, call: TracedCall): void {
  const at = call.address(0);
  const vmas = machine.vmasWithin(task, at, Infinity);
  const file = vmas.find((vma) => vma.file && vma.start - vma.pgoff * 4096 === at)?.file;
  if (!file) {
    machine.submission.refuse({
      line: call.line,
      operation: call.name,
      captured: "success",
      replayed: "nothing is attached there",
    });
    return;
  }
  for (const { start, end, pgoff, file: mapped } of vmas) {
    if (mapped?.inode !== file.inode || start - pgoff * 4096 !== at) continue;
    machine.unmap(task, call.line, call.name, start, end);
  }
}

const AIO_EVENT_BYTES = 32;

/**
 * io_setup(events, [context]): the ring is mapped at the context's address. Its length is that of an
 * event for each of twice the events, two more and a head; with very many CPUs the kernel takes more.
 */
export function ioSetup(machine: Machine, task: Task, call: TracedCall): void {
  const context = parseNumber(call.text(1).replace(/^\[|\]$/g, ""));
  if (context === null || context % 4096) throw call.malformed(1, "[ADDRESS] is expected");
  const bytes = AIO_EVENT_BYTES * (2 * call.address(0) + 3);
  machine.map(task, call.line, call.name, {
    start: context,
    end: context + pageAlign(bytes),
    prot: "rw",
    shared: true,
    open: new OpenFile(machine.inodes.create("/[aio]")),
  });
}

export function ioDestroy(machine: Machine, task: Task, call: TracedCall): void {
  const context = call.address(0);
  const ring = machine.vmasWithin(task, context, context + 1)[0];
  if (ring) machine.unmap(task, call.line, call.name, context, ring.end);
}
