// A page that KSM shares: how it is left, inherited, swapped out, and what is remembered of its places.

import { beforeEach, describe, expect, test } from "vitest";
import type { Kernel, Page, Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt, places, stateOf } from "./ground.js";
import { fill, machine, mergeable, swapOut } from "./machine.js";

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  ({ kernel, process } = await machine());
});

/** pages_shared and pages_sharing. */
function shares(): [number, number] {
  return [kernel.ksm.pagesShared, kernel.ksm.pagesSharing];
}

/** So many places of one process, from page 0 on, that share a page with the word 5. */
function sharedBy(n: number): Page {
  mergeable(process, 0, Array<number>(n).fill(5));
  expect(kernel.ksm.settle()).toBe(n - 1);
  return pageAt(process, 0);
}

describe("a write", () => {
  test("gives its place a copy of its own; the others go on sharing", () => {
    const shared = sharedBy(3);
    kernel.resetCounters();
    process.write(at(1), 6);
    expect(kernel.counters).toMatchObject({ faults: 1, pagesCopied: 1 });
    expect(pageAt(process, 1)).toMatchObject({ ksm: false, mapcount: 1, word: 6 });
    expect(shared).toMatchObject({ ksm: true, mapcount: 2, word: 5 });
    expect([0, 1, 2].map((i) => process.read(at(i)))).toEqual([5, 6, 5]);
    expectHealthy(kernel);
  });

  test("copies even for the last place: a shared page is nobody's to write to", () => {
    const shared = sharedBy(2);
    process.write(at(0), 6);
    kernel.resetCounters();
    process.write(at(1), 7);
    expect(kernel.counters.pagesCopied).toBe(1);
    expect(codeOf(() => shared.word)).toBe("ESTALE");
    expect(kernel.vmstat().nr_anon_pages).toBe(2);
    expectHealthy(kernel);
  });

  test("is seen by the counts when the next scan comes there", () => {
    sharedBy(3);
    process.write(at(1), 6);
    expect(shares()).toEqual([1, 2]);
    kernel.ksm.scan();
    expect(shares()).toEqual([1, 1]);
    for (const i of [0, 2]) process.write(at(i), i);
    kernel.ksm.scan();
    expect(shares()).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("of the old contents again makes the place share again", () => {
    const shared = sharedBy(3);
    process.write(at(1), 6);
    process.write(at(1), 5);
    expect(pageAt(process, 1).frame).not.toBe(shared.frame);
    expect(kernel.ksm.scan()).toBe(1);
    expect(pageAt(process, 1).frame).toBe(shared.frame);
  });
});

describe("unmerging", () => {
  test("takes everything apart: each place has a copy, the last one too", () => {
    const shared = sharedBy(3);
    mergeable(process, 8, [6, 6]);
    kernel.ksm.settle();
    kernel.resetCounters();
    expect(kernel.ksm.unmerge()).toBe(5);
    expect(kernel.counters.pagesCopied).toBe(5);
    expect(shares()).toEqual([0, 0]);
    expect(codeOf(() => shared.word)).toBe("ESTALE");
    expect(kernel.vmstat()).toMatchObject({ nr_anon_pages: 5, nr_free_pages: 59 });
    expect([0, 1, 2, 8, 9].map((i) => process.read(at(i)))).toEqual([5, 5, 5, 6, 6]);
    // The VMAs are as mergeable as before.
    expect(kernel.ksm.settle()).toBe(3);
    expectHealthy(kernel);
  });

  test("by advice: the range is taken apart at once, and left out from then on", () => {
    const shared = sharedBy(4);
    process.madvise(at(0), 2 * PAGE, "unmergeable");
    expect([0, 1, 2, 3].map((i) => pageAt(process, i).ksm)).toEqual([false, false, true, true]);
    expect(shared.mapcount).toBe(2);
    expect(kernel.ksm.settle()).toBe(0);
    expect(shares()).toEqual([1, 1]);
    expect([0, 1].map((i) => pageAt(process, i).ksm)).toEqual([false, false]);
    expectHealthy(kernel);
  });

  test("works where the VMA may not be written, and leaves it so", () => {
    sharedBy(2);
    process.mprotect(at(0), 2 * PAGE, "r");
    process.madvise(at(0), 2 * PAGE, "unmergeable");
    expect([0, 1].map((i) => pageAt(process, i).mapcount)).toEqual([1, 1]);
    expect(codeOf(() => process.write(at(0), 1))).toBe("SIGSEGV");
    expect(process.read(at(1))).toBe(5);
    expectHealthy(kernel);
  });

  test("without frames ends with ENOMEM (EAGAIN by advice), and what is left is still shared", () => {
    sharedBy(4);
    fill(process, 100, 61);
    expect(codeOf(() => kernel.ksm.unmerge())).toBe("ENOMEM");
    expect(codeOf(() => process.madvise(at(0), 4 * PAGE, "unmergeable"))).toBe("EAGAIN");
    // There were frames for two copies.
    expect([0, 1, 2, 3].map((i) => pageAt(process, i).ksm)).toEqual([false, false, true, true]);
    expect([0, 1, 2, 3].map((i) => process.read(at(i)))).toEqual([5, 5, 5, 5]);
    expectHealthy(kernel);
  });
});

describe("fork", () => {
  test("gives the child the page, and no place: that is for the next scan to find", () => {
    const shared = sharedBy(2);
    const child = process.fork();
    expect(shared).toMatchObject({ mapcount: 4, refcount: 4 });
    expect(shares()).toEqual([1, 1]);
    expect(places(shared)).toHaveLength(4);
    kernel.ksm.scan();
    expect(shares()).toEqual([1, 3]);
    child.write(at(0), 6);
    expect([process.read(at(0)), child.read(at(0)), child.read(at(1))]).toEqual([5, 6, 5]);
    expect(shared.mapcount).toBe(3);
    expectHealthy(kernel);
  });

  test("a child's page is found through its parent's place, though the parent is gone", () => {
    const shared = sharedBy(2);
    const child = process.fork();
    process.exit();
    expect(new Set(places(shared))).toEqual(new Set([`${child.pid}:0`, `${child.pid}:1`]));
    expect(kernel.tryToUnmap(shared, { ignoreAccess: true })).toBe("success");
    expect(child.rss).toEqual({ anon: 0, file: 0, swap: 2 });
    expect(child.read(at(1))).toBe(5);
    expectHealthy(kernel);
  });

  test("the next scan makes the orphan a place of its own, and forgets the parent's", () => {
    const shared = sharedBy(2);
    const child = process.fork();
    process.exit();
    expect(shares()).toEqual([1, 1]);
    kernel.ksm.scan();
    expect(shares()).toEqual([1, 1]);
    expect(places(shared)).toHaveLength(2);
    child.munmap(at(0), PAGE);
    kernel.ksm.scan();
    expect(shares()).toEqual([1, 0]);
    expectHealthy(kernel);
  });
});

describe("the end of a process", () => {
  test("takes its mapping; the other one shares on, alone", () => {
    const other = kernel.spawn();
    mergeable(process, 0, [5]);
    mergeable(other, 0, [5]);
    kernel.ksm.settle();
    const shared = pageAt(process, 0);
    other.exit();
    expect(places(shared)).toEqual([`${process.pid}:0`]);
    expect(shared).toMatchObject({ ksm: true, mapcount: 1, word: 5 });
    expect(shares()).toEqual([1, 1]);
    kernel.ksm.scan();
    expect(shares()).toEqual([1, 0]);
    expectHealthy(kernel);
  });

  test("its anon_vma stays until the next scan: no walk meets another's in its place", () => {
    const other = kernel.spawn();
    mergeable(process, 0, [5]);
    mergeable(other, 0, [5]);
    kernel.ksm.settle();
    const shared = pageAt(other, 0);
    process.exit();
    // It would get the anon_vma of the one that is gone, if that were free.
    const newcomer = kernel.spawn();
    lay(newcomer, 0, 1);
    newcomer.write(at(0), 1);
    kernel.resetCounters();
    expect(kernel.rmapWalk(shared)).toBe(1);
    // Each of two passes asks both places' anon_vmas: one holds a VMA, and the first pass took it.
    expect(kernel.counters).toMatchObject({ entriesChecked: 1, irrelevantVmas: 1 });
    expectHealthy(kernel);
    kernel.ksm.scan();
    kernel.resetCounters();
    expect(kernel.rmapWalk(shared)).toBe(1);
    expect(kernel.counters).toMatchObject({ entriesChecked: 1, irrelevantVmas: 1 });
    expectHealthy(kernel);
  });

  test("of all of them frees the page; the counts hear of it at the next scan", () => {
    const shared = sharedBy(3);
    process.exit();
    expect(codeOf(() => shared.word)).toBe("ESTALE");
    expect(kernel.vmstat().nr_free_pages).toBe(64);
    expect(shares()).toEqual([1, 2]);
    expectHealthy(kernel);
    kernel.ksm.scan();
    expect(shares()).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("a new page with the contents of one that is gone does not share with what has its frame now", () => {
    sharedBy(2);
    process.exit();
    const newcomer = kernel.spawn();
    lay(newcomer, 8, 1);
    newcomer.write(at(8), 9);
    mergeable(newcomer, 0, [5, 5]);
    expect(kernel.ksm.scan()).toBe(0);
    expect(kernel.ksm.settle()).toBe(1);
    expect([0, 1, 8].map((i) => newcomer.read(at(i)))).toEqual([5, 5, 9]);
    expect(shares()).toEqual([1, 1]);
    expectHealthy(kernel);
  });
});

describe("swap", () => {
  test("takes the shared page from all places into one slot", async () => {
    ({ kernel, process } = await machine({ swap: 1 }));
    const other = kernel.spawn();
    mergeable(process, 0, [5, 5]);
    mergeable(other, 7, [5]);
    kernel.ksm.settle();
    swapOut(kernel, process, [0]);
    expect([process.rss, other.rss]).toEqual([
      { anon: 0, file: 0, swap: 2 },
      { anon: 0, file: 0, swap: 1 },
    ]);
    expect(kernel.vmstat()).toMatchObject({ pswpout: 1, nr_free_pages: 64 });
    expect([process.read(at(0)), process.read(at(1)), other.read(at(7))]).toEqual([5, 5, 5]);
    expectHealthy(kernel);
  });

  test("knows no write that came while the page was written out: it is dirty when it is shared", async () => {
    const { kernel, process } = await machine();
    mergeable(process, 0, [9, 5]);
    const page = pageAt(process, 1);
    kernel.holdIo(true);
    expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    process.write(at(1), 9);
    kernel.holdIo(false);
    // Only its entry knows.
    expect(page).toMatchObject({ swapCache: true, dirty: false, mapcount: 1 });
    kernel.ksm.settle();
    expect(page).toMatchObject({ ksm: true, mapcount: 2 });
    swapOut(kernel, process, [0]);
    expect([0, 1].map((i) => process.read(at(i)))).toEqual([9, 9]);
    expectHealthy(kernel);
  });

  test("while it is in the swap cache it is still shared: whoever comes back maps it again", () => {
    const shared = sharedBy(2);
    expect(kernel.tryToUnmap(shared, { ignoreAccess: true })).toBe("success");
    for (const i of [0, 1]) expect(process.read(at(i))).toBe(5);
    expect(pageAt(process, 1).frame).toBe(shared.frame);
    expect(shared).toMatchObject({ ksm: true, swapCache: true, mapcount: 2 });
    process.write(at(0), 6);
    expect([process.read(at(0)), process.read(at(1))]).toEqual([6, 5]);
    expectHealthy(kernel);
  });

  test("what was freed comes back as ordinary pages, one for each place, and can be merged again", () => {
    const other = kernel.spawn();
    mergeable(process, 0, [5, 5]);
    mergeable(other, 0, [5]);
    kernel.ksm.settle();
    swapOut(kernel, process, [0]);
    for (const i of [0, 1]) process.read(at(i));
    other.read(at(0));
    const pages = [pageAt(process, 0), pageAt(process, 1), pageAt(other, 0)];
    expect(new Set(pages.map(({ frame }) => frame)).size).toBe(3);
    for (const page of pages) expect(page).toMatchObject({ ksm: false, mapcount: 1, word: 5 });
    expect(pages.map(({ index }) => index)).toEqual([at(0), at(1), at(0)].map((a) => a / PAGE));
    // It was read once; the others got copies of what the swap cache had, as new as after a write.
    expect(pages.map(({ swapCache }) => swapCache)).toEqual([true, false, false]);
    expect(pages.map(({ active }) => active)).toEqual([false, true, true]);
    expect(pages.map(({ lru }) => lru)).toEqual([true, true, true]);
    expect(pages.map(({ dirty }) => dirty)).toEqual([false, true, true]);
    expect(kernel.vmstat().pswpin).toBe(1);
    expectHealthy(kernel);
    expect(kernel.ksm.settle()).toBe(2);
    expect(shares()).toEqual([1, 2]);
    expectHealthy(kernel);
  });

  test("a page whose anon_vma is gone is copied, though another has its place by then", () => {
    const other = kernel.spawn();
    mergeable(process, 0, [7]);
    mergeable(other, 0, [7]);
    kernel.ksm.settle();
    swapOut(kernel, process, [0]);
    // Of this process now, in the swap cache for the other one.
    process.read(at(0));
    kernel.ksm.unmerge();
    process.exit();
    // Its anon_vma is free, and the next one takes its place: a child of the other's, as the page's was not.
    const child = other.fork();
    expect(child.read(at(0))).toBe(7);
    expect(other.read(at(0))).toBe(7);
    for (const one of [other, child]) expect(places(pageAt(one, 0))).toContain(`${one.pid}:0`);
    expectHealthy(kernel);
  });

  test("an unmerge that finds no frame leaves a child with a page that no place leads to, as v3.7", async () => {
    ({ kernel, process } = await machine({ frames: 3, swap: 0 }));
    mergeable(process, 0, [7, 7]);
    kernel.ksm.settle();
    const child = process.fork();
    expect(codeOf(() => kernel.ksm.unmerge())).toBe("ENOMEM");
    expect([process, child].map((one) => one.read(at(0)))).toEqual([7, 7]);
    expectHealthy(kernel);
  });

  test("a copy on the way back needs a frame: ENOMEM without one, and nothing is lost", async () => {
    ({ kernel, process } = await machine({ frames: 2 }));
    mergeable(process, 0, [5, 5]);
    kernel.ksm.settle();
    swapOut(kernel, process, [0]);
    fill(process, 8, 1);
    process.read(at(0));
    const before = stateOf(kernel);
    expect(codeOf(() => process.read(at(1)))).toBe("ENOMEM");
    expect(stateOf(kernel)).toEqual(before);
    process.munmap(at(8), PAGE);
    expect(process.read(at(1))).toBe(5);
    expectHealthy(kernel);
  });
});
