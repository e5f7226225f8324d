// A machine with a swap token, and processes that fault pages of theirs in from swap.

import { expect } from "vitest";
import {
  createKernel,
  type Kernel,
  type KernelOptions,
  type Process,
} from "../../bindings/index.js";
import { at, lay, pageAt } from "./ground.js";

/** A kernel with the swap token, and processes that have a page each, which they have touched. */
export async function tokenMachine(
  processes: number,
  options: KernelOptions = {},
): Promise<{ kernel: Kernel; all: Process[] }> {
  const kernel = await createKernel({
    build: "checked",
    frames: 64,
    swap: 64,
    swapToken: "on",
    ...options,
  });
  const all = Array.from({ length: processes }, () => kernel.spawn());
  for (const process of all) {
    lay(process, 0, 1);
    process.write(at(0), process.pid);
  }
  return { kernel, all };
}

/** The process's page goes out to swap, and a fault brings it back: a read from swap. */
export function thrash(kernel: Kernel, process: Process, times = 1): void {
  for (let i = 0; i < times; i++) {
    expect(kernel.shrinkPage(pageAt(process, 0), { force: true })).toBe("reclaimed");
    process.read(at(0));
  }
}

/** Priority, interval and stamp of a process. */
export function tokenOf(process: Process): [number, number, number] {
  const { priority, interval, faultstamp } = process.tokenState!;
  return [priority, interval, faultstamp];
}

/** Makes a page look as if nobody had touched it. */
export function age(kernel: Kernel, process: Process, page = 0): void {
  kernel.pageReferenced(pageAt(process, page), { process });
}
