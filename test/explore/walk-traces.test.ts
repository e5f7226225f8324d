// Two walks at the same time: each has a trace of its own, as if it had been alone.

import { expect, test } from "vitest";
import { walksIn, type WalkTrace } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, fill, PAGE } from "./ground.js";

/** Two families of two, each with a walker for one of its pages. */
async function ground() {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const [a, b] = [kernel.spawn(), kernel.spawn()];
  const pages = [a, b].map((process) => {
    fill(process, 2);
    process.fork();
    return process.pageAt(BASE + PAGE)!;
  });
  kernel.recordEvents(true, { walks: true });
  const walkers = pages.map((page, i) =>
    scheduler.actor(`walk ${i}`, (batch) => batch.pageReferenced(page)),
  );
  return { scheduler, kernel, walkers };
}

function byFrame(walks: readonly WalkTrace[]): WalkTrace[] {
  return [...walks].sort((a, b) => a.frame - b.frame);
}

test("walks that take turns have traces as if each had been alone", async () => {
  const alone = await ground();
  for (const walker of alone.walkers) expect(alone.scheduler.finish(walker)).toBe(true);
  const expected = byFrame(walksIn(alone.kernel.takeEvents()));
  expect(expected).toHaveLength(2);

  const together = await ground();
  while (together.walkers.some(({ done }) => !done)) {
    for (const walker of together.walkers) if (!walker.done) together.scheduler.step(walker);
  }
  const events = together.kernel.takeEvents();
  expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set([1, 2]));
  const kinds = events.map(({ event }) => event);
  expect(kinds.lastIndexOf("WalkBegin")).toBeLessThan(kinds.indexOf("WalkEnd"));
  expect(byFrame(walksIn(events))).toEqual(expected);
});

test("only who is in a walk leaves a trace", async () => {
  const { scheduler, kernel, walkers } = await ground();
  const [walker] = walkers;
  const other = kernel.spawn();
  other.mmap({ address: BASE, length: PAGE, fixed: true });
  const fault = scheduler.actor("fault", (batch) => batch.write(other, BASE, 1));
  kernel.resetCounters();
  while (kernel.lockCounters!.locks["anon_vma mutex"].taken === 0) scheduler.step(walker!);
  scheduler.step(walker!);
  kernel.takeEvents();
  scheduler.finish(fault);
  const events = kernel.takeEvents().map(({ event }) => event);
  expect(events).toEqual(["AnonVmaNew", "AnonPage"]);
  scheduler.finish(walker!);
  expect(kernel.takeEvents().at(-1)?.event).toBe("WalkEnd");
});
