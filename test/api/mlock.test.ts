// mlock, munlock, mlockall (spec/rmap.md Part 3, "mlock / munlock on VMAs"; spec/commits.md sections 3, 4).

import { describe, expect, test } from "vitest";
import { createKernel, type KernelOptions } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout, PAGE, pageAt } from "./ground.js";

async function machine(options: KernelOptions = {}) {
  const kernel = await createKernel({ build: "checked", frames: 256, ...options });
  return { kernel, process: kernel.spawn() };
}

describe("mlock", () => {
  test("makes every page present, mlocked and unevictable, and counts them", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 4);
    process.write(at(0), 1);
    process.mlock(at(0), 3 * PAGE);
    expect(process.pages().map(({ address }) => address)).toEqual([at(0), at(1), at(2)]);
    for (const i of [0, 1, 2]) {
      expect(pageAt(process, i)).toMatchObject({ mlocked: true, unevictable: true, active: false });
    }
    expect(process.lockedPages).toBe(3);
    expect(kernel.vmstat()).toMatchObject({
      nr_mlock: 3,
      nr_unevictable: 3,
      unevictable_pgs_mlocked: 3,
      // The page that was there already moved from a list of reclaim.
      unevictable_pgs_culled: 1,
    });
    expect(layout(process)).toEqual(["0-3 rw-p", "3-4 rw-p"]);
    expectHealthy(kernel);
  });

  test("copies private writable pages now, and reads the others", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 2, word: 50 });
    lay(process, 0, 2, { file });
    lay(process, 8, 2, { file, prot: "r" });
    lay(process, 16, 2, { file, shared: true });
    for (const first of [0, 8, 16]) process.mlock(at(first), 2 * PAGE);
    expect(process.rss).toMatchObject({ anon: 2, file: 4 });
    expect(pageAt(process, 16).dirty).toBe(false);
    expect(kernel.counters.pagesCopied).toBe(2);
    expectHealthy(kernel);
  });

  test("shares nothing with a parent that could write it", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(at(0), 5);
    const child = process.fork();
    child.mlock(at(0), PAGE);
    expect(pageAt(child, 0).frame).not.toBe(pageAt(process, 0).frame);
    expect(child.read(at(0))).toBe(5);
    expectHealthy(kernel);
  });

  test("up to a hole, and what was locked before it stays", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2);
    lay(process, 4, 2);
    expect(codeOf(() => process.mlock(at(0), 6 * PAGE))).toBe("ENOMEM");
    expect(process.lockedPages).toBe(2);
    // It failed, so nothing was made present.
    expect(process.pages()).toEqual([]);
    expect(kernel.vmstat().nr_mlock).toBe(0);
    expectHealthy(kernel);
  });

  test("what may not be read can't be made present: ENOMEM, and the VMA is locked", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1, { prot: "none" });
    expect(codeOf(() => process.mlock(at(0), PAGE))).toBe("ENOMEM");
    expect(process.lockedPages).toBe(1);
    expectHealthy(kernel);
  });

  test("of no pages it asks nothing of them", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2, { prot: "none" });
    expect(codeOf(() => process.mlock(at(0), 2 * PAGE))).toBe("ENOMEM");
    process.mlock(at(1), 0);
    expect(process.lockedPages).toBe(2);
    expectHealthy(kernel);
  });

  test("without frames it says EAGAIN", async () => {
    const { kernel, process } = await machine({ frames: 2 });
    lay(process, 0, 4);
    expect(codeOf(() => process.mlock(at(0), 4 * PAGE))).toBe("EAGAIN");
    expectHealthy(kernel);
  });

  test("a range beyond what there can be locks what there is, where nothing limits it", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 4);
    const most = 2 ** 46;
    expect(codeOf(() => process.mlock(at(0), most))).toBe("ENOMEM");
    expect(process.lockedPages).toBe(4);
    expectHealthy(kernel);
  });

  test("no more than the limit", async () => {
    const { kernel, process } = await machine({ memlock: 3 });
    lay(process, 0, 8);
    expect(codeOf(() => process.mlock(at(0), 4 * PAGE))).toBe("ENOMEM");
    expect(process.lockedPages).toBe(0);
    process.mlock(at(0), 3 * PAGE);
    expect(codeOf(() => process.mlock(at(5), PAGE))).toBe("ENOMEM");
    expect(codeOf(() => process.mlockall({ current: true }))).toBe("ENOMEM");
    expect(process.lockedPages).toBe(3);
    expectHealthy(kernel);
  });

  test("with a limit of nothing it may not even be asked for: EPERM", async () => {
    const { kernel, process } = await machine({ memlock: 0 });
    lay(process, 0, 1);
    const length = PAGE;
    expect(codeOf(() => process.mlock(at(0), length))).toBe("EPERM");
    expect(codeOf(() => process.mlock(at(7), length))).toBe("EPERM");
    expect(codeOf(() => process.mlockall({ current: true, future: true }))).toBe("EPERM");
    expect(codeOf(() => process.mmap({ length, locked: true }))).toBe("EPERM");
    process.munlock(at(0), length);
    expectHealthy(kernel);
  });

  test("a second lock of the same range changes nothing", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2);
    process.mlock(at(0), 2 * PAGE);
    const before = kernel.vmstat();
    process.mlock(at(0), 2 * PAGE);
    expect(kernel.vmstat()).toEqual(before);
    expect(process.lockedPages).toBe(2);
  });
});

describe("munlock", () => {
  test("gives the pages back to reclaim, and joins the VMAs again", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 3);
    // One anon_vma for all of it: locking alone would give one to the middle, which then joins nobody.
    process.write(at(0), 1);
    process.mlock(at(1), PAGE);
    process.munlock(at(0), 3 * PAGE);
    expect(layout(process)).toEqual(["0-3 rw-p"]);
    expect(pageAt(process, 1)).toMatchObject({ mlocked: false, unevictable: false, lru: true });
    expect(process.lockedPages).toBe(0);
    expect(kernel.vmstat()).toMatchObject({
      nr_mlock: 0,
      nr_unevictable: 0,
      unevictable_pgs_munlocked: 1,
      unevictable_pgs_rescued: 1,
    });
    expectHealthy(kernel);
  });

  test("a page that is off its list is counted as munlocked, or stranded", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.mlock(at(0), PAGE);
    const page = pageAt(process, 0);
    expect(kernel.isolate(page)).toBe(true);
    process.munlock(at(0), PAGE);
    expect(page.mlocked).toBe(false);
    expect(kernel.vmstat()).toMatchObject({ unevictable_pgs_stranded: 1, nr_unevictable: 0 });
    kernel.putback(page);
    expect(page).toMatchObject({ unevictable: false, lru: true });
    expectHealthy(kernel);
  });
});

describe("mlockall", () => {
  test("current: all there is", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2);
    lay(process, 8, 2, { prot: "r" });
    process.mlockall({ current: true });
    expect(process.lockedPages).toBe(4);
    // The zero page is never mlocked.
    expect(kernel.vmstat().nr_mlock).toBe(2);
    lay(process, 16, 1);
    expect(process.lockedPages).toBe(4);
    expectHealthy(kernel);
  });

  test("future: all there will be, and not what there is", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2);
    process.mlockall({ future: true });
    expect(process.lockedPages).toBe(0);
    lay(process, 8, 2);
    expect(process.lockedPages).toBe(2);
    expect(pageAt(process, 9).mlocked).toBe(true);
    process.munlockall();
    lay(process, 16, 2);
    expect(process.lockedPages).toBe(0);
    expect(codeOf(() => process.mlockall({}))).toBe("EINVAL");
    expectHealthy(kernel);
  });

  test("the heap and a growing mremap are locked and counted too", async () => {
    const { kernel, process } = await machine();
    process.mlockall({ future: true });
    const heap = process.brk();
    process.brk(heap + 2 * PAGE);
    expect(process.lockedPages).toBe(2);
    lay(process, 0, 1);
    process.mremap(at(0), PAGE, 3 * PAGE, { to: at(32) });
    expect(process.lockedPages).toBe(5);
    expect(pageAt(process, 34).mlocked).toBe(true);
    process.brk(heap);
    expect(process.lockedPages).toBe(3);
    expectHealthy(kernel);
  });
});

describe("locked memory and the rest", () => {
  test("a child inherits no lock, and the parent's pages stay mlocked when it ends", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2);
    process.mlockall({ current: true, future: true });
    const child = process.fork();
    expect(child.lockedPages).toBe(0);
    lay(child, 8, 1);
    expect(child.lockedPages).toBe(0);
    child.exit();
    expect(kernel.vmstat().nr_mlock).toBe(2);
    expectHealthy(kernel);
  });

  test("unmapping and exit take pages and account along", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 4);
    process.mlock(at(0), 4 * PAGE);
    process.munmap(at(1), 2 * PAGE);
    expect(process.lockedPages).toBe(2);
    expect(kernel.vmstat().nr_mlock).toBe(2);
    process.exit();
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 0, nr_unevictable: 0 });
    expectHealthy(kernel);
  });

  test("a copy made in a locked VMA unlocks the page that others keep", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(at(0), 5);
    process.mlock(at(0), PAGE);
    const page = pageAt(process, 0);
    const child = process.fork();
    process.write(at(0), 6);
    expect(page).toMatchObject({ mlocked: false, unevictable: false });
    expect(pageAt(process, 0).mlocked).toBe(true);
    expect(child.read(at(0))).toBe(5);
    expect(kernel.vmstat().nr_mlock).toBe(1);
    expectHealthy(kernel);
  });

  test("a page that the lock missed is found by reclaim", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.mlock(at(0), PAGE);
    const moved = kernel.migratePage(pageAt(process, 0));
    expect(moved.page).toMatchObject({ mlocked: false });
    expect(kernel.shrinkPage(moved.page!)).toBe("culled");
    expect(moved.page).toMatchObject({ mlocked: true, unevictable: true, mapcount: 1 });
    expectHealthy(kernel);
  });

  test("dontneed is refused where memory is locked", async () => {
    const { process } = await machine();
    lay(process, 0, 1);
    process.mlock(at(0), PAGE);
    expect(codeOf(() => process.madvise(at(0), PAGE, "dontneed"))).toBe("EINVAL");
    expect(process.rss.anon).toBe(1);
  });
});
