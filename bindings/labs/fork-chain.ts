import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { at, lay } from "./ground.js";
import type { Lab, MakeKernel, Observables, Sight } from "./lab.js";

const GENERATIONS = [10, 100, 1000] as const;
const FAMILY = 10;

/** A process with one page that it has written, and what its last descendant is after so many forks. */
function descend(kernel: Kernel, generations: number, parentExits: boolean): Process {
  let last = kernel.spawn();
  lay(last, 0, 1);
  for (let n = 0; n < generations; n++) {
    const child = last.fork();
    if (parentExits) last.exit();
    last = child;
  }
  return last;
}

/** What there is after some generations, each of which has ended. */
async function generations(makeKernel: MakeKernel): Promise<Sight> {
  const observables: Record<string, number> = {};
  const shown: string[] = [];
  for (const n of GENERATIONS) {
    const kernel = await makeKernel({ build: "release" });
    const last = descend(kernel, n, true);
    const { anonVmaCount, chainCount } = kernel;
    const { chainsCreated } = kernel.counters;
    observables[`anonVmasAfter${n}`] = anonVmaCount;
    observables[`linksAfter${n}`] = chainCount;
    observables[`linksMadeIn${n}`] = chainsCreated;
    kernel.resetCounters();
    last.fork();
    observables[`linksOfFork${n + 1}`] = kernel.counters.chainsCreated;
    const [anonVmas, links, made] = [anonVmaCount, chainCount, chainsCreated].map((count) =>
      count.toLocaleString("en-US"),
    );
    shown.push(
      `after ${n.toLocaleString("en-US")} generations: ${anonVmas} anon_vmas, ${links} links to one VMA, ${made} links made in all`,
    );
  }
  return { observables, shown };
}

/** Generations that all live on: no anon_vma is deserted. */
async function family(makeKernel: MakeKernel): Promise<Observables> {
  const kernel = await makeKernel();
  const last = descend(kernel, FAMILY, false);
  const page = last.pageAt(at(0));
  return {
    anonVmas: kernel.anonVmaCount,
    links: kernel.chainCount,
    found: page === null ? 0 : kernel.rmapWalk(page),
  };
}

/** What a walk finds of a page that the last has written, and of one that the first has, with one more child there. */
async function found(makeKernel: MakeKernel): Promise<Observables> {
  const kernel = await makeKernel();
  const last = descend(kernel, 100, true);
  const first = last.pageAt(at(0));
  const child = last.fork();
  const shared = first === null ? 0 : kernel.rmapWalk(first);
  child.write(at(0), 2);
  const own = child.pageAt(at(0));
  kernel.resetCounters();
  const placesOfNewPage = own === null ? 0 : kernel.rmapWalk(own);
  return { placesOfOldPage: shared, placesOfNewPage, vmasLookedAt: kernel.counters.entriesChecked };
}

export const forkChain: Lab = {
  name: "fork-chain",
  kind: "defect",
  commit: null,
  title: "Forks whose parents exit pile up anon_vmas without end",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { anonVmaReuse: "low-degree" } },
  problem:
    "An anon_vma stands for pages that one process has written. After fork the child has such pages too, so its VMA is linked to " +
    "every anon_vma that the parent's is linked to, and to a new one for the pages that it will write itself. If a process " +
    "forks and exits, and its child does so too, and so on, as a daemon may that restarts itself, every generation " +
    "adds an anon_vma. None is freed: the one living VMA is linked to all, though no page may be left in them. This was " +
    "reported in 2012, as a program that made the kernel's memory grow without bound.",
  beforeText:
    "After n generations there are n + 1 anon_vmas, and n + 1 links from the one VMA to them. The next fork makes n + 2 links " +
    "more; each split, move and exit goes over all links, under the mutex of the first anon_vma, the root. The links " +
    "made altogether grow with the square of n.",
  afterText:
    "Since 3.19 fork may give the child an old anon_vma of the chain in place of a new one: the oldest that no VMA " +
    "calls its own any more and that has less than two children in use; never the root. Three are enough then for any " +
    "number of generations: the root, the parent's, and one that the grandparent has left. The rule of 3.19 counted children and VMAs " +
    "in one number, which lost count (repaired in 2015) and could give two VMAs with one anon_vma different chains. In " +
    "2022 they were counted apart; what runs here is that rule.",
  lookFor:
    "anon_vmas after 10, 100 and 1,000 generations: one more than generations, against 3. The price: a walk for a page of the " +
    "child may look at one VMA in vain, the parent's, which is linked to the anon_vma that the child has taken over.",
  invariant:
    "Whatever VMA may map a page of an anon_vma is linked to it; VMAs with one anon_vma have equal chains.",
  mutants: [
    "fork's child takes over no anon_vma that is a VMA's own",
    "fork's child takes over no anon_vma with two children in use",
    "fork's child takes over no root, which is its own child",
    "fork's child takes over the oldest anon_vma that is deserted, and nobody else does",
    "an anon_vma that was taken over is in use",
    "an anon_vma that no VMA is in any more is nobody's child",
    "who imports a chain uses its anon_vma from then on",
  ],
  meanings: {
    ...Object.fromEntries(
      GENERATIONS.flatMap((n) => [
        [`anonVmasAfter${n}`, `anon_vmas after ${n} generations`],
        [`linksAfter${n}`, `links of the one VMA after ${n} generations`],
        [`linksMadeIn${n}`, `links made in ${n} generations altogether`],
        [`linksOfFork${n + 1}`, `links that fork number ${n + 1} makes`],
      ]),
    ),
    anonVmas: "anon_vmas",
    links: "links of all VMAs to them",
    found: "places at which the first one's page is found",
    placesOfOldPage: "places at which the first one's page is found",
    placesOfNewPage: "places at which the child's page is found",
    vmasLookedAt: "VMAs looked at for the child's page",
  },
  scenarios: [
    {
      name: "generations",
      shows:
        "A process with one page forks and exits, its child forks and exits, and so on: anon_vmas and links after 10, 100 and 1,000 generations, and what the next fork makes.",
      // Before: links made are 1 + 2 + ... + (n + 1). After: 1 for the first, 2 for its child, 3 for each one after that.
      expected: {
        before: {
          ...{ anonVmasAfter10: 11, linksAfter10: 11, linksMadeIn10: 66, linksOfFork11: 12 },
          ...{
            anonVmasAfter100: 101,
            linksAfter100: 101,
            linksMadeIn100: 5151,
            linksOfFork101: 102,
          },
          ...{
            anonVmasAfter1000: 1001,
            linksAfter1000: 1001,
            linksMadeIn1000: 501_501,
            linksOfFork1001: 1002,
          },
        },
        after: {
          ...{ anonVmasAfter10: 3, linksAfter10: 3, linksMadeIn10: 30, linksOfFork11: 3 },
          ...{ anonVmasAfter100: 3, linksAfter100: 3, linksMadeIn100: 300, linksOfFork101: 3 },
          ...{ anonVmasAfter1000: 3, linksAfter1000: 3, linksMadeIn1000: 3000, linksOfFork1001: 3 },
        },
      },
      experiment: generations,
    },
    {
      name: "family",
      shows:
        "Ten generations that all live on: each needs an anon_vma of its own, and both sides are equal.",
      expected: {
        before: { anonVmas: 11, links: 66, found: 11 },
        after: { anonVmas: 11, links: 66, found: 11 },
      },
      experiment: family,
    },
    {
      name: "found",
      shows:
        "After 100 generations and one more fork: the first one's page is found in both living processes, a page that the child has written in the child alone.",
      expected: {
        before: { placesOfOldPage: 2, placesOfNewPage: 1, vmasLookedAt: 1 },
        after: { placesOfOldPage: 2, placesOfNewPage: 1, vmasLookedAt: 2 },
      },
      experiment: found,
    },
  ],
  picture: ({ before, after }) => {
    const count = (side: typeof before, n: number) =>
      Number(side.observables[`generations.anonVmasAfter${n}`]);
    return {
      kind: "bars",
      title: "A process forks and exits, its child does so too, and so on: what piles up",
      unit: "anon_vmas",
      log: true,
      groups: GENERATIONS.map((n) => ({
        title: `after ${n.toLocaleString("en-US")} generations`,
        bars: [
          { name: "v3.7", count: count(before, n) },
          { name: "with reuse", count: count(after, n) },
        ],
      })),
    };
  },
};
