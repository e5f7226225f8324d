// KSM's paths meet others: whatever one of them has done when the other begins, both come to their end, no
// rule of the locks is broken, and the invariants hold.

import { expect } from "vitest";
import { Op } from "../../assembly/abi/operation.js";
import type { Batch, Page } from "../../bindings/index.js";
import { BASE, type Ground, PAGE, share } from "./ground.js";
import { race } from "./race.js";

/** Two mergeable pages in each process: the words are those of the pages, and equal in both. */
function lay({ a, b }: Ground, words: readonly [number, number] = [7, 8]): void {
  for (const process of [a, b]) {
    process.mmap({ address: BASE, length: 2 * PAGE, fixed: true });
    process.write(BASE, words[0]);
    process.write(BASE + PAGE, words[1]);
    process.madvise(BASE, 2 * PAGE, "mergeable");
  }
}

/** KSM has seen all pages once: the next scan merges. */
function seen(ground: Ground, words?: readonly [number, number]): void {
  lay(ground, words);
  ground.scheduler.kernel.ksm.scan();
}

/** All four places share one page. */
function merged(ground: Ground): Page {
  lay(ground, [7, 7]);
  ground.scheduler.kernel.ksm.settle();
  const page = ground.a.pageAt(BASE)!;
  expect(page).toMatchObject({ ksm: true, mapcount: 4 });
  return page;
}

/** What batches don't offer: a record of the actor that is being made is overwritten. */
function unmerge(batch: Batch, { scheduler }: Ground): void {
  const first = (scheduler.actors.length + 1) * (batch.capacity + 1);
  scheduler.kernel.machine.put(first + batch.ksmScan(), Op.KsmUnmerge);
}

race("a KSM scan and a write", (ground) => {
  const { a } = ground;
  a.mmap({ address: BASE, length: 4 * PAGE, fixed: true });
  for (let i = 0; i < 4; i++) a.write(BASE + i * PAGE, 5);
  a.madvise(BASE, 4 * PAGE, "mergeable");
  ground.scheduler.kernel.ksm.scan();
  return [(batch) => batch.ksmScan(), (batch) => batch.write(a, BASE + PAGE, 6)];
});

race("a KSM scan and the exit of a child whose pages it merges", (ground) => {
  const { child } = share(ground);
  ground.a.madvise(BASE, 4 * PAGE, "mergeable");
  for (let i = 0; i < 4; i++) ground.a.write(BASE + i * PAGE, 5);
  child.madvise(BASE, 4 * PAGE, "mergeable");
  ground.scheduler.kernel.ksm.scan();
  return [(batch) => batch.ksmScan(), (batch) => batch.exit(child)];
});

race("a KSM scan and the exit of the process that it comes to next", (ground) => {
  lay(ground);
  return [(batch) => batch.ksmScan(), (batch) => batch.exit(ground.b)];
});

race("a KSM scan and the exit of the process that it merges into", (ground) => {
  seen(ground);
  return [(batch) => batch.ksmScan(), (batch) => batch.exit(ground.b)];
});

race("a KSM scan and the exit of the process that it merges from", (ground) => {
  seen(ground);
  return [(batch) => batch.ksmScan(), (batch) => batch.exit(ground.a)];
});

race("a KSM scan and the exit of all whose pages are shared already", (ground) => {
  merged(ground);
  const late = ground.scheduler.kernel.spawn();
  late.mmap({ address: BASE, length: PAGE, fixed: true });
  late.write(BASE, 7);
  late.madvise(BASE, PAGE, "mergeable");
  ground.scheduler.kernel.ksm.scan();
  return [
    (batch) => batch.ksmScan(),
    (batch) => {
      batch.exit(ground.a);
      batch.exit(ground.b);
    },
  ];
});

race("a KSM scan that forgets places, and a reclaim of their page", (ground) => {
  const page = merged(ground);
  return [
    (batch) => batch.shrinkPage(page, { force: true }),
    (batch) => {
      batch.munmap(ground.a, BASE, 2 * PAGE);
      batch.ksmScan();
    },
  ];
});

race("a KSM scan that forgets places, and page_referenced of their page", (ground) => {
  const page = merged(ground);
  ground.a.munmap(BASE, 2 * PAGE);
  return [(batch) => batch.ksmScan(), (batch) => batch.pageReferenced(page)];
});

race("two KSM scans", (ground) => {
  seen(ground);
  return [(batch) => batch.ksmScan(), (batch) => batch.ksmScan()];
});

race("a KSM scan and a new mapping where a child shows a shared page", (ground) => {
  lay(ground);
  ground.scheduler.kernel.ksm.settle();
  const child = ground.b.fork();
  return [
    (batch) => batch.ksmScan(),
    (batch) => {
      batch.munmap(child, BASE, 2 * PAGE);
      batch.mmap(child, { address: BASE, length: 2 * PAGE, fixed: true });
    },
  ];
});

race("a KSM scan and the fork of a process that it merges", (ground) => {
  seen(ground);
  return [(batch) => batch.ksmScan(), (batch) => batch.fork(ground.a)];
});

race("a KSM scan and madvise(MADV_UNMERGEABLE)", (ground) => {
  seen(ground);
  return [
    (batch) => batch.ksmScan(),
    (batch) => {
      batch.madvise(ground.a, BASE, 2 * PAGE, "unmergeable");
      batch.write(ground.a, BASE, 3);
    },
  ];
});

race("an unmerge of KSM and the exit of a process that shares", (ground) => {
  merged(ground);
  return [unmerge, (batch) => batch.exit(ground.b)];
});

race("an unmerge of KSM and a scan", (ground) => {
  seen(ground);
  return [unmerge, (batch) => batch.ksmScan()];
});

race("an unmerge of KSM and a reclaim of the shared page", (ground) => {
  const page = merged(ground);
  return [unmerge, (batch) => batch.shrinkPage(page, { force: true })];
});
