// A file's page moves to another frame: its place in the cache, its dirt and its buffers go along.

import { describe, expect, test } from "vitest";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { machine, moved } from "./machine.js";

describe("a file's page", () => {
  test.each(["disk", "tmpfs", "ramfs"] as const)(
    "of %s takes its place in the cache along",
    async (kind) => {
      const { kernel, process } = await machine();
      const file = kernel.createFile({ pages: 2, kind, word: 100 });
      const other = kernel.spawn();
      lay(process, 0, 2, { file, shared: true });
      lay(other, 7, 1, { file, pgoff: 1 });
      process.read(at(1));
      other.read(at(7));
      const old = pageAt(process, 1);
      const page = moved(kernel, old);
      expect(page).toMatchObject({
        inode: file.inode,
        index: 1,
        mapcount: 2,
        refcount: 3,
        word: 101,
      });
      expect([process.rss.file, other.rss.file]).toEqual([1, 1]);
      file.write(1, 9);
      expect([process.read(at(1)), other.read(at(7))]).toEqual([9, 9]);
      expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 1, nr_mapped: 1, nr_free_pages: 63 });
      expectHealthy(kernel);
    },
  );

  test("moves though nothing maps it", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 5);
    const old = pageAt(process, 0);
    process.munmap(at(0), PAGE);
    expect(moved(kernel, old)).toMatchObject({ mapcount: 0, word: 5, dirty: true, buffers: true });
    expect(file.read(0)).toBe(5);
    expect(codeOf(() => old.word)).toBe("ESTALE");
    expectHealthy(kernel);
  });

  test("stays dirty and accounted for, with its buffers, and its writers are noticed after writeback", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 5);
    const page = moved(kernel, pageAt(process, 0));
    expect(page).toMatchObject({ dirty: true, buffers: true, refcount: 3 });
    expect(kernel.vmstat().nr_dirty).toBe(1);
    // Its entry is clean now, but still writable: that is enough for writeback to find it.
    process.write(at(0), 6);
    expect(file.writeback()).toBe(1);
    const { faults } = kernel.counters;
    process.write(at(0), 7);
    expect(kernel.counters.faults).toBe(faults + 1);
    expect(page.dirty).toBe(true);
    expectHealthy(kernel);
  });

  test("that is clean stays clean: the first write to it still faults", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    const page = moved(kernel, pageAt(process, 0));
    expect(page).toMatchObject({ dirty: false, buffers: false });
    const { faults } = kernel.counters;
    process.write(at(0), 7);
    expect(kernel.counters.faults).toBe(faults + 1);
    expect(kernel.vmstat().nr_dirty).toBe(1);
    expectHealthy(kernel);
  });

  test("has clean entries: nobody makes it dirty by unmapping it", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    const page = moved(kernel, pageAt(process, 0));
    process.munmap(at(0), PAGE);
    expect(page).toMatchObject({ dirty: false, mapcount: 0 });
    expect(kernel.vmstat().nr_dirty).toBe(0);
    expectHealthy(kernel);
  });

  test("that was used once goes as one that was used once", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    file.read(0);
    const old = pageAt(process, 0);
    expect(old).toMatchObject({ referenced: true, active: false });
    const page = moved(kernel, old);
    expect(page).toMatchObject({ referenced: true, active: false });
    // So the next use is the second.
    file.read(0);
    expect(page).toMatchObject({ referenced: false, active: true });
  });

  test("that memory holds may be written at once again, whatever its entry allowed", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1, kind: "tmpfs" });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 5);
    expect(kernel.pageMkclean(pageAt(process, 0))).toBe(1);
    const { faults } = kernel.counters;
    process.write(at(0), 6);
    expect(kernel.counters.faults).toBe(faults + 1);
    kernel.pageMkclean(pageAt(process, 0));
    moved(kernel, pageAt(process, 0));
    process.write(at(0), 7);
    expect(kernel.counters.faults).toBe(faults + 1);
    expectHealthy(kernel);
  });

  test("under writeback is waited for", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 5);
    kernel.holdIo(true);
    file.writeback();
    expect(moved(kernel, pageAt(process, 0))).toMatchObject({ writeback: false, dirty: false });
    expect(kernel.vmstat().nr_writeback).toBe(0);
    expect(process.read(at(0))).toBe(5);
    kernel.holdIo(false);
    expectHealthy(kernel);
  });

  test("of a ramfs is refused when it is dirty: there is no way to move it, and nowhere to write it", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 1, kind: "ramfs" });
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 5);
    const page = pageAt(process, 0);
    expect(kernel.migratePage(page)).toEqual({ result: "refused", page: null });
    expect(page).toMatchObject({ mapcount: 1, dirty: true });
    expect(process.read(at(0))).toBe(5);
    expectHealthy(kernel);
  });
});
