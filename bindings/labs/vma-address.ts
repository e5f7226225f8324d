import { at, HUGE, lay, PAGE } from "./ground.js";
import { stateAround } from "./history.js";
import type { LabRun } from "./lab-run.js";
import type { Lab, MakeKernel, Observables } from "./lab.js";
import { poolPanel } from "./offsets-picture.js";
import type { OffsetsPicture, Picture } from "./picture.js";
import { cutPool, INDEX, OWN, PREVIOUS, seenByWalk, walked } from "./pool.js";

/** What a list goes with. */
const list = { anonIndex: "list", vmaAddress: "checked", mremapOrder: "always-lock" } as const;

/** Pages of a mapping of small pages, each of which ends up in a VMA of its own, and the one that is looked for. */
const PAGES = 16;
const LOOKED_FOR = 5;

/** A walk for one page of that mapping, in a tree and in a list. */
async function smallPages(makeKernel: MakeKernel): Promise<Observables> {
  const counts = await Promise.all(
    [list, {}].map(async (options) => {
      const kernel = await makeKernel(options);
      const process = kernel.spawn();
      lay(process, 0, PAGES);
      for (let page = 1; page < PAGES; page += 2) process.mprotect(at(page), PAGE, "r");
      kernel.resetCounters();
      const page = process.pageAt(at(LOOKED_FOR));
      const found = page === null ? 0 : kernel.rmapWalk(page);
      return { vmas: process.vmaCount, found, inVain: kernel.counters.irrelevantVmas };
    }),
  );
  const [listed, tree] = counts as [(typeof counts)[0], (typeof counts)[0]];
  return {
    vmas: tree.vmas,
    ...{ vmasInVainOfList: listed.inVain, vmasInVainOfTree: tree.inVain },
    ...{ entriesFoundByList: listed.found, entriesFoundByTree: tree.found },
  };
}

/** The two calls that are handed a VMA by somebody else. */
async function anyVma(makeKernel: MakeKernel): Promise<Observables> {
  const { kernel, process, page } = await cutPool(makeKernel, "split");
  const [first, second] = process.vmas();
  if (first === undefined || second === undefined) throw new Error("the mapping was not cut");
  return {
    addressInFirst: kernel.pageAddressInVma(page, first) === null ? "none" : "some",
    addressInSecond: kernel.pageAddressInVma(page, second) === at(2 * HUGE) ? "its own" : "another",
    mappedInFirst: kernel.pageMappedInVma(page, first),
    mappedInSecond: kernel.pageMappedInVma(page, second),
  };
}

/** One entry maps each page. All VMAs but one are in vain for a list, which hands out all; a tree hands out that one. */
const small = {
  vmas: PAGES,
  ...{ vmasInVainOfList: PAGES - 1, vmasInVainOfTree: 0 },
  ...{ entriesFoundByList: 1, entriesFoundByTree: 1 },
};
const missed = { entriesFound: 0, foundThrough: "none", vmasInVain: 1, migration: "busy" };
const foundByList = { entriesFound: 1, foundThrough: OWN, vmasInVain: 1, migration: "moved" };
const nowhere = { entriesFound: 0, foundThrough: "none", vmasInVain: 0, migration: "busy" };
const itself = {
  ...{ addressInFirst: "none", addressInSecond: "its own" },
  ...{ mappedInFirst: false, mappedInSecond: true },
};

/** The mapping of small pages: in every VMA what becomes of it if so many are handed out in vain. */
function smallPanel(
  title: string,
  inVain: unknown,
  asked?: number,
): OffsetsPicture["panels"][number] {
  const isList = asked === undefined;
  return {
    title,
    ...{ length: PAGES, every: 1 },
    vmas: Array.from({ length: PAGES }, (_, first) => {
      const place = { first, end: first + 1 };
      if (first === LOOKED_FOR) return { ...place, handed: "found", words: "found" } as const;
      return isList
        ? ({ ...place, handed: "in vain", words: "in vain" } as const)
        : ({ ...place, handed: "no" } as const);
    }),
    page: { first: LOOKED_FOR, end: LOOKED_FOR + 1 },
    ...(isList ? {} : { asked }),
    end: `${String(inVain)} VMAs are handed out in vain.`,
  };
}

function picture({ scenarios }: LabRun): Picture {
  const seen = (name: string, side: "before" | "after"): Observables =>
    scenarios.find((scenario) => scenario.name === name)?.[side].observables ?? {};
  const small = seen("small-pages", "after");
  const before = seen("huge-pages", "before");
  const after = seen("huge-pages", "after");
  return {
    kind: "offsets",
    title: "A walk for one page: which VMAs is it handed? The axis counts small pages",
    panels: [
      smallPanel("Small pages, a list: so each VMA must be tested", small["vmasInVainOfList"]),
      smallPanel("Small pages, a tree: so the test can go", small["vmasInVainOfTree"], LOOKED_FOR),
      poolPanel("Huge pages of the pool, a list", "split", seen("huge-pages-list", "after")),
      poolPanel("Huge pages of the pool, a tree, before: tested", "split", before, INDEX),
      poolPanel("Huge pages of the pool, a tree, after: asserted", "split", after, INDEX),
    ],
  };
}

export const vmaAddress: Lab = {
  name: "vma-address",
  kind: "commit",
  commit: "86c2ad19956f",
  title: "Walks no longer test that a VMA holds the page: they assert it",
  ...stateAround("vmaAddress", "asserted"),
  problem:
    "To find who maps a page, a walk asks an index for VMAs, and works out in each the address that the page must have there: " +
    "vma_address(). A list hands out every VMA that it has, and the page may lie outside of most. So each walk had to test the " +
    "address and pass over a VMA that does not hold it. The tree, which came just before this commit (lab anon-index), is asked " +
    "for an offset, and hands out only VMAs that hold it. Now the test can't fail, and whoever reads a walk has to find " +
    "that out.",
  beforeText:
    "The tree is there already, and so is the test: vma_address() returns an error for an address outside of the VMA, and each " +
    "walk (page_referenced, page_mkclean, try_to_unmap, rmap_walk, memory failure) passes over that VMA.",
  afterText:
    "vma_address() asserts that the address lies in the VMA (VM_BUG_ON, which only debug builds check), and walks take what " +
    "the index hands out. Two calls are handed a VMA by somebody who asked no index for it: page_mapped_in_vma and " +
    "page_address_in_vma. They test it themselves.",
  lookFor:
    "For small pages nothing changes: of 16 VMAs a list hands out 15 in vain, the tree none. For huge pages of the pool the " +
    "assertion fails, and tells of a defect that had come with the tree. Their index counts huge pages, VMAs count small " +
    "ones: the third page of a mapping is looked for at offset 2 and lies at 1,024. If the mapping was cut in between, the VMA " +
    "that holds offset 2 is another one. A list hands out both, and the test finds the right one. The tree hands out the " +
    "wrong one alone: before, the test passes over it, and nothing is found; after, a debug build stops. Without " +
    "assertions the walk looks right behind the end of the wrong VMA, where by chance the page is. The lab hugetlb-units " +
    "has the repair.",
  invariant: "Each VMA that an index hands out for an offset holds the address of that offset.",
  mutants: [
    "a VMA that an index offers and that does not hold the page is passed over",
    "page_address_in_vma compares roots",
    "the address of a huge page of the pool counts in huge pages",
    "v3.7 asks for a huge page of the pool in huge pages",
  ],
  meanings: {
    ...seenByWalk,
    vmas: "VMAs of the mapping",
    vmasInVainOfList: "list: VMAs that the walk is handed and passes over",
    vmasInVainOfTree: "tree: VMAs that the walk is handed and passes over",
    entriesFoundByList: "list: page-table entries that the walk finds",
    entriesFoundByTree: "tree: page-table entries that the walk finds",
    addressInFirst: "page_address_in_vma, in the VMA before the page's",
    addressInSecond: "page_address_in_vma, in the page's VMA",
    mappedInFirst: "page_mapped_in_vma, in the VMA before the page's",
    mappedInSecond: "page_mapped_in_vma, in the page's VMA",
  },
  scenarios: [
    {
      name: "small-pages",
      shows:
        "Why the test could go. A mapping was cut into 16 VMAs of one page each; a walk looks for one of the pages.",
      expected: { before: small, after: small },
      experiment: smallPages,
    },
    {
      name: "huge-pages",
      shows:
        "Where the assertion fails. Four private huge pages of the pool, cut into two VMAs of two; a walk looks for the third, " +
        "in a build with assertions.",
      expected: { before: missed, after: { assertion: "vma_address: outside its vma" } },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "split")),
    },
    {
      name: "huge-pages-list",
      shows:
        "The same with a list on both sides: the first VMA is passed over, the second has the page.",
      expected: { before: foundByList, after: foundByList },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "split", list)),
    },
    {
      name: "huge-pages-without-assertions",
      shows:
        "The same with the tree, in a build without assertions: the walk looks behind the end of the wrong VMA, and meets the page.",
      expected: {
        before: missed,
        after: { entriesFound: 1, foundThrough: PREVIOUS, vmasInVain: 0, migration: "moved" },
      },
      experiment: async (makeKernel) =>
        walked(await cutPool(makeKernel, "split", { build: "release" })),
    },
    {
      name: "huge-pages-first-gone",
      shows:
        "The same with the first two pages unmapped, so that no VMA holds offset 2: nothing is found on either side.",
      expected: { before: nowhere, after: nowhere },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "unmapped")),
    },
    {
      name: "any-vma",
      shows:
        "The two calls that are handed a VMA test it themselves, on both sides: the third page in each of the two VMAs.",
      expected: { before: itself, after: itself },
      experiment: anyVma,
    },
  ],
  picture,
};
