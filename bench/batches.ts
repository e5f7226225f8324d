import { BATCH_CAPACITY } from "../assembly/abi/memory.js";
import { KernelError } from "../bindings/core/kernel-error.js";
import type { Batch } from "../bindings/kernel/batch.js";

/**
 * Submits `count` operations through the core's submission buffer, as many at a time as it holds.
 *
 * @param submit adds operation number `i` to the batch: exactly one.
 * @param run runs the filled batch; a measurement puts its clock around this.
 * @throws KernelError of the first operation that failed.
 */
export function inBatches(
  batch: Batch,
  count: number,
  submit: (i: number) => void,
  run: () => void = () => {
    batch.run();
  },
): void {
  for (let begin = 0; begin < count; begin += BATCH_CAPACITY) {
    const end = Math.min(begin + BATCH_CAPACITY, count);
    batch.clear();
    for (let i = begin; i < end; i++) submit(i);
    run();
    for (let i = begin; i < end; i++) {
      const error = batch.error(i - begin);
      if (error !== null) throw new KernelError(error, "batch", `operation ${i} of ${count}`);
    }
  }
  batch.clear();
}
