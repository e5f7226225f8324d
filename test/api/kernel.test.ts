import { describe, expect, test } from "vitest";
import {
  compileCore,
  createKernel,
  createKernelSync,
  Kernel,
  KernelError,
  releases,
  switches,
  type Build,
} from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, pageAt, places } from "./ground.js";

const builds: readonly Build[] = ["release", "checked", "explore"];

async function refusal(options: object): Promise<KernelError> {
  try {
    await createKernel(options);
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
  throw new Error("the options were accepted");
}

describe.each(builds)("a kernel of the %s build", (build) => {
  test("runs processes, and finds their pages' mappings", async () => {
    const kernel = await createKernel({ build, frames: 64 });
    const parent = kernel.spawn();
    lay(parent, 0, 4);
    parent.write(at(1), 42);
    const child = parent.fork();
    expect(child.read(at(1))).toBe(42);
    expect(places(pageAt(parent, 1))).toEqual([`${parent.pid}:1`, `${child.pid}:1`]);
    expectHealthy(kernel);
    kernel.dispose();
  });

  test("is made from a compiled module without waiting", async () => {
    const module = await compileCore(build);
    const first = createKernelSync(module, { frames: 8 });
    const second = createKernelSync(module, { frames: 8 });
    lay(first.spawn(), 0, 1);
    expect(first.vmaCount).toBe(1);
    expect(second.vmaCount).toBe(0);
    expect(second.processes).toEqual([]);
    first.dispose();
    second.dispose();
  });
});

test("a build is compiled once, and its module serves many kernels", async () => {
  expect(await compileCore("checked")).toBe(await compileCore("checked"));
});

describe("options", () => {
  test("have the values of v3.7 when nothing is said", async () => {
    const kernel = await createKernel();
    expect(kernel).toBeInstanceOf(Kernel);
    expect(kernel.options).toEqual({
      memcgStat: "move-lock-fast",
      swapToken: "off",
      fileIndex: "interval-tree",
      mremapOrder: "lock-if-needed",
      anonIndex: "interval-tree",
      vmaAddress: "asserted",
      pageEvictable: "page-only",
      clearMlock: "on-last-unmap",
      notifierCalls: "outside-ptl",
      storageKeyDirty: "non-accounting-only",
      hugeMove: "ptl-only",
      hugetlbPgoff: "huge-pages",
      migrationMlock: "lost",
      ksmWalk: "all-vmas",
      anonVmaReuse: "never",
      invalidatePage: "after-unlock",
      frames: 65536,
      memory: 2 ** 31,
      maxMapCount: 65530,
      swap: 65536,
      memlock: 2 ** 32 - 1,
      arch: "x86-64",
      stack: 2048,
      transparentHugepage: "madvise",
      hugePages: 0,
    });
    kernel.dispose();
  });

  test("swap is as large as the frames, unless it is given", async () => {
    expect((await createKernel({ frames: 100 })).options.swap).toBe(100);
    expect((await createKernel({ frames: 100, swap: 0 })).options.swap).toBe(0);
  });

  test("a list implies the checks and locks that only a tree can do without", async () => {
    const { options } = await createKernel({ anonIndex: "list" });
    expect(options.vmaAddress).toBe("checked");
    expect(options.mremapOrder).toBe("always-lock");
  });

  test("a tree may be had with the checks and locks of a list", async () => {
    const { options } = await createKernel({ vmaAddress: "checked", mremapOrder: "always-lock" });
    expect(options.anonIndex).toBe("interval-tree");
    expect(options.vmaAddress).toBe("checked");
    expect(options.mremapOrder).toBe("always-lock");
  });

  test("a tree in a release that had lists implies what the commit that brought it had", async () => {
    const { options } = await createKernel({ release: "v3.6", anonIndex: "interval-tree" });
    expect(options).toMatchObject({ vmaAddress: "checked", mremapOrder: "always-lock" });
  });

  test("the index that a release has anyway implies nothing", async () => {
    const { options } = await createKernel({ release: "v3.6", anonIndex: "list" });
    expect(options.mremapOrder).toBe("move-to-tail");
  });

  // The table of presets, one letter a value in the order of its switch, oldest "a".
  test.each([
    ["v3.0", "aaaaaaaaaa"],
    ["v3.3", "aaabaaaaaa"],
    ["v3.4", "cabbaaaaaa"],
    ["v3.5", "cbbbaaaaaa"],
    ["v3.6", "cbbbaaaaaa"],
    ["v3.7-rc1", "cbcdbbbbba"],
    ["v3.7", "cbcdbbbbbb"],
  ] as const)("%s sets the ten switches as its release had them", async (release, letters) => {
    const { options } = await createKernel({ release });
    const values = Object.entries(switches).map(([name, all]) =>
      (all as readonly unknown[]).indexOf(options[name as keyof typeof switches]),
    );
    expect(
      values
        .slice(0, 10)
        .map((value) => "abcd"[value])
        .join(""),
    ).toBe(letters);
    // Later repairs are in none of them.
    expect(values.slice(10)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test.each([
    [{ mremapOrder: "move-to-tail" }, ['mremapOrder "move-to-tail"', 'anonIndex "interval-tree"']],
    [
      { release: "v3.6", anonIndex: "interval-tree", mremapOrder: "move-to-tail" },
      ['mremapOrder "move-to-tail"', 'anonIndex "interval-tree"'],
    ],
    [{ release: "v3.6", vmaAddress: "asserted" }, ['vmaAddress "asserted"', 'anonIndex "list"']],
  ])("%o is impossible, and the error names both switches", async (options, words) => {
    const error = await refusal(options);
    expect(error.code).toBe("EINVAL");
    for (const word of words) expect(error.message).toContain(word);
  });

  test.each([
    ["vmaAddress", "asserted"],
    ["mremapOrder", "lock-if-needed"],
  ])("%s %s is impossible with a list, and the error names both switches", async (name, value) => {
    const error = await refusal({ anonIndex: "list", [name]: value });
    expect(error.code).toBe("EINVAL");
    expect(error.message).toContain(`${name} "${value}"`);
    expect(error.message).toContain('anonIndex "list"');
  });

  test.each([
    [{ release: "v3.8" }, ["v3.8", ...releases]],
    [{ anonIndex: "prio-tree" }, ["prio-tree", ...switches.anonIndex]],
    [{ fileIndex: "list" }, ["list", ...switches.fileIndex]],
    [{ vmaAddress: "maybe" }, ["maybe", ...switches.vmaAddress]],
    [{ mremapOrder: "any" }, ["any", ...switches.mremapOrder]],
    [{ build: "fast" }, ["fast", ...builds, "debug"]],
    [{ frames: 0 }, ["frames is 0", "1 to 16777215"]],
    [{ frames: 1.5 }, ["frames is 1.5"]],
    [{ frames: NaN }, ["frames is NaN"]],
    [{ frames: 2 ** 24 }, ["frames is 16777216"]],
    [{ frames: "4" }, ['frames is "4"']],
    [{ memory: 2 ** 17 - 1 }, ["memory is 131071", "131072 to 2147483648"]],
    [{ memory: 2 ** 31 + 1 }, ["memory is 2147483649"]],
    [{ maxMapCount: 0 }, ["maxMapCount is 0", "1 to 2147483647"]],
    [{ swap: -1 }, ["swap is -1", "0 to 2147483647"]],
  ])("%o is refused, with the value and what is accepted", async (options, words) => {
    const error = await refusal(options);
    expect(error.code).toBe("EINVAL");
    for (const word of words) expect(error.message).toContain(word);
  });

  test("more frames than the memory has room for are refused with ENOMEM", async () => {
    const error = await refusal({ frames: 2 ** 20, memory: 2 ** 20 });
    expect(error.code).toBe("ENOMEM");
    expect(error.message).toContain("1048576 frames");
  });
});

describe("a kernel", () => {
  test("lists its processes by pid, always as the same objects, until they exit", async () => {
    const kernel = await createKernel({ frames: 8 });
    const first = kernel.spawn();
    const second = kernel.spawn();
    const child = first.fork();
    expect(kernel.processes).toEqual([first, second, child]);
    expect(kernel.processes[2]).toBe(child);
    expect([first.parent, second.parent, child.parent]).toEqual([null, null, first.pid]);
    second.exit();
    expect(kernel.processes).toEqual([first, child]);
  });

  test("gives the page in a frame, and ESTALE for a frame that is free or none", async () => {
    const kernel = await createKernel({ frames: 8 });
    const process = kernel.spawn();
    lay(process, 0, 1);
    process.write(at(0), 7);
    const { frame } = pageAt(process, 0);
    expect(kernel.page(frame).word).toBe(7);
    for (const none of [0, -1, frame + 1, 9, 2 ** 24, 2 ** 32 + frame, frame + 0.5, NaN]) {
      expect(codeOf(() => kernel.page(none))).toBe("ESTALE");
    }
  });

  test("counts VMAs of all processes, and remembers the most there were", async () => {
    const kernel = await createKernel({ frames: 8 });
    const process = kernel.spawn();
    lay(process, 0, 1);
    lay(process, 2, 1);
    lay(process, 4, 1);
    const child = process.fork();
    expect(kernel.vmaCount).toBe(6);
    expect(process.vmaCount).toBe(3);
    child.exit();
    process.munmap(at(0), 1);
    expect([kernel.vmaCount, kernel.peakVmaCount, kernel.peakMapCount]).toEqual([2, 6, 3]);
    kernel.resetCounters();
    expect([kernel.peakVmaCount, kernel.peakMapCount]).toEqual([2, 2]);
  });

  test("uses more linear memory as more is mapped", async () => {
    const kernel = await createKernel({ frames: 8 });
    const empty = kernel.memoryInUse;
    const process = kernel.spawn();
    for (let i = 0; i < 200; i++) lay(process, 2 * i, 1);
    expect(kernel.memoryInUse).toBeGreaterThan(empty + 200 * 64);
    expect(kernel.memoryInUse % 4096).toBe(0);
  });

  test("is gone once it is disposed of: everything of it is ESTALE", async () => {
    const kernel = await createKernel({ frames: 8 });
    const process = kernel.spawn();
    const file = kernel.createFile({ pages: 1 });
    const snapshot = kernel.snapshot();
    const batch = kernel.batch();
    lay(process, 0, 1);
    process.write(at(0), 1);
    const page = pageAt(process, 0);
    kernel.dispose();
    for (const use of [
      () => kernel.spawn(),
      () => kernel.processes,
      () => kernel.counters,
      () => kernel.memoryInUse,
      () => kernel.verify(),
      () => kernel.snapshot(),
      () => kernel.restore(snapshot),
      () => kernel.createFile({ pages: 1 }),
      () => process.read(at(0)),
      () => process.fork(),
      () => process.vmas(),
      () => process.rss,
      () => page.word,
      () => page.mappings(),
      () => kernel.rmapWalk(page),
      () => file.pages,
      () => file.truncate(0),
      () => batch.run(),
    ]) {
      expect(codeOf(use), String(use)).toBe("ESTALE");
    }
    expect(codeOf(() => kernel.dispose())).toBe("");
  });

  test.each([
    ["a page", (mine: Kernel, page: ReturnType<typeof pageAt>) => mine.rmapWalk(page)],
    ["a page to unmap", (mine: Kernel, page: ReturnType<typeof pageAt>) => mine.tryToUnmap(page)],
  ])("refuses %s of another kernel", async (_, use) => {
    const mine = await createKernel({ frames: 8 });
    const other = await createKernel({ frames: 8 });
    for (const kernel of [mine, other]) {
      const process = kernel.spawn();
      lay(process, 0, 1);
      process.write(at(0), 1);
    }
    const foreign = pageAt(other.processes[0]!, 0);
    expect(codeOf(() => use(mine, foreign))).toBe("EINVAL");
  });

  test("refuses to map another kernel's file", async () => {
    const mine = await createKernel({ frames: 8 });
    const other = await createKernel({ frames: 8 });
    mine.createFile({ pages: 4 });
    const foreign = other.createFile({ pages: 4 });
    const process = mine.spawn();
    expect(codeOf(() => lay(process, 0, 1, { file: foreign }))).toBe("EINVAL");
    expect(process.vmas()).toEqual([]);
  });
});

test("an error tells its code, the operation with its arguments, and the process", async () => {
  const kernel = await createKernel({ frames: 8 });
  const process = kernel.spawn();
  process.name = "editor";
  const error = (() => {
    try {
      process.munmap(at(0) + 1, 4096);
    } catch (thrown) {
      return thrown as KernelError;
    }
    throw new Error("nothing was thrown");
  })();
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe("KernelError");
  expect(error.code).toBe("EINVAL");
  expect(error.operation).toBe("munmap(0x200000000001, 4096) in process editor");
  expect(error.message).toContain("EINVAL");
});
