// spec/rmap.md Part 1, what the functions of the reverse map make of transparent huge pages.

import { describe, expect, test } from "vitest";
import { at, expectHealthy, lay, pageAt, places } from "../api/ground.js";
import { HUGE, hugeBytes, hugeMachine, layHuge } from "../api/huge.js";

describe("page_referenced_one", () => {
  test("a huge entry is one touch, whichever of its pages was used, and is forgotten", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    const children = [process.fork(), process.fork()];
    kernel.pageReferenced(pageAt(process, 0));
    for (const child of children) for (const page of [3, 4, 511]) child.read(at(page));
    expect(kernel.pageReferenced(pageAt(process, 200))).toBe(2);
    expect(kernel.pageReferenced(pageAt(process, 0))).toBe(0);
    expectHealthy(kernel);
  });

  test("a huge entry counts also where reads are sequential, which a small one does not", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    process.madvise(at(0), hugeBytes(1), "sequential");
    process.read(at(9));
    expect(kernel.pageReferenced(pageAt(process, 0))).toBe(1);
    kernel.splitHugePage(pageAt(process, 0));
    process.read(at(0));
    expect(kernel.pageReferenced(pageAt(process, 0))).toBe(0);
    expectHealthy(kernel);
  });

  test("a locked VMA with a huge entry ends the walk", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    process.mprotect(at(0), hugeBytes(1), "r");
    const child = process.fork();
    process.mlock(at(0), hugeBytes(1));
    process.read(at(1));
    child.read(at(1));
    kernel.resetCounters();
    expect(kernel.pageReferenced(pageAt(child, 0))).toBe(0);
    expect(kernel.counters.entriesChecked).toBe(1);
    expectHealthy(kernel);
  });
});

describe("__page_check_address", () => {
  test("finds nothing under a huge entry", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    const vma = process.vmaAt(at(0))!;
    for (const page of [0, 5]) {
      expect(kernel.pageMappedInVma(pageAt(process, page), vma)).toBe(false);
      expect(kernel.pageAddressInVma(pageAt(process, page), vma)).toBe(at(page));
    }
    kernel.splitHugePage(pageAt(process, 0));
    expect(kernel.pageMappedInVma(pageAt(process, 5), vma)).toBe(true);
  });
});

describe("is_vma_temporary_stack", () => {
  test("no huge page is made in one, by a fault or by khugepaged", async () => {
    const { kernel, process } = await hugeMachine();
    lay(process, 0, HUGE, { growsDown: true, stackSetup: true });
    process.write(at(9), 1);
    expect(process.rss.anon).toBe(1);
    expect(process.collapse(at(0))).toBe("not-eligible");
    expectHealthy(kernel);
  });
});

describe("try_to_unmap", () => {
  test("never meets a huge page: who asks for it splits it first", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    const child = process.fork();
    expect(kernel.tryToUnmap(pageAt(process, 0), { ignoreAccess: true })).toBe("success");
    expect([process.rss.swap, child.rss.swap]).toEqual([1, 1]);
    expect(kernel.vmstat().thp_split).toBe(1);
    expectHealthy(kernel);
  });
});

describe("rmap_walk", () => {
  test("finds a huge page wherever it is mapped, for each of its pages", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [0, HUGE]);
    const child = process.fork();
    child.mremap(at(0), hugeBytes(1), hugeBytes(1), { to: at(8 * HUGE) });
    expect(places(pageAt(process, 7)).sort()).toEqual(
      [`${process.pid}:7`, `${child.pid}:${8 * HUGE + 7}`].sort(),
    );
    expect(kernel.rmapWalk(pageAt(process, 7))).toBe(2);
    expectHealthy(kernel);
  });
});

describe("split_huge_page", () => {
  test("goes through the anon_vma twice", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 1, [0]);
    process.fork();
    kernel.resetCounters();
    kernel.splitHugePage(pageAt(process, 0));
    expect(kernel.counters).toMatchObject({ walks: 2, entriesChecked: 4 });
  });

  test("page_evictable puts each tail where its own flags say", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [0, HUGE]);
    process.mlock(at(0), hugeBytes(1));
    for (const page of [0, HUGE]) kernel.splitHugePage(pageAt(process, page));
    expect(pageAt(process, 7)).toMatchObject({ mlocked: true, unevictable: true, active: false });
    expect(pageAt(process, HUGE + 7)).toMatchObject({ unevictable: false, active: true });
    const { unevictable, activeAnon } = kernel.rootCgroup.lru();
    expect([unevictable, activeAnon]).toEqual([HUGE, HUGE]);
    expectHealthy(kernel);
  });

  test("of an isolated page: the others come to the end of the list, as those to go next", async () => {
    const { kernel, process } = await hugeMachine();
    lay(process, 4 * HUGE, 4);
    layHuge(process, 0, 1, [0]);
    for (let page = 4 * HUGE; page < 4 * HUGE + 4; page++) process.write(at(page), page);
    for (const page of [0, 4 * HUGE]) kernel.pageReferenced(pageAt(process, page));
    const head = pageAt(process, 0);
    expect(kernel.isolate(head)).toBe(true);
    kernel.splitHugePage(head);
    expect([head.lru, pageAt(process, 1).lru]).toEqual([false, true]);
    kernel.putback(head);
    expectHealthy(kernel);
  });

  test("writable entries stay so, others are protected, and all pages are dirty", async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [0, HUGE]);
    const child = process.fork();
    child.exit();
    for (const page of [0, HUGE]) kernel.splitHugePage(pageAt(process, page));
    expect(pageAt(process, 9).dirty).toBe(true);
    kernel.resetCounters();
    process.write(at(9), 1);
    expect(kernel.counters).toMatchObject({ faults: 1, pagesCopied: 0 });
    expectHealthy(kernel);
  });
});
