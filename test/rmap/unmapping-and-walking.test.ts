// spec/rmap.md Part 1, "Unmapping and walking": a test for each row that is about ordinary pages.

import { describe, expect, test } from "vitest";
import { VmFlag } from "../../assembly/abi/flag.js";
import { UnmapResult } from "../../assembly/abi/result.js";
import { createKernel, type Kernel, type KernelOptions } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt, places } from "../api/ground.js";
import { RawMachine } from "../check/raw-machine.js";
import { settle, stepToLock } from "../explore/interruption.js";

const build = "checked";

async function shared(others: number, options: KernelOptions = {}) {
  const kernel = await createKernel({ build, ...options });
  const parent = kernel.spawn();
  lay(parent, 0, 1);
  parent.write(at(0), 7);
  const family = [parent, ...Array.from({ length: others }, () => parent.fork())];
  const page = pageAt(parent, 0);
  kernel.pageReferenced(page);
  kernel.resetCounters();
  return { kernel, family, parent, page };
}

async function sharedFile(kind: "disk" | "tmpfs" = "disk", word = 100) {
  const kernel = await createKernel({ build });
  const file = kernel.createFile({ pages: 1, kind, word });
  const process = kernel.spawn();
  lay(process, 0, 1, { file, shared: true });
  process.read(at(0));
  return { kernel, file, process, page: pageAt(process, 0) };
}

describe("try_to_unmap_one", () => {
  test("an entry that was touched is made old and stays: fail", async () => {
    const { kernel, family, page } = await shared(1);
    family[1]!.read(at(0));
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(kernel.tryToUnmap(page)).toBe("success");
    expect(page.mapcount).toBe(0);
  });

  test("ignoring access it goes at once", async () => {
    const { kernel, family, page } = await shared(1);
    for (const process of family) process.read(at(0));
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
  });

  test("a locked VMA mlocks the page, and ends the walk", async () => {
    const { kernel, family, page } = await shared(2, { anonIndex: "list" });
    family[0]!.mprotect(at(0), PAGE, "r");
    family[0]!.mlock(at(0), PAGE);
    kernel.migratePage(page);
    const moved = pageAt(family[0]!, 0);
    // Migration has lost the mark (v3.7's defect), so it is reclaim that finds the locked VMA.
    expect(moved.mlocked).toBe(false);
    kernel.resetCounters();
    expect(kernel.tryToUnmap(moved, { ignoreAccess: true })).toBe("mlock");
    expect(kernel.counters.entriesChecked).toBe(1);
    expect(moved).toMatchObject({ mlocked: true, unevictable: true, mapcount: 3 });
    expectHealthy(kernel);
  });

  test("a VMA that was locked when it was met, and is not once mmap_sem is had, mlocks nothing: again", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    lay(process, 0, 1, { locked: true });
    const page = pageAt(process, 0);
    const unmap = scheduler.actor("unmap", (batch) => {
      batch.tryToUnmap(page, { ignoreAccess: true });
    });
    const exit = scheduler.actor("exit", (batch) => batch.exit(process));
    stepToLock(scheduler, unmap, new RawMachine(kernel).mm(process).at("mmapSemWriter"));
    // The end of a process takes VM_LOCKED without mmap_sem, then waits for the page.
    expect(scheduler.finish(exit)).toBe(false);
    settle(scheduler);
    expect(unmap.batch.result(0)).toBe(UnmapResult.Again);
    expectHealthy(kernel);
    kernel.dispose();
  });

  test("ignoring mlock, it unmaps there too", async () => {
    const { kernel, parent, page } = await shared(0);
    parent.mlock(at(0), PAGE);
    expect(kernel.tryToUnmap(page, { ignoreMlock: true, ignoreAccess: true })).toBe("success");
    expect(page.mlocked).toBe(false);
    expect(kernel.vmstat().nr_mlock).toBe(0);
    expect(parent.read(at(0))).toBe(7);
    expectHealthy(kernel);
  });

  test("munlock where nothing is locked changes nothing: again", async () => {
    const { kernel, family, page } = await shared(1);
    family[1]!.read(at(0));
    expect(kernel.tryToMunlock(page)).toBe("again");
    expect(page.mapcount).toBe(2);
    expect(kernel.pageReferenced(page)).toBe(1);
  });

  test("a broken page leaves markers, and whoever meets one gets SIGBUS", async () => {
    const { kernel, family, page } = await shared(1);
    kernel.poison(page);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(family.map((process) => process.rss)).toMatchObject([
      { anon: 0, swap: 0 },
      { anon: 0, swap: 0 },
    ]);
    for (const process of family) expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    for (const process of family) process.exit();
    expectHealthy(kernel);
  });

  test("unless that is to be overlooked", async () => {
    const { kernel, family, page } = await shared(1);
    kernel.poison(page);
    const how = { ignoreAccess: true, ignoreHwpoison: true };
    expect(kernel.tryToUnmap(page, how)).toBe("success");
    expect(family.map((process) => process.rss.swap)).toEqual([1, 1]);
    // Whoever finds the page in the swap cache finds it broken (do_swap_page).
    expect(codeOf(() => family[1]!.read(at(0)))).toBe("SIGBUS");
    expectHealthy(kernel);
  });

  test("a file's broken page in the page cache is mapped nowhere any more", async () => {
    const { kernel, process, page } = await sharedFile();
    kernel.poison(page);
    const other = kernel.spawn();
    lay(other, 0, 1, { file: page.file! });
    for (const access of [() => other.read(at(0)), () => other.write(at(0), 1)]) {
      expect(codeOf(access)).toBe("SIGBUS");
    }
    expect([other.rss.file, other.rss.anon, process.rss.file]).toEqual([0, 0, 1]);
    expectHealthy(kernel);
  });

  test("a file's broken page leaves markers too", async () => {
    const { kernel, process, page } = await sharedFile();
    kernel.poison(page);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(process.rss.file).toBe(0);
    expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    expectHealthy(kernel);
  });

  test("a page in the swap cache gets swap entries, also when it migrates", async () => {
    const { kernel, family, page } = await shared(1);
    expect(kernel.tryToUnmap(page)).toBe("success");
    for (const process of family) process.read(at(0));
    expect(page.swapCache).toBe(true);
    const migration = kernel.migratePage(page);
    expect(migration.result).toBe("moved");
    // Nothing was restored: swap entries are left, and lead to the new frame.
    expect(family.map((process) => process.rss)).toMatchObject([
      { anon: 0, swap: 1 },
      { anon: 0, swap: 1 },
    ]);
    expect(family[0]!.read(at(0))).toBe(7);
    expect(pageAt(family[0]!, 0).frame).toBe(migration.page!.frame);
    expectHealthy(kernel);
  });

  test("where the slot can't count one more the entry comes back: fail, and the page is dirty", async () => {
    const { kernel, family, page } = await shared(70, { frames: 3, swap: 8 });
    const filler = kernel.spawn();
    lay(filler, 0, 2);
    filler.write(at(0), 1);
    filler.write(at(1), 1);
    // 62 entries are counted in the slot; the 63rd needs a frame, and there is none.
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(page.mapcount).toBe(71 - 62);
    expect(page.dirty).toBe(true);
    expectHealthy(kernel);
    filler.exit();
    expect(kernel.tryToUnmap(page)).toBe("success");
    expect(family.every((process) => process.read(at(0)) === 7)).toBe(true);
    expectHealthy(kernel);
  });

  test("a file's page leaves nothing, and is dirty if an entry was", async () => {
    const { kernel, process, page } = await sharedFile("tmpfs", 0);
    expect(page.dirty).toBe(false);
    process.write(at(0), 5);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(process.pages()).toEqual([]);
    expect(page.dirty).toBe(true);
    expect(process.read(at(0))).toBe(5);
  });

  test("again also after success: it is the map count that says how far it came", async () => {
    const { kernel, family, page } = await shared(4);
    kernel.resetCounters();
    expect(kernel.tryToUnmap(page)).toBe("success");
    expect(kernel.counters.entriesChecked).toBe(5);
    expect(family.every((process) => process.rss.swap === 1)).toBe(true);
  });
});

describe("try_to_unmap_anon / _file", () => {
  test("stops when nothing maps the page any more", async () => {
    const { kernel, family, page } = await shared(5, { anonIndex: "list" });
    for (const process of family.slice(1)) process.write(at(0), 1);
    kernel.pageReferenced(page);
    kernel.resetCounters();
    expect(kernel.tryToUnmap(page)).toBe("success");
    expect(kernel.counters.entriesChecked).toBe(1);
  });

  test("files: migration passes over no temporary stack: exec moves anonymous ones only", async () => {
    const { kernel, process, page } = await sharedFile();
    // No call makes a stack of a file, so its marks are set by hand.
    const vma = new RawMachine(kernel).vma(process, at(0));
    vma.add("flags", VmFlag.GrowsDown | VmFlag.SeqRead | VmFlag.RandRead);
    expect(kernel.migratePage(page).result).toBe("moved");
    expect(process.read(at(0))).toBe(100);
  });

  test("files: stops when nothing maps the page any more", async () => {
    const { kernel, file, page } = await sharedFile();
    for (let i = 0; i < 5; i++) lay(kernel.spawn(), 0, 1, { file, shared: true });
    kernel.resetCounters();
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(kernel.counters.entriesChecked).toBe(1);
  });
});

describe("try_to_unmap", () => {
  test("success is that nothing maps the page, whatever the walk came to", async () => {
    const { kernel, parent, page } = await shared(0);
    kernel.tryToUnmap(page);
    // Unmapped already: there is nothing to walk, and that is success.
    expect(kernel.tryToUnmap(page)).toBe("success");
    parent.read(at(0));
    expectHealthy(kernel);
  });

  test("a page that one VMA still maps is no success, though others let it go", async () => {
    const { kernel, family, page } = await shared(2, { anonIndex: "list" });
    family[2]!.read(at(0));
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(places(page)).toEqual([`${family[2]!.pid}:0`]);
    expect(family.map((process) => process.rss.swap)).toEqual([1, 1, 0]);
  });

  test("again where the walk had nothing against it and yet something maps the page", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 2);
    for (const i of [0, 1]) parent.write(at(i), 5);
    const child = parent.fork();
    child.madvise(at(0), 2 * PAGE, "mergeable");
    kernel.ksm.settle();
    const page = pageAt(child, 0);
    expect(page).toMatchObject({ ksm: true, mapcount: 3 });
    // KSM knows the child's anon_vma only, in which the parent is not to be found.
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("again");
    expect(page.mapcount).toBe(1);
    expect([parent.rss.anon, child.rss.swap]).toEqual([2, 2]);
    expectHealthy(kernel);
  });
});

describe("try_to_munlock", () => {
  test("a page that another process has locked is mlocked again: mlock", async () => {
    const { kernel, family, page } = await shared(1);
    for (const process of family) {
      process.mprotect(at(0), PAGE, "r");
      process.mlock(at(0), PAGE);
    }
    expect(page.mlocked).toBe(true);
    family[0]!.munlock(at(0), PAGE);
    expect(page).toMatchObject({ mlocked: true, unevictable: true });
    family[1]!.munlock(at(0), PAGE);
    expect(page).toMatchObject({ mlocked: false, unevictable: false });
    expect(kernel.vmstat().nr_mlock).toBe(0);
    expectHealthy(kernel);
  });

  test("another locked VMA of the same process can't be asked: the page ends unlocked until reclaim meets it", async () => {
    const { kernel, file, process, page } = await sharedFile();
    lay(process, 8, 1, { file, shared: true });
    for (const i of [0, 8]) process.mlock(at(i), PAGE);
    process.munlock(at(0), PAGE);
    expect(page.mlocked).toBe(false);
    expect(process.lockedPages).toBe(1);
    expect(kernel.shrinkPage(page, { force: true })).toBe("culled");
    expect(page).toMatchObject({ mlocked: true, unevictable: true });
    expectHealthy(kernel);
  });
});

function walked(kernel: Kernel, action: () => unknown): number {
  kernel.resetCounters();
  action();
  return kernel.counters.entriesChecked;
}

describe("rmap_walk (+ anon, file, ksm)", () => {
  test("goes to the end, though every mapping is found already", async () => {
    const { kernel, family, page } = await shared(5, { anonIndex: "list" });
    for (const process of family.slice(1)) process.write(at(0), 1);
    expect(walked(kernel, () => expect(kernel.rmapWalk(page)).toBe(1))).toBe(6);
  });

  test("walks a page that nothing maps, whose anon_vma somebody holds: migration entries are found so", async () => {
    const { kernel, family, page } = await shared(3);
    const migration = kernel.migratePage(page);
    expect(migration.result).toBe("moved");
    expect(places(migration.page!)).toHaveLength(4);
    expect(family.every((process) => process.rss.anon === 1)).toBe(true);
    expectHealthy(kernel);
  });

  test("files: every mapping of every process, shared and private", async () => {
    const { kernel, file, process, page } = await sharedFile();
    const other = kernel.spawn();
    lay(other, 3, 1, { file });
    other.read(at(3));
    expect(walked(kernel, () => expect(kernel.rmapWalk(page)).toBe(2))).toBe(2);
    expect(new Set(places(page))).toEqual(new Set([`${process.pid}:0`, `${other.pid}:3`]));
  });
});
