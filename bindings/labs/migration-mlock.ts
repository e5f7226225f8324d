// A defect of v3.7, found and repaired in 2015: a page that migrates loses PG_mlocked.

import type { Kernel } from "../kernel/kernel.js";
import type { ScriptRunner } from "../scenario/runner.js";
import type { Lab, Observables } from "./lab.js";

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

/** Reclaim meets the page: in a locked VMA it mlocks it, and leaves it. */
const metByReclaim = `${anonymous}swap-out A 0 1
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

const kept = { migrated: 1, nrMlock: 1, nrUnevictable: 1, swappedOut: 0 };
const lost = { migrated: 1, nrMlock: 0, nrUnevictable: 0, swappedOut: 0 };

/** The lab. */
export const migrationMlock: Lab = {
  name: "migration-mlock",
  kind: "defect",
  commit: null,
  title: "a page that migrates is mlocked no more, until 2015",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { migrationMlock: "restored" } },
  problem:
    "A page that migrates is unmapped everywhere, copied to another frame, and mapped there again. Its marks go over to " +
    "the new page: PG_mlocked among them, so that locked memory stays where reclaim does not look.",
  beforeText:
    "Since clear_page_mlock moved to the last unmap (commit e6c509f85455), unmapping the page for its migration clears " +
    "PG_mlocked before the marks are copied. The new page is on a list of reclaim, and NR_MLOCK is one less, though its " +
    "memory is locked. It is mlocked again when somebody locks it once more, or when reclaim comes to unmap it, finds " +
    "the locked VMA, and leaves it: nothing is lost, but what was counted and set aside is so no more.",
  afterText:
    "As each entry is restored, remove_migration_pte looks whether its VMA is locked, and mlocks the new page. (Hugh " +
    "Dickins found and repaired it in 2015.) A page that could not move and gets its entries back is mlocked again too.",
  lookFor:
    "NR_MLOCK after the migration: 0 before the repair, 1 after. Where reclaim meets the page, both sides end alike, and " +
    "the page is not swapped out on either.",
  invariant: "A page that was mlocked before its migration is mlocked after it.",
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
};
