// Walks as they go: nodes, VMAs, entries and locks, each in its turn.

import { expect, test } from "vitest";
import {
  createKernel,
  walksIn,
  type Kernel,
  type WalkStep,
  type WalkTrace,
} from "../../bindings/index.js";
import { at, codeOf, lay, PAGE, pageAt } from "./ground.js";
import { HUGE, hugeBytes, hugeMachine, layHuge, splitAt } from "./huge.js";
import { fill, machine, mergeable } from "./machine.js";

const BASE = at(0);

function pageOf(address: number): number {
  return (address - BASE) / PAGE;
}

/** One step in a few words; processes by pid. */
function told(step: WalkStep, kernel: Kernel): string {
  switch (step.step) {
    case "node": {
      const owner = kernel.processes.find(({ mm }) => mm === step.mm);
      return `node ${owner?.pid} ${pageOf(step.start)}-${pageOf(step.end)}`;
    }
    case "vma":
      return step.address === null ? step.offer : `${step.offer} ${pageOf(step.address)}`;
    case "entry": {
      const bits = (["young", "dirty", "writable"] as const).filter((bit) => step[bit]);
      return ["entry", step.found, ...bits].join(" ");
    }
    case "cluster":
      return `cluster ${pageOf(step.start)}-${pageOf(step.end)}`;
    case "did":
      return step.deed;
    case "unlock":
      return `unlock ${step.lock} ${step.held}`;
    default:
      return `${step.step} ${step.lock}`;
  }
}

/** The walks of an action. */
function walksOf(kernel: Kernel, action: () => unknown): WalkTrace[] {
  kernel.recordEvents(true, { walks: true });
  action();
  const walks = walksIn(kernel.takeEvents());
  kernel.recordEvents(false);
  return walks;
}

/** The one walk of an action: its name, its steps but for page-table locks, and what it returned. */
function walkOf(kernel: Kernel, action: () => unknown): [string, string[], WalkTrace["result"]] {
  const walks = walksOf(kernel, action);
  expect(walks).toHaveLength(1);
  const { walk, steps, result } = walks[0]!;
  const words = steps.map((step) => told(step, kernel));
  return [walk, words.filter((word) => !word.includes("page-table lock")), result];
}

test("page_referenced tells each step, locks with the steps that they were held for", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 2);
  process.fork();
  const page = pageAt(process, 1);
  const [walk] = walksOf(kernel, () => kernel.pageReferenced(page));
  expect(walk!.steps.map((step) => told(step, kernel))).toEqual([
    "lock anon_vma mutex",
    "node 1 0-2",
    "considered 1",
    "lock page-table lock",
    "entry page young dirty",
    "counted",
    "unlock page-table lock 1",
    "node 2 0-2",
    "considered 1",
    "lock page-table lock",
    "entry page dirty",
    "old",
    "unlock page-table lock 1",
    "unlock anon_vma mutex 8",
  ]);
  const { frame, index, mapcount } = page;
  expect(walk).toMatchObject({
    walk: "page_referenced",
    frame,
    index,
    mapcount,
    kind: "anon",
    inode: 0,
  });
  expect(walk!.steps[0]).toMatchObject({ purpose: "page_lock_anon_vma" });
  expect(walk!.steps[1]).toMatchObject({ first: index - 1, last: index });
  expect(walk!.result).toBe(1);
});

test("a list offers VMAs that do not hold the page, a tree visits nodes on its way there and back", async () => {
  const words = [];
  for (const anonIndex of ["list", "interval-tree"] as const) {
    const { kernel, process } = await machine({ anonIndex });
    fill(process, 0, 3);
    process.mprotect(at(1), PAGE, "r");
    const [, steps, result] = walkOf(kernel, () => kernel.rmapWalk(pageAt(process, 2)));
    expect(result).toBe(1);
    words.push(steps.filter((word) => !word.includes("lock")));
  }
  const found = ["node 1 2-3", "considered 2", "entry page young dirty writable", "place"];
  expect(words).toEqual([
    ["node 1 1-2", "irrelevant", "node 1 0-1", "irrelevant", ...found],
    ["node 1 1-2", ...found, "node 1 1-2"],
  ]);
});

test("try_to_unmap stops at a young entry, and leaves swap entries where there is none", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 1);
  process.fork();
  const page = pageAt(process, 0);
  expect(walkOf(kernel, () => kernel.tryToUnmap(page))).toEqual([
    "try_to_unmap",
    [
      ...[
        "lock anon_vma mutex",
        "node 1 0-1",
        "considered 0",
        "entry page young dirty",
        "made-old",
      ],
      "unlock anon_vma mutex 5",
    ],
    "fail",
  ]);
  const [, steps, result] = walkOf(kernel, () => kernel.tryToUnmap(page));
  expect(steps.filter((word) => word === "swap-entry")).toHaveLength(2);
  expect(steps).toContain("lock swap lock");
  expect(result).toBe("success");
});

test("a locked VMA has the page mlocked, or keeps it if its mmap_sem can't be had", async () => {
  const { kernel, process } = await machine();
  const file = kernel.createFile({ pages: 1 });
  lay(process, 0, 1, { file, shared: true });
  process.read(at(0));
  lay(process, 4, 1, { file, shared: true, locked: true });
  const page = pageAt(process, 0);
  const munlock = walkOf(kernel, () => process.munlock(at(4), PAGE));
  expect(munlock[0]).toBe("try_to_munlock");
  expect(munlock[1].filter((word) => word.includes("locked"))).toEqual([
    "not-locked",
    "not-locked",
  ]);
  expect(munlock[2]).toBe("again");
  for (const first of [0, 4]) process.mlock(at(first), PAGE);
  const busy = walkOf(kernel, () => process.munlock(at(0), PAGE));
  expect(busy[1]).toContain("busy mmap_sem");
  expect(busy[1]).toContain("mmap-sem-busy");
  const [, steps, result] = walkOf(kernel, () => kernel.tryToUnmap(page, { ignoreAccess: true }));
  expect(steps).toEqual(expect.arrayContaining(["removed", "lock mmap_sem", "mlocked"]));
  expect(result).toBe("mlock");
  expect(walkOf(kernel, () => kernel.pageReferenced(page))[1]).toContain("vma-locked");
});

test("page_mkclean passes over private mappings, and protects each entry once", async () => {
  const { kernel, process } = await machine();
  const file = kernel.createFile({ pages: 2, kind: "disk" });
  lay(process, 0, 2, { file });
  lay(process, 4, 2, { file, shared: true });
  process.read(at(0));
  process.write(at(4), 1);
  const page = pageAt(process, 4);
  const [walk] = walksOf(kernel, () => kernel.pageMkclean(page));
  expect(walk).toMatchObject({ kind: "file", inode: file.inode, index: 0, result: 1 });
  const again = walkOf(kernel, () => kernel.pageMkclean(page));
  expect(again).toEqual([
    "page_mkclean",
    [
      ...["lock i_mmap_mutex", "node 1 0-2", "private", "node 1 4-6", "considered 4"],
      ...["entry page young", "clean", "node 1 0-2", "unlock i_mmap_mutex 4"],
    ],
    0,
  ]);
});

test("a page that nothing maps is not walked for, as counters say", async () => {
  const { kernel, process } = await machine();
  const file = kernel.createFile({ pages: 1, kind: "disk" });
  lay(process, 0, 1, { file, shared: true });
  process.read(at(0));
  const page = pageAt(process, 0);
  process.munmap(at(0), PAGE);
  kernel.resetCounters();
  const look = (): void => {
    kernel.pageMkclean(page);
    kernel.pageReferenced(page);
  };
  expect(walksOf(kernel, look)).toEqual([]);
  expect(kernel.counters.walks).toBe(0);
});

test("migration takes entries away for a while, and restores them to the new page", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 1);
  const [away, back] = walksOf(kernel, () => kernel.migratePage(pageAt(process, 0)));
  expect(away).toMatchObject({ walk: "try_to_unmap for migration", result: "success" });
  expect(away!.steps).toContainEqual({ step: "did", deed: "migration-entry" });
  expect(back).toMatchObject({ walk: "remove_migration_ptes", result: 1, mapcount: 0 });
  const words = back!.steps.map((step) => told(step, kernel));
  expect(words).toEqual(expect.arrayContaining(["entry migration", "restored"]));
  expect(back!.frame).toBe(pageAt(process, 0).frame);
});

test("a page that KSM shares is looked for place by place, in two passes", async () => {
  const { kernel, process } = await machine();
  mergeable(process, 0, [5, 5]);
  kernel.ksm.settle();
  process.fork();
  const [, words] = walkOf(kernel, () => kernel.rmapWalk(pageAt(process, 0)));
  const places = words.filter((word) => word === "place" || word === "other-pass");
  // Two places: each its own process in the first pass, and the child in the second.
  expect(places.filter((word) => word === "place")).toHaveLength(4);
  expect(places.filter((word) => word === "other-pass")).toHaveLength(4);
  expect(words.filter((word) => word === "lock anon_vma mutex")).toHaveLength(4);
});

test("reclaim for one memory cgroup passes over the processes of others", async () => {
  const { kernel, process } = await machine();
  const cgroup = kernel.createCgroup();
  const other = kernel.spawn({ cgroup });
  const file = kernel.createFile({ pages: 1 });
  for (const who of [process, other]) {
    lay(who, 0, 1, { file, shared: true });
    who.read(at(0));
  }
  const page = pageAt(process, 0);
  const [, words, result] = walkOf(kernel, () => kernel.pageReferenced(page, { cgroup }));
  expect(words.filter((word) => !word.includes("lock"))).toEqual([
    ...[
      "node 1 0-1",
      "other-memcg",
      "node 2 0-1",
      "considered 0",
      "entry page young",
      "counted",
      "node 1 0-1",
    ],
  ]);
  expect(result).toBe(1);
});

test("migration passes over a stack that exec is still setting up", async () => {
  const { kernel, process } = await machine();
  lay(process, 0, 1, { growsDown: true, stackSetup: true });
  process.write(at(0), 1);
  const [away] = walksOf(kernel, () => kernel.migratePage(pageAt(process, 0)));
  expect(away!.steps.map((step) => told(step, kernel))).toContain("temporary-stack");
  expect(away!.cost).toMatchObject({ entriesChecked: 0, irrelevantVmas: 0 });
});

test("nonlinear VMAs are gone through cluster by cluster, whatever they show", async () => {
  const { kernel, process } = await machine();
  const file = kernel.createFile({ pages: 4, kind: "tmpfs" });
  lay(process, 0, 3, { file, shared: true });
  process.remapFilePages(at(0), PAGE, 3);
  for (const page of [0, 1]) process.read(at(page));
  const page = pageAt(process, 0);
  const [, words, result] = walkOf(kernel, () => kernel.tryToUnmap(page));
  // Both were touched: they stay, but only this once.
  expect(words.filter((word) => !word.includes("lock"))).toEqual([
    ...["cluster 0-3", "entry page young writable", "made-old"],
    ...["entry other-page young writable", "made-old", "entry absent"],
  ]);
  expect(result).toBe("again");
  const again = walkOf(kernel, () => kernel.tryToUnmap(page))[1];
  expect(again).toEqual(expect.arrayContaining(["offset-kept", "entry absent"]));
  expect(page.mapcount).toBe(0);
});

test("a huge page is split in two passes, and where its entry can't be there is none to look at", async () => {
  const { kernel, process } = await hugeMachine();
  layHuge(process, HUGE, 2, [HUGE]);
  const child = process.fork();
  // The child's VMA is offered for the second huge page as well, at a place that is not aligned to its size.
  child.mremap(at(HUGE), hugeBytes(2), hugeBytes(2), { mayMove: true, to: at(5 * HUGE + 1) });
  process.write(at(2 * HUGE), 1);
  const page = pageAt(process, 2 * HUGE);
  expect(page.hugePage).not.toBeNull();
  kernel.resetCounters();
  const [walk, ...others] = walksOf(kernel, () => splitAt(kernel, process, 2 * HUGE));
  expect(others).toEqual([]);
  expect(walk).toMatchObject({ walk: "split_huge_page", result: 0, mapcount: 1, kind: "anon" });
  expect(walk!.cost.entriesChecked).toBe(kernel.counters.entriesChecked);
  const deeds = walk!.steps.flatMap((step) => {
    if (step.step === "did") return [step.deed];
    return step.step === "entry" ? [step.found] : [];
  });
  expect(deeds).toEqual(["page", "splitting", "no-table", "page", "split", "no-table"]);
});

test("a huge page of the pool has one entry to look at in each VMA, also when it is put back", async () => {
  const { kernel, process } = await machine({ frames: 3 * HUGE + 64, hugePages: 2 });
  lay(process, 0, HUGE, { hugetlb: true });
  process.write(at(0), 1);
  process.fork();
  for (const walk of [
    () => kernel.pageReferenced(pageAt(process, 0)),
    () => kernel.migratePage(pageAt(process, 0)),
  ]) {
    kernel.resetCounters();
    const walks = walksOf(kernel, walk);
    const checked = walks.reduce((sum, { cost }) => sum + cost.entriesChecked, 0);
    expect(checked).toBe(kernel.counters.entriesChecked);
    for (const { steps } of walks) {
      expect(steps.filter(({ step }) => step === "entry")).toHaveLength(2);
    }
  }
});

test("what a walk costs is what the counters say", async () => {
  for (const anonIndex of ["list", "interval-tree"] as const) {
    const { kernel, process } = await machine({ anonIndex });
    fill(process, 0, 8);
    for (let i = 0; i < 8; i += 2) process.mprotect(at(i), PAGE, "r");
    process.fork();
    kernel.resetCounters();
    const [walk] = walksOf(kernel, () => kernel.rmapWalk(pageAt(process, 5)));
    const { nodesVisited, nodesTouched, irrelevantVmas, entriesChecked } = kernel.counters;
    expect(walk!.cost).toMatchObject({
      nodesVisited,
      nodesTouched,
      irrelevantVmas,
      entriesChecked,
    });
    const { steps, locks } = kernel.lockCounters!;
    // Whether the page is mapped is asked before the walk.
    expect(walk!.cost.steps).toBe(steps - 1);
    const taken = Object.entries(locks).filter(([, count]) => count.taken > 0);
    expect(walk!.cost.locks).toEqual(Object.fromEntries(taken));
    const nodes = walk!.steps.filter(({ step }) => step === "node");
    expect(nodes).toHaveLength(nodesVisited);
  }
});

test("questions leave no trace, nor do walks when nobody wants to hear of them", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 1);
  const page = pageAt(process, 0);
  expect(walksOf(kernel, () => page.mappings())).toEqual([]);
  expect(walksOf(kernel, () => page.mappings() && kernel.rmapWalk(page))).toHaveLength(1);
  kernel.recordEvents(true);
  kernel.rmapWalk(page);
  expect(kernel.takeEvents()).toEqual([]);
  kernel.recordEvents(true, { walks: true });
  kernel.recordEvents(false, { walks: true });
  kernel.rmapWalk(page);
  expect(kernel.takeEvents()).toEqual([]);
});

test("locks that are taken outside of walks leave no trace", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 1);
  kernel.recordEvents(true, { walks: true });
  kernel.pageReferenced(pageAt(process, 0));
  expect(kernel.takeEvents().at(-1)?.event).toBe("WalkEnd");
  process.munmap(at(0), PAGE);
  expect(kernel.takeEvents().map(({ event }) => event)).toEqual(["Zapped", "VmaGone"]);
});

test("a walk whose end was not kept has no result", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 1);
  kernel.recordEvents(true, { walks: true, most: 4 });
  kernel.rmapWalk(pageAt(process, 0));
  const [walk] = walksIn(kernel.takeEvents());
  expect(walk).toMatchObject({ walk: "rmap_walk", result: null, cost: { steps: 0 } });
  expect(walk!.steps).toHaveLength(1);
  expect(kernel.droppedEvents).toBeGreaterThan(0);
});

test("release traces no walks, and says so", async () => {
  const kernel = await createKernel({ frames: 8 });
  expect(codeOf(() => kernel.recordEvents(true, { walks: true }))).toBe("EINVAL");
  expect(() => kernel.recordEvents(true, { walks: true })).toThrow(/release traces no walks/);
  kernel.recordEvents(true, { walks: false });
});
