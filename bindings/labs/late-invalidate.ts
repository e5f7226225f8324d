import {
  CALLS,
  LATE,
  type LateLine,
  latePaths,
  lateness,
  type LatePath,
  UNDER_LOCK,
} from "./late-client.js";
import type { LabRun } from "./lab-run.js";
import type { Lab, MakeKernel, Observables, Scenario, Sight } from "./lab.js";
import type { Picture, SequenceStep } from "./picture.js";

async function see(makeKernel: MakeKernel, late: LatePath): Promise<Sight> {
  const { options } = await makeKernel();
  const { writesLate, toFreeFrames, survives, log } = await lateness(options, late);
  return {
    observables: {
      guestWritesTooLate: writesLate,
      writesToFreeFrames: toFreeFrames,
      guestKeepsPage: survives,
    },
    shown: log,
  };
}

function scenario(name: string, shows: string, late: LatePath | undefined): Scenario {
  if (late === undefined) throw new Error(`no path for ${name}`);
  const seen = (guestWritesTooLate: boolean): Observables => {
    return { guestWritesTooLate, writesToFreeFrames: 0, guestKeepsPage: false };
  };
  return {
    name,
    shows,
    expected: { before: seen(true), after: seen(false) },
    experiment: (makeKernel) => see(makeKernel, late),
  };
}

const LOCK = ["page-table lock"];

function stepOf(line: string): SequenceStep {
  const [actor = "", words = ""] = line.split(/: (.*)/);
  const isCall = line.startsWith(CALLS);
  return {
    ...{ actor, words: words.replace(`, ${UNDER_LOCK}`, "") },
    ...(isCall ? { to: "guest" } : {}),
    ...(line.endsWith(UNDER_LOCK) ? { takes: LOCK, drops: LOCK } : {}),
    ...((line as LateLine) === LATE ? { isWrong: true as const } : {}),
  };
}

function picture({ scenarios }: LabRun): Picture {
  const [found] = scenarios;
  const panel = (side: "before" | "after", title: string) => {
    const steps = (found?.[side].shown ?? []).map(stepOf);
    return { title, actors: ["kernel", "guest"], steps };
  };
  return {
    kind: "sequence",
    title: "A page of which a virtual machine has a mapping is swapped out",
    panels: [panel("before", "before: v3.7"), panel("after", "after: a range around the change")],
  };
}

const [unmap, migration, mkclean] = latePaths;

export const lateInvalidate: Lab = {
  name: "late-invalidate",
  kind: "defect",
  commit: null,
  title: "A client of mmu notifiers hears of a page too late, after the unlock",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { invalidatePage: "range" } },
  problem:
    "A virtual machine's memory is a process's memory, and KVM keeps page tables of its own for it. When the kernel takes an " +
    "entry of the process away, KVM must take away its own: mmu notifiers tell it. One of these calls, invalidate_page, " +
    "comes after the change. Up to v3.6 that was under the page-table lock still, so that nobody could come between. Commit " +
    "2ec74c3ef2d8 moved the call behind the unlock, so that clients may sleep in it.",
  beforeText:
    "v3.7: try_to_unmap and page_mkclean change the entry under the page-table lock, let the lock go, and call " +
    "invalidate_page then. In between the process can't write to the page any more, and the guest still can. The entry's own " +
    "reference to the page is dropped by then. What keeps the frame from being freed, and used for something else while the " +
    "guest writes to it, is the reference of whoever unmaps, or for page_mkclean the page lock: each caller must hold it until " +
    "the call has returned.",
  afterText:
    "v3.7 as well, with one change of Linux 4.14, which did away with invalidate_page: try_to_unmap and page_mkclean call " +
    "invalidate_range_start before they take the lock, and invalidate_range_end after the unlock. At the start the guest lets " +
    "the page go, and until the end it maps nothing there. So it never shows what the page table does not. The price is two " +
    "calls instead of one, also where nothing is changed after all.",
  lookFor:
    "The order of three things: the entry changes, the page-table lock is let go, the guest lets the page go. Before, the " +
    "guest is last, and can write until then. After, it is first.",
  invariant:
    "Whenever no page-table lock is held, a client shows nothing that the page table does not; and no guest writes to a " +
    "frame that is free.",
  mutants: [
    "a range around one page begins before its entry goes",
    "whoever unmaps holds the page until its clients have heard of it",
    "try_to_unmap tells after the entry is gone",
  ],
  meanings: {
    guestWritesTooLate: "can the guest write after the entry is gone, or read-only?",
    writesToFreeFrames: "of these writes, those to a frame that is free",
    guestKeepsPage: "does the guest show the page in the end?",
  },
  scenarios: [
    scenario("unmap", "A page is swapped out: a swap entry takes the place of its own.", unmap),
    scenario(
      "migration",
      "A page migrates: a migration entry takes the place of its own.",
      migration,
    ),
    scenario(
      "clean",
      "A file's page is written back: its entry is write-protected, so that the next write is noticed.",
      mkclean,
    ),
  ],
  picture,
};
