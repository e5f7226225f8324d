import type { Process } from "../kernel/process.js";
import { PAGE } from "./ground.js";
import type { Lab, MakeKernel, Observables } from "./lab.js";

const CALLS = 1000;

/** A heap that grows by a page a call, and what that costs. */
async function grow(
  makeKernel: MakeKernel,
  before: (process: Process, heap: number) => void,
  after: (process: Process, page: number) => void,
): Promise<Observables> {
  const kernel = await makeKernel({ frames: 2 * CALLS });
  const process = kernel.spawn();
  const heap = process.brk();
  process.brk(heap + PAGE);
  before(process, heap);
  kernel.resetCounters();
  for (let n = 1; n <= CALLS; n++) {
    process.brk(heap + (n + 1) * PAGE);
    after(process, heap + n * PAGE);
  }
  const { indexInserts, indexRemoves } = kernel.counters;
  return {
    anonVmaMutexes: kernel.lockCounters?.locks["anon_vma mutex"].taken ?? 0,
    takenOut: indexRemoves,
    putBack: indexInserts,
    vmas: process.vmaCount,
  };
}

const write = (process: Process, page: number): void => process.write(page, 1);
const nothing = (): void => undefined;

const none = { anonVmaMutexes: 0, takenOut: 0, putBack: 0, vmas: 1 };
const each = { anonVmaMutexes: CALLS, takenOut: CALLS, putBack: CALLS, vmas: 1 };

export const brkLock: Lab = {
  name: "brk-lock",
  kind: "defect",
  commit: null,
  title: "v3.7's brk takes the anon_vma's mutex, which a list had spared it",
  before: { release: "v3.7", set: {} },
  after: {
    release: "v3.7",
    set: { anonIndex: "list", vmaAddress: "checked", mremapOrder: "always-lock" },
  },
  problem:
    "brk makes the heap longer by moving the end of its VMA. Page offsets do not change, no page comes or goes, and walks of " +
    "the reverse map have nothing to notice. All processes of a family share the mutex of their root anon_vma, so a program " +
    "that does little but call brk, in many processes at once, waits for whoever else holds it.",
  beforeText:
    "In v3.7 the end of the VMA is a key of the tree: the largest offset below each node is worked out from it. So vma_adjust " +
    "takes the mutex whenever there is an anon_vma, takes the VMA out of its trees and puts it back, for each brk. A sibling " +
    "patch of the tree, meant for mprotect, made the condition that simple.",
  afterText:
    "A list knows no bounds. vma_adjust took the mutex only if the start of the VMA changed, or the next VMA was moved or " +
    "swallowed, so brk never did. This side is v3.7 with the list. There is no later repair to compare with: as long as the " +
    "tree reads its keys through the VMA, it has to be locked while they change, and later kernels lock it as well.",
  lookFor: "One mutex, one removal and one insertion for each call, against none at all.",
  invariant: "The keys of a tree are current whenever its mutex is free.",
  mutants: [
    "the end of a VMA is part of a tree's key",
    "for a list nothing is locked where only the end of a VMA moves",
  ],
  scenarios: [
    {
      name: "touched",
      shows: "1,000 calls that make a heap longer by a page, whose pages are written as they come.",
      expected: { before: each, after: none },
      experiment: (makeKernel) => grow(makeKernel, write, write),
    },
    {
      name: "first-page-touched",
      shows: "The same with only the first page written: one page is enough to have an anon_vma.",
      expected: { before: each, after: none },
      experiment: (makeKernel) => grow(makeKernel, write, nothing),
    },
    {
      name: "never-touched",
      shows:
        "A heap that nobody has written to has no anon_vma, and nothing is locked on either side.",
      expected: { before: none, after: none },
      experiment: (makeKernel) => grow(makeKernel, nothing, nothing),
    },
  ],
};
