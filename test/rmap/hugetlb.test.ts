// spec/rmap.md Part 1, the rows about huge pages of the pool; and what their units do to walks (spec/commits.md
// section 5).

import { describe, expect, test } from "vitest";
import type { Kernel, KernelOptions, Page, Process } from "../../bindings/index.js";
import { anonVmaAt, at, codeOf, expectHealthy, lay, PAGE, pageAt, places } from "../api/ground.js";
import { HUGE, pool } from "../api/pool.js";

/** Private huge pages [0, n), each written to. */
function fill(process: Process, n: number): void {
  lay(process, 0, n * HUGE, { hugetlb: true });
  for (let i = 0; i < n; i++) process.write(at(i * HUGE), i + 1);
}

/** What nobody counts of a huge page of the pool. */
function accounts(kernel: Kernel, process: Process) {
  const { nr_anon_pages, nr_mapped, nr_mlock, nr_unevictable } = kernel.vmstat();
  const lists = kernel.rootCgroup.lru();
  return { nr_anon_pages, nr_mapped, nr_mlock, nr_unevictable, lists, rss: process.rss };
}

describe("hugepage_add_new_anon_rmap", () => {
  test("makes the page the VMA's own, and is on no account: no counter, no list, no rss", async () => {
    const { kernel, process } = await pool(3);
    const before = accounts(kernel, process);
    fill(process, 2);
    const child = process.fork();
    child.write(at(HUGE), 9);
    expect(accounts(kernel, process)).toEqual(before);
    expect(accounts(kernel, child)).toEqual(before);
    expect(pageAt(process, HUGE)).toMatchObject({ lru: false, swapBacked: false, cgroup: 0 });
    expectHealthy(kernel);
  });

  test("counts the index in huge pages, from the pgoff of the VMA on", async () => {
    const { kernel, process } = await pool(3);
    const file = kernel.createFile({ pages: 4 * HUGE, kind: "hugetlb" });
    lay(process, 0, 2 * HUGE, { file, pgoff: 2 * HUGE });
    process.write(at(HUGE + 5), 1);
    expect(pageAt(process, HUGE).index).toBe(3);
    expect(pageAt(process, HUGE).anonVma).toBe(anonVmaAt(process, 0));
    expectHealthy(kernel);
  });

  test("gives a copy to the VMA that made it, and leaves the original with the oldest", async () => {
    const { kernel, process } = await pool(3);
    fill(process, 1);
    const child = process.fork();
    child.write(at(0), 2);
    expect(pageAt(child, 0).anonVma).toBe(anonVmaAt(child, 0));
    expect(pageAt(process, 0).anonVma).toBe(anonVmaAt(process, 0));
    expect(anonVmaAt(child, 0)).not.toBe(anonVmaAt(process, 0));
    expectHealthy(kernel);
  });
});

describe("page_move_anon_rmap of a huge page", () => {
  test("moves one that has one owner left to that VMA's anon_vma", async () => {
    const { kernel, process } = await pool(2);
    fill(process, 1);
    const child = process.fork();
    process.munmap(at(0), HUGE * PAGE);
    const page = pageAt(child, 0);
    expect(page.anonVma).not.toBe(anonVmaAt(child, 0));
    child.write(at(3), 4);
    expect(pageAt(child, 0).frame).toBe(page.frame);
    expect(page.anonVma).toBe(anonVmaAt(child, 0));
    expectHealthy(kernel);
  });
});

describe("hugepage_add_anon_rmap", () => {
  test("brings every entry back after a migration, under the same anon_vma", async () => {
    const { kernel, process } = await pool(3);
    fill(process, 1);
    process.write(at(7), 70);
    const child = process.fork();
    const page = pageAt(process, 0);
    const { anonVma } = page;
    const migration = kernel.migratePage(page);
    expect(migration.result).toBe("moved");
    expect(migration.page).toMatchObject({ mapcount: 2, anonVma, index: 0 });
    expect([process.read(at(7)), child.read(at(7))]).toEqual([70, 70]);
    expect(kernel.hugePages).toMatchObject({ free: 2 });
    expect(kernel.vmstat().nr_anon_pages).toBe(0);
    expectHealthy(kernel);
  });

  test("is not asked for a file's page, which is mapped as fork maps it", async () => {
    const { kernel, process } = await pool(2);
    const file = kernel.createFile({ pages: HUGE, kind: "hugetlb" });
    lay(process, 0, HUGE, { file, shared: true });
    lay(process, HUGE, HUGE, { file, shared: true });
    process.write(at(9), 90);
    process.read(at(HUGE));
    expect(kernel.migratePage(pageAt(process, 0))).toMatchObject({
      result: "moved",
      page: { mapcount: 2, anon: false, index: 0 },
    });
    expect(process.read(at(HUGE + 9))).toBe(90);
    process.write(at(HUGE + 9), 91);
    expect(file.read(9)).toBe(91);
    expectHealthy(kernel);
  });

  test("does nothing without a page to go to, or when somebody else holds the page", async () => {
    const { kernel, process } = await pool(1);
    fill(process, 1);
    expect(kernel.migratePage(pageAt(process, 0)).result).toBe("no-memory");
    const roomy = await pool(2);
    fill(roomy.process, 1);
    roomy.kernel.pin(pageAt(roomy.process, 0));
    expect(roomy.kernel.migratePage(pageAt(roomy.process, 0)).result).toBe("busy");
    roomy.process.write(at(1), 5);
    roomy.kernel.unpin(pageAt(roomy.process, 0));
    expectHealthy(kernel);
    expectHealthy(roomy.kernel);
  });
});

describe("page_remove_rmap", () => {
  test("leaves early for a huge page of the pool: counters, and the mark of mlock, are not looked at", async () => {
    const { kernel, process } = await pool(2);
    const before = accounts(kernel, process);
    fill(process, 2);
    process.munmap(at(0), 2 * HUGE * PAGE);
    expect(accounts(kernel, process)).toEqual(before);
    expect(kernel.hugePages).toEqual({ total: 2, free: 2, reserved: 0 });
    expectHealthy(kernel);
  });
});

describe("page_dup_rmap of a huge page", () => {
  test("counts one more mapping, and writes neither counters nor the page", async () => {
    const { kernel, process } = await pool(1);
    fill(process, 1);
    const page = pageAt(process, 0);
    const { anonVma } = page;
    process.fork();
    expect(page).toMatchObject({ mapcount: 2, refcount: 2, anonVma });
    expect(kernel.vmstat().nr_anon_pages).toBe(0);
    expectHealthy(kernel);
  });
});

describe("__page_check_address of a huge page", () => {
  test("finds the entry where it is, and only there", async () => {
    const { kernel, process } = await pool(2);
    fill(process, 1);
    const child = process.fork();
    const page = pageAt(process, 0);
    expect(places(page)).toEqual([`${process.pid}:0`, `${child.pid}:0`]);
    child.write(at(0), 1);
    expect(places(page)).toEqual([`${process.pid}:0`]);
    expect(kernel.pageMappedInVma(page, process.vmaAt(at(0))!)).toBe(true);
    expect(kernel.pageMappedInVma(page, child.vmaAt(at(0))!)).toBe(false);
  });
});

describe("page_referenced of a huge page", () => {
  test("counts each mapping that was touched, in a VMA that is read in sequence as well", async () => {
    const { kernel, process } = await pool(1);
    fill(process, 1);
    const child = process.fork();
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    expect(kernel.pageReferenced(page)).toBe(0);
    process.madvise(at(0), HUGE * PAGE, "sequential");
    process.read(at(100));
    child.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(2);
    expectHealthy(kernel);
  });
});

describe("try_to_unmap of a huge page", () => {
  test("fails for an anonymous one, which can't go to swap, and unmaps a file's, which is touched again", async () => {
    const { kernel, process } = await pool(2);
    const file = kernel.createFile({ pages: HUGE, kind: "hugetlb" });
    fill(process, 1);
    expect(kernel.tryToUnmap(pageAt(process, 0), { ignoreAccess: true })).toBe("fail");
    lay(process, HUGE, HUGE, { file, shared: true });
    process.write(at(HUGE), 6);
    const page = pageAt(process, HUGE);
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(kernel.tryToUnmap(page)).toBe("success");
    expect(page).toMatchObject({ mapcount: 0, dirty: true });
    expect(process.rss).toEqual({ anon: 0, file: 0, swap: 0 });
    expect(process.read(at(HUGE))).toBe(6);
    expectHealthy(kernel);
  });

  test("leaves a mark of a broken one, which refuses accesses until it is unmapped", async () => {
    const { kernel, process } = await pool(2);
    fill(process, 1);
    const child = process.fork();
    const page = pageAt(process, 7);
    kernel.poison(page);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    expect(codeOf(() => child.write(at(9), 1))).toBe("SIGBUS");
    expectHealthy(kernel);
    const grandchild = child.fork();
    expect(codeOf(() => grandchild.read(at(0)))).toBe("SIGBUS");
    process.munmap(at(0), HUGE * PAGE);
    expectHealthy(kernel);
  });

  test("the other calls on pages pass over it: no list has it, and it can't be split", async () => {
    const { kernel, process } = await pool(1);
    fill(process, 1);
    const page = pageAt(process, 3);
    expect(kernel.shrinkPage(page, { force: true })).toBe("not-isolated");
    expect(kernel.isolate(page)).toBe(false);
    expect(kernel.tryToMunlock(page)).toBe("again");
    expect(kernel.pageMkclean(page)).toBe(0);
    expect(kernel.reclaim(2000)).toBe(0);
    expect(process.read(at(0))).toBe(1);
    expectHealthy(kernel);
  });
});

// The index of a page counts in huge pages, what an index of VMAs is asked for in small ones.
describe("the units of the index", () => {
  /** Four private huge pages; cut after two by another protection, or the first two unmapped. */
  async function cut(options: KernelOptions, how: "split" | "unmapped") {
    const { kernel, process } = await pool(5, options);
    fill(process, 4);
    const length = 2 * HUGE * PAGE;
    if (how === "split") process.mprotect(at(2 * HUGE), length, "r");
    else process.munmap(at(0), length);
    const page = pageAt(process, 2 * HUGE);
    expect(page.index).toBe(2);
    return { kernel, process, page };
  }

  const walks: readonly [string, (kernel: Kernel, page: Page) => unknown][] = [
    ["page_referenced", (kernel, page) => kernel.pageReferenced(page)],
    ["rmap_walk", (kernel, page) => kernel.rmapWalk(page)],
    ["try_to_unmap", (kernel, page) => kernel.migratePage(page)],
  ];

  test.each(walks)("an uncut VMA holds every page: %s", async (_, walk) => {
    const { kernel, process } = await pool(5);
    fill(process, 4);
    for (let i = 0; i < 4; i++) walk(kernel, pageAt(process, i * HUGE));
    expect(kernel.counters.irrelevantVmas).toBe(0);
    expectHealthy(kernel);
  });

  test.each(walks)(
    "asserted: %s is handed the VMA before the cut, at whose end the address comes out",
    async (_, walk) => {
      const { kernel, page } = await cut({}, "split");
      expect(codeOf(() => walk(kernel, page))).toBe("BUG");
    },
  );

  test("without assertions the entry is found all the same, through the wrong VMA", async () => {
    const { kernel, process, page } = await cut({ build: "release" }, "split");
    expect(kernel.rmapWalk(page)).toBe(1);
    expect(page.mappings()[0]!.vma.start).toBe(at(0));
    expect(page.mappings()[0]!.address).toBe(at(2 * HUGE));
    expect(kernel.pageReferenced(page)).toBe(1);
    expect(process.read(at(2 * HUGE))).toBe(3);
  });

  test.each(["release", "checked"] as const)(
    "when the VMA before the cut is gone no entry is found, and try_to_unmap leaves all as it is (%s)",
    async (build) => {
      const { kernel, process, page } = await cut({ build }, "unmapped");
      expect(kernel.rmapWalk(page)).toBe(0);
      expect(kernel.pageReferenced(page)).toBe(0);
      expect(kernel.migratePage(page).result).toBe("busy");
      expect(kernel.tryToUnmap(page)).toBe("fail");
      expect(page.mapcount).toBe(1);
      expect(process.read(at(2 * HUGE))).toBe(3);
      expect(page.mappings()).toEqual([]);
      expectHealthy(kernel);
    },
  );

  test("a broken one that is not found stays mapped: try_to_unmap says again", async () => {
    const { kernel, page } = await cut({ build: "release" }, "unmapped");
    kernel.poison(page);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("again");
    expect(page.mapcount).toBe(1);
  });

  test("a page of a file is missed in the same way, whichever structure its index is", async () => {
    const { kernel, process } = await pool(2, { anonIndex: "list" });
    const file = kernel.createFile({ pages: 2 * HUGE, kind: "hugetlb" });
    lay(process, 0, HUGE, { file, shared: true, pgoff: HUGE });
    process.write(at(0), 1);
    expect(pageAt(process, 0).index).toBe(1);
    expect(kernel.rmapWalk(pageAt(process, 0))).toBe(0);
    expect(kernel.tryToUnmap(pageAt(process, 0))).toBe("again");
    expectHealthy(kernel);
  });

  test.each(
    (["split", "unmapped"] as const).flatMap((how) =>
      (["release", "checked"] as const).map((build) => [how, build] as const),
    ),
  )(
    "asked for in small pages the right VMA is handed out, and no other (%s, %s)",
    async (how, build) => {
      const { kernel, process, page } = await cut({ build, hugetlbPgoff: "small-pages" }, how);
      kernel.resetCounters();
      expect(kernel.rmapWalk(page)).toBe(1);
      expect(kernel.counters).toMatchObject({ entriesChecked: 1, irrelevantVmas: 0 });
      expect(kernel.stab(page)).toBe(1);
      expect(page.mappings()[0]!.vma.start).toBe(at(2 * HUGE));
      expect(kernel.pageReferenced(page)).toBe(1);
      expect(kernel.migratePage(page).result).toBe("moved");
      expect(process.read(at(2 * HUGE))).toBe(3);
      expectHealthy(kernel);
    },
  );

  test("and so is a page of a file: try_to_unmap finds it", async () => {
    const { kernel, process } = await pool(2, { hugetlbPgoff: "small-pages" });
    const file = kernel.createFile({ pages: 2 * HUGE, kind: "hugetlb" });
    lay(process, 0, HUGE, { file, shared: true, pgoff: HUGE });
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    expect(kernel.rmapWalk(page)).toBe(1);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(process.read(at(0))).toBe(1);
    expectHealthy(kernel);
  });

  test.each([
    ["huge-pages", 0],
    ["small-pages", 1],
  ] as const)(
    "memory failure tells who maps the page, if it finds them (%s: %i)",
    async (hugetlbPgoff, told) => {
      const { kernel, process, page } = await cut({ build: "release", hugetlbPgoff }, "unmapped");
      const { frame } = page;
      kernel.memoryFailure(frame, { early: true });
      expect(process.signal === null ? 0 : 1).toBe(told);
    },
  );

  test.each(["split", "unmapped"] as const)(
    "checked, and with a list, the right VMA is found: the first is passed over (%s)",
    async (how) => {
      const { kernel, process, page } = await cut(
        { anonIndex: "list", vmaAddress: "checked" },
        how,
      );
      kernel.resetCounters();
      expect(kernel.rmapWalk(page)).toBe(1);
      expect(kernel.counters.irrelevantVmas).toBe(how === "split" ? 1 : 0);
      expect(page.mappings()[0]!.vma.start).toBe(at(2 * HUGE));
      expect(kernel.pageReferenced(page)).toBe(1);
      expect(process.read(at(2 * HUGE))).toBe(3);
      expectHealthy(kernel);
    },
  );
});
