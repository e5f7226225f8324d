// What a lock guards changes only in steps of whoever has it. Between two yield points nobody can come, so a
// lock that a path forgets would not show in a race: a spinlock's whole section is one step.

import { expect, test } from "vitest";
import { Scheduler, type Actor } from "../../bindings/scenario/scheduler.js";
import { RawMachine, type RawRecord } from "../check/raw-machine.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "../api/ground.js";

const HELD_LOCKS = 0x6400;
const HELD_RECORD = 192;
const ENTRIES = 512;
/** Accessed and dirty: the hardware sets them, without a lock. */
const TOUCHED = 0x60;

interface Guarded {
  readonly lock: number;
  readonly state: () => number[];
}

/** Addresses of the locks that an actor holds. */
function held(raw: RawMachine, actor: Actor): number[] {
  const list = HELD_LOCKS + actor.number * HELD_RECORD;
  return Array.from({ length: raw.get32(list) }, (_, i) => raw.get32(list + 8 + i * 8));
}

function fields(record: RawRecord, ...names: string[]): number[] {
  return names.map((name) => record.get(name));
}

/** Where the VMAs of an address space are. */
function vmas(raw: RawMachine, mm: RawRecord): number[] {
  const found: number[] = [mm.get("mapCount")];
  for (let next = mm.get("mmap"); next;) {
    const vma = raw.record(next, "Vma");
    found.push(...fields(vma, "start", "end", "flags"));
    next = vma.get("next");
  }
  return found;
}

async function ground() {
  const scheduler = await Scheduler.create({ anonIndex: "list" });
  const { kernel } = scheduler;
  const raw = new RawMachine(kernel);
  const parent = kernel.spawn();
  const file = kernel.createFile({ pages: 4, kind: "tmpfs" });
  lay(parent, 0, 6);
  lay(parent, 8, 4, { file, shared: true });
  for (let i = 0; i < 6; i++) parent.write(at(i), i);
  const child = parent.fork();
  expect(kernel.tryToUnmap(pageAt(parent, 3), { ignoreAccess: true })).toBe("success");
  return { scheduler, kernel, raw, parent, child, file };
}

type Ground = Awaited<ReturnType<typeof ground>>;

/** What is guarded, by lock. The ground is in one page table, which no unmap empties. */
function guarded({ raw, parent, child }: Ground): Record<string, Guarded> {
  const { header } = raw;
  const [root, own] = [parent, child].map((process) => raw.anonVma(process, at(0))) as [
    RawRecord,
    RawRecord,
  ];
  const mapping = raw.file(parent, at(8));
  const slot = raw.swapSlot(parent, at(3));
  let table = raw.mm(parent).get("pgd");
  for (const bytes of [2 ** 39, 2 ** 30]) {
    table = raw.get32(table + (Math.floor(at(0) / bytes) % ENTRIES) * 8);
  }
  const entries = Array.from({ length: 6 }, (_, i) => raw.entryAt(parent, at(i)));
  return {
    "the zone's LRU lock": {
      lock: header.at("lruLock"),
      state: () => [0, 1, 2, 3, 4].flatMap((i) => fields(raw.lru(i), "head", "tail", "count")),
    },
    "the swap lock": {
      lock: header.at("swapLock"),
      state: () => [header.get("swapInUse"), ...fields(slot, "count", "frame")],
    },
    "the root's mutex": {
      lock: root.at("mutex"),
      state: () => [root, own].flatMap((anonVma) => fields(anonVma, "head", "tail")),
    },
    mmap_sem: {
      lock: raw.mm(parent).at("mmapSemWriter"),
      state: () => vmas(raw, raw.mm(parent)),
    },
    i_mmap_mutex: {
      lock: mapping.at("iMmapMutex"),
      state: () => fields(mapping, "iMmap"),
    },
    "i_mmap_mutex, for nonlinear VMAs": {
      lock: mapping.at("iMmapMutex"),
      state: () => fields(mapping, "iMmapNonlinear", "iMmapNonlinearLast"),
    },
    "the page-table lock": {
      lock: table + (Math.floor(at(0) / 2 ** 21) % ENTRIES) * 8 + 4,
      state: () => entries.map((entry) => raw.get64(entry) - (raw.get32(entry) & TOUCHED)),
    },
  };
}

test("lists, slots, indexes, entries and VMAs change under their locks", async () => {
  const on = await ground();
  const { scheduler, kernel, raw, parent, child, file } = on;
  const [first, second] = [0, 1].map((i) => pageAt(parent, i));
  const path = scheduler.actor("path", (batch) => {
    batch.migratePage(second!);
    batch.shrinkPage(first!, { force: true });
    batch.write(child, at(2), 9);
    for (const process of [parent, child]) batch.read(process, at(3));
    batch.write(parent, at(4), 9);
    batch.mlock(parent, at(4), PAGE);
    batch.read(child, at(8));
    batch.remapFilePages(parent, at(8), PAGE, 2);
    batch.munmap(parent, at(2), PAGE);
    batch.mmap(child, { address: at(16), length: PAGE, file, pgoff: 1, fixed: true });
    batch.munmap(child, at(8), 4 * PAGE);
    batch.fork(parent);
    batch.exit(child);
  });
  const all = Object.entries(guarded(on));
  const unguarded: string[] = [];
  const changed = new Set<string>();
  while (!path.done) {
    const before = all.map(([, { state }]) => state().join());
    const locks = held(raw, path);
    if (path.stop?.kind === "lock") locks.push(path.stop.object);
    scheduler.step(path);
    for (const [i, [name, { lock, state }]] of all.entries()) {
      if (state().join() === before[i]) continue;
      changed.add(name);
      if (!locks.includes(lock)) unguarded.push(`${name}: ${before[i]} -> ${state().join()}`);
    }
  }
  expect(unguarded).toEqual([]);
  expect([...changed].sort()).toEqual(all.map(([name]) => name).sort());
  for (let i = 0; i < path.batch.length; i++) expect(path.batch.error(i)).toBe(null);
  expectHealthy(kernel);
  kernel.dispose();
});
