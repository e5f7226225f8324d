// Swap areas: which is filled first, and what it takes to get rid of one.

import { describe, expect, test } from "vitest";
import type { Kernel, Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, PAGE, pageAt, stateOf } from "./ground.js";
import { fill, machine, swapOut } from "./machine.js";

/** Where pages are, and reads them back: from which areas they come. */
function areasOf(kernel: Kernel, process: Process, pages: readonly number[]): number[] {
  const places = new Map(process.swapped().map(({ address, area }) => [address, area]));
  expect(pages.map((i) => places.get(at(i)))).toEqual(areasReadFrom(kernel, process, pages));
  return pages.map((i) => places.get(at(i))!);
}

function areasReadFrom(kernel: Kernel, process: Process, pages: readonly number[]): number[] {
  kernel.recordEvents(true);
  kernel.takeEvents();
  for (const i of pages) expect(process.read(at(i))).toBe(100 + i);
  const read = kernel.takeEvents().filter(({ event }) => event === "SwapRead");
  kernel.recordEvents(false);
  return read.map(({ b }) => b);
}

describe("swapAreas", () => {
  test("has the size, the use and the priority of each area, until it is gone", async () => {
    const { kernel, process } = await machine({ swap: 8 });
    const high = kernel.swapon(2, { priority: 10 });
    kernel.swapon(3);
    fill(process, 0, 3);
    swapOut(kernel, process, [0, 1, 2]);
    expect(kernel.swapAreas).toEqual([
      { number: 0, pages: 8, used: 1, priority: -1 },
      { number: 1, pages: 2, used: 2, priority: 10 },
      { number: 2, pages: 3, used: 0, priority: -2 },
    ]);
    kernel.swapoff(high);
    expect(kernel.swapAreas.map(({ number }) => number)).toEqual([0, 2]);
  });

  test("is empty without swap", async () => {
    const { kernel, process } = await machine({ swap: 0 });
    fill(process, 0, 1);
    expect([kernel.swapAreas, process.swapped()]).toEqual([[], []]);
  });
});

describe("swapon", () => {
  test("areas are filled from the highest priority down, the first one's default last", async () => {
    const { kernel, process } = await machine({ swap: 8 });
    const low = kernel.swapon(2, { priority: 0 });
    const high = kernel.swapon(2, { priority: 10 });
    fill(process, 0, 5);
    swapOut(kernel, process, [0, 1, 2, 3, 4]);
    expect(areasOf(kernel, process, [0, 1, 2, 3, 4])).toEqual([high, high, low, low, 0]);
    expectHealthy(kernel);
  });

  test("an area without a priority comes after those that were there before", async () => {
    const { kernel, process } = await machine({ swap: 1 });
    const [second, third] = [kernel.swapon(1), kernel.swapon(1)];
    fill(process, 0, 3);
    swapOut(kernel, process, [0, 1, 2]);
    expect(areasOf(kernel, process, [0, 1, 2])).toEqual([0, second, third]);
  });

  test("room that comes free in a higher area is used before the rest of a lower one", async () => {
    const { kernel, process } = await machine({ swap: 8 });
    const high = kernel.swapon(1, { priority: 1 });
    fill(process, 0, 3);
    swapOut(kernel, process, [0, 1]);
    process.munmap(at(0), PAGE);
    swapOut(kernel, process, [2]);
    expect(areasOf(kernel, process, [1, 2])).toEqual([0, high]);
  });

  test("a page that found no room finds it in a new area", async () => {
    const { kernel, process } = await machine({ swap: 0 });
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    expect(kernel.shrinkPage(page, { force: true })).toBe("activated");
    kernel.swapon(1);
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expect(process.read(at(0))).toBe(100);
  });

  test("there may be eight areas: the ninth is EPERM", async () => {
    const { kernel } = await machine({ swap: 1 });
    for (let i = 1; i < 8; i++) kernel.swapon(1, { priority: i });
    expect(codeOf(() => kernel.swapon(1))).toBe("EPERM");
    kernel.swapoff(3);
    expect(kernel.swapon(1)).toBe(3);
  });

  test("no pages, and priorities that can't be, are EINVAL", async () => {
    const { kernel } = await machine();
    for (const pages of [0, -1, 1.5]) expect(codeOf(() => kernel.swapon(pages))).toBe("EINVAL");
    for (const priority of [-2, 32768, 0.5]) {
      expect(
        codeOf(() => kernel.swapon(1, { priority })),
        String(priority),
      ).toBe("EINVAL");
    }
  });
});

describe("swapoff", () => {
  test("brings pages back to where they were, old, active and protected", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 3);
    swapOut(kernel, process, [0, 1, 2]);
    kernel.swapoff(0);
    expect(process.rss).toEqual({ anon: 3, file: 0, swap: 0 });
    const page = pageAt(process, 1);
    expect(page).toMatchObject({ mapcount: 1, refcount: 1, active: true, swapCache: false });
    expect(kernel.pageReferenced(page)).toBe(0);
    kernel.resetCounters();
    expect([0, 1, 2].map((i) => process.read(at(i)))).toEqual([100, 101, 102]);
    expect(kernel.counters.faults).toBe(0);
    process.write(at(1), 5);
    expect(kernel.counters).toMatchObject({ faults: 1, pagesCopied: 0 });
    expectHealthy(kernel);
  });

  test("reads a page once for a whole family", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const family = [process, process.fork(), process.fork()];
    swapOut(kernel, process, [0]);
    kernel.swapoff(0);
    expect(kernel.vmstat().pswpin).toBe(1);
    expect(pageAt(process, 0).mapcount).toBe(3);
    family[1]!.write(at(0), 1);
    expect(family.map((one) => one.read(at(0)))).toEqual([100, 1, 100]);
    expectHealthy(kernel);
  });

  test("reads nothing that the swap cache still has, and takes it out of there", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 2);
    for (const i of [0, 1]) {
      expect(kernel.tryToUnmap(pageAt(process, i), { ignoreAccess: true })).toBe("success");
    }
    process.read(at(1));
    const mapped = pageAt(process, 1);
    kernel.swapoff(0);
    expect(kernel.vmstat().pswpin).toBe(0);
    expect(mapped).toMatchObject({ swapCache: false, mapcount: 1 });
    expect(pageAt(process, 0)).toMatchObject({ swapCache: false, mapcount: 1, word: 100 });
    expectHealthy(kernel);
  });

  test("empties only that area, and nothing goes there any more", async () => {
    const { kernel, process } = await machine({ swap: 4 });
    const high = kernel.swapon(4, { priority: 1 });
    fill(process, 0, 6);
    swapOut(kernel, process, [0, 1, 2, 3, 4]);
    kernel.swapoff(high);
    expect(process.rss).toMatchObject({ anon: 5, swap: 1 });
    swapOut(kernel, process, [5]);
    expect(areasOf(kernel, process, [4, 5])).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("without frames for what is in it, it is refused, and nothing has changed", async () => {
    const { kernel, process } = await machine({ frames: 4, swap: 8 });
    fill(process, 0, 4);
    swapOut(kernel, process, [0, 1, 2, 3]);
    fill(process, 8, 3);
    const before = [stateOf(kernel), kernel.vmstat()];
    expect(codeOf(() => kernel.swapoff(0))).toBe("ENOMEM");
    expect([stateOf(kernel), kernel.vmstat()]).toEqual(before);
    // Still in use: a page can go there.
    swapOut(kernel, process, [8]);
    process.munmap(at(8), 3 * PAGE);
    kernel.swapoff(0);
    expect([0, 1, 2, 3].map((i) => process.read(at(i)))).toEqual([100, 101, 102, 103]);
    expectHealthy(kernel);
  });

  test("of what is not in use is EINVAL", async () => {
    const { kernel } = await machine();
    kernel.swapoff(0);
    for (const area of [0, 1, 7, 8, -1]) {
      expect(
        codeOf(() => kernel.swapoff(area)),
        String(area),
      ).toBe("EINVAL");
    }
  });
});
