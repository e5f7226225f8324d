// A slot of a swap area: who counts in it, and how long a page that came back keeps it.

import { describe, expect, test } from "vitest";
import { at, codeOf, expectHealthy, PAGE, pageAt, stateOf } from "./ground.js";
import { fill, machine, moved, swapOut } from "./machine.js";

describe("the count of a slot", () => {
  test("fork adds to it: the slot is free when the last entry goes", async () => {
    const { kernel, process } = await machine({ swap: 1 });
    fill(process, 0, 1);
    swapOut(kernel, process, [0]);
    const child = process.fork();
    fill(process, 8, 1);
    process.munmap(at(0), PAGE);
    const page = pageAt(process, 8);
    expect(kernel.shrinkPage(page, { force: true })).toBe("activated");
    child.exit();
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expect(kernel.vmstat().pswpin).toBe(0);
    expectHealthy(kernel);
  });

  test("the 63rd entry takes one frame to count it, whoever comes after takes none", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    swapOut(kernel, process, [0]);
    const free = kernel.vmstat().nr_free_pages;
    const children = Array.from({ length: 61 }, () => process.fork());
    expect(kernel.vmstat().nr_free_pages).toBe(free);
    children.push(process.fork());
    expect(kernel.vmstat().nr_free_pages).toBe(free - 1);
    for (let i = 0; i < 40; i++) children.push(process.fork());
    expect(kernel.vmstat().nr_free_pages).toBe(free - 1);
    expect(children.every((child) => child.rss.swap === 1)).toBe(true);
    // It is needed for as long as there are more than 62.
    for (const child of children.slice(0, 30)) child.exit();
    expect(kernel.vmstat().nr_free_pages).toBe(free - 1);
    expectHealthy(kernel);
  });

  test("beyond 62 it counts down as it counted up: the last entry still finds the page", async () => {
    const { kernel, process } = await machine({ swap: 1 });
    fill(process, 0, 1);
    swapOut(kernel, process, [0]);
    const children = Array.from({ length: 70 }, () => process.fork());
    process.exit();
    for (const child of children.slice(1)) child.exit();
    const [last] = children;
    expect(last!.rss.swap).toBe(1);
    expect(last!.read(at(0))).toBe(100);
    expectHealthy(kernel);
    last!.exit();
    kernel.swapoff(0);
    expect(kernel.vmstat().nr_free_pages).toBe(64);
  });

  test("unmapping more than 62 entries counts them too, and each gets the page back", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const family = [process, ...Array.from({ length: 80 }, () => process.fork())];
    swapOut(kernel, process, [0]);
    expect(family.every(({ rss }) => rss.swap === 1)).toBe(true);
    for (const one of family) expect(one.read(at(0))).toBe(100);
    expect(pageAt(process, 0).mapcount).toBe(81);
    expect(kernel.vmstat().pswpin).toBe(1);
    expectHealthy(kernel);
  });

  test("the frame that counts is no page for anybody else", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    swapOut(kernel, process, [0]);
    for (let i = 0; i < 62; i++) process.fork();
    expect(kernel.vmstat().nr_free_pages).toBe(63);
    for (let frame = 1; frame <= 64; frame++) {
      expect(codeOf(() => kernel.page(frame))).toBe("ESTALE");
    }
    process.exit();
    fill(kernel.spawn(), 0, 1);
    expect(kernel.vmstat().nr_free_pages).toBe(63);
    expect(codeOf(() => kernel.page(1))).toBe("");
    expectHealthy(kernel);
  });

  test("a fork of many entries, each counted once, takes no frame for them", async () => {
    const { kernel, process } = await machine({ frames: 100, swap: 100 });
    fill(process, 0, 90);
    swapOut(kernel, process, [...Array(90).keys()]);
    const filler = kernel.spawn();
    fill(filler, 0, 100);
    expect(kernel.vmstat().nr_free_pages).toBe(0);
    expect(process.fork().rss.swap).toBe(90);
    expectHealthy(kernel);
  });

  test("a fork that has no frame for the 63rd is ENOMEM, and changes nothing", async () => {
    const { kernel, process } = await machine({ frames: 2 });
    fill(process, 0, 1);
    swapOut(kernel, process, [0]);
    const filler = kernel.spawn();
    fill(filler, 0, 2);
    for (let i = 0; i < 61; i++) process.fork();
    const before = stateOf(kernel);
    expect(codeOf(() => process.fork())).toBe("ENOMEM");
    expect(stateOf(kernel)).toEqual(before);
    filler.munmap(at(0), PAGE);
    expect(process.fork().rss.swap).toBe(1);
    expectHealthy(kernel);
  });
});

describe("a page that came back", () => {
  test("keeps its slot while swap is at most half full: it can go again unwritten", async () => {
    const { kernel, process } = await machine({ swap: 4 });
    fill(process, 0, 2);
    swapOut(kernel, process, [0, 1]);
    process.read(at(0));
    expect(pageAt(process, 0)).toMatchObject({ swapCache: true, dirty: false });
    swapOut(kernel, process, [0]);
    expect(kernel.vmstat()).toMatchObject({ pswpout: 2, pswpin: 1 });
    expect(process.read(at(0))).toBe(100);
    expectHealthy(kernel);
  });

  test("gives it up when swap is more than half full, and is dirty then", async () => {
    const { kernel, process } = await machine({ swap: 4 });
    fill(process, 0, 3);
    swapOut(kernel, process, [0, 1, 2]);
    for (const i of [0, 1]) process.read(at(i));
    expect(pageAt(process, 0)).toMatchObject({ swapCache: false, dirty: true, refcount: 1 });
    // Two are left of four, which is no more than half.
    expect(pageAt(process, 1)).toMatchObject({ swapCache: true, dirty: false, refcount: 2 });
    expectHealthy(kernel);
  });

  test("can't give it up while another entry refers to it", async () => {
    const { kernel, process } = await machine({ swap: 1 });
    fill(process, 0, 1);
    const child = process.fork();
    swapOut(kernel, process, [0]);
    process.read(at(0));
    expect(pageAt(process, 0).swapCache).toBe(true);
    child.read(at(0));
    expect(pageAt(child, 0)).toMatchObject({ swapCache: false, mapcount: 2 });
    expectHealthy(kernel);
  });

  test("can't give it up while it is still being written out", async () => {
    const { kernel, process } = await machine({ swap: 1 });
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    process.read(at(0));
    expect(page).toMatchObject({ swapCache: true, writeback: true, mapcount: 1 });
    expectHealthy(kernel);
  });

  test("gives it up where memory is locked, however empty swap is", async () => {
    const { kernel, process } = await machine({ swap: 64 });
    fill(process, 0, 1);
    swapOut(kernel, process, [0]);
    process.mprotect(at(0), PAGE, "r");
    process.mlock(at(0), PAGE);
    expect(pageAt(process, 0)).toMatchObject({ swapCache: false, mlocked: true, word: 100 });
    expectHealthy(kernel);
  });

  test("gives it up when it is mlocked elsewhere and the last swap entry goes", async () => {
    const { kernel, process } = await machine({ swap: 64 });
    fill(process, 0, 1);
    const child = process.fork();
    swapOut(kernel, process, [0]);
    process.mprotect(at(0), PAGE, "r");
    process.mlock(at(0), PAGE);
    const page = pageAt(process, 0);
    // The child's entry refers to the slot still.
    expect(page).toMatchObject({ swapCache: true, mlocked: true });
    child.read(at(0));
    expect(page).toMatchObject({ swapCache: false, mapcount: 2 });
    expectHealthy(kernel);
  });

  test("gives up what reclaim has just given it, when a locked VMA turns out to map it", async () => {
    const { kernel, process } = await machine({ swap: 64 });
    fill(process, 0, 1);
    process.mlock(at(0), PAGE);
    // Migration loses the mark, as in v3.7: reclaim tries, and is told by try_to_unmap.
    const page = moved(kernel, pageAt(process, 0));
    expect(kernel.shrinkPage(page, { force: true })).toBe("culled");
    expect(page).toMatchObject({ swapCache: false, mlocked: true, mapcount: 1 });
    expect(kernel.swapAreas[0]!.used).toBe(0);
    expectHealthy(kernel);
  });

  test("gives it up when reclaim finds it in use, and swap more than half full", async () => {
    const { kernel, process } = await machine({ swap: 4 });
    fill(process, 0, 3);
    swapOut(kernel, process, [0]);
    process.read(at(0));
    swapOut(kernel, process, [1]);
    expect(kernel.shrinkPage(pageAt(process, 0))).toBe("activated");
    expect(pageAt(process, 0).swapCache).toBe(true);
    swapOut(kernel, process, [2]);
    process.read(at(0));
    expect(kernel.shrinkPage(pageAt(process, 0))).toBe("activated");
    expect(pageAt(process, 0).swapCache).toBe(false);
    expectHealthy(kernel);
  });

  test("is written in place though it is still being written out, and goes out again later", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    process.write(at(0), 7);
    expect(pageAt(process, 0).frame).toBe(page.frame);
    expect(page).toMatchObject({ swapCache: true, writeback: true });
    kernel.holdIo(false);
    swapOut(kernel, process, [0]);
    expect(kernel.vmstat().pswpout).toBe(2);
    expect(process.read(at(0))).toBe(7);
    expectHealthy(kernel);
  });
});

describe("what is left in swap", () => {
  test("a full area stops reclaim: what is out comes back, the rest stays", async () => {
    const { kernel, process } = await machine({ swap: 3 });
    fill(process, 0, 8);
    expect(kernel.reclaim(8)).toBe(3);
    expect(process.rss).toEqual({ anon: 5, file: 0, swap: 3 });
    for (let i = 0; i < 8; i++) expect(process.read(at(i))).toBe(100 + i);
    expectHealthy(kernel);
  });

  test("a page whose last entry goes while it is written stays in the cache, for reclaim to find", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    kernel.shrinkPage(page, { force: true });
    process.exit();
    expect(page).toMatchObject({ swapCache: true, mapcount: 0 });
    kernel.holdIo(false);
    expect(kernel.shrinkPage(page)).toBe("reclaimed");
    expect(kernel.vmstat().nr_free_pages).toBe(64);
    expectHealthy(kernel);
  });
});
