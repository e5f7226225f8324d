// Machines with huge pages of the pool.

import {
  createKernel,
  type Kernel,
  type KernelOptions,
  type Process,
} from "../../bindings/index.js";

/** Pages of a huge page. */
export const HUGE = 512;

/** A checked machine with a pool of n huge pages, and a process. */
export async function pool(
  n: number,
  options: KernelOptions = {},
): Promise<{ kernel: Kernel; process: Process }> {
  const frames = (n + 1) * HUGE + 64;
  const kernel = await createKernel({ build: "checked", frames, hugePages: n, ...options });
  return { kernel, process: kernel.spawn() };
}

/** The pool as "total free reserved". */
export function poolOf(kernel: Kernel): string {
  const { total, free, reserved } = kernel.hugePages;
  return `${total} ${free} ${reserved}`;
}
