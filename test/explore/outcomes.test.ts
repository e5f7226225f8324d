// Two kernel paths that meet, and what their users may see of it, whatever the first has done when the second
// begins.

import { expect, test } from "vitest";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, mapFile, PAGE, share } from "./ground.js";
import { interrupt } from "./interruption.js";

test("a truncation leaves no private copy beyond the end, though one is made meanwhile", async () => {
  const scheduler = await Scheduler.create();
  const a = scheduler.kernel.spawn();
  const file = mapFile({ scheduler, a, b: scheduler.kernel.spawn() }, false);
  const write = scheduler.actor("write", (batch) => batch.write(a, BASE + PAGE, 5));
  const truncate = scheduler.actor("truncate", (batch) => batch.truncate(file, 1));
  const copies = new Set<boolean>();
  const look = (): void => {
    // A write that comes after it is SIGBUS; one that came before has left nothing.
    expect(a.pageAt(BASE + PAGE)).toBe(null);
    copies.add(write.batch.error(0) === null);
  };
  interrupt(scheduler, truncate, write, look);
  interrupt(scheduler, write, truncate, look);
  expect(copies).toEqual(new Set([true, false]));
  scheduler.kernel.dispose();
});

test("a hole, and a fault that maps its page again before that leaves the cache", async () => {
  const scheduler = await Scheduler.create();
  const ground = { scheduler, a: scheduler.kernel.spawn(), b: scheduler.kernel.spawn() };
  const file = mapFile(ground, true);
  const { a } = ground;
  a.read(BASE);
  const punch = scheduler.actor("punch", (batch) => batch.punchHole(file, 0, 1));
  const read = scheduler.actor("read", (batch) => batch.read(a, BASE));
  interrupt(scheduler, punch, read, () => expect(a.read(BASE)).toBe(0));
  scheduler.kernel.dispose();
});

test("a copy on write, and a thread that reads meanwhile: never what the old page's other owner writes", async () => {
  const scheduler = await Scheduler.create();
  const ground = { scheduler, a: scheduler.kernel.spawn(), b: scheduler.kernel.spawn() };
  const { child } = share(ground);
  const { a } = ground;
  const thread = a.fork({ shareMemory: true });
  const write = scheduler.actor("write", (batch) => batch.write(a, BASE, 5));
  const others = scheduler.actor("others", (batch) => {
    batch.write(child, BASE, 6);
    batch.read(thread, BASE);
  });
  const seen = new Set<number>();
  interrupt(scheduler, write, others, () => seen.add(others.batch.result(1)));
  // The old page loses its mapping after the entry leads to the copy, or its other owner would take it early.
  expect(seen).toEqual(new Set([10, 5]));
  scheduler.kernel.dispose();
});

test("two migrations of pages at one index: each restores its own entries", async () => {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const parent = kernel.spawn();
  parent.mmap({ address: BASE, length: PAGE, fixed: true });
  parent.write(BASE, 1);
  const child = parent.fork();
  child.write(BASE, 2);
  // The walk from the parent's page comes by the child's entry, which waits for another page.
  const [one, other] = [parent, child].map((process) => {
    const page = process.pageAt(BASE)!;
    return scheduler.actor(`of ${process.pid}`, (batch) => batch.migratePage(page));
  });
  interrupt(scheduler, other!, one!, () => {
    expect([parent.read(BASE), child.read(BASE)]).toEqual([1, 2]);
  });
  kernel.dispose();
});

test("a fork in the middle of a migration: neither sees afterwards what the other writes", async () => {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const a = kernel.spawn();
  a.mmap({ address: BASE, length: PAGE, fixed: true });
  a.write(BASE, 1);
  const page = a.pageAt(BASE)!;
  const migrate = scheduler.actor("migrate", (batch) => batch.migratePage(page));
  const fork = scheduler.actor("fork", (batch) => batch.fork(a));
  interrupt(scheduler, migrate, fork, () => {
    const child = fork.batch.process(0);
    child.write(BASE, 2);
    expect(a.read(BASE)).toBe(1);
    a.write(BASE, 3);
    expect(child.read(BASE)).toBe(2);
  });
  kernel.dispose();
});

test("a KSM scan merges nothing in what is not mergeable any more", async () => {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const a = kernel.spawn();
  a.mmap({ address: BASE, length: 2 * PAGE, fixed: true });
  for (let i = 0; i < 2; i++) a.write(BASE + i * PAGE, 5);
  a.madvise(BASE, 2 * PAGE, "mergeable");
  kernel.ksm.scan();
  const scan = scheduler.actor("scan", (batch) => batch.ksmScan());
  const advise = scheduler.actor("advise", (batch) => {
    batch.madvise(a, BASE, 2 * PAGE, "unmergeable");
  });
  interrupt(scheduler, scan, advise, () => {
    const shared = [0, 1].map((i) => a.pageAt(BASE + i * PAGE)!.ksm);
    expect(shared).toEqual([false, false]);
  });
  kernel.dispose();
});
