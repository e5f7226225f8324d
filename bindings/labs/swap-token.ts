import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { at, lay } from "./ground.js";
import { stateAround } from "./history.js";
import type { Lab, MakeKernel, Observables } from "./lab.js";
import type { TimelinePicture } from "./picture.js";
import { timeLine, toldLine } from "./token-line.js";

/** A takes the token and stays in a fault; its page 1 has not been touched since it was last asked for. */
const HELD = `
spawn A
spawn B
mmap A 0 2 rw anon private
write A 0 1
write A 1 2
swap-out A 0 1
read A 0
referenced A 1
hold A
referenced A 1 B
`;

/** A page of a process goes to swap, and a fault brings it back. */
function readFromSwap(kernel: Kernel, process: Process, page = 0): void {
  const shown = process.pageAt(at(page));
  if (shown === null) throw new Error("the page is not there");
  kernel.shrinkPage(shown, { force: true });
  process.read(at(page));
}

interface Ground {
  readonly kernel: Kernel;
  readonly a: Process;
  readonly b: Process;
}

/** Two processes with two pages each. The first has read from swap, and so has the token if there is one. */
async function ground(makeKernel: MakeKernel): Promise<Ground> {
  const kernel = await makeKernel({ frames: 64, swap: 64 });
  const [a, b] = [kernel.spawn(), kernel.spawn()];
  for (const process of [a, b]) lay(process, 0, 2);
  readFromSwap(kernel, a);
  return { kernel, a, b };
}

/** What page_referenced says of an idle page of the process. */
function idlePage(kernel: Kernel, process: Process, asks?: Process): number {
  const page = process.pageAt(at(1));
  if (page === null) throw new Error("the page is not there");
  kernel.pageReferenced(page, { process });
  return kernel.pageReferenced(page, asks ? { process: asks } : {});
}

/** What is to give 0 on both sides: each lacks one of the things that the token's reference needs. */
async function controls(makeKernel: MakeKernel): Promise<Observables> {
  const own = await ground(makeKernel);
  own.a.hold();
  const free = await ground(makeKernel);
  const taken = await ground(makeKernel);
  taken.a.hold();
  // Off its list, so that only the token goes.
  const page = taken.a.pageAt(at(1));
  if (page === null) throw new Error("the page is not there");
  taken.kernel.isolate(page);
  taken.kernel.reclaim(64, { background: true });
  const other = await ground(makeKernel);
  other.b.hold();
  return {
    itselfAsks: idlePage(own.kernel, own.a, own.a),
    mmapSemIsFree: idlePage(free.kernel, free.a, free.b),
    afterPriority0: idlePage(taken.kernel, taken.a, taken.b),
    heldWithoutToken: idlePage(other.kernel, other.b, other.a),
  };
}

const nothing = { itselfAsks: 0, mmapSemIsFree: 0, afterPriority0: 0, heldWithoutToken: 0 };

/** An idle page of program text of a process that is held: one reference through executable memory activates it. */
async function programText(makeKernel: MakeKernel): Promise<Observables> {
  const { kernel, a } = await ground(makeKernel);
  const file = kernel.createFile({ kind: "disk", pages: 1, word: 5 });
  a.mmap({ address: at(8), length: 4096, file, prot: "rx", fixed: true });
  a.read(at(8));
  const page = a.pageAt(at(8));
  if (page === null) throw new Error("the page is not there");
  kernel.pageReferenced(page);
  a.hold();
  return { fate: kernel.shrinkPage(page) };
}

export const swapToken: Lab = {
  name: "swap-token",
  kind: "commit",
  commit: "e709ffd6169c",
  title: "the swap token, which kept the pages of one process that thrashes, goes",
  ...stateAround("swapToken", "off"),
  problem:
    "When processes together need more memory than there is, each page that one of them reads from swap pushes out a page " +
    "that another needs next, and none of them gets anywhere. Rik van Riel's swap token of 2004 let one process at a time keep " +
    "its pages. In 2012 he removed it. One token for the whole machine fits neither memory cgroups nor NUMA; it fills the " +
    "lists of anonymous pages with pages that can't be reclaimed; and it had been broken for a year with no complaint.",
  beforeText:
    "A fault that reads from swap contends for the token, just before the read. Each process has a priority. The holder's " +
    "grows by 2 with each of its reads; another's by 1 if fewer reads of all have passed since its last one than the time " +
    "before, else it falls by 1. Who has more than the holder takes the token, and 2 more. More than 255 reads after the " +
    "token was taken or aged last, the holder's priority is halved. While the holder is inside a fault (somebody has its mmap_sem), page_referenced " +
    "counts one reference more at each entry of it, touched or not, unless it is the holder itself who asks. The token falls when " +
    "its holder ends or changes its cgroup, and when reclaim has come to priority 0.",
  afterText:
    "All of it is gone: what page_referenced says depends on accessed bits, locked VMAs, the hint that reading is sequential " +
    "and the memory cgroup alone.",
  lookFor:
    "The idle page of a process that waits for swap: before, it counts as touched and goes back to the active list; after, it is " +
    "reclaimed. The four controls are 0 on both sides. The time line shows who has the token after each read from swap: A takes it, as nobody has it; B reads " +
    "sooner each time until it has more; when it exits C takes it; reclaim at priority 0 takes it away; and A, " +
    "which sleeps then, loses half of its priority while C reads.",
  invariant:
    "Before: at most one address space has the token, and somebody runs in it. After: nothing but touches makes a page " +
    "referenced.",
  mutants: [
    "only a fault that reads from swap contends for the token",
    "the token goes to who has more than the holder, not as much",
    "intervals are compared as unsigned numbers",
    "the holder grows old only after more than 255 reads",
    "the token falls with the last user of its holder",
    "the token falls when its holder changes its cgroup",
    "reclaim for one cgroup leaves the token of another",
    "kswapd takes the token whatever it reclaims for",
    "a new thread takes the priority of all",
    "who asks for its own page is not told that it was touched",
    "only while its mmap_sem is held",
  ],
  scenarios: [
    {
      name: "held",
      shows:
        "A reads from swap and stays in its fault; B asks for an idle page of A, and then reclaims it.",
      script: HELD,
      expected: {
        before: { holder: "A", referenced: 1, fate: "activated" },
        after: { holder: "nobody", referenced: 0, fate: "reclaimed" },
      },
      observe: (run, kernel) => {
        const [a, b] = [run.process("A"), run.process("B")];
        const page = a?.pageAt(at(1));
        if (!page || !b) throw new Error("the script has not run to its end");
        const referenced = kernel.pageReferenced(page, { process: b });
        return {
          holder: kernel.swapToken?.holder?.name ?? "nobody",
          referenced,
          fate: kernel.shrinkPage(page, { process: b }),
        };
      },
    },
    {
      name: "controls",
      shows:
        "The same with one thing missing each: A asks itself; A is in no fault; reclaim has been at priority 0; B is held, but A has the token.",
      expected: { before: nothing, after: nothing },
      experiment: controls,
    },
    {
      name: "program-text",
      shows:
        "An idle page of program text of A, which is held: the reference brings the flags of its VMA, and such a page is activated at its first.",
      expected: { before: { fate: "activated" }, after: { fate: "reclaimed" } },
      experiment: programText,
    },
    {
      name: "time-line",
      shows: "Three processes that thrash, and who has the token after each read from swap.",
      expected: {
        before: {
          reads: 290,
          holders: "A B nobody C nobody A",
          priorities: "A 4, B 0, C 0",
          intervals: "A 1, B 0, C 1",
          agings: 1,
        },
        after: {
          reads: 290,
          holders: "nobody",
          priorities: "A 0, B 0, C 0",
          intervals: "A 0, B 0, C 0",
          agings: 0,
        },
      },
      experiment: async (makeKernel) => {
        const kernel = await makeKernel({ frames: 64, swap: 64 });
        const { observables, moments } = timeLine(kernel, readFromSwap);
        return { observables, shown: toldLine(moments) };
      },
    },
  ],
  picture: ({ scenarios }): TimelinePicture => {
    const lines = scenarios.find(({ name }) => name === "time-line")?.before.shown ?? [];
    const moments = lines.flatMap((line) => {
      const parts = /token (\w+), A (\d+) .*, B (\d+) .*, C (\d+) /.exec(line);
      return parts ? [{ holder: parts[1] ?? "", values: parts.slice(2).map(Number) }] : [];
    });
    return {
      kind: "timeline",
      title: "Three processes that thrash: priority for the swap token, and who has it",
      unit: "moment",
      lines: ["A", "B", "C"].map((name, i) => ({
        name,
        values: moments.map(({ values }) => values[i] ?? 0),
      })),
      holder: moments.map(({ holder }) => (holder === "nobody" ? null : holder)),
      held: "token",
    };
  },
};
