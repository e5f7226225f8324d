// spec/rmap.md Part 4: for each invariant of this slice a story that would break it if a rule did not hold.
// Here it is looked at from outside; test/check has what verify() says of machines that were damaged.

import { describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "../api/ground.js";
import { RawMachine } from "../check/raw-machine.js";
import { interrupt } from "../explore/interruption.js";

const build = "checked";

/** Processes that share, copy, swap, merge, lock and move; and a file that two of them map. */
async function crowd() {
  const kernel = await createKernel({ build, frames: 256, swap: 64 });
  const a = kernel.spawn();
  lay(a, 0, 16);
  for (let i = 0; i < 16; i++) a.write(at(i), i % 4);
  const b = a.fork();
  for (let i = 0; i < 4; i++) b.write(at(i), 3);
  const c = b.fork();
  const file = kernel.createFile({ pages: 8, kind: "disk", word: 50 });
  for (const process of [a, c]) lay(process, 32, 8, { file, shared: true });
  a.write(at(32), 1);
  c.read(at(32));
  for (const process of [a, b, c]) process.madvise(at(0), 8 * PAGE, "mergeable");
  kernel.ksm.settle();
  c.mlock(at(2), 4 * PAGE);
  for (const i of [8, 12, 14]) kernel.shrinkPage(pageAt(a, i), { force: true });
  kernel.migratePage(pageAt(a, 15));
  b.mremap(at(10), 2 * PAGE, 2 * PAGE, { to: at(64) });
  file.writeback();
  return { kernel, processes: [a, b, c] as const, file };
}

/** Present entries of all processes, by frame. */
function entries(processes: readonly Process[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const process of processes) {
    for (const { address, frame } of process.pages()) {
      if (frame <= 0) continue;
      found.set(frame, [...(found.get(frame) ?? []), `${process.pid}:${address}`]);
    }
  }
  return found;
}

function mapped(kernel: Kernel, processes: readonly Process[]) {
  return [...entries(processes)].map(([frame, where]) => ({ page: kernel.page(frame), where }));
}

test("I1: a page's map count is the number of entries that show it", async () => {
  const { kernel, processes } = await crowd();
  for (const { page, where } of mapped(kernel, processes)) expect(page.mapcount).toBe(where.length);
  processes[1].exit();
  const rest = [processes[0], processes[2]];
  for (const { page, where } of mapped(kernel, rest)) expect(page.mapcount).toBe(where.length);
  expectHealthy(kernel);
});

test("I2: the reverse map leads to every entry", async () => {
  const { kernel, processes } = await crowd();
  for (const { page, where } of mapped(kernel, processes)) {
    const found = page.mappings().map(({ process, address }) => `${process.pid}:${address}`);
    expect(new Set(found)).toEqual(new Set(where));
  }
  expectHealthy(kernel);
});

test("I3: a page's index is the pgoff of the VMA at its address", async () => {
  const { kernel, processes } = await crowd();
  for (const process of processes) {
    for (const { address, frame } of process.pages()) {
      if (frame <= 0 || kernel.page(frame).ksm) continue;
      const vma = process.vmaAt(address)!;
      expect(kernel.page(frame).index).toBe(vma.pgoff + (address - vma.start) / PAGE);
    }
  }
});

test("I4: counters and RSS are what a recount gives", async () => {
  const { kernel, processes } = await crowd();
  const pages = mapped(kernel, processes).map(({ page }) => page);
  expect(kernel.vmstat()).toMatchObject({
    nr_anon_pages: pages.filter(({ anon }) => anon).length,
    nr_mapped: pages.filter(({ anon }) => !anon).length,
  });
  for (const process of processes) {
    const present = process.pages().filter(({ frame }) => frame > 0);
    const anon = present.filter(({ frame }) => kernel.page(frame).anon).length;
    const swap = process.swapped().length;
    expect(process.rss).toEqual({ anon, file: present.length - anon, swap });
  }
  expect(kernel.vmstat().nr_mlock).toBe(pages.filter(({ mlocked }) => mlocked).length);
  expectHealthy(kernel);
});

test("I4: a slot is counted once for each entry that refers to it, and is in use as long", async () => {
  const { kernel, processes } = await crowd();
  const raw = new RawMachine(kernel);
  const recount = (): void => {
    const counts = new Map<number, number>();
    for (const process of processes.filter(({ alive }) => alive)) {
      for (const { address } of process.swapped()) {
        const slot = raw.swapSlot(process, address).address;
        counts.set(slot, (counts.get(slot) ?? 0) + 1);
      }
    }
    for (const [slot, n] of counts) expect(raw.record(slot, "SwapSlot").get("count")).toBe(n);
    expect(kernel.swapAreas[0]!.used).toBe(counts.size);
  };
  const [a, b, c] = processes;
  expect(a.rss.swap).toBeGreaterThan(1);
  recount();
  // A page that came back gives its slot up when the last entry is gone.
  for (const process of [a, b, c]) process.read(at(12));
  c.munmap(at(14), PAGE);
  b.exit();
  for (const process of [a, c]) process.write(at(12), 1);
  recount();
  expectHealthy(kernel);
});

test("I6: an mlocked page is mapped, and the count of them is right", async () => {
  const { kernel, processes } = await crowd();
  const mlocked = mapped(kernel, processes).filter(({ page }) => page.mlocked);
  expect(mlocked.length).toBeGreaterThan(0);
  expect(kernel.vmstat().nr_mlock).toBe(mlocked.length);
  processes[2].exit();
  expect(kernel.vmstat().nr_mlock).toBe(0);
  expectHealthy(kernel);
});

test("I7: no write is lost: what can be written without a fault is dirty", async () => {
  const { kernel, processes, file } = await crowd();
  const [a, , c] = processes;
  for (let round = 0; round < 5; round++) {
    (round % 2 ? a : c).write(at(32), 100 + round);
    expect(pageAt(a, 32).dirty).toBe(true);
    file.writeback();
    kernel.shrinkPage(pageAt(c, 32), { force: true });
    expect(c.read(at(32))).toBe(100 + round);
    a.read(at(32));
  }
  expectHealthy(kernel);
});

describe("I8: a migration entry lives as long as its migration", () => {
  test("whatever happens to the entry's address space meanwhile", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    lay(process, 0, 2);
    process.write(at(0), 1);
    process.write(at(1), 2);
    const page = pageAt(process, 0);
    const migrate = scheduler.actor("migrate", (batch) => batch.migratePage(page));
    const move = scheduler.actor("move", (batch) => {
      batch.mremap(process, at(0), 2 * PAGE, 2 * PAGE, { to: at(64) });
      batch.read(process, at(64));
      batch.fork(process);
    });
    interrupt(scheduler, migrate, move, () => expect(move.batch.result(1)).toBe(1));
    interrupt(scheduler, move, migrate, () => expect(process.read(at(64))).toBe(1));
    kernel.dispose();
  });

  test("what can't move gets every entry back", async () => {
    const { kernel, processes } = await crowd();
    const page = pageAt(processes[0], 15);
    const { mapcount } = page;
    kernel.pin(page);
    expect(kernel.migratePage(page).result).toBe("busy");
    expect(page.mapcount).toBe(mapcount);
    kernel.unpin(page);
    expectHealthy(kernel);
  });
});

test("I10: anon_vmas live as long as somebody needs them, and no longer", async () => {
  const { kernel, processes } = await crowd();
  const [a, b, c] = processes;
  // In an order in which roots outlive no VMA of their own.
  a.exit();
  expectHealthy(kernel);
  b.exit();
  expectHealthy(kernel);
  c.exit();
  // KSM's places pin theirs until the next scan.
  expectHealthy(kernel);
  kernel.ksm.scan();
  expectHealthy(kernel);
  expect(kernel.vmstat()).toMatchObject({ nr_anon_pages: 0, nr_mapped: 0, nr_mlock: 0 });
});

test("I11: indexes stay searchable while VMAs are cut, moved and joined", async () => {
  for (const anonIndex of ["list", "interval-tree"] as const) {
    const kernel = await createKernel({ build, anonIndex });
    const process = kernel.spawn();
    lay(process, 0, 128);
    for (let i = 0; i < 128; i++) process.write(at(i), i);
    const child = process.fork();
    for (let i = 0; i < 128; i += 3) child.mprotect(at(i), PAGE, "r");
    for (let i = 0; i < 128; i += 5) process.mlock(at(i), PAGE);
    for (let i = 0; i < 64; i += 4) child.mremap(at(i), PAGE, PAGE, { to: at(1000 + i) });
    expectHealthy(kernel);
    child.mprotect(at(64), 64 * PAGE, "rw");
    process.munlockall();
    expectHealthy(kernel);
    for (let i = 0; i < 128; i++) expect(kernel.rmapWalk(pageAt(process, i))).toBeGreaterThan(0);
  }
});

test("I12: every path takes its locks in order, and leaves none behind", async () => {
  // The checked build stops at a lock out of order; verify() finds one that was left.
  const { kernel, processes, file } = await crowd();
  const [a, b] = processes;
  a.munlockall();
  a.mlockall({ current: true, future: true });
  lay(a, 100, 4);
  a.munlockall();
  kernel.reclaim(100);
  kernel.reclaim(100, { background: true });
  kernel.swapoff(0);
  kernel.ksm.unmerge();
  file.punchHole(0, 4);
  file.invalidate(0, 8);
  file.truncate(1);
  b.exec();
  expectHealthy(kernel);
});
