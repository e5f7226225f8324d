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
  const ofChild = own === null ? 0 : kernel.rmapWalk(own);
  return { ofFirst: shared, ofChild, lookedAtForChild: kernel.counters.entriesChecked };
}

export const forkChain: Lab = {
  name: "fork-chain",
  kind: "defect",
  commit: null,
  title: "Forks whose parents exit pile up anon_vmas without end",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { anonVmaReuse: "low-degree" } },
  problem:
    "A child of fork joins all anon_vmas that its parent's VMA is in, since pages of each of them may be in the child too, and " +
    "gets one of its own for pages that it will write. If parents exit and children fork again, as a daemon may do that " +
    "restarts itself, every generation adds one. None can go: the living VMA is linked to each, though no page may have been " +
    "left in it. It was reported in 2012: forks that made the kernel's memory grow without bound.",
  beforeText:
    "After n generations there are n + 1 anon_vmas and the one VMA has a chain of n + 1 links. The next fork makes n + 2 links " +
    "more, each split, move and exit of the VMA goes over the whole chain under the root's mutex, and links made in all grow " +
    "with the square of n.",
  afterText:
    "Since 3.19 the child may take over an anon_vma of the chain as its own: the oldest that no VMA calls its own any more and " +
    "that has less than two children in use, and never the root. Three are enough for any number of generations: the root, " +
    "the parent's, and one that its grandparent has left. 3.19 counted children and VMAs in one number, the degree, which was " +
    "to be less than two. That lost count (its underflow was repaired in 2015), and one that was a VMA's own and had no child " +
    "could be taken over as well, so that two VMAs with one anon_vma had different chains. In 2022 the number was taken " +
    "apart; what runs here is that rule.",
  lookFor:
    "anon_vmas after 10, 100 and 1,000 generations: as many as generations and one, against 3. A walk of the child's page " +
    "may look at one VMA more, as the parent's is in the chain of what was taken over.",
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
  scenarios: [
    {
      name: "generations",
      shows:
        "A process with one page forks and exits, its child forks and exits, and so on: anon_vmas and links after 10, 100 and 1,000 generations, and what the next fork makes.",
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
        "Ten generations that all live on: each needs its own anon_vma, and both sides are equal.",
      expected: {
        before: { anonVmas: 11, links: 66, found: 11 },
        after: { anonVmas: 11, links: 66, found: 11 },
      },
      experiment: family,
    },
    {
      name: "found",
      shows:
        "After 100 generations: the first one's page is found in the last and its child, and a page that the child has written in the child alone.",
      expected: {
        before: { ofFirst: 2, ofChild: 1, lookedAtForChild: 1 },
        after: { ofFirst: 2, ofChild: 1, lookedAtForChild: 2 },
      },
      experiment: found,
    },
  ],
  picture: ({ before, after }) => {
    const count = (side: typeof before, n: number) =>
      Number(side.observables[`generations.anonVmasAfter${n}`]);
    return {
      kind: "bars",
      title: "A process that forks and exits, its child likewise, and so on",
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
