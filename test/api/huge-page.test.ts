// Transparent huge pages: faults, copies, what each system call does with an entry that maps one, and splits.

import { describe, expect, test } from "vitest";
import type { Kernel, Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout, PAGE, pageAt, places } from "./ground.js";
import { HUGE, hugeBytes, hugeMachine, layHuge, splitAt } from "./huge.js";

/** The first pages of the huge pages that a process shows among pages [0, n). */
function hugeAt(process: Process, n: number): number[] {
  const heads: number[] = [];
  for (let page = 0; page < n; page++) {
    const found = process.pageAt(at(page));
    if (found?.hugePage && found.hugePage.frame === found.frame) heads.push(page);
  }
  return heads;
}

/** Pages of the machine that are part of huge ones, and splits so far. */
function hugeCounts(kernel: Kernel) {
  const { nr_anon_transparent_hugepages, nr_anon_pages, thp_split } = kernel.vmstat();
  return { huge: nr_anon_transparent_hugepages, small: nr_anon_pages, splits: thp_split };
}

describe("a fault", () => {
  test("makes a huge page where all of it fits into the VMA", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [3]);
    expect(process.pages()).toHaveLength(HUGE);
    expect(process.rss.anon).toBe(HUGE);
    const [first, third] = [pageAt(process, 0), pageAt(process, 3)];
    expect(third.frame).toBe(first.frame + 3);
    expect(first.frame % HUGE).toBe(0);
    expect(third.hugePage?.frame).toBe(first.frame);
    expect(third).toMatchObject({ mapcount: 1, refcount: 1, word: 1003, anon: true });
    expect(third.index).toBe(first.index + 3);
    expect(process.read(at(4))).toBe(0);
    expect(kernel.vmstat()).toMatchObject({
      nr_anon_transparent_hugepages: 1,
      nr_anon_pages: 0,
      thp_fault_alloc: 1,
      thp_fault_fallback: 0,
      nr_active_anon: HUGE,
    });
    expect(kernel.counters.faults).toBe(1);
    expectHealthy(kernel);
  });

  test("also for a read: v3.7 has no huge zero page", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, []);
    expect(process.read(at(9))).toBe(0);
    expect(hugeAt(process, HUGE)).toEqual([0]);
    // Written to from the beginning: no second fault.
    process.write(at(9), 1);
    expect(kernel.counters.faults).toBe(1);
    expectHealthy(kernel);
  });

  test("not where the VMA begins or ends inside the range, is a file's, or a stack that exec sets up", async () => {
    const { kernel, process } = await hugeMachine();
    lay(process, 1, HUGE);
    process.write(at(1), 1);
    process.write(at(HUGE), 1);
    lay(process, 4 * HUGE, HUGE, { shared: true });
    lay(process, 6 * HUGE, HUGE, { file: kernel.createFile({ pages: HUGE }) });
    lay(process, 8 * HUGE, HUGE, { growsDown: true, stackSetup: true });
    for (const n of [4, 6, 8]) process.write(at(n * HUGE), 1);
    expect(kernel.vmstat()).toMatchObject({ thp_fault_alloc: 0, thp_fault_fallback: 0 });
    expect(process.rss).toMatchObject({ anon: 4, file: 1 });
    expectHealthy(kernel);
  });

  test("by default only where madvise asked for it, and nowhere with never", async () => {
    const { kernel, process } = await hugeMachine({ transparentHugepage: "madvise" });
    layHuge(process, 0, 1, [0]);
    lay(process, HUGE, HUGE);
    process.madvise(at(HUGE), hugeBytes(1), "hugepage");
    process.write(at(HUGE), 1);
    expect(hugeAt(process, 2 * HUGE)).toEqual([HUGE]);
    expectHealthy(kernel);
    const never = await hugeMachine({ transparentHugepage: "never" });
    lay(never.process, 0, HUGE);
    never.process.madvise(at(0), hugeBytes(1), "hugepage");
    never.process.write(at(0), 1);
    expect(never.process.rss.anon).toBe(1);
  });

  test("not where madvise said nohugepage", async () => {
    const { process } = await hugeMachine();
    lay(process, 0, HUGE);
    process.madvise(at(0), hugeBytes(1), "nohugepage");
    process.write(at(0), 1);
    expect(process.rss.anon).toBe(1);
  });

  test("falls back to a small page without a row of frames", async () => {
    const { kernel, process } = await hugeMachine({ frames: 500 });
    layHuge(process, 0, 1, [7]);
    expect(process.rss.anon).toBe(1);
    expect(kernel.vmstat()).toMatchObject({ thp_fault_alloc: 0, thp_fault_fallback: 1 });
    expectHealthy(kernel);
  });

  test("that falls back leaves an anon_vma after a read too", async () => {
    const { kernel, process } = await hugeMachine({ frames: 500 });
    layHuge(process, 0, 1, []);
    process.read(at(7));
    expect(process.vmaAt(at(0))?.anonVma).not.toBe(0);
    expect(process.rss.anon).toBe(0);
    expectHealthy(kernel);
  });
});

describe("a write to a huge page that is protected", () => {
  test("uses it again if nobody else has it", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    process.mprotect(at(0), hugeBytes(1), "r");
    process.mprotect(at(0), hugeBytes(1), "rw");
    const { frame } = pageAt(process, 0);
    process.write(at(5), 1);
    expect(pageAt(process, 0).frame).toBe(frame);
    expect(kernel.counters).toMatchObject({ pagesCopied: 0, faults: 2 });
    expect(hugeCounts(kernel)).toMatchObject({ huge: 1, splits: 0 });
    expectHealthy(kernel);
  });

  test("copies all of it if a child has it as well", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0, 3]);
    const child = process.fork();
    expect(child.rss.anon).toBe(HUGE);
    expect(pageAt(child, 0)).toMatchObject({ mapcount: 2, refcount: 2 });
    process.write(at(3), 7);
    expect(pageAt(process, 0).frame).not.toBe(pageAt(child, 0).frame);
    expect([process.read(at(0)), process.read(at(3)), child.read(at(3))]).toEqual([1000, 7, 1003]);
    expect(hugeCounts(kernel)).toMatchObject({ huge: 2, splits: 0 });
    expect(kernel.counters.pagesCopied).toBe(HUGE);
    // The child is alone with it now.
    child.write(at(3), 8);
    expect(kernel.counters.pagesCopied).toBe(HUGE);
    expectHealthy(kernel);
  });

  test("copies it to small pages where there is no row of frames", async () => {
    const { kernel, process } = await hugeMachine({ frames: 2 * HUGE + 100 });
    layHuge(process, 0, 1, [0, 3]);
    const child = process.fork();
    process.write(at(3), 7);
    expect(hugeAt(process, HUGE)).toEqual([]);
    expect(hugeAt(child, HUGE)).toEqual([0]);
    expect([process.read(at(0)), process.read(at(3)), child.read(at(3))]).toEqual([1000, 7, 1003]);
    expect(hugeCounts(kernel)).toEqual({ huge: 1, small: HUGE, splits: 0 });
    expect(process.rss.anon).toBe(HUGE);
    expectHealthy(kernel);
  });

  test("splits it where there are not so many frames at all, and copies one", async () => {
    const { kernel, process } = await hugeMachine({ frames: 2 * HUGE - 1 });
    lay(process, 2 * HUGE, 300);
    for (let page = 2 * HUGE; page < 2 * HUGE + 300; page++) process.write(at(page), 1);
    layHuge(process, 0, 1, [0, 3]);
    const child = process.fork();
    process.write(at(3), 7);
    expect(hugeCounts(kernel)).toEqual({ huge: 0, small: HUGE + 301, splits: 1 });
    expect(pageAt(process, 4).frame).toBe(pageAt(child, 4).frame);
    expect([process.read(at(3)), child.read(at(3))]).toEqual([7, 1003]);
    expectHealthy(kernel);
  });
});

describe("unmapping", () => {
  test("all of it frees it whole", async () => {
    const { kernel, process } = await hugeMachine();
    const free = kernel.vmstat().nr_free_pages;
    layHuge(process, 0, 2, [0, HUGE]);
    process.munmap(at(0), hugeBytes(2));
    expect(kernel.vmstat().nr_free_pages).toBe(free);
    expect(hugeCounts(kernel)).toEqual({ huge: 0, small: 0, splits: 0 });
    expectHealthy(kernel);
  });

  test("a part of it splits it first", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0, 511]);
    const { frame } = pageAt(process, 511);
    process.munmap(at(100), 10 * PAGE);
    expect(hugeCounts(kernel)).toEqual({ huge: 0, small: HUGE - 10, splits: 1 });
    expect(process.rss.anon).toBe(HUGE - 10);
    const last = pageAt(process, 511);
    expect(last).toMatchObject({ frame, mapcount: 1, refcount: 1, word: 1511, hugePage: null });
    expect(last.dirty).toBe(true);
    process.write(at(511), 3);
    expect(kernel.counters.faults).toBe(1);
    expectHealthy(kernel);
  });

  test("dropping a part by madvise splits it as well, with no VMA cut", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    process.madvise(at(1), PAGE, "dontneed");
    expect(layout(process)).toEqual(["0-512 rw-p"]);
    expect(process.rss.anon).toBe(HUGE - 1);
    expect(hugeCounts(kernel)).toMatchObject({ huge: 0, splits: 1 });
    expectHealthy(kernel);
  });

  test("when the process ends", async () => {
    const { kernel, process } = await hugeMachine();
    const free = kernel.vmstat().nr_free_pages;
    layHuge(process, 0, 2, [0, HUGE]);
    const child = process.fork();
    process.exit();
    expect(pageAt(child, 0)).toMatchObject({ mapcount: 1, refcount: 1 });
    expectHealthy(kernel);
    child.exit();
    expect(kernel.vmstat().nr_free_pages).toBe(free);
    expectHealthy(kernel);
  });
});

describe("the bounds of VMAs", () => {
  test("split what they cut: mprotect, madvise, mlock of a part", async () => {
    for (const cut of [
      (process: Process) => process.mprotect(at(256), 8 * PAGE, "r"),
      (process: Process) => process.madvise(at(256), 8 * PAGE, "dontfork"),
      (process: Process) => process.mlock(at(256), 8 * PAGE),
    ]) {
      const { kernel, process } = await hugeMachine();
      layHuge(process, 0, 1, [0]);
      cut(process);
      expect(layout(process).map((line) => line.split(" ")[0])).toEqual([
        "0-256",
        "256-264",
        "264-512",
      ]);
      expect(hugeCounts(kernel)).toEqual({ huge: 0, small: HUGE, splits: 1 });
      expectHealthy(kernel);
    }
  });

  test("that nothing else cuts split by themselves: below, above, and of the next VMA", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [0, HUGE]);
    process.madvise(at(0), 8 * PAGE, "dontfork");
    expect(hugeCounts(kernel)).toMatchObject({ huge: 1, splits: 1 });
    expectHealthy(kernel);
    process.madvise(at(8), 504 * PAGE, "dontfork");
    process.madvise(at(HUGE), 5 * PAGE, "dontfork");
    expect(layout(process)).toEqual(["0-517 rw-p", "517-1024 rw-p"]);
    expect(hugeCounts(kernel)).toMatchObject({ huge: 0, splits: 2 });
    expectHealthy(kernel);
  });

  test("that lie between huge pages split nothing", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 3, [0, HUGE, 2 * HUGE]);
    process.mprotect(at(HUGE), hugeBytes(1), "r");
    expect(layout(process)).toEqual(["0-512 rw-p", "512-1024 r--p", "1024-1536 rw-p"]);
    expect(hugeCounts(kernel)).toMatchObject({ huge: 3, splits: 0 });
    expect(codeOf(() => process.write(at(HUGE), 1))).toBe("SIGSEGV");
    expect(process.read(at(HUGE))).toBe(1000 + HUGE);
    expectHealthy(kernel);
  });

  test("that move between two VMAs split the huge page of the one that loses it", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [0, HUGE]);
    process.mprotect(at(0), hugeBytes(1), "r");
    // The boundary goes up into the second huge page, then down into the first.
    process.mprotect(at(HUGE), 5 * PAGE, "r");
    expect(layout(process)).toEqual(["0-517 r--p", "517-1024 rw-p"]);
    expect(hugeCounts(kernel)).toMatchObject({ huge: 1, splits: 1 });
    expectHealthy(kernel);
    process.mprotect(at(510), 7 * PAGE, "rw");
    expect(layout(process)).toEqual(["0-510 r--p", "510-1024 rw-p"]);
    expect(hugeCounts(kernel)).toMatchObject({ huge: 0, splits: 2 });
    expectHealthy(kernel);
  });
});

describe("mremap", () => {
  test("moves a whole entry to an aligned place", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [3, HUGE + 3]);
    const { frame } = pageAt(process, 0);
    process.mremap(at(0), hugeBytes(2), hugeBytes(2), { to: at(8 * HUGE) });
    expect(pageAt(process, 8 * HUGE).frame).toBe(frame);
    expect(process.read(at(9 * HUGE + 3))).toBe(1000 + HUGE + 3);
    expect(hugeCounts(kernel)).toMatchObject({ huge: 2, splits: 0 });
    expect(places(pageAt(process, 8 * HUGE + 3))).toEqual([`${process.pid}:${8 * HUGE + 3}`]);
    expectHealthy(kernel);
  });

  test("splits it where it comes to lie across, or only a part moves", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [3, HUGE + 3]);
    process.mremap(at(0), hugeBytes(1), hugeBytes(1), { to: at(8 * HUGE + 1) });
    expect(process.read(at(8 * HUGE + 4))).toBe(1003);
    process.mremap(at(HUGE), 8 * PAGE, 8 * PAGE, { to: at(12 * HUGE) });
    expect(process.read(at(12 * HUGE + 3))).toBe(1000 + HUGE + 3);
    expect(hugeCounts(kernel)).toEqual({ huge: 0, small: 2 * HUGE, splits: 2 });
    expectHealthy(kernel);
  });

  test("splits it where madvise has said meanwhile that there are to be none", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [3]);
    process.madvise(at(0), hugeBytes(1), "nohugepage");
    expect(hugeCounts(kernel)).toMatchObject({ huge: 1, splits: 0 });
    process.mremap(at(0), hugeBytes(1), hugeBytes(1), { to: at(8 * HUGE) });
    expect(process.read(at(8 * HUGE + 3))).toBe(1003);
    expect(hugeCounts(kernel)).toEqual({ huge: 0, small: HUGE, splits: 1 });
    expectHealthy(kernel);
  });

  test("shrinks to inside a huge page, which is split", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [3]);
    process.mremap(at(0), hugeBytes(1), 9 * PAGE);
    expect(process.rss.anon).toBe(9);
    expect(hugeCounts(kernel)).toEqual({ huge: 0, small: 9, splits: 1 });
    expectHealthy(kernel);
  });
});

describe("mlock", () => {
  test("counts a huge page by its size, and so does munlock", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [3]);
    process.mlock(at(0), hugeBytes(1));
    expect(pageAt(process, 0)).toMatchObject({ mlocked: true, unevictable: true });
    expect(kernel.vmstat()).toMatchObject({
      nr_mlock: HUGE,
      nr_unevictable: HUGE,
      unevictable_pgs_mlocked: 1,
    });
    expectHealthy(kernel);
    process.munlock(at(0), hugeBytes(1));
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 0, nr_unevictable: 0 });
    expect(hugeCounts(kernel)).toMatchObject({ huge: 1, splits: 0 });
    expectHealthy(kernel);
  });

  test("makes huge pages of what was not touched", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, []);
    process.mlock(at(0), hugeBytes(2));
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 2 * HUGE, thp_fault_alloc: 2 });
    expect(process.rss.anon).toBe(2 * HUGE);
    expectHealthy(kernel);
  });

  test("of a part: each page of the split is mlocked by itself", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [3]);
    process.mlock(at(0), hugeBytes(1));
    process.munlock(at(100), 12 * PAGE);
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: HUGE - 12, nr_unevictable: HUGE - 12 });
    expect([pageAt(process, 99).mlocked, pageAt(process, 100).mlocked]).toEqual([true, false]);
    expectHealthy(kernel);
    process.munmap(at(0), hugeBytes(1));
    expect(kernel.vmstat().nr_mlock).toBe(0);
    expectHealthy(kernel);
  });

  test("breaks a shared huge page now", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [3]);
    const child = process.fork();
    child.mlock(at(0), hugeBytes(1));
    expect(pageAt(child, 0).frame).not.toBe(pageAt(process, 0).frame);
    expect(pageAt(child, 0).mlocked).toBe(true);
    expect(kernel.vmstat().nr_mlock).toBe(HUGE);
    child.exit();
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 0, unevictable_pgs_cleared: 0 });
    expectHealthy(kernel);
  });
});

describe("splitHugePage", () => {
  test("makes a table of entries in every process that maps it", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0, 3]);
    const child = process.fork();
    const grandchild = child.fork();
    const page = pageAt(process, 3);
    expect(places(page)).toEqual([process, child, grandchild].map(({ pid }) => `${pid}:3`));
    expect(splitAt(kernel, child, 3)).toBe(true);
    expect(page).toMatchObject({ mapcount: 3, refcount: 3, hugePage: null, word: 1003 });
    expect(places(page)).toEqual([process, child, grandchild].map(({ pid }) => `${pid}:3`));
    expect(hugeCounts(kernel)).toEqual({ huge: 0, small: HUGE, splits: 1 });
    expect(splitAt(kernel, child, 3)).toBe(true);
    expect(kernel.vmstat().thp_split).toBe(1);
    process.write(at(3), 1);
    expect(page.mapcount).toBe(2);
    expectHealthy(kernel);
  });

  test("hands pins to the page that they were taken on", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    const [head, tail] = [pageAt(process, 0), pageAt(process, 9)];
    kernel.pin(tail);
    kernel.pin(tail);
    kernel.pin(head);
    expect([head.refcount, tail.refcount, head.pins, tail.pins]).toEqual([4, 4, 1, 2]);
    expect(pageAt(process, 8).pins).toBe(0);
    expectHealthy(kernel);
    expect(splitAt(kernel, process, 9)).toBe(true);
    expect([head.refcount, tail.refcount]).toEqual([2, 3]);
    expectHealthy(kernel);
    kernel.unpin(tail);
    process.munmap(at(0), hugeBytes(1));
    expect(tail.refcount).toBe(1);
    kernel.unpin(tail);
    kernel.unpin(head);
    expect(codeOf(() => tail.refcount)).toBe("ESTALE");
    expectHealthy(kernel);
  });

  test("can't when only pins are left of it", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    const tail = pageAt(process, 9);
    kernel.pin(tail);
    process.munmap(at(0), hugeBytes(1));
    expect(tail).toMatchObject({ mapcount: 0, refcount: 1 });
    expect(kernel.splitHugePage(tail)).toBe(false);
    expectHealthy(kernel);
    kernel.unpin(tail);
    expect(kernel.vmstat().nr_free_pages).toBe(5 * HUGE - 1);
    expectHealthy(kernel);
  });

  test("gives each page the head's flags, young entries and its list", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    kernel.poison(pageAt(process, 7));
    kernel.splitHugePage(pageAt(process, 0));
    expect(pageAt(process, 5)).toMatchObject({ active: true, lru: true, swapBacked: true });
    expect(pageAt(process, 5).flags & 0x400000).toBe(0);
    expect(pageAt(process, 7).flags & 0x400000).not.toBe(0);
    expect(kernel.pageReferenced(pageAt(process, 5))).toBe(1);
    expect(kernel.pageReferenced(pageAt(process, 5))).toBe(0);
    expect(kernel.vmstat()).toMatchObject({ nr_active_anon: HUGE });
    expectHealthy(kernel);
  });
});

describe("what works on single pages", () => {
  test("page_referenced counts a huge entry once, also where reads are sequential", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    process.fork();
    process.madvise(at(0), hugeBytes(1), "sequential");
    expect(kernel.pageReferenced(pageAt(process, 3))).toBe(1);
    expect(kernel.pageReferenced(pageAt(process, 0))).toBe(0);
    process.read(at(44));
    expect(kernel.pageReferenced(pageAt(process, 0))).toBe(1);
    expectHealthy(kernel);
  });

  test("reclaim splits, and takes the first page", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0, 1]);
    expect(kernel.shrinkPage(pageAt(process, 1), { force: true })).toBe("not-isolated");
    expect(kernel.shrinkPage(pageAt(process, 0), { force: true })).toBe("reclaimed");
    expect(hugeCounts(kernel)).toEqual({ huge: 0, small: HUGE - 1, splits: 1 });
    expect(process.rss).toEqual({ anon: HUGE - 1, file: 0, swap: 1 });
    expect(process.read(at(0))).toBe(1000);
    expectHealthy(kernel);
  });

  test("reclaim without swap leaves it huge", async () => {
    const { kernel, process } = await hugeMachine({ swap: 0 });
    layHuge(process, 0, 1, [0]);
    expect(kernel.shrinkPage(pageAt(process, 0), { force: true })).toBe("activated");
    expect(hugeCounts(kernel)).toMatchObject({ huge: 1, splits: 0 });
    expectHealthy(kernel);
  });

  test("reclaim of many pages goes on with those of the split", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [0, HUGE]);
    for (let i = 0; i < 3; i++) kernel.reclaim(300);
    expect(process.rss.swap).toBeGreaterThanOrEqual(300);
    expect(process.rss.anon + process.rss.swap).toBe(2 * HUGE);
    expectHealthy(kernel);
    expect(process.read(at(0))).toBe(1000);
    expect(process.read(at(HUGE))).toBe(1000 + HUGE);
    expectHealthy(kernel);
  });

  test("try_to_unmap and migration split, and take the page that was named", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [4, HUGE + 4]);
    expect(kernel.tryToUnmap(pageAt(process, 4), { ignoreAccess: true })).toBe("success");
    expect(process.swapped().map(({ address }) => address)).toEqual([at(4)]);
    const { frame } = pageAt(process, HUGE + 4);
    expect(kernel.migratePage(pageAt(process, HUGE + 4)).result).toBe("moved");
    expect(pageAt(process, HUGE + 4).frame).not.toBe(frame);
    expect([process.read(at(4)), process.read(at(HUGE + 4))]).toEqual([1004, 1000 + HUGE + 4]);
    expect(kernel.vmstat().thp_split).toBe(2);
    expectHealthy(kernel);
  });

  test("KSM splits what it merges, and only that", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, []);
    for (let page = 0; page < 2 * HUGE; page++) process.write(at(page), 5000 + page);
    process.madvise(at(0), hugeBytes(2), "mergeable");
    for (let i = 0; i < 3; i++) kernel.ksm.scan();
    expect(kernel.vmstat().thp_split).toBe(0);
    process.write(at(HUGE + 7), 5008);
    for (let i = 0; i < 3; i++) kernel.ksm.scan();
    expect(pageAt(process, 8).frame).toBe(pageAt(process, HUGE + 7).frame);
    expect(pageAt(process, 8)).toMatchObject({ ksm: true, mapcount: 2 });
    expect(kernel.vmstat().thp_split).toBe(2);
    expectHealthy(kernel);
    kernel.ksm.unmerge();
    expect([process.read(at(8)), process.read(at(HUGE + 7))]).toEqual([5008, 5008]);
    expectHealthy(kernel);
  });

  test("swapoff passes huge pages over", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [0, HUGE]);
    kernel.shrinkPage(pageAt(process, 0), { force: true });
    kernel.swapoff(0);
    expect(process.rss).toEqual({ anon: 2 * HUGE, file: 0, swap: 0 });
    expect(hugeCounts(kernel).huge).toBe(1);
    expectHealthy(kernel);
  });

  test("try_to_munlock does not see a huge entry: v3.7 looks for small ones", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    process.mprotect(at(0), hugeBytes(1), "r");
    const child = process.fork();
    process.mlock(at(0), hugeBytes(1));
    child.mlock(at(0), hugeBytes(1));
    expect(pageAt(child, 0)).toMatchObject({ mlocked: true, mapcount: 2 });
    child.munlock(at(0), hugeBytes(1));
    expect(pageAt(process, 0).mlocked).toBe(false);
    expectHealthy(kernel);
    // Reclaim meets it: split, it finds the locked VMA.
    expect(kernel.shrinkPage(pageAt(process, 0), { force: true })).toBe("culled");
    expect(pageAt(process, 0).mlocked).toBe(true);
    expectHealthy(kernel);
  });
});

test("madvise hugepage and nohugepage set flags that keep VMAs apart, and refuse what is set or shared", async () => {
  const { kernel, process } = await hugeMachine({ transparentHugepage: "madvise" });
  lay(process, 0, 8);
  process.madvise(at(0), 4 * PAGE, "hugepage");
  expect(layout(process)).toEqual(["0-4 rw-p", "4-8 rw-p"]);
  expect(process.vmaAt(at(0))!.flags & 0x20000000).not.toBe(0);
  expect(codeOf(() => process.madvise(at(0), 4 * PAGE, "hugepage"))).toBe("EINVAL");
  process.madvise(at(0), 4 * PAGE, "nohugepage");
  expect(process.vmaAt(at(0))!.flags & 0x60000000).toBe(0x40000000);
  expect(codeOf(() => process.madvise(at(0), 4 * PAGE, "nohugepage"))).toBe("EINVAL");
  lay(process, 16, 4, { shared: true });
  expect(codeOf(() => process.madvise(at(16), 4 * PAGE, "hugepage"))).toBe("EINVAL");
  expectHealthy(kernel);
});

test("who has a huge page for himself again writes to it: an s390x marks nothing in the entry", async () => {
  const { kernel, process } = await hugeMachine({ arch: "s390x" });
  layHuge(process, 0, 1, [0]);
  process.fork().exit();
  process.write(at(1), 7);
  expect(kernel.counters.pagesCopied).toBe(0);
  expect(pageAt(process, 1).storageKey).toMatchObject({ changed: true, referenced: true });
  expectHealthy(kernel);
});

test("snapshots keep huge pages, and fork of a machine of lists walks them as well", async () => {
  const { kernel, process } = await hugeMachine({ anonIndex: "list" });
  layHuge(process, 0, 1, [0]);
  const child = process.fork();
  const before = kernel.snapshot();
  child.munmap(at(3), PAGE);
  expect(hugeCounts(kernel)).toMatchObject({ huge: 0, splits: 1 });
  expectHealthy(kernel);
  kernel.restore(before);
  expect(hugeCounts(kernel)).toMatchObject({ huge: 1, splits: 0 });
  expect(places(pageAt(process, 3))).toEqual([`${process.pid}:3`, `${child.pid}:3`]);
  expectHealthy(kernel);
});
