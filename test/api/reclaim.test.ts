// Reclaim: one page in the order of shrink_page_list, page_check_references, the lists, memory cgroups
// (spec/rmap.md Part 3, "Reclaim of one isolated page").

import { describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";

async function machine(frames = 256) {
  const kernel = await createKernel({ build: "checked", frames });
  return { kernel, process: kernel.spawn() };
}

function diskPage(kernel: Kernel, process: Process, prot: "r" | "rx" | "rw" = "r") {
  const file = kernel.createFile({ pages: 1, kind: "disk", word: 9 });
  lay(process, 0, 1, { file, prot, shared: true });
  process.read(at(0));
  const page = pageAt(process, 0);
  // Not touched since, and not known to be used: as reclaim finds a page that was read once long ago.
  kernel.pageReferenced(page);
  return { file, page };
}

describe("what a page's references advise", () => {
  test("a swap-backed page that was touched is activated", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    expect(kernel.shrinkPage(page)).toBe("activated");
    expect(page).toMatchObject({ active: true, mapcount: 1 });
    expect(kernel.vmstat().pgactivate).toBe(1);
    expect(kernel.shrinkPage(page)).toBe("reclaimed");
    expect(process.rss).toMatchObject({ anon: 0, swap: 1 });
    expectHealthy(kernel);
  });

  test("a file page is kept at the first touch, activated at the second", async () => {
    const { kernel, process } = await machine();
    const { page } = diskPage(kernel, process);
    process.read(at(0));
    const first = kernel.shrinkPage(page);
    process.read(at(0));
    const second = kernel.shrinkPage(page);
    expect([first, second]).toEqual(["kept", "activated"]);
  });

  test("program text is activated at the first", async () => {
    const { kernel, process } = await machine();
    const { page } = diskPage(kernel, process, "rx");
    process.read(at(0));
    expect(kernel.shrinkPage(page)).toBe("activated");
  });

  test("a dirty one that was used, though through no mapping, is not written yet", async () => {
    const { kernel, process } = await machine();
    const { file, page } = diskPage(kernel, process);
    kernel.pageReferenced(page);
    process.munmap(at(0), PAGE);
    file.write(0, 7);
    expect(page).toMatchObject({ dirty: true, referenced: true });
    expect(kernel.shrinkPage(page)).toBe("kept");
    expect(page).toMatchObject({ dirty: true, referenced: false });
    expect(kernel.shrinkPage(page)).toBe("reclaimed");
    expect(file.read(0)).toBe(7);
    expectHealthy(kernel);
  });

  test("touched through two mappings it is activated at once", async () => {
    const { kernel, process } = await machine();
    const { file, page } = diskPage(kernel, process);
    const other = kernel.spawn();
    lay(other, 0, 1, { file, prot: "r", shared: true });
    process.read(at(0));
    other.read(at(0));
    expect(kernel.shrinkPage(page)).toBe("activated");
  });

  test("a page that was not touched goes", async () => {
    const { kernel, process } = await machine();
    const { file, page } = diskPage(kernel, process);
    expect(kernel.shrinkPage(page)).toBe("reclaimed");
    expect(codeOf(() => page.mapcount)).toBe("ESTALE");
    expect(file.read(0)).toBe(9);
    expectHealthy(kernel);
  });
});

describe("the order of shrink_page_list", () => {
  test("what can't be evicted is culled before anything else", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1, kind: "ramfs" });
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    const page = pageAt(process, 0);
    kernel.resetCounters();
    expect(kernel.shrinkPage(page, { force: true })).toBe("culled");
    expect(kernel.counters.walks).toBe(0);
    expect(page).toMatchObject({ unevictable: true, mapcount: 1 });
    expectHealthy(kernel);
  });

  test("a page under writeback is kept, until its I/O is done", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(at(0), 4);
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    expect(page).toMatchObject({ writeback: true, swapCache: true, mapcount: 0 });
    expect(kernel.vmstat()).toMatchObject({ nr_writeback: 1, pswpout: 1 });
    // Who needs it meanwhile gets it back, and it is not taken away again before its time.
    expect(process.read(at(0))).toBe(4);
    kernel.resetCounters();
    expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    expect(kernel.counters.walks).toBe(0);
    expect(page.mapcount).toBe(1);
    kernel.holdIo(false);
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expect(process.read(at(0))).toBe(4);
    expectHealthy(kernel);
  });

  test("written while its I/O runs, it is the writer's own and stays in the swap cache", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(at(0), 4);
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    kernel.shrinkPage(page, { force: true });
    process.read(at(0));
    process.write(at(0), 5);
    expect(pageAt(process, 0).frame).toBe(page.frame);
    expect(page).toMatchObject({ swapCache: true, writeback: true, word: 5 });
    kernel.holdIo(false);
    process.read(at(0));
    // What was written out is old: the page is dirty, and written again before it may go.
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expect(process.read(at(0))).toBe(5);
    expectHealthy(kernel);
  });

  test("without swap an anonymous page is activated", async () => {
    const kernel = await createKernel({ build: "checked", frames: 64, swap: 0 });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    expect(kernel.shrinkPage(page)).toBe("activated");
    expect(page).toMatchObject({ swapCache: false, mapcount: 1 });
  });

  test("a page that somebody holds is unmapped and kept", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.pin(page);
    expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    expect(page).toMatchObject({ mapcount: 0, word: 1 });
    kernel.unpin(page);
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expectHealthy(kernel);
  });

  test("a clean page that somebody holds is kept too", async () => {
    const { kernel, process } = await machine();
    const { page } = diskPage(kernel, process);
    kernel.pin(page);
    expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    expect(page.mapcount).toBe(0);
    kernel.unpin(page);
    expectHealthy(kernel);
  });

  test("a dirty page of a disk is written, its buffers go, then it", async () => {
    const { kernel, process } = await machine();
    const { file, page } = diskPage(kernel, process, "rw");
    process.write(at(0), 77);
    expect(page).toMatchObject({ dirty: true, buffers: true });
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expect(file.read(0)).toBe(77);
    expectHealthy(kernel);
  });

  test("a dirty page of tmpfs has nowhere to go: it is activated, and keeps its contents", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1, kind: "tmpfs" });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 6);
    const page = pageAt(process, 0);
    expect(kernel.shrinkPage(page, { force: true })).toBe("activated");
    expect(page).toMatchObject({ mapcount: 0, dirty: true, active: true });
    expect(process.read(at(0))).toBe(6);
  });

  test("a page on no list is left alone", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    expect(kernel.isolate(page)).toBe(true);
    expect(kernel.isolate(page)).toBe(false);
    expect(kernel.shrinkPage(page)).toBe("not-isolated");
    // What was isolated is put back, and not just let go.
    expect(codeOf(() => kernel.unpin(page))).toBe("EINVAL");
    kernel.putback(page);
    kernel.pin(page);
    expect(codeOf(() => kernel.putback(page))).toBe("EINVAL");
    kernel.unpin(page);
    expectHealthy(kernel);
  });
});

describe("reclaim goes over the lists", () => {
  function fill(process: Process, n: number): void {
    lay(process, 0, n);
    for (let i = 0; i < n; i++) process.write(at(i), 1000 + i);
  }

  test("it frees as many pages as it was asked for, and all of them come back", async () => {
    const { kernel, process } = await machine();
    fill(process, 64);
    const freed = kernel.reclaim(32);
    expect(freed).toBeGreaterThanOrEqual(32);
    expect(process.rss.swap).toBe(freed);
    for (let i = 0; i < 64; i++) expect(process.read(at(i))).toBe(1000 + i);
    expect(kernel.vmstat()).toMatchObject({ pswpout: freed, pswpin: freed, pgsteal_direct: freed });
    expectHealthy(kernel);
  });

  test("what was activated grows old again: in the end everything can go", async () => {
    const { kernel, process } = await machine();
    fill(process, 40);
    // A round makes 32 old. Those of the second are fewer than what is inactive until the last round is over.
    expect(kernel.reclaim(1000)).toBe(32);
    expect(kernel.reclaim(1000)).toBe(8);
    expect(kernel.vmstat()).toMatchObject({ nr_active_anon: 0, nr_inactive_anon: 0 });
    expect(kernel.vmstat().pgdeactivate).toBe(40);
    expectHealthy(kernel);
  });

  test("an allocation does not write files; kswapd does, when it gets serious", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 8, kind: "disk" });
    lay(process, 0, 8, { file, shared: true });
    for (let i = 0; i < 8; i++) process.write(at(i), i);
    expect(kernel.reclaim(8)).toBe(0);
    expect(kernel.vmstat().nr_dirty).toBe(8);
    expect(kernel.reclaim(8, { background: true })).toBe(8);
    expect(kernel.vmstat()).toMatchObject({ nr_dirty: 0, pgsteal_kswapd: 8 });
    for (let i = 0; i < 8; i++) expect(process.read(at(i))).toBe(i);
    expectHealthy(kernel);
  });

  test("mlocked pages stay", async () => {
    const { kernel, process } = await machine();
    fill(process, 8);
    process.mlock(at(0), 4 * PAGE);
    expect(kernel.reclaim(1000)).toBe(4);
    expect(process.rss.anon).toBe(4);
    expectHealthy(kernel);
  });
});

describe("reclaim of one memory cgroup", () => {
  test("takes its pages only, and asks its processes only whether they were touched", async () => {
    const { kernel, process } = await machine();
    const cgroup = kernel.createCgroup("small");
    const member = kernel.spawn({ cgroup });
    for (const one of [process, member]) {
      lay(one, 0, 8);
      for (let i = 0; i < 8; i++) one.write(at(i), i);
    }
    expect(cgroup.pages).toBe(8);
    expect(cgroup.lru()).toMatchObject({ activeAnon: 8, inactiveAnon: 0 });
    expect(pageAt(member, 0).cgroup).toBe(cgroup.number);
    expect(cgroup.reclaim(1000)).toBe(8);
    // The machine's statistics have only what was looked at for the machine (global_reclaim).
    const { pgscan_direct, pgsteal_direct, pswpout } = kernel.vmstat();
    expect([pgscan_direct, pgsteal_direct, pswpout]).toEqual([0, 0, 8]);
    expect(process.rss).toMatchObject({ anon: 8, swap: 0 });
    expect(member.rss).toMatchObject({ anon: 0, swap: 8 });
    expect(kernel.rootCgroup.pages).toBe(8);
    expectHealthy(kernel);
  });

  test("strangers are not asked whether they touched the page, but unmapping it finds out", async () => {
    const { kernel, process } = await machine();
    const cgroup = kernel.createCgroup("one");
    const member = kernel.spawn({ cgroup });
    const file = kernel.createFile({ pages: 1, kind: "disk" });
    for (const one of [member, process]) {
      lay(one, 0, 1, { file, shared: true });
      one.read(at(0));
    }
    const page = pageAt(member, 0);
    kernel.pageReferenced(page);
    process.read(at(0));
    expect(page.referenced).toBe(false);
    // try_to_unmap finds the stranger's mark and forgets it. Then nobody's mark is left, and nobody is asked.
    expect(cgroup.reclaim(1)).toBe(1);
    expect(kernel.vmstat()).toMatchObject({ pgactivate: 1, pgdeactivate: 1, pgscan_direct: 0 });
    expect(codeOf(() => page.word)).toBe("ESTALE");
    expectHealthy(kernel);
  });
});

test("pages leave the list together, so what unmapping one does to another does not keep that from being looked at", async () => {
  const { kernel } = await machine();
  const cgroup = kernel.createCgroup("one");
  const process = kernel.spawn({ cgroup });
  const file = kernel.createFile({ pages: 5, kind: "tmpfs" });
  lay(process, 0, 5, { file, shared: true, prot: "none" });
  process.mlockall({ current: true });
  process.mprotect(at(0), 5 * PAGE, "rw");
  process.remapFilePages(at(0), PAGE, 1);
  // A fault does not mlock a file's page; reclaim finds that its VMA is locked, and mlocks all that it finds around it.
  const pages = [2, 3, 4].map((place) => process.read(at(place)) + pageAt(process, place).frame);
  kernel.recordEvents(true);
  expect(cgroup.reclaim(1)).toBe(0);
  const seen = kernel.takeEvents().filter(({ event }) => event === "Reclaimed");
  expect(seen.map(({ a }) => a)).toEqual(pages);
  expect(cgroup.lru()).toMatchObject({ inactiveAnon: 0, unevictable: 4 });
  expectHealthy(kernel);
});

describe("mistakes", () => {
  test("a freed page, an unpin without pin", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    expect(codeOf(() => kernel.unpin(page))).toBe("EINVAL");
    process.munmap(at(0), PAGE);
    for (const call of [
      () => kernel.shrinkPage(page),
      () => kernel.isolate(page),
      () => kernel.pin(page),
      () => kernel.migratePage(page),
      () => kernel.releaseBuffers(page),
      () => kernel.poison(page),
      () => kernel.tryToMunlock(page),
    ]) {
      expect(codeOf(call)).toBe("ESTALE");
    }
    expect(codeOf(() => kernel.reclaim(-1))).toBe("EINVAL");
    expectHealthy(kernel);
  });
});
