// Who shares an anon_vma, how long it lives, and what chains fork makes (spec/rmap.md Part 1).

import { beforeEach, describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { anonVmaAt, at, expectHealthy, lay, layout, PAGE, pageAt, places } from "./ground.js";

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64, build: "checked" });
  process = kernel.spawn();
});

describe("a VMA's first page", () => {
  test("takes the anon_vma of a touching neighbour that differs in permissions only", () => {
    lay(process, 0, 4);
    lay(process, 4, 4, { prot: "rwx" });
    process.write(at(0), 1);
    process.write(at(4), 2);
    expect(anonVmaAt(process, 4)).toBe(anonVmaAt(process, 0));
    expect(kernel.counters).toMatchObject({ anonVmasCreated: 1, chainsCreated: 2 });
    expectHealthy(kernel);
  });

  test("so pieces that were touched apart can join later", () => {
    lay(process, 0, 4);
    lay(process, 4, 4, { prot: "rwx" });
    process.write(at(0), 1);
    process.write(at(4), 2);
    process.mprotect(at(4), 4 * PAGE, "rw");
    expect(layout(process)).toEqual(["0-8 rw-p"]);
    expect([process.read(at(0)), process.read(at(4))]).toEqual([1, 2]);
    expect(places(pageAt(process, 4))).toEqual([`${process.pid}:4`]);
    expectHealthy(kernel);
  });

  test("asks the neighbour after it before the one before it", () => {
    lay(process, 0, 2);
    lay(process, 4, 2);
    process.write(at(0), 1);
    process.write(at(4), 2);
    lay(process, 2, 2, { prot: "rwx" });
    process.write(at(2), 3);
    expect(anonVmaAt(process, 2)).toBe(anonVmaAt(process, 4));
    expect(anonVmaAt(process, 2)).not.toBe(anonVmaAt(process, 0));
  });

  test.each<[string, () => void]>([
    ["does not touch it", () => lay(process, 5, 3)],
    [
      "was advised otherwise",
      () => {
        lay(process, 4, 4, { prot: "rwx" });
        process.madvise(at(4), 4 * PAGE, "random");
      },
    ],
    ["is a file's", () => lay(process, 4, 4, { file: kernel.createFile({ pages: 16 }) })],
    ["has no promise of memory", () => lay(process, 4, 4, { noReserve: true })],
  ])("makes an anon_vma of its own beside a VMA that %s", (_, makeNeighbour) => {
    lay(process, 0, 4);
    process.write(at(0), 1);
    makeNeighbour();
    process.write(at(6), 2);
    expect(anonVmaAt(process, 6)).not.toBe(anonVmaAt(process, 0));
    expect(anonVmaAt(process, 6)).not.toBe(0);
    expect(kernel.counters.anonVmasCreated).toBe(2);
  });

  test("takes none that came through a fork: the neighbour's chain must have one link", () => {
    lay(process, 0, 4);
    process.write(at(0), 1);
    const child = process.fork();
    for (const each of [process, child]) {
      lay(each, 4, 4, { prot: "rwx" });
      each.write(at(4), 2);
    }
    expect(anonVmaAt(process, 4)).toBe(anonVmaAt(process, 0));
    expect(anonVmaAt(child, 4)).not.toBe(anonVmaAt(child, 0));
    expectHealthy(kernel);
  });
});

describe("a split", () => {
  test("copies the whole chain: one link for each anon_vma of the family", () => {
    lay(process, 0, 4);
    process.write(at(0), 1);
    const grandchild = process.fork().fork();
    kernel.resetCounters();
    process.mprotect(at(3), PAGE, "r");
    expect(kernel.counters).toMatchObject({ vmaSplits: 1, chainsCreated: 1 });
    kernel.resetCounters();
    grandchild.mprotect(at(3), PAGE, "r");
    expect(kernel.counters).toMatchObject({ vmaSplits: 1, chainsCreated: 3, anonVmasCreated: 0 });
    expectHealthy(kernel);
  });

  test("of a VMA that was never written links nothing", () => {
    lay(process, 0, 4);
    process.mprotect(at(1), PAGE, "r");
    expect(kernel.counters).toMatchObject({ vmaSplits: 2, chainsCreated: 0 });
  });
});

describe("a chain of forks", () => {
  /** Each the child of the one before; page 0 was written before the first fork. */
  function generations(n: number): Process[] {
    lay(process, 0, 4);
    process.write(at(0), 1);
    const all = [process];
    while (all.length < n) all.push(all.at(-1)!.fork());
    return all;
  }

  test("gives generation n an anon_vma of its own and n links", () => {
    lay(process, 0, 4);
    process.write(at(0), 1);
    let last = process;
    for (let generation = 2; generation <= 6; generation++) {
      kernel.resetCounters();
      last = last.fork();
      expect(kernel.counters).toMatchObject({ anonVmasCreated: 1, chainsCreated: generation });
    }
    expectHealthy(kernel);
  });

  test("without a written page makes no anon_vma and no link", () => {
    lay(process, 0, 4);
    process.read(at(0));
    process.fork().fork();
    expect(kernel.counters).toMatchObject({ anonVmasCreated: 0, chainsCreated: 0 });
  });

  test.each(["list", "interval-tree"] as const)(
    "lets a walk meet only those who may have the page (%s)",
    async (anonIndex) => {
      kernel = await createKernel({ frames: 64, anonIndex, build: "checked" });
      process = kernel.spawn();
      const all = generations(5);
      // Written by generation g (from 0), the page can be in g and in those after it.
      all.forEach((each, g) => {
        each.write(at(1 + (g % 3)), 100 + g);
        const page = pageAt(each, 1 + (g % 3));
        expect(page.anonVma).toBe(each.vmas()[0]!.anonVma);
        expect(kernel.stab(page)).toBe(5 - g);
        expect(places(page)).toEqual([`${each.pid}:${1 + (g % 3)}`]);
      });
      expect(kernel.stab(pageAt(process, 0))).toBe(5);
      expect(kernel.rmapWalk(pageAt(process, 0))).toBe(5);
      expectHealthy(kernel);
    },
  );

  test("keeps a page of the first generation findable when that one is gone", () => {
    const all = generations(3);
    const page = pageAt(process, 0);
    const { anonVma } = page;
    process.exit();
    expect(page.anonVma).toBe(anonVma);
    expect(places(page)).toEqual([`${all[1]!.pid}:0`, `${all[2]!.pid}:0`]);
    all[1]!.exit();
    expect(places(page)).toEqual([`${all[2]!.pid}:0`]);
    expectHealthy(kernel);
  });

  test("moves a page to the anon_vma of the one that is left and writes to it", () => {
    const child = generations(2)[1]!;
    const page = pageAt(child, 0);
    const family = page.anonVma;
    process.exit();
    child.write(at(0), 2);
    expect(pageAt(child, 0).frame).toBe(page.frame);
    expect(page.anonVma).toBe(child.vmas()[0]!.anonVma);
    expect(page.anonVma).not.toBe(family);
    expect(kernel.counters.pagesCopied).toBe(0);
    expectHealthy(kernel);
  });

  test("in which every parent exits leaves nothing behind in the end", () => {
    const all = generations(20);
    for (const each of all) each.exit();
    const { memoryInUse } = kernel;
    process = kernel.spawn();
    for (const each of generations(20)) each.exit();
    expect(kernel.memoryInUse).toBe(memoryInUse);
    expect(kernel.processes).toEqual([]);
    expectHealthy(kernel);
  });
});
