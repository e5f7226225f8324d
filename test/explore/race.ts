// Two kernel paths that meet, as a test: whatever the first has done when the second begins, both come to
// their end, no rule of the locks is broken, and the invariants hold.

import { expect, test } from "vitest";
import type { Batch, File, Kind, Page, Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { interrupt } from "./interruption.js";

export const PAGE = 4096;
export const BASE = 0x200000000000;

/** A machine with two processes. */
export interface Ground {
  readonly scheduler: Scheduler;
  readonly a: Process;
  readonly b: Process;
}

/** Puts the operations of one of the two paths in its batch. */
export type Fill = (batch: Batch, ground: Ground) => void;

/** The two paths, and what is to hold at the end beside the invariants. */
export type Paths = readonly [one: Fill, two: Fill, look?: () => void];

/** Both orders of interruption of two paths, on each anonymous index. */
export function race(name: string, setUp: (ground: Ground) => Paths): void {
  test.each(["list", "interval-tree"] as const)(`${name} (%s)`, async (anonIndex) => {
    const scheduler = await Scheduler.create({ anonIndex });
    const a = scheduler.kernel.spawn();
    const ground = { scheduler, a, b: scheduler.kernel.spawn() };
    const [one, two, look] = setUp(ground);
    const first = scheduler.actor("first", (batch) => one(batch, ground));
    const second = scheduler.actor("second", (batch) => two(batch, ground));
    expect(interrupt(scheduler, first, second, look)).toBeGreaterThan(0);
    expect(interrupt(scheduler, second, first, look)).toBeGreaterThan(0);
    scheduler.kernel.dispose();
  });
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
