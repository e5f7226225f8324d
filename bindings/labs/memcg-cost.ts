// What page statistics cost: locks, and looks at what others may change, for each map and unmap of a file's page.

import type { LockCounters } from "../kernel/lock-counters.js";
import type { Kernel } from "../kernel/kernel.js";
import type { MemoryCgroup } from "../kernel/memory-cgroup.js";
import { switches } from "../kernel/releases.js";
import type { Process } from "../kernel/process.js";
import { Scheduler } from "../scenario/scheduler.js";
import type { MakeKernel, Sight } from "./lab.js";

const PAGE = 4096;
const BASE = 0x200000000000;

/** What a page's mappings go through. */
const operations = {
  firstMap: ([a]) => a.read(BASE),
  secondMap: ([, b]) => b.read(BASE),
  firstUnmap: ([a]) => a.madvise(BASE, PAGE, "dontneed"),
  lastUnmap: ([, b]) => b.madvise(BASE, PAGE, "dontneed"),
} as const satisfies Record<string, (processes: readonly [Process, Process]) => unknown>;

type Name = keyof typeof operations;
const names = Object.keys(operations) as Name[];

/** Of one operation: steps, locks of the page, and locks of the whole cgroup. */
interface Cost {
  readonly steps: number;
  readonly pageLocks: number;
  readonly memcgLocks: number;
}

type Costs = Readonly<Record<Name, Cost>>;

/** While nobody moves a charge, while another cgroup's are moved, while those of the page's cgroup are. */
const times = ["idle", "elsewhere", "moving"] as const;
type Time = (typeof times)[number];

/** Two processes with a file; the page is in the cache, charged to the first process's cgroup, if there are any. */
function spawnTwo(kernel: Kernel, cgroup?: MemoryCgroup): [Process, Process] {
  const file = kernel.createFile({ pages: 1, word: 1 });
  const spawn = (): Process => {
    const process = kernel.spawn(cgroup === undefined ? {} : { cgroup });
    process.mmap({ address: BASE, length: PAGE, file, shared: true, fixed: true });
    return process;
  };
  const two: [Process, Process] = [spawn(), spawn()];
  operations.firstMap(two);
  operations.firstUnmap(two);
  return two;
}

function count(kernel: Kernel, operation: () => unknown): Cost {
  kernel.resetCounters();
  operation();
  const { steps, locks } = kernel.lockCounters as LockCounters;
  return {
    steps,
    pageLocks: locks["move lock of a side record"].taken,
    memcgLocks: locks["move_lock"].taken,
  };
}

function countAll(kernel: Kernel, processes: [Process, Process]): Costs {
  const costs = names.map((name) => [name, count(kernel, () => operations[name](processes))]);
  return Object.fromEntries(costs) as Costs;
}

/** A move is stopped when everybody has been told of it, and before it takes a lock that others need. */
async function costsAt(time: Time, make: MakeKernel): Promise<Costs> {
  const { options } = await make({ frames: 64 });
  const scheduler = await Scheduler.create(options);
  const { kernel } = scheduler;
  try {
    const own = kernel.createCgroup("own");
    const other = kernel.createCgroup("other");
    const processes = spawnTwo(kernel, own);
    if (time !== "idle") {
      const moved = kernel.spawn({ cgroup: time === "moving" ? own : other });
      const mover = scheduler.actor("move", (batch) => {
        batch.moveToCgroup(moved, kernel.rootCgroup);
      });
      do scheduler.step(mover);
      while (kernel.lockCounters!.locks["cgroup_mutex"].taken === 0 || mover.stop?.kind !== "lock");
    }
    return countAll(kernel, processes);
  } finally {
    kernel.dispose();
  }
}

/** What the same costs where there are no cgroups. */
async function baseline(make: MakeKernel): Promise<Costs> {
  const { options } = await make({ frames: 64 });
  const { kernel } = await Scheduler.create(options);
  const costs = countAll(kernel, spawnTwo(kernel));
  kernel.dispose();
  return costs;
}

type Column = Readonly<Record<Time, Costs>>;

/** Costs of one kernel, without what has nothing to do with cgroups. */
async function columnOf(make: MakeKernel): Promise<Column> {
  const bare = await baseline(make);
  const column: Partial<Record<Time, Costs>> = {};
  for (const time of times) {
    const costs = await costsAt(time, make);
    const own = names.map((name) => {
      const looks = costs[name].steps - bare[name].steps;
      return [name, { ...costs[name], steps: looks }];
    });
    column[time] = Object.fromEntries(own) as Costs;
  }
  return column as Column;
}

const operationWords: Readonly<Record<Name, string>> = {
  firstMap: "first map",
  secondMap: "second map",
  firstUnmap: "unmap, still mapped",
  lastUnmap: "last unmap",
};
const timeWords: Readonly<Record<Time, string>> = {
  idle: "no move",
  elsewhere: "another cgroup's move",
  moving: "a move of its cgroup",
};

function cell({ steps, pageLocks, memcgLocks }: Cost): string {
  const lock = pageLocks ? " + page's lock" : memcgLocks ? " + move_lock" : "";
  return `${steps}${lock}`;
}

/** A line for each operation at each time, a column for each value of the switch. */
function table(columns: readonly Column[]): string[] {
  const rows = times.flatMap((time) =>
    names.map((name) => [
      `${timeWords[time]}: ${operationWords[name]}`,
      ...columns.map((column) => cell(column[time][name])),
    ]),
  );
  const head = ["steps", ...switches.memcgStat];
  return [head, ...rows].map(([first = "", ...cells]) =>
    [first.padEnd(44), ...cells.map((one) => one.padEnd(17))].join("").trimEnd(),
  );
}

function total(costs: Costs, what: keyof Cost): number {
  return names.reduce((sum, name) => sum + costs[name][what], 0);
}

/** Costs of all three values of the switch beside each other, of which the sides have the first two. */
async function comparison(make: MakeKernel): Promise<string[]> {
  const columns: Column[] = [];
  for (const memcgStat of switches.memcgStat) {
    columns.push(await columnOf((options) => make({ ...options, memcgStat })));
  }
  return table(columns);
}

/** The side's own costs; the later side shows all values of the switch. */
export async function cost(make: MakeKernel): Promise<Sight> {
  const { options } = await make({ frames: 64 });
  const { idle, elsewhere, moving } = await columnOf(make);
  return {
    observables: {
      locksIdle: total(idle, "pageLocks") + total(idle, "memcgLocks"),
      locksElsewhere: total(elsewhere, "pageLocks") + total(elsewhere, "memcgLocks"),
      pageLocksMoving: total(moving, "pageLocks"),
      memcgLocksMoving: total(moving, "memcgLocks"),
      looksOfFirstMap: idle.firstMap.steps,
      looksOfSecondMap: idle.secondMap.steps,
      looksOfFirstUnmap: idle.firstUnmap.steps,
      looksOfLastUnmap: idle.lastUnmap.steps,
    },
    shown: options.memcgStat === "page-flag" ? [] : await comparison(make),
  };
}
