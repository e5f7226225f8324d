// Out of frames, out of memory: ENOMEM, and everything is as it was.

import { describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import {
  at,
  codeOf,
  expectHealthy,
  lay,
  PAGE,
  pageAt,
  stateOf,
  stateWithoutCuts,
} from "./ground.js";

describe("a machine of four frames", () => {
  async function full(anonIndex: "list" | "interval-tree" = "interval-tree") {
    const kernel = await createKernel({ frames: 4, anonIndex, build: "checked" });
    const process = kernel.spawn();
    lay(process, 0, 8);
    return { kernel, process };
  }

  /** The action fails with ENOMEM, and the machine is as it was before. */
  function expectNoRoom(kernel: Kernel, action: () => unknown): void {
    const before = stateOf(kernel);
    expect(codeOf(action)).toBe("ENOMEM");
    expect(stateOf(kernel)).toEqual(before);
    expectHealthy(kernel);
  }

  test("holds four pages; a fifth write fails and changes nothing", async () => {
    const { kernel, process } = await full();
    for (let i = 0; i < 4; i++) process.write(at(i), i);
    expectNoRoom(kernel, () => process.write(at(4), 4));
    expect([0, 1, 2, 3].map((i) => process.read(at(i)))).toEqual([0, 1, 2, 3]);
  });

  test("leaves a VMA that was never written without an anon_vma", async () => {
    const { kernel, process } = await full();
    for (let i = 0; i < 4; i++) process.write(at(i), i);
    lay(process, 100, 1);
    expectNoRoom(kernel, () => process.write(at(100), 1));
    expect(process.vmas().at(-1)!.anonVma).toBe(0);
    expect(kernel.counters.anonVmasCreated).toBe(1);
  });

  test("still shows the zero page, which takes no frame", async () => {
    const { kernel, process } = await full();
    for (let i = 0; i < 4; i++) process.write(at(i), i);
    expect(process.read(at(5))).toBe(0);
    expectNoRoom(kernel, () => process.write(at(5), 1));
  });

  test("has no room for a copy after a fork, until somebody gives a page up", async () => {
    const { kernel, process } = await full();
    for (let i = 0; i < 4; i++) process.write(at(i), i);
    const child = process.fork();
    expectNoRoom(kernel, () => child.write(at(0), 9));
    expectNoRoom(kernel, () => process.write(at(0), 9));
    child.munmap(at(1), PAGE);
    process.munmap(at(1), PAGE);
    child.write(at(0), 9);
    expect([process.read(at(0)), child.read(at(0))]).toEqual([0, 9]);
    expectHealthy(kernel);
  });

  test("has no room for a file's page, or for a private copy of one", async () => {
    const { kernel, process } = await full();
    const file = kernel.createFile({ pages: 8, word: 50 });
    lay(process, 10, 8, { file });
    for (let i = 0; i < 3; i++) process.write(at(i), i);
    process.read(at(10));
    expectNoRoom(kernel, () => process.read(at(11)));
    expectNoRoom(kernel, () => process.write(at(10), 1));
    process.munmap(at(0), PAGE);
    process.write(at(10), 1);
    expect(process.read(at(10))).toBe(1);
  });

  test("gets its frames back from munmap, exit, truncation and the end of a file", async () => {
    const { kernel, process } = await full();
    const fill = (by: Process) => {
      for (let i = 0; i < 4; i++) by.write(at(i), i);
    };
    fill(process);
    process.munmap(at(0), 8 * PAGE);
    const other = kernel.spawn();
    lay(other, 0, 4);
    fill(other);
    other.exit();
    const file = kernel.createFile({ pages: 4 });
    lay(process, 0, 4, { file, shared: true });
    fill(process);
    file.truncate(0);
    file.truncate(4);
    fill(process);
    file.close();
    process.munmap(at(0), 4 * PAGE);
    lay(process, 0, 4);
    fill(process);
    expectHealthy(kernel);
  });

  test("keeps pages in the swap cache, so that swapping out frees no frame", async () => {
    const { kernel, process } = await full();
    for (let i = 0; i < 4; i++) process.write(at(i), i);
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    expect(kernel.tryToUnmap(page)).toBe("success");
    expectNoRoom(kernel, () => process.write(at(4), 1));
    expect(process.read(at(0))).toBe(0);
  });
});

describe.each(["list", "interval-tree"] as const)(
  "a machine whose memory is used up (%s)",
  (anonIndex) => {
    /** A few bytes above whole slabs are left for answers when nothing more can be made. */
    const MEMORY = 2 ** 17 + 4088;

    async function small() {
      const kernel = await createKernel({
        frames: 64,
        memory: MEMORY,
        anonIndex,
        build: "checked",
      });
      const process = kernel.spawn();
      lay(process, 0, 8);
      for (let i = 0; i < 8; i++) process.write(at(i), 10 + i);
      return { kernel, process };
    }

    /** Repeats an action, which is told its turn, until it fails with ENOMEM; the turn that failed. */
    function untilFull(action: (turn: number) => unknown): number {
      for (let turn = 0; turn < 10_000; turn++) {
        const code = codeOf(() => action(turn));
        if (code === "ENOMEM") return turn;
        expect(code).toBe("");
      }
      throw new Error("memory never ran out");
    }

    /** The answer, or null where there is no room for it. */
    function attempt<T>(question: () => T): T | null {
      let answer: T | null = null;
      expect(["", "ENOMEM"]).toContain(codeOf(() => (answer = question())));
      return answer;
    }

    /** What can be asked without room for an answer, and lists where they fit. */
    function known(kernel: Kernel, processes: readonly Process[]) {
      return {
        vmas: kernel.vmaCount,
        pids: attempt(() => kernel.processes.map(({ pid }) => pid)),
        processes: processes.map((process) => ({
          vmaCount: process.vmaCount,
          rss: process.rss,
          brk: process.brk(),
          vmas: attempt(() =>
            process.vmas().map(({ start, end, flags, anonVma }) => [start, end, flags, anonVma]),
          ),
          pages: attempt(() => process.pages()),
        })),
      };
    }

    /** Calls, told their turn, that use memory up; each gets the process and where to put new ones. */
    const calls: readonly [
      string,
      (process: Process, made: Process[]) => (turn: number) => unknown,
    ][] = [
      ["mmap", (process) => (turn) => lay(process, 100 + 2 * turn, 1)],
      [
        "mmap of shared memory",
        (process) => (turn) => lay(process, 100 + turn, 1, { shared: true }),
      ],
      [
        "a read that needs page tables",
        (process) => {
          process.mmap({ address: at(2 ** 20), length: 2 ** 44, fixed: true, prot: "r" });
          return (turn) => process.read(at(2 ** 20 + turn * 2 ** 18));
        },
      ],
      [
        "a write that needs page tables",
        (process) => {
          process.mmap({ address: at(2 ** 20), length: 2 ** 44, fixed: true });
          return (turn) => process.write(at(2 ** 20 + turn * 2 ** 18), 1);
        },
      ],
      ["fork", (process, made) => () => made.push(process.fork())],
      ["fork of a thread", (process, made) => () => made.push(process.fork({ shareMemory: true }))],
    ];

    test.each(calls)(
      "%s fails with ENOMEM, and leaves everything as it was",
      async (_, prepare) => {
        const { kernel, process } = await small();
        const made: Process[] = [];
        const action = prepare(process, made);
        const start = kernel.snapshot();
        const turns = untilFull(action);
        expect(turns).toBeGreaterThan(1);
        kernel.restore(start);
        made.length = 0;
        for (let turn = 0; turn < turns; turn++) action(turn);
        const before = known(kernel, [process, ...made]);
        expect(codeOf(() => action(turns))).toBe("ENOMEM");
        expect(known(kernel, [process, ...made])).toEqual(before);
        for (let i = 0; i < 8; i++) expect(process.read(at(i))).toBe(10 + i);

        for (const each of made) each.exit();
        process.munmap(at(100), 2 ** 33 * PAGE);
        expect(kernel.memoryInUse).toBeLessThanOrEqual(MEMORY);
        expect(attempt(() => kernel.verify()) ?? []).toEqual([]);
        expect(stateOf(kernel)).toMatchObject([
          { pid: process.pid, rss: { anon: 8, file: 0, swap: 0 } },
        ]);
      },
    );

    // As in the kernel, one of the two cuts may have been made: a place where nothing differs.
    test.each<[string, (process: Process, page: number) => void]>([
      ["mprotect", (process, page) => process.mprotect(at(page), PAGE, "rx")],
      ["madvise", (process, page) => process.madvise(at(page), PAGE, "dontfork")],
      ["munmap", (process, page) => process.munmap(at(page), PAGE)],
    ])("%s that can't split fails, and changes nothing but where VMAs are cut", async (_, cut) => {
      const { kernel, process } = await small();
      lay(process, 1000, 8192, { prot: "r" });
      const action = (turn: number) => cut(process, 1001 + 2 * turn);
      const start = kernel.snapshot();
      let turns = 0;
      while (codeOf(() => action(turns)) === "") turns++;
      kernel.restore(start);
      for (let turn = 0; turn < turns; turn++) action(turn);
      const known = () => attempt(() => stateWithoutCuts(kernel));
      const [before, count] = [known(), process.vmaCount];
      // madvise says with another error that resources may come back.
      expect(["ENOMEM", "EAGAIN"]).toContain(codeOf(() => action(turns)));
      expect(process.vmaCount - count).toBeLessThanOrEqual(1);
      if (before) expect(known() ?? before).toEqual(before);
      process.munmap(at(1000), 8192 * PAGE);
      expect(process.vmaCount).toBe(1);
      expect(attempt(() => kernel.verify()) ?? []).toEqual([]);
    });

    // Unlike v3.7's, whose parent keeps the write protection of what was copied (docs/simplified.md).
    test("a fork that fails leaves the parent's pages writable without a fault", async () => {
      const { kernel, process } = await small();
      untilFull(() => process.fork({ shareMemory: true }));
      for (let i = 0; i < 8; i++) process.write(at(i), 20 + i);
      kernel.resetCounters();
      expect(codeOf(() => process.fork())).toBe("ENOMEM");
      for (let i = 0; i < 8; i++) process.write(at(i), 30 + i);
      expect(kernel.counters.faults).toBe(0);
    });

    test("mremap that can't have its page tables moves the entries back", async () => {
      const { kernel, process } = await small();
      const file = kernel.createFile({ pages: 8 });
      untilFull((turn) => lay(process, 100 + turn, 1, { file, pgoff: 2 * turn }));
      const words = () => [0, 1, 2, 3, 4, 5, 6, 7].map((i) => process.read(at(i)));
      expect(words()).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
      process.munmap(at(100), PAGE);
      // Far away, where no table is shared with what is mapped.
      const [before, count] = [process.pages(), process.vmaCount];
      expect(codeOf(() => process.mremap(at(0), 8 * PAGE, 8 * PAGE, { to: at(2 ** 30) }))).toBe(
        "ENOMEM",
      );
      expect(process.pages()).toEqual(before);
      expect(process.vmaCount).toBe(count);
      expect(words()).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
      process.munmap(at(100), 2 ** 20 * PAGE);
      expect(attempt(() => kernel.verify()) ?? []).toEqual([]);
    });

    test("files, opens, processes and exec fail with ENOMEM", async () => {
      const { kernel, process } = await small();
      const file = kernel.createFile({ pages: 1 });
      untilFull(() => kernel.createFile({ pages: 1 }));
      untilFull(() => file.open());
      untilFull(() => kernel.spawn());
      expect(codeOf(() => process.fork())).toBe("ENOMEM");
      expect(codeOf(() => process.exec())).toBe("ENOMEM");
      expect(process.read(at(0))).toBe(10);
    });

    test("an answer that does not fit fails with ENOMEM, and harms nothing", async () => {
      const { process } = await small();
      untilFull((turn) => lay(process, 100 + 2 * turn, 1));
      expect(process.vmaCount).toBeGreaterThan(100);
      expect(codeOf(() => process.vmas())).toBe("ENOMEM");
      expect(process.rss.anon).toBe(8);
      expect(process.read(at(1))).toBe(11);
      process.munmap(at(100), 2 ** 20 * PAGE);
      expect(process.vmas()).toHaveLength(1);
    });
  },
);

test("mmap that can't take away what is in its place fails with ENOMEM, and leaves it", async () => {
  const kernel = await createKernel({ frames: 8, maxMapCount: 4, build: "checked" });
  const process = kernel.spawn();
  lay(process, 0, 8);
  for (const page of [20, 22, 24]) lay(process, page, 1);
  expect(process.vmaCount).toBe(4);
  // Cutting a hole into the first VMA needs one VMA more than there may be.
  const before = stateOf(kernel);
  expect(codeOf(() => lay(process, 2, 2, { prot: "r" }))).toBe("ENOMEM");
  expect(stateOf(kernel)).toEqual(before);
});
