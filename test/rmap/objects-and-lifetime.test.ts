// spec/rmap.md Part 1, "Objects and lifetime": a test for each row.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { Scheduler, type Actor } from "../../bindings/scenario/scheduler.js";
import { anonVmaAt, at, codeOf, expectHealthy, lay, PAGE, pageAt, places } from "../api/ground.js";
import { interrupt, settle } from "../explore/interruption.js";

const build = "checked";

describe("anon_vma_alloc / free", () => {
  test("a freed anon_vma is reused at once, as another one", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const first = anonVmaAt(process, 0);
    const memory = kernel.memoryInUse;
    for (let i = 0; i < 100; i++) {
      process.munmap(at(0), PAGE);
      lay(process, 0, 1);
      process.write(at(0), 1);
    }
    expect(anonVmaAt(process, 0)).toBe(first + 100);
    expect(kernel.memoryInUse).toBe(memory);
    expectHealthy(kernel);
  });

  test("whoever holds the root's mutex has finished before the anon_vma is freed", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
    const unmap = scheduler.actor("unmap", (batch) => batch.munmap(process, at(0), PAGE));
    expect(interrupt(scheduler, walk, unmap)).toBeGreaterThan(4);
    kernel.dispose();
  });
});

describe("anon_vma_ctor / init", () => {
  test("a reused anon_vma begins with an empty index and no reference of before", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 4);
    process.write(at(0), 1);
    process.mprotect(at(1), PAGE, "r");
    process.munmap(at(0), 4 * PAGE);
    lay(process, 8, 1);
    process.write(at(8), 2);
    expect(kernel.stab(pageAt(process, 8))).toBe(1);
    expectHealthy(kernel);
  });
});

describe("anon_vma_chain_link", () => {
  test("newest first in the VMA's chain, at the tail of the list", async () => {
    const kernel = await createKernel({ build, anonIndex: "list" });
    const parent = kernel.spawn();
    lay(parent, 0, 1);
    parent.write(at(0), 1);
    const child = parent.fork();
    const grandchild = child.fork();
    // The oldest anon_vma lists the VMAs in the order in which they were linked.
    expect(places(pageAt(parent, 0))).toEqual([parent, child, grandchild].map((p) => `${p.pid}:0`));
    expectHealthy(kernel);
  });
});

describe("anon_vma_prepare", () => {
  test("takes that of a neighbour whose chain has one link, the next VMA's before the previous one's", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1);
    lay(process, 1, 1, { prot: "rwx" });
    lay(process, 2, 1);
    process.write(at(0), 1);
    process.write(at(2), 1);
    process.write(at(1), 1);
    expect(anonVmaAt(process, 0)).not.toBe(anonVmaAt(process, 2));
    expect(anonVmaAt(process, 1)).toBe(anonVmaAt(process, 2));
  });

  test("takes none of a neighbour with a longer chain", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 1);
    lay(parent, 1, 1, { prot: "rwx" });
    parent.write(at(0), 1);
    const child = parent.fork();
    child.write(at(1), 1);
    expect(anonVmaAt(child, 1)).not.toBe(anonVmaAt(child, 0));
  });

  test("of two threads that make one for the same VMA, the loser frees what it made", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    const thread = process.fork({ shareMemory: true });
    lay(process, 0, 2);
    const one = scheduler.actor("one", (batch) => batch.write(process, at(0), 1));
    const other = scheduler.actor("other", (batch) => batch.write(thread, at(1), 2));
    const seen = new Set<number>();
    interrupt(scheduler, one, other, () => seen.add(kernel.counters.anonVmasCreated));
    expect(seen).toEqual(new Set([1, 2]));
    kernel.dispose();
  });
});

describe("anon_vma_clone", () => {
  test("gives the copy the whole chain, in the same order", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 4);
    parent.write(at(0), 1);
    const child = parent.fork().fork();
    const chains = kernel.counters.chainsCreated;
    child.mprotect(at(2), 2 * PAGE, "r");
    expect(kernel.counters.chainsCreated - chains).toBe(3);
    // verify() has the order: newest first, all of one root.
    expectHealthy(kernel);
  });

  test("without memory it takes back what it had linked", async () => {
    const kernel = await createKernel({ build, memory: 2 ** 20, frames: 64 });
    const process = kernel.spawn();
    lay(process, 0, 20_000);
    process.write(at(0), 1);
    const split = (i: number): void => process.mprotect(at(i), PAGE, "r");
    process.write(at(19_001), 1);
    let i = 1;
    while (codeOf(() => split(i)) === "") i += 2;
    const before = process.vmaCount;
    expect(codeOf(() => split(19_001))).toBe("ENOMEM");
    expect(process.vmaCount).toBe(before);
    // What was taken back can be had again.
    process.munmap(at(0), 64 * PAGE);
    expect(codeOf(() => split(19_001))).toBe("");
  });
});

describe("lock_anon_vma_root", () => {
  test("all anon_vmas of a chain have one root, and it is locked once", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 1);
    parent.write(at(0), 1);
    let last = parent;
    for (let i = 0; i < 10; i++) last = last.fork();
    // Eleven anon_vmas in the chain: a second root, or a second lock of the same, is a BUG here.
    last.munmap(at(0), PAGE);
    expectHealthy(kernel);
  });
});

describe("anon_vma_fork", () => {
  test("a child of a VMA without anon_vma gets none", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 1);
    const child = parent.fork();
    expect(anonVmaAt(child, 0)).toBe(0);
    expect(kernel.counters.anonVmasCreated).toBe(0);
  });

  test("else one of its own beside its parent's", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 2);
    parent.write(at(0), 1);
    const child = parent.fork();
    expect(anonVmaAt(child, 0)).not.toBe(anonVmaAt(parent, 0));
    child.write(at(1), 2);
    // New pages of the child are found from its own anon_vma, without a look at the parent.
    expect(kernel.stab(pageAt(child, 1))).toBe(1);
    expect(kernel.stab(pageAt(parent, 0))).toBe(2);
    expectHealthy(kernel);
  });
});

describe("unlink_anon_vmas", () => {
  test("the root goes last, and not before the children that need its mutex", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 1);
    parent.write(at(0), 1);
    const child = parent.fork();
    parent.exit();
    child.write(at(0), 2);
    expectHealthy(kernel);
    child.exit();
    expectHealthy(kernel);
    expect(kernel.vmstat().nr_anon_pages).toBe(0);
  });
});

describe("put / __put_anon_vma", () => {
  test("a pin keeps an anon_vma that no VMA has any more, and its root", async () => {
    const kernel = await createKernel({ build });
    const [one, two] = [kernel.spawn(), kernel.spawn()];
    for (const process of [one, two]) {
      lay(process, 0, 1);
      process.write(at(0), 5);
      process.madvise(at(0), PAGE, "mergeable");
    }
    kernel.ksm.settle();
    expect(kernel.ksm.pagesSharing).toBe(1);
    // KSM's record of the place holds the anon_vma until the next scan.
    two.exit();
    expectHealthy(kernel);
    kernel.ksm.scan();
    expectHealthy(kernel);
    expect(kernel.ksm.pagesSharing).toBe(0);
  });
});

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
