import type { Kernel } from "../kernel/kernel.js";
import type { KernelOptions } from "../kernel/options.js";
import { at, HUGE, move, PAGE } from "./ground.js";
import type { LabRun } from "./lab-run.js";
import type { Lab, MakeKernel, Observables, Sight } from "./lab.js";
import { type Ending, type Meeting, Overtaking, search } from "./overtaking.js";
import type { Picture } from "./picture.js";
import { racePanel } from "./race-picture.js";

const machine = { frames: 4 * HUGE, transparentHugepage: "always" } as const;
const AWAY = 8 * HUGE;
const BYTES = HUGE * PAGE;

/** Two huge pages of one mapping, the second of which has moved away and is about to come back, while it is split. */
function comeBack(kernel: Kernel): Meeting {
  const process = kernel.spawn();
  process.mmap({ address: at(0), length: 2 * BYTES, fixed: true });
  process.write(at(0), 1);
  process.write(at(HUGE), 2);
  move(process, HUGE, HUGE, AWAY);
  const page = process.pageAt(at(AWAY));
  if (page?.hugePage == null) throw new Error("there is no huge page");
  return {
    process,
    first: (batch) => batch.mremap(process, at(AWAY), BYTES, BYTES, { to: at(HUGE) }),
    second: (batch) => batch.splitHugePage(page),
  };
}

/** All schedules; and the first in which v3.7 misses the entry, as this side has it. */
async function race(makeKernel: MakeKernel): Promise<Sight> {
  const { options } = await makeKernel();
  const paths = await Overtaking.create(options, comeBack);
  const { schedules, failing, bad } = search(paths);
  const schedule = bad ?? (await missing(options));
  const there = schedule && paths.play(schedule.firstSteps, schedule.secondSteps);
  paths.dispose();
  // An assertion says where it stands in the source, which is nobody's concern here.
  const wrong = there?.wrong?.replace(/ \(.*/, "");
  return {
    observables: { misses: bad !== null, assertion: wrong ?? "none" },
    shown: [
      `${failing} of ${schedules} schedules miss the entry`,
      ...(there?.log ?? []),
      wrong ?? "every entry was found",
    ],
  };
}

/** The first schedule in which v3.7 misses the entry. */
async function missing(options: KernelOptions): Promise<Ending | null> {
  const paths = await Overtaking.create({ ...options, hugeMove: "ptl-only" }, comeBack);
  const { bad } = search(paths);
  paths.dispose();
  return bad;
}

function picture({ scenarios }: LabRun): Picture {
  const [found] = scenarios;
  const panels = (["before", "after"] as const).map((side) => {
    const { shown = [], observables = {} } = found?.[side] ?? {};
    return racePanel(side, shown.slice(1, -1), shown.at(-1) ?? "", observables["misses"] === true);
  });
  return { kind: "sequence", title: "A huge entry moves back while its page is split", panels };
}

async function mutexes(makeKernel: MakeKernel): Promise<Observables> {
  const kernel = await makeKernel();
  const { process } = comeBack(kernel);
  const taken = (from: number, to: number): number => {
    kernel.resetCounters();
    move(process, from, HUGE, to);
    return kernel.lockCounters?.locks["anon_vma mutex"].taken ?? 0;
  };
  return { back: taken(AWAY, HUGE), away: taken(HUGE, AWAY) };
}

export const thpMove: Lab = {
  name: "thp-move",
  kind: "defect",
  commit: null,
  title: "v3.7 moves a huge entry without the lock that splits hold",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { hugeMove: "rmap-locks" } },
  problem:
    "To split a huge page is to find all entries that map it and to mark each, then to put tables in their places. As many " +
    "must be found as the page's map count says: one that is missed would still map a huge page that is none any more. " +
    "mremap moves such an entry as a whole. v3.7 decides for small entries whether a walk could miss them, and takes the " +
    "anon_vma's mutex if so; for a huge one it takes the page_table_lock alone, whatever it has decided.",
  beforeText:
    "move_huge_pmd runs under the page_table_lock. If the VMA that the entry goes to comes before the one that it leaves in " +
    "the tree, a split can look at the first while the entry is not there yet, let the move go by, and look at the second " +
    "when it has gone. It has found one entry less than the map count says, and stops with an assertion (VM_BUG_ON; BUG_ON " +
    "in the kernel's split).",
  afterText:
    "The repair of 2014 (mm, thp: close race between mremap() and split_huge_page()) takes the anon_vma's mutex around the " +
    "move of a huge entry where small ones would have it. The split holds that mutex from its first pass to its last, so " +
    "the entry is in its old place or in its new one for all of it.",
  lookFor:
    "The schedule on the left: the split looks for the entry at the new place, the move goes by, and it looks at the old.",
  invariant: "A split finds as many entries as map the page.",
  mutants: [
    "once that is repaired, a huge entry that walks may miss moves under the mutex",
    "v3.7 takes the page_table_lock alone for a huge entry",
    "a huge entry moves under the mutex only where small ones do",
  ],
  scenarios: [
    {
      name: "race",
      shows:
        "A move back to a place that walks come to first, and a split, in all schedules with two switches.",
      machine,
      expected: {
        before: { misses: true, assertion: "huge page: split found other entries than map it" },
        after: { misses: false, assertion: "none" },
      },
      experiment: race,
    },
    {
      name: "locks",
      shows:
        "Mutexes of anon_vmas that a move back and a move away take: one more for the move back, which could be missed.",
      machine,
      expected: { before: { back: 2, away: 4 }, after: { back: 3, away: 4 } },
      experiment: mutexes,
    },
  ],
  picture,
};
