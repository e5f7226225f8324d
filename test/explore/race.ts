// A pair of kernel paths as a test, and the grounds that several pairs meet on.

import { expect, test } from "vitest";
import type { Batch, Page, Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { interrupt } from "./interruption.js";

export const PAGE = 4096;
export const BASE = 0x200000000000;

/** Two processes of a machine whose paths can be suspended. */
export interface Ground {
  readonly scheduler: Scheduler;
  readonly a: Process;
  readonly b: Process;
}

/** Puts the operations of one path into its batch. */
export type Fill = (batch: Batch, ground: Ground) => void;

/** Both orders of interruption of two paths, on each anonymous index. */
export function race(name: string, setUp: (ground: Ground) => readonly [Fill, Fill]): void {
  test.each(["list", "interval-tree"] as const)(`${name} (%s)`, async (anonIndex) => {
    const scheduler = await Scheduler.create({ anonIndex });
    const a = scheduler.kernel.spawn();
    const ground = { scheduler, a, b: scheduler.kernel.spawn() };
    const [one, two] = setUp(ground);
    const first = scheduler.actor("first", (batch) => one(batch, ground));
    const second = scheduler.actor("second", (batch) => two(batch, ground));
    expect(interrupt(scheduler, first, second)).toBeGreaterThan(0);
    expect(interrupt(scheduler, second, first)).toBeGreaterThan(0);
    scheduler.kernel.dispose();
  });
}

/** A child of `a` with which it shares four pages, and one of them, which is old. */
export function share({ a, scheduler }: Ground): { child: Process; page: Page } {
  a.mmap({ address: BASE, length: 4 * PAGE, fixed: true });
  for (let i = 0; i < 4; i++) a.write(BASE + i * PAGE, 10 + i);
  const child = a.fork();
  const page = a.pageAt(BASE + PAGE)!;
  scheduler.kernel.pageReferenced(page);
  return { child, page };
}
