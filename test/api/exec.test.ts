// exec with a stack: made at the end of all addresses, moved to its place with the arguments in it.

import { describe, expect, test } from "vitest";
import {
  createKernel,
  DEFAULT_STACK_TOP,
  type KernelOptions,
  type Process,
} from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, stateOf } from "./ground.js";

const END = 0x7ffffffff000;
const TOP = DEFAULT_STACK_TOP;

async function machine(options: KernelOptions = {}) {
  const kernel = await createKernel({ build: "checked", frames: 1024, ...options });
  return { kernel, process: kernel.spawn() };
}

/** The only VMA, as pages below a place. */
function stackBelow(process: Process, top: number) {
  const vmas = process.vmas();
  expect(vmas).toHaveLength(1);
  const [
    { start, end, perms, pgoff, flags } = { start: 0, end: 0, perms: "", pgoff: 0, flags: 0 },
  ] = vmas;
  expect(end).toBe(top);
  return { pages: (end - start) / PAGE, perms, pgoff, flags };
}

describe("exec", () => {
  test("without a stack leaves an empty address space", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2);
    process.write(at(0), 1);
    process.exec();
    expect(process.vmas()).toEqual([]);
    expect(process.rss.anon).toBe(0);
    expectHealthy(kernel);
  });

  test("brings the arguments to where the stack ends, and makes room below them", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2);
    process.write(at(0), 1);
    process.exec({ stack: { pages: 3 } });
    // Three pages, one kept free below, and 128 KiB to grow into at once.
    const stack = stackBelow(process, TOP);
    expect(stack).toMatchObject({ pages: 3 + 1 + 32, perms: "rw-p" });
    expect([1, 2, 3].map((i) => process.read(TOP - i * PAGE))).toEqual([1, 2, 3]);
    expect(process.rss.anon).toBe(3);
    expect(kernel.vmstat().nr_anon_pages).toBe(3);
    expectHealthy(kernel);
  });

  test("keeps the index that pages got where they were written, so walks find them", async () => {
    const { kernel, process } = await machine();
    process.exec({ stack: { pages: 2 } });
    const stack = stackBelow(process, TOP);
    expect(stack.pgoff).toBe(END / PAGE - stack.pages);
    const page = process.pageAt(TOP - PAGE);
    expect(page?.index).toBe(END / PAGE - 1);
    expect(page?.mappings()).toHaveLength(1);
    expect(page && kernel.migratePage(page).result).toBe("moved");
    expect(process.read(TOP - PAGE)).toBe(1);
    expectHealthy(kernel);
  });

  test.each([
    ["where it was made", END, 5],
    ["where both places overlap", END - 2 * PAGE, 9],
    ["below the same page table", END - 40 * PAGE, 3],
    ["below another page table", END - 700 * PAGE, 3],
    ["where both overlap over several page tables", END - 600 * PAGE, 1000],
    ["far away", at(400), 3],
  ])("ends %s", async (_, top, pages) => {
    const { kernel, process } = await machine({ stack: 2 ** 32 - 1 });
    process.exec({ stack: { pages, top } });
    expect(stackBelow(process, top).pages).toBe(pages + 1 + 32);
    for (let i = 1; i <= pages; i++) expect(process.read(top - i * PAGE)).toBe(i);
    expect(process.rss.anon).toBe(pages);
    expectHealthy(kernel);
    // The tables of the temporary place are gone: those of the new one go with it.
    process.munmap(top - (pages + 33) * PAGE, (pages + 33) * PAGE);
    expectHealthy(kernel);
  });

  test("leaves no marks: the stack's pages move as others do, and it grows", async () => {
    const { kernel, process } = await machine();
    process.exec({ stack: { pages: 1 } });
    const { pages } = stackBelow(process, TOP);
    process.write(TOP - (pages + 10) * PAGE, 5);
    expect(stackBelow(process, TOP).pages).toBe(pages + 11);
    process.madvise(TOP - PAGE, PAGE, "normal");
    expect(process.vmas()).toHaveLength(1);
    expectHealthy(kernel);
  });

  test("makes it executable if that is wanted", async () => {
    const { process } = await machine();
    process.exec({ stack: { pages: 1, executable: true } });
    expect(stackBelow(process, TOP).perms).toBe("rwxp");
    process.execute(TOP - PAGE);
    expect(codeOf(() => process.execute(TOP))).toBe("SIGSEGV");
  });

  test("gives a stack that may have little only what it may", async () => {
    const { process } = await machine({ stack: 20 });
    process.exec({ stack: { pages: 4 } });
    expect(stackBelow(process, TOP).pages).toBe(20);
  });

  test("leaves an address space that others share alone", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const child = process.fork({ shareMemory: true });
    child.exec({ stack: { pages: 1 } });
    expect(process.read(at(0))).toBe(1);
    expect(stackBelow(child, TOP).pages).toBe(34);
    expectHealthy(kernel);
  });

  test("charges the arguments to the cgroup of the process", async () => {
    const { kernel } = await machine();
    const cgroup = kernel.createCgroup();
    const process = kernel.spawn({ cgroup });
    process.exec({ stack: { pages: 3 } });
    expect(cgroup.pages).toBe(3);
  });
});

describe("exec that fails changes nothing", () => {
  test.each([
    ["more arguments than a stack may hold", { stack: 4 }, 5, "E2BIG"],
    ["more than a quarter of a stack", { stack: 160 }, 40, "E2BIG"],
    ["too few frames", { frames: 8 }, 8, "ENOMEM"],
    ["too many before frames run out", { frames: 34, stack: 100 }, 200, "E2BIG"],
    ["frames run out before there are too many", { frames: 32, stack: 100 }, 200, "ENOMEM"],
  ])("%s", async (_, options, pages, code) => {
    const { kernel, process } = await machine(options);
    lay(process, 0, 2);
    process.write(at(0), 1);
    const before = stateOf(kernel);
    expect(codeOf(() => process.exec({ stack: { pages } }))).toBe(code);
    expect(stateOf(kernel)).toEqual(before);
    expectHealthy(kernel);
  });

  test("up to 128 KiB a quarter does not matter, if the stack may be so large", async () => {
    const { process } = await machine({ stack: 100 });
    process.exec({ stack: { pages: 31 } });
    expect(codeOf(() => process.exec({ stack: { pages: 32 } }))).toBe("E2BIG");
  });

  test("a place that can't be", async () => {
    const { process } = await machine();
    for (const top of [1, END + PAGE, 0, 4 * PAGE]) {
      expect(() => process.exec({ stack: { pages: 3, top } })).toThrow(/stack\.top is/);
    }
    expect(() => process.exec({ stack: { pages: 0 } })).toThrow(/stack\.pages is 0/);
  });
});
