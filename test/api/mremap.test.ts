// mremap resizes and moves mappings; pages keep their index and their anon_vma on the way.

import { beforeEach, describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import {
  anonVmaAt,
  at,
  codeOf,
  expectHealthy,
  lay,
  layout,
  PAGE,
  pageAt,
  places,
  stateOf,
} from "./ground.js";

describe.each(["list", "interval-tree"] as const)("with the %s", (anonIndex) => {
  let kernel: Kernel;
  let process: Process;

  beforeEach(async () => {
    kernel = await createKernel({ frames: 64, anonIndex, maxMapCount: 16, build: "checked" });
    process = kernel.spawn();
    lay(process, 0, 4);
    for (let i = 0; i < 4; i++) process.write(at(i), 10 + i);
  });

  test("a moved page is found at its new place, with its index and anon_vma of before", () => {
    const page = pageAt(process, 1);
    const { index, anonVma } = page;
    expect(process.mremap(at(0), 4 * PAGE, 4 * PAGE, { to: at(50) })).toBe(at(50));
    expect(layout(process)).toEqual(["50-54 rw-p"]);
    expect(pageAt(process, 51).frame).toBe(page.frame);
    expect(page).toMatchObject({ index, anonVma, mapcount: 1 });
    expect(places(page)).toEqual([`${process.pid}:51`]);
    expect(process.vmas()[0]!.pgoff).toBe(at(0) / PAGE);
    expect([50, 51, 52, 53].map((i) => process.read(at(i)))).toEqual([10, 11, 12, 13]);
    expect(kernel.counters.pagesCopied).toBe(0);
    expectHealthy(kernel);
  });

  test("a half moves away and comes back into its old VMA", () => {
    const page = pageAt(process, 2);
    process.mremap(at(2), 2 * PAGE, 2 * PAGE, { to: at(50) });
    expect(layout(process)).toEqual(["0-2 rw-p", "50-52 rw-p"]);
    expect(anonVmaAt(process, 50)).toBe(anonVmaAt(process, 0));
    expect(places(page)).toEqual([`${process.pid}:50`]);
    process.mremap(at(50), 2 * PAGE, 2 * PAGE, { to: at(2) });
    expect(layout(process)).toEqual(["0-4 rw-p"]);
    expect(places(page)).toEqual([`${process.pid}:2`]);
    expectHealthy(kernel);
  });

  test("pages shared with a child move in one process and stay in the other", () => {
    const child = process.fork();
    const page = pageAt(process, 1);
    process.mremap(at(0), 4 * PAGE, 4 * PAGE, { to: at(50) });
    expect(places(page).sort()).toEqual([`${process.pid}:51`, `${child.pid}:1`].sort());
    expect(child.read(at(1))).toBe(11);
    expectHealthy(kernel);
  });

  test("memory that was never touched takes its offset from its new address", () => {
    lay(process, 20, 2);
    process.mremap(at(20), 2 * PAGE, 2 * PAGE, { to: at(60) });
    expect(process.vmas().at(-1)).toMatchObject({ start: at(60), pgoff: at(60) / PAGE });
  });

  test("a mapping shrinks where it is", () => {
    expect(process.mremap(at(0), 4 * PAGE, PAGE)).toBe(at(0));
    expect(layout(process)).toEqual(["0-1 rw-p"]);
    expect(process.rss.anon).toBe(1);
  });

  test("a mapping grows where it is if there is room, and moves if there is not", () => {
    expect(process.mremap(at(0), 4 * PAGE, 6 * PAGE, { mayMove: false })).toBe(at(0));
    expect(layout(process)).toEqual(["0-6 rw-p"]);
    lay(process, 6, 1, { prot: "r" });
    expect(codeOf(() => process.mremap(at(0), 6 * PAGE, 8 * PAGE, { mayMove: false }))).toBe(
      "ENOMEM",
    );
    expect(layout(process)).toEqual(["0-6 rw-p", "6-7 r--p"]);
    const moved = process.mremap(at(0), 6 * PAGE, 8 * PAGE);
    expect(moved).not.toBe(at(0));
    expect(process.read(moved + 3 * PAGE)).toBe(13);
    expect(process.read(moved + 7 * PAGE)).toBe(0);
    expect(process.vmaCount).toBe(2);
    expectHealthy(kernel);
  });

  test("a move to a smaller place drops the tail, to a larger one leaves it empty", () => {
    process.mremap(at(0), 4 * PAGE, 2 * PAGE, { to: at(50) });
    expect(layout(process)).toEqual(["50-52 rw-p"]);
    expect(process.rss.anon).toBe(2);
    process.mremap(at(50), 2 * PAGE, 6 * PAGE, { to: at(60) });
    expect(layout(process)).toEqual(["60-66 rw-p"]);
    expect(process.pages()).toHaveLength(2);
  });

  test("a move replaces what is at its target", () => {
    lay(process, 50, 8, { prot: "r" });
    process.mremap(at(1), PAGE, PAGE, { to: at(52) });
    expect(layout(process)).toEqual([
      "0-1 rw-p",
      "2-4 rw-p",
      "50-52 r--p",
      "52-53 rw-p",
      "53-58 r--p",
    ]);
    expect(process.read(at(52))).toBe(11);
  });

  test("shared mappings of a file move too", () => {
    const file = kernel.createFile({ pages: 4, word: 100 });
    lay(process, 10, 4, { file, shared: true });
    process.write(at(12), 7);
    const page = pageAt(process, 12);
    process.mremap(at(12), 2 * PAGE, 2 * PAGE, { to: at(50) });
    expect(places(page)).toEqual([`${process.pid}:50`]);
    expect([process.read(at(50)), process.read(at(51))]).toEqual([7, 103]);
    expectHealthy(kernel);
  });

  test("pages that are swapped out move with the others", () => {
    const page = pageAt(process, 1);
    kernel.pageReferenced(page);
    expect(kernel.tryToUnmap(page)).toBe("success");
    process.mremap(at(0), 4 * PAGE, 4 * PAGE, { to: at(50) });
    expect(process.read(at(51))).toBe(11);
    expect(places(page)).toEqual([`${process.pid}:51`]);
    expectHealthy(kernel);
  });

  test.each([
    ["EINVAL", "an address that is not a page's", () => process.mremap(at(0) + 1, PAGE, PAGE)],
    ["EINVAL", "no new length", () => process.mremap(at(0), PAGE, 0)],
    [
      "EINVAL",
      "a target that is not a page's",
      () => process.mremap(at(0), PAGE, PAGE, { to: at(50) + 1 }),
    ],
    [
      "EINVAL",
      "a target inside the old range",
      () => process.mremap(at(0), 4 * PAGE, 4 * PAGE, { to: at(1) }),
    ],
    [
      "EINVAL",
      "a target over the old range",
      () => process.mremap(at(2), PAGE, 4 * PAGE, { to: at(0) }),
    ],
    ["ENOMEM", "more than the address space", () => process.mremap(at(0), PAGE, 2 ** 48)],
    ["EFAULT", "nothing there", () => process.mremap(at(30), PAGE, 2 * PAGE)],
    ["EFAULT", "an old range longer than its VMA", () => process.mremap(at(0), 5 * PAGE, 6 * PAGE)],
  ])("fails with %s for %s, and changes nothing", (code, _, call) => {
    const before = stateOf(kernel);
    expect(codeOf(call)).toBe(code);
    expect(stateOf(kernel)).toEqual(before);
  });

  test("a fixed move of what is not there fails with EFAULT after it unmapped the target", () => {
    expect(codeOf(() => process.mremap(at(30), PAGE, PAGE, { to: at(2) }))).toBe("EFAULT");
    expect(layout(process)).toEqual(["0-2 rw-p", "3-4 rw-p"]);
  });

  // A move may make three VMAs on its way, so it stops three short of the limit.
  test("a move fails with ENOMEM three VMAs short of the limit", () => {
    for (let i = 1; i < 13; i++) lay(process, 10 * i, 1);
    expect(process.vmaCount).toBe(13);
    expect(codeOf(() => process.mremap(at(0), PAGE, PAGE, { to: at(500) }))).toBe("ENOMEM");
    process.munmap(at(10), PAGE);
    expect(process.mremap(at(0), PAGE, PAGE, { to: at(500) })).toBe(at(500));
  });
});
