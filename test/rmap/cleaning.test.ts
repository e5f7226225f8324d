// spec/rmap.md Part 1, "Cleaning": a test for each row.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "../api/ground.js";

const build = "checked";

async function written() {
  const kernel = await createKernel({ build });
  const file = kernel.createFile({ pages: 2, kind: "disk", word: 100 });
  const [writer, reader] = [kernel.spawn(), kernel.spawn()];
  for (const process of [writer, reader]) lay(process, 0, 2, { file, shared: true });
  writer.write(at(0), 7);
  reader.read(at(0));
  return { kernel, file, writer, reader, page: pageAt(writer, 0) };
}

describe("page_mkclean_one", () => {
  test("a dirty or writable entry becomes protected and clean, and counts", async () => {
    const { kernel, writer, page } = await written();
    expect(kernel.pageMkclean(page)).toBe(1);
    expect(kernel.pageMkclean(page)).toBe(0);
    // The next write faults, and is noticed.
    const { faults } = kernel.counters;
    writer.write(at(0), 8);
    expect(kernel.counters.faults).toBe(faults + 1);
    expect(kernel.pageMkclean(page)).toBe(1);
  });

  test("writable is enough, dirty is enough", async () => {
    const kernel = await createKernel({ build });
    const file = kernel.createFile({ pages: 2, kind: "tmpfs", word: 100 });
    const process = kernel.spawn();
    lay(process, 0, 2, { file, shared: true });
    // Where nobody accounts for dirty pages an entry is writable before anybody has written.
    process.read(at(0));
    process.write(at(1), 1);
    process.mprotect(at(1), PAGE, "r");
    for (const i of [0, 1]) {
      expect(kernel.pageMkclean(pageAt(process, i))).toBe(1);
      expect(kernel.pageMkclean(pageAt(process, i))).toBe(0);
    }
    expectHealthy(kernel);
  });

  test("the accessed bit stays", async () => {
    const { kernel, page } = await written();
    kernel.pageMkclean(page);
    expect(kernel.pageReferenced(page)).toBe(2);
  });

  test("it does not mark the page: whoever asks does, if there was anything to clean", async () => {
    const { kernel, file, page } = await written();
    file.writeback();
    expect(page.dirty).toBe(false);
    expect(kernel.pageMkclean(page)).toBe(0);
    expect(page.dirty).toBe(false);
    // Nobody has marked this one, as its file system does not ask; what the entry knew must not be lost.
    const process = kernel.spawn();
    lay(process, 0, 1, { file: kernel.createFile({ pages: 1, kind: "tmpfs" }), shared: true });
    process.read(at(0));
    process.write(at(0), 5);
    expect(pageAt(process, 0).dirty).toBe(false);
    expect([kernel.pageMkclean(pageAt(process, 0)), pageAt(process, 0).dirty]).toEqual([1, true]);
    expectHealthy(kernel);
  });
});

describe("page_mkclean_file / page_mkclean", () => {
  test("asks shared VMAs only: a private one never holds the page writable", async () => {
    const { kernel, file, page } = await written();
    const other = kernel.spawn();
    lay(other, 8, 2, { file, shared: false });
    other.read(at(8));
    kernel.resetCounters();
    expect(kernel.pageMkclean(page)).toBe(1);
    expect(kernel.counters.entriesChecked).toBe(2);
  });

  test("never of an anonymous page, nor of one that nothing maps", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 1);
    expect(kernel.pageMkclean(pageAt(process, 0))).toBe(0);
    expect(process.read(at(0))).toBe(1);
    const { faults } = kernel.counters;
    process.write(at(0), 2);
    expect(kernel.counters.faults).toBe(faults);
  });

  test("writeback loses no write that came through an entry it has just cleaned", async () => {
    const { kernel, file, writer, reader, page } = await written();
    expect(file.writeback()).toBe(1);
    writer.write(at(0), 9);
    expect(page.dirty).toBe(true);
    expect(file.writeback()).toBe(1);
    expect(kernel.reclaim(10)).toBeGreaterThanOrEqual(0);
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    expect(reader.read(at(0))).toBe(9);
    expectHealthy(kernel);
  });
});
