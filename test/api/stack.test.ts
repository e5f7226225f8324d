// Mappings that grow down: what is touched below them, the page they keep free, and what stops them.

import { describe, expect, test } from "vitest";
import { createKernel, type KernelOptions, type Process } from "../../bindings/index.js";
import { at, anonVmaAt, codeOf, expectHealthy, lay, layout, PAGE, pageAt } from "./ground.js";

const growing = { growsDown: true } as const;

/** A process with a stack of the pages [100, 104). */
async function stacked(options: KernelOptions = {}) {
  const kernel = await createKernel({ build: "checked", frames: 64, ...options });
  const process = kernel.spawn();
  lay(process, 100, 4, growing);
  return { kernel, process };
}

function present(process: Process): number[] {
  return process.pages().map(({ address }) => (address - at(0)) / PAGE);
}

describe("a stack", () => {
  test("takes in the page that is touched below it, and one more that stays free", async () => {
    const { kernel, process } = await stacked();
    process.write(at(90), 7);
    expect(layout(process)).toEqual(["89-104 rw-p"]);
    expect(present(process)).toEqual([90]);
    expect(process.read(at(90))).toBe(7);
    expectHealthy(kernel);
  });

  test("keeps the index of its pages: walks find them as before", async () => {
    const { kernel, process } = await stacked();
    process.write(at(102), 1);
    const child = process.fork();
    const page = pageAt(process, 102);
    process.write(at(50), 2);
    child.write(at(60), 3);
    expect(layout(process)).toEqual(["49-104 rw-p"]);
    expect(layout(child)).toEqual(["59-104 rw-p"]);
    expect(page.mappings().map((mapping) => mapping.process)).toEqual([process, child]);
    expect(pageAt(process, 50).mappings()).toHaveLength(1);
    expect(pageAt(process, 50).index).toBe(page.index - 52);
    expectHealthy(kernel);
  });

  test("grows for a reader too, who gives it an anon_vma by that", async () => {
    const { process } = await stacked();
    expect(process.read(at(98))).toBe(0);
    expect(layout(process)).toEqual(["97-104 rw-p"]);
    expect(anonVmaAt(process, 98)).toBeGreaterThan(0);
    expect(process.rss.anon).toBe(0);
  });

  test("grows before it is asked what it allows", async () => {
    const { process } = await stacked();
    expect(codeOf(() => process.execute(at(98)))).toBe("SIGSEGV");
    expect(layout(process)).toEqual(["98-104 rw-p"]);
  });

  test("grows at a touch of its lowest page, and not of a page that is there", async () => {
    const { process } = await stacked();
    process.write(at(101), 1);
    expect(layout(process)).toEqual(["100-104 rw-p"]);
    process.write(at(100), 1);
    expect(layout(process)).toEqual(["99-104 rw-p"]);
    process.write(at(100), 2);
    expect(layout(process)).toEqual(["99-104 rw-p"]);
  });

  test("keeps its flags, and counts what it grows by as locked", async () => {
    const { kernel, process } = await stacked();
    process.mlock(at(100), 4 * PAGE);
    // The page that is kept free is not made present by mlock.
    expect(present(process)).toEqual([101, 102, 103]);
    process.write(at(97), 1);
    expect(process.lockedPages).toBe(8);
    expect(present(process)).toEqual([97, 101, 102, 103]);
    expect(pageAt(process, 97).mlocked).toBe(true);
    expectHealthy(kernel);
  });

  test("that was cut in two is one stack: only its lowest part keeps a page free", async () => {
    const { process } = await stacked();
    process.madvise(at(102), 2 * PAGE, "dontfork");
    process.write(at(102), 1);
    expect(layout(process)).toEqual(["100-102 rw-p", "102-104 rw-p"]);
    process.mlock(at(100), 4 * PAGE);
    expect(present(process)).toEqual([101, 102, 103]);
  });
});

describe("it stops", () => {
  test("where something else is mapped right below: SIGBUS, and nothing is there", async () => {
    const { kernel, process } = await stacked();
    lay(process, 98, 2);
    expect(codeOf(() => process.write(at(100), 1))).toBe("SIGBUS");
    expect(codeOf(() => process.read(at(100)))).toBe("SIGBUS");
    expect(present(process)).toEqual([]);
    process.write(at(99), 1);
    process.write(at(101), 1);
    expect(layout(process)).toEqual(["98-100 rw-p", "100-104 rw-p"]);
    expectHealthy(kernel);
  });

  test("one page above what is mapped below: that page stays free", async () => {
    const { process } = await stacked();
    lay(process, 98, 1);
    process.write(at(100), 1);
    expect(layout(process)).toEqual(["98-99 rw-p", "99-104 rw-p"]);
    expect(codeOf(() => process.write(at(99), 1))).toBe("SIGBUS");
  });

  test("at its limit: SIGSEGV beyond, and at the limit without a page kept free", async () => {
    const { kernel, process } = await stacked({ stack: 8 });
    expect(codeOf(() => process.write(at(95), 1))).toBe("SIGSEGV");
    expect(layout(process)).toEqual(["100-104 rw-p"]);
    // The attempt leaves what it begins with.
    expect(anonVmaAt(process, 100)).toBeGreaterThan(0);
    process.write(at(96), 1);
    expect(layout(process)).toEqual(["96-104 rw-p"]);
    expect(present(process)).toEqual([96]);
    expectHealthy(kernel);
  });

  test("not without a limit, nor below a mapping of another kind", async () => {
    const { process } = await stacked({ stack: 2 ** 32 - 1 });
    process.write(at(0), 1);
    expect(layout(process)).toEqual(["-1-104 rw-p"]);
    lay(process, -20, 4);
    expect(codeOf(() => process.write(at(-21), 1))).toBe("SIGSEGV");
  });

  test("where its object begins: a VMA that was moved up has fewer pages below", async () => {
    const kernel = await createKernel({ build: "checked", frames: 64 });
    const process = kernel.spawn();
    process.mmap({ address: 3 * PAGE, length: 2 * PAGE, fixed: true, growsDown: true });
    process.write(4 * PAGE, 5);
    process.mremap(3 * PAGE, 2 * PAGE, 2 * PAGE, { to: at(100) });
    expect(codeOf(() => process.write(at(96), 1))).toBe("SIGSEGV");
    process.write(at(97), 6);
    expect(layout(process)).toEqual(["97-102 rw-p"]);
    expect(process.vmaAt(at(97))?.pgoff).toBe(0);
    expect(process.read(at(101))).toBe(5);
    expectHealthy(kernel);
  });

  test("at the pages that may be locked, if it is locked", async () => {
    const { process } = await stacked({ memlock: 6 });
    process.mlock(at(100), 4 * PAGE);
    expect(codeOf(() => process.write(at(97), 1))).toBe("SIGSEGV");
    process.write(at(98), 1);
    expect(process.lockedPages).toBe(6);
  });

  test("without a free frame, as it was", async () => {
    const { kernel, process } = await stacked({ frames: 2 });
    process.write(at(103), 1);
    process.write(at(102), 1);
    expect(codeOf(() => process.write(at(90), 1))).toBe("ENOMEM");
    expect(codeOf(() => process.write(at(100), 1))).toBe("ENOMEM");
    expect(layout(process)).toEqual(["100-104 rw-p"]);
    expectHealthy(kernel);
  });
});
