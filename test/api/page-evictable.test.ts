// page_evictable: whether reclaim may take a page, and what asking does (spec/commits.md section 4).

import { describe, expect, test } from "vitest";
import { switches, type KernelOptions } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { HUGE } from "./huge.js";
import { fill, machine, mergeable, swapOut } from "./machine.js";

const values = switches.pageEvictable;

/** A page that is on no list, and two VMAs: its own and a locked one. */
async function isolated(options: KernelOptions) {
  const { kernel, process } = await machine(options);
  fill(process, 0, 1);
  lay(process, 4, 1);
  process.mlock(at(4), PAGE);
  const page = pageAt(process, 0);
  kernel.isolate(page);
  return { kernel, process, page, own: process.vmaAt(at(0))!, locked: process.vmaAt(at(4))! };
}

describe("asked with a locked VMA", () => {
  test("up to v3.6 it mlocks the page, and counts it", async () => {
    const { kernel, page, locked } = await isolated({ pageEvictable: "with-vma" });
    const { nr_mlock, unevictable_pgs_mlocked } = kernel.vmstat();
    expect(kernel.pageEvictable(page, locked)).toBe(false);
    expect(page.mlocked).toBe(true);
    expect(kernel.pageEvictable(page, locked)).toBe(false);
    expect(kernel.vmstat()).toMatchObject({
      nr_mlock: nr_mlock + 1,
      unevictable_pgs_mlocked: unevictable_pgs_mlocked + 1,
    });
    kernel.putback(page);
    expect(page).toMatchObject({ unevictable: true, lru: true });
    expectHealthy(kernel);
  });

  test("from v3.7 on the VMA is not looked at, and nothing changes", async () => {
    const { kernel, page, locked } = await isolated({});
    const before = kernel.vmstat();
    expect([kernel.pageEvictable(page, locked), kernel.pageEvictable(page, locked)]).toEqual([
      true,
      true,
    ]);
    expect([page.mlocked, kernel.vmstat()]).toEqual([false, before]);
    expectHealthy(kernel);
  });
});

describe.each(values)("%s", (pageEvictable) => {
  test("asked without a VMA it tells what the page says, on a list or not", async () => {
    const { kernel, process, page } = await isolated({ pageEvictable });
    const before = kernel.vmstat();
    expect(kernel.pageEvictable(page)).toBe(true);
    expect(kernel.pageEvictable(pageAt(process, 4))).toBe(false);
    const file = kernel.createFile({ pages: 1, kind: "ramfs" });
    lay(process, 8, 1, { file, shared: true });
    process.read(at(8));
    expect(kernel.pageEvictable(pageAt(process, 8))).toBe(false);
    const { nr_mlock, unevictable_pgs_mlocked } = before;
    expect(kernel.vmstat()).toMatchObject({ nr_mlock, unevictable_pgs_mlocked });
    expectHealthy(kernel);
  });

  test("asked with a VMA that is not locked it changes nothing", async () => {
    const { kernel, page, own } = await isolated({ pageEvictable });
    const before = kernel.vmstat();
    expect(kernel.pageEvictable(page, own)).toBe(true);
    expect([page.mlocked, kernel.vmstat()]).toEqual([false, before]);
  });

  test("with a VMA only of a page that is on no list, mapped, and none of the pool", async () => {
    const options = { pageEvictable, frames: 4 * HUGE - 1, hugePages: 1 };
    const { kernel, process, page, locked } = await isolated(options);
    kernel.putback(page);
    expect(codeOf(() => kernel.pageEvictable(page, locked))).toBe("EBUSY");
    expect(() => kernel.pageEvictable(page, locked)).toThrow(/isolate\(\) it first/);
    kernel.isolate(page);
    process.munmap(at(0), PAGE);
    expect(codeOf(() => kernel.pageEvictable(page, locked))).toBe("EINVAL");
    lay(process, HUGE, HUGE, { hugetlb: true });
    process.write(at(HUGE), 1);
    expect(codeOf(() => kernel.pageEvictable(pageAt(process, HUGE), locked))).toBe("EINVAL");
    process.munmap(at(4), PAGE);
    expect(codeOf(() => kernel.pageEvictable(page, locked))).toBe("ESTALE");
    kernel.putback(page);
    expectHealthy(kernel);
  });

  test("is asked in batches as well", async () => {
    const { kernel, page, own, locked } = await isolated({ pageEvictable });
    const batch = kernel.batch();
    const asked = [
      batch.pageEvictable(page),
      batch.pageEvictable(page, own),
      batch.pageEvictable(page, locked),
    ];
    batch.run();
    const last = pageEvictable === "with-vma" ? 0 : 1;
    expect(asked.map((i) => batch.result(i))).toEqual([1, 1, last]);
    kernel.putback(page);
    expectHealthy(kernel);
  });

  test("a new page of a locked VMA is mlocked", async () => {
    const { kernel, process } = await machine({ pageEvictable });
    process.mlockall({ future: true });
    fill(process, 0, 2);
    expect(kernel.vmstat()).toMatchObject({
      nr_mlock: 2,
      nr_unevictable: 2,
      unevictable_pgs_mlocked: 2,
    });
    expect(pageAt(process, 1)).toMatchObject({ mlocked: true, unevictable: true });
    process.munlockall();
    fill(process, 8, 1);
    expect(pageAt(process, 8)).toMatchObject({ mlocked: false, unevictable: false, active: true });
    expectHealthy(kernel);
  });

  test("so is the copy that a place gets of a page which KSM had shared, as that comes back from swap", async () => {
    const { kernel, process } = await machine({ pageEvictable, swap: 4 });
    mergeable(process, 0, [5, 5]);
    expect(kernel.ksm.settle()).toBe(1);
    swapOut(kernel, process, [0]);
    process.read(at(0));
    expect(pageAt(process, 0)).toMatchObject({ mlocked: false, unevictable: false });
    process.mlock(at(1), PAGE);
    const copy = pageAt(process, 1);
    expect(copy.frame).not.toBe(pageAt(process, 0).frame);
    expect(copy).toMatchObject({ mlocked: true, unevictable: true, mapcount: 1, word: 5 });
    // It has been on no other list before.
    expect(kernel.vmstat()).toMatchObject({
      nr_mlock: 1,
      unevictable_pgs_mlocked: 1,
      unevictable_pgs_culled: 0,
    });
    expectHealthy(kernel);
  });
});
