// What a moment holds, and what it does not.

import { expect, test } from "vitest";
import { Scheduler } from "../../bindings/scenario/scheduler.js";

const PAGE = 4096;
const BASE = 0x200000000000;

async function ground() {
  const scheduler = await Scheduler.create();
  const process = scheduler.kernel.spawn();
  process.mmap({ address: BASE, length: 8 * PAGE, fixed: true });
  process.write(BASE, 1);
  return { scheduler, kernel: scheduler.kernel, process };
}

test("an actor made after a moment is no more when the moment comes back", async () => {
  const { scheduler, kernel, process } = await ground();
  const moment = scheduler.save();
  const late = scheduler.actor("late", (batch) => batch.write(process, BASE + PAGE, 2));
  scheduler.step(late);
  scheduler.restore(moment);
  expect(scheduler.actors).toEqual([]);
  expect(() => scheduler.step(late)).toThrow(RangeError);
  for (let i = 0; i < 8; i++) process.write(BASE + i * PAGE, i);
  expect(kernel.verify()).toEqual([]);
});

test("results belong to a moment", async () => {
  const { scheduler, process } = await ground();
  const actor = scheduler.actor("reads", (batch) => {
    batch.read(process, BASE);
    batch.read(process, BASE + PAGE);
  });
  while (actor.batch.result(0) !== 1) scheduler.step(actor);
  const first = scheduler.save();
  scheduler.finish(actor);
  expect([0, 1].map((i) => actor.batch.result(i))).toEqual([1, 0]);
  scheduler.kernel.machine.floats.fill(9, 0x4400 / 8, 0x5400 / 8);
  scheduler.restore(first);
  expect(actor.batch.result(0)).toBe(1);
});

test("a batch of the kernel leaves the operations of actors alone", async () => {
  const { scheduler, kernel, process } = await ground();
  const actor = scheduler.actor("writes", (batch) => batch.write(process, BASE + PAGE, 7));
  const batch = kernel.batch();
  expect(() => {
    for (let i = 0; i < 256; i++) batch.read(process, BASE);
  }).toThrow("Batch holds 16 operations");
  batch.run();
  scheduler.finish(actor);
  expect(process.read(BASE + PAGE)).toBe(7);
});

test("after a broken rule the machine can be restored and used", async () => {
  const { scheduler, kernel, process } = await ground();
  process.fork();
  const page = process.pageAt(BASE)!;
  const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
  const start = scheduler.save();
  scheduler.step(walk);
  let held = false;
  while (!walk.done && !held) {
    scheduler.step(walk);
    const moment = scheduler.save();
    // A call of the API can't wait for a suspended actor.
    try {
      process.munmap(BASE, PAGE);
    } catch (error) {
      held = true;
      expect(error).toMatchObject({ code: "BUG" });
    }
    scheduler.restore(moment);
  }
  expect(held).toBe(true);
  scheduler.restore(start);
  process.write(BASE, 5);
  expect(process.read(BASE)).toBe(5);
  expect(kernel.verify()).toEqual([]);
});
