// A page moves to another frame: what goes with it, what is restored, and what keeps it where it is.

import { describe, expect, test } from "vitest";
import {
  anonVmaAt,
  at,
  codeOf,
  expectHealthy,
  lay,
  PAGE,
  pageAt,
  places,
  stateOf,
} from "./ground.js";
import { fill, machine, moved, swapOut } from "./machine.js";

describe("a page that moves", () => {
  test("is another frame with the same contents, index and anon_vma; the old one is free", async () => {
    const { kernel, process } = await machine();
    fill(process, 5, 1);
    const old = pageAt(process, 5);
    const { index, anonVma } = old;
    const page = moved(kernel, old);
    expect(page.frame).not.toBe(old.frame);
    expect(pageAt(process, 5).frame).toBe(page.frame);
    expect(page).toMatchObject({ word: 105, index, anonVma, mapcount: 1, refcount: 1 });
    expect(anonVma).toBe(anonVmaAt(process, 5));
    expect(codeOf(() => old.word)).toBe("ESTALE");
    expect(kernel.vmstat()).toMatchObject({ nr_free_pages: 63, nr_anon_pages: 1 });
    expectHealthy(kernel);
  });

  test.each(["list", "interval-tree"] as const)(
    "takes all its sharers along, by %s, and their rss stays",
    async (anonIndex) => {
      const { kernel, process } = await machine({ anonIndex });
      fill(process, 0, 1);
      const child = process.fork();
      const family = [process, child, process.fork(), child.fork()];
      const before = places(pageAt(process, 0));
      kernel.recordEvents(true);
      const page = moved(kernel, pageAt(process, 0));
      const [event] = kernel.takeEvents().filter((one) => one.event === "Migrated");
      expect(event).toMatchObject({ b: page.frame, c: 4 });
      expect(places(page)).toEqual(before);
      expect(page.mapcount).toBe(4);
      for (const one of family) {
        expect(one.rss).toEqual({ anon: 1, file: 0, swap: 0 });
        expect(one.read(at(0))).toBe(100);
      }
      expectHealthy(kernel);
    },
  );

  test("is found where mremap has put it, and where a VMA was cut", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 4);
    const child = process.fork();
    process.mremap(at(0), 4 * PAGE, 4 * PAGE, { to: at(50) });
    child.mprotect(at(2), PAGE, "r");
    const page = moved(kernel, pageAt(process, 52));
    expect(new Set(places(page))).toEqual(new Set([`${process.pid}:52`, `${child.pid}:2`]));
    expectHealthy(kernel);
  });

  test("is written without a fault where it could be written before", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    moved(kernel, pageAt(process, 0));
    kernel.resetCounters();
    process.write(at(0), 1);
    expect(kernel.counters).toMatchObject({ faults: 0, pagesCopied: 0 });
    expect(process.read(at(0))).toBe(1);
  });

  test("stays protected where it was shared by a fork: a write copies it", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const child = process.fork();
    moved(kernel, pageAt(process, 0));
    kernel.resetCounters();
    child.write(at(0), 1);
    expect(kernel.counters).toMatchObject({ pagesCopied: 1 });
    expect([process.read(at(0)), child.read(at(0))]).toEqual([100, 1]);
    expectHealthy(kernel);
  });

  test("stays protected where it was read-only", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    process.mprotect(at(0), PAGE, "r");
    moved(kernel, pageAt(process, 0));
    expect(codeOf(() => process.write(at(0), 1))).toBe("SIGSEGV");
    process.mprotect(at(0), PAGE, "none");
    moved(kernel, pageAt(process, 0));
    expect(codeOf(() => process.read(at(0)))).toBe("SIGSEGV");
    expectHealthy(kernel);
  });

  test("has old entries: touches of before are forgotten", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const child = process.fork();
    child.read(at(0));
    const page = moved(kernel, pageAt(process, 0));
    expect(kernel.pageReferenced(page)).toBe(0);
    child.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(1);
  });

  test("is dirty if an entry was: no write is lost on the way to swap", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    expect(pageAt(process, 0).dirty).toBe(false);
    expect(moved(kernel, pageAt(process, 0)).dirty).toBe(true);
    swapOut(kernel, process, [0]);
    expect(process.read(at(0))).toBe(100);
    expectHealthy(kernel);
  });

  test("stays on its kind of list, and of its cgroup", async () => {
    const { kernel } = await machine();
    const cgroup = kernel.createCgroup("one");
    const process = kernel.spawn({ cgroup });
    fill(process, 0, 1);
    const lists = cgroup.lru();
    expect(moved(kernel, pageAt(process, 0))).toMatchObject({
      active: true,
      swapBacked: true,
      lru: true,
      cgroup: cgroup.number,
    });
    expect(cgroup.lru()).toEqual(lists);
    expect(kernel.rootCgroup.pages).toBe(0);
  });

  test("out of a locked VMA loses its mark, as in v3.7, until another mlock meets it", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    process.mlock(at(0), PAGE);
    const page = moved(kernel, pageAt(process, 0));
    expect(page).toMatchObject({ mlocked: false, unevictable: false, mapcount: 1 });
    expect(process.lockedPages).toBe(1);
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 0, nr_unevictable: 0 });
    process.mlock(at(0), PAGE);
    expect(page).toMatchObject({ mlocked: true, unevictable: true });
    expectHealthy(kernel);
  });
});

describe("a page in the swap cache", () => {
  test("keeps its slot: entries that lead there find the new frame, and nothing is read", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const child = process.fork();
    const old = pageAt(process, 0);
    expect(kernel.tryToUnmap(old, { ignoreAccess: true })).toBe("success");
    const page = moved(kernel, old);
    expect(page).toMatchObject({ swapCache: true, mapcount: 0, refcount: 1 });
    expect([process.read(at(0)), child.read(at(0))]).toEqual([100, 100]);
    expect(pageAt(process, 0).frame).toBe(page.frame);
    expect(kernel.vmstat()).toMatchObject({ pswpin: 0, pgmajfault: 0 });
    expectHealthy(kernel);
  });
});

describe("a page that can't move", () => {
  test.each(["anonymous", "file"] as const)(
    "%s: held by somebody it is busy, and mapped as before, but old",
    async (what) => {
      const { kernel, process } = await machine();
      const file = what === "file" ? { file: kernel.createFile({ pages: 1 }), shared: true } : {};
      lay(process, 0, 1, file);
      process.write(at(0), 5);
      const page = pageAt(process, 0);
      const { mapcount, refcount, index } = page;
      const { rss } = process;
      kernel.pin(page);
      expect(kernel.migratePage(page)).toEqual({ result: "busy", page: null });
      kernel.unpin(page);
      expect(pageAt(process, 0).frame).toBe(page.frame);
      expect(page).toMatchObject({ mapcount, refcount, index, word: 5, dirty: true, lru: true });
      expect(process.rss).toEqual(rss);
      expect(kernel.pageReferenced(page)).toBe(0);
      const { faults } = kernel.counters;
      process.write(at(0), 6);
      expect(kernel.counters.faults).toBe(faults);
      expect(moved(kernel, page).word).toBe(6);
      expectHealthy(kernel);
    },
  );

  test("one that is on no list is busy, and is not looked at", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.isolate(page);
    kernel.resetCounters();
    expect(kernel.migratePage(page).result).toBe("busy");
    expect(kernel.counters.walks).toBe(0);
    kernel.putback(page);
    moved(kernel, page);
    expectHealthy(kernel);
  });

  test("one that KSM shares is refused, and nothing changes", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2);
    for (const i of [0, 1]) process.write(at(i), 7);
    process.madvise(at(0), 2 * PAGE, "mergeable");
    kernel.ksm.settle();
    const before = stateOf(kernel);
    kernel.resetCounters();
    expect(kernel.migratePage(pageAt(process, 0))).toEqual({ result: "refused", page: null });
    expect(kernel.counters.walks).toBe(0);
    expect(stateOf(kernel)).toEqual(before);
    expect([kernel.ksm.pagesShared, kernel.ksm.pagesSharing]).toEqual([1, 1]);
    expectHealthy(kernel);
  });

  test("without a frame nothing is tried: even touches are still known", async () => {
    const { kernel, process } = await machine({ frames: 2 });
    fill(process, 0, 2);
    const before = stateOf(kernel);
    expect(kernel.migratePage(pageAt(process, 0))).toEqual({ result: "no-memory", page: null });
    expect(stateOf(kernel)).toEqual(before);
    expect(kernel.pageReferenced(pageAt(process, 0))).toBe(1);
    process.munmap(at(1), PAGE);
    moved(kernel, pageAt(process, 0));
    expectHealthy(kernel);
  });

  test("one of a stack that exec is still setting up stays, and its entry is not touched", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1, { growsDown: true, stackSetup: true });
    process.write(at(0), 5);
    const page = pageAt(process, 0);
    expect(kernel.migratePage(page).result).toBe("busy");
    expect(page.mapcount).toBe(1);
    // The entry would have left its dirty bit with the page.
    expect(page.dirty).toBe(false);
    expectHealthy(kernel);
  });

  test("a page that is free is ESTALE", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    process.exit();
    expect(codeOf(() => kernel.migratePage(page))).toBe("ESTALE");
  });
});
