// anonVmaReuse "low-degree": which anon_vma of its parent's chain a fork's child may call its own (spec/commits.md,
// later defects, 5).

import { beforeEach, describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { anonVmaAt, at, expectHealthy, lay, PAGE, pageAt, places } from "./ground.js";

let kernel: Kernel;
let first: Process;

beforeEach(async () => {
  kernel = await createKernel({ build: "checked", anonVmaReuse: "low-degree" });
  first = kernel.spawn();
  lay(first, 0, 4);
  first.write(at(0), 1);
});

/** The last of n generations, each forked from the one before, which exits at once. */
function afterGenerations(from: Process, n: number): Process {
  let last = from;
  for (let i = 0; i < n; i++) {
    const child = last.fork();
    last.exit();
    last = child;
  }
  return last;
}

describe("in a chain of forks in which every parent exits", () => {
  test("three anon_vmas are enough for ever, and so are three links", () => {
    const last = afterGenerations(first, 50);
    expect([kernel.anonVmaCount, kernel.chainCount]).toEqual([3, 3]);
    expect(kernel.counters.anonVmasCreated).toBe(3);
    expect(last.read(at(0))).toBe(1);
    expectHealthy(kernel);
  });

  test.each(["list", "interval-tree"] as const)(
    "one for each generation is kept without (%s)",
    async (anonIndex) => {
      kernel = await createKernel({ build: "checked", anonIndex });
      first = kernel.spawn();
      lay(first, 0, 4);
      first.write(at(0), 1);
      afterGenerations(first, 50);
      expect([kernel.anonVmaCount, kernel.chainCount]).toEqual([51, 51]);
      expectHealthy(kernel);
    },
  );

  test("generations take turns with the two that are no root", () => {
    const numbers: number[] = [];
    let last = first;
    for (let i = 0; i < 6; i++) {
      last = afterGenerations(last, 1);
      numbers.push(anonVmaAt(last, 0));
    }
    const [a, b] = numbers;
    expect(numbers).toEqual([a, b, a, b, a, b]);
    expect(pageAt(last, 0).anonVma).not.toBe(a);
  });

  test("each page is found where it is, whoever wrote it", () => {
    let last = first;
    for (let i = 0; i < 9; i++) {
      const child = last.fork();
      child.write(at(1 + (i % 3)), 100 + i);
      const pages = [0, 1 + (i % 3)].map((page) => pageAt(child, page));
      expect(pages.map(places)).toEqual([
        [last, child].map(({ pid }) => `${pid}:0`),
        [`${child.pid}:${1 + (i % 3)}`],
      ]);
      last.exit();
      last = child;
    }
    expectHealthy(kernel);
  });

  test("nothing is left when the last has gone", () => {
    afterGenerations(first, 10).exit();
    expect([kernel.anonVmaCount, kernel.chainCount]).toEqual([0, 0]);
    expectHealthy(kernel);
  });
});

describe("the child gets one of its own", () => {
  test("where each in the chain is some VMA's own", () => {
    first.fork().fork().fork();
    expect(kernel.counters.anonVmasCreated).toBe(4);
    expectHealthy(kernel);
  });

  test("where one half of a VMA that was cut is left", () => {
    const parent = first.fork();
    const child = parent.fork();
    parent.munmap(at(0), 2 * PAGE);
    child.fork();
    expect(kernel.counters.anonVmasCreated).toBe(4);
    expectHealthy(kernel);
  });

  test("where the deserted one has two children that are used", () => {
    const parent = first.fork();
    const children = [parent.fork(), parent.fork()];
    parent.exit();
    kernel.resetCounters();
    children[0]!.fork();
    expect(kernel.counters.anonVmasCreated).toBe(1);
    expectHealthy(kernel);
  });

  test("and never the root, though nobody calls it its own", () => {
    const child = first.fork();
    const root = anonVmaAt(first, 0);
    first.exit();
    const grandchild = child.fork();
    expect(anonVmaAt(grandchild, 0)).not.toBe(root);
    expect(kernel.counters.anonVmasCreated).toBe(3);
    expectHealthy(kernel);
  });
});

describe("the child takes over one of its parent's", () => {
  test("as soon as the second of its children has gone", () => {
    const parent = first.fork();
    const deserted = anonVmaAt(parent, 0);
    const children = [parent.fork(), parent.fork()];
    parent.exit();
    children[1]!.exit();
    kernel.resetCounters();
    expect(anonVmaAt(children[0]!.fork(), 0)).toBe(deserted);
    // No new one, and no link to it.
    expect(kernel.counters).toMatchObject({ anonVmasCreated: 0, chainsCreated: 3 });
    expectHealthy(kernel);
  });

  test("the oldest that is deserted", () => {
    const [a, b, c] = [first.fork()].flatMap((one) => {
      const two = one.fork();
      return [one, two, two.fork()];
    });
    const oldest = anonVmaAt(a!, 0);
    a!.exit();
    b!.exit();
    expect(anonVmaAt(c!.fork(), 0)).toBe(oldest);
    expectHealthy(kernel);
  });

  test("for each VMA by itself", () => {
    lay(first, 10, 2);
    first.write(at(10), 2);
    const parent = first.fork();
    const own = [0, 10].map((page) => anonVmaAt(parent, page));
    const child = parent.fork();
    parent.munmap(at(10), 2 * PAGE);
    const grandchild = child.fork();
    expect(anonVmaAt(grandchild, 10)).toBe(own[1]);
    expect(anonVmaAt(grandchild, 0)).not.toBe(own[0]);
    expectHealthy(kernel);
  });

  test("and cuts, moves and merges with it as with any other", () => {
    const last = afterGenerations(first, 4);
    const own = anonVmaAt(last, 0);
    last.mprotect(at(1), PAGE, "r");
    last.mremap(at(2), 2 * PAGE, 2 * PAGE, { to: at(20) });
    expect([0, 1, 20].map((page) => anonVmaAt(last, page))).toEqual([own, own, own]);
    expectHealthy(kernel);
    last.mremap(at(20), 2 * PAGE, 2 * PAGE, { to: at(2) });
    last.mprotect(at(1), PAGE, "rw");
    expect(last.vmaCount).toBe(1);
    expectHealthy(kernel);
    // Now it is used: the next generation has another.
    expect(anonVmaAt(last.fork(), 0)).not.toBe(own);
  });

  test("a page that it writes is its own, which a page of its parent is not", () => {
    const last = afterGenerations(first, 4);
    const child = last.fork();
    child.write(at(1), 7);
    expect(pageAt(child, 1).anonVma).toBe(anonVmaAt(child, 0));
    // Walks of it meet those in whose chain its anon_vma is: here the parent as well.
    expect(kernel.stab(pageAt(child, 1))).toBe(2);
    expect(places(pageAt(child, 1))).toEqual([`${child.pid}:1`]);
    expectHealthy(kernel);
  });
});

test("what happens inside fork says what was taken over", () => {
  const last = afterGenerations(first, 3);
  kernel.recordEvents(true);
  const child = last.fork();
  const inherited = kernel.takeEvents().filter(({ event }) => event === "AnonVmaInherited");
  expect(inherited).toMatchObject([{ a: anonVmaAt(child, 0), b: at(0) }]);
});
