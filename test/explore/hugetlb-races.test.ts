// Pairs of kernel paths that meet at a huge page of the pool (race.ts), and what comes of some of them.

import { expect, test } from "vitest";
import { KernelError, type File, type Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, type Ground } from "./ground.js";
import { interrupt } from "./interruption.js";
import { type Paths, race } from "./race.js";

const HUGE = 2 ** 21;
/** Room for three huge pages. */
const frames = 4 * 512 + 64;

function hugeRace(name: string, setUp: (ground: Ground) => Paths): void {
  race(name, setUp, { frames });
}

/** Both processes map a file of two huge pages; the pool has n. */
function mapHuge({ scheduler, a, b }: Ground, n: number, shared: boolean): File {
  scheduler.kernel.setHugePages(n);
  const file = scheduler.kernel.createFile({ pages: 1024, kind: "hugetlb" });
  for (const process of [a, b]) {
    process.mmap({ address: BASE, length: HUGE, file, shared, fixed: true });
  }
  return file;
}

/** A private huge page, written to, and a child that maps it too. */
function shareHuge({ scheduler, a }: Ground, n: number): Process {
  scheduler.kernel.setHugePages(n);
  a.mmap({ address: BASE, length: HUGE, fixed: true, hugetlb: true });
  a.write(BASE, 1);
  return a.fork();
}

hugeRace("two faults on one huge page of a file", (ground) => {
  mapHuge(ground, 2, true);
  return [(batch) => batch.write(ground.a, BASE, 5), (batch) => batch.read(ground.b, BASE + 4096)];
});

hugeRace("a fault on a huge page and a truncation to nothing", (ground) => {
  const file = mapHuge(ground, 2, true);
  ground.b.write(BASE, 1);
  return [(batch) => batch.write(ground.a, BASE, 5), (batch) => batch.truncate(file, 0)];
});

hugeRace("a private write to a huge page and a truncation", (ground) => {
  const file = mapHuge(ground, 3, false);
  return [(batch) => batch.write(ground.a, BASE, 5), (batch) => batch.truncate(file, 0)];
});

hugeRace("copies of one huge page by both who map it", (ground) => {
  const child = shareHuge(ground, 3);
  return [(batch) => batch.write(ground.a, BASE, 5), (batch) => batch.write(child, BASE, 6)];
});

hugeRace("a huge page taken back from a child that is reading it", (ground) => {
  const child = shareHuge(ground, 1);
  return [(batch) => batch.write(ground.a, BASE, 5), (batch) => batch.read(child, BASE)];
});

hugeRace("a fork and a truncation that empties the huge page which it copies", (ground) => {
  const file = mapHuge(ground, 2, true);
  ground.a.write(BASE, 1);
  return [(batch) => batch.fork(ground.a), (batch) => batch.truncate(file, 0)];
});

hugeRace("a walk and the unmapping of a huge page", (ground) => {
  const child = shareHuge(ground, 1);
  const page = child.pageAt(BASE)!;
  ground.a.exit();
  return [(batch) => batch.pageReferenced(page), (batch) => batch.munmap(child, BASE, HUGE)];
});

hugeRace("try_to_unmap of a file's huge page and a fault on it", (ground) => {
  mapHuge(ground, 2, true);
  ground.a.write(BASE, 1);
  ground.b.read(BASE);
  const page = ground.a.pageAt(BASE)!;
  return [
    (batch) => batch.tryToUnmap(page, { ignoreAccess: true }),
    (batch) => batch.write(ground.a, BASE, 5),
  ];
});

hugeRace("a migration of a huge page and a write to it", (ground) => {
  const child = shareHuge(ground, 3);
  const page = child.pageAt(BASE)!;
  return [(batch) => batch.migratePage(page), (batch) => batch.write(child, BASE, 6)];
});

hugeRace("a migration of a huge page and a fork", (ground) => {
  const child = shareHuge(ground, 3);
  const page = child.pageAt(BASE)!;
  return [(batch) => batch.migratePage(page), (batch) => batch.fork(child)];
});

hugeRace("a migration of a huge page and its unmapping", (ground) => {
  const child = shareHuge(ground, 3);
  const page = child.pageAt(BASE)!;
  return [(batch) => batch.migratePage(page), (batch) => batch.munmap(ground.a, BASE, HUGE)];
});

hugeRace("mprotect of a huge page and its truncation", (ground) => {
  const file = mapHuge(ground, 2, true);
  ground.a.write(BASE, 1);
  return [(batch) => batch.mprotect(ground.a, BASE, HUGE, "r"), (batch) => batch.truncate(file, 0)];
});

/** Nobody reads what is broken, unless he was there before. */
function refused(process: Process): boolean {
  try {
    process.read(BASE);
    return false;
  } catch (error) {
    return error instanceof KernelError && error.code === "SIGBUS";
  }
}

hugeRace("memory failure of a huge page and a copy on write", (ground) => {
  const child = shareHuge(ground, 3);
  const page = child.pageAt(BASE)!;
  const look = (): void => {
    expect(page.mapcount).toBe(0);
    expect(refused(ground.a)).toBe(true);
    expect(refused(child) || child.read(BASE) === 6).toBe(true);
  };
  return [
    (batch) => batch.memoryFailure(page, { early: true }),
    (batch) => batch.write(child, BASE, 6),
    look,
  ];
});

hugeRace("memory failure of a huge page and a fork", (ground) => {
  const child = shareHuge(ground, 3);
  const page = child.pageAt(BASE)!;
  const look = (): void => {
    for (const process of ground.scheduler.kernel.processes) {
      if (process !== ground.b) expect(refused(process)).toBe(true);
    }
  };
  return [(batch) => batch.memoryFailure(page), (batch) => batch.fork(child), look];
});

hugeRace("memory failure of a huge page and the exit of who has it", (ground) => {
  const child = shareHuge(ground, 3);
  ground.a.exit();
  const page = child.pageAt(BASE)!;
  return [(batch) => batch.memoryFailure(page), (batch) => batch.exit(child)];
});

hugeRace("memory failure of a file's huge page and a fault that maps it", (ground) => {
  mapHuge(ground, 2, true);
  ground.a.write(BASE, 1);
  const page = ground.a.pageAt(BASE)!;
  const look = (): void => {
    expect(page.mapcount).toBe(0);
    expect([ground.a, ground.b].map(refused)).toEqual([true, true]);
  };
  return [(batch) => batch.memoryFailure(page), (batch) => batch.read(ground.b, BASE), look];
});

hugeRace("memory failure of a file's huge page and its truncation", (ground) => {
  const file = mapHuge(ground, 2, true);
  ground.a.write(BASE, 1);
  const page = ground.a.pageAt(BASE)!;
  return [(batch) => batch.memoryFailure(page), (batch) => batch.truncate(file, 0)];
});

hugeRace("memory failure of a free huge page and a fault that takes it", (ground) => {
  mapHuge(ground, 1, true);
  ground.a.write(BASE, 1);
  const { frame } = ground.a.pageAt(BASE)!;
  ground.scheduler.kernel.setHugePages(1);
  for (const { file } of ground.a.vmas()) file?.truncate(0);
  for (const { file } of ground.b.vmas()) file?.truncate(512);
  return [(batch) => batch.memoryFailure(frame), (batch) => batch.write(ground.a, BASE, 5)];
});

hugeRace("memory failure of a huge page and its migration", (ground) => {
  const child = shareHuge(ground, 3);
  const page = child.pageAt(BASE)!;
  return [(batch) => batch.memoryFailure(page), (batch) => batch.migratePage(page)];
});

test("two faults on the last huge page of the pool: both get it, as only one at a time looks", async () => {
  const scheduler = await Scheduler.create({ frames });
  const { kernel } = scheduler;
  const ground = { scheduler, a: kernel.spawn(), b: kernel.spawn() };
  mapHuge(ground, 1, true);
  const actors = [ground.a, ground.b].map((process, i) =>
    scheduler.actor(`fault ${i}`, (batch) => batch.write(process, BASE + i * 4096, i + 1)),
  );
  interrupt(scheduler, actors[0]!, actors[1]!, () => {
    expect(actors.map(({ batch }) => batch.error(0))).toEqual([null, null]);
    expect([ground.a.read(BASE), ground.a.read(BASE + 4096)]).toEqual([1, 2]);
    expect(kernel.hugePages).toEqual({ total: 1, free: 0, reserved: 0 });
  });
  kernel.dispose();
});

test("a copy on write and another owner's write: nobody sees what the other wrote", async () => {
  const scheduler = await Scheduler.create({ frames });
  const { kernel } = scheduler;
  const ground = { scheduler, a: kernel.spawn(), b: kernel.spawn() };
  const child = shareHuge(ground, 2);
  const one = scheduler.actor("parent", (batch) => batch.write(ground.a, BASE, 5));
  const two = scheduler.actor("child", (batch) => batch.write(child, BASE, 6));
  const look = (): void => {
    expect([ground.a.read(BASE), child.read(BASE)]).toEqual([5, 6]);
  };
  interrupt(scheduler, one, two, look);
  interrupt(scheduler, two, one, look);
  kernel.dispose();
});

test("a truncation leaves no entry beyond the end, though a page is mapped meanwhile", async () => {
  const scheduler = await Scheduler.create({ frames });
  const { kernel } = scheduler;
  const ground = { scheduler, a: kernel.spawn(), b: kernel.spawn() };
  const file = mapHuge(ground, 2, true);
  const write = scheduler.actor("write", (batch) => batch.write(ground.a, BASE, 5));
  const truncate = scheduler.actor("truncate", (batch) => batch.truncate(file, 0));
  const left = new Set<number>();
  const look = (): void => {
    expect(ground.a.pageAt(BASE)).toBe(null);
    left.add(file.cached);
  };
  interrupt(scheduler, truncate, write, look);
  interrupt(scheduler, write, truncate, look);
  // The page itself may stay in the cache of the file, beyond its end, as in v3.7: docs/simplified.md.
  expect(left).toEqual(new Set([0, 512]));
  kernel.dispose();
});
