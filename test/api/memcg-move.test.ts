// A process goes to another memory cgroup, with what is charged of its pages.

import { describe, expect, test } from "vitest";
import { createKernel, type MemoryCgroup, type Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";

function fill(process: Process, first: number, n: number): void {
  lay(process, first, n);
  for (let i = first; i < first + n; i++) process.write(at(i), i);
}

async function twoGroups(limit: number | null = null) {
  const kernel = await createKernel({ frames: 512, build: "checked" });
  const from = kernel.createCgroup("from");
  const to = kernel.createCgroup("to", { limit });
  return { kernel, from, to, process: kernel.spawn({ cgroup: from }) };
}

/** What a group counts of its pages: not what it has in stock, nor what went in and out. */
function counts(cgroup: MemoryCgroup): number[] {
  const { cache, rss, mapped_file } = cgroup.stat();
  return [cache, rss, mapped_file, cgroup.pages];
}

describe("moving a process", () => {
  test("its anonymous pages go with it, and pages of the files that it maps, touched or not", async () => {
    const { kernel, from, to, process } = await twoGroups();
    fill(process, 0, 3);
    const file = kernel.createFile({ pages: 4, word: 1 });
    lay(process, 8, 3, { file, shared: true });
    const other = kernel.spawn({ cgroup: from });
    lay(other, 0, 4, { file, shared: true });
    for (let i = 0; i < 4; i++) other.read(at(i));
    process.read(at(8));
    to.move(process);
    expect([process.cgroup, process.memoryCgroup]).toEqual([to.number, to]);
    // The fourth page of the file is none that it maps.
    expect([counts(from), counts(to)]).toEqual([
      [1, 0, 1, 1],
      [3, 3, 3, 6],
    ]);
    expectHealthy(kernel);
    fill(process, 16, 2);
    expect(to.stat().rss).toBe(5);
    expectHealthy(kernel);
  });

  test("the counters follow: nothing is charged twice, nothing is left behind", async () => {
    const { kernel, from, to, process } = await twoGroups();
    fill(process, 0, 40);
    to.move(process);
    // What is left is the rest of a batch.
    expect([from.usage, to.usage]).toEqual([24, 40]);
    from.move(process);
    expect([from.usage, to.usage]).toEqual([64, 0]);
    expectHealthy(kernel);
  });

  test("back and forth leaves every counter where it was", async () => {
    const { kernel, from, to, process } = await twoGroups();
    fill(process, 0, 5);
    const file = kernel.createFile({ pages: 4, word: 1 });
    lay(process, 8, 4, { file, shared: true });
    for (let i = 8; i < 12; i++) process.read(at(i));
    const before = [counts(from), counts(to), from.usage, to.usage];
    for (let i = 0; i < 5; i++) {
      to.move(process);
      from.move(process);
    }
    expect([counts(from), counts(to), from.usage, to.usage]).toEqual(before);
    expectHealthy(kernel);
  });

  test("pages of the swap cache that it has entries for go too, those of others stay", async () => {
    const { kernel, from, to, process } = await twoGroups();
    fill(process, 0, 2);
    kernel.tryToUnmap(pageAt(process, 0), { ignoreAccess: true });
    const other = kernel.spawn({ cgroup: from });
    fill(other, 0, 1);
    to.move(process);
    expect([from.stat().rss, to.stat().rss]).toEqual([1, 2]);
    expectHealthy(kernel);
  });

  test("anonymous pages that others map as well go all the same, but not those of another cgroup", async () => {
    const { kernel, from, to, process } = await twoGroups();
    fill(process, 0, 2);
    const child = process.fork();
    child.write(at(0), 9);
    to.move(child);
    expect([from.stat().rss, to.stat().rss]).toEqual([1, 2]);
    expect([pageAt(process, 0).cgroup, pageAt(process, 1).cgroup]).toEqual([
      from.number,
      to.number,
    ]);
    expectHealthy(kernel);
  });

  test("all that share its address space go", async () => {
    const { to, process } = await twoGroups();
    const thread = process.fork({ shareMemory: true });
    to.move(thread);
    expect(process.cgroup).toBe(to.number);
  });

  test("without room it stays where it is, with its charges", async () => {
    const { kernel, from, to, process } = await twoGroups(4);
    fill(process, 0, 6);
    const before = [counts(from), from.usage];
    expect(() => to.move(process)).toThrow("there is no room for its pages");
    expect(codeOf(() => to.move(process))).toBe("ENOMEM");
    expect([counts(from), from.usage]).toEqual(before);
    expect([process.cgroup, to.usage]).toEqual([from.number, 0]);
    expectHealthy(kernel);
  });

  test("room is made by reclaim of the cgroup that it goes to", async () => {
    const { kernel, to, process } = await twoGroups(8);
    fill(kernel.spawn({ cgroup: to }), 0, 8);
    fill(process, 0, 4);
    to.move(process);
    expect(to.usage).toBeLessThanOrEqual(8);
    expect(process.rss.anon).toBe(4);
    expectHealthy(kernel);
  });

  test("to the root and back, which is not charged", async () => {
    const { kernel, from, process } = await twoGroups();
    fill(process, 0, 3);
    kernel.rootCgroup.move(process);
    expect(kernel.rootCgroup.stat().rss).toBe(3);
    from.move(process);
    expect(kernel.rootCgroup.stat().rss).toBe(0);
    expect(from.stat().rss).toBe(3);
    expectHealthy(kernel);
  });

  test("within a hierarchy the cgroup above counts it once", async () => {
    const kernel = await createKernel({ frames: 512, build: "checked" });
    const top = kernel.createCgroup("top", { hierarchy: true });
    const [a, b] = ["a", "b"].map((name) => kernel.createCgroup(name, { parent: top }));
    const process = kernel.spawn({ cgroup: a! });
    fill(process, 0, 32);
    b!.move(process);
    expect([a!.usage, b!.usage, top.usage]).toEqual([0, 32, 32]);
    expectHealthy(kernel);
  });

  test("pages that are isolated, and those charged to nobody, stay out of it", async () => {
    const { kernel, from, to, process } = await twoGroups();
    fill(process, 0, 2);
    const page = pageAt(process, 0);
    kernel.isolate(page);
    to.move(process);
    expect([from.stat().rss, to.stat().rss]).toEqual([1, 1]);
    kernel.putback(page);
    expect(from.pages).toBe(1);
    process.munmap(at(0), 2 * PAGE);
    expect([from.usage - 30, to.usage]).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("a process that has exited can't be moved", async () => {
    const { to, process } = await twoGroups();
    process.exit();
    expect(codeOf(() => to.move(process))).toBe("ESRCH");
  });
});
