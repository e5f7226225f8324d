import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { BenchIndex } from "../document.js";
import { anonIndexes, oneOf } from "../indexes.js";
import type { Workload, WorkloadState } from "./workload.js";

/** Pages of the parent's mapping, all shared with every child. */
const PAGES = 16;

/** A parent and N - 1 children share its pages: all N VMAs are in the parent's anon_vma, and all are relevant. */
export const forkWorkload: Workload = {
  suite: "fork",
  indexes: anonIndexes,
  // Not try-to-unmap: the N faults that bring a page back to N processes would be nearly all of its time.
  operations: ["stab", "page-referenced", "rmap-walk"],
  maxVmas: 2 ** 14,
  sizes: [1, 8, 64, 512, 4096],
  quickSizes: [1, 8, 64, 512],
  build: buildFork,
};

async function buildFork(vmas: number, index: BenchIndex): Promise<WorkloadState> {
  const kernel = await createKernel({ anonIndex: oneOf(anonIndexes, index) });
  const empty = kernel.memoryInUse;
  const parent = kernel.spawn();
  const start = parent.mmap({ length: PAGES * PAGE_SIZE, prot: "rw" });
  for (let i = 0; i < PAGES; i++) parent.write(start + i * PAGE_SIZE, i);
  for (let child = 1; child < vmas; child++) parent.fork();
  return {
    kernel,
    frames: Uint32Array.from(parent.pages(), (entry) => entry.frame),
    bytesPerVma: (kernel.memoryInUse - empty) / vmas,
  };
}
