// Commit 39b5f29ac1f9: page_evictable is asked of a page alone, and changes nothing.

import type { Vma } from "../kernel/vma.js";
import { stateAround } from "./history.js";
import type { Lab, MakeKernel, Observables, Sight } from "./lab.js";
import { compareLoads, RandomLoad } from "./random-load.js";

const PAGE = 4096;
const OPERATIONS = 100_000;
/** Operations between two comparisons of everything. */
const EVERY = 1000;
const SEED = 39;

/** Asks twice about a page that is on no list, with a locked VMA that does not map it. */
async function askTwice(makeKernel: MakeKernel): Promise<Observables> {
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
  const firstAnswer = kernel.pageEvictable(page, locked);
  const secondAnswer = kernel.pageEvictable(page, locked);
  const after = kernel.vmstat();
  return {
    firstAnswer,
    secondAnswer,
    nrMlockAdded: after.nr_mlock - nr_mlock,
    mlockedEvents: after.unevictable_pgs_mlocked - unevictable_pgs_mlocked,
    pageMlocked: page.mlocked,
  };
}

/** The side's kernel, and one that differs from it at most in page_evictable, under the same random operations. */
async function compare(makeKernel: MakeKernel): Promise<Sight> {
  const sizes = { build: "release", frames: 2048, swap: 256 } as const;
  const own = await makeKernel(sizes);
  const reference = await makeKernel({ ...sizes, pageEvictable: "page-only" });
  const found = compareLoads(
    new RandomLoad(own, SEED),
    new RandomLoad(reference, SEED),
    OPERATIONS,
    EVERY,
  );
  const { unevictable_pgs_mlocked, unevictable_pgs_culled, pswpin } = own.vmstat();
  const kinds = [...found.kinds].map(([kind, n]) => `${kind} ${n}`);
  return {
    observables: {
      operations: found.operations,
      otherResults: found.results,
      otherStates: found.states,
      violations: own.verify().length,
    },
    shown: [
      `operations: ${kinds.join(", ")}`,
      `pages mlocked ${unevictable_pgs_mlocked}, culled ${unevictable_pgs_culled}, read from swap ${pswpin}`,
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
    "Reclaim asks page_evictable of each page that it meets: may it be taken at all? Pages of locked memory may not. " +
    "A predicate that is asked so often, in so many places, should not change what it is asked about.",
  beforeText:
    "page_evictable takes a page and, in two of its callers, a VMA: where a new anonymous page is added, and where a " +
    "page that KSM had shared is copied as it comes back from swap. With a VMA that is locked it sets PG_mlocked, and " +
    "adds to NR_MLOCK if the bit was not set. So asking whether a page may be reclaimed can be what forbids it.",
  afterText:
    "page_evictable takes the page alone, reads two bits, and changes nothing. The two callers that have a new page of " +
    "a VMA mark it themselves, with mlocked_vma_newpage, and put it on the unevictable list if that says so.",
  lookFor:
    "The first scenario asks twice about a page on no list, with a locked VMA: before, NR_MLOCK grows by 1 and the page " +
    "is mlocked; after, nothing has changed. The others show that this is all: the same pages are mlocked, and " +
    "100,000 random operations have the same results and lead to the same machine.",
  invariant:
    "A predicate does not write. NR_MLOCK is the number of pages with PG_mlocked, on both sides.",
  mutants: [
    "page_evictable with a VMA mlocks a page of a locked one",
    "page_evictable of v3.7 changes nothing",
    "a new page is mlocked by who adds it, where page_evictable does not do it",
  ],
  scenarios: [
    {
      name: "asked-twice",
      shows: "page_evictable is asked twice about a new page, with a locked VMA.",
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
        "100,000 random operations (seed 39) on a kernel of this side and on one of the other: everything is compared each 1,000.",
      experiment: compare,
      expected: {
        before: { operations: OPERATIONS, otherResults: 0, otherStates: 0, violations: 0 },
        after: { operations: OPERATIONS, otherResults: 0, otherStates: 0, violations: 0 },
      },
    },
  ],
};
