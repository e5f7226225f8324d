// Storage keys are marked and asked without a lock: paths that meet there, on an s390x.

import { expect, test } from "vitest";
import type { KernelOptions } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { RawMachine } from "../check/raw-machine.js";
import { BASE, fill, PAGE } from "./ground.js";
import { interrupt, settle, stepUntil } from "./interruption.js";

const s390x: KernelOptions = { arch: "s390x" };

/** A process that shows a tmpfs page through an entry that was writable at once. */
async function shown() {
  const scheduler = await Scheduler.create(s390x);
  const { kernel } = scheduler;
  const file = kernel.createFile({ pages: 1, kind: "tmpfs" });
  const a = kernel.spawn();
  a.mmap({ address: BASE, length: PAGE, file, shared: true, fixed: true });
  a.read(BASE);
  return { scheduler, kernel, file, a, page: a.pageAt(BASE)! };
}

test("a page that loses its file between its last unmap and the look at its key is dirty all the same", async () => {
  const { scheduler, kernel, file, a, page } = await shown();
  const raw = new RawMachine(kernel);
  const key = raw.header.get("keysChanged") + Math.floor(page.frame / 32) * 4;
  kernel.pin(page);
  a.madvise(BASE, PAGE, "dontneed");
  const punch = scheduler.actor("punch", (batch) => batch.punchHole(file, 0, 1));
  const write = scheduler.actor("write", (batch) => batch.write(a, BASE, 5));
  const unmap = scheduler.actor("unmap", (batch) => batch.munmap(a, BASE, PAGE));
  // Behind its first pass over the mappings, of which there are none.
  const locked = raw.frameAt("pageFlags", page.frame);
  stepUntil(scheduler, punch, () => punch.stop?.kind === "lock" && punch.stop.object === locked);
  scheduler.finish(write);
  expect([page.mapcount, page.storageKey?.changed]).toEqual([1, true]);
  stepUntil(scheduler, unmap, () => unmap.stop?.object === key);
  expect(page.mapcount).toBe(0);
  scheduler.finish(punch);
  expect(page.inode).toBe(0);
  settle(scheduler);
  expect([page.dirty, page.storageKey?.changed]).toEqual([true, false]);
  kernel.unpin(page);
  expect(kernel.verify()).toEqual([]);
  kernel.dispose();
});

test("a write that comes between two unmaps is noticed at the last one", async () => {
  const { scheduler, kernel, file, a, page } = await shown();
  const b = kernel.spawn();
  b.mmap({ address: BASE, length: PAGE, file, shared: true, fixed: true });
  b.read(BASE);
  const unmap = scheduler.actor("unmap", (batch) => {
    batch.munmap(a, BASE, PAGE);
    batch.munmap(b, BASE, PAGE);
  });
  const write = scheduler.actor("write", (batch) => batch.write(b, BASE, 5));
  const ends = new Set<string>();
  interrupt(scheduler, unmap, write, () => {
    const written = write.batch.error(0) === null;
    expect(page.dirty).toBe(written);
    ends.add(written ? "written" : "too late");
  });
  expect(ends).toEqual(new Set(["written", "too late"]));
  kernel.dispose();
});

test("page_referenced, and a touch meanwhile: counted now or the next time", async () => {
  const scheduler = await Scheduler.create(s390x);
  const { kernel } = scheduler;
  const a = kernel.spawn();
  fill(a, 1);
  const page = a.pageAt(BASE)!;
  kernel.pageReferenced(page);
  const ask = scheduler.actor("ask", (batch) => batch.pageReferenced(page));
  const touch = scheduler.actor("touch", (batch) => batch.read(a, BASE));
  const now = new Set<number>();
  interrupt(scheduler, ask, touch, () => {
    now.add(ask.batch.result(0));
    expect(ask.batch.result(0) + kernel.pageReferenced(page)).toBe(1);
  });
  expect(now).toEqual(new Set([0, 1]));
  kernel.dispose();
});

test("a page that comes back from swap, and is written while it is written out: swap has no old contents", async () => {
  const scheduler = await Scheduler.create(s390x);
  const { kernel } = scheduler;
  const a = kernel.spawn();
  fill(a, 1);
  const page = a.pageAt(BASE)!;
  kernel.holdIo(true);
  expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
  a.write(BASE, 20);
  kernel.holdIo(false);
  expect([page.swapCache, page.dirty]).toEqual([true, false]);
  const shrink = scheduler.actor("shrink", (batch) => batch.shrinkPage(page, { force: true }));
  const write = scheduler.actor("write", (batch) => batch.write(a, BASE, 21));
  interrupt(scheduler, shrink, write, () => expect(a.read(BASE)).toBe(21));
  kernel.dispose();
});
