// spec/rmap.md Part 1, "Objects and lifetime": from a page to its anon_vma, which may be freed under the look.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { Scheduler, type Actor } from "../../bindings/scenario/scheduler.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "../api/ground.js";
import { RawMachine } from "../check/raw-machine.js";
import { interrupt, settle, stepToLock, stepUntil } from "../explore/interruption.js";

const build = "checked";

/**
 * A page of a process on a machine whose paths can be stopped, and what ends its anon_vma, which a stranger
 * reuses as a root. As a child's it had another root before.
 */
async function reusable(of: "root" | "child" = "root") {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const [first, stranger] = [kernel.spawn(), kernel.spawn()];
  lay(first, 0, 1);
  first.write(at(0), 1);
  const owner = of === "root" ? first : first.fork();
  owner.write(at(0), 1);
  kernel.pageReferenced(pageAt(owner, 0));
  const page = pageAt(owner, 0);
  kernel.resetCounters();
  const reuse = (batch: Parameters<Parameters<Scheduler["actor"]>[1]>[0]): void => {
    batch.munmap(owner, at(0), PAGE);
    batch.mmap(stranger, { address: at(0), length: PAGE, fixed: true });
    batch.write(stranger, at(0), 2);
  };
  return { scheduler, kernel, page, reuse };
}

describe("page_get_anon_vma", () => {
  test("gives up where the page was unmapped meanwhile, and its anon_vma is another one by now", async () => {
    const { scheduler, kernel, page, reuse } = await reusable();
    const migrate = scheduler.actor("migrate", (batch) => batch.migratePage(page));
    const other = scheduler.actor("reuse", reuse);
    const results = new Set<string | null>();
    const start = scheduler.save();
    for (let stop = 0; ; stop++) {
      scheduler.restore(start);
      for (let step = 0; step < stop && !migrate.done; step++) scheduler.step(migrate);
      if (migrate.done) break;
      const reused = scheduler.finish(other);
      kernel.resetCounters();
      settle(scheduler);
      const moved = migrate.batch.result(0) === 0;
      results.add(moved ? "moved" : (migrate.batch.error(0) ?? "busy"));
      // A page that was pinned in time moves, with no entry to restore: its anon_vma is there still, and empty.
      if (reused && moved) expect(kernel.counters.nodesVisited).toBe(0);
      expect(kernel.verify(), `stopped after ${stop} steps`).toEqual([]);
    }
    expect(results).toEqual(new Set(["ESTALE", "busy", "moved"]));
    kernel.dispose();
  });

  test("of an unmapped page not even the count is looked at: it may be anybody's by now", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    lay(process, 0, 2);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    const migrate = scheduler.actor("migrate", (batch) => batch.migratePage(page));
    const anonVma = new RawMachine(kernel).anonVma(process, at(0)).address;
    const isAtCount = (): boolean =>
      migrate.stop?.kind === "access" && migrate.stop.object === anonVma;
    const start = scheduler.save();
    stepUntil(scheduler, migrate, isAtCount);
    scheduler.restore(start);
    kernel.pin(page);
    process.madvise(at(0), PAGE, "dontneed");
    expect(() => stepUntil(scheduler, migrate, isAtCount)).toThrow("never gets there");
    expect(migrate.batch.result(0)).toBe(1);
    scheduler.restore(start);
    kernel.dispose();
  });

  test("of an unmapped page there is none, so it is busy", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.pin(page);
    process.munmap(at(0), PAGE);
    expect(page.mapcount).toBe(0);
    expect(kernel.migratePage(page).result).toBe("busy");
    kernel.unpin(page);
    expectHealthy(kernel);
  });
});

describe("page_lock_anon_vma", () => {
  test("never walks the anon_vma of a stranger that was reused under its feet", async () => {
    const { scheduler, kernel, page, reuse } = await reusable();
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
    const other = scheduler.actor("reuse", reuse);
    interrupt(scheduler, walk, other, () => {
      // Either the walk came first and found the page's entry, or it did not come about.
      const { walks, entriesChecked, irrelevantVmas } = kernel.counters;
      expect(walks === 0 || entriesChecked + irrelevantVmas > 0).toBe(true);
    });
    const stopped = scheduler.save();
    scheduler.step(walk);
    scheduler.step(walk);
    scheduler.finish(other);
    scheduler.finish(walk);
    expect(kernel.counters.walks).toBe(0);
    scheduler.restore(stopped);
    kernel.dispose();
  });

  test("where the mutex is taken it looks again before it waits: a stranger's is not waited for", async () => {
    const { scheduler, kernel, page, reuse } = await reusable();
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
    const other = scheduler.actor("reuse", reuse);
    const mutex = stepToLock(scheduler, walk);
    // The unmap takes it first, then the stranger, whose anon_vma it is now.
    for (let i = 0; i < 2; i++) stepToLock(scheduler, other, mutex);
    scheduler.step(other);
    expect(scheduler.finish(walk)).toBe(true);
    expect(kernel.counters.walks).toBe(0);
    scheduler.finish(other);
    expectHealthy(kernel);
    kernel.dispose();
  });

  test("after it has waited it does not look again: whoever walks looks at each entry anyway", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    lay(process, 0, 2);
    for (const i of [0, 1]) process.write(at(i), 1);
    const [walk, holder] = [0, 1].map((i) => {
      const page = pageAt(process, i);
      return scheduler.actor(`walk ${i}`, (batch) => batch.pageReferenced(page));
    }) as [Actor, Actor];
    const zap = scheduler.actor("zap", (batch) => batch.madvise(process, at(0), PAGE, "dontneed"));
    kernel.resetCounters();
    stepToLock(scheduler, holder);
    scheduler.step(holder);
    expect(scheduler.finish(walk)).toBe(false);
    expect(scheduler.finish(zap)).toBe(true);
    for (const actor of [holder, walk]) expect(scheduler.finish(actor)).toBe(true);
    expect(kernel.counters.walks).toBe(2);
    expect(walk.batch.result(0)).toBe(0);
    expectHealthy(kernel);
    kernel.dispose();
  });

  test("lets go of the mutex that it took, though the anon_vma has another root by now", async () => {
    const { scheduler, kernel, page, reuse } = await reusable("child");
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
    const other = scheduler.actor("reuse", reuse);
    // The wrong root's mutex would be let go, which nobody has taken: a BUG.
    interrupt(scheduler, walk, other, () => {
      expect(walk.batch.error(0) ?? "ESTALE").toBe("ESTALE");
    });
    kernel.dispose();
  });

  test("a pin that turns out to be the last reference is put without the mutex", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    const [holder, walk] = ["holder", "walk"].map((name) =>
      scheduler.actor(name, (batch) => batch.pageReferenced(page)),
    ) as [Actor, Actor];
    const exit = scheduler.actor("exit", (batch) => batch.exit(process));
    const start = scheduler.save();
    let waited = 0;
    for (let stop = 1; ; stop++) {
      scheduler.restore(start);
      for (let step = 0; step < stop && !holder.done; step++) scheduler.step(holder);
      if (holder.done) break;
      // While the holder has the root's mutex the walk waits for it with a pin, and the exit without.
      if (!scheduler.finish(walk)) waited++;
      scheduler.finish(exit);
      scheduler.finish(holder);
      // The last VMA goes before the walk has its turn.
      scheduler.finish(exit);
      settle(scheduler);
      expect(kernel.verify(), `holder stopped after ${stop} steps`).toEqual([]);
    }
    expect(waited).toBeGreaterThan(0);
    kernel.dispose();
  });
});
