// What a message says is accepted, the kernel accepts; and what it does not, the kernel refuses too.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KernelError } from "../../bindings/core/kernel-error.js";
import type { File } from "../../bindings/kernel/file.js";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { Kernel, Snapshot } from "../../bindings/kernel/kernel.js";
import { parseScript } from "../../bindings/scenario/script.js";
import { LineError } from "../../bindings/scenario/line-error.js";

const COUNT = 2 ** 31 - 1;
const PGOFF_END = 2 ** 52;

let kernel: Kernel;
let file: File;
let start: Snapshot;

beforeAll(async () => {
  kernel = await createKernel({ frames: 64, swap: 0 });
  file = kernel.createFile({ pages: 4 });
  start = kernel.snapshot();
});

afterAll(() => kernel.dispose());

function byKernel(call: () => unknown): string {
  kernel.restore(start);
  try {
    call();
  } catch (error) {
    if (error instanceof KernelError && error.code === "EINVAL") return "refused";
    throw error;
  }
  return "accepted";
}

function byParser(line: string): string {
  try {
    parseScript(`file F 4 disk\n${line}\n`, "s");
  } catch (error) {
    if (error instanceof LineError) return error.message;
    throw error;
  }
  return "accepted";
}

describe.each<[string, string, number, number, (n: number) => unknown]>([
  ["reclaim", "number of pages", 0, COUNT, (n) => kernel.reclaim(n)],
  ["reclaim", "number of pages", 0, COUNT, (n) => kernel.reclaim(n, { background: true })],
  ["swapon", "size of a swap area", 1, COUNT, (n) => kernel.swapon(n)],
  ["swapon 1", "priority", -1, 32767, (n) => kernel.swapon(1, { priority: n })],
  ["file-read F", "page offset", 0, PGOFF_END - 1, (n) => file.read(n)],
  ["file-write F", "page offset", 0, PGOFF_END - 1, (n) => file.write(n, 1)],
  ["punch F 0", "number of pages", 0, PGOFF_END, (n) => file.punchHole(0, n)],
  ["punch F 9", "number of pages", 0, PGOFF_END - 9, (n) => file.punchHole(9, n)],
  ["invalidate F 9", "number of pages", 0, PGOFF_END - 9, (n) => file.invalidate(9, n)],
])("the number after %j", (words, what, least, most, call) => {
  test.each([least, most])("may be %j", (n) => {
    expect(byParser(`${words} ${n}`)).toBe("accepted");
    expect(byKernel(() => call(n))).toBe("accepted");
  });

  test.each([least - 1, most + 1])("may not be %j", (n) => {
    expect(byParser(`${words} ${n}`)).toBe(
      `s:2: ${what} "${n}" is out of range; accepted are whole numbers from ${least} to ${most}`,
    );
    expect(byKernel(() => call(n))).toBe("refused");
  });
});

test("a swap area that the command line can't name is one that the kernel can't have", () => {
  expect(byParser("swapoff 7")).toBe("accepted");
  expect(byParser("swapoff 8")).toMatch(/accepted are whole numbers from 0 to 7$/);
  kernel.restore(start);
  for (let area = 0; area < 8; area++) expect(kernel.swapon(1)).toBe(area);
  expect(() => kernel.swapon(1)).toThrow("EPERM");
});
