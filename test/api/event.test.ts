// What happens inside an operation, step by step, for those who ask to be told.

import { beforeEach, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { anonVmaAt, at, lay, PAGE, pageAt } from "./ground.js";

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64 });
  process = kernel.spawn();
});

function eventsOf(action: () => void): string[] {
  kernel.takeEvents();
  action();
  return kernel.takeEvents().map(({ event }) => event);
}

test("nothing is recorded unless it is asked for", () => {
  lay(process, 0, 1);
  expect(kernel.takeEvents()).toEqual([]);
  lay(process, 4, 1);
  expect(kernel.takeEvents()).toEqual([]);
});

test("nothing is recorded any more once it was stopped", () => {
  kernel.recordEvents(true);
  lay(process, 0, 1);
  kernel.recordEvents(false);
  expect(kernel.takeEvents()).toEqual([]);
  lay(process, 4, 1);
  expect(kernel.takeEvents()).toEqual([]);
});

test("taking events takes them away, and recording goes on", () => {
  kernel.recordEvents(true);
  lay(process, 0, 1);
  expect(kernel.takeEvents()).toEqual([{ event: "VmaNew", a: at(0), b: at(1), c: 0 }]);
  expect(kernel.takeEvents()).toEqual([]);
  lay(process, 4, 1);
  expect(kernel.takeEvents()).toHaveLength(1);
});

test("a first write tells of the anon_vma, then of the page", () => {
  kernel.recordEvents(true);
  lay(process, 0, 2);
  kernel.takeEvents();
  process.write(at(1), 1);
  const { frame } = pageAt(process, 1);
  expect(kernel.takeEvents()).toEqual([
    { event: "AnonVmaNew", a: anonVmaAt(process, 0), b: at(0), c: 0 },
    { event: "AnonPage", a: at(1), b: frame, c: 0 },
  ]);
});

test("a read tells of the zero page, or of the file's", () => {
  kernel.recordEvents(true);
  lay(process, 0, 1);
  lay(process, 4, 1, { file: kernel.createFile({ pages: 1 }) });
  kernel.takeEvents();
  process.read(at(0));
  process.read(at(4));
  expect(kernel.takeEvents()).toEqual([
    { event: "ZeroPage", a: at(0), b: 0, c: 0 },
    { event: "FilePage", a: at(4), b: pageAt(process, 4).frame, c: 0 },
  ]);
});

test("mprotect in the middle tells of two cuts", () => {
  kernel.recordEvents(true);
  lay(process, 0, 6);
  kernel.takeEvents();
  process.mprotect(at(2), 2 * PAGE, "r");
  expect(kernel.takeEvents()).toEqual([
    { event: "VmaSplit", a: at(0), b: at(2), c: at(6) },
    { event: "VmaSplit", a: at(2), b: at(4), c: at(6) },
  ]);
});

test("a write after a fork tells of the copy, the last owner's of reuse", () => {
  kernel.recordEvents(true);
  lay(process, 0, 1);
  process.write(at(0), 1);
  const { frame } = pageAt(process, 0);
  const child = process.fork();
  kernel.takeEvents();
  child.write(at(0), 2);
  process.write(at(0), 3);
  expect(kernel.takeEvents()).toEqual([
    { event: "PageCopied", a: at(0), b: frame, c: pageAt(child, 0).frame },
    { event: "PageReused", a: at(0), b: frame, c: 0 },
  ]);
});

test("swapping out, coming back, moving and unmapping are told too", () => {
  kernel.recordEvents(true);
  lay(process, 0, 1);
  process.write(at(0), 1);
  const page = pageAt(process, 0);
  kernel.pageReferenced(page);
  expect(eventsOf(() => kernel.tryToUnmap(page))).toEqual(["SwapOut"]);
  expect(eventsOf(() => process.read(at(0)))).toEqual(["SwapIn"]);
  expect(eventsOf(() => process.mremap(at(0), PAGE, PAGE, { to: at(9) }))).toContain(
    "EntriesMoved",
  );
  expect(eventsOf(() => process.munmap(at(9), PAGE))).toEqual(["Zapped", "VmaGone"]);
});

test("the entries of a file's page that reclaim takes are told one by one, and that it was touched", () => {
  const file = kernel.createFile({ pages: 1 });
  lay(process, 0, 1, { file });
  lay(process, 4, 1, { file });
  process.read(at(0));
  process.read(at(4));
  const page = pageAt(process, 0);
  const { frame } = page;
  kernel.recordEvents(true);
  kernel.shrinkPage(page);
  expect(kernel.takeEvents()).toEqual([{ event: "Reclaimed", a: frame, b: 2, c: 1 }]);
  kernel.shrinkPage(page, { force: true });
  expect(kernel.takeEvents()).toEqual([
    { event: "Unmapped", a: at(0), b: frame, c: 0 },
    { event: "Unmapped", a: at(4), b: frame, c: 0 },
    { event: "Reclaimed", a: frame, b: 0, c: 0 },
  ]);
});

test("as many events are kept as were asked for, the oldest", () => {
  kernel.recordEvents(true, { most: 3000 });
  for (let i = 0; i < 1600; i++) {
    lay(process, 0, 1);
    process.munmap(at(0), PAGE);
  }
  expect(kernel.takeEvents()).toHaveLength(3000);
  expect(kernel.droppedEvents).toBe(200);
  kernel.recordEvents(true, { most: 1 });
  lay(process, 0, 2);
  process.munmap(at(0), 2 * PAGE);
  expect(kernel.takeEvents()).toEqual([{ event: "VmaNew", a: at(0), b: at(2), c: 0 }]);
  expect(kernel.droppedEvents).toBe(1);
});

test.each([0, -1, 1.5, 2 ** 24 + 1])("%d events can't be asked for", (most) => {
  expect(() => kernel.recordEvents(true, { most })).toThrow(
    "accepted: integers from 1 to 16777216",
  );
});

test("at most 2,048 events are kept, the oldest", () => {
  kernel.recordEvents(true);
  for (let i = 0; i < 1100; i++) {
    lay(process, 0, 1);
    process.munmap(at(0), PAGE);
  }
  const events = kernel.takeEvents();
  expect(events).toHaveLength(2048);
  expect(events[0]!.event).toBe("VmaNew");
});
