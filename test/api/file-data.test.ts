// What files contain: read(2) and write(2), and when a page is known to be dirty.

import { beforeEach, describe, expect, test } from "vitest";
import type { File, Kernel, Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { faultsOf, machine } from "./machine.js";

const inMemory = ["tmpfs", "ramfs"] as const;
const kinds = ["disk", ...inMemory] as const;

let kernel: Kernel;
let process: Process;
let file: File;

beforeEach(async () => {
  ({ kernel, process } = await machine());
  file = kernel.createFile({ pages: 4, word: 100 });
});

describe.each(kinds)("read(2) and write(2) of a file on %s", (kind) => {
  beforeEach(() => {
    file = kernel.createFile({ pages: 4, kind, word: 100 });
  });

  test("are seen by all who map the page, and by no private copy", () => {
    lay(process, 0, 1, { file, shared: true });
    lay(process, 8, 1, { file });
    lay(process, 16, 1, { file });
    for (const i of [0, 8]) process.read(at(i));
    process.write(at(16), 7);
    file.write(0, 5);
    expect([0, 8, 16].map((i) => process.read(at(i)))).toEqual([5, 5, 7]);
    process.write(at(0), 6);
    expect(file.read(0)).toBe(6);
    expectHealthy(kernel);
  });

  test("go past the entries: no fault, no mapping", () => {
    const before = kernel.vmstat();
    expect(faultsOf(kernel, () => file.write(1, file.read(0)))).toBe(0);
    const after = kernel.vmstat();
    expect(after.nr_file_pages - before.nr_file_pages).toBe(2);
    expect(after).toMatchObject({ nr_mapped: 0, nr_anon_pages: 0, pgfault: 0 });
    expectHealthy(kernel);
  });

  test("beyond the end: nothing to read, and a write makes it grow over zeroes", () => {
    expect(file.read(6)).toBe(0);
    expect([file.pages, kernel.vmstat().nr_file_pages]).toEqual([4, 0]);
    file.write(6, 9);
    expect(file.pages).toBe(7);
    expect([3, 4, 5, 6].map((i) => file.read(i))).toEqual([103, 0, 0, 9]);
    expectHealthy(kernel);
  });
});

describe("dirty pages of a disk", () => {
  test("write(2) makes a page dirty and gives it buffers; read(2) does neither", () => {
    lay(process, 0, 2, { file, shared: true });
    file.read(0);
    file.write(1, 5);
    for (const i of [0, 1]) process.read(at(i));
    expect(pageAt(process, 0)).toMatchObject({ dirty: false, buffers: false, refcount: 2 });
    expect(pageAt(process, 1)).toMatchObject({ dirty: true, buffers: true, refcount: 3 });
    expect(kernel.vmstat().nr_dirty).toBe(1);
  });

  test("the first write through a mapping faults, as the page was mapped clean", () => {
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    const page = pageAt(process, 0);
    expect(page).toMatchObject({ dirty: false, buffers: false });
    expect(faultsOf(kernel, () => process.write(at(0), 1))).toBe(1);
    expect(page).toMatchObject({ dirty: true, buffers: true, mapcount: 1 });
    expect(faultsOf(kernel, () => process.write(at(0), 2))).toBe(0);
    expect(kernel.vmstat().nr_dirty).toBe(1);
    expectHealthy(kernel);
  });

  test("each entry is asked for itself, though the page is dirty already", () => {
    const other = kernel.spawn();
    for (const one of [process, other]) {
      lay(one, 0, 1, { file, shared: true });
      one.read(at(0));
    }
    process.write(at(0), 1);
    expect(faultsOf(kernel, () => other.write(at(0), 2))).toBe(1);
    expect(kernel.vmstat().nr_dirty).toBe(1);
  });

  test("mprotect gives an entry back what it had, if it is dirty: only a clean one faults", () => {
    lay(process, 0, 2, { file, shared: true });
    process.write(at(0), 1);
    process.read(at(1));
    process.mprotect(at(0), 2 * PAGE, "r");
    process.mprotect(at(0), 2 * PAGE, "rw");
    expect(faultsOf(kernel, () => process.write(at(0), 2))).toBe(0);
    expect(faultsOf(kernel, () => process.write(at(1), 2))).toBe(1);
    expectHealthy(kernel);
  });
});

describe.each(inMemory)("dirty pages of %s", (kind) => {
  beforeEach(() => {
    file = kernel.createFile({ pages: 4, kind });
    lay(process, 0, 1, { file, shared: true });
  });

  test("are not accounted for: an entry is writable at once, whoever reads first", () => {
    process.read(at(0));
    expect(faultsOf(kernel, () => process.write(at(0), 1))).toBe(0);
    file.write(0, 2);
    expect(pageAt(process, 0)).toMatchObject({ buffers: false, refcount: 2 });
    expect(kernel.vmstat().nr_dirty).toBe(0);
    expectHealthy(kernel);
  });

  test("such a write is known when the entry goes, and not before", () => {
    process.read(at(0));
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    expect(page.dirty).toBe(false);
    process.munmap(at(0), PAGE);
    expect(page).toMatchObject({ dirty: true, mapcount: 0 });
    expect(file.read(0)).toBe(1);
    expectHealthy(kernel);
  });

  test("have nowhere to be written: writeback protects and cleans nothing", () => {
    process.write(at(0), 1);
    expect(file.writeback()).toBe(0);
    expect(pageAt(process, 0).dirty).toBe(true);
    expect(faultsOf(kernel, () => process.write(at(0), 2))).toBe(0);
  });
});

describe("mistakes", () => {
  test("without a frame write(2) and read(2) are ENOMEM, and change nothing", async () => {
    ({ kernel, process } = await machine({ frames: 1 }));
    file = kernel.createFile({ pages: 2, word: 100 });
    file.write(0, 1);
    expect(codeOf(() => file.write(5, 1))).toBe("ENOMEM");
    expect(codeOf(() => file.read(1))).toBe("ENOMEM");
    expect([file.pages, file.read(0)]).toEqual([2, 1]);
    expect(kernel.vmstat().nr_dirty).toBe(1);
    expectHealthy(kernel);
  });

  test("offsets and words that are no integers from 0 are EINVAL, a closed file is ESTALE", () => {
    for (const bad of [-1, 0.5, NaN]) {
      expect(
        codeOf(() => file.read(bad)),
        `read ${bad}`,
      ).toBe("EINVAL");
      expect(
        codeOf(() => file.write(bad, 1)),
        `write ${bad}`,
      ).toBe("EINVAL");
      expect(
        codeOf(() => file.write(1, bad)),
        `word ${bad}`,
      ).toBe("EINVAL");
    }
    file.close();
    for (const use of [() => file.read(0), () => file.write(0, 1), () => file.writeback()]) {
      expect(codeOf(use), String(use)).toBe("ESTALE");
    }
    expectHealthy(kernel);
  });
});
