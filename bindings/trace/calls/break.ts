// brk, and the prctl calls that move the heap.

import { pageAlign } from "../machine.js";
import type { Machine } from "../machine.js";
import { parseNumber } from "../strace-value.js";
import type { Task } from "../task.js";
import type { TracedCall } from "../traced-call.js";
import { touchNew } from "./mapping.js";

const READ_WRITE = 3;

/** brk(address): the result is the break after the call, whether it moved or not. */
export function brk(machine: Machine, task: Task, call: TracedCall): void {
  const { space } = task;
  const after = call.result ?? 0;
  const before = space.break ?? after;
  space.break = after;
  if (after === before) return;
  const [from, to] = [pageAlign(before), pageAlign(after)];
  // The kernel's brk makes all present that it locks: here the limits of populating must hold.
  if (space.lockFuture !== null && to > from) space.heapStart = null;
  if (space.heapStart !== null && after >= space.heapStart) {
    machine.submission.push(call.line, call.name, after, (batch) => batch.brk(task.process, after));
    if (to > from) space.mapped(from, to);
    else space.unmapped(to, from);
  } else if (to > from) {
    // The kernel was not told where this heap begins: what brk would map is mapped.
    machine.map(task, call.line, call.name, { start: from, end: to, prot: "rw" });
  } else if (to < from) {
    machine.unmap(task, call.line, call.name, to, from);
  }
  if (to > from) touchNew(machine, task, call.line, from, to, READ_WRITE);
}

/** prctl(PR_SET_MM, PR_SET_MM_BRK | PR_SET_MM_START_BRK, address): from then on the replay keeps the break itself. */
export function prctl(_machine: Machine, { space }: Task, call: TracedCall): void {
  if (call.text(0) !== "PR_SET_MM") return;
  switch (call.text(1)) {
    case "PR_SET_MM_BRK":
      space.break = parseNumber(call.text(2));
      space.heapStart = null;
      break;
    case "PR_SET_MM_START_BRK":
    case "PR_SET_MM_MAP":
      space.heapStart = null;
      break;
  }
}
