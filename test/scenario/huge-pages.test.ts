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
    [
      [
        "spawn A",
        "mmap A 0 512 rw anon private",
        "write A 5",
        "fork A B",
        "exit B",
        "madvise A 0 512 hugepage",
        "collapse A 0",
      ],
      "EBUSY, page 5 is write-protected, though nobody shares it",
    ],
    [
      [
        "spawn A",
        "mmap A 0 512 rw anon private",
        "write A 5",
        "write A 9",
        "fork A B",
        "write A 5",
        "madvise A 0 512 hugepage",
        "collapse A 7",
      ],
      "EBUSY, page 9 is shared: it is at A 9 and B 9",
    ],
    [
      [
        "spawn A",
        "mmap A 0 512 rw anon private",
        "read A 3",
        "write A 4",
        "madvise A 0 512 hugepage",
        "collapse A 7",
      ],
      "EBUSY, page 3 is the zero page",
    ],
    [
      [
        "spawn A",
        "mmap A 0 512 rw anon private",
        "write A 2",
        "write A 5",
        "swap-out A 5 1",
        "madvise A 0 512 hugepage",
        "collapse A 0",
      ],
      "EBUSY, page 5 is in swap",
    ],
    [
      [
        "spawn A",
        "mmap A 0 512 rw anon private",
        "write A 2",
        "write A 5",
        "pin A 2",
        "madvise A 0 512 hugepage",
        "collapse A 0",
      ],
      "EBUSY, page 2 is pinned",
    ],
    [
      [
        "spawn A",
        "mmap A 0 512 rw anon private",
        "write A 2",
        "write A 5",
        "poison A 5",
        "madvise A 0 512 hugepage",
        "collapse A 0",
      ],
      "EBUSY, where a page of it was, there is the marker of a broken one",
    ],
    [
      ["memcg G", "limit G 100", "spawn A G", ...HUGE.slice(1), "write A 5"],
      "anon_vma 1 made, no neighbour had one to take; new page, the first write there; no huge page, its cgroup has no room for one",
    ],
  ])("%#: %s", async (lines, words) => {
    expect(await lastOf(lines)).toBe(words);
  });
});

test("a write that finds no row of frames for a huge page says so", async () => {
  const explained = await explain([...HUGE, "write A 5"], { frames: 400 });
  expect(explained.at(-1)).toMatch(
    /; new page, the first write there; no huge page, there is no row of 512 free frames$/,
  );
});

test.each<readonly [what: string, readonly string[], string]>([
  [
    "swap entries",
    ["write A 0", "write A 1", "swap-out A 0 1"],
    "1 page shared with the child; 1 swap entry copied for the child",
  ],
  [
    "markers",
    ["write A 0", "poison A 0", "read A 1"],
    "1 entry of the zero page shared with the child; 1 marker of a broken page copied for the child",
  ],
  [
    "huge pages",
    ["madvise A 0 1024 hugepage", "write A 0", "write A 600"],
    "1024 pages shared with the child",
  ],
  [
    "huge pages of the pool",
    ["hugepages 2", "mmap A 2048 1024 rw anon private huge", "write A 2048", "write A 2560"],
    "2 huge pages of the pool shared with the child",
  ],
  [
    "page offsets",
    [
      "file F 8 tmpfs",
      "mmap A 2048 8 rw file:F:0 shared",
      "write A 0",
      "remap_file_pages A 2048 2 4 nonblock",
    ],
    "1 page shared with the child; 2 page offsets copied for the child",
  ],
])("what a fork copies is told by what it is: %s", async (_, lines, words) => {
  const explained = await explain([
    "spawn A",
    "mmap A 0 1024 rw anon private",
    ...lines,
    "fork A B",
  ]);
  expect(explained.at(-1)).toContain(`; ${words}`);
  expect(explained.at(-1)!.replace(words, "")).not.toMatch(/(shared with|copied for) the child/);
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
