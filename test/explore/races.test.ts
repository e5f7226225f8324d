// Pairs of kernel paths that meet at one page: whatever the first has done when the second begins, both
// come to their end, no rule of the locks is broken, and the invariants hold.

import { expect, test } from "vitest";
import type { Batch, Process } from "../../bindings/index.js";
import { Scheduler, type Actor } from "../../bindings/scenario/scheduler.js";

const PAGE = 4096;
const BASE = 0x200000000000;

/** Lets actors run to their ends; one that waits for a lock lets the others go first. */
function settle(scheduler: Scheduler): void {
  for (let steps = 0; steps < 20_000; steps++) {
    const ready = scheduler.actors.filter((actor) => !actor.done);
    if (ready.length === 0) return;
    scheduler.step(ready.find((actor) => !actor.blocked) ?? ready[steps % ready.length]!);
  }
  throw new Error("the actors do not come to an end");
}

/** Stops the one actor after each of its steps in turn, to let the other run as far as it can. */
function interrupt(scheduler: Scheduler, first: Actor, second: Actor): number {
  const start = scheduler.save();
  for (let stop = 0; ; stop++) {
    scheduler.restore(start);
    for (let step = 0; step < stop && !first.done; step++) scheduler.step(first);
    const last = first.done;
    scheduler.finish(second);
    settle(scheduler);
    expect(scheduler.kernel.verify(), `${first.name} interrupted after ${stop} steps`).toEqual([]);
    if (last) {
      scheduler.restore(start);
      return stop;
    }
  }
}

interface Ground {
  readonly scheduler: Scheduler;
  readonly a: Process;
  readonly b: Process;
}

type Fill = (batch: Batch, ground: Ground) => void;

/** Both orders of interruption of two paths, on each anonymous index. */
function race(name: string, setUp: (ground: Ground) => readonly [Fill, Fill]): void {
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

function mapFile({ scheduler, a, b }: Ground, shared: boolean) {
  const file = scheduler.kernel.createFile({ pages: 4, word: 100 });
  for (const process of [a, b]) {
    process.mmap({ address: BASE, length: 4 * PAGE, file, shared, fixed: true });
  }
  return file;
}

function share({ a, scheduler }: Ground) {
  a.mmap({ address: BASE, length: 4 * PAGE, fixed: true });
  for (let i = 0; i < 4; i++) a.write(BASE + i * PAGE, 10 + i);
  const child = a.fork();
  const page = a.pageAt(BASE + PAGE)!;
  scheduler.kernel.pageReferenced(page);
  return { child, page };
}

race("two readers of a file page that is not cached", (ground) => {
  mapFile(ground, true);
  return [(batch) => batch.read(ground.a, BASE), (batch) => batch.read(ground.b, BASE)];
});

race("a private write and a truncation", (ground) => {
  const file = mapFile(ground, false);
  return [(batch) => batch.write(ground.a, BASE + PAGE, 5), (batch) => batch.truncate(file, 1)];
});

race("a shared read and a truncation to nothing", (ground) => {
  const file = mapFile(ground, true);
  return [(batch) => batch.read(ground.a, BASE), (batch) => batch.truncate(file, 0)];
});

race("a shared write to a mapped page and a truncation", (ground) => {
  const file = mapFile(ground, true);
  ground.a.read(BASE);
  return [(batch) => batch.write(ground.a, BASE, 5), (batch) => batch.truncate(file, 0)];
});

race("page_referenced of a file page and its truncation", (ground) => {
  const file = mapFile(ground, true);
  ground.a.read(BASE);
  ground.b.read(BASE);
  const page = ground.a.pageAt(BASE)!;
  return [(batch) => batch.pageReferenced(page), (batch) => batch.truncate(file, 0)];
});

race("page_mkclean and a write that makes the page dirty again", (ground) => {
  mapFile(ground, true);
  ground.a.write(BASE, 1);
  const page = ground.a.pageAt(BASE)!;
  return [(batch) => batch.pageMkclean(page), (batch) => batch.write(ground.b, BASE, 2)];
});

race("page_referenced of an anonymous page and its last unmap", (ground) => {
  const { child, page } = share(ground);
  child.exit();
  return [(batch) => batch.pageReferenced(page), (batch) => batch.munmap(ground.a, BASE, 4 * PAGE)];
});

race("a copy on write and the exit of the other owner", (ground) => {
  const { child } = share(ground);
  return [(batch) => batch.write(ground.a, BASE + PAGE, 5), (batch) => batch.exit(child)];
});

race("a copy on write and an unmap in the same process", (ground) => {
  share(ground);
  return [
    (batch) => batch.write(ground.a, BASE + PAGE, 5),
    (batch) => batch.munmap(ground.a, BASE, 4 * PAGE),
  ];
});

race("two copies on write of one page", (ground) => {
  const { child } = share(ground);
  return [
    (batch) => batch.write(ground.a, BASE + PAGE, 5),
    (batch) => batch.write(child, BASE + PAGE, 6),
  ];
});

race("a fork and a reclaim", (ground) => {
  const { page } = share(ground);
  return [(batch) => batch.fork(ground.a), (batch) => batch.tryToUnmap(page)];
});

race("a swap-in and a reclaim", (ground) => {
  const { page, child } = share(ground);
  expect(ground.scheduler.kernel.tryToUnmap(page)).toBe("success");
  return [(batch) => batch.write(child, BASE + PAGE, 6), (batch) => batch.tryToUnmap(page)];
});

race("an mmap and the exit of its process", (ground) => {
  share(ground);
  return [(batch) => batch.mmap(ground.a, { length: PAGE }), (batch) => batch.exit(ground.a)];
});

race("a first write and the exit of its process", (ground) => {
  ground.a.mmap({ address: BASE, length: PAGE, fixed: true });
  return [(batch) => batch.write(ground.a, BASE, 1), (batch) => batch.exit(ground.a)];
});

race("two first writes to neighbours that may share an anon_vma", (ground) => {
  const { a } = ground;
  const thread = a.fork({ shareMemory: true });
  a.mmap({ address: BASE, length: PAGE, fixed: true });
  a.mmap({ address: BASE + PAGE, length: PAGE, prot: "rwx", fixed: true });
  return [(batch) => batch.write(a, BASE, 1), (batch) => batch.write(thread, BASE + PAGE, 2)];
});
