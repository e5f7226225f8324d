// Page statistics in each state of memcgStat, where paths meet: what the flag of page-flag loses, and the bracket that
// came for it does not.

import { describe, expect, test } from "vitest";
import { switches, type MemoryCgroup, type Process, type Switches } from "../../bindings/index.js";
import { Scheduler, type Actor } from "../../bindings/scenario/scheduler.js";
import { RawMachine } from "../check/raw-machine.js";
import { BASE, mapFile, PAGE, type Ground } from "./ground.js";
import { settle, stepUntil } from "./interruption.js";

type MemcgStat = Switches["memcgStat"];

const FILE_MAPPED = 8;
const OF_THE_PAGE = "move lock of a side record";
const OF_THE_MEMCG = "move_lock";

interface Shared extends Ground {
  readonly from: MemoryCgroup;
  readonly to: MemoryCgroup;
  /** Flags of the side record of the page that both can map: it is charged to `from`. */
  readonly flags: () => number;
  /** Address of its move lock. */
  readonly moveLock: number;
}

/** Two processes of a cgroup with a file; whoever is named maps its first page. */
async function shared(memcgStat: MemcgStat, ...mappers: ("a" | "b")[]): Promise<Shared> {
  const scheduler = await Scheduler.create({ memcgStat });
  const { kernel } = scheduler;
  const ground = { scheduler, a: kernel.spawn(), b: kernel.spawn() };
  const from = kernel.createCgroup("from");
  const to = kernel.createCgroup("to");
  for (const process of [ground.a, ground.b]) from.move(process);
  mapFile(ground, true);
  ground.a.read(BASE);
  const { frame } = ground.a.pageAt(BASE)!;
  ground.b.read(BASE);
  for (const name of ["a", "b"] as const) {
    if (!mappers.includes(name)) ground[name].madvise(BASE, PAGE, "dontneed");
  }
  const raw = new RawMachine(kernel);
  const at = raw.frameAt("pageCgroup", frame);
  return { ...ground, from, to, flags: () => raw.get32(at), moveLock: at + 1 };
}

const unmap = ({ scheduler }: Shared, process: Process): Actor =>
  scheduler.actor("unmap", (batch) => batch.munmap(process, BASE, PAGE));
const map = ({ scheduler }: Shared, process: Process): Actor =>
  scheduler.actor("map", (batch) => batch.read(process, BASE));
const move = ({ scheduler, to }: Shared, process: Process): Actor =>
  scheduler.actor("move", (batch) => batch.moveToCgroup(process, to));

function mappedFile({ from, to }: Shared): [from: number, to: number] {
  return [from.stat().mapped_file, to.stat().mapped_file];
}

/** Stops the actor just before the step in which it changes mapped_file of the first cgroup. */
function stepToCount({ scheduler, from }: Shared, actor: Actor): void {
  const start = scheduler.save();
  const before = from.stat().mapped_file;
  let steps = 0;
  for (; from.stat().mapped_file === before; steps++) scheduler.step(actor);
  scheduler.restore(start);
  for (let i = 1; i < steps; i++) scheduler.step(actor);
}

function taken({ scheduler }: Shared, lock: typeof OF_THE_PAGE | typeof OF_THE_MEMCG): number {
  return scheduler.kernel.lockCounters!.locks[lock].taken;
}

/** Lets the move go on until it has told everybody and waited for readers: it is about to take mmap_sem. */
function stepIntoMove({ scheduler }: Shared, mover: Actor): void {
  scheduler.step(mover);
  scheduler.step(mover);
  stepUntil(scheduler, mover, () => mover.stop?.kind === "lock");
}

/** What mapped_file of both cgroups is when the mapper's process has moved, and has unmapped the page. */
function afterMove(on: Shared): string {
  on.to.move(on.b);
  on.b.munmap(BASE, PAGE);
  return mappedFile(on).join();
}

describe.each(switches.memcgStat)("a page that one unmaps and another maps (%s)", (memcgStat) => {
  const loses = memcgStat === "page-flag";

  test("the unmap stands before it counts, the map comes, and the charge is moved", async () => {
    const on = await shared(memcgStat, "a");
    const { scheduler, a, b } = on;
    const [unmapper, mapper] = [unmap(on, a), map(on, b)];
    stepToCount(on, unmapper);
    expect(scheduler.finish(mapper)).toBe(true);
    expect(mappedFile(on)).toEqual([2, 0]);
    settle(scheduler);
    expect(mappedFile(on)).toEqual([1, 0]);
    // The page is mapped and counted, but its flag is clear.
    expect(on.flags() & FILE_MAPPED).toBe(0);
    const messages = scheduler.kernel.verify().map(({ message }) => message);
    expect(messages).toHaveLength(loses ? 1 : 0);
    if (loses) expect(messages[0]).toContain("without FILE_MAPPED in its side record");
    const mover = move(on, b);
    expect(scheduler.finish(mover)).toBe(true);
    expect(mappedFile(on)).toEqual(loses ? [1, 0] : [0, 1]);
    b.munmap(BASE, PAGE);
    expect(mappedFile(on)).toEqual(loses ? [1, -1] : [0, 0]);
    scheduler.kernel.dispose();
  });

  test("whichever is stopped, and after whichever of its steps", async () => {
    const on = await shared(memcgStat, "a");
    const { scheduler, a, b } = on;
    const [unmapper, mapper] = [unmap(on, a), map(on, b)];
    const start = scheduler.save();
    const ends = new Set<string>();
    let bad = 0;
    for (const [first, second] of [
      [unmapper, mapper],
      [mapper, unmapper],
    ] as const) {
      for (let stop = 0, last = false; !last; stop++) {
        scheduler.restore(start);
        for (let step = 0; step < stop && !first.done; step++) scheduler.step(first);
        last = first.done;
        scheduler.finish(second);
        settle(scheduler);
        const end = afterMove(on);
        ends.add(end);
        if (end !== "0,0") bad++;
      }
    }
    expect([...ends].sort()).toEqual(loses ? ["0,0", "1,-1"] : ["0,0"]);
    expect(bad).toBe(loses ? 1 : 0);
    scheduler.kernel.dispose();
  });
});

describe("page-flag", () => {
  test("a page that is mapped again before the unmap has looked keeps its flag", async () => {
    const on = await shared("page-flag", "a");
    const { scheduler, a, b } = on;
    const [unmapper, mapper] = [unmap(on, a), map(on, b)];
    const page = a.pageAt(BASE)!;
    stepUntil(scheduler, unmapper, () => page.mapcount === 0);
    expect(scheduler.finish(mapper)).toBe(true);
    settle(scheduler);
    expect(on.flags() & FILE_MAPPED).toBe(FILE_MAPPED);
    expect(scheduler.kernel.verify()).toEqual([]);
    expect(afterMove(on)).toBe("0,0");
    scheduler.kernel.dispose();
  });

  test("nothing is locked while no charge is moved", async () => {
    const on = await shared("page-flag");
    on.a.read(BASE);
    on.a.munmap(BASE, PAGE);
    expect([taken(on, OF_THE_PAGE), taken(on, OF_THE_MEMCG)]).toEqual([0, 0]);
    on.scheduler.kernel.dispose();
  });

  test("during a move whoever counts a page has its lock, for which the move waits", async () => {
    const on = await shared("page-flag");
    const { scheduler, a, b } = on;
    const [mover, mapper] = [move(on, b), map(on, a)];
    stepIntoMove(on, mover);
    stepToCount(on, mapper);
    expect([taken(on, OF_THE_PAGE), taken(on, OF_THE_MEMCG)]).toEqual([1, 0]);
    expect(scheduler.finish(mover)).toBe(false);
    settle(scheduler);
    expect(mappedFile(on)).toEqual([0, 1]);
    expect(scheduler.kernel.verify()).toEqual([]);
    scheduler.kernel.dispose();
  });

  test("whoever came to the page's lock after its move counts it for its new owner", async () => {
    const on = await shared("page-flag");
    const { scheduler, a, b } = on;
    const [mover, mapper] = [move(on, b), map(on, a)];
    stepIntoMove(on, mover);
    stepUntil(scheduler, mapper, () => {
      return mapper.stop?.kind === "lock" && mapper.stop.object === on.moveLock;
    });
    expect(scheduler.finish(mover)).toBe(true);
    expect(mappedFile(on)).toEqual([0, 0]);
    settle(scheduler);
    expect(mappedFile(on)).toEqual([0, 1]);
    expect(scheduler.kernel.verify()).toEqual([]);
    scheduler.kernel.dispose();
  });

  test("a move waits for whoever counts a page and came before it", async () => {
    const on = await shared("page-flag");
    const { scheduler, a, b } = on;
    const [mover, mapper] = [move(on, b), map(on, a)];
    stepToCount(on, mapper);
    expect(scheduler.finish(mover)).toBe(false);
    expect(taken(on, OF_THE_PAGE)).toBe(0);
    settle(scheduler);
    expect(mappedFile(on)).toEqual([0, 1]);
    expect(scheduler.kernel.verify()).toEqual([]);
    scheduler.kernel.dispose();
  });
});

describe.each(["move-lock", "move-lock-fast"] as const)("%s", (memcgStat) => {
  test("during a move whoever maps a page of the memcg has its move_lock, for which the move waits", async () => {
    const on = await shared(memcgStat);
    const { scheduler, a, b } = on;
    const [mover, mapper] = [move(on, b), map(on, a)];
    stepIntoMove(on, mover);
    stepToCount(on, mapper);
    expect([taken(on, OF_THE_PAGE), taken(on, OF_THE_MEMCG)]).toEqual([0, 1]);
    expect(scheduler.finish(mover)).toBe(false);
    settle(scheduler);
    expect(mappedFile(on)).toEqual([0, 1]);
    expect(scheduler.kernel.verify()).toEqual([]);
    scheduler.kernel.dispose();
  });

  test("during a move of another memcg nobody takes a lock", async () => {
    const on = await shared(memcgStat);
    const { scheduler, a } = on;
    const other = scheduler.kernel.spawn({ cgroup: scheduler.kernel.createCgroup("other") });
    const [mover, mapper] = [move(on, other), map(on, a)];
    stepIntoMove(on, mover);
    scheduler.finish(mapper);
    expect([taken(on, OF_THE_PAGE), taken(on, OF_THE_MEMCG)]).toEqual([0, 0]);
    settle(scheduler);
    expect(scheduler.kernel.verify()).toEqual([]);
    scheduler.kernel.dispose();
  });
});
