// Pairs of kernel paths that meet at the swap token (race.ts).

import { expect, test } from "vitest";
import type { Batch } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { RawMachine } from "../check/raw-machine.js";
import { BASE, fill, PAGE, swapOut, type Ground } from "./ground.js";
import { stepUntil } from "./interruption.js";
import { race } from "./race.js";

/** Both have a page in swap, and `a` has read one from there before. */
function thrashing(ground: Ground): void {
  const { a, b } = ground;
  fill(a, 2);
  fill(b, 1);
  swapOut(ground, a, 1);
  a.read(BASE + PAGE);
  swapOut(ground, a, 0);
  swapOut(ground, b, 0);
}

race(
  "two reads from swap, of which at most one finds the lock taken",
  (ground) => {
    thrashing(ground);
    const { a, b, scheduler } = ground;
    const before = [a, b].map((process) => process.tokenState!.faultstamp);
    const look = (): void => {
      const { holder, globalFaults } = scheduler.kernel.swapToken!;
      expect([holder, globalFaults]).toEqual([a, 3]);
      const unstamped = [a, b].filter((it, i) => it.tokenState!.faultstamp === before[i]);
      expect(unstamped.length).toBeLessThan(2);
    };
    return [(batch) => batch.read(a, BASE), (batch) => batch.read(b, BASE), look];
  },
  { swapToken: "on" },
);

race(
  "a read from swap by a thread, and a move of its process to another cgroup",
  (ground) => {
    thrashing(ground);
    const { a, scheduler } = ground;
    const cgroup = scheduler.kernel.createCgroup("g");
    return [(batch) => batch.read(a, BASE), (batch) => batch.moveToCgroup(a, cgroup)];
  },
  { swapToken: "on" },
);

race(
  "a read from swap by another, and the end of the holder",
  (ground) => {
    thrashing(ground);
    const { a, b, scheduler } = ground;
    const look = (): void => {
      expect([b, null]).toContain(scheduler.kernel.swapToken!.holder);
    };
    return [(batch) => batch.read(b, BASE), (batch: Batch) => batch.exit(a), look];
  },
  { swapToken: "on" },
);

race(
  "the end of the holder, and reclaim that takes the token from it before another read takes it",
  (ground) => {
    const { a, b, scheduler } = ground;
    const cgroup = scheduler.kernel.createCgroup("g");
    cgroup.move(a);
    thrashing(ground);
    expect(scheduler.kernel.swapToken!.holder).toBe(a);
    const look = (): void => {
      expect(scheduler.kernel.swapToken!.holder).toBe(b);
    };
    return [
      (batch) => batch.exit(a),
      (batch) => {
        batch.setLimit(cgroup, 0);
        batch.read(b, BASE);
      },
      look,
    ];
  },
  { swapToken: "on" },
);

race(
  "a walk over a page of the holder, and the end of the fault in which that is held",
  (ground) => {
    thrashing(ground);
    const { a, scheduler } = ground;
    const page = a.pageAt(BASE + PAGE)!;
    scheduler.kernel.pageReferenced(page);
    a.hold();
    return [(batch) => batch.pageReferenced(page), (batch) => batch.letGo(a)];
  },
  { swapToken: "on" },
);

test("a system call of a thread waits for the end of that fault", async () => {
  const scheduler = await Scheduler.create({ swapToken: "on" });
  const a = scheduler.kernel.spawn();
  fill(a, 2);
  const thread = a.fork({ shareMemory: true });
  a.hold();
  const first = scheduler.actor("first", (batch) => batch.munmap(thread, BASE, 4 * PAGE));
  const second = scheduler.actor("second", (batch) => batch.letGo(a));
  stepUntil(scheduler, first, () => first.blocked);
  expect(thread.vmas()).toHaveLength(1);
  scheduler.finish(second);
  scheduler.finish(first);
  expect(thread.vmas()).toEqual([]);
  expect(scheduler.kernel.verify()).toEqual([]);
  scheduler.kernel.dispose();
});

test("who finds the token's lock taken leaves no stamp", async () => {
  const scheduler = await Scheduler.create({ swapToken: "on" });
  const ground = { scheduler, a: scheduler.kernel.spawn(), b: scheduler.kernel.spawn() };
  thrashing(ground);
  const { a, b } = ground;
  const { kernel } = scheduler;
  const raw = new RawMachine(kernel);
  const lock = raw.header.at("swapTokenLock");
  const first = scheduler.actor("first", (batch) => batch.read(a, BASE));
  const second = scheduler.actor("second", (batch) => batch.read(b, BASE));
  stepUntil(scheduler, first, () => raw.get32(lock) !== 0);
  scheduler.finish(second);
  // It has come to its end, and has counted.
  expect([b.rss.anon, kernel.swapToken!.globalFaults]).toEqual([1, 3]);
  expect(b.tokenState).toEqual({ priority: 0, interval: 0, faultstamp: 0 });
  scheduler.finish(first);
  // What it has counted beside, the first has seen.
  expect(a.tokenState).toEqual({ priority: 4, interval: 1, faultstamp: 3 });
  expect(kernel.verify()).toEqual([]);
  scheduler.kernel.dispose();
});
