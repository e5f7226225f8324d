// A machine with a process, and what its tests do with pages: write them, swap them out, move and
// merge them.

import { expect } from "vitest";
import {
  createKernel,
  type Kernel,
  type KernelOptions,
  type MmapOptions,
  type Page,
  type Process,
} from "../../bindings/index.js";
import { at, lay, PAGE, pageAt } from "./ground.js";

/** A checked machine of 64 frames, unless options say otherwise, and a process. */
export async function machine(
  options: KernelOptions = {},
): Promise<{ kernel: Kernel; process: Process }> {
  const kernel = await createKernel({ build: "checked", frames: 64, ...options });
  return { kernel, process: kernel.spawn() };
}

/** Faults that an action takes. */
export function faultsOf(kernel: Kernel, action: () => unknown): number {
  const { faults } = kernel.counters;
  action();
  return kernel.counters.faults - faults;
}

/** Private pages [first, first + n), with the words 100 + page. */
export function fill(process: Process, first: number, n: number): void {
  lay(process, first, n);
  for (let i = first; i < first + n; i++) process.write(at(i), 100 + i);
}

/** Pages from `first` on with these words, which KSM may merge where it may merge at all. */
export function mergeable(
  owner: Process,
  first: number,
  words: readonly number[],
  options: Omit<MmapOptions, "length" | "address" | "fixed"> = {},
): void {
  lay(owner, first, words.length, options);
  for (const [i, word] of words.entries()) owner.write(at(first + i), word);
  owner.madvise(at(first), words.length * PAGE, "mergeable");
}

/** Reclaims pages, one after the other, touched or not. */
export function swapOut(kernel: Kernel, process: Process, pages: readonly number[]): void {
  for (const i of pages) {
    expect(kernel.shrinkPage(pageAt(process, i), { force: true })).toBe("reclaimed");
  }
}

/** Moves a page that can be moved: the one that took its place. */
export function moved(kernel: Kernel, page: Page): Page {
  const migration = kernel.migratePage(page);
  expect(migration.result).toBe("moved");
  return migration.page!;
}
