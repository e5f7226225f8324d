// spec/rmap.md Part 1, "Address arithmetic and checking": a test for each row.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "../api/ground.js";

import { stepUntil } from "../explore/interruption.js";

const build = "checked";

function vmaOver(process: Parameters<typeof pageAt>[0], page: number) {
  return process.vmaAt(at(page))!;
}

describe("__vma_address, vma_address", () => {
  test("a page lies at the VMA's start plus the distance of its index from the VMA's pgoff", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    const file = kernel.createFile({ pages: 100 });
    process.mmap({ address: at(10), length: 5 * PAGE, fixed: true, file, pgoff: 40, shared: true });
    process.read(at(13));
    expect(kernel.pageAddressInVma(pageAt(process, 13), vmaOver(process, 13))).toBe(at(13));
    expect(pageAt(process, 13).index).toBe(43);
  });

  test("an index before or behind the VMA is outside of it", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 6);
    for (let i = 0; i < 6; i++) process.write(at(i), i);
    process.mprotect(at(2), 2 * PAGE, "r");
    const middle = vmaOver(process, 2);
    const found = [1, 2, 3, 4].map((i) => kernel.pageAddressInVma(pageAt(process, i), middle));
    expect(found).toEqual([null, at(2), at(3), null]);
  });
});

describe("page_address_in_vma", () => {
  test("compares roots: a VMA of the family will do, whether it maps the page or not", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 2);
    parent.write(at(0), 1);
    const child = parent.fork();
    child.write(at(1), 2);
    const own = pageAt(child, 1);
    expect(kernel.pageAddressInVma(own, vmaOver(parent, 0))).toBe(at(1));
    expect(kernel.pageMappedInVma(own, vmaOver(parent, 0))).toBe(false);
  });

  test("a VMA of another family, of another file or of none is refused", async () => {
    const kernel = await createKernel({ build });
    const [one, two] = [kernel.spawn(), kernel.spawn()];
    for (const process of [one, two]) {
      lay(process, 0, 2);
      process.write(at(0), 1);
    }
    lay(two, 8, 1);
    const file = kernel.createFile({ pages: 4 });
    lay(two, 16, 1, { file, shared: true });
    two.read(at(16));
    expect(kernel.pageAddressInVma(pageAt(one, 0), vmaOver(two, 0))).toBe(null);
    expect(kernel.pageAddressInVma(pageAt(one, 0), vmaOver(two, 8))).toBe(null);
    expect(kernel.pageAddressInVma(pageAt(two, 16), vmaOver(two, 0))).toBe(null);
  });
});

describe("__page_check_address", () => {
  test("counts an entry only if it is present and of that very frame", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 1);
    parent.write(at(0), 1);
    const page = pageAt(parent, 0);
    const child = parent.fork();
    child.write(at(0), 2);
    // The child's VMA is looked at, and shows another frame.
    kernel.resetCounters();
    expect(kernel.rmapWalk(page)).toBe(1);
    expect(kernel.counters.entriesChecked).toBe(2);
  });

  test("no page table, the zero page, and a swap entry are no match", async () => {
    const kernel = await createKernel({ build });
    const parent = kernel.spawn();
    lay(parent, 0, 2);
    parent.write(at(0), 1);
    const page = pageAt(parent, 0);
    const child = parent.fork();
    const grandchild = child.fork();
    child.munmap(at(0), PAGE);
    lay(child, 0, 1);
    child.read(at(0));
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(kernel.tryToUnmap(page)).toBe("success");
    grandchild.read(at(0));
    expect(kernel.rmapWalk(pageAt(grandchild, 0))).toBe(1);
    expectHealthy(kernel);
  });

  test("a migration entry is no match, though it names the frame", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    const migrate = scheduler.actor("migrate", (batch) => batch.migratePage(page));
    stepUntil(scheduler, migrate, () => page.mapcount === 0);
    expect(kernel.pageMappedInVma(page, vmaOver(process, 0))).toBe(false);
    scheduler.finish(migrate);
    kernel.dispose();
  });

  test.each([0, 1])(
    "an absent entry is noticed without its lock; with `sync` only under it (process %i)",
    async (absent) => {
      const scheduler = await Scheduler.create();
      const { kernel } = scheduler;
      const processes = [kernel.spawn(), kernel.spawn()];
      const file = kernel.createFile({ pages: 2 });
      for (const process of processes) {
        lay(process, 0, 2, { file, shared: true });
        process.read(at(0));
      }
      processes[absent]!.madvise(at(0), PAGE, "dontneed");
      const page = pageAt(processes[1 - absent]!, 0);
      const start = scheduler.save();
      const locks = (fill: Parameters<Scheduler["actor"]>[1]): number => {
        const walk = scheduler.actor("walk", fill);
        let taken = 0;
        for (; !walk.done; scheduler.step(walk)) if (walk.stop?.kind === "lock") taken++;
        scheduler.restore(start);
        return taken;
      };
      // The page's, i_mmap_mutex and one table's. page_mkclean may miss nothing, and takes the other's too.
      expect(locks((batch) => batch.pageReferenced(page))).toBe(3);
      expect(locks((batch) => batch.pageMkclean(page))).toBe(4);
      kernel.dispose();
    },
  );
});

describe("page_mapped_in_vma", () => {
  test("first the range, then the entry", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 3);
    for (let i = 0; i < 3; i++) process.write(at(i), i);
    process.mprotect(at(1), PAGE, "r");
    expect(kernel.pageMappedInVma(pageAt(process, 1), vmaOver(process, 1))).toBe(true);
    expect(kernel.pageMappedInVma(pageAt(process, 0), vmaOver(process, 1))).toBe(false);
    const page = pageAt(process, 2);
    kernel.pin(page);
    process.madvise(at(2), PAGE, "dontneed");
    expect(kernel.pageMappedInVma(page, vmaOver(process, 2))).toBe(false);
    kernel.unpin(page);
  });

  test("of a page or a VMA that is gone it says so", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const [page, vma] = [pageAt(process, 0), vmaOver(process, 0)];
    process.munmap(at(0), PAGE);
    expect(codeOf(() => kernel.pageMappedInVma(page, vma))).toBe("ESTALE");
  });
});

describe("is_vma_temporary_stack", () => {
  const setUp = { growsDown: true, stackSetup: true } as const;

  test("growable and still being set up: migration passes it over, and the page is busy", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1, setUp);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.resetCounters();
    expect(kernel.migratePage(page).result).toBe("busy");
    // The walk that unmaps left it out, the walk that restores did not.
    expect(kernel.counters.entriesChecked).toBe(1);
    expect(page.mapcount).toBe(1);
    expectHealthy(kernel);
  });

  test("a stack that grows, or one mark alone, is like any other", async () => {
    for (const marks of [{ growsDown: true }, { stackSetup: true }]) {
      const kernel = await createKernel({ build });
      const process = kernel.spawn();
      lay(process, 0, 1, marks);
      process.write(at(0), 1);
      expect(kernel.migratePage(pageAt(process, 0)).result).toBe("moved");
    }
  });

  test("only migration asks: reclaim unmaps it", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1, setUp);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(process.rss.swap).toBe(1);
  });
});
