// A snapshot is the whole machine; going back to it undoes everything, and what was met since never was.

import { beforeEach, describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process, type Snapshot } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, layout, PAGE, pageAt, places, stateOf } from "./ground.js";

let kernel: Kernel;
let process: Process;
let snapshot: Snapshot;
let before: ReturnType<typeof stateOf>;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64, build: "checked" });
  process = kernel.spawn();
  lay(process, 0, 4);
  for (let i = 0; i < 4; i++) process.write(at(i), 10 + i);
  before = stateOf(kernel);
  snapshot = kernel.snapshot();
});

describe("restore", () => {
  test.each<[string, () => void]>([
    ["writes", () => process.write(at(0), 99)],
    ["faults", () => lay(process, 10, 4)],
    ["unmapping", () => process.munmap(at(1), 2 * PAGE)],
    ["splits", () => process.mprotect(at(1), PAGE, "r")],
    ["moves", () => void process.mremap(at(0), 4 * PAGE, 4 * PAGE, { to: at(50) })],
    ["forks and copies", () => process.fork().write(at(0), 1)],
    ["exec", () => process.exec({ brk: at(9) })],
    ["exit", () => process.exit()],
    [
      "swapping out",
      () => {
        kernel.tryToUnmap(pageAt(process, 0));
        kernel.tryToUnmap(pageAt(process, 0));
      },
    ],
    [
      "growth of the machine",
      () => {
        for (let i = 0; i < 300; i++) lay(process, 100 + 600 * i, 1);
        for (let i = 0; i < 50; i++) process.write(at(100 + 600 * i), i);
      },
    ],
  ])("undoes %s", (_, change) => {
    change();
    kernel.restore(snapshot);
    expect(stateOf(kernel)).toEqual(before);
    expectHealthy(kernel);
    // And the machine goes on from there.
    process.write(at(3), 77);
    expect(process.fork().read(at(3))).toBe(77);
    expectHealthy(kernel);
  });

  test("can be done as often as one likes, to any snapshot", () => {
    process.write(at(0), 1);
    const later = kernel.snapshot();
    for (let i = 0; i < 3; i++) {
      process.write(at(0), 50 + i);
      kernel.restore(later);
      expect(process.read(at(0))).toBe(1);
      kernel.restore(snapshot);
      expect(process.read(at(0))).toBe(10);
      kernel.restore(later);
      expect(process.read(at(0))).toBe(1);
    }
  });

  test("takes counters and pids back with the rest", () => {
    const { counters, memoryInUse } = kernel;
    const { pid } = process.fork();
    process.write(at(0), 1);
    kernel.restore(snapshot);
    expect(kernel.counters).toEqual(counters);
    expect(kernel.memoryInUse).toBe(memoryInUse);
    expect(process.fork().pid).toBe(pid);
  });

  test("refuses another kernel's snapshot with EINVAL", async () => {
    const other = await createKernel({ frames: 64 });
    expect(codeOf(() => other.restore(snapshot))).toBe("EINVAL");
  });
});

describe("objects met before the snapshot", () => {
  test("work again: the process that exited, the page that was freed, the file that was closed", () => {
    const file = kernel.createFile({ pages: 2, word: 5 });
    const page = pageAt(process, 1);
    const child = process.fork();
    snapshot = kernel.snapshot();
    child.exit();
    process.exit();
    file.close();
    expect([process.alive, child.alive]).toEqual([false, false]);
    expect(codeOf(() => page.word)).toBe("ESTALE");
    expect(codeOf(() => file.pages)).toBe("ESTALE");
    kernel.restore(snapshot);
    expect([process.alive, child.alive]).toEqual([true, true]);
    expect(kernel.processes).toEqual([process, child]);
    expect(kernel.processes[1]).toBe(child);
    expect(page.word).toBe(11);
    expect(places(page)).toEqual([`${process.pid}:1`, `${child.pid}:1`]);
    lay(child, 10, 1, { file });
    expect(child.read(at(10))).toBe(5);
    expectHealthy(kernel);
  });

  test("keep their names", () => {
    process.name = "shell";
    process.exit();
    kernel.restore(snapshot);
    expect(kernel.processes.map(({ name }) => name)).toEqual(["shell"]);
  });
});

describe("objects met after the snapshot", () => {
  test("are ESTALE", () => {
    const child = process.fork();
    const file = kernel.createFile({ pages: 2 });
    const again = file.open();
    lay(child, 20, 1);
    child.write(at(20), 1);
    const page = pageAt(child, 20);
    kernel.restore(snapshot);
    expect(child.alive).toBe(false);
    for (const use of [
      () => child.read(at(0)),
      () => child.vmas(),
      () => child.exit(),
      () => child.sharesWith(process),
      () => process.sharesWith(child),
      () => page.word,
      () => page.mappings(),
      () => kernel.pageReferenced(page),
      () => kernel.batch().exit(child),
      () => file.pages,
      () => again.truncate(1),
      () => file.close(),
      () => lay(process, 20, 1, { file }),
    ]) {
      expect(codeOf(use), String(use)).toBe("ESTALE");
    }
  });

  test("stay ESTALE though others with the same numbers come to exist", () => {
    const old = process.fork();
    lay(old, 20, 1);
    old.write(at(20), 1);
    const oldPage = pageAt(old, 20);
    const oldFile = kernel.createFile({ pages: 2, name: "old" });
    kernel.restore(snapshot);
    const fresh = process.fork();
    lay(fresh, 20, 1);
    fresh.write(at(20), 2);
    const freshFile = kernel.createFile({ pages: 3, name: "new" });
    expect(fresh.pid).toBe(old.pid);
    expect(fresh).not.toBe(old);
    expect(pageAt(fresh, 20).frame).toBe(oldPage.frame);
    expect(codeOf(() => old.read(at(20)))).toBe("ESTALE");
    expect(codeOf(() => oldPage.word)).toBe("ESTALE");
    expect(codeOf(() => oldFile.pages)).toBe("ESTALE");
    expect([fresh.read(at(20)), pageAt(fresh, 20).word, freshFile.pages]).toEqual([2, 2, 3]);
    expect(kernel.processes).toEqual([process, fresh]);
  });

  test("are ESTALE even if they were met through a mapping or a list", () => {
    process.fork();
    const met = kernel.processes[1]!;
    const throughPage = pageAt(process, 0).mappings()[1]!.process;
    expect(throughPage).toBe(met);
    kernel.restore(snapshot);
    expect(codeOf(() => met.vmas())).toBe("ESTALE");
  });

  test("belong to the branch in which they were met, when one goes back to it", () => {
    const child = process.fork();
    const branch = kernel.snapshot();
    kernel.restore(snapshot);
    expect(codeOf(() => child.vmas())).toBe("ESTALE");
    kernel.restore(branch);
    expect(kernel.processes).toHaveLength(2);
    expect(kernel.processes[1]!.pid).toBe(2);
    expect(layout(kernel.processes[1]!)).toEqual(["0-4 rw-p"]);
  });
});

test("a snapshot is as large as what is in use", async () => {
  const small = await createKernel({ frames: 8 });
  const large = await createKernel({ frames: 65536 });
  const size = (of: Kernel) => of.snapshot().image.bytes.length;
  expect(size(small)).toBeLessThan(64 * 1024);
  expect(size(small)).toBeLessThanOrEqual(small.memoryInUse);
  expect(size(large) - size(small)).toBe(large.memoryInUse - small.memoryInUse);
});
