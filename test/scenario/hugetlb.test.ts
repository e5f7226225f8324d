// Huge pages of the pool in scripts: their words, what --explain says of them, and the dump.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { machineFor } from "../../bindings/scenario/machine-size.js";
import { ScriptRunner } from "../../bindings/scenario/runner.js";
import { parseScript } from "../../bindings/scenario/script.js";
import { explain } from "./explained.js";

const POOL = ["hugepages 3", "spawn A"];
const MAPPED = [...POOL, "mmap A 0 1024 rw anon private huge"];

async function lastOf(lines: readonly string[]): Promise<string> {
  const explained = await explain(lines);
  return explained.at(-1)!.replace(/^\d+ [^:]*: /, "");
}

describe("--explain says", () => {
  test.each<readonly [readonly string[], string]>([
    [["hugepages 3"], "the pool has 3 huge pages; 3 free, 0 of them promised"],
    [
      [...MAPPED, "hugepages 1"],
      "the pool has 2 huge pages, the others are in use or promised; 2 free, 2 of them promised",
    ],
    [
      [...MAPPED, "write A 513"],
      "anon_vma 1 made, no neighbour had one to take; huge page 512-1023 made",
    ],
    [
      [...MAPPED, "write A 0", "fork A B", "write B 0"],
      "huge page 0-511 copied, others have it as well",
    ],
    [[...MAPPED, "write A 0", "fork A B", "write B 600"], "huge page 512-1023 made"],
    [[...MAPPED, "mlock A 0 512"], "VMA 0-1024 is passed over: huge pages of the pool always stay"],
    [[...MAPPED, "munmap A 0 100"], "EINVAL, page 100 is inside a huge page, which can't be cut"],
    [
      [...MAPPED, "mprotect A 0 100 r"],
      "EINVAL, page 100 is inside a huge page, which can't be cut",
    ],
    [
      [...MAPPED, "madvise A 0 512 dontneed"],
      "EINVAL, VMA 0-1024 is of huge pages of the pool, which are not dropped",
    ],
    [
      [...MAPPED, "madvise A 0 512 hugepage"],
      "EINVAL, VMA 0-1024 is of huge pages of the pool, which this advice is not for",
    ],
    [
      [...MAPPED, "madvise A 0 512 mergeable"],
      "VMA 0-1024 is of huge pages of the pool, and KSM leaves those alone",
    ],
    [
      ["hugepages 1", "file F 512 hugetlb", "spawn A", "mmap A 0 512 rw file:F:0 shared"].concat(
        "remap_file_pages A 0 512 0",
      ),
      "EINVAL, huge pages of the pool always show their file in order",
    ],
    [
      [
        "hugepages 2",
        "spawn A",
        "mmap A 0 1024 rw anon private huge",
        "write A 0",
        "migrate A 0 1",
      ],
      "ENOMEM, no huge page of the pool is free and not promised",
    ],
    [
      [...MAPPED, "write A 0", "swap-out A 0 1"],
      "0 pages reclaimed; page 0 stays: huge pages of the pool are never reclaimed",
    ],
    [[...MAPPED, "mremap A 0 512 2048"], "EINVAL, huge pages of the pool neither grow nor move"],
    [
      [...MAPPED, "mmap A 2048 1024 rw anon private huge"],
      "ENOMEM, 2 huge pages wanted, the pool can promise 1",
    ],
    [
      [...POOL, "mmap A 0 100 rw anon private huge"],
      "EINVAL, page, number of pages and page offset have to be multiples of 512 for huge pages",
    ],
    [
      [
        "hugepages 1",
        "file F 512 hugetlb",
        "spawn A",
        "mmap A 0 512 rw file:F:0 shared",
        "read A 3",
      ],
      "huge page 0 of F mapped",
    ],
    [
      [
        ...["hugepages 1", "file F 512 hugetlb", "spawn A", "mmap A 0 512 rw file:F:0 shared"],
        ...["write A 3", "truncate F 0", "read A 3"],
      ],
      "SIGBUS, page 3 of F is beyond its end at 0",
    ],
    [
      [...MAPPED, "mmap A 1024 512 rw anon private huge", "fork A B", "write B 0"],
      "SIGBUS, no huge page of the pool is free for it that nobody was promised, or what it had went back to who was promised it",
    ],
    [
      [...MAPPED, "write A 0", "fork A B", "poison A 3"],
      "nobody is told; 2 mappings of page 0 became markers; huge page, delayed",
    ],
    [[...MAPPED, "write A 0", "poison A 3", "read A 9"], "SIGBUS, it is poisoned"],
    [
      [
        ...["hugepages 1", "file F 512 hugetlb", "spawn A", "mmap A 0 512 rw file:F:0 shared"],
        ...["write A 3", "poison A 3 early"],
      ],
      "EBUSY, the page is still used; 1 mapping of page 0 became a marker; huge page, failed",
    ],
    [
      [
        ...["hugepages 1", "file F 512 hugetlb", "spawn A", "mmap A 0 512 rw file:F:0 shared"],
        ...[
          "write A 3",
          "poison A 3",
          "munmap A 0 512",
          "mmap A 0 512 r file:F:0 shared",
          "read A 3",
        ],
      ],
      "SIGBUS, no huge page of the pool is free for it, or it is poisoned",
    ],
  ])("%#: %s", async (lines, words) => {
    expect(await lastOf(lines)).toBe(words);
  });
});

test("a dump shows huge pages as the pages that they are, in no rss, and names what has no name", async () => {
  const text = [
    ...["hugepages 2", "file F 512 hugetlb", "spawn A", "mmap A 0 512 rw anon private huge"],
    ...["mmap A 512 512 rw file:F:0 shared", "write A 3 7", "write A 514 9"],
  ].join("\n");
  const script = parseScript(text, "pool.script");
  const kernel = await createKernel({ build: "checked", ...machineFor(script) });
  const runner = new ScriptRunner(kernel, script, { kernel: "k", case: "pool" });
  while (runner.step() !== null);
  const [dump] = runner.document.dumps;
  const [process] = dump!.procs;
  expect(process!.vmas).toEqual([
    [0, 512, "rw-p", "#huge0", 0, ""],
    [512, 1024, "rw-s", "F", 0, ""],
  ]);
  expect(process!.pages).toEqual([[0, 0, 1024]]);
  expect(process!.rss).toEqual({ anon: 0, file: 0, shmem: 0, zero: 0 });
  expect([dump!.frames[3], dump!.frames[514]]).toEqual([
    [1, "AM", 7],
    [1, "M", 9],
  ]);
  expect(runner.document.results[0]).toEqual([1, "hugepages", 2]);
});

test("migrate moves a huge page once, as one", async () => {
  expect(await lastOf([...MAPPED, "write A 0", "migrate A 0 512"])).toContain("1 page moved");
});
