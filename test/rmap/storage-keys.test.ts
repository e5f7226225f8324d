// The rows of spec/rmap.md Part 1 that tell of storage keys, and spec/commits.md section 1: an s390x, whose entries
// have neither an accessed nor a dirty bit.

import { describe, expect, test } from "vitest";
import {
  createKernel,
  type File,
  type Kernel,
  type KernelOptions,
  type Kind,
  type Page,
  type Process,
} from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "../api/ground.js";
import { HUGE, hugeMachine, layHuge } from "../api/huge.js";

const build = "checked";
const arch = "s390x";

/** A file's page, mapped shared by a process that has only read it. */
async function readBy(kind: Kind, options: KernelOptions = {}) {
  const kernel = await createKernel({ build, arch, ...options });
  const file = kernel.createFile({ pages: 1, kind });
  const process = kernel.spawn();
  lay(process, 0, 1, { file, shared: true });
  process.read(at(0));
  return { kernel, file, process, page: pageAt(process, 0) };
}

/** Private memory of one page, shared with children. */
async function family(children: number, anonIndex: "list" | "interval-tree" = "interval-tree") {
  const kernel = await createKernel({ build, arch, anonIndex });
  const parent = kernel.spawn();
  lay(parent, 0, 1);
  parent.write(at(0), 1);
  const others = Array.from({ length: children }, () => parent.fork());
  return { kernel, family: [parent, ...others], page: pageAt(parent, 0) };
}

describe("page_referenced", () => {
  test("asks the key once, however many mappings were touched", async () => {
    const { kernel, family: processes, page } = await family(3);
    for (const process of processes) process.read(at(0));
    expect([kernel.pageReferenced(page), kernel.pageReferenced(page)]).toEqual([1, 0]);
    processes[2]!.read(at(0));
    expect([kernel.pageReferenced(page), kernel.pageReferenced(page)]).toEqual([1, 0]);
  });

  test("goes over all mappings before it asks, as no entry tells", async () => {
    const { kernel, page } = await family(3, "list");
    kernel.resetCounters();
    kernel.pageReferenced(page);
    expect(kernel.counters.entriesChecked).toBe(4);
  });

  test("counts a touch through a sequential VMA, as the key does not say through which", async () => {
    const { kernel, family: processes, page } = await family(0);
    processes[0]!.madvise(at(0), PAGE, "sequential");
    kernel.pageReferenced(page);
    processes[0]!.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(1);
  });

  test("counts it whichever memory cgroup is asked, and whatever the walk found", async () => {
    const { kernel, family: processes, page } = await family(0);
    const cgroup = kernel.createCgroup();
    expect(kernel.pageReferenced(page, { cgroup })).toBe(1);
    processes[0]!.mlock(at(0), PAGE);
    processes[0]!.read(at(0));
    // The walk ends at the locked VMA, which is not counted.
    expect([kernel.pageReferenced(page), kernel.pageReferenced(page)]).toEqual([1, 0]);
  });

  test("asks the keys of all frames of a huge page, for the first entry that maps it", async () => {
    const { kernel, process } = await hugeMachine({ arch });
    layHuge(process, 0, 2, [0, HUGE]);
    const child = process.fork();
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    child.read(at(7));
    process.read(at(HUGE - 1));
    expect([kernel.pageReferenced(page), kernel.pageReferenced(page)]).toEqual([1, 0]);
    expect(pageAt(process, HUGE).storageKey?.referenced).toBe(true);
    for (const i of [7, HUGE - 1]) expect(pageAt(process, i).storageKey?.referenced).toBe(false);
    expectHealthy(kernel);
  });

  test("of one in a locked VMA the first frame's key alone is asked", async () => {
    const { kernel, process } = await hugeMachine({ arch });
    layHuge(process, 0, 1, [0]);
    const page = pageAt(process, 0);
    process.mlock(at(0), HUGE * PAGE);
    kernel.pageReferenced(page);
    process.read(at(7));
    expect(kernel.pageReferenced(page)).toBe(0);
    process.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(1);
  });

  test("counts what the kernel itself has read", async () => {
    const { kernel, file, page } = await readBy("disk");
    kernel.pageReferenced(page);
    file.read(0);
    expect(kernel.pageReferenced(page)).toBe(1);
  });

  test("does not ask of a page that is not mapped", async () => {
    const { kernel, process, page } = await readBy("disk");
    kernel.pin(page);
    process.munmap(at(0), PAGE);
    expect([kernel.pageReferenced(page), page.storageKey?.referenced]).toEqual([0, true]);
    kernel.unpin(page);
  });

  test("nor when a file's page can't be locked: it pretends, and leaves the key", async () => {
    const scheduler = await Scheduler.create({ arch });
    const { kernel } = scheduler;
    const file = kernel.createFile({ pages: 1, kind: "disk" });
    const process = kernel.spawn();
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
    const clean = scheduler.actor("clean", (batch) => batch.pageMkclean(page));
    // Until the page is locked.
    while (!(page.flags & 1)) scheduler.step(clean);
    scheduler.finish(walk);
    expect([walk.batch.result(0), page.storageKey?.referenced]).toEqual([1, true]);
    scheduler.finish(clean);
    kernel.dispose();
  });

  test("adds no VMA's flags: program text is not activated because the key says touched", async () => {
    const kernel = await createKernel({ build, arch });
    const file = kernel.createFile({ pages: 1 });
    const process = kernel.spawn();
    lay(process, 0, 1, { file, prot: "rx" });
    process.execute(at(0));
    const page = pageAt(process, 0);
    // On an x86-64 the first touch of text is enough.
    expect([kernel.shrinkPage(page), page.referenced]).toEqual(["kept", true]);
    process.execute(at(0));
    expect(kernel.shrinkPage(page)).toBe("activated");
    expectHealthy(kernel);
  });
});

describe("page_mkclean_one", () => {
  test("finds work by the writable bit alone, and leaves the key", async () => {
    const { kernel, process, page } = await readBy("disk");
    process.write(at(0), 5);
    process.mprotect(at(0), PAGE, "r");
    // Dirty is what entries of an x86-64 would say.
    expect(kernel.pageMkclean(page)).toBe(0);
    process.mprotect(at(0), PAGE, "rw");
    process.write(at(0), 6);
    expect([kernel.pageMkclean(page), kernel.pageMkclean(page)]).toEqual([1, 0]);
    expect(page.storageKey?.changed).toBe(true);
    expectHealthy(kernel);
  });
});

describe("try_to_unmap_one", () => {
  test("meets no entry that was touched", async () => {
    const { kernel, family: processes, page } = await family(2);
    for (const process of processes) process.read(at(0));
    expect(kernel.tryToUnmap(page)).toBe("success");
    expectHealthy(kernel);
  });
});

describe("page_remove_rmap", () => {
  test.each(["tmpfs", "ramfs"] as const)(
    "%s: a change through an entry that was writable at once makes the page dirty at its last unmap",
    async (kind) => {
      const { kernel, file, process, page } = await readBy(kind);
      const other = kernel.spawn();
      lay(other, 0, 1, { file, shared: true });
      other.read(at(0));
      const { faults } = kernel.counters;
      process.write(at(0), 5);
      expect([kernel.counters.faults, page.dirty]).toEqual([faults, false]);
      process.exit();
      expect([page.dirty, page.storageKey?.changed]).toEqual([false, true]);
      other.exit();
      expect([page.dirty, page.storageKey?.changed]).toEqual([true, false]);
      expectHealthy(kernel);
    },
  );

  test.each(["tmpfs", "ramfs"] as const)(
    "%s: a page that was only read stays clean",
    async (kind) => {
      const { process, page } = await readBy(kind);
      process.exit();
      expect(page.dirty).toBe(false);
    },
  );

  test("a page that keeps its contents in swap is dirty again if it was changed there", async () => {
    const kernel = await createKernel({ build, arch });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    // It comes back while it is written out, so it stays in the swap cache, writable.
    process.write(at(0), 2);
    kernel.holdIo(false);
    expect([page.swapCache, page.dirty]).toEqual([true, false]);
    expectHealthy(kernel);
    // With this change, that of the contents in swap must not be believed.
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expect(process.read(at(0))).toBe(2);
    expectHealthy(kernel);
  });

  test("an anonymous page outside the swap cache is not asked: it has nothing to differ from", async () => {
    const kernel = await createKernel({ build, arch });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.pin(page);
    process.exit();
    expect([page.dirty, page.storageKey?.changed]).toEqual([false, true]);
    kernel.unpin(page);
    expectHealthy(kernel);
  });

  test("on an x86-64 the entry tells, at each unmap", async () => {
    const { file, kernel, process, page } = await readBy("tmpfs", { arch: "x86-64" });
    const other = kernel.spawn();
    lay(other, 0, 1, { file, shared: true });
    other.read(at(0));
    process.write(at(0), 5);
    process.exit();
    expect(page.dirty).toBe(true);
  });
});

describe("the page of a file system that accounts for dirty pages", () => {
  /** write(2), writeback, buffers released, mapped read-only, touched, unmapped. */
  function story(kernel: Kernel, file: File): { page: Page; process: Process } {
    file.read(0);
    file.write(0, 5);
    expect(file.writeback()).toBe(file.kind === "disk" ? 1 : 0);
    const process = kernel.spawn();
    lay(process, 0, 1, { file, shared: true, prot: "r" });
    process.read(at(0));
    const page = pageAt(process, 0);
    expect(kernel.releaseBuffers(page)).toBe(true);
    kernel.pageReferenced(page);
    process.read(at(0));
    process.munmap(at(0), PAGE);
    return { page, process };
  }

  test("is clean after its last unmap, though the key still tells of the write(2)", async () => {
    const kernel = await createKernel({ build, arch });
    const file = kernel.createFile({ pages: 1, kind: "disk", word: 100 });
    const { page } = story(kernel, file);
    expect([page.dirty, page.buffers]).toEqual([false, false]);
    expect(page.storageKey).toMatchObject({ changed: true });
    expect(file.writeback()).toBe(0);
    expectHealthy(kernel);
  });

  test("a write through a mapping is known before it is made: the key is not needed", async () => {
    const { kernel, file, process, page } = await readBy("disk");
    process.write(at(0), 5);
    expect([page.dirty, page.buffers]).toEqual([true, true]);
    expect(file.writeback()).toBe(1);
    process.write(at(0), 6);
    expect(page.dirty).toBe(true);
    process.exit();
    expect([file.writeback(), page.storageKey?.changed]).toEqual([1, true]);
    expectHealthy(kernel);
  });

  test("on an x86-64 it is clean as well", async () => {
    const kernel = await createKernel({ build });
    const file = kernel.createFile({ pages: 1, kind: "disk", word: 100 });
    const { page } = story(kernel, file);
    expect([page.dirty, page.buffers]).toEqual([false, false]);
  });
});
