// Commit e6c509f85455: PG_mlocked goes with the last mapping of a page.

import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { ScriptRunner } from "../scenario/runner.js";
import { at } from "./ground.js";
import { stateAround } from "./history.js";
import type { Lab, MakeKernel, Observables, Sight } from "./lab.js";
import { listOf, storyOf, storyPicture, toldStory } from "./page-story.js";

// The program of the commit: its file is unlinked at once, which changes nothing here.
const mapped = `
file F 0 disk
truncate F 1
spawn A
mmap A 0 1 rw file:F:0 private
write A 0 7            # a copy of its own
mlock A 0 1
`;

const rest = `
munlock A 0 1
munmap A 0 1
`;

const pinned = `${mapped}pin A 0                # somebody holds the page, for I/O
truncate F 0           # unmaps private copies too
${rest.trim()}
`;

const ofTheFile = `
file F 1 disk
spawn A
mmap A 0 1 rw file:F:0 shared
mlock A 0 1
truncate F 0
munlock A 0 1
munmap A 0 1
`;

const mappedTwice = `
file F 1 disk
spawn A
spawn B
mmap A 0 1 rw file:F:0 shared
mmap B 0 1 rw file:F:0 shared
mlock A 0 1
read B 0
munmap B 0 1
`;

const migrated = `
spawn A
mmap A 0 1 rw anon private
write A 0 7
mlock A 0 1
migrate A 0 1
`;

/** How often PG_mlocked went, each way, and what is left of it. */
function numbers(_: ScriptRunner, kernel: Kernel): Observables {
  const vmstat = kernel.vmstat();
  return {
    mlockfreed: vmstat.unevictable_pgs_mlockfreed,
    cleared: vmstat.unevictable_pgs_cleared,
    munlocked: vmstat.unevictable_pgs_munlocked,
    nrMlock: vmstat.nr_mlock,
    nrUnevictable: vmstat.nr_unevictable,
  };
}

/** Where the page is that somebody holds. */
function listed(_: ScriptRunner, kernel: Kernel): Observables {
  const vmstat = kernel.vmstat();
  return {
    nrMlock: vmstat.nr_mlock,
    nrUnevictable: vmstat.nr_unevictable,
    nrReclaimable: vmstat.nr_active_anon + vmstat.nr_inactive_anon,
    mlockfreed: vmstat.unevictable_pgs_mlockfreed,
  };
}

/** What became of a page that moved. */
function moved(_: ScriptRunner, kernel: Kernel): Observables {
  const vmstat = kernel.vmstat();
  return {
    migrated: vmstat.pgmigrate_success,
    cleared: vmstat.unevictable_pgs_cleared,
    notIsolated: vmstat.unevictable_pgs_stranded,
    nrMlock: vmstat.nr_mlock,
    nrUnevictable: vmstat.nr_unevictable,
  };
}

const STEP_BY_STEP = "pinned-step-by-step";
const MAPPED = "mapped";
const MARK = "PG_mlocked";
const LIST = "list";
const COUNT = "NR_MLOCK";

/** The pinned page after each step. */
async function stepByStep(makeKernel: MakeKernel): Promise<Sight> {
  let page: Page | null = null;
  const steps = await storyOf(makeKernel, pinned, (run, kernel) => {
    page ??= run.process("A")?.pageAt(at(0)) ?? null;
    if (page === null) return null;
    return {
      [MAPPED]: page.mapcount > 0,
      [MARK]: page.mlocked,
      [LIST]: listOf(page),
      [COUNT]: kernel.vmstat().nr_mlock,
    };
  });
  const unmapped = steps.filter(({ state }) => state[MARK] === true && state[MAPPED] === false);
  return {
    observables: { stepsMlockedUnmapped: unmapped.length },
    shown: toldStory(steps),
  };
}

const cleared = { mlockfreed: 0, cleared: 1, munlocked: 0, nrMlock: 0, nrUnevictable: 0 };
const stillLocked = { mlockfreed: 0, cleared: 0, munlocked: 0, nrMlock: 1, nrUnevictable: 1 };

/** The lab. */
export const clearMlock: Lab = {
  name: "clear-mlock",
  kind: "commit",
  commit: "e6c509f85455",
  title: "PG_mlocked goes with the last mapping, not when the page leaves its file",
  ...stateAround("clearMlock", "on-last-unmap"),
  problem:
    "PG_mlocked says that locked memory maps a page: it is on the unevictable list, where reclaim does not look, and " +
    "counted in NR_MLOCK. munlock clears the bit, and so do munmap and exit, which unlock first. But a page can also " +
    "lose its mappings because its file shrinks, and then nobody has unlocked it.",
  beforeText:
    "Truncation and invalidation clear the bit (clear_page_mlock) of each page that they remove from the page cache. " +
    "A private copy of a file's page is in no page cache: truncation unmaps it, and its bit stays. As the page is freed " +
    "the allocator finds the bit set, takes the page off NR_MLOCK, and counts unevictable_pgs_mlockfreed. As long as " +
    "somebody else holds the page, for I/O say, it is not freed, and stays on the unevictable list, though nothing maps " +
    "it.",
  afterText:
    "The last unmap (page_remove_rmap) clears the bit, whatever unmapped the page. It does so at its end, after the " +
    "counters and the bracket of memory-cgroup statistics. Truncation and invalidation do not clear it any more, and " +
    "the event is gone too, as no page is freed with the bit set.",
  lookFor:
    "unevictable_pgs_mlockfreed: 1 before, 0 after. The sides part at the truncation. With a pin, the page that nothing " +
    "maps stays on the unevictable list before, and is on a list of reclaim after. The scenario migrated shows what the " +
    "commit broke: a page that migrates keeps the bit before, and loses it after.",
  invariant:
    "A page with PG_mlocked is mapped (after). NR_MLOCK is the number of pages with PG_mlocked (both sides).",
  mutants: [
    "up to v3.6 the last unmap leaves the mark",
    "from v3.7 on it clears the mark",
    "PG_mlocked goes after the last mapping, not before: who maps the page still keeps it",
    "PG_mlocked goes when the bracket of memcg statistics has ended, as LRU work is none for inside of move_lock",
    "up to v3.6 a page that leaves its file loses the mark",
    "a page that is freed with the mark is counted as that",
    "up to v3.6 migration takes the mark along",
  ],
  scenarios: [
    {
      name: "program",
      shows:
        "The program of the commit: a private copy of a file's page is locked, the file is truncated to nothing, then the memory unlocked and unmapped.",
      script: `${mapped}truncate F 0${rest}`,
      observe: numbers,
      expected: {
        before: { mlockfreed: 1, cleared: 0, munlocked: 0, nrMlock: 0, nrUnevictable: 0 },
        after: cleared,
      },
    },
    {
      name: "pinned",
      shows:
        "The same, with somebody who holds the page while its file is truncated, and goes on holding it.",
      script: pinned,
      observe: listed,
      expected: {
        before: { nrMlock: 1, nrUnevictable: 1, nrReclaimable: 0, mlockfreed: 0 },
        after: { nrMlock: 0, nrUnevictable: 0, nrReclaimable: 1, mlockfreed: 0 },
      },
    },
    {
      name: STEP_BY_STEP,
      shows: "The pinned page after each step, from its first.",
      experiment: stepByStep,
      expected: {
        // After the truncation, munlock and munmap: these find no page any more.
        before: { stepsMlockedUnmapped: 3 },
        after: { stepsMlockedUnmapped: 0 },
      },
    },
    {
      name: "page-of-the-file",
      shows: "A page of the file itself loses its mark on both sides.",
      script: ofTheFile,
      observe: numbers,
      expected: { before: cleared, after: cleared },
    },
    {
      name: "mapped-twice",
      shows: "A page keeps its mark, on both sides, while a mapping of it is left.",
      script: mappedTwice,
      observe: numbers,
      expected: { before: stillLocked, after: stillLocked },
    },
    {
      name: "migrated",
      shows:
        "What the commit broke: migration unmaps a page before it copies its marks, so the mark is gone by then (the lab migration-mlock has the repair).",
      script: migrated,
      observe: moved,
      expected: {
        before: { migrated: 1, cleared: 0, notIsolated: 0, nrMlock: 1, nrUnevictable: 1 },
        after: { migrated: 1, cleared: 1, notIsolated: 1, nrMlock: 0, nrUnevictable: 0 },
      },
    },
  ],
  meanings: {
    mlockfreed: "pages freed with PG_mlocked set (unevictable_pgs_mlockfreed)",
    cleared: "pages that clear_page_mlock has unmarked",
    munlocked: "pages that munlock has unmarked",
    nrMlock: "mlocked pages in the end (NR_MLOCK)",
    nrUnevictable: "pages on the unevictable list in the end",
    nrReclaimable: "anonymous pages on the lists of reclaim in the end",
    stepsMlockedUnmapped: "steps that leave PG_mlocked on an unmapped page",
    migrated: "pages that migrated",
    notIsolated: "unmarked while on no list (unevictable_pgs_stranded)",
  },
  picture: (run) =>
    storyPicture(run, STEP_BY_STEP, {
      title:
        "A private copy of a file's page in locked memory, held by somebody as the file is cut",
      script: pinned,
      judged: [MARK, LIST, COUNT],
      ends: {
        before:
          "Nothing maps it, and reclaim does not look at it: it is mlocked for as long as it is held.",
        after: "Nothing maps it, and reclaim may have it as soon as nobody holds it.",
      },
    }),
};
