// What the walks of the reverse map find, and exactly what they cost (spec/commits.md sections 5 and 6).

import { describe, expect, test } from "vitest";
import { Counter } from "../../assembly/abi/counter.js";
import { createKernel, type Counters, type Kernel, type Process } from "../../bindings/index.js";
import { at, expectHealthy, lay, PAGE, pageAt, places } from "./ground.js";

const indexes = ["list", "interval-tree"] as const;

/** One VMA of N written pages, then mprotect on every second page: N VMAs in one anon_vma. */
async function split(anonIndex: (typeof indexes)[number], n: number) {
  const kernel = await createKernel({ anonIndex, frames: n + 8, build: "checked" });
  const process = kernel.spawn();
  lay(process, 0, n);
  for (let i = 0; i < n; i++) process.write(at(i), i);
  for (let i = 1; i < n; i += 2) process.mprotect(at(i), PAGE, "r");
  expect(process.vmaCount).toBe(n);
  return { kernel, process };
}

function cost(kernel: Kernel, walk: () => unknown): Counters {
  kernel.resetCounters();
  walk();
  return kernel.counters;
}

describe.each([8, 64, 512])("over %i split VMAs", (n) => {
  test("a full walk of a list visits all of them, for one that holds the page", async () => {
    const { kernel, process } = await split("list", n);
    for (let i = 0; i < n; i++) {
      const page = pageAt(process, i);
      expect(cost(kernel, () => expect(kernel.rmapWalk(page)).toBe(1))).toMatchObject({
        walks: 1,
        nodesVisited: n,
        nodesTouched: n,
        irrelevantVmas: n - 1,
        entriesChecked: 1,
      });
    }
  });

  test("a stab of a list visits all of them too, and checks no entry", async () => {
    const { kernel, process } = await split("list", n);
    expect(cost(kernel, () => expect(kernel.stab(pageAt(process, 3))).toBe(1))).toMatchObject({
      walks: 1,
      nodesVisited: n,
      irrelevantVmas: n - 1,
      entriesChecked: 0,
    });
  });

  // The list is in the order of linking. Each mprotect gives the VMA's link, which comes first, to the
  // page it is about, links a new VMA below it (the page before), then one above it (all the rest):
  // page 1, page 0, page 3, page 2, and so on.
  test("page_referenced stops at the page's own place in the list", async () => {
    const { kernel, process } = await split("list", n);
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const place = i % 2 === 1 ? i : i + 2;
      const counters = cost(kernel, () => kernel.pageReferenced(pageAt(process, i)));
      expect(counters).toMatchObject({ nodesVisited: place, irrelevantVmas: place - 1 });
      sum += counters.nodesVisited;
    }
    // Half of it on average.
    expect(sum).toBe((n * (n + 1)) / 2);
  });

  test("a walk of a tree meets the one VMA that holds the page, on a path of about log2 N", async () => {
    const { kernel, process } = await split("interval-tree", n);
    const height = 2 * Math.log2(n + 1);
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const page = pageAt(process, i);
      const counters = cost(kernel, () => expect(kernel.rmapWalk(page)).toBe(1));
      expect(counters).toMatchObject({ walks: 1, irrelevantVmas: 0, entriesChecked: 1 });
      // Down to the page, then to the next node, whether that is below or above: each path once.
      expect(counters.nodesVisited).toBeLessThanOrEqual(2 * height);
      expect(counters.nodesTouched).toBeGreaterThanOrEqual(counters.nodesVisited);
      sum += counters.nodesVisited;
    }
    expect(Math.abs(sum / n - (Math.log2(n) + 1))).toBeLessThan(2);
  });

  test("both indexes find the same", async () => {
    const [list, tree] = [await split("list", n), await split("interval-tree", n)];
    for (let i = 0; i < n; i += 7) {
      const found = [list, tree].map(({ kernel, process }) => {
        const page = pageAt(process, i);
        return [
          kernel.stab(page),
          kernel.rmapWalk(page),
          places(page),
          kernel.pageReferenced(page),
        ];
      });
      expect(found[0]).toEqual(found[1]);
    }
  });
});

test("the tree's index work is counted: two links a split, comparisons, rotations, maxima", async () => {
  const n = 64;
  const [list, tree] = [await split("list", n), await split("interval-tree", n)];
  // n - 1 splits make n - 1 links beside the first.
  for (const { kernel } of [list, tree]) {
    expect(kernel.counters).toMatchObject({
      vmaSplits: n - 1,
      chainsCreated: n,
      anonVmasCreated: 1,
    });
  }
  expect(list.kernel.counters).toMatchObject({
    indexInserts: n,
    indexRemoves: 0,
    comparisons: 0,
    maximaRewritten: 0,
  });
  // In a tree the VMA that is cut leaves it and comes back with its new bounds.
  expect(tree.kernel.counters).toMatchObject({ indexInserts: n + (n - 1), indexRemoves: n - 1 });
  expect(tree.kernel.counters.comparisons).toBeGreaterThan(n);
  expect(tree.kernel.counters.maximaRewritten).toBeGreaterThan(0);
  // The list kernel rotates only the process's tree of VMAs, as both do.
  expect(tree.kernel.counters.rotations).toBeGreaterThan(list.kernel.counters.rotations);
});

describe.each(indexes)("with the %s", (anonIndex) => {
  async function family(children: number): Promise<{ kernel: Kernel; all: Process[] }> {
    const kernel = await createKernel({ anonIndex, frames: 64, build: "checked" });
    const parent = kernel.spawn();
    lay(parent, 0, 4);
    for (let i = 0; i < 4; i++) parent.write(at(i), 10 + i);
    const all = [parent];
    for (let i = 0; i < children; i++) all.push(parent.fork());
    return { kernel, all };
  }

  test("a page shared by N processes is found N times, parent first, children in order of fork", async () => {
    const { kernel, all } = await family(5);
    const page = pageAt(all[0]!, 2);
    expect(page.mapcount).toBe(6);
    expect(places(page)).toEqual(all.map(({ pid }) => `${pid}:2`));
    expect(cost(kernel, () => kernel.rmapWalk(page))).toMatchObject({
      irrelevantVmas: 0,
      entriesChecked: 6,
    });
  });

  test("a walk also meets VMAs that have a copy of their own, and finds the page not there", async () => {
    const { kernel, all } = await family(3);
    const page = pageAt(all[0]!, 0);
    all[1]!.write(at(0), 1);
    all[2]!.write(at(0), 2);
    expect(kernel.stab(page)).toBe(4);
    expect(cost(kernel, () => expect(kernel.rmapWalk(page)).toBe(2))).toMatchObject({
      irrelevantVmas: 0,
      entriesChecked: 4,
    });
    expect(places(page)).toEqual([`${all[0]!.pid}:0`, `${all[3]!.pid}:0`]);
    expectHealthy(kernel);
  });

  test("page_referenced counts the mappings that were touched, and clears the marks", async () => {
    const { kernel, all } = await family(3);
    const page = pageAt(all[0]!, 0);
    expect(kernel.pageReferenced(page)).toBe(1);
    expect(kernel.pageReferenced(page)).toBe(0);
    all[1]!.read(at(0));
    all[3]!.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(2);
    expect(kernel.pageReferenced(page)).toBe(0);
  });

  test("page_referenced clears the marks of sequential readers, and does not count them", async () => {
    const { kernel, all } = await family(1);
    const page = pageAt(all[0]!, 0);
    kernel.pageReferenced(page);
    all[1]!.madvise(at(0), 4 * PAGE, "sequential");
    all[1]!.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(0);
    all[1]!.madvise(at(0), 4 * PAGE, "normal");
    expect(kernel.pageReferenced(page)).toBe(0);
  });

  test("page_referenced stops when it has met as many entries as the page has mappings", async () => {
    const { kernel, all } = await family(4);
    const page = pageAt(all[0]!, 0);
    all[3]!.write(at(0), 1);
    all[4]!.write(at(0), 1);
    // Three mappings are left, the first three in both orders.
    expect(cost(kernel, () => kernel.pageReferenced(page))).toMatchObject({ entriesChecked: 3 });
  });

  test("a page of the child alone is not looked for in the parent", async () => {
    const { kernel, all } = await family(1);
    all[1]!.write(at(0), 1);
    const page = pageAt(all[1]!, 0);
    expect(cost(kernel, () => kernel.rmapWalk(page))).toMatchObject({
      irrelevantVmas: 0,
      entriesChecked: 1,
    });
    expect(kernel.stab(page)).toBe(1);
  });

  test("a page that nothing maps has no mappings, and no walk is made", async () => {
    const { kernel, all } = await family(0);
    const file = kernel.createFile({ pages: 1 });
    lay(all[0]!, 10, 1, { file, prot: "r" });
    all[0]!.read(at(10));
    const page = pageAt(all[0]!, 10);
    all[0]!.munmap(at(10), PAGE);
    const counters = cost(kernel, () => {
      expect(page.mappings()).toEqual([]);
      expect([kernel.stab(page), kernel.rmapWalk(page), kernel.pageReferenced(page)]).toEqual([
        0, 0, 0,
      ]);
      expect(kernel.pageMkclean(page)).toBe(0);
    });
    expect(counters.walks).toBe(0);
  });
});

describe("a file's pages", () => {
  test("are found in every process, at any address, by ascending offset of the VMA", async () => {
    const kernel = await createKernel({ frames: 64, build: "checked" });
    const file = kernel.createFile({ pages: 16, word: 100 });
    const [a, b, c] = [kernel.spawn(), kernel.spawn(), kernel.spawn()];
    lay(a, 20, 8, { file, pgoff: 4, prot: "r" });
    lay(b, 40, 16, { file, pgoff: 0, shared: true });
    lay(c, 0, 1, { file, pgoff: 5, prot: "r" });
    for (const [process, page] of [
      [a, 21],
      [b, 45],
      [c, 0],
    ] as const) {
      expect(process.read(at(page))).toBe(105);
    }
    const page = pageAt(a, 21);
    expect(page).toMatchObject({ mapcount: 3, refcount: 4, index: 5 });
    expect(places(page)).toEqual([`${b.pid}:45`, `${a.pid}:21`, `${c.pid}:0`]);
    expect(page.mappings().map(({ vma }) => vma.pgoff)).toEqual([0, 4, 5]);
    expectHealthy(kernel);
  });

  test("are found in a child right after its parent, before those who came later", async () => {
    const kernel = await createKernel({ frames: 64, build: "checked" });
    const file = kernel.createFile({ pages: 4 });
    const [a, b] = [kernel.spawn(), kernel.spawn()];
    lay(a, 0, 4, { file, shared: true });
    lay(b, 0, 4, { file, shared: true });
    const child = a.fork();
    for (const each of [b, child, a]) each.read(at(1));
    expect(places(pageAt(a, 1))).toEqual([a, child, b].map(({ pid }) => `${pid}:1`));
  });

  test("are looked for only in VMAs that show their offset, however many the file has", async () => {
    const kernel = await createKernel({ frames: 256, build: "checked" });
    const file = kernel.createFile({ pages: 128 });
    const process = kernel.spawn();
    for (let i = 0; i < 128; i++) lay(process, 2 * i, 1, { file, pgoff: i, shared: true });
    for (let i = 0; i < 128; i++) {
      process.read(at(2 * i));
      const page = pageAt(process, 2 * i);
      const counters = cost(kernel, () => expect(kernel.rmapWalk(page)).toBe(1));
      expect(counters).toMatchObject({ irrelevantVmas: 0, entriesChecked: 1 });
      expect(counters.nodesVisited).toBeLessThanOrEqual(4 * Math.log2(129));
    }
  });

  test("page_mkclean protects shared writers, so that the next write is noticed", async () => {
    const kernel = await createKernel({ frames: 64, build: "checked" });
    const file = kernel.createFile({ pages: 4 });
    const [a, b] = [kernel.spawn(), kernel.spawn()];
    lay(a, 0, 4, { file, shared: true });
    lay(b, 0, 4, { file, shared: true });
    lay(b, 10, 4, { file });
    a.write(at(0), 1);
    b.write(at(0), 2);
    b.read(at(10));
    const page = pageAt(a, 0);
    expect(page.mapcount).toBe(3);
    // The private mapping is not asked.
    expect(cost(kernel, () => expect(kernel.pageMkclean(page)).toBe(2))).toMatchObject({
      walks: 1,
      entriesChecked: 2,
    });
    expect(kernel.pageMkclean(page)).toBe(0);
    expect(cost(kernel, () => a.read(at(0))).faults).toBe(0);
    expect(cost(kernel, () => a.write(at(0), 3)).faults).toBe(1);
    expect(kernel.pageMkclean(page)).toBe(1);
  });

  test("page_mkclean has nothing to do with anonymous pages", async () => {
    const kernel = await createKernel({ frames: 8 });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    expect(cost(kernel, () => expect(kernel.pageMkclean(pageAt(process, 0))).toBe(0)).walks).toBe(
      0,
    );
  });
});

test("resetting makes every counter zero", async () => {
  const { kernel, process } = await split("interval-tree", 8);
  kernel.rmapWalk(pageAt(process, 0));
  kernel.resetCounters();
  expect(Object.values(kernel.counters).every((count) => count === 0)).toBe(true);
  expect(Object.keys(kernel.counters)).toHaveLength(Counter.Count);
});

test("counters are equal in every build", async () => {
  const counters = [];
  for (const build of ["release", "checked", "explore"] as const) {
    const kernel = await createKernel({ build, frames: 64 });
    const process = kernel.spawn();
    lay(process, 0, 16);
    for (let i = 0; i < 16; i++) process.write(at(i), i);
    for (let i = 1; i < 16; i += 3) process.mprotect(at(i), PAGE, "r");
    const child = process.fork();
    child.write(at(2), 2);
    for (let i = 0; i < 16; i++) kernel.rmapWalk(pageAt(process, i));
    process.mremap(at(1), PAGE, PAGE, { to: at(50) });
    counters.push(kernel.counters);
  }
  expect(counters[1]).toEqual(counters[0]);
  expect(counters[2]).toEqual(counters[0]);
});
