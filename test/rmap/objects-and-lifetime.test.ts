// spec/rmap.md Part 1, "Objects and lifetime": a test for each row.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { anonVmaAt, at, codeOf, expectHealthy, lay, PAGE, pageAt, places } from "../api/ground.js";
import { RawMachine } from "../check/raw-machine.js";
import { interrupt, stepToLock, stepUntil } from "../explore/interruption.js";

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

  test("nor before one who got the mutex between the last look at the index and the end", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const parent = kernel.spawn();
    lay(parent, 0, 1);
    parent.write(at(0), 1);
    const child = parent.fork();
    const page = pageAt(parent, 0);
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
    const unmap = scheduler.actor("unmap", (batch) => batch.munmap(child, at(0), PAGE));
    const mutex = stepToLock(scheduler, walk);
    stepUntil(scheduler, unmap, () => unmap.stop?.kind === "unlock" && unmap.stop.object === mutex);
    scheduler.step(walk);
    // The child's anon_vma is in no index any more. Its root, the parent's, is being walked.
    expect(scheduler.finish(unmap)).toBe(false);
    expect(unmap.stop!.object).toBe(mutex);
    expect(scheduler.finish(walk)).toBe(true);
    expect(scheduler.finish(unmap)).toBe(true);
    expectHealthy(kernel);
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

describe("anon_vma_prepare looks for a neighbour that could be one VMA with this", () => {
  test("pgoff goes on from the one to the other: one that mremap has brought is none", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    process.mremap(at(0), PAGE, PAGE, { to: at(100) });
    lay(process, 101, 1);
    lay(process, 99, 1);
    for (const i of [101, 99]) process.write(at(i), 1);
    const [before, moved, behind] = [99, 100, 101].map((i) => anonVmaAt(process, i));
    expect(behind).not.toBe(moved);
    expect(before).not.toBe(moved);
  });

  test("of one file: another's is none, though its pgoff would fit", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    for (const i of [0, 1]) lay(process, i, 1, { file: kernel.createFile({ pages: 2 }), pgoff: i });
    for (const i of [0, 1]) process.write(at(i), 1);
    expect(anonVmaAt(process, 1)).not.toBe(anonVmaAt(process, 0));
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
    const linked = new Set<number>();
    for (const others of [0, 1, 2]) {
      const kernel = await createKernel({ build, memory: 2 ** 20, frames: 64 });
      const [process, stranger] = [kernel.spawn(), kernel.spawn()];
      // Links of others, so that the last slab of them ends elsewhere in the chain.
      for (let i = 0; i < others; i++) {
        lay(process, 2 * i, 1);
        process.write(at(2 * i), 1);
      }
      lay(process, 10, 20_000);
      process.write(at(20_009), 1);
      const grandchild = process.fork().fork();
      const page = pageAt(process, 20_009);
      // Each cuts one page off the rest, which takes one VMA and three links.
      const cut = (i: number): void => grandchild.mprotect(at(i), PAGE, i % 2 ? "r" : "rx");
      const own = new RawMachine(kernel).anonVma(grandchild, at(20_009));
      let i = 10;
      let users: number;
      do {
        kernel.resetCounters();
        users = own.get("activeVmas");
      } while (codeOf(() => cut(i++)) === "");
      expect(own.get("activeVmas")).toBe(users);
      const { chainsCreated } = kernel.counters;
      linked.add(chainsCreated);
      if (!chainsCreated) continue;
      // Its VMA is used again, by a stranger who maps the same pgoff: no walk may come to it.
      lay(stranger, 20_009, 1);
      kernel.resetCounters();
      expect(kernel.rmapWalk(page)).toBe(3);
      expect(kernel.counters.entriesChecked).toBe(3);
      // What was taken back can be had again.
      const { vmaCount } = grandchild;
      grandchild.munmap(at(10), PAGE);
      expect(codeOf(() => cut(i - 1))).toBe("");
      expect(grandchild.vmaCount).toBe(vmaCount);
    }
    expect(Math.max(...linked)).toBeGreaterThan(0);
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
  test("a pin keeps an anon_vma that no VMA has any more, and its root; the root goes first", async () => {
    const kernel = await createKernel({ build });
    const raw = new RawMachine(kernel);
    const [parent, other] = [kernel.spawn(), kernel.spawn()];
    lay(parent, 0, 1);
    parent.write(at(0), 5);
    const child = parent.fork();
    lay(other, 0, 1);
    for (const process of [child, other]) {
      process.write(at(0), 5);
      process.madvise(at(0), PAGE, "mergeable");
    }
    kernel.ksm.settle();
    expect(kernel.ksm.pagesSharing).toBe(1);
    const both = [child, parent].map((process) => raw.anonVma(process, at(0)));
    const live = (): boolean[] => both.map((anonVma) => (anonVma.get("state") & 1) === 1);
    // KSM's record of the child's place holds the child's anon_vma until the next scan, and that its root.
    parent.exit();
    child.exit();
    expect(live()).toEqual([true, true]);
    expectHealthy(kernel);
    kernel.ksm.scan();
    expect(live()).toEqual([false, false]);
    expectHealthy(kernel);
    // What was freed last is used again first.
    const next = kernel.spawn();
    for (const [i, { address }] of both.entries()) {
      lay(next, 8 * i, 1);
      next.write(at(8 * i), 1);
      expect(raw.anonVma(next, at(8 * i)).address).toBe(address);
    }
  });
});
