// swapoff: what it brings back, and what an area that is made later may expect.

import { expect, test } from "vitest";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt, stateOf } from "./ground.js";
import { fill, machine, mergeable, swapOut } from "./machine.js";

test("an area without priority comes after all before it, though its number is used again", async () => {
  const { kernel, process } = await machine({ swap: 1 });
  const older = kernel.swapon(1);
  kernel.swapoff(0);
  expect(kernel.swapon(1)).toBe(0);
  fill(process, 0, 2);
  swapOut(kernel, process, [0, 1]);
  kernel.recordEvents(true);
  process.read(at(0));
  process.read(at(1));
  const read = kernel.takeEvents().filter(({ event }) => event === "SwapRead");
  expect(read.map(({ b }) => b)).toEqual([older, 0]);
  expectHealthy(kernel);
});

test("reads what it brings back, and nobody has faulted", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 2);
  swapOut(kernel, process, [0, 1]);
  kernel.swapoff(0);
  expect(kernel.vmstat()).toMatchObject({ pswpin: 2, pgmajfault: 0 });
  expect(process.rss).toMatchObject({ anon: 2, swap: 0 });
});

test("leaves every page dirty: what was on swap is nowhere else", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 2);
  swapOut(kernel, process, [0, 1]);
  process.read(at(0));
  kernel.swapoff(0);
  kernel.swapon(8);
  for (const i of [0, 1]) {
    expect(pageAt(process, i)).toMatchObject({ dirty: true, swapCache: false, word: 100 + i });
  }
  expectHealthy(kernel);
});

test("waits for what is being written", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 1);
  const page = pageAt(process, 0);
  kernel.holdIo(true);
  expect(kernel.shrinkPage(page, { force: true })).toBe("kept");
  kernel.swapoff(0);
  expect(page).toMatchObject({ writeback: false, swapCache: false, dirty: true, mapcount: 1 });
  expect(kernel.vmstat().nr_writeback).toBe(0);
  kernel.holdIo(false);
  expectHealthy(kernel);
});

test("a page under writeback is held by nothing but its entries and caches", async () => {
  const { kernel, process } = await machine();
  const file = kernel.createFile({ pages: 1, kind: "disk" });
  lay(process, 0, 1, { file, shared: true, prot: "r" });
  file.write(0, 1);
  process.read(at(0));
  kernel.holdIo(true);
  expect(file.writeback()).toBe(1);
  // Its entry, the page cache, its buffers.
  expect(pageAt(process, 0)).toMatchObject({ refcount: 3, writeback: true });
  process.munmap(at(0), PAGE);
  file.truncate(0);
  expect(kernel.vmstat()).toMatchObject({ nr_writeback: 0, nr_file_pages: 0 });
  kernel.holdIo(false);
  expectHealthy(kernel);
});

test("needs a frame for each page, however many entries lead to it", async () => {
  const { kernel, process } = await machine({ frames: 24 });
  fill(process, 0, 20);
  const family = [process, process.fork(), process.fork(), process.fork()];
  swapOut(kernel, process, [...Array(20).keys()]);
  const filler = kernel.spawn();
  fill(filler, 0, 5);
  const before = stateOf(kernel);
  expect(codeOf(() => kernel.swapoff(0))).toBe("ENOMEM");
  expect(stateOf(kernel)).toEqual(before);
  filler.munmap(at(0), PAGE);
  expect(kernel.vmstat().nr_free_pages).toBe(20);
  kernel.swapoff(0);
  for (const { rss } of family) expect(rss).toMatchObject({ anon: 20, swap: 0 });
  expectHealthy(kernel);
});

test("brings a broken page back as well: unuse_pte does not ask", async () => {
  const { kernel, process } = await machine();
  fill(process, 0, 1);
  const page = pageAt(process, 0);
  kernel.poison(page);
  expect(kernel.tryToUnmap(page, { ignoreAccess: true, ignoreHwpoison: true })).toBe("success");
  expect(codeOf(() => process.read(at(0)))).toBe("SIGBUS");
  kernel.swapoff(0);
  expect([process.rss, kernel.swapAreas]).toMatchObject([{ anon: 1, swap: 0 }, []]);
  expect(pageAt(process, 0).frame).toBe(page.frame);
  expectHealthy(kernel);
});

test("does not begin when copies of a page that is back already would not fit", async () => {
  const { kernel, process } = await machine();
  const [other, filler] = [kernel.spawn(), kernel.spawn()];
  for (const one of [process, other]) mergeable(one, 0, [7]);
  expect(kernel.ksm.settle()).toBe(1);
  fill(process, 8, 1);
  swapOut(kernel, process, [0, 8]);
  // It is of this family now: the other place, whose entry is left, gets a copy.
  process.read(at(0));
  lay(filler, 0, 64);
  for (let i = 0; kernel.vmstat().nr_free_pages > 1; i++) filler.write(at(i), 1);
  const before = stateOf(kernel);
  expect(codeOf(() => kernel.swapoff(0))).toBe("ENOMEM");
  expect(stateOf(kernel)).toEqual(before);
  filler.munmap(at(0), PAGE);
  kernel.swapoff(0);
  expect([process, other].map(({ rss }) => rss)).toMatchObject([
    { anon: 2, swap: 0 },
    { anon: 1, swap: 0 },
  ]);
  expectHealthy(kernel);
});

test("an area that is out of use is none, nor is one that has never been there", async () => {
  const { kernel } = await machine();
  kernel.swapoff(0);
  expect([0, 7].map((area) => codeOf(() => kernel.swapoff(area)))).toEqual(["EINVAL", "EINVAL"]);
});
