// try_to_unmap: pages leave every address space, and come back with a fault.

import { describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { at, expectHealthy, lay, PAGE, pageAt, places, stateOf } from "./ground.js";

const indexes = ["list", "interval-tree"] as const;

describe.each(indexes)("with the %s", (anonIndex) => {
  async function written(swap = 64): Promise<{ kernel: Kernel; process: Process }> {
    const kernel = await createKernel({ anonIndex, frames: 64, swap, build: "checked" });
    const process = kernel.spawn();
    lay(process, 0, 4);
    for (let i = 0; i < 4; i++) process.write(at(i), 10 + i);
    return { kernel, process };
  }

  test("a page that was touched is kept: the first try makes it old, the second unmaps it", async () => {
    const { kernel, process } = await written();
    const page = pageAt(process, 1);
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(page).toMatchObject({ mapcount: 1, swapCache: true });
    expect(kernel.tryToUnmap(page)).toBe("success");
    expect(page).toMatchObject({ mapcount: 0, refcount: 1, anonVma: 0, word: 11 });
    expect(process.rss).toEqual({ anon: 3, file: 0, swap: 1 });
    expect(process.pageAt(at(1))).toBeNull();
    expect(page.mappings()).toEqual([]);
    expectHealthy(kernel);
  });

  test("a read brings it back, and it stays in the swap cache", async () => {
    const { kernel, process } = await written();
    const page = pageAt(process, 1);
    kernel.pageReferenced(page);
    kernel.tryToUnmap(page);
    expect(process.read(at(1))).toBe(11);
    expect(pageAt(process, 1).frame).toBe(page.frame);
    expect(page).toMatchObject({ mapcount: 1, refcount: 2, swapCache: true });
    expect(process.rss).toEqual({ anon: 4, file: 0, swap: 0 });
    expect(places(page)).toEqual([`${process.pid}:1`]);
    expectHealthy(kernel);
  });

  test("a write by its only owner brings it back out of the swap cache, without a copy", async () => {
    const { kernel, process } = await written();
    const page = pageAt(process, 1);
    kernel.pageReferenced(page);
    kernel.tryToUnmap(page);
    process.write(at(1), 99);
    expect(pageAt(process, 1).frame).toBe(page.frame);
    expect(page).toMatchObject({
      mapcount: 1,
      refcount: 1,
      swapCache: false,
      dirty: true,
      word: 99,
    });
    expect(kernel.counters.pagesCopied).toBe(0);
    expectHealthy(kernel);
  });

  test("a page of a family is unmapped from all, and each gets it back by itself", async () => {
    const { kernel, process } = await written();
    const [first, second] = [process.fork(), process.fork()];
    const page = pageAt(process, 1);
    kernel.pageReferenced(page);
    expect(kernel.tryToUnmap(page)).toBe("success");
    expect([process, first, second].map(({ rss }) => rss.swap)).toEqual([1, 1, 1]);
    expect(first.read(at(1))).toBe(11);
    expect(places(page)).toEqual([`${first.pid}:1`]);
    second.write(at(1), 22);
    expect(pageAt(second, 1).frame).not.toBe(page.frame);
    expect([process.read(at(1)), first.read(at(1)), second.read(at(1))]).toEqual([11, 11, 22]);
    expect(page.mapcount).toBe(2);
    expectHealthy(kernel);
  });

  test("one touched mapping is enough to keep the page; those before it are unmapped", async () => {
    const { kernel, process } = await written();
    const child = process.fork();
    const page = pageAt(process, 1);
    kernel.pageReferenced(page);
    child.read(at(1));
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(places(page)).toEqual([`${child.pid}:1`]);
    expect(process.rss.swap).toBe(1);
    expect(process.read(at(1))).toBe(11);
    expectHealthy(kernel);
  });

  test("swap that is full fails, and leaves the page as it is", async () => {
    const { kernel, process } = await written(1);
    for (let i = 0; i < 2; i++) kernel.pageReferenced(pageAt(process, i));
    expect(kernel.tryToUnmap(pageAt(process, 0))).toBe("success");
    const before = stateOf(kernel);
    expect(kernel.tryToUnmap(pageAt(process, 1))).toBe("fail");
    expect(stateOf(kernel)).toEqual(before);
    // Room again: the page that left with its process gave its slot back.
    process.munmap(at(0), PAGE);
    expect(kernel.tryToUnmap(pageAt(process, 1))).toBe("success");
    expectHealthy(kernel);
  });

  test("swapped pages go with the last who could ask for them", async () => {
    const { kernel, process } = await written();
    const page = pageAt(process, 1);
    kernel.pageReferenced(page);
    kernel.tryToUnmap(page);
    const child = process.fork();
    process.exit();
    expect(page.word).toBe(11);
    child.munmap(at(1), PAGE);
    expect(() => page.word).toThrow("ESTALE");
    expect(child.rss).toEqual({ anon: 3, file: 0, swap: 0 });
    expectHealthy(kernel);
  });

  test("a second try on a page that nothing maps any more succeeds at once", async () => {
    const { kernel, process } = await written();
    const page = pageAt(process, 1);
    kernel.pageReferenced(page);
    kernel.tryToUnmap(page);
    kernel.resetCounters();
    expect(kernel.tryToUnmap(page)).toBe("success");
    expect(kernel.counters.walks).toBe(0);
  });

  test("unmapping visits what a walk visits, until nothing is mapped", async () => {
    const { kernel, process } = await written();
    process.fork();
    process.fork();
    const page = pageAt(process, 1);
    kernel.pageReferenced(page);
    kernel.resetCounters();
    kernel.tryToUnmap(page);
    expect(kernel.counters).toMatchObject({ walks: 1, entriesChecked: 3, irrelevantVmas: 0 });
  });
});

test("a file's page leaves nothing behind: the next access finds it in the cache", async () => {
  const kernel = await createKernel({ frames: 64, build: "checked" });
  const file = kernel.createFile({ pages: 2, word: 100 });
  const [a, b] = [kernel.spawn(), kernel.spawn()];
  lay(a, 0, 2, { file, shared: true });
  lay(b, 7, 1, { file, prot: "r" });
  a.write(at(0), 5);
  b.read(at(7));
  const page = pageAt(a, 0);
  expect(kernel.pageReferenced(page)).toBe(2);
  expect(kernel.tryToUnmap(page)).toBe("success");
  expect(page).toMatchObject({ mapcount: 0, refcount: 2, buffers: true, dirty: true, word: 5 });
  expect([a.rss, b.rss]).toEqual([
    { anon: 0, file: 0, swap: 0 },
    { anon: 0, file: 0, swap: 0 },
  ]);
  expect(b.read(at(7))).toBe(5);
  expect(pageAt(b, 7).frame).toBe(page.frame);
  expectHealthy(kernel);
});
