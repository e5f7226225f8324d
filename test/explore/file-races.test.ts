// Pairs of kernel paths that meet at a page of a file (race.ts).

import { expect, test } from "vitest";
import type { Batch, Page, Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, mapFile, PAGE } from "./ground.js";
import { race } from "./race.js";

race("a reclaim of a file's page and the exit that drops the file", (ground) => {
  const file = mapFile(ground, true);
  for (let i = 0; i < 3; i++) ground.a.write(BASE + i * PAGE, 1);
  ground.b.munmap(BASE, 4 * PAGE);
  file.close();
  const page = ground.a.pageAt(BASE)!;
  return [
    (batch) => batch.shrinkPage(page, { force: true }),
    (batch) => batch.exit(ground.a),
    () => {
      expect(ground.scheduler.kernel.vmstat()).toMatchObject({ nr_file_pages: 0 });
    },
  ];
});

race("a reclaim of a file's only page and the unmap that drops the file", (ground) => {
  const file = mapFile(ground, true);
  ground.a.read(BASE);
  ground.b.munmap(BASE, 4 * PAGE);
  file.close();
  const page = ground.a.pageAt(BASE)!;
  return [
    (batch) => batch.shrinkPage(page, { force: true }),
    (batch) => batch.munmap(ground.a, BASE, 4 * PAGE),
    // What was let go of after it was freed is noticed when it is used again.
    () => ground.scheduler.kernel.createFile({ pages: 1 }),
  ];
});

/** Another path and a write(2) that meet at a file's page, which is in the cache but mapped no more. */
function raceWithWrite(
  name: string,
  touch: (process: Process) => void,
  other: (batch: Batch, page: Page) => void,
): void {
  race(name, (ground) => {
    const file = mapFile(ground, true);
    touch(ground.a);
    const page = ground.a.pageAt(BASE)!;
    ground.a.munmap(BASE, PAGE);
    const look = (): void => {
      expect(file.read(0)).toBe(9);
    };
    return [(batch) => other(batch, page), (batch) => batch.fileWrite(file, 0, 9), look];
  });
}

raceWithWrite(
  "a reclaim of a clean page and a write(2) to it",
  (process) => process.read(BASE),
  (batch, page) => batch.shrinkPage(page, { force: true }),
);

raceWithWrite(
  "a reclaim of a dirty page and a write(2) to it",
  (process) => process.write(BASE, 4),
  (batch, page) => batch.shrinkPage(page, { force: true }),
);

raceWithWrite(
  "a migration of a file's page and a write(2) to it",
  (process) => process.read(BASE),
  (batch, page) => batch.migratePage(page),
);

race("a reclaim of a clean page and a fault that maps it", (ground) => {
  mapFile(ground, true);
  ground.a.read(BASE);
  const page = ground.a.pageAt(BASE)!;
  ground.a.munmap(BASE, PAGE);
  const look = (): void => {
    expect(ground.b.read(BASE)).toBe(7);
  };
  return [
    (batch) => batch.shrinkPage(page, { force: true }),
    (batch) => batch.write(ground.b, BASE, 7),
    look,
  ];
});

test("a page that is being read in has what was written and reclaimed meanwhile", async () => {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const file = kernel.createFile({ pages: 1, word: 1 });
  const reader = scheduler.actor("reader", (batch) => batch.fileRead(file, 0));
  scheduler.step(reader);
  file.write(0, 9);
  file.writeback();
  expect(file.invalidate(0, 1)).toBe(1);
  scheduler.finish(reader);
  expect([reader.batch.result(0), file.read(0)]).toEqual([9, 9]);
  expect(kernel.verify()).toEqual([]);
  kernel.dispose();
});
