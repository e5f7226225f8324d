// The load that thrashes, on a kernel: three processes in a memory cgroup, whose limit is the memory that there is.

import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { bytesOf } from "../scenario/arena.js";
import { at } from "./ground.js";
import type { MakeKernel, Observables, Sight } from "./lab.js";
import { nameOf, thrashLines } from "./thrash-lines.js";
import { LOAD, thrash, type ThrashGround, type ThrashRun } from "./thrashing.js";

/** Frames and slots of swap: enough for all pages, so that only the limit makes them few. */
const ROOM = 2 * LOAD.processes * LOAD.pages;

function processesOf(kernel: Kernel): Process[] {
  const cgroup = kernel.createCgroup("all");
  cgroup.setLimit(LOAD.memory);
  const processes = Array.from({ length: LOAD.processes }, () => kernel.spawn({ cgroup }));
  for (const process of processes) {
    process.mmap({ address: at(0), length: bytesOf(LOAD.pages), fixed: true });
  }
  // Page by page in turns, so that none of them has more in memory than another when the load begins.
  for (let page = 0; page < LOAD.pages; page++) {
    for (const process of processes) process.write(at(page), page + 1);
  }
  return processes;
}

function groundOn(kernel: Kernel): ThrashGround {
  const processes = processesOf(kernel);
  const of = (process: number): Process => {
    const found = processes[process];
    if (found === undefined) throw new RangeError(`there is no process ${process}`);
    return found;
  };
  return {
    touch(process, page) {
      const before = kernel.vmstat().pswpin;
      of(process).read(at(page));
      return kernel.vmstat().pswpin > before;
    },
    wait: (process) => of(process).hold(),
    goOn: (process) => of(process).letGo(),
    exit: (process) => of(process).exit(),
    token() {
      const token = kernel.swapToken;
      const holder = token?.holder ?? null;
      return {
        holder: holder === null ? null : processes.indexOf(holder),
        priorities: processes.map((one) => (one.alive ? (one.tokenState?.priority ?? 0) : 0)),
        agedAt: token?.lastAging ?? 0,
      };
    },
  };
}

function observablesOf({ readsOf, moments }: ThrashRun): Observables {
  const taken = moments.flatMap(({ news }) =>
    news?.kind === "taken" ? [nameOf(news.process)] : [],
  );
  return {
    readsFromSwap: readsOf.reduce((sum, reads) => sum + reads, 0),
    ...Object.fromEntries(readsOf.map((reads, i) => [`readsOf${nameOf(i)}`, reads])),
    tokenHolders: taken.join(" ") || "nobody",
    timesHalved: moments.filter(({ news }) => news?.kind === "halved").length,
  };
}

/** Runs the load on a kernel of a side. */
export async function thrashing(makeKernel: MakeKernel): Promise<Sight> {
  const kernel = await makeKernel({ frames: ROOM, swap: ROOM });
  const run = thrash(groundOn(kernel));
  return { observables: observablesOf(run), shown: thrashLines(run, kernel.swapToken !== null) };
}
