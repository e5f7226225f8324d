import { afterEach, describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { Kernel } from "../../bindings/kernel/kernel.js";
import type { DumpDocument } from "../../bindings/scenario/dump.js";
import { ScriptRunner, runScript } from "../../bindings/scenario/runner.js";
import { parseScript } from "../../bindings/scenario/script.js";

const NAMES = { kernel: "rmaplab v3.7", case: "s" };
const kernels: Kernel[] = [];

async function kernel(): Promise<Kernel> {
  const made = await createKernel();
  kernels.push(made);
  return made;
}

async function run(text: string): Promise<DumpDocument> {
  return runScript(await kernel(), parseScript(text, "s"), NAMES);
}

afterEach(() => {
  for (const made of kernels.splice(0)) made.dispose();
});

describe("running a script", () => {
  test("an empty script has one final dump", async () => {
    const { dumps, results } = await run("# nothing\n");
    expect(dumps).toEqual([{ label: "final", procs: [], frames: [] }]);
    expect(results).toEqual([]);
  });

  test("a dump as the last operation is the last dump", async () => {
    const { dumps } = await run("spawn A\ndump\nexit A\ndump end\n# comment\n");
    expect(dumps.map(({ label }) => label)).toEqual(["line 2", "end"]);
  });

  test("pages of the k-th file start with their own words, grown pages with zero", async () => {
    const { results } = await run(
      "file F 2 disk\nfile G 3 tmpfs\nspawn A\nmmap A 0 2 r file:F:0 shared\n" +
        "mmap A 4 3 r file:G:0 shared\nread A 1\nread A 6\ntruncate G 2\ntruncate G 3\nread A 6\n",
    );
    expect(
      results.filter(([, operation]) => operation === "read").map(([, , word]) => word),
    ).toEqual([1_000_000_001, 1_001_000_002, 0]);
  });

  test("an operation on a process that exited, or never was, is skipped", async () => {
    const { results } = await run(
      "spawn A\nexit A\nread A 0\nfork A B\nwrite B 1\nexit B\nexit A\n",
    );
    expect(results.map(([, , outcome]) => outcome)).toEqual([
      0,
      0,
      "SKIP",
      "SKIP",
      "SKIP",
      "SKIP",
      "SKIP",
    ]);
  });

  test("an operation that fails is a result, and the script goes on", async () => {
    const { results } = await run(
      "file F 1 disk\nspawn A\nwrite A 0\nmunmap A 0 0\nmprotect A 0 1 r\n" +
        "mmap A 0 2 rw file:F:0 shared\nwrite A 1\nwrite A 0\nread A 0\n",
    );
    expect(results.map(([, , outcome]) => outcome)).toEqual([
      0,
      0,
      "SIGSEGV",
      "EINVAL",
      "ENOMEM",
      0,
      "SIGBUS",
      0,
      8,
    ]);
  });

  test("shared anonymous objects are named when they first appear, and keep their name", async () => {
    const { dumps } = await run(
      "spawn A\nmmap A 20 1 rw anon shared\nmmap A 10 1 rw anon shared\ndump one\n" +
        "mmap A 5 1 rw anon shared\nmunmap A 10 1\ndump two\n",
    );
    const names = dumps.map(({ procs }) =>
      procs[0]?.vmas.map(([start, , , file]) => [start, file]),
    );
    expect(names).toEqual([
      [
        [10, "#shm0"],
        [20, "#shm1"],
      ],
      [
        [5, "#shm2"],
        [20, "#shm1"],
      ],
    ]);
  });

  test("the parent of a process stays its parent after the parent's exit", async () => {
    const { dumps } = await run("spawn A\nfork A B\nexit A\n");
    expect(dumps[0]?.procs.map(({ name, parent }) => [name, parent])).toEqual([["B", "A"]]);
  });

  test("a huge file costs nothing until it is touched", async () => {
    const { results } = await run(
      "file F 1099511627776 disk\nspawn A\nmmap A 0 1 rw file:F:1099511627775 shared\n" +
        "read A 0\ntruncate F 1\nread A 0\ntruncate F 1099511627776\nread A 0\n",
    );
    expect(results.map(([, , outcome]) => outcome)).toEqual([
      0,
      0,
      0,
      1_000_000_000 + 2 ** 40 - 1,
      0,
      "SIGBUS",
      0,
      0,
    ]);
  });

  test("a dump counts the pages of each process that are in swap", async () => {
    const { dumps } = await run(
      "spawn A\nmmap A 0 4 rw anon private\nwrite A 0\nwrite A 1\nfork A B\ndump\n" +
        "swap-out A 0 4\nread B 0\n",
    );
    expect(dumps[0]?.procs.map((process) => "swap" in process)).toEqual([false, false]);
    expect(dumps[1]?.procs.map(({ rss, swap }) => [rss.anon, swap])).toEqual([
      [0, [[0, 0, 2]]],
      [1, [[1, 0]]],
    ]);
  });

  test("a dump has what entries of nonlinear mappings show, where no page is there", async () => {
    const { dumps, results } = await run(
      "file F 8\nspawn A\nmmap A 0 8 rw file:F:0 shared\ndump\nremap_file_pages A 2 2 6 nonblock\n" +
        "remap_file_pages A 5 1 0 nonblock\nremap_file_pages A 6 2 8\nread A 2\nread A 6\n",
    );
    expect(dumps[0]?.procs.map((process) => "offsets" in process)).toEqual([false]);
    expect(dumps[1]?.procs.map(({ vmas, offsets }) => [vmas, offsets])).toEqual([
      [
        [[0, 8, "rw-s", "F", 0, "nl"]],
        [
          [3, 7],
          [5, 0],
          [6, 8, 2],
        ],
      ],
    ]);
    expect(results.slice(-2).map(([, , outcome]) => outcome)).toEqual([1_000_000_006, "SIGBUS"]);
  });

  test("steps come one by one, and the end stays the end", async () => {
    const runner = new ScriptRunner(
      await kernel(),
      parseScript("spawn A\nwrite A 3\n", "s"),
      NAMES,
    );
    expect(runner.step()).toMatchObject({ result: [1, "spawn", 0], error: null });
    expect(runner.process("A")?.alive).toBe(true);
    expect(runner.step()).toMatchObject({ result: [2, "write", "SIGSEGV"] });
    expect(runner.step()).toBeNull();
    expect(runner.step()).toBeNull();
    expect(runner.document.dumps).toHaveLength(1);
  });

  test("a run ends when its signal says so", async () => {
    const script = parseScript("spawn A\nspawn B\n", "s");
    const made = await kernel();
    const signal = AbortSignal.abort(new Error("enough"));
    expect(() => runScript(made, script, NAMES, { signal })).toThrow("enough");
  });
});
