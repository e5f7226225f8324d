// spec/rmap.md Part 1, "Unmapping and walking": try_to_unmap_cluster and the nonlinear half of try_to_unmap_file; and
// what the other walks make of nonlinear VMAs.

import { describe, expect, test } from "vitest";
import { UnmapResult } from "../../assembly/abi/result.js";
import {
  createKernel,
  type File,
  type Kernel,
  type Page,
  type Process,
} from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "../api/ground.js";
import { RawMachine } from "../check/raw-machine.js";
import { settle, stepToLock } from "../explore/interruption.js";

/** Pages of a cluster. */
const CLUSTER = 32;
const YOUNG = 0x20;

interface Machine {
  readonly kernel: Kernel;
  readonly raw: RawMachine;
  readonly file: File;
  readonly process: Process;
}

async function machine(): Promise<Machine> {
  const kernel = await createKernel({ build: "checked", frames: 1024 });
  const file = kernel.createFile({ pages: 512, kind: "tmpfs", word: 1000 });
  return { kernel, raw: new RawMachine(kernel), file, process: kernel.spawn() };
}

/** Maps pages [first, first + n) to the file's from pgoff on; the first two change places. Nothing is young. */
function layNonlinear({ raw, file, process }: Machine, first: number, n: number, pgoff = first) {
  lay(process, first, n, { file, shared: true, pgoff });
  process.remapFilePages(at(first), PAGE, pgoff + 1);
  process.remapFilePages(at(first + 1), PAGE, pgoff);
  for (let page = first; page < first + n; page++) process.read(at(page));
  makeOld(raw, process);
}

function makeOld(raw: RawMachine, process: Process): void {
  for (const { address } of process.pages()) {
    const entry = raw.entryAt(process, address);
    raw.set32(entry, raw.get32(entry) & ~YOUNG);
  }
}

function present(process: Process): number[] {
  return process.pages().map(({ address }) => (address - at(0)) / PAGE);
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i);
}

/** How far try_to_unmap has come in the VMA over a page, in pages. */
function cursor({ raw }: Machine, process: Process, page: number): number {
  return raw.vma(process, at(page)).get("fileSubtreeLast") / PAGE;
}

function setCursor({ raw }: Machine, process: Process, page: number, pages: number): void {
  raw.vma(process, at(page)).set("fileSubtreeLast", pages * PAGE);
}

/** Clusters that an action goes through. */
function clustersOf(kernel: Kernel, action: () => unknown): number {
  const before = kernel.counters.clustersScanned;
  action();
  return kernel.counters.clustersScanned - before;
}

/** A page that is mapped n times in a nonlinear VMA of its own file order, at [first, first + n). */
function manyTimes({ raw, file, process }: Machine, first: number, n: number, pgoff: number): Page {
  lay(process, first, n, { file, shared: true, pgoff: pgoff + 1 });
  for (const page of range(first, first + n)) process.remapFilePages(at(page), PAGE, pgoff);
  makeOld(raw, process);
  return pageAt(process, first);
}

describe("try_to_unmap_file: when nonlinear VMAs are looked at", () => {
  test("not when a linear one objects", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    const other = m.kernel.spawn();
    lay(other, 0, 1, { file: m.file, shared: true, pgoff: 5 });
    other.read(at(0));
    const page = pageAt(m.process, 5);
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(0);
    expect(page.mapcount).toBe(2);
    // The linear one is old now, and goes; then the cluster does.
    let result = "";
    expect(clustersOf(m.kernel, () => (result = m.kernel.tryToUnmap(page)))).toBe(1);
    expect([result, page.mapcount]).toEqual(["success", 0]);
    expectHealthy(m.kernel);
  });

  test("not when the page is not mapped any more", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    const other = m.kernel.spawn();
    lay(other, 0, 1, { file: m.file, shared: true, pgoff: 20 });
    other.read(at(0));
    const page = pageAt(other, 0);
    const unmap = () => m.kernel.tryToUnmap(page, { ignoreAccess: true });
    let result = "";
    expect(clustersOf(m.kernel, () => (result = unmap()))).toBe(0);
    expect(result).toBe("success");
    expect(present(m.process)).toEqual(range(0, 8));
  });

  test("not for munlock: the page is left for reclaim to find", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    m.process.mlock(at(0), 8 * PAGE);
    const page = pageAt(m.process, 5);
    let result = "";
    expect(clustersOf(m.kernel, () => (result = m.kernel.tryToMunlock(page)))).toBe(0);
    expect(result).toBe("again");
    expect(clustersOf(m.kernel, () => (result = m.kernel.tryToUnmap(page)))).toBe(1);
    expect(result).toBe("mlock");
    expectHealthy(m.kernel);
  });
});

describe("try_to_unmap_cluster", () => {
  test("takes whatever is old, the page it was asked for or not", async () => {
    const m = await machine();
    layNonlinear(m, 0, CLUSTER + 8);
    const page = pageAt(m.process, 5);
    expect(m.kernel.tryToUnmap(page)).toBe("success");
    expect(present(m.process)).toEqual(range(CLUSTER, CLUSTER + 8));
    expect(m.process.rss.file).toBe(8);
    expect(m.kernel.vmstat().nr_mapped).toBe(8);
    expectHealthy(m.kernel);
  });

  test("entries keep the pgoff of pages that were not at their linear place, others are empty", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    m.kernel.tryToUnmap(pageAt(m.process, 5));
    expect(m.process.fileEntries()).toEqual([
      { address: at(0), pgoff: 1 },
      { address: at(1), pgoff: 0 },
    ]);
    expect(range(0, 4).map((page) => m.process.read(at(page)))).toEqual([1001, 1000, 1002, 1003]);
    expectHealthy(m.kernel);
  });

  test("what was written is known to the page before its entry is gone", async () => {
    const m = await machine();
    const zeros = m.kernel.createFile({ pages: 8, kind: "tmpfs" });
    layNonlinear({ ...m, file: zeros }, 0, 8);
    const page = pageAt(m.process, 5);
    expect(page.dirty).toBe(false);
    const entry = m.raw.entryAt(m.process, at(5));
    m.raw.set32(entry, (m.raw.get32(entry) & ~YOUNG) | 0x40);
    expect(m.kernel.tryToUnmap(page)).toBe("success");
    expect([page.dirty, page.mapcount]).toEqual([true, 0]);
    expectHealthy(m.kernel);
  });

  test("what is young is made old and passed over, ignored or not", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    m.process.read(at(3));
    m.process.read(at(5));
    const page = pageAt(m.process, 5);
    expect(m.kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("again");
    expect(present(m.process)).toEqual([3, 5]);
    // Six others were enough for one mapping, so the next call finds itself at the end.
    expect(m.kernel.tryToUnmap(page)).toBe("again");
    expect(m.kernel.tryToUnmap(page)).toBe("success");
    expect(present(m.process)).toEqual([]);
  });

  test("a cluster begins at a multiple of 32 pages and is cut to the VMA", async () => {
    const m = await machine();
    layNonlinear(m, 10, 40);
    const [near, far] = [pageAt(m.process, 20), pageAt(m.process, 40)];
    m.kernel.resetCounters();
    expect(m.kernel.tryToUnmap(near)).toBe("success");
    expect(present(m.process)).toEqual(range(CLUSTER, 50));
    expect(m.kernel.counters.entriesChecked).toBe(22);
    expect(m.kernel.tryToUnmap(far)).toBe("success");
    expect(present(m.process)).toEqual([]);
    expect(m.kernel.counters.entriesChecked).toBe(22 + 18);
  });

  test("so the end of a VMA that begins within a cluster may never be reached", async () => {
    const m = await machine();
    layNonlinear(m, 10, 2 * CLUSTER);
    const page = pageAt(m.process, 70);
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(1);
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(1);
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(0);
    for (let call = 0; call < 8; call++) m.kernel.tryToUnmap(page);
    expect(present(m.process)).toEqual(range(64, 74));
    expectHealthy(m.kernel);
  });

  test("where there is no page table it is over at once", async () => {
    const m = await machine();
    // 2 MiB, of which nothing is present, then a part that is.
    lay(m.process, 0, 520, { file: m.file, shared: true });
    m.process.remapFilePages(at(512), PAGE, 3);
    makeOld(m.raw, m.process);
    const page = pageAt(m.process, 512);
    m.kernel.resetCounters();
    expect(m.kernel.tryToUnmap(page)).toBe("success");
    expect(m.kernel.counters).toMatchObject({ clustersScanned: 17, entriesChecked: 8 });
    expectHealthy(m.kernel);
  });

  test("a locked VMA has every page mlocked, and nothing unmapped or made old", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    m.process.mlock(at(0), 8 * PAGE);
    // Forget the marks, as a migration does.
    for (const i of range(0, 8)) m.kernel.migratePage(pageAt(m.process, i));
    const [page, before] = [pageAt(m.process, 5), m.kernel.vmstat().nr_mlock];
    expect(before).toBe(8);
    expect(m.kernel.tryToUnmap(page, { ignoreMlock: true, ignoreAccess: true })).toBe("mlock");
    expect(present(m.process)).toEqual(range(0, 8));
    expectHealthy(m.kernel);
  });

  test("pages that were faulted in later are mlocked by it, all of the cluster", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    m.process.mlock(at(0), 8 * PAGE);
    for (const i of range(0, 8)) m.process.remapFilePages(at(i), PAGE, 20 + i, { nonBlock: true });
    for (const i of range(0, 8)) m.process.read(at(i));
    expect(m.kernel.vmstat().nr_mlock).toBe(0);
    expect(m.kernel.tryToUnmap(pageAt(m.process, 5))).toBe("mlock");
    expect(m.kernel.vmstat().nr_mlock).toBe(8);
    expect(range(0, 8).every((i) => pageAt(m.process, i).unevictable)).toBe(true);
    m.process.munlock(at(0), 8 * PAGE);
    expect(m.kernel.vmstat().nr_mlock).toBe(0);
    expectHealthy(m.kernel);
  });

  test("it says mlock only of the page that was asked for: again", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    m.process.mlock(at(0), 8 * PAGE);
    const other = m.kernel.spawn();
    lay(other, 0, 2, { file: m.file, shared: true, pgoff: 100 });
    other.remapFilePages(at(0), PAGE, 101);
    const page = pageAt(other, 0);
    // Young there, so it stays; the locked VMA has other pages.
    expect(m.kernel.tryToUnmap(page)).toBe("again");
    expect(page.mapcount).toBe(1);
  });

  test("mlock is the result, though other VMAs are unmapped before and after", async () => {
    const m = await machine();
    const page = manyTimes(m, 0, 8, 100);
    const locker = m.process.fork();
    locker.mlock(at(0), 8 * PAGE);
    const last = m.process.fork();
    expect(page.mapcount).toBe(24);
    expect(m.kernel.tryToUnmap(page)).toBe("mlock");
    expect([m.process, locker, last].map((process) => present(process).length)).toEqual([0, 8, 0]);
    expect(page).toMatchObject({ mapcount: 8, mlocked: true });
    expectHealthy(m.kernel);
  });

  test("who can't have mmap_sem takes a locked VMA for one that is not", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const m = {
      kernel,
      raw: new RawMachine(kernel),
      file: kernel.createFile({ pages: 64, kind: "tmpfs", word: 1000 }),
      process: kernel.spawn(),
    };
    layNonlinear(m, 0, 8);
    m.process.mlock(at(0), 8 * PAGE);
    makeOld(m.raw, m.process);
    const page = pageAt(m.process, 5);
    const unmap = scheduler.actor("unmap", (batch) => batch.tryToUnmap(page));
    const change = scheduler.actor("change", (batch) => {
      batch.mprotect(m.process, at(4), PAGE, "r");
    });
    while (!m.raw.mm(m.process).get("mmapSemWriter")) scheduler.step(change);
    scheduler.finish(unmap);
    settle(scheduler);
    expect(unmap.batch.result(0)).toBe(UnmapResult.Success);
    expect(present(m.process)).toEqual([]);
    expectHealthy(kernel);
    kernel.dispose();
  });

  test("it holds mmap_sem while it mlocks, and lets go of it otherwise", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const m = {
      kernel,
      raw: new RawMachine(kernel),
      file: kernel.createFile({ pages: 64, kind: "tmpfs", word: 1000 }),
      process: kernel.spawn(),
    };
    layNonlinear(m, 0, 8);
    m.process.mlock(at(0), 8 * PAGE);
    const page = pageAt(m.process, 5);
    const readers = () => m.raw.mm(m.process).get("mmapSemReaders");
    for (const locked of [1, 0]) {
      if (!locked) m.process.munlock(at(0), 8 * PAGE);
      const unmap = scheduler.actor(`unmap ${locked}`, (batch) => batch.tryToUnmap(page));
      stepToLock(scheduler, unmap, m.raw.mm(m.process).at("mmapSemWriter"));
      stepToLock(scheduler, unmap);
      expect(readers()).toBe(locked);
      scheduler.finish(unmap);
      expect(readers()).toBe(0);
    }
    kernel.dispose();
  });
});

describe("rounds", () => {
  test("end as soon as as many pages are unmapped as the page has mappings, but with a whole cluster", async () => {
    const m = await machine();
    const page = manyTimes(m, 0, 100, 200);
    expect(page.mapcount).toBe(100);
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(4);
    expect(page.mapcount).toBe(0);
    expect(cursor(m, m.process, 0)).toBe(4 * CLUSTER);
  });

  test("pages of others count as well", async () => {
    const m = await machine();
    layNonlinear(m, 0, 3 * CLUSTER);
    m.process.remapFilePages(at(0), PAGE, 90);
    makeOld(m.raw, m.process);
    const page = pageAt(m.process, 90);
    expect(page.mapcount).toBe(2);
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(1);
    expect(page.mapcount).toBe(1);
    expect(present(m.process)).toEqual(range(CLUSTER, 3 * CLUSTER));
    expect(cursor(m, m.process, 0)).toBe(CLUSTER);
  });

  test("the next call goes on where the last one stopped", async () => {
    const m = await machine();
    layNonlinear(m, 0, 3 * CLUSTER);
    const page = pageAt(m.process, 80);
    const results = [1, 2, 3].map(() => m.kernel.tryToUnmap(page));
    expect(results).toEqual(["again", "again", "success"]);
    expect(cursor(m, m.process, 0)).toBe(3 * CLUSTER);
    expectHealthy(m.kernel);
  });

  test("go through all VMAs up to the same cursor before any goes further", async () => {
    const m = await machine();
    layNonlinear(m, 0, 2 * CLUSTER);
    const child = m.process.fork();
    const page = pageAt(m.process, 40);
    // Two mappings: the first cluster of the parent is enough.
    m.kernel.tryToUnmap(page);
    expect([cursor(m, m.process, 0), cursor(m, child, 0)]).toEqual([CLUSTER, 0]);
    // The child's first cluster comes before anybody's second.
    m.kernel.tryToUnmap(page);
    expect([cursor(m, m.process, 0), cursor(m, child, 0)]).toEqual([CLUSTER, CLUSTER]);
    m.kernel.tryToUnmap(page);
    expect([cursor(m, m.process, 0), cursor(m, child, 0)]).toEqual([2 * CLUSTER, CLUSTER]);
    expect(m.kernel.tryToUnmap(page)).toBe("success");
    expectHealthy(m.kernel);
  });

  test("a VMA that has fallen behind catches up in one round", async () => {
    const m = await machine();
    const page = manyTimes(m, 0, 4 * CLUSTER, 200);
    const child = m.process.fork();
    setCursor(m, m.process, 0, 3 * CLUSTER);
    // 256 mappings: the child's three clusters, then the fourth of each.
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(5);
    expect(present(m.process)).toEqual(range(0, 3 * CLUSTER));
    expect(present(child)).toEqual([]);
    expectHealthy(m.kernel);
  });

  test("a VMA that ends before the cursor of the others is done, and has that cursor", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    layNonlinear(m, 64, 3 * CLUSTER);
    setCursor(m, m.process, 64, 2 * CLUSTER);
    const page = pageAt(m.process, 64 + 70);
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(1);
    expect(present(m.process).length).toBe(3 * CLUSTER);
    m.process.read(at(0));
    makeOld(m.raw, m.process);
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(1);
    expect(cursor(m, m.process, 0)).toBe(3 * CLUSTER);
  });

  test("only when all have run out are the cursors reset", async () => {
    const m = await machine();
    layNonlinear(m, 0, 2 * CLUSTER);
    const page = pageAt(m.process, 40);
    for (const i of range(0, 2 * CLUSTER)) m.process.read(at(i));
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(2);
    expect(cursor(m, m.process, 0)).toBe(0);
    expect(m.kernel.tryToUnmap(page)).toBe("again");
    expect(cursor(m, m.process, 0)).toBe(CLUSTER);
    expect(m.kernel.tryToUnmap(page)).toBe("success");
    expect(cursor(m, m.process, 0)).toBe(2 * CLUSTER);
  });

  test("a cursor beyond the largest VMA is good for one round, and then reset", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    const page = pageAt(m.process, 5);
    setCursor(m, m.process, 0, 5 * CLUSTER);
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(0);
    expect(page.mapcount).toBe(1);
    expect(cursor(m, m.process, 0)).toBe(0);
    const child = m.process.fork();
    setCursor(m, m.process, 0, 5 * CLUSTER);
    // One VMA is at the end, the other has all to do.
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(1);
    expect([present(m.process).length, present(child).length]).toEqual([8, 0]);
  });

  test("the largest VMA decides how many there are", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    layNonlinear(m, 64, 40);
    const page = pageAt(m.process, 5);
    for (const i of [...range(0, 8), ...range(64, 104)]) m.process.read(at(i));
    // One cluster, and two of the VMA of 40 pages.
    expect(clustersOf(m.kernel, () => m.kernel.tryToUnmap(page))).toBe(3);
  });

  test("the cursor goes with a copy of the VMA", async () => {
    const m = await machine();
    layNonlinear(m, 0, 3 * CLUSTER);
    m.kernel.tryToUnmap(pageAt(m.process, 80));
    const child = m.process.fork();
    expect(cursor(m, child, 0)).toBe(CLUSTER);
    m.process.mprotect(at(48), 8 * PAGE, "r");
    expect([0, 48, 60].map((page) => cursor(m, m.process, page))).toEqual([32, 32, 32]);
    expectHealthy(m.kernel);
  });

  test("a mapping that becomes nonlinear begins with the cursor at 0", async () => {
    const m = await machine();
    lay(m.process, 0, 200, { file: m.file, shared: true });
    m.process.remapFilePages(at(0), PAGE, 300);
    expect(cursor(m, m.process, 0)).toBe(0);
  });
});

describe("who does not look into nonlinear VMAs", () => {
  test("page_referenced, page_mkclean and rmap_walk", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    m.process.write(at(5), 1);
    const page = pageAt(m.process, 5);
    expect(m.kernel.pageReferenced(page)).toBe(0);
    expect(m.kernel.pageMkclean(page)).toBe(0);
    expect([m.kernel.rmapWalk(page), m.kernel.stab(page)]).toEqual([0, 0]);
    expect(page.mapcount).toBe(1);
    // Still young: reclaim has to make it old first.
    expect(m.kernel.tryToUnmap(page)).toBe("again");
  });

  test("page_address_in_vma, not even at the linear place", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    const vma = m.process.vmaAt(at(0))!;
    const page = pageAt(m.process, 5);
    expect(m.kernel.pageAddressInVma(page, vma)).toBe(null);
    expect(m.kernel.pageMappedInVma(page, vma)).toBe(true);
    expect(m.kernel.pageMappedInVma(pageAt(m.process, 0), vma)).toBe(false);
  });
});

describe("who unmaps", () => {
  test("migration moves the page once its entries are old, and leaves no migration entry", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    m.process.read(at(0));
    const page = pageAt(m.process, 0);
    const results = [1, 2, 3].map(() => m.kernel.migratePage(page).result);
    expect(results).toEqual(["busy", "busy", "moved"]);
    expect(m.process.fileEntries()).toContainEqual({ address: at(0), pgoff: 1 });
    expect(m.process.read(at(0))).toBe(1001);
    expectHealthy(m.kernel);
  });

  test("reclaim keeps a page that no cluster gave up, and takes it later", async () => {
    const m = await machine();
    const zeros = m.kernel.createFile({ pages: 64, kind: "tmpfs" });
    layNonlinear({ ...m, file: zeros }, 0, 2 * CLUSTER);
    const page = pageAt(m.process, 40);
    expect(m.kernel.shrinkPage(page)).toBe("kept");
    expect(m.kernel.shrinkPage(page)).toBe("reclaimed");
    expect([zeros.cached, m.process.read(at(40))]).toEqual([2 * CLUSTER - 1, 0]);
    expectHealthy(m.kernel);
  });

  test("a broken page leaves no marker there, and is SIGBUS when it is faulted in again", async () => {
    const m = await machine();
    layNonlinear(m, 0, 8);
    const page = pageAt(m.process, 5);
    m.kernel.poison(page);
    expect(m.kernel.tryToUnmap(page)).toBe("success");
    expect(() => m.process.read(at(5))).toThrow("SIGBUS");
    expectHealthy(m.kernel);
  });
});
