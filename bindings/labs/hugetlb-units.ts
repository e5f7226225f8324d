import { at, HUGE, PAGE } from "./ground.js";
import type { LabRun } from "./lab-run.js";
import type { Lab, MakeKernel, Observables } from "./lab.js";
import { poolPanel } from "./offsets-picture.js";
import type { Picture } from "./picture.js";
import { type Cut, cutPool, HALF, INDEX, OWN, seenByWalk, walked } from "./pool.js";

/** A shared mapping of the second huge page of a file alone. */
async function file(makeKernel: MakeKernel): Promise<Observables> {
  const kernel = await makeKernel({ hugePages: 2, frames: 4 * HUGE });
  const process = kernel.spawn();
  const shown = kernel.createFile({ pages: 2 * HUGE, kind: "hugetlb" });
  const length = HUGE * PAGE;
  process.mmap({ address: at(0), length, fixed: true, file: shown, shared: true, pgoff: HUGE });
  process.write(at(0), 1);
  const page = process.pageAt(at(0));
  if (page === null) throw new Error("the file's page is not there");
  return {
    entriesFound: kernel.rmapWalk(page),
    unmapping: kernel.tryToUnmap(page, { ignoreAccess: true }),
    entriesLeft: page.mapcount,
  };
}

/** The frame of a page whose VMA is not found breaks. */
async function failure(makeKernel: MakeKernel): Promise<Observables> {
  const { kernel, process, page } = await cutPool(makeKernel, "unmapped");
  const { result } = kernel.memoryFailure(page.frame, { early: true });
  return {
    recovery: result,
    told: process.signal === null ? "nobody" : "the process",
    stillMapped: page.mapcount > 0,
  };
}

const whole = { entriesFound: 1, foundThrough: OWN, vmasInVain: 0, migration: "moved" };

function picture({ scenarios }: LabRun): Picture {
  const panel = (cut: Cut, side: "before" | "after", title: string) => {
    const seen = scenarios.find(({ name }) => name === cut)?.[side].observables ?? {};
    return poolPanel(title, cut, seen, side === "before" ? INDEX : HALF);
  };
  return {
    kind: "offsets",
    title: "A walk for the third huge page of a mapping. The axis counts small pages",
    panels: [
      panel("unmapped", "before", "Before, v3.7: the first two pages were unmapped"),
      panel("split", "before", "Before, v3.7: the first two pages are in a VMA of their own"),
      panel("unmapped", "after", "After, as repaired: the first two pages were unmapped"),
      panel("split", "after", "After, as repaired: the first two pages are in a VMA of their own"),
    ],
  };
}

export const hugetlbUnits: Lab = {
  name: "hugetlb-units",
  kind: "defect",
  commit: null,
  title: "Walks look for huge pages of the pool in the wrong units",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { hugetlbPgoff: "small-pages" } },
  problem:
    "A page's index says which page of its mapping or file it is. For a huge page of the pool it counts huge pages: the third one " +
    "has index 2. VMAs count small pages, 512 to a huge one, and so do the trees in which walks look for VMAs: there the " +
    "third one lies at offset 1,024. As long as a list handed out every VMA of an anon_vma this did not matter. Since v3.7 " +
    "a tree is asked for an offset. (A file's VMAs were always looked for in a tree, and always in the wrong units.)",
  beforeText:
    "v3.7. Walks ask for the page's own index. If one VMA holds the whole mapping from offset 0 on, the small number happens to " +
    "lie in it too, and all is well. If the mapping was cut, or begins later in its file, the walk is handed another VMA, which " +
    "is an assertion, or none: the page can't migrate, try_to_unmap leaves it mapped, and memory failure tells nobody.",
  afterText:
    "v3.7 with the repair of 3.16 (rmap: fix pgoff calculation to handle hugepage correctly): walks and memory failure turn " +
    "the index into small pages before they ask. The VMA that is found is the one that maps the page.",
  lookFor:
    "The offset that the walk asks for, against the one where the page lies. Before, no entry is found, or an assertion fails; " +
    "after, the one entry is found, and the page can migrate.",
  invariant: "A walk finds every entry of a huge page of the pool, however its mappings were cut.",
  mutants: [
    "v3.7 asks for a huge page of the pool in huge pages",
    "v3.16 asks for a huge page of the pool in small pages",
    "v3.16 asks for references to a huge page of the pool in small pages",
    "v3.16 finds in small pages who is told of a broken huge page",
  ],
  meanings: {
    ...seenByWalk,
    unmapping: "what try_to_unmap says",
    entriesLeft: "page-table entries that still map the page after it",
    recovery: "what memory failure says of the broken page",
    told: "who is told that the page is broken",
    stillMapped: "is the broken page still mapped?",
  },
  scenarios: [
    {
      name: "unmapped",
      shows: "Of four private huge pages the first two are unmapped; a walk looks for the third.",
      expected: {
        before: { entriesFound: 0, foundThrough: "none", vmasInVain: 0, migration: "busy" },
        after: whole,
      },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "unmapped")),
    },
    {
      name: "split",
      shows:
        "Of four private huge pages the last two lose write permission, and so get a VMA of their own; a walk looks for the third.",
      expected: { before: { assertion: "vma_address: outside its vma" }, after: whole },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "split")),
    },
    {
      name: "file",
      shows:
        "A shared mapping of the second huge page of a file alone: a file's page is missed in the same way.",
      expected: {
        before: { entriesFound: 0, unmapping: "again", entriesLeft: 1 },
        after: { entriesFound: 1, unmapping: "success", entriesLeft: 0 },
      },
      experiment: file,
    },
    {
      name: "memory-failure",
      shows:
        "The frame of the third page breaks. Its process has asked to be told early: it must be told, and lose the page.",
      expected: {
        before: { recovery: "failed", told: "nobody", stillMapped: true },
        after: { recovery: "delayed", told: "the process", stillMapped: false },
      },
      experiment: failure,
    },
  ],
  picture,
};
