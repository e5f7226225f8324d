// The storage key of a file's page up to v3.7-rc2 (spec/commits.md section 1, "before"): every file's page is asked, at
// the last unmap and when it is cleaned.

import { describe, expect, test } from "vitest";
import { createKernel, type KernelOptions, type Kind } from "../../bindings/index.js";
import { at, expectHealthy, lay, pageAt, PAGE } from "../api/ground.js";

const before: KernelOptions = {
  build: "checked",
  arch: "s390x",
  storageKeyDirty: "always",
};

/** write(2), writeback while nothing maps the page, its buffers released; then mapped, read and unmapped. */
async function story(options: KernelOptions, kind: Kind = "disk") {
  const kernel = await createKernel(options);
  const file = kernel.createFile({ pages: 1, kind, word: 100 });
  file.read(0);
  file.write(0, 5);
  const written = file.writeback();
  const process = kernel.spawn();
  lay(process, 0, 1, { file, shared: true, prot: "r" });
  process.read(at(0));
  const page = pageAt(process, 0);
  kernel.releaseBuffers(page);
  process.munmap(at(0), PAGE);
  return { kernel, file, page, written };
}

describe("the last unmap", () => {
  test("makes a clean page of a disk dirty again, without buffers: the next writeback meets it", async () => {
    const { kernel, file, page, written } = await story(before);
    expect([written, page.dirty, page.buffers]).toEqual([1, true, false]);
    expect(page.storageKey?.changed).toBe(false);
    expect([kernel.counters.buffersMissing, file.writeback()]).toEqual([0, 1]);
    expect([kernel.counters.buffersMissing, page.dirty]).toEqual([1, false]);
    expectHealthy(kernel);
  });

  test.each([
    ["from v3.7 on", { ...before, storageKeyDirty: "non-accounting-only" }],
    ["on an x86-64", { ...before, arch: "x86-64" }],
  ] as const)("does not, %s", async (_, options) => {
    const { kernel, file, page } = await story(options);
    expect([page.dirty, page.buffers, file.writeback()]).toEqual([false, false, 0]);
    expect(kernel.counters.buffersMissing).toBe(0);
    expectHealthy(kernel);
  });

  test("asks the key of a page that its file has lost", async () => {
    const kernel = await createKernel(before);
    const file = kernel.createFile({ pages: 1, kind: "disk" });
    const process = kernel.spawn();
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.pin(page);
    file.truncate(0);
    expect([page.inode, page.storageKey?.changed]).toEqual([0, false]);
    kernel.unpin(page);
    expectHealthy(kernel);
  });

  test.each(["always", "non-accounting-only"] as const)(
    "of a tmpfs page that was written through what a read made writable makes it dirty: %s",
    async (storageKeyDirty) => {
      const kernel = await createKernel({ ...before, storageKeyDirty });
      const file = kernel.createFile({ pages: 1, kind: "tmpfs" });
      const process = kernel.spawn();
      lay(process, 0, 1, { file, shared: true });
      process.read(at(0));
      const page = pageAt(process, 0);
      const { faults } = kernel.counters;
      process.write(at(0), 5);
      expect([kernel.counters.faults - faults, page.dirty]).toEqual([0, false]);
      process.munmap(at(0), PAGE);
      expect(page.dirty).toBe(true);
      expectHealthy(kernel);
    },
  );

  test.each(["always", "non-accounting-only"] as const)(
    "leaves the key of an anonymous page alone: %s",
    async (storageKeyDirty) => {
      const kernel = await createKernel({ ...before, storageKeyDirty });
      const process = kernel.spawn();
      lay(process, 0, 1);
      process.write(at(0), 5);
      const page = pageAt(process, 0);
      kernel.pin(page);
      process.munmap(at(0), PAGE);
      expect([page.dirty, page.storageKey?.changed]).toEqual([false, true]);
      kernel.unpin(page);
      expectHealthy(kernel);
    },
  );

  test.each(["always", "non-accounting-only"] as const)(
    "of a page in the swap cache that was changed since it was written out makes it dirty: %s",
    async (storageKeyDirty) => {
      const kernel = await createKernel({ ...before, storageKeyDirty });
      const process = kernel.spawn();
      lay(process, 0, 1);
      process.write(at(0), 1);
      const page = pageAt(process, 0);
      kernel.holdIo(true);
      expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
      process.write(at(0), 2);
      kernel.holdIo(false);
      expect([page.swapCache, page.dirty, page.storageKey?.changed]).toEqual([true, false, true]);
      expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
      expect([page.dirty, page.storageKey?.changed]).toEqual([true, false]);
      expect(process.read(at(0))).toBe(2);
      expectHealthy(kernel);
    },
  );
});

describe("page_mkclean", () => {
  async function mapped(options: KernelOptions) {
    const kernel = await createKernel(options);
    const file = kernel.createFile({ pages: 1, kind: "disk", word: 100 });
    file.read(0);
    file.write(0, 5);
    const sharers = [kernel.spawn(), kernel.spawn(), kernel.spawn()];
    for (const process of sharers) {
      lay(process, 0, 1, { file, shared: true });
      process.write(at(0), 5);
    }
    return { kernel, file, page: pageAt(sharers[0]!, 0) };
  }

  test("takes the key's mark, and says 1 in place of the entries that it has cleaned", async () => {
    const { kernel, page } = await mapped(before);
    expect([kernel.pageMkclean(page), page.storageKey?.changed]).toEqual([1, false]);
    expect([kernel.pageMkclean(page), page.dirty]).toEqual([0, true]);
    expectHealthy(kernel);
  });

  test("from v3.7 on it leaves the key, and counts the entries", async () => {
    const { kernel, page } = await mapped({ ...before, storageKeyDirty: "non-accounting-only" });
    expect([kernel.pageMkclean(page), page.storageKey?.changed]).toEqual([3, true]);
    expectHealthy(kernel);
  });

  test("so a page that is written while it is mapped is clean afterwards, and stays so", async () => {
    const { kernel, file, page } = await mapped(before);
    expect(file.writeback()).toBe(1);
    for (const process of kernel.processes) process.exit();
    expect([page.dirty, file.writeback(), kernel.counters.buffersMissing]).toEqual([false, 0, 0]);
  });

  test("leaves the key of a page that nothing maps", async () => {
    const kernel = await createKernel(before);
    const file = kernel.createFile({ pages: 1, kind: "disk", word: 100 });
    file.write(0, 5);
    const found = [...Array(kernel.options.frames).keys()].slice(1).map((frame) => {
      try {
        return kernel.page(frame);
      } catch {
        return null;
      }
    });
    const page = found.find((one) => one?.inode === file.inode)!;
    expect([kernel.pageMkclean(page), page.storageKey?.changed]).toEqual([0, true]);
  });
});
