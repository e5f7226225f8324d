// When PG_mlocked goes that nobody munlocked (spec/commits.md section 3): with the last mapping, or up to v3.6 when the
// page leaves its file.

import { describe, expect, test } from "vitest";
import type { Kernel, KernelOptions, Process } from "../../bindings/index.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { HUGE, hugeMachine, layHuge } from "./huge.js";
import { fill, machine } from "./machine.js";

const onTruncate: KernelOptions = { clearMlock: "on-truncate" };

const sides = [["on-truncate"], ["on-last-unmap"]] as const;

/** What an action adds to the numbers of /proc/vmstat about pages that reclaim leaves alone; those that stay are left out. */
function added(kernel: Kernel, action: () => unknown): Record<string, number> {
  const before = kernel.vmstat();
  action();
  const after = kernel.vmstat();
  const names = (Object.keys(after) as (keyof typeof after)[]).filter(
    (name) => /mlock|unevictable/.test(name) && after[name] !== before[name],
  );
  return Object.fromEntries(
    names.map((name) => [name.replace("unevictable_pgs_", ""), after[name] - before[name]]),
  );
}

/** A file of one page, mapped and locked; a private mapping has a copy of its own. */
function locked(kernel: Kernel, process: Process, shared: boolean) {
  const file = kernel.createFile({ pages: 1, kind: "disk" });
  lay(process, 0, 1, { file, shared });
  if (!shared) process.write(at(0), 1);
  process.mlock(at(0), PAGE);
  return { file, page: pageAt(process, 0) };
}

describe("up to v3.6", () => {
  test("a private copy that truncation unmaps is freed with the mark, which is counted then", async () => {
    const { kernel, process } = await machine(onTruncate);
    const { file } = locked(kernel, process, false);
    expect(added(kernel, () => file.truncate(0))).toEqual({
      nr_mlock: -1,
      nr_unevictable: -1,
      mlockfreed: 1,
    });
    process.munlock(at(0), PAGE);
    process.munmap(at(0), PAGE);
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 0, unevictable_pgs_mlockfreed: 1 });
    expectHealthy(kernel);
  });

  test("somebody who holds the copy keeps it where reclaim doesn't look", async () => {
    const { kernel, process } = await machine(onTruncate);
    const { file, page } = locked(kernel, process, false);
    kernel.pin(page);
    expect(added(kernel, () => file.truncate(0))).toEqual({});
    expect(page).toMatchObject({ mapcount: 0, mlocked: true, unevictable: true });
    expectHealthy(kernel);
    expect(kernel.shrinkPage(page, { force: true })).toBe("culled");
    expect(added(kernel, () => kernel.unpin(page))).toMatchObject({ nr_mlock: -1, mlockfreed: 1 });
    expectHealthy(kernel);
  });

  test.each([
    ["truncation", (file: ReturnType<typeof locked>["file"]) => file.truncate(0)],
    ["a hole", (file: ReturnType<typeof locked>["file"]) => file.punchHole(0, 1)],
    ["invalidation", (file: ReturnType<typeof locked>["file"]) => file.invalidate(0, 1, "all")],
  ])("%s clears the mark of a page of the file", async (_, action) => {
    const { kernel, process } = await machine(onTruncate);
    const { file, page } = locked(kernel, process, true);
    kernel.pin(page);
    expect(added(kernel, () => action(file))).toEqual({
      nr_mlock: -1,
      nr_unevictable: -1,
      cleared: 1,
      rescued: 1,
    });
    expect(page).toMatchObject({ inode: 0, mlocked: false, unevictable: false, lru: true });
    kernel.unpin(page);
    expect(kernel.vmstat().unevictable_pgs_mlockfreed).toBe(0);
    expectHealthy(kernel);
  });

  test("and counts it as stranded when it is off its list", async () => {
    const { kernel, process } = await machine(onTruncate);
    const { file, page } = locked(kernel, process, true);
    kernel.isolate(page);
    expect(added(kernel, () => file.truncate(0))).toEqual({
      nr_mlock: -1,
      cleared: 1,
      stranded: 1,
    });
    kernel.putback(page);
    expectHealthy(kernel);
  });

  test("a page that lost its mappings keeps the mark until idle pages are dropped", async () => {
    const { kernel, process } = await machine(onTruncate);
    const { file, page } = locked(kernel, process, true);
    const options = { ignoreMlock: true, ignoreAccess: true };
    expect(kernel.tryToUnmap(page, options)).toBe("success");
    expect(page).toMatchObject({ mapcount: 0, mlocked: true, unevictable: true });
    expect(kernel.vmstat().nr_mlock).toBe(1);
    expectHealthy(kernel);
    kernel.pin(page);
    expect(added(kernel, () => expect(file.invalidate(0, 1)).toBe(0))).toMatchObject({
      cleared: 1,
    });
    expect(page).toMatchObject({ mlocked: false, inode: file.inode });
    kernel.unpin(page);
    expect(file.invalidate(0, 1)).toBe(1);
    expectHealthy(kernel);
  });

  test("memory failure takes a file's page out of use without the mark, and a private one with it", async () => {
    const { kernel, process } = await machine(onTruncate);
    const { page: cached } = locked(kernel, process, true);
    expect(kernel.memoryFailure(cached).result).toBe("recovered");
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 0, unevictable_pgs_cleared: 1 });
    fill(process, 8, 1);
    process.mlock(at(8), PAGE);
    // In the swap cache it would wait there for who comes back.
    kernel.memoryFailure(pageAt(process, 8));
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 1, unevictable_pgs_mlockfreed: 0 });
    expectHealthy(kernel);
  });

  test("a page of ramfs that is broken and held loses the mark, though it stays", async () => {
    const { kernel, process } = await machine(onTruncate);
    const file = kernel.createFile({ pages: 1, kind: "ramfs" });
    lay(process, 0, 1, { file, shared: true, prot: "r" });
    process.mlock(at(0), PAGE);
    const page = pageAt(process, 0);
    kernel.pin(page);
    expect(kernel.memoryFailure(page).result).toBe("failed");
    expect([page.mlocked, page.inode, kernel.vmstat().nr_mlock]).toEqual([false, file.inode, 0]);
    kernel.unpin(page);
    expectHealthy(kernel);
  });

  test("migration takes the mark along, and leaves it where it can't move", async () => {
    const { kernel, process } = await machine(onTruncate);
    const { page } = locked(kernel, process, true);
    kernel.pin(page);
    expect(kernel.migratePage(page).result).toBe("busy");
    expect(page).toMatchObject({ mlocked: true, unevictable: true, lru: true });
    kernel.unpin(page);
    const migration = kernel.migratePage(page);
    expect(migration.page).toMatchObject({ mlocked: true, unevictable: true, mapcount: 1 });
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 1, nr_unevictable: 1 });
    expectHealthy(kernel);
    process.munlock(at(0), PAGE);
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 0, unevictable_pgs_munlocked: 1 });
    expectHealthy(kernel);
  });

  test("a huge page that is freed with the mark counts as many pages as it has", async () => {
    const { kernel, process } = await hugeMachine({ ...onTruncate, frames: 4 * HUGE - 1 });
    layHuge(process, 0, 1, [0]);
    process.mlock(at(0), HUGE * PAGE);
    const child = process.fork();
    // Its copy leaves the old one to the child, marked as it is.
    process.write(at(0), 1);
    expect(kernel.vmstat().nr_mlock).toBe(2 * HUGE);
    expect(added(kernel, () => child.exit())).toMatchObject({ nr_mlock: -HUGE, mlockfreed: 1 });
    expectHealthy(kernel);
  });
});

describe("munlock, munmap and exit clear the mark themselves", () => {
  test.each(sides)("%s", async (clearMlock) => {
    const { kernel, process } = await machine({ clearMlock });
    for (const action of ["munlock", "munmap", "exit"] as const) {
      locked(kernel, process, false);
      expect(
        added(kernel, () => (action === "exit" ? process.exit() : process[action](at(0), PAGE))),
      ).toMatchObject({ nr_mlock: -1, munlocked: 1 });
    }
    expect(kernel.vmstat().unevictable_pgs_mlockfreed).toBe(0);
    expectHealthy(kernel);
  });
});

test("a page that is mapped twice keeps the mark when one mapping goes", async () => {
  for (const [clearMlock] of sides) {
    const { kernel, process } = await machine({ clearMlock });
    const file = kernel.createFile({ pages: 2 });
    const other = kernel.spawn();
    lay(other, 0, 1, { file, shared: true });
    lay(process, 0, 1, { file, shared: true });
    process.mlock(at(0), PAGE);
    other.read(at(0));
    other.munmap(at(0), PAGE);
    expect(pageAt(process, 0)).toMatchObject({ mapcount: 1, mlocked: true });
    expectHealthy(kernel);
  }
});

test("v3.7 has no such event, which stays 0", async () => {
  const { kernel, process } = await machine();
  const { file } = locked(kernel, process, false);
  expect(added(kernel, () => file.truncate(0))).toMatchObject({ nr_mlock: -1, cleared: 1 });
  expect(kernel.vmstat().unevictable_pgs_mlockfreed).toBe(0);
});

describe("a page that migrates from a locked VMA", () => {
  test("is mlocked again as its entries are restored, where that is repaired", async () => {
    for (const shared of [true, false]) {
      const { kernel, process } = await machine({ migrationMlock: "restored" });
      const { page } = locked(kernel, process, shared);
      const child = process.fork();
      const migration = kernel.migratePage(page);
      expect(migration.page).toMatchObject({ mlocked: true, unevictable: true });
      expect(kernel.vmstat()).toMatchObject({ nr_mlock: 1, nr_unevictable: 1 });
      child.exit();
      expectHealthy(kernel);
    }
  });

  test("so is one that comes back to its place", async () => {
    const { kernel, process } = await machine({ migrationMlock: "restored" });
    const { page } = locked(kernel, process, true);
    kernel.pin(page);
    expect(kernel.migratePage(page).result).toBe("busy");
    expect(page).toMatchObject({ mlocked: true, unevictable: true });
    kernel.unpin(page);
    expectHealthy(kernel);
  });

  test("is not, in v3.7; nor is one of a VMA that is not locked", async () => {
    const { kernel, process } = await machine();
    const { page } = locked(kernel, process, true);
    expect(kernel.migratePage(page).page).toMatchObject({ mlocked: false, unevictable: false });
    const other = await machine({ migrationMlock: "restored" });
    fill(other.process, 0, 1);
    const moved = other.kernel.migratePage(pageAt(other.process, 0));
    expect(moved.page).toMatchObject({ mlocked: false, unevictable: false });
    expectHealthy(other.kernel);
  });
});
