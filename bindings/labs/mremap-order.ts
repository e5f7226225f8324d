import type { Kernel } from "../kernel/kernel.js";
import type { KernelOptions } from "../kernel/options.js";
import { at, lay, move, PAGE } from "./ground.js";
import { stateAround } from "./history.js";
import type { Lab, MachineOptions, MakeKernel, Observables, Sight } from "./lab.js";
import { type Meeting, Overtaking } from "./overtaking.js";
import { lastPass, passInWords } from "./pass.js";
import { passPanel } from "./pass-picture.js";
import type { PassPicture } from "./picture.js";
import { namesOfPlaces } from "./places.js";
import { search } from "./schedules.js";

const sides = stateAround("mremapOrder", "always-lock");

/** The states in the order of history. What is not said here is as in v3.7. */
const STATES = {
  none: { anonIndex: "list", vmaAddress: "checked", mremapOrder: "none" },
  moveToTail: { anonIndex: "list", vmaAddress: "checked", mremapOrder: "move-to-tail" },
  alwaysLock: { anonIndex: "list", vmaAddress: "checked", mremapOrder: "always-lock" },
  lockIfNeeded: { mremapOrder: "lock-if-needed" },
} as const satisfies Record<string, KernelOptions>;

/** Andrea Arcangeli's program: a half moves away, and is about to come back while one of its pages migrates. */
function andrea(kernel: Kernel): Meeting {
  const process = kernel.spawn();
  lay(process, 0, 4);
  move(process, 2, 2, 50);
  const page = process.pageAt(at(51));
  if (page === null) throw new Error("the page has not moved");
  return {
    process,
    first: (batch) => batch.mremap(process, at(50), 2 * PAGE, 2 * PAGE, { to: at(2) }),
    second: (batch) => batch.migratePage(page),
  };
}

/**
 * Each state: in how many schedules of Andrea's program the walk loses an entry, and the same moment in each, when the two
 * meet most closely.
 */
async function fourStates(): Promise<Sight> {
  const observables: Record<string, number> = {};
  const shown: string[] = [];
  for (const [name, options] of Object.entries(STATES)) {
    const paths = await Overtaking.create({ frames: 64, ...options }, andrea);
    const { schedules, failing, meeting } = search(paths);
    paths.dispose();
    observables[`${name}SchedulesThatLose`] = failing;
    observables[`${name}Schedules`] = schedules;
    shown.push(`${options.mremapOrder}: ${failing} of ${schedules} schedules lose an entry`);
    if (meeting === null) continue;
    shown.push(`  ${passInWords(lastPass(meeting.log))}`);
    shown.push(`  ${meeting.wrong ?? "every entry was found"}`);
  }
  return { observables, shown };
}

/**
 * A schedule: mremap goes some steps, then the migration some, then mremap as far as it can, then both to their ends. All
 * are played: each place where mremap can stop, with each where the migration can while mremap stands there. How many that
 * is, says how finely this library cuts its paths into steps. Without care those are lost in which the walk that puts the
 * page back stands between the two VMAs when mremap goes on. There is one place for that as long as the destination has
 * not grown, since a walk passes over a VMA that does not hold the page without a lock to stop at: before it takes the
 * page-table lock of the source. mremap stops twice until then: before it begins, and before it takes mmap_sem. Once the
 * destination has grown, and until the entries move, mremap stops once, before it takes their page-table lock; the walk
 * looks into the destination then, and stops once more, having given back that page-table lock: 2 x 1 + 1 x 2 = 4.
 */
const lost = {
  ...{ noneSchedulesThatLose: 4, noneSchedules: 309 },
  ...{ moveToTailSchedulesThatLose: 0, moveToTailSchedules: 387 },
  ...{ alwaysLockSchedulesThatLose: 0, alwaysLockSchedules: 343 },
  ...{ lockIfNeededSchedulesThatLose: 0, lockIfNeededSchedules: 413 },
};

/** Moves of a half: away, and back. */
const MOVES = 100;

/** Mutexes of anon_vmas that a move away and a move back take. */
function mutexes(kernel: Kernel): { away: number; back: number } {
  const process = kernel.spawn();
  lay(process, 0, 4);
  let [away, back] = [0, 0];
  for (let i = 0; i < MOVES; i++) {
    kernel.resetCounters();
    move(process, 2, 2, 50);
    away += taken(kernel);
    kernel.resetCounters();
    move(process, 50, 2, 2);
    back += taken(kernel);
  }
  return { away: away / MOVES, back: back / MOVES };
}

function taken(kernel: Kernel): number {
  return kernel.lockCounters?.locks["anon_vma mutex"].taken ?? 0;
}

/** How many more of them each state takes than a kernel with the same index that takes no care. */
async function mutexesInFourStates(makeKernel: MakeKernel): Promise<Observables> {
  const count = async (options: MachineOptions) =>
    mutexes(await makeKernel({ frames: 64, fileIndex: "interval-tree", ...options }));
  const list = await count(STATES.none);
  const tree = await count({ ...TREE, vmaAddress: "checked", mremapOrder: "none" });
  const ordered = await count(STATES.moveToTail);
  const always = await count(STATES.alwaysLock);
  const needed = await count({ ...TREE, vmaAddress: "asserted", ...STATES.lockIfNeeded });
  return {
    moveToTailMoreAway: ordered.away - list.away,
    moveToTailMoreBack: ordered.back - list.back,
    alwaysLockMoreAway: always.away - list.away,
    alwaysLockMoreBack: always.back - list.back,
    lockIfNeededMoreAway: needed.away - tree.away,
    lockIfNeededMoreBack: needed.back - tree.back,
  };
}

/** What exec, which moves a stack of one table of entries, takes more than without any care. */
async function exec(makeKernel: MakeKernel): Promise<Observables> {
  const count = async (options: MachineOptions): Promise<number> => {
    const kernel = await makeKernel({ frames: 64, ...options });
    kernel.spawn().exec({ stack: { pages: 2 } });
    return taken(kernel);
  };
  return { mutexesMore: (await count({})) - (await count({ mremapOrder: "none" })) };
}

/** A family, so that a walk has an order to show. */
const FAMILY = `
spawn A
mmap A 0 4 rw anon private
write A 0 1
write A 1 2
write A 2 3
write A 3 4
fork A B
mremap A 2 2 50
mremap A 50 2 2
rmap A 1
`;

const TREE = { anonIndex: "interval-tree" } as const;

/** One for each VMA that goes to a tail, or for each table of entries that moves; nobody could miss a move to the end. */
const more = {
  ...{ moveToTailMoreAway: 0, moveToTailMoreBack: 1 },
  ...{ alwaysLockMoreAway: 1, alwaysLockMoreBack: 1 },
  ...{ lockIfNeededMoreAway: 0, lockIfNeededMoreBack: 1 },
};

const TITLES: Readonly<Record<string, string>> = {
  none: "v3.0 to v3.2: no care",
  "move-to-tail": "before, v3.3 to v3.6: the source comes first",
  "always-lock": "after, this commit: always a lock",
  "lock-if-needed": "v3.7: a lock if needed",
};

/** A state's schedule of what fourStates() shows. */
function panel(lines: readonly string[], state: string): PassPicture["panels"][number] {
  const [, pass = "", end = ""] = lines.slice(lines.findIndex((line) => line.startsWith(state)));
  const isLost = end.includes("still waits");
  const words = isLost ? "The entry is missed, and waits for ever." : "The walk finds the entry.";
  return passPanel(TITLES[state] ?? state, pass.trim(), words, isLost);
}

export const mremapOrder: Lab = {
  name: "mremap-order",
  kind: "commit",
  commit: "108d6642ad81",
  title: "mremap no longer keeps VMAs in order for walks: it takes their lock",
  ...sides,
  problem:
    "mremap moves page-table entries from one VMA, the source, to another, the destination. At the same time a walk of the " +
    "reverse map may go over both, one after the other, and some walks must not miss an entry. Migration makes two such " +
    "walks: the first puts a placeholder, the migration entry, in the place of each entry of a page; then the page is copied; " +
    "the second puts the new page in the place of each placeholder.\n\n" +
    "Let that second walk look into the destination: there is nothing yet. Now mremap moves the placeholder there. Then the " +
    "walk looks into the source: there is nothing any more. The placeholder stays for ever, and whoever touches the page " +
    "waits for a migration that is over. The split of a huge page can miss an entry in the same way. Up to v3.2 nothing " +
    "prevented it.",
  beforeText:
    "From v3.3 to v3.6 an order prevented it. A walk visits VMAs in the order of the anon_vma's list. If the source comes before " +
    "the destination, a walk may see an entry twice, but never misses it. A new VMA goes to the tail of the list, so that it " +
    "comes last by itself. But if the moved pages join a VMA that is there already, that one may come first: then " +
    "anon_vma_moveto_tail sends it to the tails of all its lists. If the move fails half-way and the entries go back, it " +
    "sends the source there. The move itself takes no mutex of an anon_vma.",
  afterText:
    "This commit makes ready for the interval tree (lab anon-index), which orders VMAs by their page offsets, so that none can be " +
    "sent to a tail. A walk holds the anon_vma's mutex from its beginning to its end. So mremap now takes that mutex too, for " +
    "each page table of entries that it moves, and a walk sees all of them before the move or after it. It does so " +
    "always, even where nobody could miss an entry, as when exec moves a new stack. A later commit of the same release " +
    "(38a76013ad80) takes the mutex only if needed: the tree hands out VMAs by ascending page offset, so that a destination " +
    "with a larger one comes after the source by itself. A move back after a failure always needs it. That is v3.7.",
  lookFor:
    "In four-states: 4 schedules lose an entry where no care is taken, and none in the three states since. Below each count " +
    "is what the second walk meets if mremap stops right before it moves the entries, and goes on when the walk has looked " +
    "into one VMA. Before the commit the walk looks into the source first; after it, mremap waits. " +
    "Then what that costs, in locks: both sides pay, and v3.7 pays nothing for a move to a new place.",
  invariant:
    "No migration entry outlives its migration: a walk that must not miss an entry sees each at least once.",
  mutants: [
    "a VMA that took in what is moved goes to the tail of its lists",
    "a move that failed half-way sends the VMA to the tail that the entries go back to",
    "a VMA goes to the tail of all of its lists, not of one",
    "a move to a VMA that walks come to first needs the locks",
    "a way back needs the locks",
    "the anon_vma's mutex comes before the page-table locks",
    "a copied VMA has its bounds before it goes into the trees",
  ],
  meanings: {
    noneSchedules: "v3.0 to v3.2: schedules played",
    noneSchedulesThatLose: "v3.0 to v3.2: schedules that lose an entry",
    moveToTailSchedules: "v3.3 to v3.6: schedules played",
    moveToTailSchedulesThatLose: "v3.3 to v3.6: schedules that lose an entry",
    alwaysLockSchedules: "this commit: schedules played",
    alwaysLockSchedulesThatLose: "this commit: schedules that lose an entry",
    lockIfNeededSchedules: "v3.7: schedules played",
    lockIfNeededSchedulesThatLose: "v3.7: schedules that lose an entry",
    schedulesThatLose: "schedules that lose an entry",
    walkOrder: "processes in the order in which a walk comes to them",
    mutexesAway: "anon_vma mutexes taken per move away",
    mutexesBack: "anon_vma mutexes taken per move back",
    moveToTailMoreAway: "v3.3 to v3.6: more mutexes per move away",
    moveToTailMoreBack: "v3.3 to v3.6: more mutexes per move back",
    alwaysLockMoreAway: "this commit: more mutexes per move away",
    alwaysLockMoreBack: "this commit: more mutexes per move back",
    lockIfNeededMoreAway: "v3.7: more mutexes per move away",
    lockIfNeededMoreBack: "v3.7: more mutexes per move back",
    mutexesMore: "more anon_vma mutexes per exec",
  },
  scenarios: [
    {
      name: "four-states",
      shows:
        "Andrea Arcangeli's program in all four states of history: two entries move back to where they came from while one of " +
        "their pages migrates. Every schedule is played in which mremap stops once and the migration stops once.",
      expected: { before: lost, after: lost },
      experiment: fourStates,
    },
    {
      name: "race",
      shows: "The same program on the two kernels that are compared here: neither loses an entry.",
      expected: { before: { schedulesThatLose: 0 }, after: { schedulesThatLose: 0 } },
      experiment: async (makeKernel) => {
        const { options } = await makeKernel({ frames: 64 });
        const paths = await Overtaking.create(options, andrea);
        const { schedules, failing } = search(paths);
        paths.dispose();
        return {
          observables: { schedulesThatLose: failing },
          shown: [`of ${schedules} schedules`],
        };
      },
    },
    {
      name: "order",
      shows:
        "What moveto_tail does to the list: after a half of A's memory has moved away and back, its VMA is behind that of the " +
        "child B, and walks come to it last.",
      script: FAMILY,
      expected: { before: { walkOrder: "B A" }, after: { walkOrder: "A B" } },
      observe: (run) => ({ walkOrder: namesOfPlaces(run, "A", 1) }),
    },
    {
      name: "locks",
      shows:
        "Mutexes of anon_vmas for a move of one table of entries to a new place, and for the move back, where they join " +
        "the VMA that they came from.",
      // Away: the copy is linked, the old VMA is split (another copy), and unlinked. Back: the VMA that grew is sent to the
      // tail, or the table is locked, and the one that is left is unlinked.
      expected: {
        before: { mutexesAway: 3, mutexesBack: 2 },
        after: { mutexesAway: 4, mutexesBack: 2 },
      },
      experiment: async (makeKernel) => {
        const { away, back } = mutexes(await makeKernel({ frames: 64 }));
        return { mutexesAway: away, mutexesBack: back };
      },
    },
    {
      name: "locks-in-four-states",
      shows: "How many of these mutexes each state takes that it would not take without any care.",
      expected: { before: more, after: more },
      experiment: mutexesInFourStates,
    },
    {
      name: "exec",
      shows:
        "exec moves a new stack of one table of entries. No walk looks at it, but this commit locks it all the same.",
      expected: { before: { mutexesMore: 0 }, after: { mutexesMore: 1 } },
      experiment: exec,
    },
  ],
  picture: ({ scenarios }) => {
    const lines = scenarios.find(({ name }) => name === "four-states")?.after.shown ?? [];
    return {
      kind: "pass",
      title: "mremap moves an entry between two VMAs while a walk looks into one after the other",
      panels: Object.values(STATES).map(({ mremapOrder: state }) => panel(lines, state)),
    };
  },
};
