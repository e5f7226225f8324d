// exec, stack and poison in scripts: what they do, and what --explain says of them.

import { describe, expect, test } from "vitest";
import { explain } from "./explained.js";

type Case = readonly [behaviour: string, lines: readonly string[], words: string];

async function check([, lines, words]: Case): Promise<void> {
  const explained = await explain(lines);
  expect(explained.at(-1)).toBe(`${lines.length} ${lines.at(-1)}: ${words}`);
}

const STACK = ["spawn A", "stack A 40 4"];
const SHARED = ["spawn A", "mmap A 10 4 rw anon private", "write A 10 7", "fork A B"];
const DISK = ["file F 8 disk", "spawn A", "mmap A 0 8 rw file:F:0 shared"];

describe("a stack", () => {
  test.each<Case>([
    ["is a VMA", STACK, "new VMA 40-44"],
    [
      "grows to what is touched below it",
      [...STACK, "write A 30 7"],
      "anon_vma 1 made, no neighbour had one to take; stack grows by 11 pages, down to 29; " +
        "new page, the first write there",
    ],
    ["has to have pages", ["spawn A", "stack A 40 0"], "EINVAL, the range has 0 pages"],
    [
      "does not run into another mapping",
      [...STACK, "mmap A 38 2 rw anon private", "write A 40 1"],
      "SIGBUS, a stack does not touch what is mapped right below it",
    ],
    [
      "has a limit, which who touches far below it hears of",
      ["spawn A", "stack A 3000 4", "write A 956", "write A 955"],
      "SIGSEGV, the stack at 956-3004 would have 2049 pages, accepted: 2048 (stack)",
    ],
    [
      "has a limit after exec as well",
      ["spawn A", "exec A 3 100000", "read A 96000"],
      "SIGSEGV, the stack at 99964-100000 would have 4000 pages, accepted: 2048 (stack)",
    ],
  ])("%s", (...one) => check(one));
});

test("a stack that can't grow for want of a frame is not told as nothing", async () => {
  const explained = await explain([...STACK, "write A 43", "write A 30"], { frames: 1 });
  expect(explained.at(-1)).toBe("4 write A 30: ENOMEM, no frame is free");
});

test("a device that touches far below a stack hears of its limit", async () => {
  const lines = ["spawn A", "stack A 3000 4", "notifier A D kvm", "device-read D 900"];
  const explained = await explain(lines);
  expect(explained.at(-1)).toBe(
    "4 device-read D 900: EFAULT, the stack at 3000-3004 would have 2104 pages, " +
      "accepted: 2048 (stack); anon_vma 1 made, no neighbour had one to take",
  );
});

describe("exec", () => {
  test.each<Case>([
    ["empties the address space", [...SHARED, "exec A"], "1 page unmapped; VMA 10-14 removed"],
    [
      "makes a stack, and moves it",
      ["spawn A", "exec A 3 100"],
      "3 pages of arguments written; moved to where the stack is; stack is VMA 64-100",
    ],
    [
      "puts it at the beginning of the arena if nothing is said",
      ["spawn A", "exec A 3"],
      "3 pages of arguments written; moved to where the stack is; stack is VMA 0-36",
    ],
    [
      "refuses too many arguments",
      ["spawn A", "exec A 600"],
      "E2BIG, 600 pages of arguments, and one that is kept free below, are more than 512, " +
        "a quarter of the 2048 that a stack may have (stack); " +
        "512 pages of arguments written; 512 pages unmapped",
    ],
    [
      "leaves arguments that can be read",
      ["spawn A", "exec A 3 100", "read A 98"],
      "page present, no fault",
    ],
  ])("%s", (...one) => check(one));

  test("takes numbers that fit into the arena", async () => {
    await expect(explain(["spawn A", "exec A 3 35"])).rejects.toThrow(
      /end of the stack "35" is out of range; accepted are whole numbers from 36 to 262144/,
    );
    await expect(explain(["spawn A", "exec A 0"])).rejects.toThrow(/number of pages "0"/);
  });
});

describe("poison", () => {
  test.each<Case>([
    [
      "takes a page out of use",
      [...SHARED, "poison A 10"],
      "nobody is told; 2 mappings of page 10 became markers; dirty LRU page, recovered",
    ],
    [
      "tells who loses something",
      [...SHARED, "poison A 10 early"],
      "2 processes told; 2 mappings of page 10 became markers; dirty LRU page, recovered",
    ],
    [
      "of a clean page of a disk leaves nothing",
      [...DISK, "read A 1", "poison A 1"],
      "nobody is told; 1 mapping of page 1 removed; clean LRU page, recovered",
    ],
    ["is met", [...SHARED, "poison A 10", "read B 10"], "SIGBUS, the page is poisoned"],
    [
      "is met where a file was written to",
      [...DISK, "write A 1 5", "poison A 1", "read A 1"],
      "SIGBUS, the page is poisoned",
    ],
    [
      "of a page that somebody holds is not enough",
      [...SHARED, "pin A 10", "poison A 10"],
      "EBUSY, the page is still used; 2 mappings of page 10 became markers; dirty LRU page, failed",
    ],
    ["needs a page", [...SHARED, "poison A 11"], "EFAULT, no page is present there"],
  ])("%s", (...one) => check(one));
});
