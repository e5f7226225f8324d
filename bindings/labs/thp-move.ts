import type { Kernel } from "../kernel/kernel.js";
import { at, HUGE, move, PAGE } from "./ground.js";
import type { LabRun } from "./lab-run.js";
import type { Lab, MakeKernel, Observables, Sight } from "./lab.js";
import { type Meeting, Overtaking } from "./overtaking.js";
import { lastPass, passInWords } from "./pass.js";
import { passPanel } from "./pass-picture.js";
import type { Picture } from "./picture.js";
import { search } from "./schedules.js";

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

/** All schedules; and what a split meets when the entry moves between its looks at both places. */
async function race(makeKernel: MakeKernel): Promise<Sight> {
  const { options } = await makeKernel();
  const paths = await Overtaking.create(options, comeBack);
  const { schedules, failing, meeting } = search(paths);
  paths.dispose();
  // An assertion says where it stands in the source, which is nobody's concern here.
  const wrong = meeting?.wrong?.replace(/ \(.*/, "");
  return {
    observables: { schedulesThatMiss: failing, schedules, assertion: wrong ?? "none" },
    shown: [passInWords(lastPass(meeting?.log ?? [])), wrong ?? "every entry was found"],
  };
}

function picture({ scenarios }: LabRun): Picture {
  const [found] = scenarios;
  const panels = (["before", "after"] as const).map((side) => {
    const [pass = "", end = ""] = found?.[side].shown ?? [];
    return passPanel(TITLES[side], pass, end, found?.[side].observables["assertion"] !== "none");
  });
  return { kind: "pass", title: "A huge entry moves back while its page is split", panels };
}

const TITLES = {
  before: "before, v3.7: mremap takes the page_table_lock alone",
  after: "after, as repaired: mremap takes the anon_vma's mutex first",
} as const;

async function mutexes(makeKernel: MakeKernel): Promise<Observables> {
  const kernel = await makeKernel();
  const { process } = comeBack(kernel);
  const taken = (from: number, to: number): number => {
    kernel.resetCounters();
    move(process, from, HUGE, to);
    return kernel.lockCounters?.locks["anon_vma mutex"].taken ?? 0;
  };
  return { mutexesBack: taken(AWAY, HUGE), mutexesAway: taken(HUGE, AWAY) };
}

export const thpMove: Lab = {
  name: "thp-move",
  kind: "defect",
  commit: null,
  title: "mremap moves a huge entry without the mutex that a split holds",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { hugeMove: "rmap-locks" } },
  problem:
    "A huge page is mapped by one huge entry in each address space. To split it, the kernel walks all VMAs that may map it, marks " +
    "each huge entry that it finds, and then puts a table of small entries in the place of each. It must find as many as " +
    "the page's map count says: one that it missed would go on mapping a huge page that is none any more.\n\n" +
    "mremap can move a huge entry as a whole to another VMA meanwhile. For small entries v3.7 works out whether a walk could " +
    "miss them, and takes the anon_vma's mutex if so (lab mremap-order). For a huge one it takes the page_table_lock " +
    "alone, whatever it has worked out.",
  beforeText:
    "v3.7. If the VMA that the entry goes to comes before the one that it leaves, the split can look into the first while " +
    "nothing is there yet, mremap moves the entry, and the split looks into the second when nothing is there any more. It " +
    "has found one entry fewer than the map count says, and stops with an assertion (here VM_BUG_ON, in the kernel BUG_ON).",
  afterText:
    "v3.7 with the repair of 2014 (mm, thp: close race between mremap() and split_huge_page()): where small entries would " +
    "move under the anon_vma's mutex, a huge one does too. The split holds that mutex from beginning to end, so the entry is " +
    "in its old place or in its new one all the time.",
  lookFor:
    "In the picture, before: the split finds nothing at the destination, the entry moves there, and it finds nothing at the " +
    "source. After: mremap waits until the split is over. The repair costs one more mutex for a move that could be " +
    "missed, and none for the others.",
  invariant: "A split finds as many entries as map the page.",
  mutants: [
    "once that is repaired, a huge entry that walks may miss moves under the mutex",
    "v3.7 takes the page_table_lock alone for a huge entry",
    "a huge entry moves under the mutex only where small ones do",
  ],
  meanings: {
    schedulesThatMiss: "schedules in which the split misses the entry",
    schedules: "schedules played",
    assertion: "what the kernel asserts when the entry is missed",
    mutexesBack: "anon_vma mutexes taken by the move back",
    mutexesAway: "anon_vma mutexes taken by a move away",
  },
  scenarios: [
    {
      name: "race",
      shows:
        "A huge entry moves to a VMA that walks come to first, while its page is split. Every schedule is played in which " +
        "mremap stops once and the split stops once.",
      machine,
      // How many are played says how finely this library cuts its paths into steps (see mremap-order). Those miss the entry
      // in which the destination has grown and the entry has not moved yet when the split stands between its looks. mremap
      // stops twice there: it has given back the mutex for growing, and is about to take the page_table_lock. The split stops
      // twice as well: it has given that lock back, and is about to take it again. 2 x 2 = 4.
      expected: {
        before: {
          ...{ schedulesThatMiss: 4, schedules: 142 },
          assertion: "huge page: split found other entries than map it",
        },
        after: { schedulesThatMiss: 0, schedules: 158, assertion: "none" },
      },
      experiment: race,
    },
    {
      name: "locks",
      shows:
        "Mutexes of anon_vmas that a move back and a move away take: the repair takes one more for the move back, which could be " +
        "missed.",
      machine,
      // Back: the destination grows, what is left is unlinked; with the repair, the move. Away: the copy is linked, the old
      // VMA is split (another copy, and a new end), and what is left is unlinked.
      expected: {
        before: { mutexesBack: 2, mutexesAway: 4 },
        after: { mutexesBack: 3, mutexesAway: 4 },
      },
      experiment: mutexes,
    },
  ],
  picture,
};
