// One mapping that mprotect has split into as many VMAs as it has pages, all with one anon_vma.

import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { at, lay, PAGE } from "./ground.js";
import type { MachineOptions, MakeKernel } from "./lab.js";

/** One mapping of so many pages, all of them written, then mprotect of every second. */
export async function split(
  makeKernel: MakeKernel,
  vmas: number,
  options: MachineOptions = {},
): Promise<[Kernel, Process]> {
  const kernel = await makeKernel({ frames: vmas + 8, build: "release", ...options });
  const process = kernel.spawn();
  lay(process, 0, vmas);
  kernel.resetCounters();
  for (let page = 1; page < vmas; page += 2) process.mprotect(at(page), PAGE, "r");
  return [kernel, process];
}

/** What some walks cost together. */
export interface WalkCosts {
  readonly walks: number;
  /** Answers of all walks. */
  readonly found: number;
  readonly visited: number;
  readonly touched: number;
  readonly irrelevant: number;
}

/** What walks for every so manieth page cost. */
export function walkCosts(
  kernel: Kernel,
  process: Process,
  every: number,
  walk: "rmapWalk" | "pageReferenced" = "rmapWalk",
): WalkCosts {
  const vmas = process.vmaCount;
  kernel.resetCounters();
  let found = 0;
  for (let n = 0; n < vmas; n += every) {
    const page = process.pageAt(at(n));
    if (page !== null) found += kernel[walk](page);
  }
  const { walks, nodesVisited, nodesTouched, irrelevantVmas } = kernel.counters;
  return { walks, found, visited: nodesVisited, touched: nodesTouched, irrelevant: irrelevantVmas };
}
