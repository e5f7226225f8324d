// brk: the heap's end goes where it is told, if nothing is in the way; else it stays.

import { beforeEach, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout } from "./ground.js";

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64, maxMapCount: 8, build: "checked" });
  process = kernel.spawn();
  process.exec({ brk: at(10) });
});

test("asking moves nothing", () => {
  expect([process.brk(), process.brk(0), process.brk(at(9))]).toEqual([at(10), at(10), at(10)]);
  expect(layout(process)).toEqual([]);
});

test("the heap grows and shrinks as one VMA, to the byte", () => {
  expect(process.brk(at(12) + 100)).toBe(at(12) + 100);
  expect(layout(process)).toEqual(["10-13 rw-p"]);
  expect(process.brk(at(14))).toBe(at(14));
  expect(layout(process)).toEqual(["10-14 rw-p"]);
  process.write(at(13), 1);
  expect(process.brk(at(11))).toBe(at(11));
  expect(layout(process)).toEqual(["10-11 rw-p"]);
  expect(codeOf(() => process.read(at(13)))).toBe("SIGSEGV");
  expect(process.brk(at(10))).toBe(at(10));
  expect(layout(process)).toEqual([]);
  expectHealthy(kernel);
});

test("growth keeps the pages and the anon_vma of what was there", () => {
  process.brk(at(12));
  process.write(at(10), 5);
  process.brk(at(14));
  expect(layout(process)).toEqual(["10-14 rw-p"]);
  expect(process.read(at(10))).toBe(5);
  expect(kernel.counters).toMatchObject({ vmaMerges: 1, anonVmasCreated: 1 });
});

test("within one page nothing is mapped", () => {
  process.brk(at(10) + 1);
  expect(layout(process)).toEqual(["10-11 rw-p"]);
  expect(process.brk(at(10) + 4000)).toBe(at(10) + 4000);
  expect(layout(process)).toEqual(["10-11 rw-p"]);
});

test("it stays where it is when something is in the way, a free page included", () => {
  lay(process, 15, 1, { prot: "r" });
  expect(process.brk(at(15))).toBe(at(10));
  expect(process.brk(at(14))).toBe(at(14));
  expect(process.brk(at(15))).toBe(at(14));
  expect(layout(process)).toEqual(["10-14 rw-p", "15-16 r--p"]);
});

test("it stays where it is below its start, and beyond the address space", () => {
  process.brk(at(12));
  expect(process.brk(at(5))).toBe(at(12));
  expect(process.brk(2 ** 47)).toBe(at(12));
});

test("it stays where it is at the limit of VMAs", () => {
  for (let i = 0; i < 9; i++) lay(process, 100 + 2 * i, 1);
  expect(process.brk(at(12))).toBe(at(10));
});
