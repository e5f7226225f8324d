// Huge pages in scripts: their words, what --explain says of them, results and dumps.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { machineFor } from "../../bindings/scenario/machine-size.js";
import { ScriptRunner } from "../../bindings/scenario/runner.js";
import { parseScript } from "../../bindings/scenario/script.js";
import { explain } from "./explained.js";

const HUGE = ["spawn A", "mmap A 0 1024 rw anon private", "madvise A 0 1024 hugepage"];

async function lastOf(lines: readonly string[]): Promise<string> {
  const explained = await explain(lines);
  return explained.at(-1)!.replace(/^\d+ [^:]*: /, "");
}

describe("--explain says", () => {
  test.each<readonly [readonly string[], string]>([
    [HUGE, "VMA 0-1024 is to have huge pages"],
    [[...HUGE, "madvise A 0 1024 nohugepage"], "VMA 0-1024 is to have no huge pages"],
    [[...HUGE, "madvise A 0 8 hugepage"], "EINVAL, a VMA of the range is advised so already"],
    [
      ["spawn A", "mmap A 0 8 rw anon shared", "madvise A 0 8 hugepage"],
      "EINVAL, VMA 0-8 is shared, and shared memory has no huge pages",
    ],
    [[...HUGE, "write A 5"], "anon_vma 1 made, no neighbour had one to take; huge page 0-511 made"],
    [
      [...HUGE, "write A 5", "fork A B", "write B 5"],
      "huge page 0-511 copied, others have it as well",
    ],
    [[...HUGE, "write A 5", "fork A B", "split A 7"], "1 huge page split, in 2 page tables"],
    [[...HUGE, "split A 7"], "EFAULT, no page is present there"],
    [[...HUGE, "collapse A 7"], "EINVAL, not all of it is of one VMA that may have huge pages"],
    [
      [
        "spawn A",
        "mmap A 0 512 rw anon private",
        "write A 5",
        "madvise A 0 512 hugepage",
        "collapse A 0",
      ],
      "1 page copied into huge page 0-511",
    ],
    [
      [...HUGE, "write A 5", "collapse A 0"],
      "EFAULT, nothing of it was touched, or it is a huge page already",
    ],
    [
      [...HUGE, "write A 5", "swap-out A 5 1"],
      "0 pages reclaimed; page 5 stays: in a huge page, of which another page is the first",
    ],
  ])("%#: %s", async (lines, words) => {
    expect(await lastOf(lines)).toBe(words);
  });
});

test("a dump shows a huge page as the pages that it is", async () => {
  const script = parseScript([...HUGE, "write A 3 7", "munmap A 600 1"].join("\n"), "huge.script");
  const { frames } = machineFor(script);
  const kernel = await createKernel({ build: "checked", frames });
  const runner = new ScriptRunner(kernel, script, { kernel: "k", case: "c" });
  while (runner.step() !== null) expect(kernel.verify()).toEqual([]);
  const [dump] = runner.document.dumps;
  expect(dump?.procs[0]).toMatchObject({ pages: [[0, 0, 512]], rss: { anon: 512 } });
  expect(dump?.frames).toHaveLength(512);
  expect(dump?.frames[3]).toEqual([1, "AMS", 7]);
  kernel.dispose();
});
