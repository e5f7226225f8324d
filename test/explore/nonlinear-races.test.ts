// Pairs of kernel paths that meet at a nonlinear mapping (race.ts), and v3.7's own faults where they meet badly.

import { expect, test } from "vitest";
import type { Batch, File } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { codeOf } from "../api/ground.js";
import { RawMachine } from "../check/raw-machine.js";
import { BASE, mapFile, PAGE, type Ground } from "./ground.js";
import { settle, stepUntil } from "./interruption.js";
import { race } from "./race.js";

/** Both processes map a file of four pages, with the first two in each other's place; nothing is young. */
function mapOutOfOrder(ground: Ground): File {
  const { scheduler, a, b } = ground;
  const file = mapFile(ground, true, "tmpfs");
  const raw = new RawMachine(scheduler.kernel);
  for (const process of [a, b]) {
    process.remapFilePages(BASE, PAGE, 1);
    process.remapFilePages(BASE + PAGE, PAGE, 0);
    for (const { address } of process.pages()) {
      const entry = raw.entryAt(process, address);
      raw.set32(entry, raw.get32(entry) & ~0x20);
    }
  }
  return file;
}

/** A page that both map, and an unmap of it. */
function unmapping(ground: Ground): { file: File; unmap: (batch: Batch) => void } {
  const file = mapOutOfOrder(ground);
  const page = ground.a.pageAt(BASE)!;
  return { file, unmap: (batch) => batch.tryToUnmap(page) };
}

/** What everybody reads at the end, in the first two pages. */
function reading({ a, b }: Ground): () => void {
  return () => {
    for (const process of [a, b]) {
      expect([0, 1].map((i) => process.read(BASE + i * PAGE))).toEqual([101, 100]);
    }
  };
}

race("an unmap of clusters and a write fault in one", (ground) => {
  const { unmap, file } = unmapping(ground);
  ground.a.madvise(BASE, PAGE, "dontneed");
  const look = (): void => {
    expect([file.read(1), ground.b.read(BASE)]).toEqual([7, 7]);
  };
  return [unmap, (batch) => batch.write(ground.a, BASE, 7), look];
});

race("an unmap of clusters and a fault that brings a page back", (ground) => {
  const { unmap } = unmapping(ground);
  return [unmap, (batch) => batch.read(ground.b, BASE), reading(ground)];
});

race("an unmap of clusters and a truncation", (ground) => {
  const { unmap, file } = unmapping(ground);
  const look = (): void => {
    expect(codeOf(() => ground.a.read(BASE))).toBe("SIGBUS");
    expect(ground.a.read(BASE + PAGE)).toBe(100);
  };
  return [unmap, (batch) => batch.truncate(file, 1), look];
});

race("an unmap of clusters and a munmap of part of the mapping", (ground) => {
  const { unmap } = unmapping(ground);
  const look = (): void => {
    expect(codeOf(() => ground.a.read(BASE))).toBe("SIGSEGV");
    expect(ground.a.read(BASE + PAGE)).toBe(100);
  };
  return [unmap, (batch) => batch.munmap(ground.a, BASE, PAGE), look];
});

race("an unmap of clusters and an exit", (ground) => {
  const { unmap } = unmapping(ground);
  return [unmap, (batch) => batch.exit(ground.a)];
});

race("an unmap of clusters and a fork", (ground) => {
  const { unmap } = unmapping(ground);
  return [unmap, (batch) => batch.fork(ground.a), reading(ground)];
});

race("an unmap of clusters and an mremap", (ground) => {
  const { unmap } = unmapping(ground);
  const to = BASE + 100 * PAGE;
  const look = (): void => {
    expect(ground.a.read(to)).toBe(101);
  };
  const move = (batch: Batch) => batch.mremap(ground.a, BASE, PAGE, PAGE, { to });
  return [unmap, move, look];
});

race("an unmap of clusters and another one", (ground) => {
  const { unmap } = unmapping(ground);
  const other = ground.a.pageAt(BASE + PAGE)!;
  return [unmap, (batch) => batch.tryToUnmap(other), reading(ground)];
});

race("an unmap of clusters and an mlock", (ground) => {
  const { unmap } = unmapping(ground);
  const look = (): void => {
    expect(ground.scheduler.kernel.vmstat().nr_mlock).toBe(2);
  };
  return [unmap, (batch) => batch.mlock(ground.a, BASE, 2 * PAGE), look];
});

race("an unmap of a locked mapping's clusters and its munlock", (ground) => {
  const { unmap } = unmapping(ground);
  ground.a.mlock(BASE, 2 * PAGE);
  return [unmap, (batch) => batch.munlock(ground.a, BASE, 2 * PAGE), reading(ground)];
});

race("an unmap of a locked mapping's clusters and a munmap", (ground) => {
  const { unmap } = unmapping(ground);
  ground.a.mlock(BASE, 2 * PAGE);
  const look = (): void => {
    // While munmap has mmap_sem, clusters of a locked VMA are taken for others: what the other process maps as well
    // keeps its mark until its last mapping goes.
    ground.b.munmap(BASE, 4 * PAGE);
    expect(ground.scheduler.kernel.vmstat().nr_mlock).toBe(0);
  };
  return [unmap, (batch) => batch.munmap(ground.a, BASE, 4 * PAGE), look];
});

race("an unmap and a remapping that takes the mapping out of the tree", (ground) => {
  mapFile(ground, true, "tmpfs");
  const { a } = ground;
  for (let i = 0; i < 4; i++) a.read(BASE + i * PAGE);
  const page = a.pageAt(BASE)!;
  const look = (): void => {
    expect([0, 1, 2].map((i) => a.read(BASE + i * PAGE))).toEqual([103, 101, 102]);
  };
  return [
    (batch) => batch.tryToUnmap(page, { ignoreAccess: true }),
    (batch) => batch.remapFilePages(a, BASE, PAGE, 3),
    look,
  ];
});

race("a remapping and a fault of another thread", (ground) => {
  mapFile(ground, true, "tmpfs");
  const thread = ground.a.fork({ shareMemory: true });
  const look = (): void => {
    expect(ground.a.read(BASE)).toBe(103);
  };
  return [
    (batch) => batch.remapFilePages(ground.a, BASE, 2 * PAGE, 3, { nonBlock: true }),
    (batch) => batch.write(thread, BASE, 103),
    look,
  ];
});

race("two remappings of one range by two threads", (ground) => {
  const file = mapFile(ground, true, "tmpfs");
  const thread = ground.a.fork({ shareMemory: true });
  const look = (): void => {
    expect([102, 103]).toContain(ground.a.read(BASE));
    expect(file.cached).toBeLessThanOrEqual(4);
  };
  return [
    (batch) => batch.remapFilePages(ground.a, BASE, PAGE, 2),
    (batch) => batch.remapFilePages(thread, BASE, PAGE, 3),
    look,
  ];
});

race("a remapping and a truncation", (ground) => {
  const file = mapFile(ground, true, "tmpfs");
  for (let i = 0; i < 4; i++) ground.a.read(BASE + i * PAGE);
  const look = (): void => {
    expect(file.cached).toBeLessThanOrEqual(2);
    expect(codeOf(() => ground.a.read(BASE))).toBe("SIGBUS");
  };
  return [
    (batch) => batch.remapFilePages(ground.a, BASE, PAGE, 3),
    (batch) => batch.truncate(file, 2),
    look,
  ];
});

race("a remapping of a locked range and its munlock by another thread", (ground) => {
  mapFile(ground, true, "tmpfs");
  const thread = ground.a.fork({ shareMemory: true });
  ground.a.mlock(BASE, 4 * PAGE);
  const look = (): void => {
    expect([ground.a.lockedPages, ground.scheduler.kernel.vmstat().nr_mlock]).toEqual([0, 0]);
  };
  return [
    (batch) => batch.remapFilePages(ground.a, BASE, PAGE, 3),
    (batch) => batch.munlock(thread, BASE, 4 * PAGE),
    look,
  ];
});

race("a remapping of a disk's file and a write fault of another thread", (ground) => {
  const file = mapFile(ground, true);
  const thread = ground.a.fork({ shareMemory: true });
  ground.a.read(BASE);
  const look = (): void => {
    expect([file.read(0), file.read(3)]).toContain(9);
  };
  return [
    (batch) => batch.remapFilePages(ground.a, BASE, PAGE, 3),
    (batch) => batch.write(thread, BASE, 9),
    look,
  ];
});

race("a migration of a page and a fault in the nonlinear mapping", (ground) => {
  mapOutOfOrder(ground);
  const page = ground.a.pageAt(BASE)!;
  return [
    (batch) => batch.migratePage(page),
    (batch) => batch.read(ground.b, BASE),
    reading(ground),
  ];
});

/** A migration of page 0 of the mapping that has put its migration entry, and waits to move on. */
async function migrating() {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const a = kernel.spawn();
  mapFile({ scheduler, a, b: kernel.spawn() }, true, "tmpfs");
  const raw = new RawMachine(kernel);
  a.read(BASE);
  a.read(BASE + PAGE);
  const page = a.pageAt(BASE)!;
  const migration = scheduler.actor("migration", (batch) => batch.migratePage(page));
  stepUntil(scheduler, migration, () => {
    return !(raw.get32(raw.entryAt(a, BASE)) & 1) && !raw.file(a, BASE).get("iMmapMutex");
  });
  return { scheduler, kernel, a, migration };
}

test("v3.7: a remapping elsewhere in the mapping hides a migration entry from its migration", async () => {
  const { scheduler, kernel, a, migration } = await migrating();
  const remap = scheduler.actor("remap", (batch) => {
    batch.remapFilePages(a, BASE + 2 * PAGE, PAGE, 3);
  });
  scheduler.finish(remap);
  scheduler.finish(migration);
  settle(scheduler);
  expect(kernel.verify().map(({ invariant }) => invariant)).toContain("I8");
  // swapops.h: a migration entry of a page that is not locked.
  expect(() => a.read(BASE)).toThrow("migration entry: its page is not locked");
  kernel.dispose();
});

test("v3.7: a remapping that takes a migration entry away forgets to count it", async () => {
  const { scheduler, kernel, a, migration } = await migrating();
  const remap = scheduler.actor("remap", (batch) => {
    batch.remapFilePages(a, BASE, PAGE, 3, { nonBlock: true });
  });
  scheduler.finish(remap);
  scheduler.finish(migration);
  settle(scheduler);
  const [violation] = kernel.verify();
  expect(violation?.message).toBe(
    `file rss of process ${a.pid} is 2, its page table holds 1 file pages`,
  );
  expect(a.read(BASE)).toBe(103);
  kernel.dispose();
});
