// The swap token of releases up to v3.4: who has it, and how it changes hands. What reclaim makes of it is tested in
// test/rmap/swap-token.test.ts.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { swapOut } from "./machine.js";
import { thrash, tokenMachine, tokenOf } from "./token-machine.js";

describe("a read from swap", () => {
  test("takes the token when nobody has it, and then each gives the holder 2", async () => {
    const { kernel, all } = await tokenMachine(1);
    const a = all[0]!;
    expect(kernel.swapToken).toEqual({ holder: null, globalFaults: 0, lastAging: 0 });
    expect(a.tokenState).toEqual({ priority: 0, interval: 0, faultstamp: 0 });
    thrash(kernel, a);
    expect(kernel.swapToken).toEqual({ holder: a, globalFaults: 1, lastAging: 1 });
    expect(a.tokenState).toEqual({ priority: 2, interval: 1, faultstamp: 1 });
    thrash(kernel, a);
    expect(a.tokenState).toEqual({ priority: 4, interval: 1, faultstamp: 2 });
    expect(kernel.swapToken).toEqual({ holder: a, globalFaults: 2, lastAging: 1 });
    expectHealthy(kernel);
  });

  test("that comes sooner than the last one gives another 1, any other takes 1", async () => {
    const { kernel, all } = await tokenMachine(3);
    const [a, b, c] = [all[0]!, all[1]!, all[2]!];
    thrash(kernel, a, 3);
    thrash(kernel, b);
    // The first has nothing to be sooner than.
    expect(tokenOf(b)).toEqual([0, 4, 4]);
    thrash(kernel, b);
    expect(tokenOf(b)).toEqual([1, 1, 5]);
    // As soon as the last time is not sooner.
    thrash(kernel, b);
    expect(tokenOf(b)).toEqual([0, 1, 6]);
    thrash(kernel, b);
    expect(tokenOf(b)).toEqual([0, 1, 7]);
    thrash(kernel, c, 4);
    thrash(kernel, b);
    expect(tokenOf(b)).toEqual([0, 5, 12]);
    expect(kernel.swapToken!.holder).toBe(a);
    expect(tokenOf(a)).toEqual([6, 1, 3]);
    expectHealthy(kernel);
  });

  test("brings the token to who has more than the holder by then, and 2 more", async () => {
    const { kernel, all } = await tokenMachine(3);
    const [a, b, c] = [all[0]!, all[1]!, all[2]!];
    thrash(kernel, a);
    // B reads after 5, 4, 3 and 2 faults: three times sooner than before.
    for (const between of [3, 3, 2]) {
      thrash(kernel, c, between);
      thrash(kernel, b);
    }
    expect(tokenOf(b)).toEqual([2, 3, 12]);
    // As much is not more.
    expect(kernel.swapToken!.holder).toBe(a);
    thrash(kernel, c);
    thrash(kernel, b);
    expect(tokenOf(b)).toEqual([5, 2, 14]);
    expect(kernel.swapToken).toEqual({ holder: b, globalFaults: 14, lastAging: 14 });
    expect(tokenOf(a)).toEqual([2, 1, 1]);
    expectHealthy(kernel);
  });

  test("more than 255 after the last time halves what the holder has", async () => {
    const { kernel, all } = await tokenMachine(2);
    const [a, c] = [all[0]!, all[1]!];
    thrash(kernel, a, 4);
    expect(tokenOf(a)).toEqual([8, 1, 4]);
    thrash(kernel, c, 252);
    expect(kernel.swapToken).toEqual({ holder: a, globalFaults: 256, lastAging: 1 });
    expect(tokenOf(a)).toEqual([8, 1, 4]);
    thrash(kernel, c);
    expect(kernel.swapToken).toEqual({ holder: a, globalFaults: 257, lastAging: 257 });
    expect(tokenOf(a)).toEqual([4, 1, 4]);
  });

  test("is none when the page is in the swap cache, or was never in swap", async () => {
    const { kernel, all } = await tokenMachine(1);
    const a = all[0]!;
    expect(kernel.tryToUnmap(pageAt(a, 0), { ignoreAccess: true })).toBe("success");
    a.read(at(0));
    lay(a, 1, 1);
    a.write(at(1), 1);
    expect(kernel.swapToken).toEqual({ holder: null, globalFaults: 0, lastAging: 0 });
    expect(a.tokenState!.faultstamp).toBe(0);
  });

  test("counts though it finds no frame", async () => {
    const { kernel, all } = await tokenMachine(2, { frames: 2 });
    const [a, b] = [all[0]!, all[1]!];
    swapOut(kernel, a, [0]);
    lay(b, 1, 1);
    b.write(at(1), 1);
    expect(codeOf(() => a.read(at(0)))).toBe("ENOMEM");
    expect(kernel.swapToken).toMatchObject({ holder: a, globalFaults: 1 });
    expectHealthy(kernel);
  });

  test("of swapoff is nobody's", async () => {
    const { kernel, all } = await tokenMachine(1);
    swapOut(kernel, all[0]!, [0]);
    kernel.swapoff(0);
    expect(kernel.swapToken).toMatchObject({ holder: null, globalFaults: 0 });
  });
});

describe("the token is given up", () => {
  test("when the last process leaves the address space", async () => {
    const { kernel, all } = await tokenMachine(2);
    const [a, b] = [all[0]!, all[1]!];
    const thread = a.fork({ shareMemory: true });
    thrash(kernel, a);
    a.exit();
    expect(kernel.swapToken!.holder).toBe(thread);
    expectHealthy(kernel);
    thread.exec();
    expect(kernel.swapToken!.holder).toBeNull();
    expectHealthy(kernel);
    thrash(kernel, b);
    expect(kernel.swapToken!.holder).toBe(b);
  });

  test("when the holder goes to another cgroup, but not when another goes", async () => {
    const { kernel, all } = await tokenMachine(2);
    const [a, b] = [all[0]!, all[1]!];
    const cgroup = kernel.createCgroup("g");
    thrash(kernel, a);
    cgroup.move(b);
    kernel.rootCgroup.move(a);
    expect(kernel.swapToken!.holder).toBe(a);
    cgroup.move(a);
    expect(kernel.swapToken!.holder).toBeNull();
    expect(tokenOf(a)).toEqual([2, 1, 1]);
    expectHealthy(kernel);
  });

  test("but not when there is no room for it there", async () => {
    const { kernel, all } = await tokenMachine(1);
    const a = all[0]!;
    const cgroup = kernel.createCgroup("g", { limit: 0 });
    thrash(kernel, a);
    expect(codeOf(() => cgroup.move(a))).toBe("ENOMEM");
    expect(kernel.swapToken!.holder).toBe(a);
    expectHealthy(kernel);
  });
});

describe("reclaim that comes to its last priority takes the token away", () => {
  test("of direct reclaim and of kswapd alike", async () => {
    for (const background of [false, true]) {
      const { kernel, all } = await tokenMachine(1);
      thrash(kernel, all[0]!);
      kernel.reclaim(64, { background });
      expect(kernel.swapToken!.holder).toBeNull();
      expectHealthy(kernel);
    }
  });

  test("not of reclaim that has found enough before", async () => {
    const { kernel, all } = await tokenMachine(1, { frames: 16_384 });
    const a = all[0]!;
    thrash(kernel, a);
    const file = kernel.createFile({ pages: 4096, word: 1 });
    a.mmap({ address: at(10), length: 4096 * PAGE, file, fixed: true });
    for (let i = 0; i < 4096; i++) a.read(at(10 + i));
    a.munmap(at(10), 4096 * PAGE);
    expect(kernel.reclaim(4)).toBeGreaterThanOrEqual(4);
    expect(kernel.swapToken!.holder).toBe(a);
  });

  test("of one cgroup, if the holder is in that cgroup; kswapd's in any case", async () => {
    const { kernel } = await tokenMachine(0);
    const top = kernel.createCgroup("top", { hierarchy: true });
    const [mine, other] = [
      kernel.createCgroup("mine", { parent: top }),
      kernel.createCgroup("other", { parent: top }),
    ];
    const a = kernel.spawn({ cgroup: mine });
    lay(a, 0, 1);
    a.write(at(0), 1);
    thrash(kernel, a);
    kernel.reclaim(64, { cgroup: other });
    // Not the same cgroup, though it is above.
    kernel.reclaim(64, { cgroup: top });
    expect(kernel.swapToken!.holder).toBe(a);
    kernel.reclaim(64, { cgroup: mine });
    expect(kernel.swapToken!.holder).toBeNull();
    a.read(at(0));
    expect(kernel.swapToken!.holder).toBe(a);
    kernel.reclaim(64, { cgroup: other, background: true });
    expect(kernel.swapToken!.holder).toBeNull();
    expectHealthy(kernel);
  });
});

describe("fork", () => {
  test("hands on the stamp, and nothing else", async () => {
    const { kernel, all } = await tokenMachine(1);
    const a = all[0]!;
    thrash(kernel, a, 3);
    const child = a.fork();
    expect(tokenOf(child)).toEqual([0, 0, 3]);
    expect(tokenOf(a)).toEqual([6, 1, 3]);
    expect(kernel.swapToken!.holder).toBe(a);
  });

  test("of a thread takes from all threads what they have, but not the token", async () => {
    const { kernel, all } = await tokenMachine(1);
    const a = all[0]!;
    thrash(kernel, a, 3);
    const thread = a.fork({ shareMemory: true });
    expect(tokenOf(thread)).toEqual([0, 0, 3]);
    expect(tokenOf(a)).toEqual([0, 0, 3]);
    expect(kernel.swapToken!.holder).toBe(a);
    expectHealthy(kernel);
  });
});

test("exec begins anew", async () => {
  const { kernel, all } = await tokenMachine(1);
  const a = all[0]!;
  thrash(kernel, a, 3);
  a.exec();
  expect(tokenOf(a)).toEqual([0, 0, 0]);
  expect(kernel.swapToken).toEqual({ holder: null, globalFaults: 3, lastAging: 1 });
});

test("events tell of the token's time line", async () => {
  const { kernel, all } = await tokenMachine(2);
  const [a, b] = [all[0]!, all[1]!];
  const { mm } = a;
  kernel.recordEvents(true);
  thrash(kernel, a);
  thrash(kernel, b, 2);
  kernel.reclaim(64);
  thrash(kernel, a);
  a.exit();
  const token = kernel.takeEvents().filter(({ event }) => event.startsWith("SwapToken"));
  expect(token).toEqual([
    { event: "SwapTokenTaken", a: mm, b: 0, c: 2 },
    { event: "SwapTokenPriority", a: b.mm, b: 0, c: 0 },
    { event: "SwapTokenPriority", a: b.mm, b: 0, c: 1 },
    { event: "SwapTokenDisabled", a: mm, b: 0, c: 0 },
    { event: "SwapTokenTaken", a: mm, b: 0, c: 4 },
    { event: "SwapTokenPut", a: mm, b: 0, c: 0 },
  ]);
  kernel.dispose();
});

test("where there is none, nothing is counted", async () => {
  const { kernel, all } = await tokenMachine(1, { swapToken: "off" });
  thrash(kernel, all[0]!, 3);
  kernel.reclaim(64);
  expect(kernel.swapToken).toBeNull();
  expect(all[0]!.tokenState).toBeNull();
  expectHealthy(kernel);
});

test.each(["v3.0", "v3.3", "v3.4", "v3.5", "v3.7"] as const)("%s", async (release) => {
  const kernel = await createKernel({ release });
  expect(kernel.swapToken === null).toBe(release >= "v3.5");
});

describe("a process that is held inside a fault", () => {
  test("does nothing else until it is let go", async () => {
    const { kernel, all } = await tokenMachine(1);
    const a = all[0]!;
    expect(a.held).toBe(false);
    a.hold();
    expect(a.held).toBe(true);
    expectHealthy(kernel);
    const before = a.vmas();
    const calls = [
      () => a.hold(),
      () => a.read(at(0)),
      () => a.write(at(0), 1),
      () => a.execute(at(0)),
      () => a.mmap({ length: PAGE }),
      () => a.munmap(at(0), PAGE),
      () => a.mprotect(at(0), PAGE, "r"),
      () => a.mremap(at(0), PAGE, PAGE, { to: at(5) }),
      () => a.madvise(at(0), PAGE, "dontneed"),
      () => a.mlock(at(0), PAGE),
      () => a.munlock(at(0), PAGE),
      () => a.mlockall({ current: true }),
      () => a.munlockall(),
      () => a.brk(0x555555601000),
      () => a.remapFilePages(at(0), PAGE, 0),
      () => a.collapse(at(0)),
      () => a.registerNotifier({ model: "kvm" }),
      () => a.fork(),
      () => a.fork({ shareMemory: true }),
      () => a.exec(),
      () => a.exit(),
      () => kernel.khugepagedScan(),
    ];
    expect(calls.map(codeOf)).toEqual(calls.map(() => "EBUSY"));
    expect(() => a.exit()).toThrow("it is held inside a fault, until letGo()");
    expect(a.vmas()).toEqual(before);
    expectHealthy(kernel);
    a.letGo();
    expect(codeOf(() => a.letGo())).toBe("EINVAL");
    a.exit();
    expectHealthy(kernel);
  });

  test("keeps its threads from what would wait for it, and from nothing else", async () => {
    const { kernel, all } = await tokenMachine(1);
    const a = all[0]!;
    const thread = a.fork({ shareMemory: true });
    a.hold();
    const refused = [
      () => thread.mmap({ length: PAGE }),
      () => thread.fork(),
      () => thread.collapse(at(0)),
      () => thread.registerNotifier({ model: "kvm" }),
    ];
    expect(refused.map(codeOf)).toEqual(refused.map(() => "EBUSY"));
    expect(() => thread.fork()).toThrow("a process that shares its address space is held inside");
    thread.write(at(0), 9);
    expect(thread.read(at(0))).toBe(9);
    thread.hold();
    a.letGo();
    expect(codeOf(() => a.munmap(at(0), PAGE))).toBe("EBUSY");
    thread.letGo();
    const third = thread.fork({ shareMemory: true });
    third.hold();
    thread.exec();
    a.exit();
    expectHealthy(kernel);
    third.letGo();
    third.exit();
    expectHealthy(kernel);
  });

  test("does not keep others from its pages, nor KSM, swapoff or a move", async () => {
    const { kernel, all } = await tokenMachine(2);
    const [a, b] = [all[0]!, all[1]!];
    for (const process of all) {
      process.write(at(0), 7);
      process.madvise(at(0), PAGE, "mergeable");
    }
    a.hold();
    expect(kernel.ksm.settle()).toBe(1);
    expect(kernel.ksm.unmerge()).toBe(2);
    kernel.createCgroup("g").move(a);
    expect(kernel.shrinkPage(pageAt(a, 0), { force: true })).toBe("reclaimed");
    kernel.swapoff(0);
    expect(a.rss).toEqual({ anon: 1, file: 0, swap: 0 });
    expectHealthy(kernel);
    b.exit();
    expectHealthy(kernel);
  });

  test("is held in a snapshot as well", async () => {
    const { kernel, all } = await tokenMachine(1);
    const a = all[0]!;
    a.hold();
    const held = kernel.snapshot();
    a.letGo();
    kernel.restore(held);
    expect(a.held).toBe(true);
    a.letGo();
    expectHealthy(kernel);
  });
});

test("who reclaims can be said, but not of kswapd", async () => {
  const { kernel, all } = await tokenMachine(2);
  const [a, b] = [all[0]!, all[1]!];
  expect(codeOf(() => kernel.reclaim(1, { process: a, background: true }))).toBe("EINVAL");
  b.exit();
  const page = pageAt(a, 0);
  const gone = [
    () => kernel.reclaim(1, { process: b }),
    () => kernel.shrinkPage(page, { process: b }),
    () => kernel.pageReferenced(page, { process: b }),
  ];
  expect(gone.map(codeOf)).toEqual(["ESRCH", "ESRCH", "ESRCH"]);
  expect(gone[1]).toThrow("the process that it is done by has exited");
  const batch = kernel.batch();
  batch.pageReferenced(page, { process: a });
  batch.shrinkPage(page, { process: a });
  batch.hold(a);
  batch.read(a, at(0));
  batch.letGo(a);
  expect(batch.run()).toBe(1);
  expect([0, 1, 2, 3, 4].map((i) => batch.error(i))).toEqual([null, null, null, "EBUSY", null]);
});
