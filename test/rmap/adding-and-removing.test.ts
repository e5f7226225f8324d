// spec/rmap.md Part 1, "Adding and removing": a test for each row.

import { describe, expect, test } from "vitest";
import { VmFlag } from "../../assembly/abi/flag.js";
import { createKernel, KernelError } from "../../bindings/index.js";
import { Scheduler, type Actor } from "../../bindings/scenario/scheduler.js";
import { anonVmaAt, at, expectHealthy, lay, PAGE, pageAt, places } from "../api/ground.js";
import { RawMachine } from "../check/raw-machine.js";

const build = "checked";
const PTE_DIRTY = 0x40;

async function family() {
  const kernel = await createKernel({ build });
  const parent = kernel.spawn();
  lay(parent, 0, 4);
  for (let i = 0; i < 4; i++) parent.write(at(i), i);
  const child = parent.fork();
  return { kernel, parent, child };
}

/** A process with a page to write, on a machine whose paths can be stopped. */
async function suspendable() {
  const scheduler = await Scheduler.create();
  const { kernel } = scheduler;
  const parent = kernel.spawn();
  lay(parent, 0, 2);
  return { scheduler, kernel, parent };
}

/** What the kernel says when the machine is damaged at some step of a path: everything, over all steps. */
function damaged(scheduler: Scheduler, path: Actor, damage: () => void): string {
  const start = scheduler.save();
  const said: string[] = [];
  for (let stop = 0; ; stop++) {
    for (let step = 0; step < stop && !path.done; step++) scheduler.step(path);
    const last = path.done;
    damage();
    try {
      if (!last) scheduler.finish(path);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      said.push(error.message);
    }
    scheduler.restore(start);
    if (last) return said.join("\n");
  }
}

describe("page_move_anon_rmap", () => {
  test("the last owner takes the page to its VMA's own anon_vma; the index stays", async () => {
    const { kernel, parent, child } = await family();
    const page = pageAt(child, 0);
    const { index } = page;
    parent.write(at(0), 9);
    expect(page.anonVma).toBe(anonVmaAt(parent, 0));
    child.write(at(0), 8);
    expect(pageAt(child, 0).frame).toBe(page.frame);
    expect(page.anonVma).toBe(anonVmaAt(child, 0));
    expect(page.index).toBe(index);
    // So walks no longer ask the parent.
    expect(kernel.stab(page)).toBe(1);
  });
});

describe("__page_set_anon_rmap", () => {
  test("swapped in by a reader, a page may be shared: it belongs to the root's anon_vma", async () => {
    const { kernel, parent, child } = await family();
    child.write(at(1), 5);
    const page = pageAt(child, 1);
    expect(page.anonVma).toBe(anonVmaAt(child, 0));
    expect(kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
    child.read(at(1));
    expect(pageAt(child, 1).anonVma).toBe(anonVmaAt(parent, 0));
    expectHealthy(kernel);
  });

  test("swapped in by its only writer, it belongs to the VMA's own", async () => {
    const { kernel, child } = await family();
    child.write(at(1), 5);
    expect(kernel.shrinkPage(pageAt(child, 1), { force: true })).toBe("reclaimed");
    child.write(at(1), 6);
    expect(pageAt(child, 1).anonVma).toBe(anonVmaAt(child, 0));
  });

  test("does nothing to a page that is anonymous already", async () => {
    const { kernel, child } = await family();
    child.write(at(1), 5);
    const page = pageAt(child, 1);
    const own = page.anonVma;
    // It stays in the swap cache, and comes back as what it was.
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    child.read(at(1));
    expect(page.anonVma).toBe(own);
    expect(own).toBe(anonVmaAt(child, 0));
  });
});

describe("__page_check_anon_rmap", () => {
  test("whoever maps a page besides is of the same root, at the same index", async () => {
    const { kernel, parent, child } = await family();
    // A copy that mremap made of the VMA keeps pgoff, so the entry that comes back is at the same index.
    child.mremap(at(0), 4 * PAGE, 4 * PAGE, { to: at(100) });
    const page = pageAt(child, 102);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    child.read(at(102));
    parent.read(at(2));
    expect(page.mapcount).toBe(2);
    expectHealthy(kernel);
  });

  test("the checked build stops at another root, and at another index", async () => {
    const { kernel, scheduler, parent } = await suspendable();
    const raw = new RawMachine(kernel);
    const stranger = kernel.spawn();
    lay(stranger, 0, 1);
    for (const process of [parent, stranger]) process.write(at(0), 1);
    const child = parent.fork();
    const { frame } = pageAt(parent, 0);
    expect(kernel.tryToUnmap(pageAt(parent, 0), { ignoreAccess: true })).toBe("success");
    parent.read(at(0));
    const read = scheduler.actor("read", (batch) => batch.read(child, at(0)));
    const mapping = raw.frameAt("pageMapping", pageAt(stranger, 0).frame);
    const root = damaged(scheduler, read, () => {
      raw.set32(raw.frameAt("pageMapping", frame), raw.get32(mapping));
    });
    const index = damaged(scheduler, read, () => {
      const place = raw.frameAt("pageIndex", frame);
      raw.set64(place, raw.get64(place) + 1);
    });
    expect(root).toContain("mapped under another root");
    expect(index).toContain("mapped at another index");
    kernel.dispose();
  });
});

describe("page_add_anon_rmap / do_page_add_anon_rmap", () => {
  test("the first mapping counts the page, others do not", async () => {
    const { kernel, parent, child } = await family();
    const page = pageAt(parent, 0);
    expect(kernel.vmstat().nr_anon_pages).toBe(4);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(kernel.vmstat().nr_anon_pages).toBe(3);
    parent.read(at(0));
    child.read(at(0));
    expect(kernel.vmstat().nr_anon_pages).toBe(4);
    expect(page.mapcount).toBe(2);
  });

  test("what KSM shares keeps pointing to its places, whoever maps it", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 2);
    for (let i = 0; i < 2; i++) process.write(at(i), 5);
    process.madvise(at(0), 2 * PAGE, "mergeable");
    kernel.ksm.settle();
    const page = pageAt(process, 0);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    process.read(at(1));
    expect(pageAt(process, 1).ksm).toBe(true);
    expect(page.anonVma).toBe(0);
    expectHealthy(kernel);
  });
});

describe("page_add_new_anon_rmap", () => {
  test("swap-backed, of the VMA's own anon_vma, on the active list", async () => {
    const { kernel, child } = await family();
    child.write(at(0), 9);
    const page = pageAt(child, 0);
    expect(page).toMatchObject({ mapcount: 1, swapBacked: true, lru: true, active: true });
    expect(page.anonVma).toBe(anonVmaAt(child, 0));
    expect(kernel.vmstat().nr_active_anon).toBe(5);
  });

  test("in a locked VMA on the unevictable list", async () => {
    const kernel = await createKernel({ build });
    const process = kernel.spawn();
    lay(process, 0, 1, { locked: true });
    expect(pageAt(process, 0)).toMatchObject({ mlocked: true, unevictable: true, active: false });
    expect(kernel.vmstat()).toMatchObject({ nr_unevictable: 1, nr_mlock: 1, nr_active_anon: 0 });
  });
});

describe("page_add_new_anon_rmap of an address", () => {
  test("outside of its VMA is where the checked build stops", async () => {
    const { kernel, scheduler, parent } = await suspendable();
    const vma = new RawMachine(kernel).vma(parent, at(0));
    const write = scheduler.actor("write", (batch) => batch.write(parent, at(0), 1));
    const said = damaged(scheduler, write, () => vma.set("start", at(1)));
    expect(said).toContain("address outside its vma");
    kernel.dispose();
  });
});

describe("page_add_file_rmap", () => {
  test("only the first mapping counts", async () => {
    const kernel = await createKernel({ build });
    const file = kernel.createFile({ pages: 1 });
    const processes = [1, 2, 3].map(() => kernel.spawn());
    for (const process of processes) {
      lay(process, 0, 1, { file, shared: true });
      process.read(at(0));
    }
    expect(kernel.vmstat().nr_mapped).toBe(1);
    expect(pageAt(processes[0]!, 0).mapcount).toBe(3);
  });
});

describe("page_dup_rmap", () => {
  test("fork counts a mapping more, and nothing else", async () => {
    const { kernel, parent } = await family();
    const before = kernel.vmstat();
    const page = pageAt(parent, 0);
    const { flags, refcount } = page;
    parent.fork();
    expect(page).toMatchObject({ mapcount: 3, flags, refcount: refcount + 1 });
    expect(kernel.vmstat().nr_anon_pages).toBe(before.nr_anon_pages);
  });
});

test("fork leaves the child's entry of shared memory clean: the parent's says what was written", async () => {
  const kernel = await createKernel({ build });
  const raw = new RawMachine(kernel);
  const parent = kernel.spawn();
  lay(parent, 0, 1);
  parent.write(at(0), 1);
  // Shared memory has no anon_vma, so no call leads here: its entries are faulted in again.
  raw.vma(parent, at(0)).add("flags", VmFlag.Shared);
  const child = parent.fork();
  const dirty = [parent, child].map(
    (process) => raw.get64(raw.entryAt(process, at(0))) & PTE_DIRTY,
  );
  expect(dirty).toEqual([PTE_DIRTY, 0]);
});

describe("page_remove_rmap", () => {
  test("the mapping of an anonymous page stays when nothing maps it any more", async () => {
    const { kernel, parent, child } = await family();
    child.exit();
    const page = pageAt(parent, 0);
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(page).toMatchObject({ mapcount: 0, anon: true });
    // So the page is found again by who comes back, and is the same.
    parent.read(at(0));
    expect(places(page)).toEqual([`${parent.pid}:0`]);
  });

  test("only the last one uncounts the page and clears PG_mlocked", async () => {
    const kernel = await createKernel({ build });
    const file = kernel.createFile({ pages: 1 });
    const [one, two] = [kernel.spawn(), kernel.spawn()];
    for (const process of [one, two]) {
      lay(process, 0, 1, { file, shared: true });
      process.read(at(0));
    }
    const page = pageAt(one, 0);
    one.mlock(at(0), PAGE);
    two.munmap(at(0), PAGE);
    expect(page.mlocked).toBe(true);
    expect(kernel.vmstat().nr_mapped).toBe(1);
    // Truncation takes the entry of a VMA that stays locked.
    kernel.pin(page);
    file.truncate(0);
    expect(page).toMatchObject({ mlocked: false, mapcount: 0 });
    expect(kernel.vmstat()).toMatchObject({
      nr_mapped: 0,
      nr_mlock: 0,
      unevictable_pgs_cleared: 1,
    });
    kernel.unpin(page);
    expectHealthy(kernel);
  });
});
