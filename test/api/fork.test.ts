// fork, exec and exit: who has which memory afterwards.

import { beforeEach, describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout, PAGE, pageAt, places } from "./ground.js";

let kernel: Kernel;
let parent: Process;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64, build: "checked" });
  parent = kernel.spawn();
});

describe("fork", () => {
  test("shares private pages until one of the two writes", () => {
    lay(parent, 0, 2);
    parent.write(at(0), 1);
    const child = parent.fork();
    const page = pageAt(parent, 0);
    expect(page).toMatchObject({ mapcount: 2, refcount: 2 });
    expect(child.rss).toEqual({ anon: 1, file: 0, swap: 0 });
    child.write(at(0), 2);
    expect([parent.read(at(0)), child.read(at(0))]).toEqual([1, 2]);
    expect(places(page)).toEqual([`${parent.pid}:0`]);
    expect(places(pageAt(child, 0))).toEqual([`${child.pid}:0`]);
    expect(kernel.counters.pagesCopied).toBe(1);
    expectHealthy(kernel);
  });

  test("lets the last owner write without a copy", () => {
    lay(parent, 0, 1);
    parent.write(at(0), 1);
    const { frame } = pageAt(parent, 0);
    const child = parent.fork();
    child.write(at(0), 2);
    parent.write(at(0), 3);
    expect(pageAt(parent, 0).frame).toBe(frame);
    expect(kernel.counters).toMatchObject({ pagesCopied: 1, faults: 3 });
  });

  test("shares shared memory for good", () => {
    lay(parent, 0, 1, { shared: true });
    parent.write(at(0), 1);
    const child = parent.fork();
    child.write(at(0), 2);
    expect(parent.read(at(0))).toBe(2);
    expect(places(pageAt(parent, 0))).toEqual([`${parent.pid}:0`, `${child.pid}:0`]);
    expect(kernel.counters.pagesCopied).toBe(0);
  });

  test("copies no entries of a VMA without anon_vma: they are faulted in again", () => {
    const file = kernel.createFile({ pages: 4, word: 100 });
    lay(parent, 0, 4, { file });
    lay(parent, 4, 4, { file, shared: true });
    lay(parent, 8, 4);
    for (const page of [0, 4, 8]) parent.read(at(page));
    const child = parent.fork();
    expect(child.pages()).toEqual([]);
    expect([0, 4, 8].map((page) => child.read(at(page)))).toEqual([100, 100, 0]);
    expectHealthy(kernel);
  });

  test("copies all entries of a VMA with anon_vma, those of file pages and of the zero page too", () => {
    const file = kernel.createFile({ pages: 4, word: 100 });
    lay(parent, 0, 4, { file });
    parent.read(at(0));
    parent.write(at(1), 1);
    lay(parent, 4, 4);
    parent.read(at(4));
    parent.write(at(5), 1);
    const child = parent.fork();
    expect(child.pages()).toEqual(parent.pages());
    expect(child.rss).toEqual({ anon: 2, file: 1, swap: 0 });
    expect(pageAt(child, 0).mapcount).toBe(2);
  });

  test("gives the child old entries, and leaves the parent's as they were", () => {
    lay(parent, 0, 1);
    parent.write(at(0), 1);
    parent.fork();
    // Only the parent's entry was touched.
    expect(kernel.pageReferenced(pageAt(parent, 0))).toBe(1);
  });

  test("copies the heap's bounds, name nothing, and the parent's pid", () => {
    parent.exec({ brk: at(0) });
    parent.brk(at(2));
    const child = parent.fork();
    expect(child.brk()).toBe(at(2));
    expect(child.brk(at(3))).toBe(at(3));
    expect(parent.brk()).toBe(at(2));
    expect(child.parent).toBe(parent.pid);
    expect(child.name).toBe(`${child.pid}`);
  });

  test("keeps swapped-out pages for both", () => {
    lay(parent, 0, 1);
    parent.write(at(0), 7);
    const page = pageAt(parent, 0);
    kernel.pageReferenced(page);
    expect(kernel.tryToUnmap(page)).toBe("success");
    const child = parent.fork();
    expect([parent.rss.swap, child.rss.swap]).toEqual([1, 1]);
    child.write(at(0), 8);
    expect([parent.read(at(0)), child.read(at(0))]).toEqual([7, 8]);
    expectHealthy(kernel);
  });
});

test("what a child has in swap is brought back by swapoff, though its parent is gone", () => {
  lay(parent, 0, 1);
  parent.write(at(0), 7);
  expect(kernel.tryToUnmap(pageAt(parent, 0), { ignoreAccess: true })).toBe("success");
  const child = parent.fork();
  parent.exit();
  kernel.swapoff(0);
  expect(child.rss).toEqual({ anon: 1, file: 0, swap: 0 });
  expect(child.read(at(0))).toBe(7);
  expectHealthy(kernel);
});

describe("a child that shares the address space", () => {
  test("sees every change, and is listed with its parent", () => {
    const thread = parent.fork({ shareMemory: true });
    expect(thread.sharesWith(parent)).toBe(true);
    expect(thread.sharesWith(parent.fork())).toBe(false);
    lay(thread, 0, 1);
    thread.write(at(0), 5);
    expect(parent.read(at(0))).toBe(5);
    expect(parent.rss).toEqual(thread.rss);
    expect(pageAt(parent, 0).mapcount).toBe(1);
    expect(kernel.vmaCount).toBe(1);
    expect(pageAt(thread, 0).mappings()[0]!.process).toBe(parent);
  });

  test("leaves it by exec, and it stays for the others", () => {
    lay(parent, 0, 1);
    parent.write(at(0), 5);
    const vforked = parent.fork({ shareMemory: true });
    vforked.exec();
    expect(vforked.sharesWith(parent)).toBe(false);
    expect(vforked.vmas()).toEqual([]);
    expect(parent.read(at(0))).toBe(5);
    expectHealthy(kernel);
  });

  test("keeps it when the parent exits; the last one to go takes it along", () => {
    lay(parent, 0, 1);
    parent.write(at(0), 5);
    const page = pageAt(parent, 0);
    const thread = parent.fork({ shareMemory: true });
    parent.exit();
    expect(thread.read(at(0))).toBe(5);
    expect(page.mappings()[0]!.process).toBe(thread);
    thread.exit();
    expect(codeOf(() => page.word)).toBe("ESTALE");
    expect(kernel.vmaCount).toBe(0);
  });
});

describe("exec", () => {
  test("empties the address space and places the heap; the process stays who it is", () => {
    const { pid } = parent;
    lay(parent, 0, 4);
    parent.write(at(0), 1);
    const page = pageAt(parent, 0);
    parent.exec({ brk: at(100) });
    expect(parent.pid).toBe(pid);
    expect(parent.alive).toBe(true);
    expect(layout(parent)).toEqual([]);
    expect(parent.rss).toEqual({ anon: 0, file: 0, swap: 0 });
    expect(parent.brk()).toBe(at(100));
    expect(codeOf(() => page.mapcount)).toBe("ESTALE");
    expect(codeOf(() => parent.read(at(0)))).toBe("SIGSEGV");
    expectHealthy(kernel);
  });
});

describe("exit", () => {
  test("frees what nobody else maps, and leaves children alone", () => {
    lay(parent, 0, 2);
    parent.write(at(0), 1);
    const child = parent.fork();
    parent.write(at(1), 2);
    const [shared, own] = [pageAt(parent, 0), pageAt(parent, 1)];
    parent.exit();
    expect(codeOf(() => own.word)).toBe("ESTALE");
    expect(shared).toMatchObject({ mapcount: 1, word: 1 });
    expect(child.read(at(0))).toBe(1);
    expect(child.parent).toBe(parent.pid);
    expectHealthy(kernel);
  });

  test("leaves a file's pages in the cache", () => {
    const file = kernel.createFile({ pages: 1, word: 3 });
    lay(parent, 0, 1, { file, shared: true });
    parent.write(at(0), 9);
    const page = pageAt(parent, 0);
    parent.exit();
    // The page cache and the buffers hold it.
    expect(page).toMatchObject({ mapcount: 0, refcount: 2, buffers: true, word: 9, dirty: true });
    expect(page.mappings()).toEqual([]);
  });
});

test("a thousand forks and exits later, the machine needs no more memory than after ten", () => {
  lay(parent, 0, 8);
  for (let i = 0; i < 8; i++) parent.write(at(i), i);
  const burst = (n: number) => {
    for (let i = 0; i < n; i++) {
      const child = parent.fork();
      child.write(at(i % 8), i);
      child.mprotect(at(2), PAGE, "r");
      child.exit();
    }
  };
  burst(10);
  const { memoryInUse } = kernel;
  burst(1000);
  expect(kernel.memoryInUse).toBe(memoryInUse);
  expectHealthy(kernel);
});
