// What limits of memory cgroups promise under random load, and moves of charges.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createKernel,
  KernelError,
  type Kernel,
  type MemoryCgroup,
  type Process,
} from "../../bindings/index.js";
import { runs } from "./sequence.js";
import { size } from "./size.js";

const PAGE = 4096;
const BASE = 0x200000000000;
const PAGES = 48;
/** Pages of the file, mapped above those of anonymous memory. */
const FILE_PAGES = 16;
/** Pages that are charged at a time. */
const BATCH = 32;
const LENGTH = 120;
const SHARE = 0.1;

/** A tree of cgroups with processes in them that share a file. */
interface Load {
  readonly kernel: Kernel;
  readonly cgroups: readonly MemoryCgroup[];
  readonly processes: Process[];
  readonly start: (cgroup: MemoryCgroup) => Process;
}

/** A step: what is done, and numbers that say to whom and where. */
type Step = readonly [what: number, who: number, where: number];

const steps = fc.array(fc.tuple(fc.nat(99), fc.nat(999), fc.nat(999)), {
  minLength: LENGTH / 2,
  maxLength: LENGTH,
});

async function load(): Promise<Load> {
  const kernel = await createKernel({ frames: 2048, build: "checked" });
  const top = kernel.createCgroup("top", { hierarchy: true, limit: 100 });
  const children = ["a", "b"].map((name) => kernel.createCgroup(name, { parent: top, limit: 40 }));
  const lone = kernel.createCgroup("lone", { limit: 24 });
  const file = kernel.createFile({ pages: FILE_PAGES, word: 1 });
  const start = (cgroup: MemoryCgroup): Process => {
    const process = kernel.spawn({ cgroup });
    process.mmap({ address: BASE, length: PAGES * PAGE, fixed: true });
    const address = BASE + PAGES * PAGE;
    process.mmap({ address, length: FILE_PAGES * PAGE, fixed: true, file, shared: true });
    return process;
  };
  const cgroups = [kernel.rootCgroup, top, ...children, lone];
  return { kernel, cgroups, processes: cgroups.map(start), start };
}

/** Refusals of these kinds are what a limit is for; others that an action may meet are named. */
function attempt(action: () => void, ...others: string[]): void {
  try {
    action();
  } catch (error) {
    const refusals = ["ENOMEM", "EBUSY", "EAGAIN", ...others];
    if (error instanceof KernelError && refusals.includes(error.code)) return;
    throw error;
  }
}

function perform(on: Load, [what, who, where]: Step): void {
  const { kernel, cgroups, processes } = on;
  const process = processes[who % processes.length]!;
  const cgroup = cgroups[where % cgroups.length]!;
  const address = BASE + (where % (PAGES + FILE_PAGES)) * PAGE;
  if (what < 45) attempt(() => process.write(address, where));
  else if (what < 65) attempt(() => process.read(address));
  else if (what < 72) {
    // A locked VMA keeps its pages.
    attempt(() => process.madvise(address, PAGE, "dontneed"), "EINVAL");
  } else if (what < 80) attempt(() => cgroup.move(process));
  else if (what < 84) processes.push(process.fork());
  else if (what < 87) kernel.reclaim(1 + (where % 16));
  else if (what < 90) attempt(() => process.mlock(address, PAGE));
  else if (what < 93) process.munlock(address, PAGE);
  else if (what < 96) {
    const page = process.pageAt(address);
    if (page) kernel.migratePage(page);
  } else if (what < 98 && cgroup !== kernel.rootCgroup) {
    attempt(() => cgroup.setLimit(8 + (who % 120)));
  } else {
    process.exit();
    processes[processes.indexOf(process)] = on.start(cgroup);
  }
}

/** No limit is exceeded by more than a batch, and every count equals a recount. */
function expectLimits({ cgroups }: Load): void {
  for (const cgroup of cgroups) {
    const limit = cgroup.limit ?? Infinity;
    expect(cgroup.usage, cgroup.name).toBeLessThanOrEqual(limit + BATCH);
    expect(cgroup.stat().mapped_file, cgroup.name).toBeGreaterThanOrEqual(0);
  }
}

/** Everything that a cgroup counts and does not only ever grow. */
function counters({ cgroups }: Load): unknown {
  return cgroups.map((cgroup) => {
    const { cache, rss, mapped_file } = cgroup.stat();
    return { cache, rss, mapped_file, usage: cgroup.usage };
  });
}

/** What is in stock goes back, so that only pages count. */
function emptyStocks({ kernel, start }: Load): void {
  const spare = kernel.createCgroup("spare");
  const process = start(spare);
  process.write(BASE, 1);
  process.exit();
  spare.remove();
}

describe("memory cgroups under random load", () => {
  it(
    "keep their limits, and count what there is",
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (sequence) => {
          const on = await load();
          for (const [i, step] of sequence.entries()) {
            perform(on, step);
            expectLimits(on);
            if (i % 8 === 0) expect(on.kernel.verify()).toEqual([]);
          }
          expect(on.kernel.verify()).toEqual([]);
          on.kernel.dispose();
        }),
        { numRuns: Math.ceil(runs * SHARE), seed: size.seed, endOnFailure: true },
      );
    },
    size.patience,
  );

  it(
    "have all counts back where they were after moves there and back",
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, fc.nat(4), fc.nat(4), async (sequence, from, to) => {
          const on = await load();
          // Without limits nothing is reclaimed on the way.
          for (const cgroup of on.cgroups.slice(1)) cgroup.setLimit(null);
          for (const step of sequence) if (step[0] < 96) perform(on, step);
          const [there, back] = [on.cgroups[to]!, on.cgroups[from]!];
          const process = on.processes[from]!;
          // What others had brought along is the new cgroup's after the first move, so one goes before.
          there.move(process);
          back.move(process);
          emptyStocks(on);
          const before = counters(on);
          for (let i = 0; i < 3; i++) {
            there.move(process);
            back.move(process);
          }
          emptyStocks(on);
          expect(counters(on)).toEqual(before);
          expect(on.kernel.verify()).toEqual([]);
          on.kernel.dispose();
        }),
        { numRuns: Math.ceil(runs * SHARE), seed: size.seed, endOnFailure: true },
      );
    },
    size.patience,
  );
});
