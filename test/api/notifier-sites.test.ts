// Where those who keep a table of their own are told of changes (spec/commits.md section 2, "after").

import { describe, expect, test } from "vitest";
import { at, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { fill, machine, mergeable } from "./machine.js";
import { NotifierLog } from "./notifier-log.js";

describe("ranges", () => {
  test("munmap tells the range that was asked for, holes included, before and after", async () => {
    const { process } = await machine();
    fill(process, 1, 2);
    fill(process, 5, 1);
    const log = new NotifierLog(process);
    process.munmap(at(0), 8 * PAGE);
    expect(log.take()).toEqual(["start 0-8", "end 0-8"]);
    process.munmap(at(0), 8 * PAGE);
    expect(log.take()).toEqual([]);
  });

  test("mmap over something tells as munmap does", async () => {
    const { process } = await machine();
    fill(process, 0, 4);
    const log = new NotifierLog(process);
    lay(process, 1, 2);
    expect(log.take()).toEqual(["start 1-3", "end 1-3"]);
  });

  test("mprotect and MADV_DONTNEED tell one range a VMA", async () => {
    const { process } = await machine();
    fill(process, 0, 2);
    lay(process, 2, 2, { prot: "r" });
    const log = new NotifierLog(process);
    process.mprotect(at(0), 4 * PAGE, "none");
    expect(log.take()).toEqual(["start 0-2", "end 0-2", "start 2-4", "end 2-4"]);
    process.madvise(at(0), 4 * PAGE, "dontneed");
    expect(log.take()).toEqual(["start 0-2", "end 0-2", "start 2-4", "end 2-4"]);
  });

  test("mprotect to what is allowed already tells nothing", async () => {
    const { process } = await machine();
    fill(process, 0, 2);
    const log = new NotifierLog(process);
    process.mprotect(at(0), 2 * PAGE, "rw");
    expect(log.take()).toEqual([]);
  });

  test("mremap tells the old range, and what the new place held", async () => {
    const { process } = await machine();
    fill(process, 0, 2);
    fill(process, 8, 1);
    const log = new NotifierLog(process);
    process.mremap(at(0), 2 * PAGE, 2 * PAGE, { to: at(8) });
    const gone = ["start 8-10", "end 8-10"];
    expect(log.take()).toEqual([...gone, "start 0-2", "end 0-2", "start 0-2", "end 0-2"]);
  });

  test("fork tells what becomes read-only in the parent: private memory that was written", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 2);
    lay(process, 4, 2);
    lay(process, 8, 2, { file: kernel.createFile({ pages: 4 }), shared: true });
    const log = new NotifierLog(process);
    const child = process.fork();
    expect(log.take()).toEqual(["start 0-2", "end 0-2"]);
    child.write(at(0), 5);
    child.exit();
    expect(log.take()).toEqual([]);
  });

  test("a truncation tells each of those who map what goes, twice", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 4 });
    lay(process, 0, 4, { file, shared: true });
    process.read(at(3));
    const log = new NotifierLog(process);
    file.truncate(2);
    expect(log.take()).toEqual(["start 2-4", "end 2-4", "start 2-4", "end 2-4"]);
    file.punchHole(0, 1);
    expect(log.take()).toEqual(["start 0-1", "end 0-1"]);
  });

  test("a copy on write is a range around the change, told of before the new page is seen", async () => {
    const { process } = await machine();
    fill(process, 0, 1);
    const child = process.fork();
    const log = new NotifierLog(process);
    process.write(at(0), 5);
    expect(log.take()).toEqual(["start 0-1", "change 0 rw", "end 0-1"]);
    process.write(at(0), 6);
    child.write(at(0), 7);
    expect(log.take()).toEqual([]);
  });

  test("nothing is present while clients hear of a new entry", async () => {
    const { process } = await machine();
    fill(process, 0, 1);
    process.fork();
    const seen: unknown[] = [];
    process.registerNotifier({
      changePte: (address, { frame, writable }) =>
        seen.push(process.pageAt(address), frame, writable),
    });
    process.write(at(0), 5);
    expect(seen).toEqual([null, pageAt(process, 0).frame, true]);
  });

  test("a page that is used again, or becomes writable where it is shared, is told of to nobody", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    process.fork().exit();
    lay(process, 4, 1, { file: kernel.createFile({ pages: 1 }), shared: true });
    process.read(at(4));
    const log = new NotifierLog(process);
    process.write(at(0), 5);
    process.write(at(4), 5);
    expect(log.take()).toEqual([]);
  });

  test("KSM tells of protection and of replacement, each with its range", async () => {
    const { kernel, process } = await machine();
    mergeable(process, 0, [7, 7]);
    const log = new NotifierLog(process);
    kernel.ksm.scan();
    expect(log.take()).toEqual([]);
    kernel.ksm.scan();
    const lines = log.take();
    const protect = (page: number): string[] => [
      `start ${page}-${page + 1}`,
      `change ${page} ro`,
      `end ${page}-${page + 1}`,
    ];
    // The second page is protected, then the first; then the first is put in the second's place.
    expect(lines).toEqual([...protect(1), ...protect(0), ...protect(0)]);
    expectHealthy(kernel);
  });

  test("KSM tells of a range also when the page can't be protected", async () => {
    const { kernel, process } = await machine();
    mergeable(process, 0, [7, 7]);
    kernel.pin(pageAt(process, 0));
    kernel.pin(pageAt(process, 1));
    const log = new NotifierLog(process);
    kernel.ksm.scan();
    kernel.ksm.scan();
    expect(log.take().filter((line) => line.startsWith("change"))).toEqual([]);
    expect(log.notifier.ranges).toBe(0);
    expectHealthy(kernel);
  });
});

describe("single pages", () => {
  test("page_mkclean tells of an entry that it changed, and of no other", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2, { file: kernel.createFile({ pages: 2 }), shared: true });
    process.write(at(0), 1);
    process.read(at(1));
    const log = new NotifierLog(process);
    expect(kernel.pageMkclean(pageAt(process, 0))).toBe(1);
    expect(log.take()).toEqual(["page 0"]);
    expect(kernel.pageMkclean(pageAt(process, 0))).toBe(0);
    expect(kernel.pageMkclean(pageAt(process, 1))).toBe(0);
    expect(log.take()).toEqual([]);
  });

  test("try_to_unmap tells of what it took away, after the entry is gone", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    const there: (number | undefined)[] = [];
    process.registerNotifier({
      invalidatePage: (address) => there.push(process.pageAt(address)?.frame),
    });
    expect(kernel.tryToUnmap(page, { ignoreAccess: true })).toBe("success");
    expect(there).toEqual([undefined]);
  });

  test("try_to_unmap of a young page tells of nothing but the question", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const log = new NotifierLog(process);
    expect(kernel.tryToUnmap(pageAt(process, 0))).toBe("fail");
    expect(log.take()).toEqual(["young 0"]);
  });

  test("try_to_munlock tells, needlessly, of the entries that it leaves alone", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const log = new NotifierLog(process);
    expect(kernel.tryToUnmap(pageAt(process, 0), { action: "munlock" })).toBe("again");
    expect(log.take()).toEqual(["page 0"]);
  });

  test("a locked VMA keeps its page, and nobody is told", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    process.mlock(at(0), PAGE);
    const log = new NotifierLog(process);
    expect(kernel.tryToUnmap(pageAt(process, 0), { ignoreAccess: true })).toBe("mlock");
    expect(log.take()).toEqual([]);
  });

  test("a migration tells of each entry that waits for it, in every process that maps the page", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const child = process.fork();
    const [ours, theirs] = [new NotifierLog(process), new NotifierLog(child)];
    expect(kernel.migratePage(pageAt(process, 0)).result).toBe("moved");
    expect([ours.take(), theirs.take()]).toEqual([["page 0"], ["page 0"]]);
  });
});

describe("young pages", () => {
  test("page_referenced asks every client, and counts an entry once", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    const [first, second] = [new NotifierLog(process), new NotifierLog(process)];
    first.used.add(0);
    second.used.add(0);
    expect(kernel.pageReferenced(page)).toBe(1);
    expect([first.used.size, second.used.size]).toEqual([0, 0]);
    expect(kernel.pageReferenced(page)).toBe(0);
  });

  test("what a client used is not unmapped", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    const log = new NotifierLog(process);
    log.used.add(0);
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(kernel.tryToUnmap(page)).toBe("success");
  });

  test("a locked VMA's page is not asked about", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    process.mlock(at(0), PAGE);
    const log = new NotifierLog(process);
    kernel.pageReferenced(pageAt(process, 0));
    expect(log.take()).toEqual([]);
  });
});

describe("nonlinear mappings", () => {
  /** Pages 0 to 3 show the file backwards. */
  async function backwards() {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 4, kind: "tmpfs", word: 50 });
    lay(process, 0, 4, { file, shared: true });
    for (let i = 0; i < 4; i++) process.remapFilePages(at(i), PAGE, 3 - i);
    return { kernel, process, file };
  }

  test("remap_file_pages tells the range whose entries it replaces", async () => {
    const { kernel, process } = await backwards();
    const log = new NotifierLog(process);
    process.remapFilePages(at(1), 2 * PAGE, 0);
    expect(log.take()).toEqual(["start 1-3", "end 1-3"]);
    expectHealthy(kernel);
  });

  test("try_to_unmap's clusters tell their range, and ask about what is old", async () => {
    const { kernel, process } = await backwards();
    const page = pageAt(process, 0);
    for (let i = 0; i < 4; i++) kernel.pageReferenced(pageAt(process, i));
    const log = new NotifierLog(process);
    kernel.tryToUnmap(page, { ignoreAccess: true });
    const lines = log.take();
    expect([lines[0], lines.at(-1)]).toEqual(["start 0-4", "end 0-4"]);
    expect(lines.slice(1, -1).every((line) => line.startsWith("young"))).toBe(true);
    expectHealthy(kernel);
  });

  test("a truncation tells the whole VMA, as a page may be anywhere in it", async () => {
    const { kernel, process, file } = await backwards();
    const log = new NotifierLog(process);
    file.truncate(3);
    expect(log.take()).toEqual(["start 0-4", "end 0-4", "start 0-4", "end 0-4"]);
    expectHealthy(kernel);
  });
});

describe("huge pages of the pool", () => {
  const HUGE = 512;

  /** A machine with a pool of n, and a process with a private huge page of it. */
  async function pooled(n: number, wanted = 1) {
    const ground = await machine({ frames: (n + 1) * HUGE + 64, hugePages: n });
    lay(ground.process, 0, wanted * HUGE, { hugetlb: true });
    ground.process.write(at(0), 1);
    return ground;
  }

  test("a copy on write is a range of one huge page around the change", async () => {
    const { kernel, process } = await pooled(2);
    const child = process.fork();
    const logs = [new NotifierLog(process, "parent "), new NotifierLog(child, "child ")];
    child.write(at(5), 2);
    expect(logs.flatMap((log) => log.take())).toEqual(["child start 0-512", "child end 0-512"]);
    // Nobody else has the old one: it is used as it is.
    process.write(at(5), 3);
    expect(logs.flatMap((log) => log.take())).toEqual([]);
    expectHealthy(kernel);
  });

  test("a copy on write shows the new page only between the two", async () => {
    const { process } = await pooled(2);
    const { frame } = pageAt(process, 0);
    process.fork();
    const seen: number[] = [];
    process.registerNotifier({
      invalidateRangeStart: () => void seen.push(pageAt(process, 0).frame),
      invalidateRangeEnd: () => void seen.push(pageAt(process, 0).frame),
    });
    process.write(at(0), 2);
    expect(seen).toEqual([frame, pageAt(process, 0).frame]);
    expect(seen[0]).not.toBe(seen[1]);
  });

  test("a page that is taken back from a child is a range there, around the unmapping", async () => {
    const { kernel, process } = await pooled(1);
    const child = process.fork();
    const logs = [new NotifierLog(process, "parent "), new NotifierLog(child, "child ")];
    process.write(at(9), 2);
    expect(logs.flatMap((log) => log.take())).toEqual(["child start 0-512", "child end 0-512"]);
    expect(child.pageAt(at(0))).toBe(null);
    expectHealthy(kernel);
  });

  test("munmap tells its range, and inside it that of the huge pages", async () => {
    const { process } = await pooled(3, 3);
    const log = new NotifierLog(process);
    process.munmap(at(HUGE), HUGE * PAGE);
    const outer = ["start 512-1024", "end 512-1024"];
    expect(log.take()).toEqual([outer[0], ...outer, outer[1]]);
  });

  test("a truncation tells once, of whatever is mapped from there on", async () => {
    const { kernel, process } = await pooled(3);
    const file = kernel.createFile({ pages: 2 * HUGE, kind: "hugetlb" });
    lay(process, HUGE, 2 * HUGE, { file, shared: true });
    process.write(at(2 * HUGE), 4);
    const log = new NotifierLog(process);
    file.truncate(HUGE);
    expect(log.take()).toEqual(["start 1024-1536", "end 1024-1536"]);
    expectHealthy(kernel);
  });

  test("mprotect tells its range", async () => {
    const { process } = await pooled(1);
    const log = new NotifierLog(process);
    process.mprotect(at(0), HUGE * PAGE, "r");
    expect(log.take()).toEqual(["start 0-512", "end 0-512"]);
  });

  test("fork tells nobody, as in v3.7: what could be written through another table still can", async () => {
    const { kernel, process } = await pooled(2);
    const device = process.registerNotifier({ model: "kvm" });
    device.write(at(3), 7);
    const log = new NotifierLog(process);
    const child = process.fork();
    expect(log.take()).toEqual([]);
    device.write(at(3), 8);
    expect(child.read(at(3))).toBe(8);
    expectHealthy(kernel);
  });
});
