import type { Kernel } from "../kernel/kernel.js";
import type { KernelOptions } from "../kernel/options.js";
import { at, lay, move, PAGE } from "./ground.js";
import { stateAround } from "./history.js";
import type { Lab, MachineOptions, Sight } from "./lab.js";
import { type Ending, type Meeting, Overtaking, search } from "./overtaking.js";
import type { SequencePicture } from "./picture.js";
import { namesOfPlaces } from "./places.js";
import { racePanel } from "./race-picture.js";

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
 * Each state: whether some schedule of Andrea's program loses an entry in it, and whether the one does that is the first
 * to lose one where nothing is done about it.
 */
async function fourStates(): Promise<Sight> {
  const observables: Record<string, boolean> = {};
  const shown: string[] = [];
  let schedule: Ending | null = null;
  for (const [name, options] of Object.entries(STATES)) {
    const paths = await Overtaking.create({ frames: 64, ...options }, andrea);
    const { schedules, failing, bad } = search(paths);
    schedule ??= bad;
    const there = schedule && paths.play(schedule.firstSteps, schedule.secondSteps);
    observables[`${name}Loses`] = bad !== null;
    observables[`${name}LosesThere`] = typeof there?.wrong === "string";
    shown.push(`${options.mremapOrder}: ${failing} of ${schedules} schedules lose an entry`);
    if (there) shown.push(...told(there));
    paths.dispose();
  }
  return { observables, shown };
}

function told({ secondSteps, log, wrong }: Ending): string[] {
  return [
    `  the migration goes ${secondSteps} steps, then the move as far as it can, then both to their ends:`,
    ...log.map((line) => `    ${line}`),
    `  ${wrong ?? "every entry was found"}`,
  ];
}

/** Moves of a half: away, and back. */
const MOVES = 500;

/** Mutexes of anon_vmas that are taken by moves away and by moves back. */
function mutexes(kernel: Kernel): { away: number; back: number } {
  const process = kernel.spawn();
  lay(process, 0, 4);
  const taken = { away: 0, back: 0 };
  const count = (): number => kernel.lockCounters?.locks["anon_vma mutex"].taken ?? 0;
  for (let i = 0; i < MOVES; i++) {
    kernel.resetCounters();
    move(process, 2, 2, 50);
    taken.away += count();
    kernel.resetCounters();
    move(process, 50, 2, 2);
    taken.back += count();
  }
  return taken;
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

const onlyTheFirst = {
  ...{ noneLoses: true, noneLosesThere: true },
  ...{ moveToTailLoses: false, moveToTailLosesThere: false },
  ...{ alwaysLockLoses: false, alwaysLockLosesThere: false },
  ...{ lockIfNeededLoses: false, lockIfNeededLosesThere: false },
};

const extra = {
  ...{ moveToTailAway: 0, moveToTailBack: MOVES },
  ...{ alwaysLockAway: MOVES, alwaysLockBack: MOVES },
  ...{ lockIfNeededAway: 0, lockIfNeededBack: MOVES },
};

/** A state's schedule of what fourStates() shows. */
function panel(lines: readonly string[], state: string): SequencePicture["panels"][number] {
  const begin = lines.findIndex((line) => line.startsWith(`${state}: `));
  const length = lines.slice(begin + 1).findIndex((line) => !line.startsWith(" "));
  const block = lines.slice(begin + 2, length < 0 ? undefined : begin + 1 + length);
  const end = block.at(-1)?.trim() ?? "";
  return racePanel(state, block.slice(0, -1), end, end.includes("waits"));
}

export const mremapOrder: Lab = {
  name: "mremap-order",
  kind: "commit",
  commit: "108d6642ad81",
  title: "mremap against walks that must not miss an entry: an ordered list, or locks",
  ...sides,
  problem:
    "mremap moves page-table entries from one VMA, src, to another, dst, of the same anon_vma. Migration puts a migration " +
    "entry in the place of each entry of a page, copies the page, and then walks all VMAs of the anon_vma to put the page " +
    "back wherever it finds a migration entry. It looks at one VMA after the other, each under its own page-table lock. If " +
    "it comes to dst before the entry is there, and to src when the entry has gone, it misses it: the migration entry stays " +
    "for ever, and whoever touches the page waits for a migration that is over. The split of a huge page can miss an entry " +
    "in the same way. Up to v3.2 nothing kept them apart.",
  beforeText:
    "From v3.3 on the list of an anon_vma has an order: src comes before dst, so that a walk may see an entry twice, but " +
    "never misses it. A new VMA goes to the tail of the list by itself. If mremap finds that the moved pages can join a VMA " +
    "that is there, anon_vma_moveto_tail takes that VMA out of all its lists and puts it at their tails. So it does with src " +
    "if the move fails half-way, since the entries go back then. A move of entries takes the i_mmap_mutex of a file, and no " +
    "mutex of an anon_vma.",
  afterText:
    "A tree has its order from the page offsets, and nothing can be sent to its tail. So the commit takes the anon_vma's " +
    "mutex, which the walk holds too, around the move of each table of entries, always: for a move that nobody could miss, " +
    "and for exec's shift of a new stack as well. A later commit of the same release (38a76013ad80) takes the locks only if needed: a " +
    "tree hands out VMAs by their first page offset, so that a move to a VMA with a larger one is safe without. A move back " +
    "after a failure always needs them. That is v3.7. It takes them at an equal offset too, where it need not: the VMA that " +
    "grew was taken out of the tree and put back behind the other.",
  lookFor:
    "Both sides of the commit are safe, and pay in different coin: before, one mutex for each VMA that is sent to the tail, " +
    "and an order that forks and merges must keep; after, one mutex for each table that is moved. The four states side by " +
    "side show that only the first loses an entry, and that v3.7 pays nothing for a move to a new place.",
  invariant:
    "No migration entry outlives its migration; a walk that must not miss an entry sees each at least once.",
  mutants: [
    "a VMA that took in what is moved goes to the tail of its lists",
    "a move that failed half-way sends the VMA to the tail that the entries go back to",
    "a VMA goes to the tail of all of its lists, not of one",
    "a move to a VMA that walks come to first needs the locks",
    "a way back needs the locks",
    "the anon_vma's mutex comes before the page-table locks",
    "a copied VMA has its bounds before it goes into the trees",
  ],
  scenarios: [
    {
      name: "order",
      shows:
        "A half that moves away and back. Before, its VMA is behind the child's afterwards, and a walk comes to it last.",
      script: FAMILY,
      expected: {
        before: { places: "B A", anonVmaMutexes: 10 },
        after: { places: "A B", anonVmaMutexes: 11 },
      },
      observe: (run, kernel) => {
        return {
          places: namesOfPlaces(run, "A", 1),
          anonVmaMutexes: kernel.lockCounters?.locks["anon_vma mutex"].taken ?? 0,
        };
      },
    },
    {
      name: "race",
      shows: "Andrea's program on both sides: no schedule with two switches loses an entry.",
      expected: { before: { loses: false }, after: { loses: false } },
      experiment: async (makeKernel) => {
        const { options } = await makeKernel({ frames: 64 });
        const paths = await Overtaking.create(options, andrea);
        const { schedules, bad } = search(paths);
        paths.dispose();
        return { observables: { loses: bad !== null }, shown: [`${schedules} schedules`] };
      },
    },
    {
      name: "four-states",
      shows: "The same program in all four states of history: only the first loses an entry.",
      expected: { before: onlyTheFirst, after: onlyTheFirst },
      experiment: fourStates,
    },
    {
      name: "locks",
      shows:
        "Mutexes of anon_vmas that 500 moves away and 500 moves back take, of one table of entries each.",
      expected: { before: { away: 1500, back: 1000 }, after: { away: 2000, back: 1000 } },
      experiment: async (makeKernel) => mutexes(await makeKernel({ frames: 64 })),
    },
    {
      name: "locks-in-four-states",
      shows: "How many of these mutexes each state takes that would not be taken without any care.",
      expected: { before: extra, after: extra },
      experiment: async (makeKernel) => {
        const taken = async (options: MachineOptions) =>
          mutexes(await makeKernel({ frames: 64, fileIndex: "interval-tree", ...options }));
        const list = await taken(STATES.none);
        const tree = await taken({ ...TREE, vmaAddress: "checked", mremapOrder: "none" });
        const ordered = await taken(STATES.moveToTail);
        const always = await taken(STATES.alwaysLock);
        const needed = await taken({ ...TREE, vmaAddress: "asserted", ...STATES.lockIfNeeded });
        return {
          moveToTailAway: ordered.away - list.away,
          moveToTailBack: ordered.back - list.back,
          alwaysLockAway: always.away - list.away,
          alwaysLockBack: always.back - list.back,
          lockIfNeededAway: needed.away - tree.away,
          lockIfNeededBack: needed.back - tree.back,
        };
      },
    },
    {
      name: "exec",
      shows:
        "exec moves a stack of one table of entries: the commit locks the anon_vma for it, though nobody could miss them.",
      expected: { before: { anonVmaMutexes: 5 }, after: { anonVmaMutexes: 6 } },
      experiment: async (makeKernel) => {
        const kernel = await makeKernel({ frames: 64 });
        kernel.spawn().exec({ stack: { pages: 2 } });
        return { anonVmaMutexes: kernel.lockCounters?.locks["anon_vma mutex"].taken ?? 0 };
      },
    },
  ],
  picture: ({ scenarios }) => {
    const lines = scenarios.find(({ name }) => name === "four-states")?.after.shown ?? [];
    return {
      kind: "sequence",
      title: "Two entries move back while a page of one of them migrates",
      panels: [panel(lines, "none"), panel(lines, "always-lock")],
    };
  },
};
