import { expect, test } from "vitest";
import {
  createKernel,
  type File,
  type Kernel,
  type Page,
  type Process,
} from "../../bindings/index.js";
import { messages, pageAt } from "./family.js";
import { RawMachine } from "./raw-machine.js";

const PAGE = 4096;

/** Two pages that KSM has made one, then two of their own. */
export const HEAP = 0x10000000;
/** One locked page. */
export const LOCKED = 0x20000000;
/** A disk's file: page 0 was written here, page 1 read. */
export const DISK = 0x30000000;

/** A process whose pages are merged, locked, on lists, dirty. */
export interface WorkingMachine {
  readonly kernel: Kernel;
  readonly raw: RawMachine;
  readonly process: Process;
  readonly file: File;
  /** That KSM shares. */
  readonly shared: Page;
}

/** A machine on which reclaim, KSM, mlock and writeback have something to do. */
export async function setToWork(): Promise<WorkingMachine> {
  const kernel = await createKernel({ build: "checked", frames: 256 });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 4, kind: "disk" });
  const fixed = true;
  process.mmap({ address: HEAP, length: 4 * PAGE, fixed });
  process.mmap({ address: LOCKED, length: PAGE, fixed, locked: true });
  process.mmap({ address: DISK, length: 4 * PAGE, fixed, file, shared: true });
  for (const [i, word] of [5, 5, 6, 7].entries()) process.write(HEAP + i * PAGE, word);
  process.madvise(HEAP, 4 * PAGE, "mergeable");
  kernel.ksm.settle();
  process.write(DISK, 1);
  process.read(DISK + PAGE);
  return { kernel, raw: new RawMachine(kernel), process, file, shared: pageAt(process, HEAP) };
}

/** A test that damages one thing of it; `damage` returns all that verify() must say. */
export function workDamageTest(
  sentence: string,
  damage: (machine: WorkingMachine) => string[],
): void {
  test(sentence, async () => {
    const machine = await setToWork();
    expect(messages(machine.kernel)).toEqual([]);
    const expected = damage(machine);
    expect(messages(machine.kernel)).toEqual(expected);
    machine.kernel.dispose();
  });
}
