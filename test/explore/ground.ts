// What paths meet on: files and anonymous memory of two processes, on a machine whose paths can be stopped.

import type { Process } from "../../bindings/index.js";
import type { Scheduler } from "../../bindings/scenario/scheduler.js";

export const PAGE = 4096;
export const BASE = 0x200000000000;

export interface Ground {
  readonly scheduler: Scheduler;
  readonly a: Process;
  readonly b: Process;
}

/** Four pages of a file, mapped by both. */
export function mapFile({ scheduler, a, b }: Ground, shared: boolean) {
  const file = scheduler.kernel.createFile({ pages: 4, word: 100 });
  for (const process of [a, b]) {
    process.mmap({ address: BASE, length: 4 * PAGE, file, shared, fixed: true });
  }
  return file;
}

/** Four pages that a process and its child share; the second of them, which nobody has touched since. */
export function share({ a, scheduler }: Ground) {
  a.mmap({ address: BASE, length: 4 * PAGE, fixed: true });
  for (let i = 0; i < 4; i++) a.write(BASE + i * PAGE, 10 + i);
  const child = a.fork();
  const page = a.pageAt(BASE + PAGE)!;
  scheduler.kernel.pageReferenced(page);
  return { child, page };
}
