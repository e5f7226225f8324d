// Memory cgroups and pages of other kinds than the small one that is new: huge pages, and those that come back from swap.

import { describe, expect, test } from "vitest";
import {
  createKernel,
  type Kernel,
  type MemoryCgroup,
  type Process,
} from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";

const HUGE = 512;

function fill(process: Process, first: number, n: number): void {
  for (let i = first; i < first + n; i++) process.write(at(i), i);
}

/** What others have in stock goes back with the charge of yet another cgroup. */
function emptyStock(kernel: Kernel): void {
  const process = kernel.spawn({ cgroup: kernel.createCgroup() });
  lay(process, 0, 1);
  process.write(at(0), 1);
}

describe("huge pages", () => {
  async function hugeGroup(limit: number, transparentHugepage: "always" | "madvise" = "always") {
    const kernel = await createKernel({ build: "checked", frames: 2047, transparentHugepage });
    const cgroup = kernel.createCgroup("g", { limit });
    const process = kernel.spawn({ cgroup });
    lay(process, 0, 1024);
    return { kernel, cgroup, process };
  }

  test("are charged as 512, before and after a split", async () => {
    const { kernel, cgroup, process } = await hugeGroup(600);
    process.write(at(3), 1);
    expect(cgroup.usage).toBe(512);
    kernel.splitHugePage(pageAt(process, 3));
    expect(cgroup.usage).toBe(512);
    process.munmap(at(0), 12 * PAGE);
    expect(cgroup.usage).toBe(500);
    expectHealthy(kernel);
    process.exit();
    expect(cgroup.usage).toBe(0);
    expectHealthy(kernel);
  });

  test("that the limit does not allow are small ones", async () => {
    const { kernel, cgroup, process } = await hugeGroup(100);
    process.write(at(3), 1);
    // A batch of charges is taken ahead.
    expect([cgroup.usage, process.rss.anon]).toEqual([32, 1]);
    expect(kernel.vmstat()).toMatchObject({ thp_fault_alloc: 1, nr_anon_transparent_hugepages: 0 });
    expectHealthy(kernel);
  });

  test("a copy that the limit does not allow is one of small pages, of those that are written", async () => {
    const { kernel, cgroup, process } = await hugeGroup(600);
    process.write(at(3), 1);
    const child = process.fork();
    child.write(at(3), 2);
    // There was a row of frames, but no charge: so the page that is to be copied is split, and the fault tried again.
    expect(kernel.vmstat()).toMatchObject({ thp_fault_alloc: 2, thp_fault_fallback: 0 });
    expect(kernel.vmstat().thp_split).toBe(1);
    expect([process.read(at(3)), child.read(at(3)), child.read(at(4))]).toEqual([1, 2, 0]);
    // What was reclaimed for the huge one, in vain, was some of what it is made of.
    expect(process.rss.anon + process.rss.swap).toBe(HUGE);
    expect(cgroup.usage).toBeLessThanOrEqual(600);
    expectHealthy(kernel);
  });

  test("no huge page is made of small ones without room for it: khugepaged has its page charged before", async () => {
    const { kernel, cgroup, process } = await hugeGroup(0, "madvise");
    cgroup.setLimit(600);
    fill(process, 0, 200);
    process.madvise(at(0), HUGE * PAGE, "hugepage");
    const before = cgroup.stat().rss;
    // Reclaim for the charge sends the small ones out, as it does for any, and that is not enough.
    cgroup.setLimit(400);
    expect(process.collapse(at(0))).toBe("no-memory");
    expect(cgroup.usage).toBeLessThanOrEqual(400);
    expect([pageAt(process, 199)?.hugePage ?? null, before]).toEqual([null, 200]);
    for (let i = 0; i < 200; i++) expect(process.read(at(i))).toBe(i);
    expectHealthy(kernel);
    process.exit();
    // Charges in advance need room as well, or the small pages are reclaimed for it.
    cgroup.setLimit(HUGE + 224);
    const next = kernel.spawn({ cgroup });
    lay(next, 0, 1024);
    fill(next, 0, 200);
    next.madvise(at(0), HUGE * PAGE, "hugepage");
    expect(next.collapse(at(0))).toBe("collapsed");
    // The small ones give their charges back when they are copied.
    expect(cgroup.stat().rss).toBe(HUGE);
    expectHealthy(kernel);
  });

  test("a limit below one splits it, and reclaims what it is made of", async () => {
    const { kernel, cgroup, process } = await hugeGroup(600);
    fill(process, 0, HUGE);
    cgroup.setLimit(100);
    expect(cgroup.usage).toBeLessThanOrEqual(100);
    expect(kernel.vmstat().thp_split).toBe(1);
    expect(process.rss.anon + process.rss.swap).toBe(HUGE);
    expectHealthy(kernel);
    for (let i = 0; i < HUGE; i++) expect(process.read(at(i))).toBe(i);
    expect(cgroup.usage).toBeLessThanOrEqual(100);
    expectHealthy(kernel);
  });

  test("one moves as a whole, where there is room for all of it", async () => {
    const { kernel, cgroup, process } = await hugeGroup(600);
    process.write(at(3), 1);
    const [narrow, wide] = [500, HUGE].map((limit) => kernel.createCgroup("", { limit }));
    expect(codeOf(() => narrow!.move(process))).toBe("ENOMEM");
    expect([cgroup.usage, narrow!.usage]).toEqual([HUGE, 0]);
    wide!.move(process);
    expect([cgroup.usage, wide!.usage, wide!.stat().rss]).toEqual([0, HUGE, HUGE]);
    expect(pageAt(process, 3)).toMatchObject({ cgroup: wide!.number });
    expect(pageAt(process, 3).hugePage).not.toBe(null);
    expectHealthy(kernel);
  });
});

describe("pages that come back from swap", () => {
  /** A process of a cgroup with pages in swap, 0 to n. */
  async function swapped(n: number) {
    const kernel = await createKernel({ frames: 512, build: "checked" });
    const cgroup: MemoryCgroup = kernel.createCgroup("g");
    const process = kernel.spawn({ cgroup });
    lay(process, 0, n);
    fill(process, 0, n);
    for (let i = 0; i < n; i++) kernel.shrinkPage(pageAt(process, i), { force: true });
    emptyStock(kernel);
    expect([cgroup.usage, process.rss.swap]).toEqual([0, n]);
    return { kernel, cgroup, process };
  }

  test("at the limit each sends another one out", async () => {
    const { kernel, cgroup, process } = await swapped(6);
    cgroup.setLimit(2);
    for (let i = 0; i < 12; i++) {
      expect(process.read(at(i % 6))).toBe(i % 6);
      expect(cgroup.usage).toBeLessThanOrEqual(2);
    }
    expect(process.rss).toEqual({ anon: 2, file: 0, swap: 4 });
    expectHealthy(kernel);
  });

  test("room is made for a page that is read to be written to", async () => {
    const { kernel, cgroup, process } = await swapped(2);
    cgroup.setLimit(1);
    process.read(at(0));
    process.write(at(1), 9);
    expect([process.read(at(1)), cgroup.stat().rss]).toEqual([9, 1]);
    expect(process.rss.swap).toBe(1);
    expectHealthy(kernel);
  });

  test("without room it stays in the swap cache, charged to nobody, and is found there", async () => {
    const { kernel, cgroup, process } = await swapped(1);
    cgroup.setLimit(0);
    expect(codeOf(() => process.read(at(0)))).toBe("ENOMEM");
    expect([cgroup.usage, kernel.rootCgroup.pages]).toEqual([0, 1]);
    expectHealthy(kernel);
    cgroup.setLimit(1);
    const { pgmajfault } = cgroup.stat();
    expect(process.read(at(0))).toBe(0);
    expect(cgroup.stat()).toMatchObject({ rss: 1, pgmajfault });
    expectHealthy(kernel);
  });

  test("a page that two cgroups have is charged to the one that brings it back", async () => {
    const { kernel, cgroup, process } = await swapped(1);
    const other = kernel.createCgroup("other");
    const child = process.fork();
    other.move(child);
    child.read(at(0));
    process.read(at(0));
    expect([cgroup.stat().rss, other.stat().rss]).toEqual([0, 1]);
    expectHealthy(kernel);
  });
});
