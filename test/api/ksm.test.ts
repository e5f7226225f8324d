// KSM merges pages: which, when, and into which.

import { beforeEach, describe, expect, test } from "vitest";
import type { Kernel, Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout, PAGE, pageAt, places } from "./ground.js";
import { machine, mergeable, swapOut } from "./machine.js";

const VM_MERGEABLE = 0x80000000;

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  ({ kernel, process } = await machine());
});

function framesOf(owner: Process, pages: readonly number[]): number[] {
  return pages.map((i) => pageAt(owner, i).frame);
}

function shares(): [number, number] {
  return [kernel.ksm.pagesShared, kernel.ksm.pagesSharing];
}

describe("two equal pages", () => {
  test("are merged by the second scan that finds them unchanged", () => {
    mergeable(process, 0, [5, 5]);
    expect([kernel.ksm.scan(), kernel.ksm.changes]).toEqual([0, 2]);
    expect(shares()).toEqual([0, 0]);
    expect([kernel.ksm.scan(), kernel.ksm.changes]).toEqual([1, 1]);
    expect(shares()).toEqual([1, 1]);
    expect([kernel.ksm.scan(), kernel.ksm.changes]).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("become the one that was scanned second: the other one is free", () => {
    mergeable(process, 0, [5, 5]);
    const [first, second] = [pageAt(process, 0), pageAt(process, 1)];
    expect(kernel.ksm.settle()).toBe(1);
    expect(framesOf(process, [0, 1])).toEqual([second.frame, second.frame]);
    expect(codeOf(() => first.word)).toBe("ESTALE");
    expect(second).toMatchObject({ ksm: true, anon: true, anonVma: 0, mapcount: 2, refcount: 2 });
    expect(process.rss.anon).toBe(2);
    expect(kernel.vmstat()).toMatchObject({ nr_anon_pages: 1, nr_free_pages: 63 });
    expectHealthy(kernel);
  });

  test("that change between scans are put off: their contents are new again", () => {
    mergeable(process, 0, [5, 5]);
    kernel.ksm.scan();
    for (const i of [0, 1]) process.write(at(i), 6);
    expect([kernel.ksm.scan(), kernel.ksm.changes]).toEqual([0, 2]);
    expect(kernel.ksm.scan()).toBe(1);
    expectHealthy(kernel);
  });

  test("of two processes are one, at both their places", () => {
    const other = kernel.spawn();
    mergeable(process, 0, [5]);
    mergeable(other, 9, [5]);
    kernel.ksm.settle();
    expect(new Set(places(pageAt(process, 0)))).toEqual(
      new Set([`${process.pid}:0`, `${other.pid}:9`]),
    );
    expect([process.read(at(0)), other.read(at(9))]).toEqual([5, 5]);
    expectHealthy(kernel);
  });

  test("are merged where nobody may write too", () => {
    mergeable(process, 0, [5, 5]);
    process.mprotect(at(0), 2 * PAGE, "r");
    expect(kernel.ksm.settle()).toBe(1);
    expect(process.read(at(0))).toBe(5);
    expectHealthy(kernel);
  });

  test("stay two while somebody holds one of them, who might write to it", () => {
    mergeable(process, 0, [5, 5]);
    const held = pageAt(process, 0);
    kernel.pin(held);
    for (let i = 0; i < 4; i++) expect(kernel.ksm.scan()).toBe(0);
    expect(new Set(framesOf(process, [0, 1])).size).toBe(2);
    expect([0, 1].map((i) => pageAt(process, i).ksm)).toEqual([false, false]);
    process.write(at(0), 6);
    expect(held.word).toBe(6);
    process.write(at(0), 5);
    kernel.unpin(held);
    expect(kernel.ksm.settle()).toBe(1);
    expectHealthy(kernel);
  });
});

describe("a page with the contents of a shared one", () => {
  test("gives way at the first scan that finds it", () => {
    mergeable(process, 0, [5, 5]);
    kernel.ksm.settle();
    const { frame } = pageAt(process, 0);
    mergeable(process, 8, [5]);
    expect(kernel.ksm.scan()).toBe(1);
    expect(pageAt(process, 8).frame).toBe(frame);
    expect(shares()).toEqual([1, 2]);
    expectHealthy(kernel);
  });

  test("is counted once for each page saved, for each contents", () => {
    mergeable(process, 0, [5, 6, 5, 7, 6, 5, 5]);
    expect(kernel.ksm.settle()).toBe(4);
    expect(shares()).toEqual([2, 4]);
    expect(process.rss.anon).toBe(7);
    expect(kernel.vmstat()).toMatchObject({ nr_anon_pages: 3, nr_free_pages: 61 });
    expect([0, 1, 2, 3, 4, 5, 6].map((i) => process.read(at(i)))).toEqual([5, 6, 5, 7, 6, 5, 5]);
    expectHealthy(kernel);
  });
});

describe("never merged are", () => {
  test("pages of VMAs that were not advised, though they equal one that was", () => {
    mergeable(process, 0, [5]);
    lay(process, 8, 2);
    for (const i of [8, 9]) process.write(at(i), 5);
    expect([kernel.ksm.scan(), kernel.ksm.changes]).toEqual([0, 1]);
    expect(kernel.ksm.settle()).toBe(0);
    process.madvise(at(9), PAGE, "mergeable");
    expect(layout(process)).toEqual(["0-1 rw-p", "8-9 rw-p", "9-10 rw-p"]);
    expect(kernel.ksm.settle()).toBe(1);
    expect(pageAt(process, 8).ksm).toBe(false);
    expectHealthy(kernel);
  });

  test("places of the zero page", () => {
    lay(process, 0, 3);
    process.write(at(2), 9);
    process.madvise(at(0), 3 * PAGE, "mergeable");
    for (const i of [0, 1]) process.read(at(i));
    expect(kernel.ksm.settle()).toBe(0);
    expect(process.pages().map(({ frame }) => frame)).toEqual([-1, -1, pageAt(process, 2).frame]);
    expect(shares()).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("zeroes with the zero page: those that were written become a page of their own", () => {
    mergeable(process, 0, [0, 0]);
    expect(kernel.ksm.settle()).toBe(1);
    expect(pageAt(process, 0)).toMatchObject({ ksm: true, word: 0, mapcount: 2 });
    expect(process.rss.anon).toBe(2);
    expectHealthy(kernel);
  });

  test("a file's cached pages; a private copy of one is", () => {
    const file = kernel.createFile({ pages: 3, word: 5 });
    mergeable(process, 8, [5, 6]);
    lay(process, 0, 3, { file });
    process.madvise(at(0), 3 * PAGE, "mergeable");
    process.read(at(0));
    process.write(at(1), 6);
    expect(kernel.ksm.settle()).toBe(1);
    expect(pageAt(process, 0)).toMatchObject({ ksm: false, anon: false });
    expect(pageAt(process, 1).frame).toBe(pageAt(process, 9).frame);
    expect(process.rss).toEqual({ anon: 3, file: 1, swap: 0 });
    expectHealthy(kernel);
  });

  test("shared mappings: the advice is taken, and does nothing", () => {
    mergeable(process, 0, [5, 5], { shared: true });
    const again = kernel.createFile({ pages: 2, kind: "tmpfs", word: 5 });
    mergeable(process, 8, [5, 5], { file: again, shared: true });
    expect(kernel.ksm.settle()).toBe(0);
    expect(process.vmas().map(({ flags }) => flags & VM_MERGEABLE)).toEqual([0, 0]);
    expect(new Set(framesOf(process, [0, 1, 8, 9])).size).toBe(4);
    expectHealthy(kernel);
  });

  test("pages that are swapped out, until they are back", () => {
    mergeable(process, 0, [5, 5]);
    swapOut(kernel, process, [0]);
    expect(kernel.ksm.settle()).toBe(0);
    expect(process.rss).toMatchObject({ anon: 1, swap: 1 });
    process.read(at(0));
    expect(kernel.ksm.settle()).toBe(1);
    expectHealthy(kernel);
  });

  test("a page with itself, which a fork shows at a second place", () => {
    mergeable(process, 0, [5]);
    const child = process.fork();
    expect(kernel.ksm.settle()).toBe(0);
    expect(pageAt(child, 0)).toMatchObject({ ksm: false, mapcount: 2 });
    // Nor when its entries are clean, as they are on the way back from swap.
    swapOut(kernel, process, [0]);
    for (const one of [process, child]) one.read(at(0));
    expect(kernel.ksm.settle()).toBe(0);
    expect(pageAt(child, 0)).toMatchObject({ ksm: false, mapcount: 2 });
    expect(shares()).toEqual([0, 0]);
    expectHealthy(kernel);
  });
});

describe("where memory is locked", () => {
  test("the page that stays is mlocked in place of the one that goes", () => {
    mergeable(process, 0, [5, 5]);
    process.mlock(at(0), PAGE);
    expect(kernel.ksm.settle()).toBe(1);
    expect(pageAt(process, 1)).toMatchObject({ ksm: true, mlocked: true, unevictable: true });
    expect(kernel.vmstat()).toMatchObject({
      nr_mlock: 1,
      nr_unevictable: 1,
      unevictable_pgs_mlocked: 2,
      unevictable_pgs_cleared: 1,
      unevictable_pgs_culled: 2,
    });
    expectHealthy(kernel);
  });

  test("the page that goes is not mlocked any more, where others still map it", () => {
    mergeable(process, 0, [5, 5]);
    kernel.ksm.settle();
    const owner = kernel.spawn();
    lay(owner, 0, 1);
    owner.write(at(0), 5);
    const child = owner.fork();
    owner.mprotect(at(0), PAGE, "r");
    owner.mlock(at(0), PAGE);
    const page = pageAt(child, 0);
    expect(page).toMatchObject({ mlocked: true, mapcount: 2 });
    owner.madvise(at(0), PAGE, "mergeable");
    expect(kernel.ksm.settle()).toBe(1);
    expect(page).toMatchObject({ mlocked: false, unevictable: false, mapcount: 1 });
    expect(pageAt(owner, 0)).toMatchObject({ ksm: true, mlocked: true, mapcount: 3 });
    expect(kernel.vmstat().nr_mlock).toBe(1);
    expectHealthy(kernel);
  });

  test("it is not mlocked any more when the locked place gets a copy of its own", () => {
    mergeable(process, 0, [5, 5]);
    process.mlock(at(0), PAGE);
    kernel.ksm.settle();
    const shared = pageAt(process, 1);
    process.write(at(0), 6);
    expect(pageAt(process, 0)).toMatchObject({ mlocked: true, ksm: false });
    expect(shared).toMatchObject({ mlocked: false, unevictable: false, mapcount: 1 });
    expect(kernel.vmstat().nr_mlock).toBe(1);
    expectHealthy(kernel);
  });

  test("mlock of shared places that may be written takes them apart first", () => {
    mergeable(process, 0, [5, 5, 5]);
    kernel.ksm.settle();
    process.mlock(at(0), 2 * PAGE);
    expect([0, 1, 2].map((i) => pageAt(process, i).ksm)).toEqual([false, false, true]);
    expect([0, 1, 2].map((i) => pageAt(process, i).mlocked)).toEqual([true, true, false]);
    // And the next scan puts them together again.
    expect(kernel.ksm.settle()).toBe(2);
    expect(pageAt(process, 2)).toMatchObject({ mapcount: 3, mlocked: true });
    expect(kernel.vmstat().nr_mlock).toBe(1);
    expectHealthy(kernel);
  });

  test("the entry that is put in place of another is new: it counts as touched", async () => {
    const { kernel, process } = await machine();
    mergeable(process, 0, [5, 5]);
    for (const i of [0, 1]) kernel.pageReferenced(pageAt(process, i));
    kernel.ksm.settle();
    expect(kernel.pageReferenced(pageAt(process, 0))).toBe(1);
  });
});
