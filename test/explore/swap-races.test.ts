// Pairs of kernel paths that meet at a slot of a swap area (race.ts).

import { expect } from "vitest";
import type { Batch } from "../../bindings/index.js";
import { BASE, fill, PAGE, swapOut, type Ground } from "./ground.js";
import { race } from "./race.js";

function swappedOut(ground: Ground, pages: number) {
  fill(ground.a, pages);
  for (let i = 0; i < pages; i++) swapOut(ground, ground.a, i);
}

race("two threads that bring one page back, of which the second frees its slot", (ground) => {
  swappedOut(ground, 1);
  const thread = ground.a.fork({ shareMemory: true });
  const look = (): void => {
    expect(ground.a.read(BASE)).toBe(9);
  };
  return [(batch) => batch.read(ground.a, BASE), (batch) => batch.write(thread, BASE, 9), look];
});

race("a swap-in whose slot is freed, and used again for another page", (ground) => {
  swappedOut(ground, 1);
  const { a, b } = ground;
  fill(b, 1);
  const thread = a.fork({ shareMemory: true });
  const other = b.pageAt(BASE)!;
  const look = (): void => {
    expect([a.read(BASE), b.read(BASE)]).toEqual([9, 10]);
  };
  return [
    (batch) => batch.read(a, BASE),
    (batch) => {
      batch.write(thread, BASE, 9);
      batch.shrinkPage(other, { force: true });
    },
    look,
  ];
});

race("two that unmap the last entries of a page in the swap cache", (ground) => {
  const { a, scheduler } = ground;
  fill(a, 1);
  const child = a.fork();
  const page = a.pageAt(BASE)!;
  expect(scheduler.kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
  const look = (): void => {
    expect(scheduler.kernel.vmstat()).toMatchObject({ nr_file_pages: 0 });
    expect(scheduler.kernel.swapAreas).toMatchObject([{ used: 0 }]);
  };
  return [(batch) => batch.exit(a), (batch) => batch.exit(child), look];
});

race(
  "a reclaim to swap and a swap-in of the page that it removes from the swap cache",
  (ground) => {
    const { a, scheduler } = ground;
    fill(a, 1);
    const page = a.pageAt(BASE)!;
    expect(scheduler.kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    const look = (): void => {
      expect(a.read(BASE)).toBe(9);
    };
    return [
      (batch) => batch.shrinkPage(page, { force: true }),
      (batch) => batch.write(a, BASE, 9),
      look,
    ];
  },
);

race("a swapoff and an exit", (ground) => {
  swappedOut(ground, 4);
  return [(batch) => batch.swapoff(0), (batch) => batch.exit(ground.a)];
});

race("a swapoff and a fork", (ground) => {
  swappedOut(ground, 2);
  return [(batch) => batch.swapoff(0), (batch) => batch.fork(ground.a)];
});

race("a swapoff and a write", (ground) => {
  swappedOut(ground, 2);
  const look = (): void => {
    expect(ground.a.read(BASE)).toBe(9);
  };
  return [(batch) => batch.swapoff(0), (batch) => batch.write(ground.a, BASE, 9), look];
});

race("a swapoff and an unmap", (ground) => {
  swappedOut(ground, 3);
  return [(batch) => batch.swapoff(0), (batch) => batch.munmap(ground.a, BASE, 2 * PAGE)];
});

race("a swapoff and a move of entries", (ground) => {
  swappedOut(ground, 2);
  const to = BASE - 64 * PAGE;
  return [
    (batch) => batch.swapoff(0),
    (batch) => batch.mremap(ground.a, BASE, 4 * PAGE, 4 * PAGE, { to }),
  ];
});

race("a swapoff and a reclaim to the area that it empties", (ground) => {
  swappedOut(ground, 1);
  fill(ground.b, 1);
  const page = ground.b.pageAt(BASE)!;
  return [(batch) => batch.swapoff(0), (batch) => batch.shrinkPage(page, { force: true })];
});

race("two swapoffs of one area", (ground) => {
  swappedOut(ground, 2);
  const batches: Batch[] = [];
  const swapoff = (batch: Batch): void => {
    batch.swapoff(0);
    batches.push(batch);
  };
  const look = (): void => {
    expect(ground.scheduler.kernel.swapAreas).toEqual([]);
    // Whoever comes second finds no area, though the first is still at work.
    expect(batches.map((batch) => batch.error(0)).sort()).toEqual(["EINVAL", null]);
  };
  return [swapoff, swapoff, look];
});
