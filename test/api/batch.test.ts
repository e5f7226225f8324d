// Many operations in one call of the core.

import { beforeEach, describe, expect, test } from "vitest";
import { Errno } from "../../assembly/abi/result.js";
import {
  createKernel,
  DEFAULT_HEAP,
  type Batch,
  type Kernel,
  type Process,
} from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout, PAGE, pageAt, stateOf } from "./ground.js";

let kernel: Kernel;
let process: Process;
let batch: Batch;

beforeEach(async () => {
  kernel = await createKernel({ frames: 600, build: "checked" });
  process = kernel.spawn();
  batch = kernel.batch();
});

test("operations run in order, and each has its result", () => {
  const file = kernel.createFile({ pages: 4, word: 100 });
  const indexes = [
    batch.mmap(process, { length: 4 * PAGE, address: at(0), fixed: true }),
    batch.mmap(process, { length: 4 * PAGE, address: at(8), fixed: true, file, prot: "rx" }),
    batch.write(process, at(1), 5),
    batch.read(process, at(1)),
    batch.read(process, at(9)),
    batch.execute(process, at(8)),
    batch.mprotect(process, at(0), PAGE, "r"),
    batch.mremap(process, at(2), PAGE, PAGE, { to: at(20) }),
    batch.madvise(process, at(1), PAGE, "dontneed"),
    batch.read(process, at(1)),
    batch.munmap(process, at(3), PAGE),
    batch.brk(process, 0),
  ];
  expect(indexes).toEqual(indexes.map((_, i) => i));
  expect(batch.length).toBe(12);
  expect(batch.run()).toBe(0);
  expect(indexes.map((i) => batch.result(i))).toEqual([
    ...[at(0), at(8), 0, 5, 101, 0, 0, at(20), 0, 0, 0, DEFAULT_HEAP],
  ]);
  expect(indexes.every((i) => batch.error(i) === null)).toBe(true);
  expect(layout(process)).toEqual(["0-1 r--p", "1-2 rw-p", "8-12 r-xp", "20-21 rw-p"]);
  expectHealthy(kernel);
});

test("nothing happens before it runs", () => {
  const before = stateOf(kernel);
  batch.mmap(process, { length: PAGE });
  expect(stateOf(kernel)).toEqual(before);
});

test("walks of a page can be in it, and the end of a process", () => {
  lay(process, 0, 1);
  process.write(at(0), 1);
  const page = pageAt(process, 0);
  batch.pageReferenced(page);
  batch.pageReferenced(page);
  batch.tryToUnmap(page);
  batch.exit(process);
  batch.read(process, at(0));
  expect(batch.run()).toBe(1);
  expect([0, 1, 2, 3].map((i) => batch.result(i))).toEqual([1, 0, 0, 0]);
  expect(batch.error(4)).toBe("ESRCH");
  expect(process.alive).toBe(false);
});

test("a failure does not stop what follows, and is told by name and by number", () => {
  lay(process, 0, 1);
  batch.read(process, at(5));
  batch.write(process, at(0), 3);
  batch.munmap(process, at(0) + 1, PAGE);
  batch.write(process, at(0), 0.5);
  batch.read(process, at(0));
  expect(batch.run()).toBe(3);
  expect([0, 1, 2, 3, 4].map((i) => batch.error(i))).toEqual([
    "SIGSEGV",
    null,
    "EINVAL",
    "EINVAL",
    null,
  ]);
  expect(batch.result(0)).toBe(-Errno.SIGSEGV);
  expect(batch.result(2)).toBe(-Errno.EINVAL);
  expect(batch.result(4)).toBe(3);
});

test("it can run again, and be filled again after it was cleared", () => {
  lay(process, 0, 2);
  batch.read(process, at(0));
  batch.run();
  expect(batch.run()).toBe(0);
  batch.clear();
  expect(batch.length).toBe(0);
  expect(batch.run()).toBe(0);
  batch.write(process, at(1), 8);
  batch.read(process, at(1));
  batch.run();
  expect(batch.result(1)).toBe(8);
});

test("single calls between two fillings do not disturb it", () => {
  lay(process, 0, 2);
  batch.write(process, at(0), 1);
  batch.run();
  process.write(at(0), 2);
  batch.clear();
  batch.read(process, at(0));
  batch.run();
  expect(batch.result(0)).toBe(2);
});

test("what can't be encoded is refused when it is added", () => {
  expect(codeOf(() => batch.mprotect(process, at(0), PAGE, "rw-" as "rw"))).toBe("EINVAL");
  expect(codeOf(() => batch.madvise(process, at(0), PAGE, "cold" as "normal"))).toBe("EINVAL");
  expect(batch.length).toBe(0);
});

describe("its limits", () => {
  test("it holds 256 operations, and says so when it is full", () => {
    lay(process, 0, 512);
    expect(batch.capacity).toBe(256);
    for (let i = 0; i < 256; i++) expect(batch.write(process, at(i), i)).toBe(i);
    expect(() => batch.write(process, at(256), 1)).toThrow(RangeError);
    expect(() => batch.write(process, at(256), 1)).toThrow("256 operations");
    expect(batch.length).toBe(256);
    expect(batch.run()).toBe(0);
    expect(process.rss.anon).toBe(256);
  });

  test.each([-1, 2, 1000, NaN])("there is no result %d of two operations", (i) => {
    lay(process, 0, 1);
    batch.read(process, at(0));
    batch.read(process, at(0));
    batch.run();
    expect(() => batch.result(i)).toThrow(RangeError);
    expect(() => batch.error(i)).toThrow(RangeError);
  });
});

test("a batch does what single calls do, to the last counter", async () => {
  const single = await createKernel({ frames: 600, build: "checked" });
  const other = single.spawn();
  for (let i = 0; i < 60; i++) {
    const [page, n] = [(i * 37) % 50, 1 + (i % 5)] as const;
    switch (i % 4) {
      case 0:
        batch.mmap(process, { address: at(page), length: n * PAGE, fixed: true });
        lay(other, page, n);
        break;
      case 1:
        batch.write(process, at(page), i);
        codeOf(() => other.write(at(page), i));
        break;
      case 2:
        batch.mprotect(process, at(page), n * PAGE, "r");
        codeOf(() => other.mprotect(at(page), n * PAGE, "r"));
        break;
      default:
        batch.munmap(process, at(page), n * PAGE);
        other.munmap(at(page), n * PAGE);
    }
  }
  batch.run();
  expect(stateOf(kernel)).toEqual(stateOf(single));
  expect(kernel.counters).toEqual(single.counters);
});
