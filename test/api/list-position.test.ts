// Where reclaim puts a page whose I/O is done, or that invalidation could not drop, and what it waits for.

import { describe, expect, test } from "vitest";
import { createKernel, type File, type Kernel } from "../../bindings/index.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { fill, machine } from "./machine.js";

/** A file of clean, unmapped pages on the inactive list; page 0 is the oldest. */
async function cached(pages: number): Promise<{ kernel: Kernel; file: File }> {
  const kernel = await createKernel({ build: "checked", frames: 64 });
  const file = kernel.createFile({ pages, kind: "disk", word: 100 });
  return { kernel, file };
}

describe("the end of a writeback that reclaim began", () => {
  test("makes the page the next to go", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 3);
    const pages = [0, 1, 2].map((i) => pageAt(process, i));
    for (const page of pages) kernel.pageReferenced(page);
    kernel.holdIo(true);
    expect(kernel.shrinkPage(pages[2]!, { force: true })).toBe("kept");
    kernel.holdIo(false);
    expect(kernel.vmstat().pgrotated).toBe(1);
    expect(pages[2]).toMatchObject({ active: false, lru: true });
    expectHealthy(kernel);
  });

  test("leaves a page where it is that is in use again by then", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    kernel.shrinkPage(page, { force: true });
    process.read(at(0));
    process.write(at(0), 1);
    // The write is noted by unmapping, which makes the page dirty.
    kernel.tryToUnmap(page, { ignoreAccess: true });
    kernel.holdIo(false);
    expect(kernel.vmstat().pgrotated).toBe(0);
    expectHealthy(kernel);
  });

  test("of one that nobody wanted gone changes nothing", async () => {
    const { kernel, file } = await cached(1);
    file.write(0, 5);
    kernel.holdIo(true);
    expect(file.writeback()).toBe(1);
    kernel.holdIo(false);
    expect(kernel.vmstat().pgrotated).toBe(0);
  });

  test("done at once it finds the page off the lists, where nothing is moved", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    kernel.shrinkPage(pageAt(process, 0), { force: true });
    expect(kernel.vmstat().pgrotated).toBe(0);
  });
});

describe("reclaim of one memory cgroup", () => {
  test("waits for the writeback of a page that it meets again; the others keep it each time", async () => {
    const kernel = await createKernel({ build: "checked", frames: 64 });
    const cgroup = kernel.createCgroup();
    const process = kernel.spawn({ cgroup });
    lay(process, 0, 1);
    process.write(at(0), 3);
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    for (let i = 0; i < 3; i++) expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    expect(page.writeback).toBe(true);
    // Reclaim has met it already: its own cgroup waits for it now.
    expect(cgroup.reclaim(1)).toBe(1);
    expect(process.read(at(0))).toBe(3);
    kernel.holdIo(false);
    expectHealthy(kernel);
  });
});

describe("what invalidation of idle pages can't drop", () => {
  test("a dirty page goes to the inactive list", async () => {
    const { kernel, file } = await cached(1);
    file.write(0, 1);
    file.write(0, 2);
    expect(kernel.vmstat().nr_active_file).toBe(1);
    expect(file.invalidate(0, 1)).toBe(0);
    expect(kernel.vmstat()).toMatchObject({
      nr_active_file: 0,
      nr_inactive_file: 1,
      pgdeactivate: 1,
      pgrotated: 0,
    });
    // Once it is written it is the next to go.
    expect(file.writeback()).toBe(1);
    expect(file.invalidate(0, 1)).toBe(1);
    expectHealthy(kernel);
  });

  test("a clean page that somebody holds goes to its tail", async () => {
    const { kernel, file } = await cached(2);
    const process = kernel.spawn();
    lay(process, 0, 2, { file, shared: true, prot: "r" });
    process.read(at(0));
    process.read(at(1));
    const held = pageAt(process, 1);
    kernel.pin(held);
    process.munmap(at(0), 2 * PAGE);
    expect(file.invalidate(1, 1)).toBe(0);
    expect(kernel.vmstat()).toMatchObject({ pgrotated: 1, pgdeactivate: 0 });
    kernel.unpin(held);
    // The younger page is taken first now.
    expect(kernel.reclaim(1)).toBe(1);
    expect(kernel.vmstat().nr_file_pages).toBe(1);
    expect(file.invalidate(0, 1)).toBe(1);
    expectHealthy(kernel);
  });

  test("a mapped page stays where it is", async () => {
    const { kernel, file } = await cached(1);
    const process = kernel.spawn();
    lay(process, 0, 1, { file, shared: true, prot: "r" });
    process.read(at(0));
    file.read(0);
    file.read(0);
    expect(pageAt(process, 0).active).toBe(true);
    expect(file.invalidate(0, 1)).toBe(0);
    expect(pageAt(process, 0).active).toBe(true);
  });
});

describe("program text that was run", () => {
  test("goes round the active list, and no event says so", async () => {
    const { kernel, file } = await cached(1);
    const process = kernel.spawn();
    lay(process, 0, 1, { file, prot: "rx" });
    file.read(0);
    file.read(0);
    process.execute(at(0));
    expect(kernel.reclaim(1)).toBe(0);
    expect(pageAt(process, 0).active).toBe(true);
    expect(kernel.vmstat()).toMatchObject({ pgrotated: 0, pgdeactivate: 0 });
    expect(kernel.vmstat().pgrefill).toBeGreaterThan(0);
  });
});
