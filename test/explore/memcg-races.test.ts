// Charges are moved, given and taken back by paths that meet. The counts of every cgroup are compared with its pages at
// each end: with mapped_file that is what the bracket around page statistics is for.

import { expect, test } from "vitest";
import {
  switches,
  type Batch,
  type File,
  type MemoryCgroup,
  type Process,
} from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, fill, type Ground, mapFile, PAGE, swapOut } from "./ground.js";
import { settle } from "./interruption.js";
import { race, type Paths } from "./race.js";

interface Groups {
  readonly from: MemoryCgroup;
  readonly to: MemoryCgroup;
}

/** Two cgroups: `a` is in the one, and may move to the other. `b` is in the root's. */
function groups({ scheduler, a }: Ground, limit: number | null = null): Groups {
  const from = scheduler.kernel.createCgroup("from", { limit });
  const to = scheduler.kernel.createCgroup("to", { limit });
  from.move(a);
  return { from, to };
}

/** Both map a file, of which a page is in the cache, charged to the first cgroup and mapped by nobody. */
function cached(ground: Ground): { file: File } & Groups {
  const both = groups(ground);
  const file = mapFile(ground, true);
  ground.a.read(BASE);
  ground.a.munmap(BASE, PAGE);
  ground.a.mmap({ address: BASE, length: PAGE, file, shared: true, fixed: true });
  return { ...both, file };
}

const move =
  (process: (ground: Ground) => Process, cgroup: MemoryCgroup) =>
  (batch: Batch, ground: Ground) => {
    batch.moveToCgroup(process(ground), cgroup);
  };

/** A race about page statistics, with each value of memcgStat. */
function raceInAllStates(name: string, setUp: (ground: Ground) => Paths): void {
  for (const memcgStat of switches.memcgStat) {
    race(`${name}, with ${memcgStat}`, setUp, { memcgStat });
  }
}

const ofA = ({ a }: Ground): Process => a;

raceInAllStates("a move of a file's page and the fault that maps it first", (ground) => {
  const { to } = cached(ground);
  const look = (): void => expect(to.stat()).toMatchObject({ cache: 1, mapped_file: 1 });
  return [(batch) => batch.read(ground.b, BASE), move(ofA, to), look];
});

raceInAllStates("a move of a file's page and the unmap that takes its last mapping", (ground) => {
  const { to } = cached(ground);
  ground.b.read(BASE);
  const look = (): void => expect(to.stat()).toMatchObject({ cache: 1, mapped_file: 0 });
  return [(batch) => batch.munmap(ground.b, BASE, PAGE), move(ofA, to), look];
});

// The bracket ends here as well: a move that came later would wait for its read section for ever.
raceInAllStates("a move of a file's page and an unmap that leaves another mapping", (ground) => {
  const { to } = cached(ground);
  ground.a.read(BASE);
  ground.b.read(BASE);
  const look = (): void => expect(to.stat()).toMatchObject({ cache: 1, mapped_file: 1 });
  return [(batch) => batch.munmap(ground.b, BASE, PAGE), move(ofA, to), look];
});

raceInAllStates("a move of a file's page and a reclaim that unmaps it", (ground) => {
  const { to } = cached(ground);
  ground.b.read(BASE);
  const page = ground.b.pageAt(BASE)!;
  return [(batch) => batch.shrinkPage(page, { force: true }), move(ofA, to)];
});

raceInAllStates("a move of a file's page and a migration of it", (ground) => {
  const { to } = cached(ground);
  ground.b.read(BASE);
  const page = ground.b.pageAt(BASE)!;
  return [(batch) => batch.migratePage(page), move(ofA, to)];
});

raceInAllStates("a move of a file's page and a truncation", (ground) => {
  const { to, file } = cached(ground);
  ground.b.read(BASE);
  return [(batch) => batch.truncate(file, 0), move(ofA, to)];
});

race("a move of anonymous pages and the exit of a child that has them too", (ground) => {
  const { to } = groups(ground);
  fill(ground.a, 4);
  const child = ground.a.fork();
  return [(batch) => batch.exit(child), move(ofA, to)];
});

race("a move of a process and its exit", (ground) => {
  const { to } = groups(ground);
  fill(ground.a, 4);
  return [(batch) => batch.exit(ground.a), move(ofA, to)];
});

race("a move of a process and a fault of a thread of it", (ground) => {
  const { to } = groups(ground);
  fill(ground.a, 1);
  const thread = ground.a.fork({ shareMemory: true });
  return [(batch) => batch.write(thread, BASE + 2 * PAGE, 5), move(ofA, to)];
});

race("a move of a process and a system call of a thread that waits for it", (ground) => {
  const { to } = groups(ground);
  fill(ground.a, 3);
  const thread = ground.a.fork({ shareMemory: true });
  return [(batch) => batch.munmap(thread, BASE, 2 * PAGE), move(ofA, to)];
});

race("a move of a page in the swap cache and the fault that brings it back", (ground) => {
  const { to } = groups(ground);
  fill(ground.a, 1);
  const child = ground.a.fork();
  const page = ground.a.pageAt(BASE)!;
  ground.scheduler.kernel.tryToUnmap(page, { ignoreAccess: true });
  return [(batch) => batch.read(child, BASE), move(ofA, to)];
});

for (const limit of [null, 3]) {
  const where = limit === null ? "where it is" : "anywhere";
  race(`a move of a process and an mremap of a thread, which has no room ${where}`, (ground) => {
    const { scheduler, a } = ground;
    const from = scheduler.kernel.createCgroup("from", { limit: 3 });
    const to = scheduler.kernel.createCgroup("to", { limit });
    from.move(a);
    a.mmap({ address: BASE, length: 2 * PAGE, fixed: true, locked: true });
    const thread = a.fork({ shareMemory: true });
    return [(batch) => batch.mremap(thread, BASE, 2 * PAGE, 8 * PAGE), move(ofA, to)];
  });
}

race("two moves, there and back", (ground) => {
  const { from, to } = groups(ground);
  fill(ground.a, 3);
  return [move(ofA, from), move(ofA, to)];
});

race("a reclaim for a limit and a move out of its cgroup", (ground) => {
  const { to } = groups(ground, 4);
  fill(ground.a, 3);
  const other = ground.a.fork();
  return [
    (batch) => {
      batch.write(other, BASE, 7);
      batch.write(other, BASE + PAGE, 7);
    },
    move(ofA, to),
  ];
});

race("two processes that charge a cgroup at its limit", (ground) => {
  const { from } = groups(ground, 4);
  from.move(ground.b);
  for (const process of [ground.a, ground.b]) {
    process.mmap({ address: BASE, length: 4 * PAGE, fixed: true });
  }
  const writes = (process: Process) => (batch: Batch) => {
    for (let i = 0; i < 3; i++) batch.write(process, BASE + i * PAGE, i);
  };
  const look = (): void => expect(from.usage).toBeLessThanOrEqual(4);
  return [writes(ground.a), writes(ground.b), look];
});

race("a lower limit and a fault that is charged", (ground) => {
  const { from } = groups(ground);
  fill(ground.a, 4);
  // What is left of the batch goes back.
  ground.scheduler.kernel.createCgroup("other").move(ground.a);
  from.move(ground.a);
  return [(batch) => batch.setLimit(from, 3), (batch) => batch.write(ground.a, BASE + PAGE, 9)];
});

/** A cgroup without processes, to which pages are charged that `b` maps. */
function deserted(ground: Ground): MemoryCgroup {
  const { from } = groups(ground);
  fill(ground.a, 2);
  const { a, scheduler } = ground;
  const child = a.fork();
  scheduler.kernel.rootCgroup.move(child);
  a.exit();
  return from;
}

race("the end of a cgroup and the unmap of a page that was charged to it", (ground) => {
  const { kernel } = ground.scheduler;
  const from = kernel.createCgroup("from");
  from.move(ground.a);
  fill(ground.a, 2);
  const child = ground.a.fork();
  ground.a.exit();
  // Only its pages stay behind: the child has moved without them, as they were not to be found then.
  const frames = child.pages().map(({ frame }) => kernel.page(frame));
  for (const page of frames) kernel.isolate(page);
  kernel.rootCgroup.move(child);
  for (const page of frames) kernel.putback(page);
  expect(from.stat().rss).toBe(2);
  return [(batch) => batch.munmap(child, BASE, 2 * PAGE), (batch) => batch.removeCgroup(from)];
});

raceInAllStates("the end of a cgroup and a fault that maps a page of it", (ground) => {
  const { kernel } = ground.scheduler;
  const { from, to } = cached(ground);
  ground.a.exit();
  const look = (): void => {
    expect(from.exists).toBe(false);
    expect(kernel.rootCgroup.stat()).toMatchObject({ cache: 1, mapped_file: 1 });
    expect(to.stat().cache).toBe(0);
  };
  return [(batch) => batch.read(ground.b, BASE), (batch) => batch.removeCgroup(from), look];
});

race("the end of a cgroup and a page that comes back from swap", (ground) => {
  const from = deserted(ground);
  const [child] = ground.scheduler.kernel.processes.slice(-1);
  swapOut(ground, child!, 0);
  return [(batch) => batch.write(child!, BASE, 3), (batch) => batch.removeCgroup(from)];
});

test("a move waits for readers that have begun, and those that begin later wait for its lock", async () => {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const ground = { scheduler, a: kernel.spawn(), b: kernel.spawn() };
  const { to } = cached(ground);
  const reader = scheduler.actor("reader", (batch) => batch.read(ground.b, BASE));
  const mover = scheduler.actor("mover", (batch) => batch.moveToCgroup(ground.a, to));
  // The reader stands in the bracket, before it counts what it has mapped.
  while (kernel.vmstat().nr_mapped === 0) scheduler.step(reader);
  expect(scheduler.finish(mover)).toBe(false);
  expect(to.stat()).toMatchObject({ cache: 0, mapped_file: 0 });
  scheduler.finish(reader);
  settle(scheduler);
  expect(to.stat()).toMatchObject({ cache: 1, mapped_file: 1 });
  const locks = kernel.lockCounters?.locks["move_lock"].taken ?? 0;
  expect(locks).toBe(1);
  expect(kernel.verify()).toEqual([]);
  kernel.dispose();
});

test("a reader that finds the owner changed tries again with the new one", async () => {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const ground = { scheduler, a: kernel.spawn(), b: kernel.spawn() };
  const { to } = cached(ground);
  const mover = scheduler.actor("mover", (batch) => batch.moveToCgroup(ground.a, to));
  const reader = scheduler.actor("reader", (batch) => batch.read(ground.b, BASE));
  const taken = (): number => kernel.lockCounters!.locks["move_lock"].taken;
  while (taken() === 0) scheduler.step(mover);
  expect(scheduler.finish(reader)).toBe(false);
  settle(scheduler);
  expect(to.stat()).toMatchObject({ cache: 1, mapped_file: 1 });
  expect(kernel.verify()).toEqual([]);
  kernel.dispose();
});
