// Commit e6c509f85455: PG_mlocked goes with the last mapping of a page.

import type { Kernel } from "../kernel/kernel.js";
import type { ScriptRunner } from "../scenario/runner.js";
import { stateAround } from "./history.js";
import type { Lab, Observables } from "./lab.js";

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
    stranded: vmstat.unevictable_pgs_stranded,
    nrMlock: vmstat.nr_mlock,
    nrUnevictable: vmstat.nr_unevictable,
  };
}

const cleared = { mlockfreed: 0, cleared: 1, munlocked: 0, nrMlock: 0, nrUnevictable: 0 };
const stillLocked = { mlockfreed: 0, cleared: 0, munlocked: 0, nrMlock: 1, nrUnevictable: 1 };

/** The lab. */
export const clearMlock: Lab = {
  name: "clear-mlock",
  kind: "commit",
  commit: "e6c509f85455",
  title: "PG_mlocked goes with the last mapping, and not with the file",
  ...stateAround("clearMlock", "on-last-unmap"),
  problem:
    "PG_mlocked says of a page that locked memory maps it: it is on the unevictable list, and counted in NR_MLOCK. " +
    "munlock, munmap and exit clear it. But a page can also lose its mappings because its file shrinks, and nobody " +
    "unlocks it then.",
  beforeText:
    "Truncation and invalidation call clear_page_mlock for each page that they throw out of the page cache. Private " +
    "copies of pages of the file are in no page cache: truncation unmaps them, and nothing clears their mark. They are " +
    "freed with PG_mlocked set. The page allocator notices, and counts it as unevictable_pgs_mlockfreed. If somebody " +
    "else holds such a page, it stays on the unevictable list, where reclaim does not look, for as long as he does.",
  afterText:
    "Being mlocked belongs to the mappings of a page, so the last unmap (page_remove_rmap) clears the mark, whatever it " +
    "was that unmapped the page. It does so last, when the statistics of the memory cgroup are done. The calls in " +
    "truncation and invalidation are gone, and so is the event, as no page can be freed with the mark any more.",
  lookFor:
    "unevictable_pgs_mlockfreed: 1 before, 0 after. The step at which the sides part is the truncation. With a pin, the " +
    "page is one of the unevictable list before, and one that reclaim may look at after. A page that migrates keeps the " +
    "mark before, and has lost it after.",
  invariant:
    "After: a page with PG_mlocked is mapped. On both sides: NR_MLOCK is the number of pages with PG_mlocked.",
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
      script: `${mapped}pin A 0\ntruncate F 0${rest}`,
      observe: listed,
      expected: {
        before: { nrMlock: 1, nrUnevictable: 1, nrReclaimable: 0, mlockfreed: 0 },
        after: { nrMlock: 0, nrUnevictable: 0, nrReclaimable: 1, mlockfreed: 0 },
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
        before: { migrated: 1, cleared: 0, stranded: 0, nrMlock: 1, nrUnevictable: 1 },
        after: { migrated: 1, cleared: 1, stranded: 1, nrMlock: 0, nrUnevictable: 0 },
      },
    },
  ],
};
