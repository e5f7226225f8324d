// A defect of v3.7, found and repaired in 2015: a page that migrates loses PG_mlocked.

import type { Kernel } from "../kernel/kernel.js";
import type { ScriptRunner } from "../scenario/runner.js";
import { at } from "./ground.js";
import type { Lab, MakeKernel, Observables, Sight } from "./lab.js";
import { listOf, storyOf, storyPicture, toldStory } from "./page-story.js";

const anonymous = `
spawn A
mmap A 0 1 rw anon private
write A 0 7
mlock A 0 1
migrate A 0 1
`;

const ofAFile = `
file F 1 disk
spawn A
mmap A 0 1 rw file:F:0 shared
mlock A 0 1
migrate A 0 1
`;

const metByReclaim = `
spawn A
mmap A 0 1 rw anon private
write A 0 7
mlock A 0 1
migrate A 0 1          # unmapped, copied to another frame, mapped there
swap-out A 0 1         # reclaim meets the locked VMA, mlocks its page, and leaves it
read A 0
`;

const unlocked = `
spawn A
mmap A 0 1 rw anon private
write A 0 7
migrate A 0 1
`;

function numbers(_: ScriptRunner, kernel: Kernel): Observables {
  const vmstat = kernel.vmstat();
  return {
    migrated: vmstat.pgmigrate_success,
    nrMlock: vmstat.nr_mlock,
    nrUnevictable: vmstat.nr_unevictable,
    swappedOut: vmstat.pswpout,
  };
}

const STEP_BY_STEP = "step-by-step";
const LOCKED = "VMA locked";
const MARK = "PG_mlocked";
const LIST = "list";
const COUNT = "NR_MLOCK";

/** The page of the process after each step, in whatever frame it is. */
async function stepByStep(makeKernel: MakeKernel): Promise<Sight> {
  const steps = await storyOf(makeKernel, metByReclaim, (run, kernel) => {
    const process = run.process("A");
    const page = process?.pageAt(at(0));
    if (!page) return null;
    return {
      [LOCKED]: (process?.lockedPages ?? 0) > 0,
      [MARK]: page.mlocked,
      [LIST]: listOf(page),
      [COUNT]: kernel.vmstat().nr_mlock,
    };
  });
  const lost = steps.filter(({ state }) => state[LOCKED] === true && state[MARK] === false);
  return { observables: { stepsNotMlocked: lost.length }, shown: toldStory(steps) };
}

const kept = { migrated: 1, nrMlock: 1, nrUnevictable: 1, swappedOut: 0 };
const lost = { migrated: 1, nrMlock: 0, nrUnevictable: 0, swappedOut: 0 };

/** The lab. */
export const migrationMlock: Lab = {
  name: "migration-mlock",
  kind: "defect",
  commit: null,
  title: "Migration takes PG_mlocked off a page; since 2015 it is put back",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { migrationMlock: "restored" } },
  problem:
    "To migrate a page is to unmap it everywhere, copy it to another frame, and map that in its place. The new page gets " +
    "the flags of the old one. PG_mlocked is one of them: it says that locked memory maps the page, and keeps it on the " +
    "unevictable list, where reclaim does not look.",
  beforeText:
    "Since commit e6c509f85455 (the lab clear-mlock) the last unmap clears PG_mlocked. Migration unmaps the old page " +
    "before it copies the flags, so the new page does not get this one. It is on a list of reclaim, and NR_MLOCK is one " +
    "less, though its memory is still locked. No data is lost: when reclaim comes to unmap the page it finds the locked " +
    "VMA, sets PG_mlocked again, and leaves the page. So does a further mlock. Until then NR_MLOCK is wrong.",
  afterText:
    "Found and repaired in 2015 by Hugh Dickins: as migration puts each entry back (remove_migration_pte), it looks at " +
    "the VMA, and sets PG_mlocked on the page if that is locked. So it does for a page that could not be moved, and gets " +
    "its old entries back.",
  lookFor:
    "NR_MLOCK after the migration: 0 before the repair, 1 after it. Where reclaim meets the page (met-by-reclaim), both " +
    "sides end alike, and neither swaps the page out.",
  invariant: "A page with PG_mlocked that migrates has PG_mlocked afterwards.",
  mutants: [
    "where it is repaired, an entry that is restored in a locked VMA mlocks the page",
    "one in another VMA does not",
    "v3.7 does not mlock it again",
  ],
  scenarios: [
    {
      name: "anonymous",
      shows: "An anonymous page of locked memory migrates.",
      script: anonymous,
      observe: numbers,
      expected: { before: lost, after: kept },
    },
    {
      name: "page-of-a-file",
      shows: "So does a page of a file that is mapped shared.",
      script: ofAFile,
      observe: numbers,
      expected: { before: lost, after: kept },
    },
    {
      name: STEP_BY_STEP,
      shows: "The page after each step of a migration, and of a reclaim that meets it later.",
      experiment: stepByStep,
      expected: {
        // That of migrate.
        before: { stepsNotMlocked: 1 },
        after: { stepsNotMlocked: 0 },
      },
    },
    {
      name: "met-by-reclaim",
      shows:
        "Then reclaim comes to the page: it finds the locked VMA and leaves the page, mlocked, on both sides.",
      script: metByReclaim,
      observe: numbers,
      expected: { before: kept, after: kept },
    },
    {
      name: "not-locked",
      shows: "A page of memory that is not locked is not mlocked on either side.",
      script: unlocked,
      observe: numbers,
      expected: { before: lost, after: lost },
    },
  ],
  meanings: {
    migrated: "pages that migrated",
    nrMlock: "mlocked pages in the end (NR_MLOCK)",
    nrUnevictable: "pages on the unevictable list in the end",
    swappedOut: "pages swapped out",
    stepsNotMlocked: "steps that leave a page of a locked VMA not mlocked",
  },
  picture: (run) =>
    storyPicture(run, STEP_BY_STEP, {
      title: "A page of locked memory migrates, and reclaim meets it later",
      script: metByReclaim,
      judged: [MARK, LIST, COUNT],
      ends: {
        before:
          "The page of locked memory was on a list of reclaim, and not counted, until reclaim met it.",
        after: "It was mlocked all the time.",
      },
    }),
};
