// Huge pages are invisible to programs: whatever the kernel makes of them, the same operations give the same
// results on a machine without any. And they keep the invariants, and do the same in all three builds.

import fc from "fast-check";
import { expect, test } from "vitest";
import { createKernel, type Kernel } from "../../bindings/index.js";
import { GROUND, HUGE, HugeSide, type HugeOperation } from "./huge-sides.js";
import { size } from "./size.js";

const LONGEST = 60;
/** Operations here are few: each may be about hundreds of pages. */
const RUNS = Math.ceil(size.operations / 4000);
/** Operations between two recounts. */
const VERIFY_EVERY = 6;

/** Pages near the boundaries of huge pages more often than others. */
const pages = fc.oneof(
  fc.constantFrom(0, HUGE, 2 * HUGE),
  fc.constantFrom(1, 7, HUGE - 1, HUGE + 1, 2 * HUGE - 1),
  fc.nat(GROUND - 1),
);
const counts = fc.oneof(
  fc.constantFrom(HUGE, 2 * HUGE, GROUND),
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: GROUND }),
);

const ranges = fc
  .tuple(pages, counts)
  .map(([page, count]) => ({ page, count: Math.min(count, GROUND - page) }));

const operations: fc.Arbitrary<HugeOperation> = fc
  .tuple(
    fc.nat(3),
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          op: fc.constantFrom(...(["write", "write", "write", "device-write"] as const)),
          page: pages,
          word: fc.nat(99),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          op: fc.constantFrom(...(["read", "device-read"] as const)),
          page: pages,
        }),
      },
      {
        weight: 10,
        arbitrary: fc
          .tuple(
            fc.constantFrom(
              "mmap",
              "munmap",
              "mlock",
              "munlock",
              "dontneed",
              "sequential",
              "dontfork",
            ),
            ranges,
          )
          .map(([op, range]) => ({ op: op as "mmap", ...range })),
      },
      {
        weight: 4,
        arbitrary: fc
          .tuple(
            fc.constantFrom("r" as const, "rw" as const, "rw" as const, "none" as const),
            ranges,
          )
          .map(([prot, range]) => ({ op: "mprotect" as const, prot, ...range })),
      },
      {
        weight: 4,
        arbitrary: fc.tuple(ranges, pages).map(([range, to]) => ({
          op: "mremap" as const,
          ...range,
          count: Math.min(range.count, GROUND - to),
          to,
        })),
      },
      {
        weight: 3,
        arbitrary: fc
          .constantFrom("fork" as const, "fork" as const, "exit" as const)
          .map((op) => ({ op })),
      },
      {
        weight: 10,
        arbitrary: fc.record({
          op: fc.constantFrom(
            ...([
              "collapse",
              "collapse",
              "split",
              "swap-out",
              "migrate",
              "referenced",
              "pin",
              "unpin",
            ] as const),
          ),
          page: pages,
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ op: fc.constant("reclaim" as const), count: fc.nat(300) }),
      },
      {
        weight: 2,
        arbitrary: fc
          .constantFrom("ksm" as const, "khugepaged" as const, "mergeable" as const)
          .map((op) => ({ op })),
      },
    ),
  )
  .map(([process, operation]) => ({ process, ...operation }));

for (const [anonIndex, arch] of [
  ["interval-tree", "x86-64"],
  ["list", "x86-64"],
  ["interval-tree", "s390x"],
] as const) {
  test(
    `machines with huge pages look to programs like one without: ${anonIndex}, ${arch}`,
    async () => {
      const make = (
        build: "release" | "checked" | "explore",
        transparentHugepage: "always" | "never",
      ) => createKernel({ build, anonIndex, arch, transparentHugepage, frames: 16 * HUGE });
      const kernels = await Promise.all([
        make("checked", "never"),
        make("checked", "always"),
        make("release", "always"),
        make("explore", "always"),
      ]);
      const fresh = kernels.map((kernel) => kernel.snapshot());
      fc.assert(
        fc.property(fc.array(operations, { maxLength: LONGEST }), (sequence) => {
          for (const [i, kernel] of kernels.entries()) kernel.restore(fresh[i]!);
          play(kernels, sequence);
        }),
        { numRuns: RUNS, seed: size.seed, endOnFailure: false },
      );
      for (const kernel of kernels) kernel.dispose();
    },
    size.patience,
  );
}

function play(kernels: readonly Kernel[], sequence: readonly HugeOperation[]): void {
  const sides = kernels.map((kernel) => new HugeSide(kernel, JSON.stringify(kernel.options)));
  for (const side of sides) {
    side.perform({ op: "mmap", process: 0, page: 0, count: GROUND });
    side.kernel.resetCounters();
  }
  for (const [n, operation] of sequence.entries()) {
    if (operation.op === "mremap" && !sides.every((side) => side.isMovable(operation))) continue;
    const results = sides.map((side) => side.perform(operation));
    expect(results, `${n}: ${JSON.stringify(operation)}`).toEqual(results.map(() => results[0]));
    if (n % VERIFY_EVERY === 0) verifyAll(sides);
  }
  verifyAll(sides);
  const [, checked, ...others] = sides;
  for (const other of others) expect(other.kernel.counters).toEqual(checked?.kernel.counters);
  const seen = sides.map((side) => side.visible());
  for (const lines of seen) expect(lines).toEqual(seen[0]);
  for (const side of sides) side.unpinAll();
  for (const side of sides) for (const process of side.processes) if (process.alive) process.exit();
  verifyAll(sides);
  for (const { kernel } of sides) {
    // What was pinned when reclaim met it may be left in the swap cache.
    const { nr_free_pages, nr_file_pages } = kernel.vmstat();
    expect(nr_free_pages + nr_file_pages).toBe(16 * HUGE);
  }
}

function verifyAll(sides: readonly HugeSide[]): void {
  for (const side of sides) expect(side.kernel.verify()).toEqual([]);
}
