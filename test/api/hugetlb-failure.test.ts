// memory_failure of huge pages of the pool: what becomes of them, of the pool, and of those who use them.

import { describe, expect, test } from "vitest";
import type { Kernel, Page } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { HUGE, pool, poolOf } from "./pool.js";

/** What it came to, in short. */
function fail(kernel: Kernel, page: Page | number, early = false): string {
  const { result, page: kind, signalled } = kernel.memoryFailure(page, { early });
  return `${kind} ${result}, ${signalled.map(({ pid }) => pid).join(" ") || "nobody"}`;
}

describe("an anonymous huge page", () => {
  test("breaks as a whole: all who map it meet markers, and the pool never has it again", async () => {
    const { kernel, process } = await pool(2);
    lay(process, 0, 2 * HUGE, { hugetlb: true });
    process.write(at(0), 1);
    process.write(at(HUGE), 2);
    const child = process.fork();
    const page = pageAt(process, 0);
    expect(fail(kernel, pageAt(process, 7))).toBe("huge delayed, nobody");
    for (const place of [0, 7, 511]) {
      expect([process, child].map((p) => codeOf(() => p.read(at(place))))).toEqual([
        "SIGBUS",
        "SIGBUS",
      ]);
    }
    expect(codeOf(() => process.write(at(3), 4))).toBe("SIGBUS");
    expect([process.read(at(HUGE)), child.read(at(HUGE))]).toEqual([2, 2]);
    expect(page).toMatchObject({ mapcount: 0, refcount: 1, poisoned: true });
    expect(kernel.hardwareCorrupted).toBe(HUGE);
    expectHealthy(kernel);
    process.munmap(at(0), HUGE * PAGE);
    child.exit();
    expect(poolOf(kernel)).toBe("2 0 0");
    process.exit();
    expect(poolOf(kernel)).toBe("2 1 0");
    expect(kernel.setHugePages(0)).toBe(1);
    expectHealthy(kernel);
  });

  test("no rss goes down, and markers are copied by fork and dropped by munmap", async () => {
    const { kernel, process } = await pool(2);
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(0), 1);
    fail(kernel, pageAt(process, 0));
    expect(process.rss).toEqual({ anon: 0, file: 0, swap: 0 });
    const child = process.fork();
    expect(codeOf(() => child.read(at(9)))).toBe("SIGBUS");
    process.mprotect(at(0), HUGE * PAGE, "r");
    process.munmap(at(0), HUGE * PAGE);
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(0), 5);
    expect([process.read(at(0)), codeOf(() => child.read(at(0)))]).toEqual([5, "SIGBUS"]);
    expectHealthy(kernel);
  });

  test("those who have it are told, if that was asked for", async () => {
    const { kernel, process } = await pool(3);
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(0), 1);
    const child = process.fork();
    const other = process.fork();
    other.write(at(0), 3);
    const page = pageAt(child, 3);
    expect(fail(kernel, page, true)).toBe(`huge delayed, ${process.pid} ${child.pid}`);
    expect(process.signal).toEqual({ name: "SIGBUS", address: at(0) });
    expect(other.read(at(0))).toBe(3);
    expectHealthy(kernel);
  });

  test("that is known to be broken is so once, whichever of its frames is named", async () => {
    const { kernel, process } = await pool(1);
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(0), 1);
    const page = pageAt(process, 3);
    expect(fail(kernel, page)).toBe("huge delayed, nobody");
    expect(fail(kernel, page.frame + 9)).toBe("free known, nobody");
    expect(kernel.hardwareCorrupted).toBe(HUGE);
    expectHealthy(kernel);
  });

  test("that somebody holds is still used", async () => {
    const { kernel, process } = await pool(1);
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(0), 1);
    const page = pageAt(process, 5);
    kernel.pin(page);
    expect(fail(kernel, page)).toBe("huge failed, nobody");
    expect(codeOf(() => process.read(at(5)))).toBe("SIGBUS");
    kernel.unpin(page);
    expect(poolOf(kernel)).toBe("1 0 0");
    expectHealthy(kernel);
  });

  test("of which no walk finds a mapping stays mapped: who has it is killed, or goes on", async () => {
    const { kernel, process } = await pool(4);
    lay(process, 0, 4 * HUGE, { hugetlb: true });
    process.write(at(2 * HUGE), 3);
    process.munmap(at(0), HUGE * PAGE);
    const page = pageAt(process, 2 * HUGE);
    expect(fail(kernel, page, true)).toBe("mapped failed, nobody");
    expect(page).toMatchObject({ mapcount: 1, poisoned: true });
    expect(process.read(at(2 * HUGE))).toBe(3);
    expect(kernel.migratePage(page).result).toBe("busy");
    expectHealthy(kernel);
    process.exit();
    expect(poolOf(kernel)).toBe("4 3 0");
    expectHealthy(kernel);
  });
});

describe("a file's huge page", () => {
  test("stays in its file, where faults are refused it, until it is truncated", async () => {
    const { kernel, process } = await pool(2);
    const file = kernel.createFile({ pages: HUGE, kind: "hugetlb" });
    lay(process, 0, HUGE, { file, shared: true });
    process.write(at(0), 1);
    const reader = kernel.spawn();
    lay(reader, 0, HUGE, { file, noReserve: true });
    // v3.7's memory_failure takes the reference of the page cache for that of a user.
    expect(fail(kernel, pageAt(process, 5), true)).toBe(
      `huge failed, ${process.pid} ${reader.pid}`,
    );
    expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
    expect(codeOf(() => reader.read(at(0)))).toBe("SIGBUS");
    expect(reader.entryAt(at(0))).toBe(null);
    expect(file.cached).toBe(HUGE);
    expectHealthy(kernel);
    file.truncate(0);
    expect(poolOf(kernel)).toBe("2 1 0");
    file.truncate(HUGE);
    expect([process.read(at(0)), reader.read(at(3))]).toEqual([0, 0]);
    expectHealthy(kernel);
  });

  test("a private copy of it goes on, and the other way round", async () => {
    const { kernel, process } = await pool(4);
    const file = kernel.createFile({ pages: HUGE, kind: "hugetlb" });
    lay(process, 0, HUGE, { file, shared: true });
    process.write(at(0), 1);
    lay(process, HUGE, HUGE, { file });
    process.write(at(HUGE), 2);
    fail(kernel, pageAt(process, 0));
    expect(process.read(at(HUGE))).toBe(2);
    fail(kernel, pageAt(process, HUGE));
    expect(codeOf(() => process.read(at(HUGE)))).toBe("SIGBUS");
    expectHealthy(kernel);
  });
});

describe("a free huge page", () => {
  test("leaves the list of the free, whichever of its frames is broken, and is still counted", async () => {
    const { kernel, process } = await pool(3);
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(0), 1);
    const { frame } = pageAt(process, 0);
    process.munmap(at(0), HUGE * PAGE);
    expect(fail(kernel, frame + 77)).toBe("free huge delayed, nobody");
    expect(poolOf(kernel)).toBe("3 2 0");
    expect(kernel.hardwareCorrupted).toBe(HUGE);
    lay(process, 0, 2 * HUGE, { hugetlb: true });
    process.write(at(0), 1);
    process.write(at(HUGE), 1);
    expect([pageAt(process, 0).frame, pageAt(process, HUGE).frame]).not.toContain(frame);
    expectHealthy(kernel);
    expect(kernel.setHugePages(0)).toBe(3);
  });

  test("that was promised leaves somebody without: the fault is SIGBUS, and nothing is promised meanwhile", async () => {
    const { kernel, process } = await pool(2);
    const file = kernel.createFile({ pages: 2 * HUGE, kind: "hugetlb" });
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(0), 1);
    const { frame } = pageAt(process, 0);
    process.munmap(at(0), HUGE * PAGE);
    lay(process, 0, 2 * HUGE, { file, shared: true });
    fail(kernel, frame);
    expect(poolOf(kernel)).toBe("2 1 2");
    // The same pages of the same file: nothing more is asked for.
    lay(process, 2 * HUGE, 2 * HUGE, { file, shared: true });
    expect(codeOf(() => lay(process, 4 * HUGE, HUGE, { hugetlb: true }))).toBe("ENOMEM");
    process.write(at(0), 1);
    expect(codeOf(() => process.write(at(HUGE), 1))).toBe("SIGBUS");
    expect(poolOf(kernel)).toBe("2 0 1");
    expect(kernel.setHugePages(1)).toBe(2);
    expectHealthy(kernel);
    process.exit();
    expectHealthy(kernel);
  });

  test("a page that is only marked is used on, and leaves the pool when it would be free", async () => {
    const { kernel, process } = await pool(2);
    lay(process, 0, HUGE, { hugetlb: true });
    process.write(at(0), 1);
    kernel.poison(pageAt(process, 3));
    expect(kernel.hardwareCorrupted).toBe(HUGE);
    expect(process.read(at(0))).toBe(1);
    expect(kernel.migratePage(pageAt(process, 0)).result).toBe("busy");
    expectHealthy(kernel);
    process.exit();
    expect(poolOf(kernel)).toBe("1 1 0");
    expectHealthy(kernel);
  });
});

test("an s390x, whose entries do not tell who wrote, breaks them in the same way", async () => {
  const { kernel, process } = await pool(2, { arch: "s390x" });
  const file = kernel.createFile({ pages: HUGE, kind: "hugetlb" });
  lay(process, 0, HUGE, { file, shared: true });
  process.write(at(0), 1);
  expect(fail(kernel, pageAt(process, 5), true)).toBe(`huge failed, ${process.pid}`);
  expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
  expectHealthy(kernel);
});
