import { at, HUGE, lay, PAGE } from "./ground.js";
import { stateAround } from "./history.js";
import type { Lab, MakeKernel, Observables } from "./lab.js";
import { cutPool, walked } from "./pool.js";

/** What a list goes with. */
const list = { anonIndex: "list", vmaAddress: "checked", mremapOrder: "always-lock" } as const;

/** A mapping in as many VMAs as it has pages, with and without a tree: the VMAs that are passed over. */
async function smallPages(makeKernel: MakeKernel): Promise<Observables> {
  const counts = await Promise.all(
    [{}, list].map(async (options) => {
      const kernel = await makeKernel(options);
      const process = kernel.spawn();
      lay(process, 0, 16);
      for (let page = 1; page < 16; page += 2) process.mprotect(at(page), PAGE, "r");
      kernel.resetCounters();
      const page = process.pageAt(at(5));
      const found = page === null ? 0 : kernel.rmapWalk(page);
      return { found, irrelevant: kernel.counters.irrelevantVmas };
    }),
  );
  const [tree, listed] = counts as [(typeof counts)[0], (typeof counts)[0]];
  return {
    ...{ found: tree.found, irrelevantVmas: tree.irrelevant },
    ...{ foundByList: listed.found, irrelevantVmasOfList: listed.irrelevant },
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

const missed = { found: 0, irrelevantVmas: 1, through: "none", migration: "busy" };
const foundByList = { found: 1, irrelevantVmas: 1, through: "its own VMA", migration: "moved" };
const nowhere = { found: 0, irrelevantVmas: 0, through: "none", migration: "busy" };

export const vmaAddress: Lab = {
  name: "vma-address",
  kind: "commit",
  commit: "86c2ad19956f",
  title: "Walks check that a VMA holds the page, or assert it",
  ...stateAround("vmaAddress", "asserted"),
  problem:
    "A list hands a walk every VMA that it has, so each walk works out the address that the page would have there, and passes " +
    "over the VMA if that lies outside. A tree hands out only VMAs that hold the page's offset. Then the test of each " +
    "walk can't fail, and a reader has to find that out.",
  beforeText:
    "vma_address() returns an error for an address outside of the VMA, and page_referenced, page_mkclean, try_to_unmap, " +
    "rmap_walk and memory failure pass over that VMA. This is the state in which the tree is there already: a test for what " +
    "the tree does not do.",
  afterText:
    "vma_address() asserts that the address lies in the VMA (VM_BUG_ON, in debug builds), and walks take what the index hands " +
    "out. page_mapped_in_vma and page_address_in_vma, which are handed a VMA by somebody who did not ask an index for it, " +
    "test it themselves.",
  lookFor:
    "For small pages both are the same. For huge pages of the pool the assertion tells of a defect that came with the tree: " +
    "their index counts huge pages, VMAs count small ones. The third page of a mapping is looked for at offset 2, which the " +
    "first VMA holds; its address comes out as that VMA's end. The list passed over that VMA and found the second. The tree " +
    "with the test passes over it and finds nothing; without the test it stops in a debug build, and else looks at the end of " +
    "the wrong VMA, where by chance the page is. If the first VMA is gone, nothing is found on either side. The lab " +
    "hugetlb-units has the repair.",
  invariant: "Each VMA that an index hands out for an offset holds the address of that offset.",
  mutants: [
    "a VMA that an index offers and that does not hold the page is passed over",
    "page_address_in_vma compares roots",
    "the address of a huge page of the pool counts in huge pages",
    "v3.7 asks for a huge page of the pool in huge pages",
  ],
  scenarios: [
    {
      name: "small-pages",
      shows:
        "A walk for one page of a mapping that was split into 16 VMAs: a tree hands out none that is passed over, a list 15.",
      expected: {
        before: { found: 1, irrelevantVmas: 0, foundByList: 1, irrelevantVmasOfList: 15 },
        after: { found: 1, irrelevantVmas: 0, foundByList: 1, irrelevantVmasOfList: 15 },
      },
      experiment: smallPages,
    },
    {
      name: "huge-pages-checked-build",
      shows:
        "Four private huge pages of the pool, cut after two, and a walk for the third, in a build with assertions.",
      expected: { before: missed, after: { assertion: "vma_address: outside its vma" } },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "split")),
    },
    {
      name: "huge-pages-release-build",
      shows:
        "The same in a build without assertions: the walk looks at the end of the wrong VMA, and meets the page.",
      expected: {
        before: missed,
        after: {
          ...{ found: 1, irrelevantVmas: 0 },
          ...{ through: "the VMA that ends before it", migration: "moved" },
        },
      },
      experiment: async (makeKernel) =>
        walked(await cutPool(makeKernel, "split", { build: "release" })),
    },
    {
      name: "huge-pages-first-gone",
      shows: "With the first two pages unmapped no VMA holds offset 2: nothing is found.",
      expected: { before: nowhere, after: nowhere },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "unmapped")),
    },
    {
      name: "huge-pages-list",
      shows: "A list, on both sides: the first VMA is passed over, the second has the page.",
      expected: { before: foundByList, after: foundByList },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "split", list)),
    },
    {
      name: "any-vma",
      shows:
        "page_address_in_vma and page_mapped_in_vma of that page in both VMAs: they test what they are handed, on both sides.",
      expected: {
        before: {
          ...{ addressInFirst: "none", addressInSecond: "its own" },
          ...{ mappedInFirst: false, mappedInSecond: true },
        },
        after: {
          ...{ addressInFirst: "none", addressInSecond: "its own" },
          ...{ mappedInFirst: false, mappedInSecond: true },
        },
      },
      experiment: anyVma,
    },
  ],
};
