// How often locks are taken and for how long they are held, in steps that are the same in both checked builds.

import { describe, expect, test } from "vitest";
import { createKernel, type Kernel, type LockCount, type LockName } from "../../bindings/index.js";
import { at, lay, PAGE, pageAt } from "./ground.js";
import { fill, machine, swapOut } from "./machine.js";

type Locks = Partial<Record<LockName, LockCount>>;

/** What an action did with locks: those that it took, and the steps it went. */
function locksOf(kernel: Kernel, action: () => unknown): { steps: number; locks: Locks } {
  kernel.resetCounters();
  action();
  const { steps, locks } = kernel.lockCounters!;
  const taken = Object.entries(locks).filter(([, { taken }]) => taken > 0);
  return { steps, locks: Object.fromEntries(taken) };
}

describe.each(["checked", "explore"] as const)("in the %s build", (build) => {
  test("page_referenced of two mappings takes the anon_vma's mutex once, and each page-table lock", async () => {
    const { kernel, process } = await machine({ build });
    fill(process, 0, 1);
    process.fork();
    const page = pageAt(process, 0);
    // With the mutex: is the page still mapped; for each entry a look, its lock, and that let go; the mutex let go.
    // Before: a reference, the page's mapping, the mutex; after: the reference.
    expect(locksOf(kernel, () => kernel.pageReferenced(page))).toEqual({
      steps: 3 + (1 + 2 * 3 + 1) + 1,
      locks: {
        "anon_vma mutex": { taken: 1, steps: 8, longest: 8 },
        "page-table lock": { taken: 2, steps: 2, longest: 1 },
      },
    });
  });

  test("a lock that is taken around others is held for their steps as well", async () => {
    const { kernel, process } = await machine({ build });
    const file = kernel.createFile({ pages: 2, kind: "disk" });
    lay(process, 0, 2, { file, shared: true });
    process.write(at(0), 1);
    const { locks } = locksOf(kernel, () => kernel.pageMkclean(pageAt(process, 0)));
    expect(locks).toEqual({
      "page lock": { taken: 1, steps: 7, longest: 7 },
      i_mmap_mutex: { taken: 1, steps: 4, longest: 4 },
      "page-table lock": { taken: 1, steps: 1, longest: 1 },
    });
  });

  test("the longest hold is that of one lock, and steps are all holds together", async () => {
    const { kernel, process } = await machine({ build });
    fill(process, 0, 3);
    swapOut(kernel, process, [0]);
    const { locks: before } = locksOf(kernel, () => process.read(at(0)));
    expect(before.mmap_sem!.taken).toBe(1);
    process.munmap(at(2), PAGE);
    const { taken, steps, longest } = kernel.lockCounters!.locks.mmap_sem;
    expect(taken).toBe(2);
    expect(steps - longest).toBeLessThan(longest);
    expect(longest).toBe(before.mmap_sem!.longest);
  });

  test("a lock that was tried in vain was not taken", async () => {
    const { kernel, process } = await machine({ build });
    const file = kernel.createFile({ pages: 1 });
    for (const first of [0, 4]) lay(process, first, 1, { file, shared: true, locked: true });
    const page = pageAt(process, 0);
    // munlock has mmap_sem for write, and finds another locked VMA for which it wants it for read.
    const { locks } = locksOf(kernel, () => process.munlock(at(0), PAGE));
    expect(page.mlocked).toBe(false);
    expect(locks.mmap_sem!.taken).toBe(1);
  });

  test("counts begin anew with a reset, and go back with a snapshot", async () => {
    const { kernel, process } = await machine({ build });
    fill(process, 0, 2);
    const before = kernel.lockCounters;
    const snapshot = kernel.snapshot();
    swapOut(kernel, process, [0]);
    expect(kernel.lockCounters).not.toEqual(before);
    kernel.restore(snapshot);
    expect(kernel.lockCounters).toEqual(before);
    kernel.resetCounters();
    expect(kernel.lockCounters!.steps).toBe(0);
    expect(Object.values(kernel.lockCounters!.locks).every(({ taken }) => taken === 0)).toBe(true);
    expect(locksOf(kernel, () => process.read(at(1))).locks).toEqual({});
  });

  test("each class of locks has its counts, in the order in which locks are taken", async () => {
    const kernel = await createKernel({ build, frames: 8 });
    const names = Object.keys(kernel.lockCounters!.locks);
    const known = ["mmap_sem", "page lock", "anon_vma mutex", "page-table lock", "tree_lock"];
    expect(names.filter((name) => known.includes(name))).toEqual(known);
  });
});

test("release counts no locks, as it has none", async () => {
  const { kernel, process } = await machine({ build: "release" });
  fill(process, 0, 2);
  expect(kernel.lockCounters).toBeNull();
  kernel.resetCounters();
  expect(kernel.lockCounters).toBeNull();
});
