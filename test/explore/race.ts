// Two kernel paths that meet, as a test: whatever the first has done when the second begins, both come to
// their end, no rule of the locks is broken, and the invariants hold.

import { expect, test } from "vitest";
import type { Batch, KernelOptions } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import type { Ground } from "./ground.js";
import { interrupt } from "./interruption.js";

/** Puts the operations of one of the two paths in its batch. */
export type Fill = (batch: Batch, ground: Ground) => void;

/** The two paths, and what is to hold at the end beside the invariants. */
export type Paths = readonly [one: Fill, two: Fill, look?: () => void];

/** What races run on: entries of an s390x tell less, so there other paths have to notice a change. */
const machines: readonly KernelOptions[] = [
  { anonIndex: "list", arch: "x86-64" },
  { anonIndex: "interval-tree", arch: "x86-64" },
  { anonIndex: "interval-tree", arch: "s390x" },
];

/**
 * Both orders of interruption of two paths, on each anonymous index, and on both kinds of machines, unless `options`
 * names one.
 */
export function race(
  name: string,
  setUp: (ground: Ground) => Paths,
  options: KernelOptions = {},
): void {
  const chosen = machines.filter(({ arch }) => arch === (options.arch ?? arch));
  test.each(chosen)(`${name} ($anonIndex, $arch)`, async (machine) => {
    const scheduler = await Scheduler.create({ ...options, ...machine });
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
