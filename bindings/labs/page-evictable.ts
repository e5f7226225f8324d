// Commit 39b5f29ac1f9: page_evictable is asked of a page alone, and changes nothing.

import type { Vma } from "../kernel/vma.js";
import { formatCount } from "../report/numbers.js";
import { PAGE } from "./ground.js";
import { stateAround } from "./history.js";
import type { Lab, MakeKernel, Sight } from "./lab.js";
import { type StoryStep, storyPicture, toldStory } from "./page-story.js";
import { compareLoads, RandomLoad } from "./random-load.js";

const OPERATIONS = 100_000;
/** Operations between two comparisons of everything. */
const EVERY = 1000;
const SEED = 39;

const ASKED_TWICE = "asked-twice";
/** What is done there, in words. */
const isolated = "a page of no locked VMA is off its list";
const asked = "page_evictable, with a locked VMA";
const askedAgain = "and once more";
/** What is looked at. */
const ANSWER = "answer";
const MARK = "PG_mlocked";
const COUNT = "NR_MLOCK";

/** Asks twice about a page that is on no list, with a locked VMA that does not map it. */
async function askTwice(makeKernel: MakeKernel): Promise<Sight> {
  const kernel = await makeKernel({ frames: 64 });
  const process = kernel.spawn();
  const address = process.mmap({ length: PAGE });
  process.write(address, 1);
  const lockedAt = process.mmap({ length: PAGE, locked: true, prot: "r" });
  const locked = process.vmaAt(lockedAt) as Vma;
  const page = process.pageAt(address);
  if (page === null) throw new Error("the page that was written is not there");
  kernel.isolate(page);
  const { nr_mlock, unevictable_pgs_mlocked } = kernel.vmstat();
  const steps: StoryStep[] = [];
  const tell = (words: string, isEvictable?: boolean): void => {
    const answer = isEvictable === undefined ? "–" : isEvictable ? "evictable" : "not evictable";
    const state = { [ANSWER]: answer, [MARK]: page.mlocked, [COUNT]: kernel.vmstat().nr_mlock };
    steps.push({ words, state });
  };
  tell(isolated);
  const firstAnswer = kernel.pageEvictable(page, locked);
  tell(asked, firstAnswer);
  const secondAnswer = kernel.pageEvictable(page, locked);
  tell(askedAgain, secondAnswer);
  const after = kernel.vmstat();
  return {
    observables: {
      firstAnswer,
      secondAnswer,
      nrMlockAdded: after.nr_mlock - nr_mlock,
      mlockedEvents: after.unevictable_pgs_mlocked - unevictable_pgs_mlocked,
      pageMlocked: page.mlocked,
    },
    shown: toldStory(steps),
  };
}

/** The side's kernel, and one that has the other side's page_evictable, under the same random operations. */
async function compare(makeKernel: MakeKernel): Promise<Sight> {
  const sizes = { build: "release", frames: 2048, swap: 256 } as const;
  const own = await makeKernel(sizes);
  const isPageOnly = own.options.pageEvictable === "page-only";
  const others = isPageOnly ? ("with-vma" as const) : ("page-only" as const);
  const other = await makeKernel({ ...sizes, pageEvictable: others });
  const found = compareLoads(
    new RandomLoad(own, SEED),
    new RandomLoad(other, SEED),
    OPERATIONS,
    EVERY,
  );
  const { unevictable_pgs_mlocked, unevictable_pgs_culled, pswpin } = own.vmstat();
  const kinds = [...found.kinds].map(([kind, n]) => `${kind} ${formatCount(n)}`);
  return {
    observables: {
      operations: found.operations,
      otherResults: found.results,
      otherStates: found.states,
      violations: own.verify().length + other.verify().length,
    },
    shown: [
      `operations: ${kinds.join(", ")}`,
      `pages mlocked: ${formatCount(unevictable_pgs_mlocked)}; put on the unevictable list by reclaim: ` +
        `${formatCount(unevictable_pgs_culled)}; read from swap: ${formatCount(pswpin)}`,
    ],
  };
}

const newPages = `
spawn A
mlockall A future
mmap A 0 2 rw anon private
spawn B
mmap B 0 2 rw anon private
write B 0 1
`;

/** The lab. */
export const pageEvictable: Lab = {
  name: "page-evictable",
  kind: "commit",
  commit: "39b5f29ac1f9",
  title: "page_evictable looks at a page alone, and changes nothing",
  ...stateAround("pageEvictable", "page-only"),
  problem:
    "Before reclaim takes a page it asks page_evictable whether it may: pages of locked memory may not. Such a question " +
    "should change nothing. But where a new page was asked about, the question itself could mark the page as mlocked.",
  beforeText:
    "page_evictable takes a page and, from two callers, the VMA that the page is new in: where a new anonymous page is " +
    "added, and where a page that KSM had shared is copied as it comes back from swap. If that VMA is locked it answers " +
    "no, and on the way sets PG_mlocked; if the bit was clear, NR_MLOCK is one more.",
  afterText:
    "page_evictable takes the page alone, reads two bits, and changes nothing. The two callers ask mlocked_vma_newpage " +
    "themselves. It sets PG_mlocked if the VMA is locked, and then the page goes to the unevictable list.",
  lookFor:
    "asked-twice: before, the first question sets PG_mlocked and adds 1 to NR_MLOCK, and both answers are no; after, " +
    "both answers are yes, and nothing has changed. Otherwise the commit changes nothing: new pages are mlocked as " +
    "before, and 100,000 random operations on one kernel of each kind have the same results and lead to the same state.",
  invariant:
    "To ask changes nothing (after). NR_MLOCK is the number of pages with PG_mlocked (both sides).",
  mutants: [
    "page_evictable with a VMA mlocks a page of a locked one",
    "page_evictable of v3.7 changes nothing",
    "a new page is mlocked by who adds it, where page_evictable does not do it",
  ],
  scenarios: [
    {
      name: ASKED_TWICE,
      shows:
        "page_evictable is asked twice about a page that is on no list, as new ones are, with a locked VMA.",
      experiment: askTwice,
      expected: {
        before: {
          firstAnswer: false,
          secondAnswer: false,
          nrMlockAdded: 1,
          mlockedEvents: 1,
          pageMlocked: true,
        },
        after: {
          firstAnswer: true,
          secondAnswer: true,
          nrMlockAdded: 0,
          mlockedEvents: 0,
          pageMlocked: false,
        },
      },
    },
    {
      name: "new-pages",
      shows:
        "New pages of locked memory are mlocked from the start, others are not: on both sides.",
      script: newPages,
      observe: (_, kernel) => {
        const { nr_mlock, nr_unevictable, nr_active_anon } = kernel.vmstat();
        return { nrMlock: nr_mlock, nrUnevictable: nr_unevictable, nrActiveAnon: nr_active_anon };
      },
      expected: {
        before: { nrMlock: 2, nrUnevictable: 2, nrActiveAnon: 1 },
        after: { nrMlock: 2, nrUnevictable: 2, nrActiveAnon: 1 },
      },
    },
    {
      name: "random-operations",
      shows:
        "100,000 random operations (seed 39) on a kernel of this side and on one with the other side's page_evictable: results are compared after each, everything after each 1,000.",
      experiment: compare,
      expected: {
        before: { operations: OPERATIONS, otherResults: 0, otherStates: 0, violations: 0 },
        after: { operations: OPERATIONS, otherResults: 0, otherStates: 0, violations: 0 },
      },
    },
  ],
  meanings: {
    firstAnswer: "first answer: may the page be reclaimed?",
    secondAnswer: "second answer: may the page be reclaimed?",
    nrMlockAdded: "pages that the questions added to NR_MLOCK",
    mlockedEvents: "pages that the questions counted as mlocked",
    pageMlocked: "PG_mlocked of the page after the questions",
    nrMlock: "mlocked pages in the end (NR_MLOCK)",
    nrUnevictable: "pages on the unevictable list in the end",
    nrActiveAnon: "pages on the active list of anonymous pages in the end",
    operations: "random operations on both kernels",
    otherResults: "operations with different results on the two kernels",
    otherStates: "of 100 comparisons of everything, those that differ",
    violations: "invariants broken in the end, of both kernels",
  },
  picture: (run) =>
    storyPicture(run, ASKED_TWICE, {
      title: "What it changes to ask whether a page may be reclaimed",
      script: "",
      judged: [MARK, COUNT],
      ends: {
        before: "Asking has mlocked the page.",
        after: "Asking has changed nothing.",
      },
    }),
};
