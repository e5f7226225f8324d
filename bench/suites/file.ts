import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import { inBatches } from "../batches.js";
import type { BenchIndex } from "../document.js";
import { fileIndexes, oneOf } from "../indexes.js";
import type { Workload, WorkloadState } from "./workload.js";

const SPARE_FRAMES = 64;
const SPARE_VMAS = 8;
/** The first mapping; the others follow with a page between them, so that no two can merge. */
const BASE = 0x10000000;

/** N one-page shared mappings of one file, each at its own offset: the file's index holds N VMAs. */
export const fileWorkload: Workload = {
  suite: "file",
  indexes: fileIndexes,
  operations: ["stab", "page-referenced", "try-to-unmap", "rmap-walk"],
  maxVmas: 2 ** 20,
  sizes: [1, 8, 64, 512, 4096, 16384, 65536],
  quickSizes: [1, 8, 64, 512, 4096, 16384],
  build: buildFile,
};

async function buildFile(vmas: number, index: BenchIndex): Promise<WorkloadState> {
  const kernel = await createKernel({
    fileIndex: oneOf(fileIndexes, index),
    frames: vmas + SPARE_FRAMES,
    maxMapCount: vmas + SPARE_VMAS,
  });
  const empty = kernel.memoryInUse;
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: vmas });
  const batch = kernel.batch();
  const address = (i: number): number => BASE + 2 * i * PAGE_SIZE;
  inBatches(batch, vmas, (i) =>
    batch.mmap(process, {
      address: address(i),
      fixed: true,
      length: PAGE_SIZE,
      prot: "r",
      shared: true,
      file,
      pgoff: i,
    }),
  );
  inBatches(batch, vmas, (i) => batch.read(process, address(i)));
  return {
    kernel,
    frames: Uint32Array.from(process.pages(), (entry) => entry.frame),
    bytesPerVma: (kernel.memoryInUse - empty) / vmas,
  };
}
