import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import { at, lay, move, PAGE } from "./ground.js";
import type { Lab, MachineOptions, MakeKernel, Observables } from "./lab.js";

/** VMAs that one mapping is split into. */
const MANY = 20_000;
/** The page of it that is shared, and where the other process has its own. */
const SHARED = MANY / 2;
const AWAY = 200;
const WORD = 5;
/** The repair that looks right. */
const naive = { ksmWalk: "shifted-address" } as const;
const list = { anonIndex: "list", vmaAddress: "checked", mremapOrder: "always-lock" } as const;

/** A process gives a page of its own to KSM. */
function offer(process: Process, page: number): void {
  process.write(at(page), WORD);
  process.madvise(at(page), PAGE, "mergeable");
}

function merged(kernel: Kernel, process: Process, page: number): Page {
  kernel.ksm.settle();
  const shared = process.pageAt(at(page));
  if (shared?.ksm !== true) throw new Error("KSM has merged nothing");
  return shared;
}

interface Cost {
  readonly found: number;
  /** VMAs that the walk was handed. */
  readonly handed: number;
  readonly visited: number;
  readonly touched: number;
}

function costOf(kernel: Kernel, page: Page): Cost {
  kernel.resetCounters();
  const found = kernel.rmapWalk(page);
  const { entriesChecked, irrelevantVmas, nodesVisited, nodesTouched } = kernel.counters;
  return {
    ...{ found, handed: entriesChecked + irrelevantVmas },
    ...{ visited: nodesVisited, touched: nodesTouched },
  };
}

/** A page in a mapping of so many VMAs, and in a process with one. */
async function split(makeKernel: MakeKernel, options: MachineOptions = {}): Promise<Cost> {
  const kernel = await makeKernel({ frames: MANY + 64, build: "release", ...options });
  const [large, small] = [kernel.spawn(), kernel.spawn()];
  lay(large, 0, MANY);
  lay(small, 0, 1);
  offer(large, SHARED);
  offer(small, 0);
  const page = merged(kernel, large, SHARED);
  for (let n = 1; n < MANY; n += 2) large.mprotect(at(n), PAGE, "r");
  return costOf(kernel, page);
}

async function headline(makeKernel: MakeKernel): Promise<Observables> {
  const own = await split(makeKernel);
  const shifted = await split(makeKernel, naive);
  return {
    ...{ found: own.found, vmasHanded: own.handed },
    ...{ nodesVisited: own.visited, nodesTouched: own.touched },
    ...{ foundNaively: shifted.found, vmasHandedNaively: shifted.handed },
    ...{ nodesVisitedNaively: shifted.visited },
  };
}

async function withList(makeKernel: MakeKernel): Promise<Observables> {
  const { found, handed, visited } = await split(makeKernel, list);
  return { found, vmasHanded: handed, nodesVisited: visited };
}

/** Two processes share a page, which the second has written, and then moved, before KSM came. */
async function moved(
  makeKernel: MakeKernel,
  options: MachineOptions = {},
): Promise<[Kernel, Page, Process]> {
  const kernel = await makeKernel(options);
  const [still, mover] = [kernel.spawn(), kernel.spawn()];
  lay(still, 0, 1);
  lay(mover, 0, 1);
  move(mover, 0, 1, AWAY);
  offer(still, 0);
  offer(mover, AWAY);
  const page = merged(kernel, still, 0);
  kernel.pageReferenced(page);
  return [kernel, page, mover];
}

/** What a walk finds, whether it sees a touch of the place that was moved, and what try_to_unmap leaves. */
async function afterMremap(makeKernel: MakeKernel): Promise<Observables> {
  const outcome = async (options: MachineOptions) => {
    const [kernel, page, mover] = await moved(makeKernel, options);
    const { mapcount } = page;
    const found = kernel.rmapWalk(page);
    mover.read(at(AWAY));
    const referenced = kernel.pageReferenced(page);
    const unmapped = kernel.tryToUnmap(page, { ignoreAccess: true });
    return { mapcount, found, referenced, unmapped, left: page.mapcount };
  };
  const own = await outcome({});
  const shifted = await outcome(naive);
  return {
    ...{ mapcount: own.mapcount, found: own.found, touchesSeen: own.referenced },
    ...{ tryToUnmap: own.unmapped, mappedStill: own.left },
    ...{ foundNaively: shifted.found, touchesSeenNaively: shifted.referenced },
    ...{ tryToUnmapNaively: shifted.unmapped, mappedStillNaively: shifted.left },
  };
}

/** Private copies of a file's pages: their offset is the file's. */
async function copies(makeKernel: MakeKernel): Promise<Observables> {
  const found = async (options: MachineOptions): Promise<number> => {
    const kernel = await makeKernel(options);
    const process = kernel.spawn();
    const file = kernel.createFile({ pages: 8 });
    process.mmap({ address: at(0), length: 4 * PAGE, fixed: true, file, pgoff: 3 });
    for (const page of [1, 2]) offer(process, page);
    return kernel.rmapWalk(merged(kernel, process, 1));
  };
  return { found: await found({}), foundNaively: await found(naive) };
}

const afterMove = {
  ...{ mapcount: 2, found: 2, touchesSeen: 1, tryToUnmap: "success", mappedStill: 0 },
  ...{ foundNaively: 1, touchesSeenNaively: 0, tryToUnmapNaively: "again", mappedStillNaively: 1 },
};

export const ksmWalk: Lab = {
  name: "ksm-walk",
  kind: "defect",
  commit: null,
  title: "A walk for a page of KSM goes over all VMAs of every anon_vma",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { ksmWalk: "exact-index" } },
  problem:
    "KSM finds pages with equal content and lets their processes share one. Such a page is mapped at many places, each at its own " +
    "offset, so the page's own offset does not say where. KSM keeps a list of the places: for each the anon_vma and the address " +
    "at which the page was found. A walk goes through this list, asks each anon_vma for VMAs, and keeps those that contain the " +
    "address. But an anon_vma is asked by page offset, and KSM has not kept the one that the place has.",
  beforeText:
    "So v3.7 asks for all offsets, from 0 to the largest, and is handed every VMA of the anon_vma. If a mapping was split into " +
    "thousands, these are thousands for each place, under the anon_vma's mutex, and in two passes: the second looks for " +
    "children of forks. The interval tree that came with v3.7 is no help if it is asked for everything.",
  afterText:
    "The repair of 2026 keeps the linear page offset of each place from the moment when it came to share, and asks for exactly that. " +
    "A naive repair would take the place's address, shifted to pages, for its offset. That is right for memory that is where it was " +
    "first written. But mremap moves it to another address with the old offsets, and private copies of a file's pages " +
    "have the offsets of the file: such places are missed.",
  lookFor:
    "VMAs handed to one walk, for two places, one of them in a mapping of 20,000 VMAs: 40,002 (twice 20,001) against 4. Published with " +
    "the repair: 22,169 iterations before, 3 after. Then what the naive repair misses after mremap: one of two places, so that a " +
    "touch there is not seen, and try_to_unmap leaves the page mapped.",
  invariant: "A walk comes to every place that shares the page, and to the children of each.",
  mutants: [
    "the walk asks an anon_vma for everything it has",
    "the exact walk asks for one index alone",
    "the exact walk asks for the index that the place had, which no address tells",
    "the naive walk asks for the place's address",
    "a place that comes to share again may have another index",
  ],
  meanings: {
    found: "places that the walk found",
    vmasHanded: "VMAs that the walk was handed",
    nodesVisited: "nodes visited by the walk",
    nodesTouched: "nodes touched (any field read) by the walk",
    foundNaively: "places found with the naive repair",
    vmasHandedNaively: "VMAs handed to the walk with the naive repair",
    nodesVisitedNaively: "nodes visited with the naive repair",
    mapcount: "places at which the page is mapped",
    touchesSeen: "touches that page_referenced sees",
    tryToUnmap: "what try_to_unmap answers",
    mappedStill: "places where the page is mapped after try_to_unmap",
    touchesSeenNaively: "touches that it sees with the naive repair",
    tryToUnmapNaively: "what try_to_unmap answers with the naive repair",
    mappedStillNaively: "places that are left with the naive repair",
  },
  scenarios: [
    {
      name: "headline",
      shows:
        "A page that is in a mapping which mprotect has split into 20,000 VMAs, and in one other process: what one walk costs, on each side and with the naive repair.",
      // Two passes over 20,001 VMAs; a tree of n nodes of which all are wanted is visited 2n - 1 times, down and back. For
      // one offset each pass takes a way down of about log2(20,000) = 14.3 nodes, and one node for the other place.
      expected: {
        before: {
          ...{ found: 2, vmasHanded: 40_002, nodesVisited: 80_000, nodesTouched: 80_000 },
          ...{ foundNaively: 2, vmasHandedNaively: 4, nodesVisitedNaively: 32 },
        },
        after: {
          ...{ found: 2, vmasHanded: 4, nodesVisited: 32, nodesTouched: 44 },
          ...{ foundNaively: 2, vmasHandedNaively: 4, nodesVisitedNaively: 32 },
        },
      },
      experiment: headline,
    },
    {
      name: "after-mremap",
      shows:
        "Two processes share a page; one of them had moved its memory before. Both sides find both places, the naive repair one.",
      expected: { before: afterMove, after: afterMove },
      experiment: afterMremap,
    },
    {
      name: "copies-of-a-file",
      shows:
        "Two private copies of a file's pages that KSM has merged: the naive repair finds neither place.",
      expected: {
        before: { found: 2, foundNaively: 0 },
        after: { found: 2, foundNaively: 0 },
      },
      experiment: copies,
    },
    {
      name: "list",
      shows:
        "The same with the list of v3.6, which hands out everything whatever it is asked for: both sides are equal.",
      expected: {
        before: { found: 2, vmasHanded: 40_002, nodesVisited: 40_002 },
        after: { found: 2, vmasHanded: 40_002, nodesVisited: 40_002 },
      },
      experiment: withList,
    },
  ],
  picture: ({ before, after }) => {
    const bars = (scenario: string, own: string, naively: string) => [
      { name: "all VMAs", count: Number(before.observables[`${scenario}.${own}`]) },
      { name: "shifted address", count: Number(after.observables[`${scenario}.${naively}`]) },
      { name: "exact offset", count: Number(after.observables[`${scenario}.${own}`]) },
    ];
    return {
      kind: "bars",
      title: "One walk for a page that KSM shares, by what it asks an anon_vma for",
      unit: "VMAs handed out",
      log: true,
      groups: [
        {
          title: "Two places, one of them in a mapping of 20,000 VMAs",
          bars: bars("headline", "vmasHanded", "vmasHandedNaively"),
        },
        {
          title: "Two places, one of which mremap has moved",
          unit: "places found",
          bars: bars("after-mremap", "found", "foundNaively"),
        },
      ],
    };
  },
};
