// `npm run bench:memory`: what 262,144 VMAs, split by mprotect in one process, take in time and memory.

import { PAGE_SIZE } from "../assembly/abi/unit.js";
import { inBatches } from "./batches.js";
import { splitAt, splitKernel, splitsFor, touchedMapping } from "./suites/split.js";

const VMAS = 262_144;
const ROUNDS = 5;
/** Limits: seconds for the splits, bytes of linear memory for each VMA. */
const SECONDS = 2;
const BYTES = 250;

const seconds: number[] = [];
let bytes = 0;
for (let round = 0; round < ROUNDS; round++) {
  const kernel = await splitKernel("interval-tree", VMAS, VMAS);
  const process = kernel.spawn();
  const start = touchedMapping(kernel, process, VMAS);
  const batch = kernel.batch();
  const begin = performance.now();
  inBatches(batch, splitsFor(VMAS), (i) =>
    batch.mprotect(process, splitAt(start, i), PAGE_SIZE, "r"),
  );
  seconds.push((performance.now() - begin) / 1000);
  bytes = kernel.memoryInUse / VMAS;
  kernel.dispose();
}
seconds.sort((a, b) => a - b);
const median = seconds[Math.floor(ROUNDS / 2)] ?? NaN;
const passed = median < SECONDS && bytes < BYTES;
console.log(`${VMAS} VMAs, split by ${splitsFor(VMAS)} calls of mprotect in one process`);
console.log(
  `time    ${median.toFixed(3)} s (of ${ROUNDS}: ${seconds[0]?.toFixed(3)} – ${seconds.at(-1)?.toFixed(3)}), limit ${SECONDS} s`,
);
console.log(
  `memory  ${bytes.toFixed(1)} bytes a VMA: all linear memory in use, pages and page tables included; limit ${BYTES}`,
);
if (!passed) process.exitCode = 1;
