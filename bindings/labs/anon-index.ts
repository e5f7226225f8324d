import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { at, lay, PAGE } from "./ground.js";
import { stateAround } from "./history.js";
import type { Lab, MakeKernel, Observables, Sight } from "./lab.js";
import { namesOfPlaces } from "./places.js";

/** VMAs that one mapping is split into, where counts are wanted for many. */
const MANY = 20_000;
/** Of them so many pages are asked for. */
const SAMPLE = 200;
/** Numbers of VMAs among which the structures cross. */
const FEW = 32;
const CHILDREN = 1000;
const PAGES = 1000;

/** One mapping of so many pages, all of them written, then mprotect of every second: as many VMAs as pages. */
async function split(makeKernel: MakeKernel, vmas: number): Promise<[Kernel, Process]> {
  const kernel = await makeKernel({ frames: vmas + 8, build: "release" });
  const process = kernel.spawn();
  lay(process, 0, vmas);
  kernel.resetCounters();
  for (let page = 1; page < vmas; page += 2) process.mprotect(at(page), PAGE, "r");
  return [kernel, process];
}

interface Cost {
  readonly walks: number;
  /** Answers of all walks together. */
  readonly found: number;
  readonly visited: number;
  readonly touched: number;
  readonly irrelevant: number;
}

/** What walks for every so manieth page cost. */
function walks(
  kernel: Kernel,
  process: Process,
  every: number,
  walk: "rmapWalk" | "pageReferenced" = "rmapWalk",
): Cost {
  const vmas = process.vmaCount;
  kernel.resetCounters();
  let found = 0;
  for (let n = 0; n < vmas; n += every) {
    const page = process.pageAt(at(n));
    if (page !== null) found += kernel[walk](page);
  }
  const { walks, nodesVisited, nodesTouched, irrelevantVmas } = kernel.counters;
  return { walks, found, visited: nodesVisited, touched: nodesTouched, irrelevant: irrelevantVmas };
}

/** A mean to two places. */
function mean(sum: number, count: number): number {
  return Math.round((sum / count) * 100) / 100;
}

async function visits(makeKernel: MakeKernel): Promise<Observables> {
  const [kernel, process] = await split(makeKernel, MANY);
  const full = walks(kernel, process, MANY / SAMPLE);
  const referenced = walks(kernel, process, MANY / SAMPLE, "pageReferenced");
  return {
    vmas: process.vmaCount,
    walks: full.walks,
    found: full.found,
    visitedPerWalk: mean(full.visited, full.walks),
    touchedPerWalk: mean(full.touched, full.walks),
    irrelevantPerWalk: mean(full.irrelevant, full.walks),
    visitedPerPageReferenced: mean(referenced.visited, referenced.walks),
  };
}

async function splits(makeKernel: MakeKernel): Promise<Observables> {
  const [kernel] = await split(makeKernel, MANY);
  const { vmaSplits, indexInserts, indexRemoves, rotations, maximaRewritten } = kernel.counters;
  return { vmaSplits, indexInserts, indexRemoves, rotations, maximaRewritten };
}

/** Mean visits of a full walk by number of VMAs. */
async function sizes(makeKernel: MakeKernel): Promise<Sight> {
  const observables: Record<string, number> = {};
  const shown: string[] = [];
  for (let vmas = 1; vmas <= 2 * FEW; vmas *= 2) {
    const [kernel, process] = await split(makeKernel, vmas);
    const { visited, touched } = walks(kernel, process, 1);
    observables[`visitedOf${vmas}`] = visited;
    const each = `${mean(visited, vmas)} visited, ${mean(touched, vmas)} touched`;
    shown.push(`${String(vmas).padStart(3)} VMAs: ${each} per walk`);
  }
  return { observables, shown };
}

/** From how many VMAs on a tree visits fewer than the list, which visits all, and touches fewer. */
async function crossover(makeKernel: MakeKernel): Promise<Observables> {
  let [visiting, touching] = [0, 0];
  for (let vmas = FEW; vmas > 0; vmas--) {
    const [kernel, process] = await split(makeKernel, vmas);
    const { visited, touched } = walks(kernel, process, 1);
    if (visited >= vmas * vmas && visiting === 0) visiting = vmas + 1;
    if (touched >= vmas * vmas && touching === 0) touching = vmas + 1;
  }
  return { visitsFewerFrom: visiting, touchesFewerFrom: touching };
}

/** A child makes all of its parent's pages its own. */
function writeAll(kernel: Kernel, child: Process): void {
  const batch = kernel.batch();
  for (let page = 0; page < PAGES; page++) {
    if (batch.length === batch.capacity) {
      batch.run();
      batch.clear();
    }
    batch.write(child, at(page), page);
  }
  batch.run();
}

/** 1,000 children of a process with 1,000 pages, and what walks cost before and after they have written to all of them. */
async function children(makeKernel: MakeKernel): Promise<Sight> {
  const frames = PAGES + CHILDREN * PAGES + 8;
  const kernel = await makeKernel({ frames, build: "release" });
  const parent = kernel.spawn();
  lay(parent, 0, PAGES);
  const young = Array.from({ length: CHILDREN }, () => parent.fork());
  const shared = costOfPage(kernel, parent, 0);
  for (const child of young) writeAll(kernel, child);
  const own = young.map((child, n) => costOfPage(kernel, child, n % PAGES));
  const pages = CHILDREN * PAGES;
  const inAll = shared.vmas * pages;
  return {
    observables: {
      vmasOfSharedPage: shared.vmas,
      visitedForSharedPage: shared.visited,
      vmasOfOwnPages: own.reduce((sum, { vmas }) => sum + vmas, 0),
      visitedForOwnPages: own.reduce((sum, { visited }) => sum + visited, 0),
    },
    shown: [
      `${words(pages)} pages that are the children's own; one was asked for in each child`,
      `with an anon_vma for each process: ${words(pages)} VMAs for one walk of each page`,
      `with one anon_vma for all: ${words(shared.vmas)} a page, ${words(inAll)} in all`,
    ],
  };
}

function costOfPage(
  kernel: Kernel,
  process: Process,
  n: number,
): { vmas: number; visited: number } {
  const page = process.pageAt(at(n));
  kernel.resetCounters();
  if (page !== null) kernel.rmapWalk(page);
  return { vmas: kernel.counters.entriesChecked, visited: kernel.counters.nodesVisited };
}

function words(count: number): string {
  return count.toLocaleString("en-US");
}

/** Page 3 of the parent is in a VMA that begins later than the child's, and was linked earlier. */
const ORDER = `
spawn A
mmap A 0 4 rw anon private
write A 0 1
write A 1 2
write A 2 3
write A 3 4
fork A B
mprotect A 2 2 r
rmap A 3
`;

export const anonIndex: Lab = {
  name: "anon-index",
  kind: "commit",
  commit: "bf181b9f9d8d",
  title: "The VMAs of an anon_vma: a list, or an interval tree",
  ...stateAround("anonIndex", "interval-tree"),
  problem:
    "An anonymous page knows its anon_vma and its offset; the anon_vma knows the VMAs in which the page may be. One mapping " +
    "that is split stays with one anon_vma, however many VMAs become of it, and each page is in one of them only. So whoever " +
    "wants to know where a page is mapped (reclaim, migration, compaction) looks at thousands of VMAs under the anon_vma's " +
    "mutex to find one.",
  beforeText:
    "The anon_vma has a list of its VMAs in the order in which they were linked. To link one is a step at the tail, and if " +
    "the bounds of a VMA change there is nothing to do. A walk goes over the whole list, computes the address that the page " +
    "would have in each VMA, and passes over those that do not reach so far.",
  afterText:
    "The anon_vma has an interval tree: sorted by the first page offset of each VMA, each node with the largest last offset " +
    "below it. A walk asks for the page's own offset and is handed exactly the VMAs that hold it. The price is paid where VMAs " +
    "change: the tree reads its keys through the VMA, so every change of bounds takes all the VMA's links out of their trees " +
    "and puts them back, under the mutex, and link and unlink cost log n with rotations.",
  lookFor:
    "Visits of one walk for 20,000 VMAs: all of them, against the logarithm. page_referenced stops when all mappings are " +
    "found, so a list costs it half on average. The tree is ahead from 3 VMAs in nodes visited and from 5 in nodes touched; " +
    "measured in C its time is ahead from about 8. A thousand children gain nothing from it: a page that a child wrote " +
    "is in an anon_vma of the child's own since 2.6.34, and finding a page that all share in a thousand VMAs costs a list one " +
    "node each, a tree nearly two.",
  invariant:
    "For every page both find the same VMAs, and they are those that hold it; the keys of a tree are current whenever its " +
    "mutex is free.",
  mutants: [
    "VMAs that begin at one pgoff stay in the order in which they were linked",
    "what leaves the end of a list leaves another end",
    "all links of a VMA come back into their trees after its bounds changed, not the newest alone",
    "a next VMA whose start moves along leaves the trees, also for one that is in none",
    "the end of a VMA is part of a tree's key",
    "a VMA leaves the trees of its anon_vmas before it grows",
    "a stack grows under the mutex of its anon_vma",
    "a copied VMA has its bounds before it goes into the trees",
  ],
  scenarios: [
    {
      name: "order",
      shows:
        "Page 3 in the parent and in the child: the list has the parent's VMA first, as it was linked first, the tree has the child's, as it begins at a smaller offset.",
      script: ORDER,
      expected: {
        before: { places: "A B", irrelevantVmas: 1 },
        after: { places: "B A", irrelevantVmas: 0 },
      },
      observe: (run, kernel) => {
        const { irrelevantVmas } = kernel.counters;
        return { places: namesOfPlaces(run, "A", 3), irrelevantVmas };
      },
    },
    {
      name: "visits",
      shows:
        "200 pages of one mapping that mprotect has split into 20,000 VMAs: what a walk for one page costs.",
      expected: {
        before: {
          ...{ vmas: MANY, walks: SAMPLE, found: SAMPLE, visitedPerWalk: MANY },
          ...{ touchedPerWalk: MANY, irrelevantPerWalk: MANY - 1, visitedPerPageReferenced: 9952 },
        },
        after: {
          ...{ vmas: MANY, walks: SAMPLE, found: SAMPLE, visitedPerWalk: 15.87 },
          ...{ touchedPerWalk: 23.08, irrelevantPerWalk: 0, visitedPerPageReferenced: 14.87 },
        },
      },
      experiment: visits,
    },
    {
      name: "splits",
      shows:
        "What these 19,999 splits cost: a link each, or the old VMA out and both in. Rotations of the tree of VMAs by address, 9,975, are on both sides.",
      expected: {
        before: {
          ...{ vmaSplits: 19_999, indexInserts: 19_999, indexRemoves: 0 },
          ...{ rotations: 9975, maximaRewritten: 0 },
        },
        after: {
          ...{ vmaSplits: 19_999, indexInserts: 39_998, indexRemoves: 19_999 },
          ...{ rotations: 49_947, maximaRewritten: 472_738 },
        },
      },
      experiment: splits,
    },
    {
      name: "sizes",
      shows:
        "Nodes visited by one walk for each page of a mapping that was split, by number of VMAs.",
      expected: {
        before: {
          ...{ visitedOf1: 1, visitedOf2: 4, visitedOf4: 16, visitedOf8: 64 },
          ...{ visitedOf16: 256, visitedOf32: 1024, visitedOf64: 4096 },
        },
        after: {
          ...{ visitedOf1: 1, visitedOf2: 5, visitedOf4: 13, visitedOf8: 33 },
          ...{ visitedOf16: 87, visitedOf32: 208, visitedOf64: 481 },
        },
      },
      experiment: sizes,
    },
    {
      name: "crossover",
      shows: `From how many VMAs on the structure visits, and touches, fewer nodes than there are VMAs; ${FEW + 1}: not up to ${FEW}.`,
      expected: {
        before: { visitsFewerFrom: FEW + 1, touchesFewerFrom: FEW + 1 },
        after: { visitsFewerFrom: 3, touchesFewerFrom: 5 },
      },
      experiment: crossover,
    },
    {
      name: "children",
      shows:
        "1,000 children by 1,000 pages: a page that all share is in 1,001 VMAs, a page that a child wrote itself in one. With one anon_vma for all, as up to 2.6.33, each would be looked for in 1,001.",
      expected: {
        before: {
          ...{ vmasOfSharedPage: 1001, visitedForSharedPage: 1001 },
          ...{ vmasOfOwnPages: CHILDREN, visitedForOwnPages: CHILDREN },
        },
        after: {
          ...{ vmasOfSharedPage: 1001, visitedForSharedPage: 2001 },
          ...{ vmasOfOwnPages: CHILDREN, visitedForOwnPages: CHILDREN },
        },
      },
      experiment: children,
    },
  ],
  picture: ({ scenarios }) => {
    const run = scenarios.find(({ name }) => name === "sizes");
    const counts = (vmas: number) => [
      { name: "list", count: Number(run?.before.observables[`visitedOf${vmas}`] ?? 0) / vmas },
      {
        name: "interval tree",
        count: mean(Number(run?.after.observables[`visitedOf${vmas}`] ?? 0), vmas),
      },
    ];
    return {
      kind: "bars",
      title: "What one walk visits, by number of VMAs",
      unit: "nodes visited",
      groups: [2, 8, 32, 64].map((vmas) => ({ title: `${vmas} VMAs`, bars: counts(vmas) })),
    };
  },
};
