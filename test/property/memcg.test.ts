// What limits of memory cgroups promise under random load, and moves of charges.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Load } from "./memcg-load.js";
import { size } from "./size.js";

const LENGTH = 160;
/** Steps for each operation that the size asks for. */
const SHARE = 0.1;
/** Steps with a state of memcgStat that v3.7 does not have. */
const OLDER_SHARE = 0.03;
/** A load with huge pages takes longer. */
const HUGE_SHARE = 0.01;
/** Steps between two recounts of the kernel's own. */
const VERIFY_EVERY = 8;
/** Loads of which one surely meets everything. */
const ENOUGH = 10;
/** Pages of a batch that are charged, and that nobody has yet. */
const MOST_IN_STOCK = 31;

const steps = fc.array(fc.tuple(fc.nat(99), fc.nat(9999), fc.nat(9999)), {
  minLength: LENGTH / 2,
  maxLength: LENGTH,
  size: "max",
});

/** Everything that a cgroup counts and does not only ever grow. */
function counters({ cgroups }: Load): unknown {
  return cgroups.map((cgroup) => {
    const { cache, rss, mapped_file } = cgroup.stat();
    return { cache, rss, mapped_file, usage: cgroup.usage };
  });
}

/** What a counter says and nobody has is in stock: of one cgroup, and of those above it. */
function expectRecount(load: Load): void {
  const found = load.recount();
  for (const { name, number, usage } of load.cgroups.slice(1)) {
    const inStock = usage - found.get(number)!;
    expect(inStock, name).toBeGreaterThanOrEqual(0);
    expect(inStock, name).toBeLessThanOrEqual(MOST_IN_STOCK);
  }
}

describe.each([
  ["", false, SHARE, "move-lock-fast"],
  [", with huge pages", true, HUGE_SHARE, "move-lock-fast"],
  [", with the bracket that looks at each page", false, OLDER_SHARE, "move-lock"],
  [", with a flag for each page that counts", false, OLDER_SHARE, "page-flag"],
  [", with such flags and huge pages", true, HUGE_SHARE / 2, "page-flag"],
] as const)("memory cgroups under random load%s", (_, huge, share, memcgStat) => {
  const numRuns = Math.ceil((size.operations * share) / LENGTH);

  it(
    "keep their limits, and count what there is",
    async () => {
      const seen = { full: 0, split: 0 };
      await fc.assert(
        fc.asyncProperty(steps, async (sequence) => {
          const load = await Load.create(huge, memcgStat);
          for (const [i, step] of sequence.entries()) {
            load.perform(step);
            expect(load.brokenLimit()).toBe(null);
            if (i % VERIFY_EVERY === 0) expect(load.kernel.verify()).toEqual([]);
          }
          expect(load.kernel.verify()).toEqual([]);
          expectRecount(load);
          for (const { failcnt } of load.cgroups) seen.full += failcnt;
          seen.split += load.kernel.vmstat().thp_split;
          load.kernel.dispose();
        }),
        { numRuns, seed: size.seed, endOnFailure: true },
      );
      // A load that no limit is in the way of, or without huge pages to split, would show nothing.
      if (numRuns < ENOUGH) return;
      expect(seen.full).toBeGreaterThan(numRuns);
      expect(seen.split > 0).toBe(huge);
    },
    size.patience,
  );

  it(
    "have all counts back where they were after moves there and back",
    async () => {
      await fc.assert(
        fc.asyncProperty(steps, fc.nat(4), fc.nat(4), async (sequence, from, to) => {
          const load = await Load.create(huge, memcgStat);
          load.liftLimits();
          for (const step of sequence) if (step[0] < 95) load.perform(step);
          const [there, back] = [load.cgroups[to]!, load.cgroups[from]!];
          const process = load.processOf(from);
          // What others had brought along is the new cgroup's after the first move, so one goes before.
          there.move(process);
          back.move(process);
          load.emptyStocks();
          const before = counters(load);
          for (let i = 0; i < 3; i++) {
            there.move(process);
            back.move(process);
          }
          load.emptyStocks();
          expect(counters(load)).toEqual(before);
          expect(load.kernel.verify()).toEqual([]);
          load.kernel.dispose();
        }),
        { numRuns: Math.ceil(numRuns / 4), seed: size.seed, endOnFailure: true },
      );
    },
    size.patience,
  );
});
