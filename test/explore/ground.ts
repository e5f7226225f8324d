// What paths meet on: files, memory and swap of two processes, on a machine whose paths can be suspended.

import { expect } from "vitest";
import type { File, Kind, Page, Process } from "../../bindings/index.js";
import type { Scheduler } from "../../bindings/scenario/scheduler.js";

export const PAGE = 4096;
export const BASE = 0x200000000000;

/** A machine with two processes. */
export interface Ground {
  readonly scheduler: Scheduler;
  readonly a: Process;
  readonly b: Process;
}

/** A child of `a` with which it shares four pages, and one of them, which is old. */
export function share({ a, scheduler }: Ground): { child: Process; page: Page } {
  fill(a, 4);
  const child = a.fork();
  const page = a.pageAt(BASE + PAGE)!;
  scheduler.kernel.pageReferenced(page);
  return { child, page };
}

/** Both processes map a file of four pages. */
export function mapFile({ scheduler, a, b }: Ground, shared: boolean, kind: Kind = "disk"): File {
  const file = scheduler.kernel.createFile({ pages: 4, word: 100, kind });
  for (const process of [a, b]) {
    process.mmap({ address: BASE, length: 4 * PAGE, file, shared, fixed: true });
  }
  return file;
}

/** A process writes the first pages of anonymous memory. */
export function fill(process: Process, pages: number): void {
  process.mmap({ address: BASE, length: 4 * PAGE, fixed: true });
  for (let i = 0; i < pages; i++) process.write(BASE + i * PAGE, 10 + i);
}

/** A process's page i goes to swap. */
export function swapOut({ scheduler }: Ground, process: Process, i: number): void {
  const page = process.pageAt(BASE + i * PAGE);
  expect(page && scheduler.kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
}
