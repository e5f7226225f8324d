// Dirty pages of a disk on their way: entries are protected, pages are written, and stay under writeback
// while I/O is held.

import { beforeEach, describe, expect, test } from "vitest";
import type { File, Kernel, Process } from "../../bindings/index.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { faultsOf, machine } from "./machine.js";

let kernel: Kernel;
let process: Process;
let file: File;

beforeEach(async () => {
  ({ kernel, process } = await machine());
  file = kernel.createFile({ pages: 4, word: 100 });
});

describe("writeback", () => {
  test("writes what is dirty, once", () => {
    for (const i of [0, 2, 3]) file.write(i, i);
    file.read(1);
    expect([file.writeback(), file.writeback()]).toEqual([3, 0]);
    expect(kernel.vmstat()).toMatchObject({ nr_dirty: 0, nr_writeback: 0 });
    file.write(2, 7);
    expect(file.writeback()).toBe(1);
  });

  test("what was written is on the disk: it comes back after the page was dropped", () => {
    for (const i of [0, 5]) file.write(i, 40 + i);
    file.writeback();
    expect(file.invalidate(0, 6)).toBe(2);
    expect(kernel.vmstat().nr_file_pages).toBe(0);
    expect([0, 1, 5].map((i) => file.read(i))).toEqual([40, 101, 45]);
    expectHealthy(kernel);
  });

  test("protects every shared mapping, and each writer is noticed again", () => {
    const other = kernel.spawn();
    lay(process, 0, 1, { file, shared: true });
    lay(process, 8, 1, { file, shared: true });
    lay(other, 3, 1, { file, shared: true });
    process.write(at(0), 1);
    process.write(at(8), 2);
    other.write(at(3), 3);
    expect(file.writeback()).toBe(1);
    const page = pageAt(process, 0);
    expect(page).toMatchObject({ dirty: false, buffers: true, mapcount: 3 });
    for (const [one, i] of [
      [process, 0],
      [process, 8],
      [other, 3],
    ] as const) {
      expect(faultsOf(kernel, () => one.read(at(i)))).toBe(0);
      expect(faultsOf(kernel, () => one.write(at(i), 4))).toBe(1);
    }
    expect(page.dirty).toBe(true);
    expect(kernel.vmstat().nr_dirty).toBe(1);
    expectHealthy(kernel);
  });

  test("leaves private mappings alone: a copy is written without a fault, and is nobody's to write back", () => {
    lay(process, 0, 1, { file, shared: true });
    lay(process, 8, 1, { file });
    process.write(at(8), 5);
    process.write(at(0), 6);
    expect(file.writeback()).toBe(1);
    expect(faultsOf(kernel, () => process.write(at(8), 7))).toBe(0);
    expect(file.writeback()).toBe(0);
    expect(file.read(0)).toBe(6);
  });

  test("finds a page dirty that was written only through an entry", () => {
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 1);
    expect(file.writeback()).toBe(1);
    process.write(at(0), 2);
    process.munmap(at(0), PAGE);
    expect(file.writeback()).toBe(1);
    file.invalidate(0, 1);
    expect(file.read(0)).toBe(2);
  });

  test("pageMkclean says how many entries were dirty or writable, and protects them", () => {
    const reader = kernel.spawn();
    lay(process, 0, 1, { file, shared: true });
    lay(process, 8, 1, { file, shared: true });
    lay(reader, 0, 1, { file, shared: true, prot: "r" });
    process.write(at(0), 1);
    process.write(at(8), 1);
    reader.read(at(0));
    const page = pageAt(process, 0);
    expect([kernel.pageMkclean(page), kernel.pageMkclean(page)]).toEqual([2, 0]);
    // It says nothing of the page, which is as dirty as it was.
    expect(page.dirty).toBe(true);
    expect(faultsOf(kernel, () => process.write(at(8), 2))).toBe(1);
  });
});

describe("while I/O is held", () => {
  test.each(["where it was mapped", "where it was not"])(
    "a write through a mapping waits for the page, %s",
    (where) => {
      file.write(0, 5);
      lay(process, 0, 1, { file, shared: true });
      if (where === "where it was mapped") process.read(at(0));
      kernel.holdIo(true);
      expect(file.writeback()).toBe(1);
      expect(kernel.vmstat().nr_writeback).toBe(1);
      process.write(at(0), 6);
      expect(pageAt(process, 0)).toMatchObject({ writeback: false, dirty: true });
      expect(kernel.vmstat().nr_writeback).toBe(0);
      expectHealthy(kernel);
    },
  );

  test("a written page stays under writeback, clean, until it is let go", () => {
    file.write(0, 5);
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    expect(file.writeback()).toBe(1);
    expect(page).toMatchObject({ writeback: true, dirty: false });
    expect(kernel.vmstat()).toMatchObject({ nr_writeback: 1, nr_dirty: 0 });
    kernel.holdIo(false);
    expect(page).toMatchObject({ writeback: false, dirty: false });
    expect(kernel.vmstat().nr_writeback).toBe(0);
    expectHealthy(kernel);
  });

  test("buffers stay with the page, and reclaim keeps it", () => {
    file.write(0, 5);
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    const page = pageAt(process, 0);
    kernel.holdIo(true);
    file.writeback();
    expect(kernel.releaseBuffers(page)).toBe(false);
    expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
    expect(page).toMatchObject({ buffers: true, mapcount: 1 });
    kernel.holdIo(false);
    expect(kernel.releaseBuffers(page)).toBe(true);
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expect(file.read(0)).toBe(5);
  });

  test.each([
    ["write(2)", (): unknown => file.write(0, 6)],
    ["truncation", (): unknown => file.truncate(0)],
    ["a hole", (): unknown => file.punchHole(0, 1)],
    ["invalidation of all", (): unknown => file.invalidate(0, 1, "all")],
  ])("%s waits for the page it needs", (_, action) => {
    file.write(0, 5);
    kernel.holdIo(true);
    file.writeback();
    action();
    expect(kernel.vmstat().nr_writeback).toBe(0);
    expectHealthy(kernel);
  });

  test("others stay under writeback: only one page is waited for", () => {
    for (const i of [0, 1, 2]) file.write(i, 5);
    kernel.holdIo(true);
    file.writeback();
    file.write(1, 6);
    expect(kernel.vmstat()).toMatchObject({ nr_writeback: 2, nr_dirty: 1 });
    expect(file.writeback()).toBe(1);
    expect(kernel.vmstat()).toMatchObject({ nr_writeback: 3, nr_dirty: 0 });
    kernel.holdIo(false);
    expectHealthy(kernel);
  });

  test("a page that was written to meanwhile is waited for before it is written again", () => {
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 5);
    kernel.holdIo(true);
    file.writeback();
    process.write(at(0), 6);
    expect(file.writeback()).toBe(1);
    expect(kernel.vmstat()).toMatchObject({ nr_writeback: 1, nr_dirty: 0 });
    kernel.holdIo(false);
    expect(kernel.vmstat().nr_writeback).toBe(0);
    expectHealthy(kernel);
  });

  test("a write through a mapping makes the page dirty again, and the end of the I/O leaves it so", () => {
    lay(process, 0, 1, { file, shared: true });
    process.write(at(0), 5);
    kernel.holdIo(true);
    file.writeback();
    process.write(at(0), 6);
    kernel.holdIo(false);
    expect(pageAt(process, 0)).toMatchObject({ dirty: true, writeback: false });
    expect(kernel.vmstat()).toMatchObject({ nr_dirty: 1, nr_writeback: 0 });
    expect(file.writeback()).toBe(1);
    process.munmap(at(0), PAGE);
    file.invalidate(0, 1);
    expect(file.read(0)).toBe(6);
    expectHealthy(kernel);
  });
});
