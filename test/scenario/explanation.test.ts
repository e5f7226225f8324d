import { expect, test } from "vitest";
import { explain } from "./explained.js";

test.each([
  [
    "a copy names who else has the frame",
    ["spawn A", "mmap A 100 2 rw anon private", "write A 101", "fork A B", "write A 101"],
    /^5 write A 101: .*page copied, the frame was shared with B/,
  ],
  [
    "a second write after the copy needs nobody's permission",
    ["spawn A", "mmap A 1 2 rw anon private", "write A 1", "fork A B", "write A 1", "write B 1"],
    /^6 write B 1: .*page written in place, nobody else maps it any more/,
  ],
  [
    "a read of memory never written maps the zero page",
    ["spawn A", "mmap A 100 2 rw anon private", "read A 100"],
    /^3 read A 100: zero page mapped/,
  ],
  [
    "a write over the zero page makes a page",
    ["spawn A", "mmap A 100 2 rw anon private", "read A 100", "write A 100"],
    /^4 write A 100: .*page made in place of the zero page/,
  ],
  [
    "a split names the VMA and the cut",
    ["spawn A", "mmap A 100 9 rw anon private", "munmap A 103 2"],
    /^3 munmap A 103 2: .*VMA 100-109 split at 10[35]/,
  ],
  [
    "a merge names its case and what became of it",
    ["spawn A", "mmap A 100 2 rw anon private", "mmap A 102 2 rw anon private"],
    /^3 mmap A 102 2 rw anon private: .*continues the VMA before \(merge case 2\): VMA 100-104/,
  ],
  [
    "neighbours that stay apart say why",
    ["file F 9 disk", "spawn A", "mmap A 0 2 r file:F:0 private", "mmap A 2 2 r file:F:5 private"],
    /^4 mmap .*apart from VMA 0-2: file offsets do not continue/,
  ],
  [
    "a fork says what the child has",
    ["spawn A", "mmap A 0 2 rw anon private", "write A 0", "write A 1", "fork A B"],
    /^5 fork A B: 1 anon_vma made for the child, .*; 2 pages shared with the child; 1 anon_vma link/,
  ],
  [
    "new memory beside memory that came from a fork says why it stays apart",
    [
      "spawn A",
      "mmap A 0 2 rw anon private",
      "write A 0",
      "fork A B",
      "mmap B 2 1 rw anon private",
    ],
    /^5 mmap .*apart from VMA 0-2: it is linked to the anon_vmas of its parent, new memory cannot be$/,
  ],
  [
    "a private copy of a page of a file names the page",
    ["file F 9 disk", "spawn A", "mmap A 0 2 rw file:F:5 private", "read A 1", "write A 1"],
    /^5 write A 1: .*page copied, it was page 6 of F and the mapping is private/,
  ],
  [
    "an access without right says what the VMA allows",
    ["spawn A", "mmap A 0 2 r anon private", "write A 0"],
    /^3 write A 0: SIGSEGV, VMA 0-2 is r--p$/,
  ],
  [
    "an access beyond the end of a file says where the end is",
    ["file F 3 disk", "spawn A", "mmap A 0 8 r file:F:0 shared", "read A 5"],
    /^4 read A 5: SIGBUS, page 5 of F is beyond its end at 3$/,
  ],
  [
    "an operation without effect says so",
    ["spawn A", "munmap A 0 2"],
    /^2 munmap A 0 2: nothing was mapped there$/,
  ],
  ["a skipped operation says so", ["spawn A", "exit A", "read A 0"], /^3 read A 0: skipped, /],
  [
    "a page that is there needs no fault",
    ["spawn A", "mmap A 0 2 rw anon private", "write A 0", "read A 0"],
    /^4 read A 0: page present, no fault$/,
  ],
])("%s", async (_, lines, words) => {
  const explained = await explain(lines);
  expect(explained).toHaveLength(lines.length);
  expect(explained.at(-1)).toMatch(words);
});
