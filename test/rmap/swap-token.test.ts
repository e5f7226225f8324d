// What page_referenced makes of the swap token (spec/commits.md, 9), and its numbers at the end of their range.

import { describe, expect, test } from "vitest";
import {
  createKernel,
  type Kernel,
  type KernelOptions,
  type Process,
} from "../../bindings/index.js";
import { walksIn } from "../../bindings/kernel/walk-trace.js";
import { at, expectHealthy, lay, PAGE, pageAt } from "../api/ground.js";
import { mergeable } from "../api/machine.js";
import { age, thrash, tokenMachine, tokenOf } from "../api/token-machine.js";
import { RawMachine } from "../check/raw-machine.js";

/** A process that has the token and is inside a fault, and another. Nobody has touched their pages lately. */
async function held(options: KernelOptions = {}): Promise<{
  kernel: Kernel;
  a: Process;
  b: Process;
}> {
  const { kernel, all } = await tokenMachine(2, options);
  const [a, b] = [all[0]!, all[1]!];
  lay(a, 1, 3);
  a.write(at(1), 1);
  thrash(kernel, a);
  a.hold();
  for (const page of [0, 1]) age(kernel, a, page);
  return { kernel, a, b };
}

describe.each(["list", "interval-tree"] as const)("an idle page (%s)", (anonIndex) => {
  test("of who has the token and is inside a fault counts as touched, each time", async () => {
    const { kernel, a } = await held({ anonIndex });
    expect(kernel.pageReferenced(pageAt(a, 1))).toBe(1);
    expect(kernel.pageReferenced(pageAt(a, 1))).toBe(1);
    expectHealthy(kernel);
  });

  test("stays on, or comes to, the active list; without the token it is reclaimed", async () => {
    for (const swapToken of ["on", "off"] as const) {
      const { kernel, a } = await held({ anonIndex, swapToken });
      const fate = swapToken === "on" ? "activated" : "reclaimed";
      expect(kernel.shrinkPage(pageAt(a, 1))).toBe(fate);
      expectHealthy(kernel);
      kernel.dispose();
    }
  });

  test("does not when it itself asks, or a thread of it", async () => {
    const { kernel, a } = await held({ anonIndex });
    expect(kernel.pageReferenced(pageAt(a, 1), { process: a })).toBe(0);
    expect(kernel.shrinkPage(pageAt(a, 1), { process: a })).toBe("reclaimed");
  });

  test("does when another process asks", async () => {
    const { kernel, a, b } = await held({ anonIndex });
    expect(kernel.pageReferenced(pageAt(a, 1), { process: b })).toBe(1);
    expect(kernel.shrinkPage(pageAt(a, 1), { process: b })).toBe("activated");
  });

  test("does not when nobody has mmap_sem", async () => {
    const { kernel, a } = await held({ anonIndex });
    a.letGo();
    expect(kernel.pageReferenced(pageAt(a, 1))).toBe(0);
  });

  test("does not when reclaim has taken the token", async () => {
    const { kernel, a } = await held({ anonIndex });
    kernel.isolate(pageAt(a, 1));
    kernel.reclaim(64, { background: true });
    expect(kernel.pageReferenced(pageAt(a, 1))).toBe(0);
  });

  test("does not when it is another that is held", async () => {
    const { kernel, a, b } = await held({ anonIndex });
    age(kernel, b);
    a.letGo();
    b.hold();
    expect([a, b].map((process) => kernel.pageReferenced(pageAt(process, 0)))).toEqual([0, 0]);
  });
});

describe("the reference", () => {
  test("comes on top of that of a page that was touched", async () => {
    const { kernel, a } = await held();
    a.letGo();
    a.read(at(1));
    a.hold();
    expect(kernel.pageReferenced(pageAt(a, 1))).toBe(2);
  });

  test("counts in a sequential VMA too, of which a touch does not", async () => {
    const { kernel, a } = await held();
    a.letGo();
    a.madvise(at(1), PAGE, "sequential");
    a.read(at(1));
    a.hold();
    expect(kernel.pageReferenced(pageAt(a, 1))).toBe(1);
  });

  test("is none in a locked VMA, which ends the walk", async () => {
    const { kernel, a } = await held();
    a.letGo();
    a.mlock(at(1), PAGE);
    a.hold();
    expect(kernel.pageReferenced(pageAt(a, 1))).toBe(0);
  });

  test("is that of one entry: those of the child are looked at by themselves", async () => {
    const { kernel, a } = await held();
    a.letGo();
    const child = a.fork();
    a.hold();
    expect(kernel.pageReferenced(pageAt(a, 1))).toBe(1);
    child.read(at(1));
    expect(kernel.pageReferenced(pageAt(a, 1))).toBe(2);
  });

  test("brings the flags of its VMA: program text that is active stays so", async () => {
    for (const inFault of [true, false]) {
      const { kernel, a } = await held();
      a.letGo();
      const file = kernel.createFile({ kind: "disk", pages: 1, word: 5 });
      a.mmap({ address: at(8), length: PAGE, file, prot: "rx", fixed: true });
      a.read(at(8));
      const page = pageAt(a, 8);
      kernel.pageReferenced(page);
      // Of program text one reference is enough.
      if (inFault) a.hold();
      expect(kernel.shrinkPage(page)).toBe(inFault ? "activated" : "reclaimed");
      kernel.dispose();
    }
  });

  test("counts for a huge page", async () => {
    const kernel = await createKernel({
      build: "checked",
      frames: 2048,
      swapToken: "on",
      transparentHugepage: "madvise",
    });
    const a = kernel.spawn();
    a.mmap({ address: at(512), length: 512 * PAGE, fixed: true });
    a.madvise(at(512), 512 * PAGE, "hugepage");
    a.write(at(512), 1);
    lay(a, 0, 1);
    a.write(at(0), 1);
    thrash(kernel, a);
    const page = pageAt(a, 512);
    kernel.pageReferenced(page);
    expect(kernel.pageReferenced(page)).toBe(0);
    a.hold();
    expect(kernel.pageReferenced(page)).toBe(1);
    a.letGo();
    a.read(at(512));
    a.hold();
    expect(kernel.pageReferenced(page)).toBe(2);
    expectHealthy(kernel);
  });

  test("counts for a page of KSM, at each place of the holder", async () => {
    const { kernel, a, b } = await held();
    a.letGo();
    mergeable(a, 20, [7, 7]);
    mergeable(b, 20, [7]);
    kernel.ksm.settle();
    const page = pageAt(a, 20);
    kernel.pageReferenced(page);
    expect(kernel.pageReferenced(page)).toBe(0);
    a.hold();
    expect(kernel.pageReferenced(page)).toBe(2);
    expectHealthy(kernel);
  });

  test("is not asked for of other cgroups", async () => {
    const { kernel, a } = await held();
    const other = kernel.createCgroup("other");
    expect(kernel.pageReferenced(pageAt(a, 1), { cgroup: other })).toBe(0);
    expect(kernel.pageReferenced(pageAt(a, 1), { cgroup: kernel.rootCgroup })).toBe(1);
  });

  test("is told in the trace of the walk", async () => {
    const { kernel, a } = await held();
    kernel.recordEvents(true, { walks: true });
    kernel.pageReferenced(pageAt(a, 1));
    const deeds = walksIn(kernel.takeEvents())
      .flatMap(({ steps }) => steps)
      .flatMap((step) => (step.step === "did" ? [step.deed] : []));
    expect(deeds).toEqual(["old", "token-counted"]);
  });
});

describe("numbers are unsigned", () => {
  test("and go on beyond their end", async () => {
    const { kernel, all } = await tokenMachine(2);
    const [a, b] = [all[0]!, all[1]!];
    const raw = new RawMachine(kernel);
    raw.header.set("globalFaults", 0xffff_ffff);
    raw.mm(a).set("faultstamp", 0xffff_fffe);
    thrash(kernel, a);
    expect(kernel.swapToken).toEqual({ holder: a, globalFaults: 0, lastAging: 0 });
    expect(tokenOf(a)).toEqual([2, 2, 0]);
    raw.header.set("lastAging", 0xffff_ff80);
    raw.header.set("globalFaults", 0x7e);
    raw.mm(b).set("lastInterval", 1);
    thrash(kernel, b);
    // 255 since it was aged: not yet.
    expect(tokenOf(a)[0]).toBe(2);
    thrash(kernel, b);
    expect(tokenOf(a)[0]).toBe(1);
    expect(kernel.swapToken!.lastAging).toBe(0x80);
    // 5 since it was aged, and 255 more would be beyond the end: not yet either.
    raw.mm(a).set("tokenPriority", 8);
    raw.header.set("lastAging", 0xffff_fff0);
    raw.header.set("globalFaults", 0xffff_fff4);
    thrash(kernel, b);
    expect(tokenOf(a)[0]).toBe(8);
  });

  test("an interval of more than 2^31 is a long one", async () => {
    const { kernel, all } = await tokenMachine(2);
    const [a, b] = [all[0]!, all[1]!];
    const raw = new RawMachine(kernel);
    thrash(kernel, a);
    raw.mm(b).set("tokenPriority", 1);
    raw.mm(b).set("lastInterval", 5);
    // As a signed number the interval would be below 0, and so below 5.
    raw.mm(b).set("faultstamp", 0x1000);
    thrash(kernel, b);
    expect(tokenOf(b)).toEqual([0, 0xffff_f002, 2]);
    // And the last one, as a signed number, less than any.
    thrash(kernel, b);
    expect(tokenOf(b)).toEqual([1, 1, 3]);
  });

  test("so a priority above 2^31 is a high one", async () => {
    const { kernel, all } = await tokenMachine(2);
    const [a, b] = [all[0]!, all[1]!];
    const raw = new RawMachine(kernel);
    thrash(kernel, a);
    raw.mm(a).set("tokenPriority", 0x8000_0000);
    raw.mm(b).set("tokenPriority", 7);
    thrash(kernel, b);
    expect(kernel.swapToken!.holder).toBe(a);
    raw.header.set("lastAging", raw.header.get("globalFaults") - 255);
    thrash(kernel, b);
    expect(tokenOf(a)[0]).toBe(0x4000_0000);
  });
});
