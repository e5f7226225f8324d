// Entries that mremap moves while somebody looks for them who must not miss one (spec/commits.md section 7).

import { describe, expect, test } from "vitest";
import type { KernelOptions, Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, PAGE } from "./ground.js";
import { RawMachine } from "../check/raw-machine.js";
import { overtake, stepToLock } from "./interruption.js";

const page = (n: number): number => BASE + n * PAGE;

/** The states of history; the two that need no order go with either index. */
const states: readonly KernelOptions[] = [
  { mremapOrder: "none", anonIndex: "list" },
  { mremapOrder: "none", anonIndex: "interval-tree", vmaAddress: "checked" },
  { mremapOrder: "move-to-tail", anonIndex: "list" },
  { mremapOrder: "always-lock", anonIndex: "list" },
  { mremapOrder: "always-lock", anonIndex: "interval-tree" },
  { mremapOrder: "lock-if-needed", anonIndex: "interval-tree" },
];

/** Pages 0 and 1 stay, 2 and 3 go to 50 and come back. */
function half(process: Process): void {
  process.mmap({ address: page(0), length: 4 * PAGE, fixed: true });
  for (let n = 0; n < 4; n++) process.write(page(n), 10 + n);
  process.mremap(page(2), 2 * PAGE, 2 * PAGE, { to: page(50) });
}

/** Two pages that are to move, and one of them that is to migrate. */
interface Move {
  readonly process?: Process;
  readonly from: number;
  readonly to: number;
  readonly page: number;
  /** Pages at the new place, where there are more of them. */
  readonly pages?: number;
}

/** Schedules of a move and a migration that lose an entry. */
async function lost(
  options: KernelOptions,
  setUp: (a: Process, scheduler: Scheduler) => Move,
): Promise<string[]> {
  const scheduler = await Scheduler.create(options);
  const a = scheduler.kernel.spawn();
  const { process = a, from, to, page: wanted, pages = 2 } = setUp(a, scheduler);
  const frame = process.pageAt(wanted)!;
  const migrate = scheduler.actor("migrate", (batch) => batch.migratePage(frame));
  const move = scheduler.actor("move", (batch) =>
    batch.mremap(process, from, 2 * PAGE, pages * PAGE, { to }),
  );
  const moves = overtake(scheduler, move, migrate);
  const migrations = overtake(scheduler, migrate, move);
  scheduler.kernel.dispose();
  return [...moves, ...migrations];
}

/** What one table of entries maps. */
const TABLE = 512 * PAGE;
const AWAY = BASE + 64 * TABLE;

describe.each(states)("with $mremapOrder and the $anonIndex", (options) => {
  const none = options.mremapOrder === "none";

  test(`a half that moves back into its VMA ${none ? "can be" : "is never"} missed by migration`, async () => {
    const wrong = await lost(options, (a) => {
      half(a);
      return { from: page(50), to: page(2), page: page(51) };
    });
    if (!none) return expect(wrong).toEqual([]);
    expect(wrong.length).toBeGreaterThan(0);
    for (const message of wrong) expect(message).toContain("still waits for the migration");
  });

  test("a half that moves away is not missed", async () => {
    const wrong = await lost(options, (a) => {
      half(a);
      a.mremap(page(50), 2 * PAGE, 2 * PAGE, { to: page(2) });
      return { from: page(2), to: page(50), page: page(3) };
    });
    expect(wrong).toEqual([]);
  });

  // Then both begin at one pgoff: a tree has what was put back last behind the other. So v3.7 locks more than it has to.
  const missed = none && options.anonIndex === "list";
  test(`a head that moves back into its VMA ${missed ? "can be" : "is never"} missed by migration`, async () => {
    const wrong = await lost(options, (a) => {
      a.mmap({ address: page(0), length: 4 * PAGE, fixed: true });
      for (let n = 0; n < 4; n++) a.write(page(n), 10 + n);
      a.mremap(page(0), 2 * PAGE, 2 * PAGE, { to: page(50) });
      return { from: page(50), to: page(0), page: page(51) };
    });
    expect(wrong.length > 0).toBe(missed);
  });

  // Its pages are of two anon_vmas, and so are the lists, or trees, that walks for them go through.
  test.each([2, 3])("a child's half that moves back: its page %i", async (n) => {
    const wrong = await lost(options, (a) => {
      a.mmap({ address: page(0), length: 4 * PAGE, fixed: true });
      for (let i = 0; i < 4; i++) a.write(page(i), 10 + i);
      const child = a.fork();
      child.write(page(3), 23);
      a.exit();
      child.mremap(page(2), 2 * PAGE, 2 * PAGE, { to: page(50) });
      return { process: child, from: page(50), to: page(2), page: page(48 + n) };
    });
    if (none) expect(wrong.length).toBeGreaterThan(0);
    else expect(wrong).toEqual([]);
  });

  test("a shared file's half that moves back is not missed", async () => {
    const wrong = await lost(options, (a, { kernel }) => {
      const file = kernel.createFile({ pages: 4, word: 100 });
      a.mmap({ address: page(0), length: 4 * PAGE, fixed: true, file, shared: true });
      for (let i = 0; i < 4; i++) a.write(page(i), 10 + i);
      a.mremap(page(2), 2 * PAGE, 2 * PAGE, { to: page(50) });
      return { from: page(50), to: page(2), page: page(51) };
    });
    expect(wrong).toEqual([]);
  });

  // On its way back what was new is old. To its own VMA it goes back in an order that happens to be right.
  test.each([
    { way: "away", missed: none },
    { way: "back", missed: false },
  ])("a move $way that fails half-way is missed by migration: $missed", async ({ way, missed }) => {
    const scheduler = await Scheduler.create(options);
    const { kernel } = scheduler;
    const { header } = new RawMachine(kernel);
    const a = kernel.spawn();
    a.mmap({ address: BASE, length: 6 * TABLE, fixed: true });
    for (let n = 0; n < 6; n++) a.write(BASE + n * TABLE, n);
    const half = { from: BASE + 3 * TABLE, to: AWAY };
    if (way === "back") a.mremap(half.from, 3 * TABLE, 3 * TABLE, { to: half.to });
    const { from, to } = way === "away" ? half : { from: half.to, to: half.from };
    const frame = a.pageAt(from)!;
    const migrate = scheduler.actor("migrate", (batch) => batch.migratePage(frame));
    const move = scheduler.actor("move", (batch) =>
      batch.mremap(a, from, 3 * TABLE, 3 * TABLE, { to }),
    );
    const limit = header.get("memoryLimit");
    const tables = header.get("tables");
    kernel.recordEvents(true);
    // It has made sure of three tables when others take all memory but for two of them.
    stepToLock(scheduler, move);
    scheduler.step(move);
    const left = 2 - (header.get("tables") - tables);
    header.set("tableFree", 0);
    header.set("memoryLimit", header.get("bytesInUse") + left * PAGE);
    const wrong = overtake(scheduler, move, migrate, () => {
      header.set("memoryLimit", limit);
      expect(move.batch.result(0)).toBe(-12);
    });
    expect(wrong.length > 0).toBe(missed);

    kernel.takeEvents();
    scheduler.finish(move);
    const moves = kernel.takeEvents().filter(({ event }) => event === "EntriesMoved");
    expect(moves.map(({ a: entries }) => entries)).toEqual([2, 2]);
    header.set("memoryLimit", limit);
    expect([0, 1, 2].map((n) => a.read(from + n * TABLE))).toEqual([3, 4, 5]);
    expect(kernel.verify()).toEqual([]);
    kernel.dispose();
  });
});

// A prio tree has the VMA that reaches further nearer to its root, wherever it begins and however new it is.
describe.each(["prio-tree", "prio-tree-3.4", "interval-tree"] as const)(
  "files with a %s",
  (fileIndex) => {
    test.each(["none", "always-lock", "lock-if-needed"] as const)(
      "a shared mapping that grows as it moves away is not missed with %s",
      async (mremapOrder) => {
        const wrong = await lost({ fileIndex, mremapOrder }, (a, { kernel }) => {
          const file = kernel.createFile({ pages: 8, word: 100 });
          a.mmap({ address: page(0), length: 2 * PAGE, fixed: true, file, shared: true });
          for (let i = 0; i < 2; i++) a.write(page(i), 10 + i);
          return { from: page(0), to: page(50), page: page(1), pages: 8 };
        });
        expect(wrong).toEqual([]);
      },
    );
  },
);
