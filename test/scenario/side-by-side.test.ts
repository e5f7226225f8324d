import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { KernelError } from "../../bindings/core/kernel-error.js";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { Kernel } from "../../bindings/kernel/kernel.js";
import type { KernelOptions } from "../../bindings/kernel/options.js";
import { machineFor } from "../../bindings/scenario/machine-size.js";
import { parseScript } from "../../bindings/scenario/script.js";
import { type PairStep, SideBySide } from "../../bindings/scenario/side-by-side.js";

const kernels: Kernel[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const kernel of kernels.splice(0)) kernel.dispose();
});

async function pairOf(
  text: string,
  a: KernelOptions,
  b: KernelOptions,
  mostLookedAt?: number,
): Promise<SideBySide> {
  const script = parseScript(text, "test");
  const names = { kernel: "k", case: "c" };
  const made: Kernel[] = [];
  for (const options of [a, b]) {
    made.push(await createKernel({ build: "checked", ...machineFor(script), ...options }));
  }
  kernels.push(...made);
  const [first, second] = made.map((kernel) => ({ kernel, names }));
  return new SideBySide(first!, second!, script, mostLookedAt);
}

function stepsOf(pair: SideBySide): PairStep[] {
  const steps: PairStep[] = [];
  for (let step = pair.step(); step !== null; step = pair.step()) steps.push(step);
  return steps;
}

const LOCKED = `
spawn A
mmap A 0 2 rw anon private
write A 0 7
mlock A 0 2
read A 0
munlock A 0 2
munmap A 0 2
`;

describe("two machines side by side", () => {
  test("a step that is refused on one side is told, with all that the machines show since", async () => {
    const pair = await pairOf(LOCKED, { memlock: 1 }, {});
    const steps = stepsOf(pair);
    const mlock = steps.find(({ operation }) => operation.op === "mlock");
    expect(mlock?.result).toEqual({ what: "result", a: "ENOMEM", b: 0 });
    expect(mlock?.state).toEqual(
      expect.arrayContaining([
        { what: "A: locked", a: 0, b: 2 },
        { what: "frame of [A 0]: flags", a: "AMS", b: "AMLUSR" },
        { what: "vmstat nr_mlock", a: 0, b: 2 },
      ]),
    );
  });

  test("what differed before is not told again, and when it is gone that is told", async () => {
    const steps = stepsOf(await pairOf(LOCKED, { memlock: 1 }, {}));
    const [read, munlock, munmap] = steps.slice(4);
    expect(read).toMatchObject({ result: null, state: [], gone: [] });
    expect(munlock?.gone.map(({ what }) => what)).toContain("A: locked");
    expect(munmap?.gone.map(({ what }) => what)).toContain("A: rss anon");
  });

  test("counts that go on by the same amounts are no new difference", async () => {
    const text = `${LOCKED}mmap A 0 1 rw anon private\nwrite A 0\n`;
    const steps = stepsOf(await pairOf(text, { memlock: 1 }, {}));
    expect(steps.at(-1)?.state).toEqual([]);
    expect(steps.at(-1)?.a.cost["faults"]).toBe(1);
  });

  test("kernels whose machines agree differ in cost alone", async () => {
    const text = readFileSync(new URL("../fixtures/cases/shared.script", import.meta.url), "utf8");
    const pair = await pairOf(text, { anonIndex: "list" }, {});
    const steps = stepsOf(pair);
    expect(steps.flatMap(({ result, state }) => [...(result ? [result] : []), ...state!])).toEqual(
      [],
    );
    expect(steps.some(({ cost }) => cost.length > 0)).toBe(true);
    expect(pair.differences).toEqual([]);
    const sum = steps.reduce((all, { b }) => all + (b.cost["nodesVisited"] ?? 0), 0);
    expect(pair.b.total["nodesVisited"]).toBe(sum);
  });

  test("machines that are large for long are compared at dumps and at the end only", async () => {
    const text = LOCKED.replace("read A 0\n", "read A 0\ndump here\n");
    const pair = await pairOf(text, { memlock: 1 }, {}, 1);
    const steps = stepsOf(pair);
    const looked = steps.filter(({ state }) => state !== null).map(({ operation }) => operation.op);
    // The first look is what shows that they are too large.
    expect(looked).toEqual(["spawn", "dump", "munmap"]);
    expect(pair.unseenFrom).toBe(3);
    const [dump, munmap] = steps.filter(({ operation }) =>
      ["dump", "munmap"].includes(operation.op),
    );
    expect(dump?.state?.map(({ what }) => what)).toContain("A: locked");
    expect(munmap?.gone.map(({ what }) => what)).toContain("A: locked");
    expect(steps.find(({ operation }) => operation.op === "mlock")?.result).not.toBeNull();
    expect((await pairOf(LOCKED, { memlock: 1 }, {})).unseenFrom).toBeNull();
  });

  test("after an assertion one side is done, and the other goes on to its end", async () => {
    const pair = await pairOf(LOCKED, {}, { memlock: 1 });
    const { runner } = pair.a;
    const step = runner.step.bind(runner);
    vi.spyOn(runner, "step").mockImplementation(() => {
      if (runner.next?.op === "mlock") throw new KernelError("BUG", "mlock", "page: is wrong");
      return step();
    });
    const steps = stepsOf(pair);
    expect(steps.at(-1)).toMatchObject({
      result: { a: "assertion failed: page: is wrong", b: "ENOMEM" },
      state: null,
      cost: [],
    });
    pair.finish();
    expect(pair.b.runner.document.dumps).toHaveLength(1);
    expect([pair.a.assertion, pair.b.assertion]).toEqual(["page: is wrong", null]);
  });
});
