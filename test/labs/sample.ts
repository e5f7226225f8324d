// A lab for tests of what runs labs: what a list and a tree visit.

import { stateAround } from "../../bindings/labs/history.js";
import type { Lab } from "../../bindings/labs/lab.js";

const SPLIT = `
spawn A
mmap A 0 6 rw anon private
write A 0 7
mprotect A 2 2 r
referenced A 0
read A 3
`;

/** A commit whose sides differ in cost alone. */
export const sample: Lab = {
  name: "sample",
  kind: "commit",
  commit: "bf181b9f9d8d",
  title: "A list and a tree",
  ...stateAround("anonIndex", "interval-tree"),
  problem: "A walk visits every VMA.",
  beforeText: "It does.",
  afterText: "It does not.",
  lookFor: "visited",
  invariant: "Both find the page.",
  meanings: { walks: "walks of the reverse map", index: "kind of index" },
  mutants: [],
  scenarios: [
    {
      name: "split",
      shows: "One VMA in three.",
      script: SPLIT,
      expected: { before: { found: 1, walks: 1 }, after: { found: 1, walks: 1 } },
      observe: (run, kernel) => ({
        found: run.document.results.find(([, name]) => name === "referenced")?.[2] ?? "none",
        walks: kernel.counters.walks,
      }),
    },
    {
      name: "index",
      shows: "What the kernel says it is.",
      expected: { before: { index: "list" }, after: { index: "interval-tree" } },
      experiment: async (makeKernel) => {
        const kernel = await makeKernel({ frames: 16 });
        return { observables: { index: kernel.options.anonIndex }, shown: ["a line"] };
      },
    },
  ],
};
