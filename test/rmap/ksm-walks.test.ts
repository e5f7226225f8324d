// spec/rmap.md Part 1, "the three KSM walks": a test for each of their rules.

import { describe, expect, test } from "vitest";
import { PageFlag } from "../../assembly/abi/flag.js";
import {
  createKernel,
  type Kernel,
  type KernelOptions,
  type MemoryCgroup,
  type Page,
} from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { at, expectHealthy, lay, PAGE, pageAt, places } from "../api/ground.js";

import { stepUntil } from "../explore/interruption.js";

const build = "checked";

/** So many processes with one equal page each, at page i of process i, merged. */
async function merged(n: number, cgroups: readonly (MemoryCgroup | undefined)[] = [], k?: Kernel) {
  const kernel = k ?? (await createKernel({ build }));
  const processes = Array.from({ length: n }, (_, i) => {
    const cgroup = cgroups[i];
    const process = kernel.spawn(cgroup ? { cgroup } : {});
    lay(process, i, 1);
    process.write(at(i), 5);
    process.madvise(at(i), PAGE, "mergeable");
    return process;
  });
  kernel.ksm.settle();
  const page = pageAt(processes[0]!, 0);
  expect(page).toMatchObject({ ksm: true, mapcount: n });
  kernel.pageReferenced(page);
  kernel.resetCounters();
  return { kernel, processes, page };
}

describe("page_referenced_ksm", () => {
  test("counts touches at all places, and forgets them", async () => {
    const { kernel, processes, page } = await merged(3);
    processes[1]!.read(at(1));
    processes[2]!.read(at(2));
    expect(kernel.pageReferenced(page)).toBe(2);
    expect(kernel.pageReferenced(page)).toBe(0);
  });

  test("finds children of a place in the second pass", async () => {
    const { kernel, processes, page } = await merged(2);
    const child = processes[0]!.fork();
    kernel.pageReferenced(page);
    child.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(1);
  });

  test("asks the processes of the memory cgroup only that reclaim is for", async () => {
    const kernel = await createKernel({ build });
    const cgroup = kernel.createCgroup("one");
    const { processes, page } = await merged(2, [cgroup, undefined], kernel);
    processes[0]!.read(at(0));
    processes[1]!.read(at(1));
    expect(kernel.pageReferenced(page, { cgroup })).toBe(1);
    expect(kernel.pageReferenced(page)).toBe(1);
  });

  test("a place's own address space is asked first: there the walk of its anon_vma ends", async () => {
    const { kernel, processes, page } = await merged(2);
    const before = ((): number => {
      kernel.resetCounters();
      kernel.pageReferenced(page);
      return kernel.counters.entriesChecked;
    })();
    // One entry for each place, although the anon_vma of each might hold more.
    expect(before).toBe(2);
    for (let i = 0; i < 3; i++) processes[0]!.fork();
    kernel.resetCounters();
    kernel.pageReferenced(page);
    expect(kernel.counters.entriesChecked).toBe(5);
  });
});

describe("page_referenced_ksm stops", () => {
  test("when as many entries were found as the page has mappings", async () => {
    const { kernel, processes, page } = await merged(2);
    processes[0]!.fork().write(at(0), 6);
    kernel.resetCounters();
    kernel.pageReferenced(page);
    // The child's VMA would be asked in the second pass.
    expect(kernel.counters.entriesChecked).toBe(2);
  });

  test("at a locked VMA", async () => {
    const { kernel, processes, page } = await merged(2);
    for (const [i, process] of processes.entries()) {
      process.mprotect(at(i), PAGE, "r");
      process.mlock(at(i), PAGE);
    }
    kernel.resetCounters();
    expect(kernel.pageReferenced(page)).toBe(0);
    expect(kernel.counters.entriesChecked).toBe(1);
  });

  test("before it has begun where somebody has the page locked: that counts as one reference", async () => {
    const scheduler = await Scheduler.create();
    const { kernel, page } = await merged(2, [], scheduler.kernel);
    const unmap = scheduler.actor("unmap", (batch) => batch.tryToUnmap(page));
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(page));
    stepUntil(scheduler, unmap, () => (page.flags & PageFlag.Locked) !== 0);
    expect(scheduler.finish(walk)).toBe(true);
    expect(walk.batch.result(0)).toBe(1);
    expect(kernel.counters.walks).toBe(0);
    scheduler.finish(unmap);
    kernel.dispose();
  });
});

describe("try_to_unmap_ksm", () => {
  test("stops when nothing maps the page any more", async () => {
    const { kernel, processes, page } = await merged(2);
    const child = processes[0]!.fork();
    child.write(at(0), 6);
    kernel.resetCounters();
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(kernel.counters.entriesChecked).toBe(2);
    expect(child.read(at(0))).toBe(6);
    expectHealthy(kernel);
  });

  test("takes the entries of all places and their children", async () => {
    const { kernel, processes, page } = await merged(3);
    const child = processes[2]!.fork();
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect([...processes, child].map((process) => process.rss.swap)).toEqual([1, 1, 1, 1]);
    expect(child.read(at(2))).toBe(5);
    expectHealthy(kernel);
  });

  test("ends at the first entry that objects", async () => {
    const { kernel, processes, page } = await merged(3);
    for (const [i, process] of processes.entries()) process.read(at(i));
    kernel.resetCounters();
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(kernel.counters.entriesChecked).toBe(1);
  });

  test("a locked place mlocks the page", async () => {
    const { kernel, processes, page } = await merged(2);
    processes[1]!.mprotect(at(1), PAGE, "r");
    processes[1]!.mlock(at(1), PAGE);
    expect(page.mlocked).toBe(true);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("mlock");
    expect(page.mapcount).toBeGreaterThan(0);
  });
});

describe("rmap_walk_ksm", () => {
  test("comes to every place once", async () => {
    const { kernel, processes, page } = await merged(3);
    const child = processes[0]!.fork();
    expect(kernel.rmapWalk(page)).toBe(4);
    const wanted = [...processes.map(({ pid }, i) => `${pid}:${i}`), `${child.pid}:0`];
    expect(new Set(places(page))).toEqual(new Set(wanted));
    expect(places(page)).toHaveLength(4);
  });

  test("mappings name a child that is a place itself once, beside one that is none", async () => {
    const { kernel, processes, page } = await merged(2);
    const place = processes[0]!.fork();
    kernel.ksm.settle();
    const other = processes[0]!.fork();
    const owners = [...processes.map(({ pid }, i) => `${pid}:${i}`), `${place.pid}:0`];
    expect(places(page).sort()).toEqual([...owners, `${other.pid}:0`].sort());
    // The one that is a place is found through its parent as well.
    expect(kernel.rmapWalk(page)).toBe(4 + 1);
  });

  test("asks each anon_vma for all it has, and passes over what does not hold the address", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 64);
    for (let i = 0; i < 64; i++) process.write(at(i), 100 + i);
    process.write(at(10), 5);
    process.write(at(50), 5);
    process.madvise(at(0), 64 * PAGE, "mergeable");
    kernel.ksm.settle();
    for (let i = 1; i < 64; i += 2) process.mprotect(at(i), PAGE, "r");
    expect(process.vmaCount).toBe(64);
    const page = pageAt(process, 10);
    kernel.resetCounters();
    expect(kernel.rmapWalk(page)).toBe(2);
    // Two passes over two places, each a query of the full range: v3.7 has no smaller one.
    const { irrelevantVmas, entriesChecked } = kernel.counters;
    expect(irrelevantVmas + entriesChecked).toBe(2 * 2 * 64);
    expect(entriesChecked).toBe(2);
    expectHealthy(kernel);
  });

  test("the page's own index says nothing: after mremap a place is where it is", async () => {
    const { kernel, processes, page } = await merged(2);
    processes[1]!.mremap(at(1), PAGE, PAGE, { to: at(200) });
    // mremap takes the place apart first.
    expect(page.mapcount).toBe(1);
    kernel.ksm.settle();
    expect(new Set(places(page))).toEqual(
      new Set([`${processes[0]!.pid}:0`, `${processes[1]!.pid}:200`]),
    );
    expectHealthy(kernel);
  });
});

describe("the switch ksmWalk", () => {
  const ways = ["all-vmas", "shifted-address", "exact-index"] as const;

  /** 64 VMAs of one page, of which two show the same page. */
  async function cut(options: KernelOptions) {
    const kernel = await createKernel({ build, ...options });
    const process = kernel.spawn();
    lay(process, 0, 64);
    for (let i = 0; i < 64; i++) process.write(at(i), 100 + i);
    process.write(at(10), 5);
    process.write(at(50), 5);
    process.madvise(at(0), 64 * PAGE, "mergeable");
    kernel.ksm.settle();
    for (let i = 1; i < 64; i += 2) process.mprotect(at(i), PAGE, "r");
    return { kernel, process, page: pageAt(process, 10) };
  }

  /** VMAs that a walk was handed: what it considered, and what it passed over. */
  function handed(kernel: Kernel, page: Page): number {
    kernel.resetCounters();
    expect(kernel.rmapWalk(page)).toBe(2);
    return kernel.counters.entriesChecked + kernel.counters.irrelevantVmas;
  }

  test.each([
    ["all-vmas", 2 * 2 * 64],
    ["shifted-address", 2 * 2],
    ["exact-index", 2 * 2],
  ] as const)("decides how many VMAs a tree hands out (%s)", async (ksmWalk, expected) => {
    const { kernel, page } = await cut({ ksmWalk });
    expect(handed(kernel, page)).toBe(expected);
    expectHealthy(kernel);
  });

  test.each(ways)("changes nothing with a list, which knows no offsets (%s)", async (ksmWalk) => {
    const { kernel, page } = await cut({ ksmWalk, anonIndex: "list" });
    expect(handed(kernel, page)).toBe(2 * 2 * 64);
  });

  /** Two processes with one page each; the second has moved it before KSM came, so its pgoff is another than its address. */
  async function moved(options: KernelOptions) {
    const kernel = await createKernel({ build, ...options });
    const [still, mover] = [kernel.spawn(), kernel.spawn()];
    for (const process of [still, mover]) {
      lay(process, 0, 1);
      process.write(at(0), 5);
    }
    mover.mremap(at(0), PAGE, PAGE, { to: at(200) });
    still.madvise(at(0), PAGE, "mergeable");
    mover.madvise(at(200), PAGE, "mergeable");
    kernel.ksm.settle();
    const page = pageAt(still, 0);
    expect(page).toMatchObject({ ksm: true, mapcount: 2 });
    return { kernel, still, mover, page };
  }

  test.each([
    ["all-vmas", 2],
    ["shifted-address", 1],
    ["exact-index", 2],
  ] as const)("after mremap of a page that was written: %s finds %i of 2", async (ksmWalk, n) => {
    const { kernel, still, mover, page } = await moved({ ksmWalk });
    expect(kernel.rmapWalk(page)).toBe(n);
    expect(kernel.stab(page)).toBe(n);
    const all = [`${mover.pid}:200`, `${still.pid}:0`];
    expect(places(page).sort()).toEqual(all.slice(2 - n).sort());
    expectHealthy(kernel);
  });

  test("a place that is not found stays mapped, and its touches are not seen", async () => {
    const { kernel, mover, page } = await moved({ ksmWalk: "shifted-address" });
    kernel.pageReferenced(page);
    mover.read(at(200));
    expect(kernel.pageReferenced(page)).toBe(0);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("again");
    expect(page.mapcount).toBe(1);
    expect(mover.read(at(200))).toBe(5);
    expectHealthy(kernel);
  });

  test("exact-index finds what a fork has copied, and what has moved since", async () => {
    const { kernel, still, mover, page } = await moved({ ksmWalk: "exact-index" });
    const child = mover.fork();
    expect(kernel.rmapWalk(page)).toBe(3);
    child.mremap(at(200), PAGE, PAGE, { to: at(300) });
    // mremap gave it a copy of its own first.
    expect(page.mapcount).toBe(2);
    child.madvise(at(300), PAGE, "mergeable");
    kernel.ksm.settle();
    expect(places(page).sort()).toEqual(
      [`${still.pid}:0`, `${mover.pid}:200`, `${child.pid}:300`].sort(),
    );
    expectHealthy(kernel);
  });

  test.each([
    ["all-vmas", 2],
    ["shifted-address", 0],
    ["exact-index", 2],
  ] as const)(
    "a private copy of a file's page has the file's pgoff: %s finds %i of 2",
    async (ksmWalk, n) => {
      const kernel = await createKernel({ build, ksmWalk });
      const process = kernel.spawn();
      lay(process, 0, 4, { file: kernel.createFile({ pages: 8 }), pgoff: 3 });
      for (const page of [1, 2]) process.write(at(page), 5);
      process.madvise(at(0), 4 * PAGE, "mergeable");
      kernel.ksm.settle();
      expect(kernel.rmapWalk(pageAt(process, 1))).toBe(n);
      expectHealthy(kernel);
    },
  );

  test("exact-index asks for what the place has become, when it comes to share again", async () => {
    const { kernel, process } = await cut({ ksmWalk: "exact-index" });
    process.mremap(at(50), PAGE, PAGE, { to: at(10) });
    process.write(at(20), 5);
    kernel.ksm.settle();
    expect(kernel.rmapWalk(pageAt(process, 10))).toBe(2);
    expectHealthy(kernel);
  });

  // v3.7 takes no swap entry apart when memory moves: what comes back there is no place.
  test.each([
    ["all-vmas", 1],
    ["shifted-address", 0],
    ["exact-index", 0],
  ] as const)(
    "what came from swap to where another place was is found by luck alone (%s: %i)",
    async (ksmWalk, n) => {
      const { kernel, process, page } = await cut({ ksmWalk });
      expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
      process.mremap(at(50), PAGE, PAGE, { to: at(10) });
      expect(process.read(at(10))).toBe(5);
      const back = pageAt(process, 10);
      expect(back.ksm).toBe(true);
      expect(kernel.rmapWalk(back)).toBe(n);
      expectHealthy(kernel);
    },
  );
});

describe("a page at very many places", () => {
  const places = 32_768;

  // Going over all places for each of them takes half a minute.
  test("is verified and told place by place in little more than linear time", async () => {
    const kernel = await createKernel({ frames: places + 64 });
    const parent = kernel.spawn();
    lay(parent, 0, places);
    for (let i = 0; i < places; i++) parent.write(at(i), 5);
    parent.madvise(at(0), places * PAGE, "mergeable");
    expect(kernel.ksm.settle()).toBe(places - 1);
    const page = pageAt(parent, 0);
    parent.fork();
    for (const scans of [0, 2]) {
      for (let i = 0; i < scans; i++) kernel.ksm.scan();
      expectHealthy(kernel);
      const found = page.mappings().map(({ process, address }) => `${process.pid}:${address}`);
      // As many as there are entries, so each of them once.
      expect(new Set(found).size).toBe(2 * places);
      expect(page.mapcount).toBe(2 * places);
    }
  }, 10_000);
});
