// Commit ef5d437f71af: where writes are noticed by faults, a page's storage key has no say about whether it is dirty.

import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { ScriptRunner } from "../scenario/runner.js";
import { stateAround } from "./history.js";
import type { Lab, MakeKernel, Observables, Sight } from "./lab.js";
import { storyOf, storyPicture, toldStory } from "./page-story.js";

// The pin keeps the page cached while idle pages are dropped, which takes its buffers, as reclaim may.
const oops = `
file F 1 disk
spawn A
mmap A 0 1 r file:F:0 shared
read A 0
pin A 0
munmap A 0 1
file-write F 0 7       # write(2): the machine sets the change bit
writeback F            # the page is clean, but not mapped, so its key stays
invalidate F 0 1       # reclaim may take the buffers of a clean page
mmap A 0 1 r file:F:0 shared
read A 0               # nobody writes to it
munmap A 0 1           # the last unmap: does it ask the key?
`;

const writtenBack = `${oops}writeback F            # XFS asserts that a dirty page has buffers
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

const STEP_BY_STEP = "step-by-step";
const MAPPED = "mapped";
const CHANGE_BIT = "change bit";
const DIRTY = "PG_dirty";
const BUFFERS = "buffers";

/** The page and its storage key after each step. */
async function stepByStep(makeKernel: MakeKernel): Promise<Sight> {
  const steps = await storyOf(makeKernel, writtenBack, (run, kernel) => {
    const file = run.file("F");
    const page = file && cachedPage(kernel, file.inode, 0);
    if (!page) return null;
    return {
      [MAPPED]: page.mapcount > 0,
      [CHANGE_BIT]: page.storageKey?.changed ?? "none",
      [DIRTY]: page.dirty,
      [BUFFERS]: page.buffers,
    };
  });
  const wrong = steps.filter(({ state }) => state[DIRTY] === true && state[BUFFERS] === false);
  return { observables: { stepsDirtyWithoutBuffers: wrong.length }, shown: toldStory(steps) };
}

const s390x = { arch: "s390x" } as const;
const clean = { dirty: false, buffers: false, writebacks: 1, buffersMissing: 0 };

/** The lab. */
export const storageKey: Lab = {
  name: "storage-key",
  kind: "commit",
  commit: "ef5d437f71af",
  title: "Storage keys of s390x are no longer asked where faults tell of writes",
  ...stateAround("storageKeyDirty", "non-accounting-only"),
  problem:
    "Other machines set a dirty bit in the page-table entry through which a page is written. An s390x of that time had " +
    "none. It keeps a storage key for each page frame, outside of memory, and sets the change bit in it at every write " +
    "to the frame: by any process, and by the kernel too, when write(2) copies data into the page. So there is one bit " +
    "for a page, not one for each entry, and it does not say who has written.\n\n" +
    "The kernel keeps its own bit, PG_dirty, for pages that have to be written to disk. On an s390x the last unmap of a " +
    "page asks the key: if the change bit is set it is cleared, and the page becomes dirty. But many file systems need " +
    "no such bit. They account for dirty pages: a shared mapping begins read-only, and the first write through it " +
    "faults. The fault makes the page dirty and gives the file system time to prepare. XFS attaches buffers to it then.",
  beforeText:
    "The last unmap asks the key of every page of a file, and of the swap cache. page_mkclean, which write-protects the " +
    "entries of a page before it is written to disk, clears the change bit as well, but only of a page that is mapped. " +
    "So the bit of a page that write(2) has changed survives the writeback if nothing maps the page then. Reclaim may take the " +
    "buffers of the clean page. When a process later maps it, only reads it, and unmaps it, the page becomes dirty: " +
    "nobody has changed it, and it has no buffers. XFS asserts that a dirty page has buffers: the kernel oopses.",
  afterText:
    "The last unmap asks the key only if the page's file system does not account for dirty pages: tmpfs and ramfs, and " +
    "the swap cache. There no fault tells of a write, and the change bit is all that does. page_mkclean does not look at the " +
    "key any more. (page_remove_rmap reads the page's mapping before it lowers the map count: after that the page may " +
    "be truncated at any moment.)",
  lookFor:
    "After the last munmap the page is dirty without buffers before, and clean after. The next writeback writes a page that " +
    "nobody has changed, and buffersMissing counts what XFS would assert. On tmpfs the page must become dirty on both " +
    "sides. On an x86-64, which has no storage keys, nothing differs.",
  invariant:
    "With dirty accounting only write(2) and page_mkwrite make a page dirty, and it has buffers then. Without, " +
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
      name: STEP_BY_STEP,
      shows:
        "The page and the change bit of its storage key after each step, from where it is first cached.",
      machine: s390x,
      experiment: stepByStep,
      expected: {
        // The last munmap; the writeback after it makes the page clean.
        before: { stepsDirtyWithoutBuffers: 1 },
        after: { stepsDirtyWithoutBuffers: 0 },
      },
    },
    {
      name: "cleaned-while-mapped",
      shows:
        "If the page is mapped when it is written back, page_mkclean clears its change bit (before): clean on both sides.",
      script: cleanedWhileMapped,
      machine: s390x,
      observe: pageOf(0),
      expected: { before: { ...clean, buffers: true }, after: { ...clean, buffers: true } },
    },
    {
      name: "written-through-a-mapping",
      shows:
        "A write through a mapping of such a file faults before it is made: both sides write the page back once.",
      script: throughAMapping,
      machine: s390x,
      observe: pageOf(0),
      expected: { before: { ...clean, buffers: true }, after: { ...clean, buffers: true } },
    },
    {
      name: "tmpfs",
      shows:
        "On tmpfs an entry is writable after a read fault, so only the change bit tells of the write: dirty on both sides.",
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
      shows: "The same on an x86-64, which has no storage keys: clean on both sides.",
      script: writtenBack,
      observe: pageOf(0),
      expected: { before: clean, after: clean },
    },
  ],
  meanings: {
    dirty: "PG_dirty of the page in the end",
    buffers: "whether the page has buffers in the end",
    writebacks: "pages written to disk",
    buffersMissing: "pages written without buffers, which XFS asserts",
    stepsDirtyWithoutBuffers: "steps that leave the page dirty and without buffers",
  },
  picture: (run) =>
    storyPicture(run, STEP_BY_STEP, {
      title:
        "write(2) to a file with dirty accounting; later a process maps the page, reads it, and unmaps it",
      script: writtenBack,
      judged: [DIRTY],
      ends: {
        before:
          "Nobody has changed the page since it was written to disk, and yet it becomes dirty, without buffers.",
        after: "The change bit stays, and nobody asks for it.",
      },
    }),
};
