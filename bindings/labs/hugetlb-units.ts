import { at, HUGE, PAGE } from "./ground.js";
import type { Lab, MakeKernel, Observables } from "./lab.js";
import { cutPool, walked } from "./pool.js";

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
    found: kernel.rmapWalk(page),
    tryToUnmap: kernel.tryToUnmap(page, { ignoreAccess: true }),
    mapcount: page.mapcount,
  };
}

/** The frame of a page whose VMA is not found breaks. */
async function failure(makeKernel: MakeKernel): Promise<Observables> {
  const { kernel, process, page } = await cutPool(makeKernel, "unmapped");
  const { result } = kernel.memoryFailure(page.frame, { early: true });
  return {
    result,
    told: process.signal === null ? "nobody" : "the process",
    stillMapped: page.mapcount > 0,
  };
}

const whole = { found: 1, irrelevantVmas: 0, through: "its own VMA", migration: "moved" };

export const hugetlbUnits: Lab = {
  name: "hugetlb-units",
  kind: "defect",
  commit: null,
  title: "v3.7 looks for huge pages of the pool in the wrong units",
  before: { release: "v3.7", set: {} },
  after: { release: "v3.7", set: { hugetlbPgoff: "small-pages" } },
  problem:
    "A huge page of the pool has an index that counts in huge pages. VMAs count in small ones, and so does the index in which " +
    "walks look for VMAs. As long as a list handed out every VMA of an anon_vma this did not matter, and a file's prio tree " +
    "had always been asked like that. Since v3.7 anonymous pages are looked for in a tree as well.",
  beforeText:
    "Walks ask for the page's own index: 2 for the third page, where its VMA begins at 1,024. As long as one VMA holds the " +
    "whole mapping from offset 0 on, the small number happens to lie in it too. If the mapping was cut, or begins later in " +
    "its file, walks find another VMA, which is an assertion, or none: the page can't migrate, try_to_unmap leaves it " +
    "mapped, and memory failure tells nobody.",
  afterText:
    "From 3.16 on (rmap: fix pgoff calculation to handle hugepage correctly) walks and memory failure put the index in small " +
    "pages before they ask. The VMA that is found is the one that maps the page.",
  lookFor:
    "Entries found: none, or an assertion, against one; a migration that is busy against one that moves the page.",
  invariant: "A walk finds every entry of a huge page of the pool, however its mappings were cut.",
  mutants: [
    "v3.7 asks for a huge page of the pool in huge pages",
    "v3.16 asks for a huge page of the pool in small pages",
    "v3.16 asks for references to a huge page of the pool in small pages",
    "v3.16 finds in small pages who is told of a broken huge page",
  ],
  scenarios: [
    {
      name: "unmapped",
      shows: "Of four private huge pages the first two are unmapped; a walk looks for the third.",
      expected: {
        before: { found: 0, irrelevantVmas: 0, through: "none", migration: "busy" },
        after: whole,
      },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "unmapped")),
    },
    {
      name: "split",
      shows: "Of four private huge pages the last two have lost write permission; the same walk.",
      expected: { before: { assertion: "vma_address: outside its vma" }, after: whole },
      experiment: async (makeKernel) => walked(await cutPool(makeKernel, "split")),
    },
    {
      name: "file",
      shows:
        "A mapping of the second huge page of a file: a file's page is missed in the same way.",
      expected: {
        before: { found: 0, tryToUnmap: "again", mapcount: 1 },
        after: { found: 1, tryToUnmap: "success", mapcount: 0 },
      },
      experiment: file,
    },
    {
      name: "memory-failure",
      shows:
        "The frame of the third page breaks: who maps it, and has asked to be told early, must be told and lose it.",
      expected: {
        before: { result: "failed", told: "nobody", stillMapped: true },
        after: { result: "delayed", told: "the process", stillMapped: false },
      },
      experiment: failure,
    },
  ],
};
