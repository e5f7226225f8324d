// The four states of mremap's order (spec/commits.md section 7): which locks a move takes, and what it does to a list.
// That no walk misses an entry, or which does, is in test/explore/mremap-races.test.ts.

import { describe, expect, test } from "vitest";
import {
  createKernel,
  DEFAULT_STACK_TOP as TOP,
  type Kernel,
  type KernelOptions,
  type Process,
} from "../../bindings/index.js";
import { at, expectHealthy, lay, layout, PAGE, pageAt, places } from "./ground.js";
import { HUGE } from "./huge.js";

const list = { anonIndex: "list" } as const;
const tree = { anonIndex: "interval-tree", vmaAddress: "checked" } as const;

async function machine(options: KernelOptions): Promise<{ kernel: Kernel; process: Process }> {
  const kernel = await createKernel({ frames: 64, build: "checked", ...options });
  return { kernel, process: kernel.spawn() };
}

function write(process: Process, first: number, n: number): void {
  for (let page = first; page < first + n; page++) process.write(at(page), page);
}

/** Moves pages [2, 4) away, or back. */
const away = (process: Process, first = 0): number =>
  process.mremap(at(first + 2), 2 * PAGE, 2 * PAGE, { to: at(first + 50) });
const back = (process: Process, first = 0): number =>
  process.mremap(at(first + 50), 2 * PAGE, 2 * PAGE, { to: at(first + 2) });

// Beside those of the move: a list locks nothing where only the end of a VMA moves, a tree does.
describe.each([
  { ...list, mremapOrder: "none", anon: [3, 1], file: [4, 3], exec: 5 },
  { ...list, mremapOrder: "move-to-tail", anon: [3, 2], file: [4, 3], exec: 5 },
  { ...list, mremapOrder: "always-lock", anon: [4, 2], file: [4, 3], exec: 6 },
  { ...tree, mremapOrder: "none", anon: [4, 2], file: [4, 3], exec: 6 },
  { ...tree, mremapOrder: "always-lock", anon: [5, 3], file: [4, 3], exec: 7 },
  { ...tree, mremapOrder: "lock-if-needed", anon: [4, 3], file: [3, 3], exec: 6 },
] as const)("$mremapOrder with the $anonIndex", ({ anon, file, exec, ...options }) => {
  async function taken(
    name: "anon_vma mutex" | "i_mmap_mutex",
    lays: (k: Kernel, p: Process) => void,
  ) {
    const { kernel, process } = await machine(options);
    lays(kernel, process);
    return [away, back].map((move) => {
      kernel.resetCounters();
      move(process);
      expectHealthy(kernel);
      return kernel.lockCounters?.locks[name].taken;
    });
  }

  test(`takes the anon_vma's mutex ${anon.join(" and ")} times for a move away and back`, async () => {
    const locks = await taken("anon_vma mutex", (_, process) => {
      lay(process, 0, 4);
      write(process, 0, 4);
    });
    expect(locks).toEqual(anon);
  });

  test(`takes a file's mutex ${file.join(" and ")} times`, async () => {
    const locks = await taken("i_mmap_mutex", (kernel, process) => {
      lay(process, 0, 4, { file: kernel.createFile({ pages: 4 }), shared: true });
      write(process, 0, 4);
    });
    expect(locks).toEqual(file);
  });

  test(`takes the anon_vma's mutex ${exec} times for exec's stack`, async () => {
    const { kernel, process } = await machine(options);
    kernel.resetCounters();
    process.exec({ stack: { pages: 2, top: TOP } });
    expect(kernel.lockCounters?.locks["anon_vma mutex"].taken).toBe(exec);
    expectHealthy(kernel);
  });
});

describe.each([
  { ...list, mremapOrder: "none", moves: false },
  { ...list, mremapOrder: "move-to-tail", moves: true },
  { ...list, mremapOrder: "always-lock", moves: false },
] as const)("$mremapOrder and the order of the list", ({ moves, ...options }) => {
  test("a VMA that the moved pages join comes last, if that is how walks are kept in order", async () => {
    const { kernel, process } = await machine(options);
    lay(process, 0, 4);
    write(process, 0, 4);
    const child = process.fork();
    const page = pageAt(process, 1);
    const order = [`${process.pid}:1`, `${child.pid}:1`];
    away(process);
    expect(places(page)).toEqual(order);
    back(process);
    expect(layout(process)).toEqual(["0-4 rw-p"]);
    expect(places(page)).toEqual(moves ? order.reverse() : order);
    expectHealthy(kernel);
  });

  test("it comes last in each of its lists", async () => {
    const { kernel, process: parent } = await machine(options);
    lay(parent, 0, 4);
    write(parent, 0, 2);
    const process = parent.fork();
    write(process, 1, 3);
    const child = process.fork();
    away(process);
    back(process);
    const [own, other] = [process.pid, child.pid];
    const orders = [0, 1].map((n) => places(pageAt(process, n)));
    expect(orders).toEqual(
      moves
        ? [
            [`${parent.pid}:0`, `${other}:0`, `${own}:0`],
            [`${other}:1`, `${own}:1`],
          ]
        : [
            [`${parent.pid}:0`, `${own}:0`, `${other}:0`],
            [`${own}:1`, `${other}:1`],
          ],
    );
    expectHealthy(kernel);
  });

  test("a VMA that joins its own copy stays where it is", async () => {
    const { kernel, process } = await machine(options);
    lay(process, 0, 2);
    write(process, 0, 2);
    const child = process.fork();
    lay(process, 4, 2);
    process.mremap(at(4), 2 * PAGE, 2 * PAGE, { to: at(2) });
    expect(layout(process)).toEqual(["0-4 rw-p"]);
    expect(places(pageAt(process, 1))).toEqual([`${process.pid}:1`, `${child.pid}:1`]);
    expectHealthy(kernel);
  });
});

/** Two huge pages, of which the second moves away and back: how often the mutex is taken. */
async function mutexForHuge(options: KernelOptions): Promise<(number | undefined)[]> {
  const kernel = await createKernel({ ...options, frames: 4096, build: "checked" });
  const process = kernel.spawn();
  lay(process, 0, 2 * HUGE);
  process.madvise(at(0), 2 * HUGE * PAGE, "hugepage");
  process.write(at(0), 1);
  process.write(at(HUGE), 2);
  const moves = [
    [HUGE, 8 * HUGE],
    [8 * HUGE, HUGE],
  ] as const;
  const taken = moves.map(([from, to]) => {
    kernel.resetCounters();
    process.mremap(at(from), HUGE * PAGE, HUGE * PAGE, { to: at(to) });
    expectHealthy(kernel);
    return kernel.lockCounters?.locks["anon_vma mutex"].taken;
  });
  expect(pageAt(process, HUGE).hugePage).not.toBe(null);
  return taken;
}

test.each([
  { ...list, mremapOrder: "none", more: [0, 0] },
  { ...list, mremapOrder: "move-to-tail", more: [0, 0] },
  { ...list, mremapOrder: "always-lock", more: [1, 1] },
  { ...tree, mremapOrder: "always-lock", more: [1, 1] },
  { ...tree, mremapOrder: "lock-if-needed", more: [0, 1] },
] as const)(
  "a huge entry moves under the mutex if small ones do, once that is repaired: $mremapOrder, $anonIndex",
  async ({ more, ...options }) => {
    const before = await mutexForHuge({ ...options, hugeMove: "ptl-only" });
    const after = await mutexForHuge({ ...options, hugeMove: "rmap-locks" });
    expect(after.map((n, i) => Number(n) - Number(before[i]))).toEqual(more);
  },
);
