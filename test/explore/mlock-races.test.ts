// Pairs of kernel paths that meet at a page that is mlocked, or about to be (race.ts).

import { expect } from "vitest";
import { BASE, fill, mapFile, PAGE, type Ground } from "./ground.js";
import { race } from "./race.js";

const onTruncate = { clearMlock: "on-truncate" } as const;

/** What is on the unevictable list is mlocked, and the other way round. */
function expectSorted({ scheduler }: Ground): void {
  const { nr_mlock, nr_unevictable } = scheduler.kernel.vmstat();
  expect(nr_unevictable).toBe(nr_mlock);
}

race("a reclaim of an mlocked page and its last unmap", (ground) => {
  mapFile(ground, true);
  ground.a.read(BASE);
  ground.a.mlock(BASE, PAGE);
  const page = ground.a.pageAt(BASE)!;
  const look = (): void => {
    expectSorted(ground);
    expect(ground.scheduler.kernel.vmstat()).toMatchObject({ nr_unevictable: 0 });
  };
  return [(batch) => batch.shrinkPage(page), (batch) => batch.exit(ground.a), look];
});

race("a reclaim of an mlocked page and its munlock", (ground) => {
  fill(ground.a, 1);
  ground.a.mlock(BASE, PAGE);
  const page = ground.a.pageAt(BASE)!;
  const look = (): void => {
    expectSorted(ground);
  };
  return [(batch) => batch.shrinkPage(page), (batch) => batch.munlock(ground.a, BASE, PAGE), look];
});

race("an mlock and a reclaim that puts the page back", (ground) => {
  fill(ground.a, 1);
  const page = ground.a.pageAt(BASE)!;
  const look = (): void => {
    expectSorted(ground);
  };
  return [(batch) => batch.mlock(ground.a, BASE, PAGE), (batch) => batch.shrinkPage(page), look];
});

race("an unmap that mlocks a private copy and the truncation that takes it away", (ground) => {
  const file = mapFile(ground, false);
  const { a, scheduler } = ground;
  a.write(BASE, 5);
  const page = a.pageAt(BASE)!;
  scheduler.kernel.isolate(page);
  a.mlock(BASE, PAGE);
  return [
    (batch) => batch.tryToUnmap(page, { ignoreAccess: true }),
    (batch) => batch.truncate(file, 0),
  ];
});

race(
  "an unmap that mlocks a private copy and the truncation that takes it away, up to v3.6",
  (ground) => {
    const file = mapFile(ground, false);
    const { a, scheduler } = ground;
    a.write(BASE, 5);
    const page = a.pageAt(BASE)!;
    scheduler.kernel.isolate(page);
    a.mlock(BASE, PAGE);
    const look = (): void => {
      expect(scheduler.kernel.vmstat().nr_mlock).toBe(1);
      expect(page).toMatchObject({ mapcount: 0, mlocked: true });
    };
    return [
      (batch) => batch.tryToUnmap(page, { ignoreAccess: true }),
      (batch) => batch.truncate(file, 0),
      look,
    ];
  },
  onTruncate,
);

race(
  "a munlock of a file's page and the truncation that takes it away, up to v3.6",
  (ground) => {
    const file = mapFile(ground, true);
    ground.a.mlock(BASE, PAGE);
    const look = (): void => {
      expectSorted(ground);
      expect(ground.scheduler.kernel.vmstat()).toMatchObject({
        nr_mlock: 0,
        unevictable_pgs_mlockfreed: 0,
      });
    };
    return [
      (batch) => batch.munlock(ground.a, BASE, PAGE),
      (batch) => batch.truncate(file, 0),
      look,
    ];
  },
  onTruncate,
);

race(
  "an mlock of a private copy and the truncation that takes it away, up to v3.6",
  (ground) => {
    const file = mapFile(ground, false);
    ground.a.write(BASE, 5);
    const look = (): void => {
      expectSorted(ground);
      expect(ground.scheduler.kernel.vmstat().nr_mlock).toBe(0);
    };
    return [(batch) => batch.mlock(ground.a, BASE, PAGE), (batch) => batch.truncate(file, 0), look];
  },
  onTruncate,
);

race(
  "a migration that mlocks the page again and its munlock",
  (ground) => {
    fill(ground.a, 1);
    ground.a.mlock(BASE, PAGE);
    const page = ground.a.pageAt(BASE)!;
    const look = (): void => {
      expectSorted(ground);
      expect(ground.scheduler.kernel.vmstat().nr_mlock).toBe(0);
    };
    return [
      (batch) => batch.migratePage(page),
      (batch) => batch.munlock(ground.a, BASE, PAGE),
      look,
    ];
  },
  { migrationMlock: "restored" },
);

race(
  "a truncation that takes the last mapping of an mlocked page while its charge moves",
  (ground) => {
    const { kernel } = ground.scheduler;
    const file = mapFile(ground, true);
    const from = kernel.createCgroup("from");
    const to = kernel.createCgroup("to");
    from.move(ground.a);
    ground.a.mlock(BASE, PAGE);
    const look = (): void => {
      expectSorted(ground);
      expect(kernel.vmstat().nr_mlock).toBe(0);
    };
    return [(batch) => batch.moveToCgroup(ground.a, to), (batch) => batch.truncate(file, 0), look];
  },
);
