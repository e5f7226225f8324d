import { LATE, latePaths, lateness, type LatePath } from "./late-client.js";
import type { LabRun } from "./lab-run.js";
import type { Lab, MakeKernel, Scenario, Sight } from "./lab.js";
import type { Picture, SequenceStep } from "./picture.js";

async function see(makeKernel: MakeKernel, late: LatePath): Promise<Sight> {
  const { options } = await makeKernel();
  const { moments, toFreeFrames, survives, log } = await lateness(options, late);
  const plural = moments === 1 ? "moment" : "moments";
  return {
    observables: { lateMoments: moments, writesToFreeFrames: toFreeFrames, survives },
    shown: [
      moments === 0
        ? `${late.name}: the guest shows nothing once the entry may change`
        : `${late.name}: ${moments} ${plural} in which nobody holds the lock and the guest still writes`,
      ...log,
    ],
  };
}

function scenario(
  name: string,
  shows: string,
  late: LatePath | undefined,
  moments: number,
): Scenario {
  if (late === undefined) throw new Error(`no path for ${name}`);
  return {
    name,
    shows,
    expected: {
      before: { lateMoments: moments, writesToFreeFrames: 0, survives: false },
      after: { lateMoments: 0, writesToFreeFrames: 0, survives: false },
    },
    experiment: (makeKernel) => see(makeKernel, late),
  };
}

function picture({ scenarios }: LabRun): Picture {
  const [found] = scenarios;
  const panels = (["before", "after"] as const).map((side) => {
    const steps = (found?.[side].shown.slice(1) ?? []).map((line): SequenceStep => {
      const [actor = "", words = ""] = line.split(/: (.*)/);
      return { actor, words, ...(line === LATE ? { isWrong: true as const } : {}) };
    });
    return { title: side, actors: ["kernel", "guest"], steps };
  });
  return { kind: "sequence", title: "A page that a guest shows is swapped out", panels };
}

const [unmap, migration, mkclean] = latePaths;

export const lateInvalidate: Lab = {
  name: "late-invalidate",
  kind: "defect",
  commit: null,
  title: "v3.7 tells of a page when its entry is gone and unlocked",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { invalidatePage: "range" } },
  problem:
    "A secondary MMU, a virtual machine's for one, shows pages of a process through a table of its own, and is told when the " +
    "process's entries change. invalidate_page tells of one page after the fact. While it was called under the page-table " +
    "lock nobody could see the time in between. Commit 2ec74c3ef2d8 moved it behind the unlock, so that clients may sleep.",
  beforeText:
    "From the unlock to the call the process has no entry any more, or one that is write-protected, and the guest still " +
    "writes to the page. The entry's own reference to the page is dropped by then. What keeps the frame from being somebody " +
    "else's is the reference of whoever unmaps, and for page_mkclean the page lock: each caller has to hold it until the " +
    "call has returned.",
  afterText:
    "From Linux 4.14 on there is no invalidate_page. try_to_unmap and page_mkclean begin a range before they take the lock " +
    "and end it after the unlock. At its beginning the guest drops the page, and until its end it maps nothing there, so " +
    "it never shows what the page table does not. The price is a range also where nothing is changed after all.",
  lookFor:
    "The moments in which the guest can write although the process's entry does not allow it: some, and none.",
  invariant:
    "A client shows nothing that the page table does not, whenever no page-table lock is held; and no device writes to a " +
    "frame that is free.",
  mutants: [
    "a range around one page begins before its entry goes",
    "whoever unmaps holds the page until its clients have heard of it",
    "try_to_unmap tells after the entry is gone",
  ],
  scenarios: [
    scenario(
      "unmap",
      "A page is swapped out: its entry is replaced while a guest writes to it.",
      unmap,
      2,
    ),
    scenario(
      "migration",
      "A page migrates: a migration entry is in the place of its own.",
      migration,
      2,
    ),
    scenario(
      "clean",
      "A file's page is write-protected, so that the next write is noticed.",
      mkclean,
      2,
    ),
  ],
  picture,
};
