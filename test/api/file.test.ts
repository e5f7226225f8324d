// Files: their content, their size, their opens, and what truncation does to those who map them.

import { beforeEach, describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout, PAGE, pageAt, places } from "./ground.js";

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64, build: "checked" });
  process = kernel.spawn();
});

describe("a new file", () => {
  test("is on disk, without a name, and zero", () => {
    const file = kernel.createFile({ pages: 2 });
    expect(file).toMatchObject({ kind: "disk", name: "", pages: 2 });
    lay(process, 0, 2, { file });
    expect([process.read(at(0)), process.read(at(1))]).toEqual([0, 0]);
  });

  test("counts up from its first word, page by page", () => {
    const file = kernel.createFile({ pages: 3, kind: "tmpfs", name: "words", word: 1000 });
    expect(file).toMatchObject({ kind: "tmpfs", name: "words" });
    lay(process, 0, 3, { file });
    expect([0, 1, 2].map((i) => process.read(at(i)))).toEqual([1000, 1001, 1002]);
  });

  test("takes no room for its pages until they are read", () => {
    const before = kernel.memoryInUse;
    kernel.createFile({ pages: 2 ** 40 });
    expect(kernel.memoryInUse - before).toBeLessThanOrEqual(2 * 4096);
  });

  test.each(["shmem", "nfs"])("can't be of kind %s: EINVAL says what is accepted", (kind) => {
    expect(() => kernel.createFile({ pages: 1, kind: kind as "disk" })).toThrow(
      `EINVAL: kind is "${kind}", accepted: disk, tmpfs`,
    );
  });
});

describe("an open file", () => {
  test("is kept by its mappings after it was closed", () => {
    const file = kernel.createFile({ pages: 2, word: 5 });
    lay(process, 0, 2, { file });
    file.close();
    expect(process.read(at(0))).toBe(5);
    process.munmap(at(0), PAGE);
    expect(process.read(at(1))).toBe(6);
    expectHealthy(kernel);
  });

  test("is ESTALE once it is closed and nobody maps it", () => {
    const file = kernel.createFile({ pages: 2 });
    lay(process, 0, 2, { file });
    process.read(at(0));
    const page = pageAt(process, 0);
    file.close();
    process.munmap(at(0), 2 * PAGE);
    for (const use of [
      () => file.pages,
      () => file.truncate(0),
      () => file.open(),
      () => file.close(),
      () => lay(process, 0, 1, { file }),
      () => page.word,
    ]) {
      expect(codeOf(use), String(use)).toBe("ESTALE");
    }
    expectHealthy(kernel);
  });

  test("can be closed only once: the second time is ESTALE, and mappings stay", () => {
    const file = kernel.createFile({ pages: 2, word: 5 });
    lay(process, 0, 2, { file });
    file.close();
    expect(codeOf(() => file.close())).toBe("ESTALE");
    expect(process.read(at(1))).toBe(6);
    expect(process.vmas()[0]!.file!.pages).toBe(2);
    expectHealthy(kernel);
  });

  test("shares inode, size and pages with other opens of it", () => {
    const file = kernel.createFile({ pages: 2, name: "both", word: 5 });
    const again = file.open();
    expect(again).toMatchObject({ name: "both", inode: file.inode, pages: 2 });
    again.truncate(7);
    expect(file.pages).toBe(7);
    file.close();
    lay(process, 0, 2, { file: again, shared: true });
    process.write(at(0), 1);
    expect(again.pages).toBe(7);
    expect(pageAt(process, 0).file!.inode).toBe(again.inode);
  });

  test("is told by the VMA that maps it", () => {
    const file = kernel.createFile({ pages: 2 });
    lay(process, 0, 1, { file, pgoff: 1 });
    expect(process.vmas()[0]).toMatchObject({ file, pgoff: 1 });
    expect(process.vmas()[0]!.file).toBe(file);
  });
});

describe("truncation", () => {
  test("takes pages away from everyone who maps them: SIGBUS from then on", () => {
    const file = kernel.createFile({ pages: 4, word: 10 });
    const other = kernel.spawn();
    lay(process, 0, 4, { file, shared: true });
    lay(other, 8, 4, { file, prot: "r" });
    for (let i = 0; i < 4; i++) {
      process.read(at(i));
      other.read(at(8 + i));
    }
    const gone = pageAt(process, 3);
    file.truncate(2);
    expect(file.pages).toBe(2);
    expect(codeOf(() => gone.word)).toBe("ESTALE");
    expect([process.rss.file, other.rss.file]).toEqual([2, 2]);
    expect(codeOf(() => process.read(at(2)))).toBe("SIGBUS");
    expect(codeOf(() => other.read(at(11)))).toBe("SIGBUS");
    expect([process.read(at(1)), other.read(at(9))]).toEqual([11, 11]);
    expect([layout(process), layout(other)]).toEqual([["0-4 rw-s"], ["8-12 r--p"]]);
    expectHealthy(kernel);
  });

  test("takes private copies away too", () => {
    const file = kernel.createFile({ pages: 2, word: 10 });
    lay(process, 0, 2, { file });
    process.write(at(0), 1);
    process.write(at(1), 2);
    file.truncate(1);
    expect(process.rss).toEqual({ anon: 1, file: 0, swap: 0 });
    expect(process.read(at(0))).toBe(1);
    expect(codeOf(() => process.read(at(1)))).toBe("SIGBUS");
    expectHealthy(kernel);
  });

  test("leaves private copies that are swapped out, and they come back with their content", () => {
    const file = kernel.createFile({ pages: 2, word: 10 });
    lay(process, 0, 2, { file });
    process.write(at(1), 2);
    const page = pageAt(process, 1);
    kernel.pageReferenced(page);
    expect(kernel.tryToUnmap(page)).toBe("success");
    file.truncate(0);
    expect(process.rss.swap).toBe(1);
    expect(process.read(at(1))).toBe(2);
    expect(process.rss).toEqual({ anon: 1, file: 0, swap: 0 });
    expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    expectHealthy(kernel);
  });

  test("reaches the copies of children", () => {
    const file = kernel.createFile({ pages: 1, word: 10 });
    lay(process, 0, 1, { file });
    process.write(at(0), 1);
    const child = process.fork();
    child.write(at(0), 2);
    file.truncate(0);
    expect([process.rss.anon, child.rss.anon]).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("to a larger size gives zero pages, also where there was content before", () => {
    const file = kernel.createFile({ pages: 2, word: 10 });
    lay(process, 0, 4, { file, shared: true });
    process.write(at(1), 99);
    file.truncate(1);
    file.truncate(4);
    expect([0, 1, 2, 3].map((i) => process.read(at(i)))).toEqual([10, 0, 0, 0]);
    expectHealthy(kernel);
  });

  test("to the same size changes nothing", () => {
    const file = kernel.createFile({ pages: 2, word: 10 });
    lay(process, 0, 2, { file });
    process.read(at(1));
    file.truncate(2);
    expect(process.rss.file).toBe(1);
  });

  test("leaves a VMA that shows other parts of the file alone", () => {
    const file = kernel.createFile({ pages: 8, word: 10 });
    lay(process, 0, 2, { file });
    lay(process, 4, 2, { file, pgoff: 6 });
    process.read(at(1));
    process.read(at(5));
    file.truncate(7);
    expect(process.pages().map(({ address }) => address)).toEqual([at(1)]);
    expect(process.read(at(4))).toBe(16);
  });
});

describe("shared anonymous memory", () => {
  test("is one object for all who inherit it, and counts as file", () => {
    lay(process, 0, 2, { shared: true });
    process.write(at(0), 1);
    const child = process.fork();
    expect(child.read(at(0))).toBe(1);
    const page = pageAt(child, 0);
    expect(page).toMatchObject({ anon: false, swapBacked: true, mapcount: 2, index: 0 });
    expect(process.rss).toEqual({ anon: 0, file: 1, swap: 0 });
    expect(places(page)).toEqual([`${process.pid}:0`, `${child.pid}:0`]);
  });

  test("goes with its last mapping", () => {
    lay(process, 0, 2, { shared: true });
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    const child = process.fork();
    process.exit();
    expect(page.word).toBe(1);
    child.exit();
    expect(codeOf(() => page.word)).toBe("ESTALE");
    expectHealthy(kernel);
  });

  test("is SIGBUS where a mapping was made longer than the object", () => {
    lay(process, 0, 2, { shared: true });
    process.mremap(at(0), 2 * PAGE, 3 * PAGE);
    expect(codeOf(() => process.read(at(2)))).toBe("SIGBUS");
  });
});
