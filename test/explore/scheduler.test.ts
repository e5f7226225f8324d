import { describe, expect, test } from "vitest";
import type { Actor, Moment } from "../../bindings/scenario/scheduler.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";

const PAGE = 4096;
const BASE = 0x200000000000;

/** Runs actors to their ends, taking turns as `choose` says; how many steps it took. */
function interleave(scheduler: Scheduler, choose: (ready: Actor[]) => Actor): number {
  for (let steps = 0; steps < 100_000; steps++) {
    const ready = scheduler.actors.filter((actor) => !actor.done);
    if (ready.length === 0) return steps;
    scheduler.step(choose(ready));
  }
  throw new Error("the actors do not come to an end");
}

function seeded(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** A parent and a child that share four pages, all old. */
async function family(anonIndex: "list" | "interval-tree") {
  const scheduler = await Scheduler.create({ anonIndex });
  const parent = scheduler.kernel.spawn();
  parent.mmap({ address: BASE, length: 4 * PAGE, fixed: true });
  for (let i = 0; i < 4; i++) parent.write(BASE + i * PAGE, 10 + i);
  const child = parent.fork();
  const page = parent.pageAt(BASE + PAGE)!;
  scheduler.kernel.pageReferenced(page);
  return { scheduler, kernel: scheduler.kernel, parent, child, page };
}

describe.each(["list", "interval-tree"] as const)("with the %s", (anonIndex) => {
  test("two kernel paths are suspended in the middle and both come to their end", async () => {
    const { scheduler, kernel, parent, child, page } = await family(anonIndex);
    const reclaim = scheduler.actor("reclaim", (batch) => batch.tryToUnmap(page));
    const split = scheduler.actor("split", (batch) =>
      batch.mprotect(parent, BASE + PAGE, PAGE, "r"),
    );
    scheduler.step(reclaim);
    scheduler.step(split);
    expect(reclaim.stop).not.toBeNull();
    expect(split.stop).not.toBeNull();
    const turns = interleave(scheduler, (ready) => ready[0]!);
    expect(turns).toBeGreaterThan(5);
    expect(reclaim.batch.result(0)).toBe(0);
    expect(split.batch.result(0)).toBe(0);
    expect(page.mapcount).toBe(0);
    expect(parent.vmas()).toHaveLength(3);
    expect(parent.read(BASE + PAGE)).toBe(11);
    expect(child.read(BASE + PAGE)).toBe(11);
    expect(kernel.verify()).toEqual([]);
  });

  test("a split waits for the anon_vma mutex that a walk holds", async () => {
    const { scheduler, parent, page } = await family(anonIndex);
    const split = scheduler.actor("split", (batch) =>
      batch.mprotect(parent, BASE + PAGE, PAGE, "r"),
    );
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
    let waited = false;
    while (!walk.done && !waited) {
      scheduler.step(walk);
      const moment = scheduler.save();
      waited = !scheduler.finish(split);
      if (waited) expect(split.blocked).toBe(true);
      scheduler.restore(moment);
    }
    expect(waited).toBe(true);
    interleave(scheduler, (ready) => ready.find((actor) => !actor.blocked) ?? ready[0]!);
    expect(scheduler.kernel.verify()).toEqual([]);
  });

  test("a suspended machine is saved, and goes on from there as often as one likes", async () => {
    const { scheduler, parent, child, page } = await family(anonIndex);
    scheduler.actor("write", (batch) => batch.write(child, BASE + PAGE, 99));
    scheduler.actor("unmap", (batch) => batch.munmap(parent, BASE + PAGE, PAGE));
    const moments: Moment[] = [];
    interleave(scheduler, (ready) => {
      if (ready.length === 2) moments.push(scheduler.save());
      return ready[moments.length % 2] ?? ready[0]!;
    });
    expect(moments.length).toBeGreaterThan(5);
    for (const moment of moments) {
      for (const first of [0, 1]) {
        scheduler.restore(moment);
        interleave(
          scheduler,
          (ready) =>
            ready.find((actor) => actor.number === first + 1 && !actor.blocked) ??
            ready[ready.length - 1]!,
        );
        expect(child.read(BASE + PAGE)).toBe(99);
        expect(() => parent.read(BASE + PAGE)).toThrow("SIGSEGV");
        expect(scheduler.kernel.verify()).toEqual([]);
      }
    }
    expect(page.frame).toBeGreaterThan(0);
  });

  test("whatever the order of steps, the invariants hold when all is quiet", async () => {
    const { scheduler, kernel, parent, child, page } = await family(anonIndex);
    scheduler.actor("reclaim", (batch) => batch.tryToUnmap(page));
    scheduler.actor("fault", (batch) => batch.write(child, BASE + PAGE, 50));
    scheduler.actor("move", (batch) =>
      batch.mremap(parent, BASE + PAGE, PAGE, PAGE, { to: BASE + 64 * PAGE }),
    );
    const start = scheduler.save();
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed);
      scheduler.restore(start);
      interleave(scheduler, (ready) => ready[random(ready.length)]!);
      expect(kernel.verify(), `seed ${seed}`).toEqual([]);
      expect(child.read(BASE + PAGE), `seed ${seed}`).toBe(50);
      expect(parent.read(BASE + 64 * PAGE), `seed ${seed}`).toBe(11);
    }
  });
});

test("a lab's machine with two suspended actors stays under 128 KiB", async () => {
  const { scheduler, parent, child } = await family("interval-tree");
  const a = scheduler.actor("a", (batch) => batch.write(parent, BASE, 1));
  const b = scheduler.actor("b", (batch) => batch.write(child, BASE, 2));
  scheduler.step(a);
  scheduler.step(b);
  expect(scheduler.save().snapshot.image.bytes.length).toBeLessThan(128 * 1024);
});
