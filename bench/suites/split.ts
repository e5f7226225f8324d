import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { Kernel } from "../../bindings/kernel/kernel.js";
import type { Process } from "../../bindings/kernel/process.js";
import { inBatches } from "../batches.js";
import type { BenchIndex } from "../document.js";
import { anonIndexes, oneOf } from "../indexes.js";
import type { Workload, WorkloadState } from "./workload.js";

/** Frames beyond one a page: the zero page, and what a kernel keeps for itself. */
const SPARE_FRAMES = 64;
/** A split needs room for one VMA more before it is done. */
const SPARE_VMAS = 8;

/** One VMA of N pages, all written; mprotect on every second page makes N VMAs in one anon_vma. */
export const splitWorkload: Workload = {
  suite: "split",
  indexes: anonIndexes,
  operations: ["stab", "page-referenced", "try-to-unmap", "rmap-walk"],
  maxVmas: 2 ** 20,
  sizes: [1, 8, 64, 512, 4096, 16384, 65536],
  quickSizes: [1, 8, 64, 512, 4096, 16384],
  build: buildSplit,
};

async function buildSplit(vmas: number, index: BenchIndex): Promise<WorkloadState> {
  const kernel = await splitKernel(index, vmas, vmas);
  const empty = kernel.memoryInUse;
  const process = kernel.spawn();
  const start = touchedMapping(kernel, process, vmas);
  const batch = kernel.batch();
  inBatches(batch, splitsFor(vmas), (i) =>
    batch.mprotect(process, splitAt(start, i), PAGE_SIZE, "r"),
  );
  return {
    kernel,
    frames: Uint32Array.from(process.pages(), (entry) => entry.frame),
    bytesPerVma: (kernel.memoryInUse - empty) / vmas,
  };
}

/** A kernel with room for `pages` pages, and `vmas` VMAs a process. */
export function splitKernel(index: BenchIndex, pages: number, vmas: number): Promise<Kernel> {
  return createKernel({
    anonIndex: oneOf(anonIndexes, index),
    frames: pages + SPARE_FRAMES,
    maxMapCount: vmas + SPARE_VMAS,
  });
}

/** Maps `pages` pages, readable and writable, and writes to each; the address of the first. */
export function touchedMapping(kernel: Kernel, process: Process, pages: number): number {
  const start = process.mmap({ length: pages * PAGE_SIZE, prot: "rw" });
  const batch = kernel.batch();
  inBatches(batch, pages, (i) => batch.write(process, start + i * PAGE_SIZE, i));
  return start;
}

/** How many mprotect calls cut one VMA of `vmas` pages into `vmas` VMAs. */
export function splitsFor(vmas: number): number {
  return Math.floor(vmas / 2);
}

/** The page that mprotect call number `i` takes: 1, 3, 5, ... */
export function splitAt(start: number, i: number): number {
  return start + (2 * i + 1) * PAGE_SIZE;
}
