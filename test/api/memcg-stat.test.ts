// The three states of memcgStat, one operation after another: they count the same, at other prices.

import { describe, expect, test } from "vitest";
import {
  createKernel,
  switches,
  type Kernel,
  type MemoryCgroup,
  type Process,
} from "../../bindings/index.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "./ground.js";

interface Ground {
  readonly kernel: Kernel;
  readonly from: MemoryCgroup;
  readonly to: MemoryCgroup;
  /** Both are in the first cgroup, and map a file of two pages. */
  readonly processes: readonly [Process, Process];
}

async function ground(memcgStat: (typeof switches.memcgStat)[number]): Promise<Ground> {
  const kernel = await createKernel({ build: "checked", frames: 256, memcgStat });
  const from = kernel.createCgroup("from");
  const file = kernel.createFile({ pages: 2, word: 1 });
  const spawn = (): Process => {
    const process = kernel.spawn({ cgroup: from });
    lay(process, 0, 2, { file, shared: true });
    return process;
  };
  return { kernel, from, to: kernel.createCgroup("to"), processes: [spawn(), spawn()] };
}

function mappedFile(...cgroups: MemoryCgroup[]): number[] {
  return cgroups.map((cgroup) => cgroup.stat().mapped_file);
}

describe.each(switches.memcgStat)("memcgStat %s", (memcgStat) => {
  test("the first mapping of a page counts, and the end of the last", async () => {
    const { kernel, from, processes } = await ground(memcgStat);
    const [a, b] = processes;
    const seen: number[] = [];
    const look = (): void => {
      seen.push(...mappedFile(from));
      expectHealthy(kernel);
    };
    a.read(at(0));
    look();
    b.read(at(0));
    look();
    a.munmap(at(0), PAGE);
    look();
    b.munmap(at(0), PAGE);
    look();
    expect(seen).toEqual([1, 1, 1, 0]);
  });

  test("a mapped page goes over with its count, one that nobody maps without", async () => {
    const { kernel, from, to, processes } = await ground(memcgStat);
    const [a, b] = processes;
    a.read(at(0));
    a.read(at(1));
    a.madvise(at(1), PAGE, "dontneed");
    to.move(b);
    expect([from.stat().cache, to.stat().cache]).toEqual([0, 2]);
    expect(mappedFile(from, to)).toEqual([0, 1]);
    expectHealthy(kernel);
    a.munmap(at(0), 2 * PAGE);
    expect(mappedFile(from, to)).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("with the first cgroup the root counts what is mapped, and loses it again", async () => {
    const kernel = await createKernel({ build: "checked", frames: 256, memcgStat });
    const process = kernel.spawn();
    const file = kernel.createFile({ pages: 2, word: 1 });
    lay(process, 0, 2, { file, shared: true });
    lay(process, 4, 1);
    for (const page of [0, 1]) process.read(at(page));
    process.write(at(4), 5);
    process.madvise(at(1), PAGE, "dontneed");
    const { rootCgroup } = kernel;
    const g = kernel.createCgroup("g");
    expect(rootCgroup.stat()).toMatchObject({ cache: 2, rss: 1, mapped_file: 1 });
    expectHealthy(kernel);
    g.move(process);
    expect(mappedFile(rootCgroup, g)).toEqual([0, 1]);
    expectHealthy(kernel);
    process.exit();
    expect(mappedFile(rootCgroup, g)).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("a page that migrates is counted where it comes to", async () => {
    const { kernel, from, processes } = await ground(memcgStat);
    const [a] = processes;
    a.read(at(0));
    kernel.migratePage(pageAt(a, 0));
    expect(mappedFile(from)).toEqual([1]);
    expectHealthy(kernel);
    a.exit();
    expect(mappedFile(from)).toEqual([0]);
    expectHealthy(kernel);
  });

  test("a frame that was a file's page is charged anew as an anonymous one, and the other way round", async () => {
    const { kernel, from, processes } = await ground(memcgStat);
    const [a, b] = processes;
    const file = kernel.createFile({ pages: 4, word: 9 });
    for (let round = 0; round < 3; round++) {
      lay(a, 8, 4, { file, shared: true });
      for (let page = 8; page < 12; page++) a.read(at(page));
      file.truncate(0);
      file.truncate(4);
      lay(b, 8, 4);
      for (let page = 8; page < 12; page++) b.write(at(page), page);
      expect(from.stat()).toMatchObject({ cache: 0, rss: 4 });
      expectHealthy(kernel);
      b.munmap(at(8), 4 * PAGE);
    }
    expect(from.stat()).toMatchObject({ cache: 0, rss: 0, mapped_file: 0 });
  });

  test("the parts of a huge page that is split are charged as it was", async () => {
    const kernel = await createKernel({
      build: "checked",
      frames: 2048,
      transparentHugepage: "always",
      memcgStat,
    });
    const cgroup = kernel.createCgroup("g");
    const process = kernel.spawn({ cgroup });
    lay(process, 0, 1024);
    process.write(at(512), 1);
    process.munmap(at(512), 3 * PAGE);
    expect(cgroup.stat()).toMatchObject({ cache: 0, rss: 509 });
    expectHealthy(kernel);
  });
});

/** Steps that a value costs more than page-flag, for one operation. */
async function dearer(operation: (on: Ground) => void, before: (on: Ground) => void) {
  const steps: number[] = [];
  for (const memcgStat of switches.memcgStat) {
    const on = await ground(memcgStat);
    before(on);
    on.kernel.resetCounters();
    operation(on);
    const { steps: all, locks } = on.kernel.lockCounters!;
    steps.push(all);
    expect(locks["move_lock"].taken + locks["move lock of a side record"].taken).toBe(0);
  }
  return steps.map((n) => n - steps[0]!);
}

describe("looking who owns a page", () => {
  const cached = ({ processes: [a] }: Ground): void => {
    a.read(at(0));
    a.madvise(at(0), PAGE, "dontneed");
  };

  test("the bracket of move-lock does it for mappings that do not count, too; move-lock-fast asks one question", async () => {
    const first = ({ processes: [a] }: Ground): void => void a.read(at(0));
    const second = ({ processes: [, b] }: Ground): void => void b.read(at(0));
    expect(await dearer(first, cached)).toEqual([0, 0, -1]);
    expect(await dearer(second, first)).toEqual([0, 2, 1]);
  });

  test("the end of the last mapping is cheaper without the flag", async () => {
    const last = ({ processes: [a] }: Ground): void => a.madvise(at(0), PAGE, "dontneed");
    const read = ({ processes: [a] }: Ground): void => void a.read(at(0));
    expect(await dearer(last, read)).toEqual([0, -1, -2]);
  });
});
