// Storage keys of an s390x: what sets and resets them, and the calls that look at them.

import { describe, expect, test } from "vitest";
import {
  createKernel,
  KernelError,
  type KernelOptions,
  type Page,
  type StorageKey,
} from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { HUGE, hugeMachine, layHuge } from "./huge.js";
import { fill, machine, mergeable, moved, swapOut } from "./machine.js";

const s390x: KernelOptions = { arch: "s390x" };

/** The marks of a page: R, C, both, or none. */
function marks(page: Page): string {
  const key = page.storageKey;
  if (!key) return "no key";
  return (key.referenced ? "R" : "") + (key.changed ? "C" : "");
}

/** Takes a page's marks away. */
function forget(page: Page, kernel: Awaited<ReturnType<typeof machine>>["kernel"]): void {
  kernel.storageKeys.set(page, { referenced: false, changed: false });
}

describe("a machine", () => {
  test("is an x86-64 if nothing is said, and has no keys", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    expect([kernel.options.arch, page.storageKey]).toEqual(["x86-64", null]);
    const { storageKeys } = kernel;
    const asked = [
      () => storageKeys.set(page, { access: 1 }),
      () => storageKeys.testAndClearReferenced(page),
      () => storageKeys.testAndClearChanged(page),
      () => storageKeys.takeReferenced(),
      () => storageKeys.takeChanged(),
    ];
    expect(asked.map(codeOf)).toEqual(asked.map(() => "EINVAL"));
    expect(() => storageKeys.takeChanged()).toThrow(/this machine is an x86-64; accepted: /);
  });

  test("of another kind is refused", async () => {
    const asked = createKernel({ arch: "s390" as "s390x" });
    await expect(asked).rejects.toThrow('arch is "s390", accepted: x86-64, s390x');
  });

  test("keys need memory, a byte for each frame", async () => {
    const sizes = await Promise.all(
      (["x86-64", "s390x"] as const).map(async (arch) => {
        const kernel = await createKernel({ arch, frames: 1_000_000 });
        return kernel.memoryInUse;
      }),
    );
    expect(sizes[1]! - sizes[0]!).toBeGreaterThan(740_000);
    expect(sizes[1]! - sizes[0]!).toBeLessThan(760_000);
    const little = createKernel({ arch: "s390x", frames: 1_000_000, memory: sizes[0]! });
    await expect(little).rejects.toThrow("do not fit in");
  });
});

describe("a program's access", () => {
  test("is noted in the key: a write as a change, a read as a reference", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    // Made of zeros by the kernel, and then written.
    expect(marks(page)).toBe("RC");
    forget(page, kernel);
    process.read(at(0));
    expect(marks(page)).toBe("R");
    process.write(at(0), 5);
    expect(marks(page)).toBe("RC");
  });

  test("execution is a read", async () => {
    const { kernel, process } = await machine(s390x);
    const file = kernel.createFile({ pages: 1, word: 3 });
    lay(process, 0, 1, { file, prot: "rx" });
    process.execute(at(0));
    expect(marks(pageAt(process, 0))).toBe("R");
  });

  test("of the zero page leaves no mark, as it is no page of ours", async () => {
    const { kernel, process } = await machine(s390x);
    lay(process, 0, 1);
    process.read(at(0));
    expect(kernel.storageKeys.takeReferenced()).toEqual([]);
    expectHealthy(kernel);
  });
});

describe("the kernel's access", () => {
  test("a copy on write reads the one page and changes the other", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 1);
    const child = process.fork();
    const page = pageAt(process, 0);
    forget(page, kernel);
    child.write(at(0), 9);
    expect([marks(page), marks(pageAt(child, 0))]).toEqual(["R", "RC"]);
  });

  test("a private copy of a file's page does so too", async () => {
    const { kernel, process } = await machine(s390x);
    const file = kernel.createFile({ pages: 1, word: 3 });
    const reader = kernel.spawn();
    lay(reader, 0, 1, { file, prot: "r" });
    reader.read(at(0));
    const cached = pageAt(reader, 0);
    forget(cached, kernel);
    lay(process, 0, 1, { file });
    process.write(at(0), 9);
    expect([marks(cached), marks(pageAt(process, 0))]).toEqual(["R", "RC"]);
  });

  test("read(2) is a reference, write(2) a change; what writes the page out only reads it", async () => {
    const { kernel, process } = await machine(s390x);
    const file = kernel.createFile({ pages: 1, word: 3 });
    lay(process, 0, 1, { file, prot: "r" });
    process.read(at(0));
    const page = pageAt(process, 0);
    forget(page, kernel);
    file.read(0);
    expect(marks(page)).toBe("R");
    file.write(0, 8);
    expect(marks(page)).toBe("RC");
    forget(page, kernel);
    expect([file.writeback(), marks(page)]).toEqual([1, "R"]);
  });

  test("KSM reads what it scans and what it compares it with", async () => {
    const { kernel, process } = await machine(s390x);
    mergeable(process, 0, [7, 7, 8]);
    const pages = [0, 1, 2].map((i) => pageAt(process, i));
    const other = pages[2]!;
    kernel.ksm.scan();
    forget(other, kernel);
    kernel.ksm.scan();
    expect(marks(other)).toBe("R");
    const shared = pageAt(process, 0);
    forget(shared, kernel);
    mergeable(process, 8, [7]);
    kernel.ksm.scan();
    expect([pageAt(process, 8).frame, marks(shared)]).toEqual([shared.frame, "R"]);
  });
});

describe("a huge page", () => {
  const huge = { ...s390x, frames: 5 * HUGE - 1 };

  test("has a key for each of its frames, all changed when it is made of zeros", async () => {
    const { kernel, process } = await hugeMachine(huge);
    layHuge(process, 0, 1, [3]);
    const { frame } = pageAt(process, 0);
    expect(pageAt(process, 0).hugePage?.frame).toBe(frame);
    expect(kernel.storageKeys.takeChanged({ first: frame, frames: HUGE })).toHaveLength(HUGE);
    process.write(at(7), 1);
    process.read(at(9));
    expect(kernel.storageKeys.takeChanged()).toEqual([frame + 7]);
    expectHealthy(kernel);
  });

  test("its entry has no marks, whatever touches it", async () => {
    const { kernel, process } = await hugeMachine(huge);
    layHuge(process, 0, 2, [0]);
    process.mlock(at(0), HUGE * PAGE);
    expectHealthy(kernel);
    const child = process.fork();
    child.write(at(HUGE), 2);
    expectHealthy(kernel);
    process.mprotect(at(0), PAGE, "r");
    process.munlock(at(0), HUGE * PAGE);
    expectHealthy(kernel);
    const page = pageAt(process, 0);
    expect([kernel.pageReferenced(page), kernel.pageReferenced(page)]).toEqual([1, 0]);
    child.exit();
    expect(kernel.shrinkPage(pageAt(process, 1), { force: true })).toBe("reclaimed");
    expect(process.read(at(1))).toBe(0);
    expectHealthy(kernel);
  });

  test("a collapse reads the pages that it copies, and changes its own", async () => {
    const { kernel, process } = await hugeMachine({ ...huge, transparentHugepage: "madvise" });
    layHuge(process, 0, 1, [3, 4]);
    process.madvise(at(0), HUGE * PAGE, "hugepage");
    // No entry says that it was used: that is left to PG_referenced, which locking sets.
    expect(process.collapse(at(0))).toBe("idle");
    process.mlock(at(3), PAGE);
    process.munlock(at(3), PAGE);
    kernel.storageKeys.takeChanged();
    expect(process.collapse(at(0))).toBe("collapsed");
    expect(kernel.storageKeys.takeChanged()).toHaveLength(HUGE);
    expect(process.read(at(3))).toBe(1003);
    expectHealthy(kernel);
  });
});

describe("a huge page of the pool", () => {
  async function pooled() {
    const options = { ...s390x, frames: 4 * HUGE - 1, hugePages: 2, build: "checked" } as const;
    const kernel = await createKernel(options);
    const process = kernel.spawn();
    lay(process, 0, HUGE, { hugetlb: true });
    return { kernel, process };
  }

  test("has a key for each of its frames: changed when it is made, lost when it goes back", async () => {
    const { kernel, process } = await pooled();
    process.read(at(3));
    const { frame } = pageAt(process, 0);
    expect(kernel.storageKeys.takeChanged({ first: frame, frames: HUGE })).toHaveLength(HUGE);
    process.write(at(7), 1);
    expect(kernel.storageKeys.takeChanged()).toEqual([frame + 7]);
    process.write(at(8), 1);
    process.munmap(at(0), HUGE * PAGE);
    expect(kernel.storageKeys.takeChanged()).toEqual([]);
    expect(kernel.hugePages.free).toBe(2);
    expectHealthy(kernel);
  });

  test("its entry has no marks, whatever maps, copies, protects or moves it", async () => {
    const { kernel, process } = await pooled();
    process.read(at(3));
    process.write(at(3), 5);
    process.write(at(4), 6);
    expectHealthy(kernel);
    const child = process.fork();
    process.write(at(3), 7);
    expectHealthy(kernel);
    expect([process.read(at(3)), child.read(at(3)), child.read(at(4))]).toEqual([7, 5, 6]);
    process.mprotect(at(0), HUGE * PAGE, "r");
    child.exit();
    expect(kernel.migratePage(pageAt(process, 0)).result).toBe("moved");
    expectHealthy(kernel);
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    process.read(at(0));
    expect([kernel.pageReferenced(page), kernel.pageReferenced(page)]).toEqual([1, 0]);
  });

  test("tells a file's page at the last unmap that it was changed", async () => {
    const { kernel, process } = await pooled();
    const file = kernel.createFile({ pages: HUGE, kind: "hugetlb" });
    lay(process, HUGE, HUGE, { file, shared: true });
    lay(process, 2 * HUGE, HUGE, { file, shared: true });
    process.write(at(HUGE), 6);
    process.read(at(2 * HUGE));
    const page = pageAt(process, HUGE);
    process.munmap(at(HUGE), HUGE * PAGE);
    expect(page.dirty).toBe(false);
    process.munmap(at(2 * HUGE), HUGE * PAGE);
    expect(page).toMatchObject({ dirty: true, mapcount: 0 });
    expect(file.read(0)).toBe(6);
    expectHealthy(kernel);
  });
});

describe("SetPageUptodate", () => {
  test("resets the key of a page that is read from a disk: nobody has changed it", async () => {
    const { kernel, process } = await machine(s390x);
    const file = kernel.createFile({ pages: 2, word: 3 });
    lay(process, 0, 2, { file, prot: "r" });
    process.mlock(at(0), PAGE);
    process.read(at(1));
    // The second was read by the program as well.
    expect([0, 1].map((i) => marks(pageAt(process, i)))).toEqual(["", "R"]);
  });

  test("of one that comes back from swap, access control and all", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 1);
    swapOut(kernel, process, [0]);
    process.read(at(0));
    expect(marks(pageAt(process, 0))).toBe("R");
  });

  test("of a page that takes another's place in migration", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.storageKeys.set(page, { access: 9 });
    const target = moved(kernel, page);
    expect(target.storageKey).toEqual({ referenced: false, changed: false, access: 0 });
  });

  test("a page that is made in a fault has its first change in the key: it is marked as any flag is set", async () => {
    const { process } = await machine(s390x);
    lay(process, 0, 1);
    process.mlock(at(0), PAGE);
    // Nobody has written but the kernel, which has filled it with zeros.
    expect(marks(pageAt(process, 0))).toBe("RC");
  });
});

describe("calls", () => {
  test("set changes what is named, and leaves the rest", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 2);
    const [page, neighbour] = [pageAt(process, 0), pageAt(process, 1)];
    kernel.storageKeys.set(page, { access: 15 });
    kernel.storageKeys.set(neighbour, { access: 6, changed: false });
    kernel.storageKeys.set(page, { referenced: false, changed: undefined } as object);
    expect(page.storageKey).toEqual({ referenced: false, changed: true, access: 15 });
    expect(neighbour.storageKey).toEqual({ referenced: true, changed: false, access: 6 });
    expectHealthy(kernel);
  });

  test("test-and-clear says what was, and leaves the other mark", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    const { storageKeys } = kernel;
    expect(storageKeys.testAndClearChanged(page)).toBe(true);
    expect(storageKeys.testAndClearChanged(page)).toBe(false);
    expect(marks(page)).toBe("R");
    expect(storageKeys.testAndClearReferenced(page)).toBe(true);
    expect(storageKeys.testAndClearReferenced(page)).toBe(false);
  });

  test("in bulk: the frames that had a mark, in any range", async () => {
    const { kernel, process } = await machine({ ...s390x, frames: 1000 });
    fill(process, 0, 700);
    const { storageKeys } = kernel;
    const all = Array.from({ length: 700 }, (_, i) => i + 1);
    expect(process.pages().map(({ frame }) => frame)).toEqual(all);
    const expectTaken = (first: number, frames: number): void => {
      const inside = all.filter((frame) => first <= frame && frame < first + frames);
      expect(storageKeys.takeReferenced({ first, frames })).toEqual(inside);
      expect(storageKeys.takeReferenced({ first, frames })).toEqual([]);
      const left = storageKeys.takeReferenced();
      expect(left).toEqual(all.filter((frame) => !inside.includes(frame)));
      for (let i = 0; i < 700; i++) process.read(at(i));
    };
    for (const first of [1, 2, 63, 64, 65, 127, 128, 129, 640]) {
      for (const frames of [0, 1, 2, 62, 63, 64, 65, 127, 128, 129, 192, 256, 300, 361]) {
        expectTaken(first, frames);
      }
    }
    expect(storageKeys.takeChanged()).toEqual(all);
    expect(storageKeys.takeChanged()).toEqual([]);
    expect(storageKeys.takeReferenced({ first: 1000 })).toEqual([]);
  });

  test("what is no range, page or part of a key is refused", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    const { storageKeys } = kernel;
    const wrong: (() => unknown)[] = [
      () => storageKeys.takeChanged({ first: 0 }),
      () => storageKeys.takeChanged({ first: 65 }),
      () => storageKeys.takeChanged({ first: 60, frames: 6 }),
      () => storageKeys.takeReferenced({ frames: -1 }),
      () => storageKeys.takeReferenced({ pages: 1 } as object),
      () => storageKeys.set(page, { access: 16 }),
      () => storageKeys.set(page, { changed: 1 as unknown as boolean }),
      () => storageKeys.set(page, { fetch: true } as Partial<StorageKey>),
      () => storageKeys.set(process as unknown as Page, {}),
      () => storageKeys.testAndClearChanged(null as unknown as Page),
    ];
    for (const action of wrong) expect(action).toThrow(KernelError);
    expect(wrong.map(codeOf)).toEqual(wrong.map(() => "EINVAL"));
    expect(() => storageKeys.takeChanged({ first: 65 })).toThrow("accepted: integers from 1 to 64");
    expect(page.storageKey).toEqual({ referenced: true, changed: true, access: 0 });
  });

  test("a page that was freed is stale, and its frame comes back without marks", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.storageKeys.set(page, { access: 3 });
    process.munmap(at(0), PAGE);
    expect(codeOf(() => page.storageKey)).toBe("ESTALE");
    expect(codeOf(() => kernel.storageKeys.testAndClearChanged(page))).toBe("ESTALE");
    expect(kernel.storageKeys.takeReferenced()).toEqual([]);
    fill(process, 0, 1);
    expect(pageAt(process, 0).storageKey).toMatchObject({ access: 0 });
  });

  test("in batches", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 3);
    const batch = kernel.batch();
    const page = pageAt(process, 0);
    batch.testAndClearReferenced(page);
    batch.testAndClearReferenced(page);
    batch.testAndClearChanged(page);
    batch.takeReferenced();
    batch.takeChanged({ first: 2, frames: 1 });
    expect([batch.run(), ...[0, 1, 2, 3, 4].map((i) => batch.result(i))]).toEqual([
      0, 1, 0, 1, 2, 1,
    ]);
  });

  test("snapshots have them", async () => {
    const { kernel, process } = await machine(s390x);
    fill(process, 0, 1);
    const snapshot = kernel.snapshot();
    const page = pageAt(process, 0);
    forget(page, kernel);
    kernel.restore(snapshot);
    expect(marks(pageAt(process, 0))).toBe("RC");
  });
});
