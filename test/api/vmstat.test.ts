// /proc/vmstat: which event moves which number, and by how much.

import { beforeEach, describe, expect, test } from "vitest";
import type { Kernel, Process, VmStatistics } from "../../bindings/index.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { fill, machine, swapOut } from "./machine.js";

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  ({ kernel, process } = await machine());
});

/** The numbers that an action changes, and by how much, of those whose names begin so. */
function changes(prefix: string, action: () => unknown): Record<string, number> {
  const before = kernel.vmstat();
  action();
  const after = kernel.vmstat();
  const names = (Object.keys(after) as (keyof VmStatistics)[]).filter((name) => {
    return name.startsWith(prefix) && after[name] !== before[name];
  });
  return Object.fromEntries(
    names.map((name) => [name.slice(prefix.length), after[name] - before[name]]),
  );
}

describe("faults", () => {
  test("pgfault counts each fault, and no access that an entry allows", () => {
    lay(process, 0, 1);
    expect(changes("pg", () => process.read(at(0)))).toEqual({ fault: 1 });
    expect(changes("pg", () => process.write(at(0), 1))).toMatchObject({ fault: 1 });
    expect(changes("pg", () => process.write(at(0), 2))).toEqual({});
  });

  test("a copy on write is one fault more, of the one who writes", () => {
    fill(process, 0, 1);
    const child = process.fork();
    expect(changes("pg", () => child.read(at(0)))).toEqual({});
    expect(changes("pg", () => child.write(at(0), 1))).toMatchObject({ fault: 1 });
    // The parent is alone with the old page, which it may write after a fault.
    expect(changes("pg", () => process.write(at(0), 1))).toMatchObject({ fault: 1 });
  });

  test("pgmajfault counts those that had to read swap: the first of a family", () => {
    fill(process, 0, 1);
    const child = process.fork();
    swapOut(kernel, process, [0]);
    expect(changes("pgmaj", () => process.read(at(0)))).toEqual({ fault: 1 });
    expect(changes("pgmaj", () => child.read(at(0)))).toEqual({});
    kernel.tryToUnmap(pageAt(process, 0), { ignoreAccess: true });
    expect(changes("pgmaj", () => process.read(at(0)))).toEqual({});
  });
});

describe("faults that read", () => {
  test("pgmajfault counts a file's page that was not cached; read(2) of it first, it was", () => {
    const file = kernel.createFile({ pages: 2, kind: "disk" });
    lay(process, 0, 2, { file, shared: true });
    process.read(at(0));
    expect(kernel.vmstat().pgmajfault).toBe(1);
    file.read(1);
    process.read(at(1));
    expect(kernel.vmstat()).toMatchObject({ pgmajfault: 1, pgfault: 2 });
  });

  test("memory has nothing to read from", () => {
    const file = kernel.createFile({ pages: 1, kind: "tmpfs" });
    lay(process, 0, 1, { file, shared: true });
    process.read(at(0));
    expect(kernel.vmstat().pgmajfault).toBe(0);
  });
});

describe("pages", () => {
  test("are counted once, however many map them", () => {
    const file = kernel.createFile({ pages: 3 });
    fill(process, 0, 2);
    lay(process, 8, 3, { file, shared: true });
    for (const i of [8, 9]) process.read(at(i));
    file.read(2);
    const children = [process.fork(), process.fork()];
    for (const child of children) child.read(at(8));
    expect(kernel.vmstat()).toMatchObject({
      nr_anon_pages: 2,
      nr_mapped: 2,
      nr_file_pages: 3,
      nr_free_pages: 59,
    });
    children[0]!.munmap(at(8), 3 * PAGE);
    expect(kernel.vmstat()).toMatchObject({ nr_mapped: 2, nr_file_pages: 3 });
    for (const one of [process, ...children]) one.exit();
    expect(kernel.vmstat()).toMatchObject({ nr_anon_pages: 0, nr_mapped: 0, nr_file_pages: 3 });
  });

  test("nr_file_pages has the pages of the swap cache too, until they leave it", () => {
    fill(process, 0, 2);
    const child = process.fork();
    expect(kernel.vmstat().nr_file_pages).toBe(0);
    swapOut(kernel, process, [0, 1]);
    expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 0, nr_anon_pages: 0 });
    process.read(at(0));
    expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 1, nr_anon_pages: 1 });
    // Whoever has the page for itself takes it out when it writes.
    child.exit();
    process.write(at(0), 1);
    expect(kernel.vmstat()).toMatchObject({ nr_file_pages: 0, nr_anon_pages: 1 });
  });

  test("the zero page is none of them", () => {
    lay(process, 0, 4);
    expect(changes("nr_", () => process.read(at(0)))).toEqual({});
  });

  test("begin on the list of their kind: written memory active, all else inactive", () => {
    const [disk, tmpfs] = (["disk", "tmpfs"] as const).map((kind) =>
      kernel.createFile({ pages: 1, kind }),
    );
    fill(process, 0, 1);
    lay(process, 8, 1, { file: disk!, shared: true });
    lay(process, 9, 1, { file: tmpfs!, shared: true });
    for (const i of [8, 9]) process.write(at(i), 1);
    expect(kernel.vmstat()).toMatchObject({
      nr_active_anon: 1,
      nr_inactive_anon: 1,
      nr_active_file: 0,
      nr_inactive_file: 1,
    });
    swapOut(kernel, process, [0]);
    // What comes back from swap has to earn its place.
    const back = changes("nr_", () => process.read(at(0)));
    expect(back).toEqual({ anon_pages: 1, file_pages: 1, inactive_anon: 1, free_pages: -1 });
    expectHealthy(kernel);
  });
});

describe("pgactivate", () => {
  test("read(2): the second time, and then no more", () => {
    const file = kernel.createFile({ pages: 1 });
    expect(changes("pg", () => file.read(0))).toEqual({});
    expect(changes("pg", () => file.read(0))).toEqual({ activate: 1 });
    for (let i = 0; i < 3; i++) expect(changes("pg", () => file.read(0))).toEqual({});
    expect(kernel.vmstat()).toMatchObject({ nr_active_file: 1, nr_inactive_file: 0 });
  });

  test("unmapping a file page that was touched is a use of it, but not of streamed memory", () => {
    const file = kernel.createFile({ pages: 2 });
    const other = kernel.spawn();
    for (const one of [process, other]) {
      lay(one, 0, 2, { file, shared: true });
      one.madvise(at(1), PAGE, "sequential");
      for (const i of [0, 1]) one.read(at(i));
    }
    expect(changes("pg", () => process.munmap(at(0), 2 * PAGE))).toEqual({});
    expect(changes("pg", () => other.munmap(at(0), 2 * PAGE))).toEqual({ activate: 1 });
    expect(kernel.vmstat()).toMatchObject({ nr_active_file: 1, nr_inactive_file: 1 });
  });

  test("reclaim: for a page that it finds in use, active already or not", () => {
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    expect(changes("pg", () => kernel.shrinkPage(page))).toEqual({ activate: 1 });
    process.read(at(0));
    expect(changes("pg", () => kernel.shrinkPage(page))).toEqual({ activate: 1 });
  });

  test("swapoff: each page once, though many map it", () => {
    fill(process, 0, 2);
    process.fork();
    swapOut(kernel, process, [0, 1]);
    expect(changes("pgact", () => kernel.swapoff(0))).toEqual({ ivate: 2 });
    expect(kernel.vmstat().nr_active_anon).toBe(2);
  });
});

describe("reclaim", () => {
  test.each([
    ["direct", false],
    ["kswapd", true],
  ])("of idle pages, %s: each is scanned once, and stolen", (who, background) => {
    const file = kernel.createFile({ pages: 8 });
    for (let i = 0; i < 8; i++) file.read(i);
    const seen = changes("pg", () => expect(kernel.reclaim(100, { background })).toBe(8));
    expect(seen).toEqual({ [`scan_${who}`]: 8, [`steal_${who}`]: 8 });
    expect(kernel.vmstat()).toMatchObject({ nr_inactive_file: 0, nr_free_pages: 64 });
    expectHealthy(kernel);
  });

  test("scans what it can't free too: a page in use is activated, and nothing is stolen", () => {
    const file = kernel.createFile({ pages: 1 });
    const other = kernel.spawn();
    for (const one of [process, other]) {
      lay(one, 0, 1, { file, shared: true });
      one.read(at(0));
    }
    const seen = changes("pg", () => kernel.reclaim(1));
    expect(seen).toMatchObject({ scan_direct: 1, activate: 1 });
    expect(seen).not.toHaveProperty("steal_direct");
    expect(pageAt(process, 0)).toMatchObject({ active: true, mapcount: 2 });
  });

  test("of one page goes to swap and back: pswpout when it is written, pswpin when it is read", () => {
    fill(process, 0, 1);
    expect(changes("psw", () => swapOut(kernel, process, [0]))).toEqual({ pout: 1 });
    expect(changes("psw", () => process.read(at(0)))).toEqual({ pin: 1 });
    // It still is what its slot has: there is nothing to write.
    expect(changes("psw", () => swapOut(kernel, process, [0]))).toEqual({});
    process.write(at(0), 5);
    expect(changes("psw", () => swapOut(kernel, process, [0]))).toEqual({ pout: 1 });
  });

  test("never scans what is mlocked", () => {
    fill(process, 0, 4);
    process.mlock(at(0), 4 * PAGE);
    expect(changes("pg", () => kernel.reclaim(100))).toEqual({});
    expect(kernel.vmstat().nr_unevictable).toBe(4);
  });
});

describe("unevictable_pgs", () => {
  const unevictable = (action: () => unknown) => changes("unevictable_pgs_", action);

  /** A page that is written and then locked. */
  function lockedPage(): void {
    fill(process, 0, 1);
    process.mlock(at(0), PAGE);
  }

  test("mlocked: a page that is new in locked memory, never on another list", () => {
    process.mlockall({ future: true });
    expect(unevictable(() => lay(process, 0, 2))).toEqual({ mlocked: 2 });
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 2, nr_unevictable: 2 });
  });

  test("mlocked and culled: a page that was there, and leaves its list", () => {
    expect(unevictable(lockedPage)).toEqual({ mlocked: 1, culled: 1 });
    expect(unevictable(() => process.mlock(at(0), PAGE))).toEqual({});
    expect(unevictable(() => process.fork())).toEqual({});
  });

  test.each([
    ["munlock", (): void => process.munlock(at(0), PAGE)],
    ["munmap", (): void => process.munmap(at(0), PAGE)],
    ["exit", (): void => process.exit()],
  ])("munlocked and rescued: %s, which unlocks before it unmaps", (_, action) => {
    lockedPage();
    expect(unevictable(action)).toEqual({ munlocked: 1, rescued: 1 });
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 0, nr_unevictable: 0 });
    expectHealthy(kernel);
  });

  test.each([
    ["a shared page", true],
    ["a private copy", false],
  ])("cleared and rescued: truncation of %s, which just unmaps it", (_, shared) => {
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file, shared });
    process.write(at(0), 1);
    process.mlock(at(0), PAGE);
    expect(unevictable(() => file.truncate(0))).toEqual({ cleared: 1, rescued: 1 });
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 0, nr_unevictable: 0 });
    expectHealthy(kernel);
  });

  test("of a private copy that somebody holds while its file is truncated: evictable at once", () => {
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file });
    process.write(at(0), 1);
    process.mlock(at(0), PAGE);
    const page = pageAt(process, 0);
    kernel.pin(page);
    file.truncate(0);
    expect(page).toMatchObject({ mapcount: 0, mlocked: false, unevictable: false, lru: true });
    kernel.unpin(page);
    expectHealthy(kernel);
  });

  test("stranded: a page that is off its list when it is unlocked; rescued when it is put back", () => {
    lockedPage();
    const page = pageAt(process, 0);
    kernel.isolate(page);
    expect(unevictable(() => process.munlock(at(0), PAGE))).toEqual({ stranded: 1 });
    expect(unevictable(() => kernel.putback(page))).toEqual({ rescued: 1 });
    expectHealthy(kernel);
  });

  test("nothing: a page that goes back to the list that it came from", () => {
    fill(process, 0, 1);
    lay(process, 8, 1);
    process.mlock(at(8), PAGE);
    for (const page of [pageAt(process, 0), pageAt(process, 8)]) {
      expect(unevictable(() => [kernel.isolate(page), kernel.putback(page)])).toEqual({});
    }
    expect(kernel.vmstat()).toMatchObject({ nr_unevictable: 1, nr_active_anon: 1 });
  });

  test("cleared and stranded: one that is off its list when its last mapping goes", () => {
    const file = kernel.createFile({ pages: 1 });
    lay(process, 0, 1, { file, shared: true });
    process.mlock(at(0), PAGE);
    const page = pageAt(process, 0);
    kernel.isolate(page);
    expect(unevictable(() => file.truncate(0))).toEqual({ cleared: 1, stranded: 1 });
    expect(unevictable(() => kernel.putback(page))).toEqual({ rescued: 1 });
    expectHealthy(kernel);
  });

  test("rescued: a page that lost its mark in migration", () => {
    fill(process, 0, 1);
    process.mlock(at(0), PAGE);
    kernel.migratePage(pageAt(process, 0));
    expect(kernel.vmstat()).toMatchObject({
      nr_mlock: 0,
      nr_unevictable: 0,
      unevictable_pgs_cleared: 1,
      unevictable_pgs_stranded: 1,
      unevictable_pgs_rescued: 1,
    });
  });

  test("mlocked again, and nothing else: munlock of a page that another process has locked", () => {
    fill(process, 0, 1);
    const child = process.fork();
    for (const one of [process, child]) {
      one.mprotect(at(0), PAGE, "r");
      one.mlock(at(0), PAGE);
    }
    expect(unevictable(() => child.munlock(at(0), PAGE))).toEqual({ mlocked: 1 });
    expect(kernel.vmstat()).toMatchObject({ nr_mlock: 1, nr_unevictable: 1 });
    expect(unevictable(() => process.munlock(at(0), PAGE))).toEqual({ munlocked: 1, rescued: 1 });
    expectHealthy(kernel);
  });

  test("a copy in locked memory is mlocked for the page it leaves, which others keep: munlocked, rescued", () => {
    lockedPage();
    process.fork();
    const copied = unevictable(() => process.write(at(0), 1));
    expect(copied).toEqual({ mlocked: 1, munlocked: 1, rescued: 1 });
    expect(kernel.vmstat().nr_mlock).toBe(1);
    expectHealthy(kernel);
  });

  test("mlocked and culled: reclaim, of a page that the lock has missed", () => {
    lockedPage();
    const { page } = kernel.migratePage(pageAt(process, 0));
    expect(unevictable(() => kernel.shrinkPage(page!))).toEqual({ mlocked: 1, culled: 1 });
    expectHealthy(kernel);
  });
});
