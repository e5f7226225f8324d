// Commit 89c06bd52fb9: page statistics of a memory cgroup get a bracket.

import { stateAround } from "./history.js";
import type { Experiment, Lab, MakeKernel, Observables, Sight } from "./lab.js";
import type { LabRun } from "./lab-run.js";
import { cost } from "./memcg-cost.js";
import { MemcgMeeting } from "./memcg-meeting.js";
import { anonStaysOutside, mapMeetsMove, ownerChanges, readerBeforeMove } from "./memcg-moves.js";
import { allStops, forcedSchedule } from "./memcg-race.js";
import type { Picture, SequenceStep } from "./picture.js";

/** An experiment on two paths that meet. */
function meeting(look: (on: MemcgMeeting) => Observables | Sight): Experiment {
  return {
    async experiment(makeKernel: MakeKernel) {
      const on = await MemcgMeeting.create(makeKernel);
      try {
        return look(on);
      } finally {
        on.kernel.dispose();
      }
    },
  };
}

/** What a map and a move of the charge must come to: the page is mapped, and counted for its new owner. */
const counted = { moveWaits: true, mappedFileFrom: 0, mappedFileTo: 1, violationsAtEnd: 0 };
const owned = { mappedFileFrom: 0, mappedFileTo: 1, violationsAtEnd: 0 };
const outside = { locksOfFileUnmap: 1, locksOfAnonUnmap: 0, violationsAtEnd: 0 };
const RACE = "flag-left-behind";

/** Steps that are the same on both sides, and change nothing. */
const ASIDE = /^(looks up|asks|goes on|is stopped|takes the lock|munmap|read:|B's process)/;

/** The lines of the forced schedule as steps: "A  map count 1 -> 0". */
function stepsOf(lines: readonly string[]): SequenceStep[] {
  return lines
    .map((line) => ({ actor: line.slice(0, 1), words: line.slice(3) }))
    .filter(({ actor, words }) => actor !== "-" && !ASIDE.test(words))
    .map((step) => (/-> -1|though/.test(step.words) ? { ...step, isWrong: true as const } : step));
}

function picture({ scenarios }: LabRun): Picture {
  const race = scenarios.find(({ name }) => name === RACE)!;
  const panels = (["before", "after"] as const).map((side) => {
    const { shown, observables } = race[side];
    const { mappedFileFrom, mappedFileTo } = observables;
    const panel = {
      title: side,
      actors: ["A", "B", "C"],
      steps: stepsOf(shown),
      end: `mapped_file: from ${String(mappedFileFrom)}, to ${String(mappedFileTo)}; nothing is mapped`,
    };
    return mappedFileTo === 0 ? panel : { ...panel, isWrong: true as const };
  });
  return { kind: "sequence", title: "An unmap, a map and a move of the charge", panels };
}

const control = `
memcg from
memcg to
file F 2
spawn A from
spawn B from
mmap A 0 2 r file:F:0 shared
mmap B 0 2 r file:F:0 shared
read A 0
read B 0
munmap A 0 1
move B to
munmap B 0 1
`;

/** The lab. */
export const memcgStat: Lab = {
  name: "memcg-stat",
  kind: "commit",
  commit: "89c06bd52fb9",
  title: "Page statistics of a memory cgroup get a bracket in place of a flag",
  ...stateAround("memcgStat", "move-lock"),
  problem:
    "A memory cgroup counts the file pages charged to it that are mapped: mapped_file in memory.stat. " +
    "The count goes up when a page's map count leaves zero and down when it comes back to zero. " +
    "A page's charge can move to another cgroup, with a process that moves, and its count must go along: " +
    "whoever changes the count and whoever moves the charge must keep out of each other's way.",
  beforeText:
    "A flag in the page's side record, FILE_MAPPED, says that the page is counted. It is set after the map count went " +
    "up, and cleared after it went down if nothing maps the page at that instant. A move believes the flag. Between " +
    "the look at the map count and the clearing of the flag another process may map the page: it holds another " +
    "page-table lock, so nothing keeps it out. Then the page is mapped and counted, and its flag is clear. The next " +
    "move of its charge leaves the count behind: the old cgroup keeps one for ever, and the new one comes to -1.",
  afterText:
    "There is no flag. The map count and mapped_file change inside one bracket: a read section of RCU, for which each " +
    "move waits before it begins, and, while the charges of the page's cgroup are moved, that cgroup's move_lock. A " +
    "move looks whether the page is mapped, which is the truth while it has the lock. Anonymous pages stay outside " +
    "the bracket: their last unmap gives the charge back, which takes the lock of the side record, and a move takes " +
    "move_lock inside that. A patch of the same series then lets the bracket ask one counter first whether any " +
    "charges are moved at all (move-lock-fast).",
  lookFor:
    "The steps of the forced schedule: A reads that nothing maps the page, B maps and counts it, A clears the flag " +
    "and counts. After, B comes at the same place and nothing goes wrong, as there is nothing to clear. In the table " +
    "of costs, that the bracket is paid for by mappings that do not count as well, and that during a move it takes " +
    "one lock of the whole cgroup where there was one for each page.",
  invariant:
    "At every quiet point mapped_file of a cgroup is the number of mapped file pages that are charged to it, and never negative.",
  mutants: [
    "FILE_MAPPED is cleared only if nothing maps the page at that instant",
    "with page-flag a move believes FILE_MAPPED, and does not look who maps the page",
    "a page's map count and its memcg's mapped_file change in one bracket",
    "move_lock is not held while a page is uncharged",
    "a move waits for those who read the owner before it",
    "the bracket ends with the lock of the owner that it began with",
    "while charges are moved the bracket takes move_lock",
    "move-lock looks for moves of the page's memcg each time",
  ],
  meanings: {
    overtakes: "does B come to its end while A is stopped?",
    mappedAfterRace: "is the page mapped when A and B are done?",
    violationsAfterRace: "what verify() finds when A and B are done",
    mappedFileAfterRace: "mapped_file of `from` when A and B are done",
    mappedFileToAfterMove: "mapped_file of `to` when the charge has moved",
    mappedFileFrom: "mapped_file of `from` at the end",
    mappedFileTo: "mapped_file of `to` at the end",
    nrMapped: "mapped file pages of the machine at the end",
    stopsThatEndWrong: "stops after which mapped_file ends wrong",
    wrongEnd: "mapped_file then, where 0 and 0 are right",
    moveWaits: "does the move wait for the map?",
    violationsAtEnd: "what verify() finds at the end",
    locksOfFileUnmap: "locks for statistics that a file page's unmap takes",
    locksOfAnonUnmap: "locks for statistics that an anonymous one takes",
    cacheTo: "cache of `to` at the end, in pages",
    locksIdle: "locks for statistics, while nobody moves charges",
    locksElsewhere: "the same, while another cgroup's are moved",
    pageLocksMoving: "locks of the page, while its cgroup's are moved",
    memcgLocksMoving: "move_locks of the cgroup, while its are moved",
    looksOfFirstMap: "looks at shared words for mapped_file: first map",
    looksOfSecondMap: "the same: map of a page that is mapped",
    looksOfFirstUnmap: "the same: unmap of a page that stays mapped",
    looksOfLastUnmap: "the same: last unmap",
  },
  scenarios: [
    {
      name: RACE,
      shows:
        "A unmaps the page and stands before it counts; B maps it; A goes on; the charge moves; B unmaps: a schedule of three actors, forced.",
      ...meeting(forcedSchedule),
      expected: {
        before: {
          overtakes: true,
          mappedAfterRace: true,
          violationsAfterRace: 1,
          mappedFileAfterRace: 1,
          mappedFileToAfterMove: 0,
          mappedFileFrom: 1,
          mappedFileTo: -1,
          nrMapped: 0,
        },
        after: {
          overtakes: true,
          mappedAfterRace: true,
          violationsAfterRace: 0,
          mappedFileAfterRace: 1,
          mappedFileToAfterMove: 1,
          mappedFileFrom: 0,
          mappedFileTo: 0,
          nrMapped: 0,
        },
      },
    },
    {
      name: "all-stops",
      shows:
        "The unmap and the map, each stopped after each of its steps while the other runs: exactly one stop ends wrong before, none after.",
      ...meeting(allStops),
      expected: {
        before: { stopsThatEndWrong: 1, wrongEnd: "from 1, to -1" },
        after: { stopsThatEndWrong: 0, wrongEnd: "none" },
      },
    },
    {
      name: "map-meets-move",
      shows:
        "The map count is up and mapped_file is not, when a move begins: it waits, and the page is counted for its new owner.",
      experiment: mapMeetsMove,
      expected: { before: counted, after: counted },
    },
    {
      name: "reader-before-move",
      shows:
        "Who has found that no charges are moved is about to count, when a move begins: it waits for such readers.",
      experiment: readerBeforeMove,
      expected: { before: counted, after: counted },
    },
    {
      name: "owner-changes",
      shows:
        "A map comes while the move has the lock for the page's statistics: it reads the owner again, and counts for the new one.",
      experiment: ownerChanges,
      expected: { before: owned, after: owned },
    },
    {
      name: "anon-stays-outside",
      shows:
        "While charges of the cgroup are moved a file page's last unmap takes the lock for statistics, an anonymous page's does not: it gives its charge back, which takes the lock that a move takes first.",
      experiment: anonStaysOutside,
      expected: { before: outside, after: outside },
    },
    {
      name: "one-after-another",
      shows: "The same operations one after another: both sides agree, as nobody comes in between.",
      script: control,
      observe(run) {
        const [from, to] = [run.cgroup("from")!, run.cgroup("to")!];
        return {
          mappedFileFrom: from.stat().mapped_file,
          mappedFileTo: to.stat().mapped_file,
          cacheTo: to.stat().cache,
        };
      },
      expected: {
        before: { mappedFileFrom: 0, mappedFileTo: 0, cacheTo: 1 },
        after: { mappedFileFrom: 0, mappedFileTo: 0, cacheTo: 1 },
      },
    },
    {
      name: "cost",
      shows:
        "What each map and unmap of a charged file page costs more than without cgroups: steps, and locks, with and without a move under way.",
      experiment: cost,
      // page-flag looks only when a page becomes mapped or unmapped: at the owner, at whether it is moved, at the flag,
      // and before it clears it at the map count. The bracket looks at the first two each time, and at the owner once
      // more when it counts. Locks: page-flag takes one where it counts, the bracket each of four times.
      expected: {
        before: {
          locksIdle: 0,
          locksElsewhere: 0,
          pageLocksMoving: 2,
          memcgLocksMoving: 0,
          looksOfFirstMap: 3,
          looksOfSecondMap: 0,
          looksOfFirstUnmap: 0,
          looksOfLastUnmap: 4,
        },
        after: {
          locksIdle: 0,
          locksElsewhere: 0,
          pageLocksMoving: 0,
          memcgLocksMoving: 4,
          looksOfFirstMap: 3,
          looksOfSecondMap: 2,
          looksOfFirstUnmap: 2,
          looksOfLastUnmap: 3,
        },
      },
    },
  ],
  picture,
};
