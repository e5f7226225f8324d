import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { PAGE } from "./ground.js";
import type { LabRun } from "./lab-run.js";
import type { Lab, MakeKernel, Observables } from "./lab.js";
import { type Ending, type Meeting, Overtaking } from "./overtaking.js";
import type { Picture, SequenceStep } from "./picture.js";

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

/** A parent makes its heap longer while a walk looks for a page that its child alone has: they share a mutex. */
function family(kernel: Kernel): Meeting {
  const parent = kernel.spawn();
  const heap = parent.brk();
  parent.brk(heap + PAGE);
  parent.write(heap, 1);
  const child = parent.fork();
  child.write(heap, 2);
  const page = child.pageAt(heap);
  if (page === null) throw new Error("the heap has no page");
  return {
    ...{ process: parent, name: "brk" },
    first: (batch) => batch.brk(parent, heap + 2 * PAGE),
    second: (batch) => batch.pageReferenced(page),
  };
}

const WHILE_HELD = "whenever the walk holds the mutex";
const NEVER = "never";

/** When brk is called, in each step of the walk. */
async function meeting(makeKernel: MakeKernel): Promise<Observables> {
  const { options } = await makeKernel({ frames: 64 });
  const paths = await Overtaking.create(options, family);
  const endings: Ending[] = [];
  for (let ending = paths.play(0, 0); ending !== null; ending = paths.play(0, endings.length)) {
    endings.push(ending);
  }
  paths.dispose();
  const held = endings.filter(({ locked }) => locked);
  if (held.length === 0) throw new Error("the walk has never stopped with the mutex");
  const waits = endings.filter(({ waits }) => waits);
  if (waits.length === 0) return { brkWaits: NEVER };
  return { brkWaits: endings.every((one) => one.waits === one.locked) ? WHILE_HELD : "sometimes" };
}

const MUTEX = "the family's anon_vma mutex";

function picture({ scenarios }: LabRun): Picture {
  const panels = (["before", "after"] as const).map((side) => {
    const seen = (name: string): Observables =>
      scenarios.find((scenario) => scenario.name === name)?.[side].observables ?? {};
    const waits = seen("family")["brkWaits"] !== NEVER;
    const isKey = seen("touched")["takenOut"] !== 0;
    return {
      title: side === "before" ? "before, v3.7: a tree" : "after, v3.7 with the list of v3.6",
      actors: ["walk", "brk"],
      steps: steps(waits, isKey),
      end: waits ? "brk has waited for the walk." : "brk has waited for nobody.",
      ...(waits ? ({ isWrong: true } as const) : {}),
    };
  });
  return {
    kind: "sequence",
    title: "A parent calls brk while a walk looks for a page that its child alone has",
    panels,
  };
}

function steps(waits: boolean, isKey: boolean): SequenceStep[] {
  const walk = { actor: "walk" };
  const brk = { actor: "brk" };
  const begins = { ...walk, words: "page_referenced begins", takes: [MUTEX] };
  const ends = { ...walk, words: "page_referenced ends", drops: [MUTEX] };
  const moves = { ...brk, words: "moves the end of the VMA" };
  if (!waits) return [begins, moves, ends];
  return [
    ...[begins, { ...brk, words: "waits for the mutex", isWrong: true as const }, ends],
    { ...brk, words: isKey ? "takes the VMA out of the tree" : "begins", takes: [MUTEX] },
    moves,
    { ...brk, words: isKey ? "puts it back into the tree" : "ends", drops: [MUTEX] },
  ];
}

const write = (process: Process, page: number): void => process.write(page, 1);
const nothing = (): void => undefined;

const none = { anonVmaMutexes: 0, takenOut: 0, putBack: 0, vmas: 1 };
/** Once for each call: the VMA is in one tree, that of its own anon_vma. */
const each = { anonVmaMutexes: CALLS, takenOut: CALLS, putBack: CALLS, vmas: 1 };

export const brkLock: Lab = {
  name: "brk-lock",
  kind: "defect",
  commit: null,
  title: "brk takes the anon_vma's mutex, which a list had spared it",
  before: { release: "v3.7", set: {} },
  after: {
    release: "v3.7",
    set: { anonIndex: "list", vmaAddress: "checked", mremapOrder: "always-lock" },
  },
  problem:
    "brk makes the heap longer by moving the end of its VMA. No page offset changes, no page comes or goes, and a walk of the " +
    "reverse map would notice nothing. But v3.7 takes the anon_vma's mutex for it, which is one for a whole family: that of the root, " +
    "the first process, whose children and grandchildren have anon_vmas of their own. So its brk waits for every walk that looks " +
    "for a page of any of them.",
  beforeText:
    "v3.7. Its tree of VMAs works out of their ends, in each node, the largest offset below. So whoever moves an end must change " +
    "the tree: vma_adjust takes the mutex whenever there is an anon_vma, takes the VMA out of its trees, moves the end, and " +
    "puts it back. For a list it had been spared; a patch beside the tree, meant for mprotect, dropped that exception.",
  afterText:
    "Not a later kernel: this has not been repaired. As long as the tree reads its keys in the VMAs, it must be locked while they " +
    "change, and later kernels lock it as well. This side is v3.7 with the list of v3.6, to show what the tree costs here: a " +
    "list knows no ends, so vma_adjust takes the mutex only if the start of the VMA changes, or the next VMA is moved or " +
    "swallowed, which brk never does.",
  lookFor:
    "One mutex, one removal and one insertion for each call, against none at all; and that brk waits for a walk that " +
    "has nothing to do with the heap's process, against never.",
  invariant: "The keys of a tree are current whenever its mutex is free.",
  mutants: [
    "the end of a VMA is part of a tree's key",
    "for a list nothing is locked where only the end of a VMA moves",
  ],
  meanings: {
    anonVmaMutexes: "anon_vma mutexes taken by 1,000 calls",
    takenOut: "times that a VMA is taken out of a tree",
    putBack: "times that a VMA is put back into a tree",
    vmas: "VMAs of the process in the end",
    brkWaits: "when brk waits for the walk",
  },
  scenarios: [
    {
      name: "touched",
      shows: "1,000 calls that each make a heap longer by a page, which is written to at once.",
      expected: { before: each, after: none },
      experiment: (makeKernel) => grow(makeKernel, write, write),
    },
    {
      name: "first-page-touched",
      shows:
        "The same with only the first page written to: one page is enough to have an anon_vma.",
      expected: { before: each, after: none },
      experiment: (makeKernel) => grow(makeKernel, write, nothing),
    },
    {
      name: "never-touched",
      shows:
        "The same with no page written to: there is no anon_vma, and nothing is locked on either side.",
      expected: { before: none, after: none },
      experiment: (makeKernel) => grow(makeKernel, nothing, nothing),
    },
    {
      name: "family",
      shows: "A parent calls brk, in each step of a walk for a page that its child alone has.",
      expected: { before: { brkWaits: WHILE_HELD }, after: { brkWaits: NEVER } },
      experiment: meeting,
    },
  ],
  picture,
};
