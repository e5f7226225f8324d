// A process, or a thread of one: a number and the address space it runs in.

import { header } from "../memory/header";
import { Cache, slabFree, slabZalloc } from "../memory/slab";

@unmanaged
export class Task {
  state: u32;
  prev: u32;
  /** Tasks are listed by pid. */
  next: u32;
  pid: u32;
  parentPid: u32;
  mm: u32;
  /** The frame for which memory_failure is about to send it a signal: at 0 it is not. */
  collected: u32;
  /** The signal that memory_failure sent, which of all memory_failures it was, and the address it told. */
  signal: u32;
  signalSequence: u32;
  signalAddress: u64;
  /** 1 while it is held inside a fault. */
  held: u32;
}

/** A task at the end of the list, or 0 when memory is exhausted. */
export function taskAlloc(mm: usize, parentPid: u32): usize {
  const object = slabZalloc(Cache.Task);
  if (!object) return 0;
  const state = header();
  const task = changetype<Task>(object);
  task.pid = ++state.nextPid;
  task.parentPid = parentPid;
  task.mm = <u32>mm;
  task.prev = state.lastTask;
  if (task.prev) changetype<Task>(<usize>task.prev).next = <u32>object;
  else state.tasks = <u32>object;
  state.lastTask = <u32>object;
  return object;
}

export function taskFree(task: Task): void {
  const state = header();
  if (task.prev) changetype<Task>(<usize>task.prev).next = task.next;
  else state.tasks = task.next;
  if (task.next) changetype<Task>(<usize>task.next).prev = task.prev;
  else state.lastTask = task.prev;
  slabFree(Cache.Task, changetype<usize>(task));
}
