// A lock is held for as many steps as the scheduler lets its holder go while he has it.

import { expect, test } from "vitest";
import { Scheduler, type Actor } from "../../bindings/scenario/scheduler.js";
import { BASE, fill, PAGE, share, swapOut } from "./ground.js";

async function ground() {
  const scheduler = await Scheduler.create();
  const a = scheduler.kernel.spawn();
  return { scheduler, a, b: scheduler.kernel.spawn() };
}

/** Steps in which the actor had a lock that it took, from the one that takes it to the one that lets it go. */
function steps(scheduler: Scheduler, actor: Actor, others: () => void = () => {}): number {
  let sum = 0;
  const open: number[] = [];
  while (!actor.done) {
    const taken = actor.stop?.kind === "lock";
    scheduler.step(actor);
    if (taken) open.push(0);
    for (let i = 0; i < open.length; i++) open[i]!++;
    // What it has let go of last is what it took last, but for locks that are handed on.
    if (actor.stop?.kind === "unlock") sum += open.pop() ?? 0;
    others();
  }
  return sum;
}

function counted({ kernel }: Scheduler): number {
  return Object.values(kernel.lockCounters!.locks).reduce((sum, { steps }) => sum + steps, 0);
}

test("the counters are what a scheduler sees", async () => {
  const machine = await ground();
  const { scheduler } = machine;
  const { page } = share(machine);
  const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
  scheduler.kernel.resetCounters();
  const seen = steps(scheduler, walk);
  expect(seen).toBeGreaterThan(5);
  expect(counted(scheduler)).toBe(seen);
});

test("what others do while the holder is suspended does not count", async () => {
  const alone = await ground();
  const shared = share(alone);
  const { scheduler } = alone;
  const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(shared.page));
  scheduler.kernel.resetCounters();
  scheduler.finish(walk);
  const { "anon_vma mutex": expected } = scheduler.kernel.lockCounters!.locks;

  const together = await ground();
  const { page } = share(together);
  const kernel = together.scheduler.kernel;
  const slow = together.scheduler.actor("walk", (batch) => batch.pageReferenced(page));
  fill(together.b, 4);
  const busy = together.scheduler.actor("faults", (batch) => {
    for (let i = 0; i < 8; i++) batch.munmap(together.b, BASE + (i % 4) * PAGE, PAGE);
  });
  kernel.resetCounters();
  while (!slow.done) {
    together.scheduler.step(slow);
    if (!busy.done && kernel.lockCounters!.locks["anon_vma mutex"].taken === 1) {
      expect(slow.done).toBe(false);
      together.scheduler.finish(busy);
    }
  }
  // munmap of the other process takes the mutex of its own anon_vma, for at most as long.
  const { longest } = kernel.lockCounters!.locks["anon_vma mutex"];
  expect(longest).toBe(expected.longest);
});

test("waiting for a lock is no step", async () => {
  const machine = await ground();
  const { scheduler, a } = machine;
  fill(a, 4);
  swapOut(machine, a, 3);
  const first = scheduler.actor("first", (batch) => batch.munmap(a, BASE, PAGE));
  const second = scheduler.actor("second", (batch) => batch.munmap(a, BASE + PAGE, PAGE));
  while (first.stop?.kind !== "unlock") scheduler.step(first);
  expect(scheduler.finish(second)).toBe(false);
  const before = scheduler.kernel.lockCounters!.steps;
  for (let i = 0; i < 5; i++) scheduler.finish(second);
  expect(scheduler.kernel.lockCounters!.steps).toBe(before);
  expect(scheduler.finish(first) && scheduler.finish(second)).toBe(true);
});
