// A machine with room for a few huge pages, and a process that may have them.

import {
  createKernel,
  type Kernel,
  type KernelOptions,
  type Process,
} from "../../bindings/index.js";
import { at, lay, PAGE } from "./ground.js";

/** Pages of a huge page. */
export const HUGE = 512;

/** A checked machine of four rows of frames, unless options say otherwise, and a process. */
export async function hugeMachine(
  options: KernelOptions = {},
): Promise<{ kernel: Kernel; process: Process }> {
  const kernel = await createKernel({
    build: "checked",
    frames: 5 * HUGE - 1,
    transparentHugepage: "always",
    ...options,
  });
  return { kernel, process: kernel.spawn() };
}

/** Lays private memory of so many huge pages, and writes to each of the first pages given. */
export function layHuge(process: Process, first: number, n: number, written: number[]): void {
  lay(process, first, n * HUGE);
  for (const page of written) process.write(at(page), 1000 + page);
}

/** Splits what a page of the ground is part of. */
export function splitAt(kernel: Kernel, process: Process, page: number): boolean {
  const found = process.pageAt(at(page));
  return found !== null && kernel.splitHugePage(found);
}

/** Bytes of n huge pages. */
export function hugeBytes(n: number): number {
  return n * HUGE * PAGE;
}
