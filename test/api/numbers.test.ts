// Addresses, lengths, offsets and words are integers from 0 to 2^53 - 1; anything else is EINVAL, and
// nothing happens.

import { beforeEach, describe, expect, test } from "vitest";
import { createKernel, type File, type Kernel, type Process } from "../../bindings/index.js";
import { at, codeOf, lay, PAGE, stateOf } from "./ground.js";

const bad = [0.5, 4096.5, -1, -PAGE, NaN, Infinity, -Infinity, 2 ** 53, 1e300];

let kernel: Kernel;
let process: Process;
let file: File;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64, build: "checked" });
  process = kernel.spawn();
  file = kernel.createFile({ pages: 4 });
  lay(process, 0, 4);
  process.write(at(0), 1);
});

const calls: readonly (readonly [string, (n: number) => unknown])[] = [
  ["mmap's length", (n) => process.mmap({ length: n })],
  ["mmap's address", (n) => process.mmap({ length: PAGE, address: n })],
  ["mmap's fixed address", (n) => process.mmap({ length: PAGE, address: n, fixed: true })],
  ["mmap's pgoff", (n) => process.mmap({ length: PAGE, file, pgoff: n })],
  ["munmap's address", (n) => process.munmap(n, PAGE)],
  ["munmap's length", (n) => process.munmap(at(0), n)],
  ["mprotect's address", (n) => process.mprotect(n, PAGE, "r")],
  ["mprotect's length", (n) => process.mprotect(at(0), n, "r")],
  ["mremap's address", (n) => process.mremap(n, PAGE, PAGE)],
  ["mremap's old length", (n) => process.mremap(at(0), n, PAGE)],
  ["mremap's new length", (n) => process.mremap(at(0), PAGE, n)],
  ["mremap's target", (n) => process.mremap(at(0), PAGE, PAGE, { to: n })],
  ["madvise's address", (n) => process.madvise(n, PAGE, "dontneed")],
  ["madvise's length", (n) => process.madvise(at(0), n, "dontneed")],
  ["brk's address", (n) => process.brk(n)],
  ["exec's brk", (n) => process.exec({ brk: n })],
  ["read's address", (n) => process.read(n)],
  ["write's address", (n) => process.write(n, 1)],
  ["write's word", (n) => process.write(at(0), n)],
  ["execute's address", (n) => process.execute(n)],
  ["pageAt's address", (n) => process.pageAt(n)],
  ["truncate's size", (n) => file.truncate(n)],
  ["createFile's size", (n) => kernel.createFile({ pages: n })],
];

describe.each(calls)("%s", (_, call) => {
  test.each(bad)("%d is EINVAL, and changes nothing", (n) => {
    const before = stateOf(kernel);
    expect(codeOf(() => call(n))).toBe("EINVAL");
    expect(stateOf(kernel)).toEqual(before);
    expect(file.pages).toBe(4);
  });
});

test.each([0.5, NaN, -2, 2 ** 53])("createFile's word %d is EINVAL", (word) => {
  expect(codeOf(() => kernel.createFile({ pages: 1, word }))).toBe("EINVAL");
});

test("the largest word that is exact can be kept in a page", () => {
  process.write(at(1), Number.MAX_SAFE_INTEGER);
  expect(process.read(at(1))).toBe(Number.MAX_SAFE_INTEGER);
});

test("file offsets up to 2^52 pages can be mapped, and none beyond", () => {
  const large = kernel.createFile({ pages: 2 ** 52, word: 5 });
  lay(process, 8, 1, { file: large, pgoff: 2 ** 52 - 1, prot: "r" });
  expect(process.read(at(8))).toBe(5 + 2 ** 52 - 1);
  expect(process.vmas().at(-1)!.pgoff).toBe(2 ** 52 - 1);
  expect(codeOf(() => lay(process, 9, 1, { file: large, pgoff: 2 ** 52 }))).toBe("EINVAL");
  expect(codeOf(() => lay(process, 9, 2, { file: large, pgoff: 2 ** 52 - 1 }))).toBe("EINVAL");
  expect(codeOf(() => large.truncate(2 ** 52 + 1))).toBe("EINVAL");
  expect(codeOf(() => kernel.createFile({ pages: 2 ** 52 + 1 }))).toBe("EINVAL");
});

test.each(["rw-", "write", "", "RW"])(
  "prot %j is EINVAL, and the error lists what is accepted",
  (prot) => {
    expect(() => process.mmap({ length: PAGE, prot: prot as "rw" })).toThrow(
      `EINVAL: prot is "${prot}", accepted: none, r, w, rw, x, rx, wx, rwx`,
    );
    expect(codeOf(() => process.mprotect(at(0), PAGE, prot as "rw"))).toBe("EINVAL");
  },
);

test("an advice that does not exist is EINVAL, and the error lists what is accepted", () => {
  expect(() => process.madvise(at(0), PAGE, "cold" as "normal")).toThrow(
    /EINVAL: advice is "cold", accepted: normal, random, sequential, willneed, dontneed/,
  );
});
