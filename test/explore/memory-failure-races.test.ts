// Kernel paths that meet memory_failure at a page (race.ts): whatever comes first, nobody gets to the broken page
// afterwards who is not told, and the frame is not used again.

import { expect, test } from "vitest";
import { KernelError, type Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, fill, mapFile, PAGE, share, swapOut } from "./ground.js";
import { interrupt } from "./interruption.js";
import { race } from "./race.js";

/** What a process reads there, or the signal it gets. */
function seen(process: Process, page: number): number | string {
  try {
    return process.read(BASE + page * PAGE);
  } catch (error) {
    if (error instanceof KernelError) return error.code;
    throw error;
  }
}

race("memory failure and a copy on write", (ground) => {
  const { child, page } = share(ground);
  const look = (): void => {
    expect(page.mapcount).toBe(0);
    expect([6, "SIGBUS"]).toContain(seen(child, 1));
  };
  return [
    (batch) => batch.memoryFailure(page, { early: true }),
    (batch) => batch.write(child, BASE + PAGE, 6),
    look,
  ];
});

race("memory failure and a fork", (ground) => {
  const { page } = share(ground);
  const look = (): void => {
    for (const process of ground.scheduler.kernel.processes) {
      if (process !== ground.b) expect(seen(process, 1)).toBe("SIGBUS");
    }
  };
  return [(batch) => batch.memoryFailure(page), (batch) => batch.fork(ground.a), look];
});

race("memory failure and the exit of who has the page", (ground) => {
  const { page, child } = share(ground);
  return [
    (batch) => batch.memoryFailure(page, { early: true }),
    (batch) => {
      batch.exit(child);
      batch.exit(ground.a);
    },
  ];
});

race("memory failure of a file's page and a fault that maps it", (ground) => {
  mapFile(ground, true);
  ground.a.read(BASE);
  const page = ground.a.pageAt(BASE)!;
  const look = (): void => {
    expect(page.mapcount).toBe(0);
    expect([100, "SIGBUS"]).toContain(seen(ground.b, 0));
  };
  return [(batch) => batch.memoryFailure(page), (batch) => batch.read(ground.b, BASE), look];
});

race("memory failure of a file's page and a write to it", (ground) => {
  mapFile(ground, true);
  ground.a.read(BASE);
  const page = ground.a.pageAt(BASE)!;
  return [(batch) => batch.memoryFailure(page), (batch) => batch.write(ground.a, BASE, 5)];
});

race("memory failure of a file's page and its truncation", (ground) => {
  const file = mapFile(ground, true);
  ground.a.write(BASE, 5);
  const page = ground.a.pageAt(BASE)!;
  return [
    (batch) => batch.memoryFailure(page, { early: true }),
    (batch) => batch.truncate(file, 0),
  ];
});

race("memory failure of a page in the swap cache and a fault that brings it back", (ground) => {
  const { a } = ground;
  fill(a, 1);
  const child = a.fork();
  swapOut(ground, a, 0);
  a.read(BASE);
  const page = a.pageAt(BASE)!;
  const look = (): void => {
    expect([10, "SIGBUS"]).toContain(seen(child, 0));
  };
  return [(batch) => batch.memoryFailure(page), (batch) => batch.read(child, BASE), look];
});

race("memory failure and reclaim of the page", (ground) => {
  const { page } = share(ground);
  return [(batch) => batch.memoryFailure(page), (batch) => batch.shrinkPage(page, { force: true })];
});

race("memory failure and migration of the page", (ground) => {
  const { page } = share(ground);
  return [(batch) => batch.memoryFailure(page), (batch) => batch.migratePage(page)];
});

race("memory failure of a page and of another of the same process", (ground) => {
  fill(ground.a, 2);
  const [one, other] = [0, 1].map((i) => ground.a.pageAt(BASE + i * PAGE)!);
  const look = (): void => {
    expect(ground.scheduler.kernel.hardwareCorrupted).toBe(2);
  };
  return [
    (batch) => batch.memoryFailure(one!, { early: true }),
    (batch) => batch.memoryFailure(other!, { early: true }),
    look,
  ];
});

test("a page that breaks while its writer waits for it is never written to afterwards", async () => {
  const scheduler = await Scheduler.create();
  const ground = { scheduler, a: scheduler.kernel.spawn(), b: scheduler.kernel.spawn() };
  const file = mapFile(ground, true);
  ground.a.read(BASE);
  const page = ground.a.pageAt(BASE)!;
  const breaks = scheduler.actor("breaks", (batch) => batch.memoryFailure(page));
  const writes = scheduler.actor("writes", (batch) => batch.write(ground.b, BASE, 5));
  const look = (): void => {
    if (writes.batch.error(0) !== null) return;
    // What was written is on a page that is whole, or is lost, and then the writer is told.
    expect(seen(ground.b, 0) === "SIGBUS" || file.read(0) === 5).toBe(true);
  };
  interrupt(scheduler, breaks, writes, look);
  interrupt(scheduler, writes, breaks, look);
  scheduler.kernel.dispose();
});
