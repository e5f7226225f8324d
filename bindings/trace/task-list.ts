// The threads that live, by thread id and by process.

import type { Task } from "./task.js";

/** Every live thread of a replay. */
export class TaskList {
  readonly #byTid = new Map<number, Task>();
  readonly #byPid = new Map<number, Set<Task>>();

  get(tid: number): Task | undefined {
    return this.#byTid.get(tid);
  }

  values(): Iterable<Task> {
    return this.#byTid.values();
  }

  /** The threads of one process. */
  ofProcess(pid: number): Task[] {
    return [...(this.#byPid.get(pid) ?? [])];
  }

  threads(pid: number): number {
    return this.#byPid.get(pid)?.size ?? 0;
  }

  add(task: Task): void {
    this.#byTid.set(task.tid, task);
    const process = this.#byPid.get(task.pid);
    if (process) process.add(task);
    else this.#byPid.set(task.pid, new Set([task]));
  }

  remove(task: Task): void {
    this.#byTid.delete(task.tid);
    const process = this.#byPid.get(task.pid);
    process?.delete(task);
    if (process?.size === 0) this.#byPid.delete(task.pid);
  }
}
