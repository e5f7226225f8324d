// spec/rmap.md Part 1, "Referenced": a test for each row.

import { describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "../api/ground.js";

const build = "checked";

/** A page that so many processes share, none of which has touched it since it was asked. */
async function shared(others: number, anonIndex: "list" | "interval-tree" = "interval-tree") {
  const kernel = await createKernel({ build, anonIndex });
  const parent = kernel.spawn();
  lay(parent, 0, 1);
  parent.write(at(0), 1);
  const family = [parent, ...Array.from({ length: others }, () => parent.fork())];
  const page = pageAt(parent, 0);
  kernel.pageReferenced(page);
  kernel.resetCounters();
  return { kernel, family, page };
}

function entriesLookedAt(kernel: Kernel, action: () => unknown): number {
  kernel.resetCounters();
  action();
  return kernel.counters.entriesChecked;
}

describe("page_referenced_one", () => {
  test("a touch is counted once, and forgotten", async () => {
    const { kernel, family, page } = await shared(2);
    family[1]!.read(at(0));
    family[2]!.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(2);
    expect(kernel.pageReferenced(page)).toBe(0);
  });

  test("a locked VMA is not counted, keeps its marks, and ends the walk", async () => {
    const { kernel, family, page } = await shared(3, "list");
    for (const process of family) process.read(at(0));
    // The first that the walk meets; mlock of the others would copy nothing, as nothing is written.
    family[0]!.mprotect(at(0), PAGE, "r");
    family[0]!.mlock(at(0), PAGE);
    kernel.resetCounters();
    expect(kernel.pageReferenced(page)).toBe(0);
    expect(kernel.counters.entriesChecked).toBe(1);
    family[0]!.munlock(at(0), PAGE);
    expect(kernel.pageReferenced(page)).toBe(4);
  });

  test("a touch through a sequential VMA is cleared, but not counted", async () => {
    const { kernel, family, page } = await shared(1);
    const [random, sequential] = family as [Process, Process];
    sequential.madvise(at(0), PAGE, "sequential");
    random.read(at(0));
    sequential.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(1);
    sequential.madvise(at(0), PAGE, "normal");
    expect(kernel.pageReferenced(page)).toBe(0);
  });

  test("only VMAs that counted lend their flags: program text that nobody ran is not kept for its text", async () => {
    const kernel = await createKernel({ build });
    const [reader, runner] = [kernel.spawn(), kernel.spawn()];
    const file = kernel.createFile({ pages: 2, kind: "disk" });
    lay(reader, 0, 2, { file, prot: "r" });
    lay(runner, 0, 2, { file, prot: "rx" });
    for (const i of [0, 1]) {
      reader.read(at(i));
      runner.read(at(i));
      kernel.pageReferenced(pageAt(reader, i));
    }
    // Touched by the reader alone, it gets a second chance; touched by the runner it is activated.
    reader.read(at(0));
    runner.read(at(1));
    expect([0, 1].map((i) => kernel.shrinkPage(pageAt(reader, i)))).toEqual(["kept", "activated"]);
    expect([0, 1].map((i) => pageAt(reader, i).active)).toEqual([false, true]);
  });

  test("an entry that is not this page's does not count as one of its mappings", async () => {
    const { kernel, family, page } = await shared(2, "list");
    family[1]!.write(at(0), 2);
    family[2]!.read(at(0));
    // Two of three VMAs map it: the walk has to look at all three.
    expect(entriesLookedAt(kernel, () => expect(kernel.pageReferenced(page)).toBe(1))).toBe(3);
  });
});

describe("page_referenced_anon / _file", () => {
  test("stops when as many entries were found as the page has mappings", async () => {
    const { kernel, family, page } = await shared(9, "list");
    expect(entriesLookedAt(kernel, () => kernel.pageReferenced(page))).toBe(10);
    // All but the first give it up by copying: the first entry found is the last that there can be.
    for (const process of family.slice(1)) process.write(at(0), 5);
    expect(entriesLookedAt(kernel, () => kernel.pageReferenced(page))).toBe(1);
  });

  test("files: the same", async () => {
    const kernel = await createKernel({ build });
    const file = kernel.createFile({ pages: 1 });
    const family = Array.from({ length: 8 }, () => kernel.spawn());
    for (const process of family) lay(process, 0, 1, { file, shared: true });
    family[0]!.read(at(0));
    const page = pageAt(family[0]!, 0);
    expect(entriesLookedAt(kernel, () => expect(kernel.pageReferenced(page)).toBe(1))).toBe(1);
    for (const process of family) process.read(at(0));
    expect(entriesLookedAt(kernel, () => expect(kernel.pageReferenced(page)).toBe(8))).toBe(8);
  });

  test("reclaim for one memory cgroup asks its own processes only", async () => {
    const kernel = await createKernel({ build });
    const cgroup = kernel.createCgroup("one");
    const file = kernel.createFile({ pages: 1 });
    const [inside, outside] = [kernel.spawn({ cgroup }), kernel.spawn()];
    for (const process of [inside, outside]) {
      lay(process, 0, 1, { file, shared: true });
      process.read(at(0));
    }
    const page = pageAt(inside, 0);
    expect(kernel.pageReferenced(page, { cgroup })).toBe(1);
    // The other's mark was left alone.
    expect(kernel.pageReferenced(page)).toBe(1);
  });
});

describe("page_referenced", () => {
  test("of a page that nothing maps: none, without a walk", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.pin(page);
    process.munmap(at(0), PAGE);
    kernel.resetCounters();
    expect(kernel.pageReferenced(page)).toBe(0);
    expect(kernel.counters.walks).toBe(0);
    kernel.unpin(page);
    expectHealthy(kernel);
  });

  test("a file page that somebody has locked counts as referenced, unseen", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    const file = kernel.createFile({ pages: 1, kind: "disk" });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
    const clean = scheduler.actor("clean", (batch) => batch.pageMkclean(page));
    const start = scheduler.save();
    const answers = new Set<number>();
    for (let stop = 0; ; stop++) {
      scheduler.restore(start);
      for (let step = 0; step < stop && !clean.done; step++) scheduler.step(clean);
      if (clean.done) break;
      kernel.resetCounters();
      // It waits for i_mmap_mutex at most, never for the page.
      if (!scheduler.finish(walk)) scheduler.finish(clean);
      scheduler.finish(walk);
      const answer = walk.batch.result(0);
      if (answer === 1) expect(kernel.counters.walks).toBeLessThan(2);
      answers.add(answer);
    }
    expect(answers).toEqual(new Set([0, 1]));
    kernel.dispose();
  });
});
