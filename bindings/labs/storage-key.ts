// Commit ef5d437f71af: where writes are noticed by faults, a page's storage key has no say about whether it is dirty.

import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { ScriptRunner } from "../scenario/runner.js";
import { stateAround } from "./history.js";
import type { Lab, Observables } from "./lab.js";

// The pin keeps the page cached while idle pages are dropped, which takes its buffers, as reclaim may.
const oops = `
file F 1 disk
spawn A
mmap A 0 1 r file:F:0 shared
read A 0
pin A 0
munmap A 0 1
file-write F 0 7       # write(2): the kernel changes the page, and the machine notes it in the page's key
writeback F            # nothing maps the page, so page_mkclean does not come to the key
invalidate F 0 1       # the page is clean: its buffers go
mmap A 0 1 r file:F:0 shared
read A 0               # nobody writes to it
munmap A 0 1
`;

const writtenBack = `${oops}writeback F
`;

const cleanedWhileMapped = `
file F 1 disk
spawn A
mmap A 0 1 r file:F:0 shared
read A 0
file-write F 0 7
writeback F            # the page is mapped
munmap A 0 1
writeback F
`;

const throughAMapping = `
file F 1 disk
spawn A
mmap A 0 1 rw file:F:0 shared
write A 0 7            # a fault tells the file system first
munmap A 0 1
writeback F
`;

// Page 1 is a hole, and so clean: it was not in the file when that was made.
const tmpfs = `
file F 1 tmpfs
truncate F 2
spawn A
mmap A 0 1 rw file:F:1 shared
read A 0               # a read fault, after which the entry is writable
write A 0 7            # so no fault tells of this write
munmap A 0 1
`;

/** The page of a file that is cached at an index. */
function cachedPage(kernel: Kernel, inode: number, index: number): Page | undefined {
  for (let frame = 1; frame <= kernel.options.frames; frame++) {
    if (kernel.core.pageHandle(frame) === 0) continue;
    const page = kernel.page(frame);
    if (page.inode === inode && page.index === index) return page;
  }
  return undefined;
}

/** What the file's page is at the end, and what was written to the disk. */
function pageOf(index: number) {
  return (run: ScriptRunner, kernel: Kernel): Observables => {
    const page = cachedPage(kernel, run.file("F")?.inode ?? 0, index);
    const written = run.document.results.filter(([, name]) => name === "writeback");
    return {
      dirty: page?.dirty ?? "no page",
      buffers: page?.buffers ?? "no page",
      writebacks: written.reduce((sum, [, , n]) => sum + Number(n), 0),
      buffersMissing: kernel.counters.buffersMissing,
    };
  };
}

const s390x = { arch: "s390x" } as const;
const clean = { dirty: false, buffers: false, writebacks: 1, buffersMissing: 0 };

/** The lab. */
export const storageKey: Lab = {
  name: "storage-key",
  kind: "commit",
  commit: "ef5d437f71af",
  title: "an s390x's storage key makes no page dirty whose file system hears of writes",
  ...stateAround("storageKeyDirty", "non-accounting-only"),
  problem:
    "On an s390x of that time entries have no dirty bit. The machine notes in a storage key of each frame that it was " +
    "changed, by whomever: a program through a mapping, or the kernel itself, as it copies the data of a write(2). So " +
    "when a page loses its last mapping, its key is asked, or a change would be lost. But a file system with dirty " +
    "accounting hears of each first write before it is made: mappings begin read-only, and a fault gives it the time to " +
    "allocate space and attach buffers.",
  beforeText:
    "page_remove_rmap asks the key of every file's page, and page_mkclean asks it too. A page that write(2) has changed, " +
    "and that was written back while nothing mapped it, has a key that still says so: page_mkclean looks only at pages " +
    "that are mapped. If its buffers are then taken away, as reclaim does with clean pages, and somebody maps the " +
    "page, reads it and unmaps it, the page becomes dirty: without any change, and without buffers. XFS asserts that a " +
    "dirty page has buffers, and stops the machine when it comes to write it.",
  afterText:
    "page_remove_rmap reads the page's mapping first, while it is sure to be there, and asks the key only if that does " +
    "not account for dirty pages: tmpfs, ramfs, the swap cache. There writes are not noticed otherwise, and the key is " +
    "all that tells of them. page_mkclean does not look at it any more.",
  lookFor:
    "After the last munmap the page is dirty and has no buffers before, and is clean after. The next writeback then " +
    "writes a page that nobody has changed, and buffersMissing counts what XFS asserts. On tmpfs the page must be dirty " +
    "on both sides; on an x86-64 nothing differs.",
  invariant:
    "With dirty accounting, a page becomes dirty only through write(2) or page_mkwrite, and has buffers then. Without, " +
    "no change is lost at the last unmap.",
  mutants: [
    "up to v3.7-rc2 every file's page is asked at its last unmap",
    "up to v3.7-rc2 page_mkclean asks the key, and from then on it does not",
    "that of a page whose file system accounts for dirty pages does not",
    "page_mapping of a page in the swap cache is swap space, so its key is asked",
    "a page's mapping is read before it is unmapped",
    "a dirty page without buffers is counted when it is written",
  ],
  scenarios: [
    {
      name: "oops",
      shows:
        "write(2), writeback while nothing maps the page, its buffers go; then it is mapped, read and unmapped: dirty without buffers.",
      script: oops,
      machine: s390x,
      observe: pageOf(0),
      expected: {
        before: { dirty: true, buffers: false, writebacks: 1, buffersMissing: 0 },
        after: clean,
      },
    },
    {
      name: "next-writeback",
      shows: "The same, and writeback comes to the page once more: there XFS stops.",
      script: writtenBack,
      machine: s390x,
      observe: pageOf(0),
      expected: {
        before: { dirty: false, buffers: false, writebacks: 2, buffersMissing: 1 },
        after: clean,
      },
    },
    {
      name: "cleaned-while-mapped",
      shows:
        "If the page is mapped when it is written back, page_mkclean comes to its key: clean on both sides.",
      script: cleanedWhileMapped,
      machine: s390x,
      observe: pageOf(0),
      expected: { before: { ...clean, buffers: true }, after: { ...clean, buffers: true } },
    },
    {
      name: "written-through-a-mapping",
      shows:
        "A write through a mapping of such a file is known before it is made: both sides write it once.",
      script: throughAMapping,
      machine: s390x,
      observe: pageOf(0),
      expected: { before: { ...clean, buffers: true }, after: { ...clean, buffers: true } },
    },
    {
      name: "tmpfs",
      shows:
        "On tmpfs the key is all that tells of a write after a read fault: dirty on both sides.",
      script: tmpfs,
      machine: s390x,
      observe: pageOf(1),
      expected: {
        before: { dirty: true, buffers: false, writebacks: 0, buffersMissing: 0 },
        after: { dirty: true, buffers: false, writebacks: 0, buffersMissing: 0 },
      },
    },
    {
      name: "x86-64",
      shows: "On an x86-64, which has no keys, both sides end with a clean page.",
      script: writtenBack,
      observe: pageOf(0),
      expected: { before: clean, after: clean },
    },
  ],
};
