// verify() finds a swap token that is not where it can be, and processes that are held and not counted.

import { expect, test } from "vitest";
import { Violated } from "../../assembly/violated.js";
import type { Kernel, Process } from "../../bindings/index.js";
import { thrash, tokenMachine } from "../api/token-machine.js";
import { RawMachine } from "./raw-machine.js";

type Damage = (raw: RawMachine, a: Process, b: Process) => void;

async function damaged(damage: Damage): Promise<{ kernel: Kernel; messages: string[] }> {
  const { kernel, all } = await tokenMachine(2);
  const [a, b] = [all[0]!, all[1]!];
  thrash(kernel, a);
  b.hold();
  expect(kernel.verify()).toEqual([]);
  damage(new RawMachine(kernel), a, b);
  return { kernel, messages: kernel.verify().map(({ message }) => message) };
}

const damages: readonly (readonly [string, Damage, string[]])[] = [
  [
    "a holder that is none",
    ({ header }) => header.set("swapTokenMm", header.get("swapTokenMm") + 8),
    ["the swap token is held by an address space that is gone"],
  ],
  [
    "a holder in another cgroup",
    ({ header }) => header.set("swapTokenMemcg", 8),
    ["process 1 has the swap token, but nobody runs in it, or it is in another cgroup than it was"],
  ],
  [
    "a cgroup of nobody",
    ({ header }) => header.set("swapTokenMm", 0),
    ["nobody has the swap token, but the cgroup of its holder is known"],
  ],
  [
    "a token where there is none",
    ({ header }) => header.set("swapToken", 1),
    ["there is no swap token, but somebody has had it"],
  ],
  ["the lock taken", ({ header }) => header.set("swapTokenLock", 1), ["1 lock is still held"]],
  [
    "held processes counted wrong",
    ({ header }) => header.set("tasksHeld", 2),
    ["2 processes are counted as held inside a fault, 1 is"],
  ],
  [
    "held processes of an address space counted wrong",
    (raw, _a, b) => {
      raw.mm(b).set("heldReaders", 0);
      raw.mm(b).set("mmapSemReaders", 0);
    },
    ["0 processes are counted as held inside a fault in process 2, 1 is"],
  ],
  [
    "mmap_sem without its reader",
    (raw, _a, b) => {
      raw.mm(b).set("mmapSemReaders", 0);
    },
    ["mmap_sem or page_table_lock of process 2 is still taken"],
  ],
];

test.each(damages)("%s", async (_name, damage, messages) => {
  const { kernel, messages: found } = await damaged(damage);
  expect(found).toEqual(messages);
  kernel.dispose();
});

test("the numbers of what is found are those of the fourth invariant", () => {
  const numbers = [Violated.SwapTokenHolder, Violated.SwapTokenUnused, Violated.TasksHeld];
  expect(numbers.map((kind) => Math.floor(kind / 100))).toEqual([4, 4, 4]);
});
