// khugepaged's collapse of small pages to a huge one.

import { describe, expect, test } from "vitest";
import type { Kernel, Process } from "../../bindings/index.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { HUGE, hugeBytes, hugeMachine, layHuge } from "./huge.js";

/** A process with small pages in a range that may be a huge page from now on. */
async function collapsible(written: number[]): Promise<{ kernel: Kernel; process: Process }> {
  const { kernel, process } = await hugeMachine({ transparentHugepage: "madvise" });
  layHuge(process, 0, 1, written);
  process.madvise(at(0), hugeBytes(1), "hugepage");
  return { kernel, process };
}

describe("collapse", () => {
  test("copies what is there into a huge page, and fills the rest with zeros", async () => {
    const { kernel, process } = await collapsible([1, 4, 511]);
    const old = pageAt(process, 4);
    expect(process.collapse(at(77))).toBe("collapsed");
    expect(() => old.word).toThrow("ESTALE");
    expect(pageAt(process, 4).hugePage?.frame).toBe(pageAt(process, 0).frame);
    expect([0, 1, 4, 511].map((page) => process.read(at(page)))).toEqual([0, 1001, 1004, 1511]);
    expect(process.rss.anon).toBe(HUGE);
    expect(kernel.vmstat()).toMatchObject({
      nr_anon_transparent_hugepages: 1,
      nr_anon_pages: 0,
      thp_collapse_alloc: 1,
      nr_active_anon: HUGE,
    });
    process.write(at(0), 5);
    expect(kernel.counters.faults).toBe(3);
    expectHealthy(kernel);
    process.munmap(at(5), PAGE);
    expectHealthy(kernel);
  });

  test("of one page is enough, but not of none, nor of a huge page", async () => {
    const { kernel, process } = await collapsible([]);
    expect(process.collapse(at(0))).toBe("not-eligible");
    process.madvise(at(0), hugeBytes(1), "nohugepage");
    process.write(at(3), 1);
    expect(process.collapse(at(0))).toBe("not-eligible");
    process.madvise(at(0), hugeBytes(1), "hugepage");
    process.madvise(at(3), PAGE, "dontneed");
    expect(process.collapse(at(0))).toBe("nothing-there");
    expect(process.collapse(at(HUGE))).toBe("not-eligible");
    process.madvise(at(0), hugeBytes(1), "nohugepage");
    process.write(at(3), 1);
    process.madvise(at(0), hugeBytes(1), "hugepage");
    expect(process.collapse(at(0))).toBe("collapsed");
    expect(process.collapse(at(0))).toBe("nothing-there");
    expectHealthy(kernel);
  });

  const obstacles: readonly [string, (kernel: Kernel, process: Process) => void][] = [
    ["that was only read", (_, process) => void process.read(at(9))],
    ["that a child has as well", (_, process) => void process.fork()],
    ["that is pinned", (kernel, process) => kernel.pin(pageAt(process, 4))],
    ["that is isolated", (kernel, process) => void kernel.isolate(pageAt(process, 4))],
    [
      "that is in swap",
      (kernel, process) => void kernel.shrinkPage(pageAt(process, 4), { force: true }),
    ],
    ["that is protected", (_, process) => process.mprotect(at(0), hugeBytes(1), "r")],
  ];
  for (const [what, obstruct] of obstacles) {
    test(`not with a page ${what}: all stays as it was`, async () => {
      const { kernel, process } = await collapsible([1, 4, 511]);
      obstruct(kernel, process);
      const pages = process.pages();
      expect(process.collapse(at(0))).toBe("unsuitable");
      expect(process.pages()).toEqual(pages);
      expect(kernel.vmstat().thp_collapse_alloc).toBe(0);
      expectHealthy(kernel);
    });
  }

  test("never where there are to be no huge pages, though madvise asks for them", async () => {
    const { kernel, process } = await hugeMachine({ transparentHugepage: "never" });
    layHuge(process, 0, 1, [1]);
    process.madvise(at(0), hugeBytes(1), "hugepage");
    expect(process.collapse(at(0))).toBe("not-eligible");
    expect(kernel.khugepagedScan()).toBe(0);
    expectHealthy(kernel);
  });

  test("only if one of the pages was touched lately", async () => {
    const { kernel, process } = await collapsible([1, 4]);
    for (const page of [1, 4]) kernel.pageReferenced(pageAt(process, page));
    expect(process.collapse(at(0))).toBe("idle");
    expect(kernel.vmstat().thp_collapse_alloc).toBe(0);
    process.read(at(4));
    expect(process.collapse(at(0))).toBe("collapsed");
    expectHealthy(kernel);
  });

  test("only with a row of frames", async () => {
    const { kernel, process } = await hugeMachine({ frames: 2 * HUGE - 1 });
    lay(process, HUGE, 1);
    process.write(at(HUGE), 1);
    layHuge(process, 2 * HUGE, 1, [2 * HUGE]);
    process.madvise(at(0), 0, "normal");
    lay(process, 0, HUGE, { noReserve: true });
    process.madvise(at(0), hugeBytes(1), "nohugepage");
    process.write(at(3), 1);
    process.madvise(at(0), hugeBytes(1), "hugepage");
    expect(process.collapse(at(0))).toBe("no-memory");
    expect(kernel.vmstat()).toMatchObject({ thp_collapse_alloc_failed: 1 });
    expectHealthy(kernel);
  });

  test("of mlocked pages makes one that is mlocked", async () => {
    const { kernel, process } = await collapsible([1, 4]);
    process.mlock(at(0), hugeBytes(1));
    expect(kernel.vmstat().nr_mlock).toBe(HUGE);
    const small = pageAt(process, 1).hugePage === null;
    expect(small).toBe(true);
    expect(process.collapse(at(0))).toBe("collapsed");
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: HUGE, nr_unevictable: HUGE });
    expectHealthy(kernel);
  });
});

test("khugepaged's scan collapses all that suits", async () => {
  const { kernel, process } = await hugeMachine({ transparentHugepage: "madvise" });
  layHuge(process, 0, 3, [1, HUGE + 1, 2 * HUGE + 1]);
  expect(kernel.khugepagedScan()).toBe(0);
  process.madvise(at(0), hugeBytes(2), "hugepage");
  expect(kernel.khugepagedScan()).toBe(2);
  expect(kernel.khugepagedScan()).toBe(0);
  expect(process.read(at(HUGE + 1))).toBe(1000 + HUGE + 1);
  expectHealthy(kernel);
});
