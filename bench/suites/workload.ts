import type { Kernel } from "../../bindings/kernel/kernel.js";
import type { BenchIndex, BenchOperation, BenchSuite } from "../document.js";

/** Operations that look for the VMAs of a page. */
export type WalkOperation = Exclude<BenchOperation, "split">;

/** A kernel brought into the state that a suite measures. */
export interface WorkloadState {
  readonly kernel: Kernel;
  /** The frames whose pages are walked. */
  readonly frames: Uint32Array;
  /** Linear memory that the state took beyond that of an empty kernel, divided by its VMAs. */
  readonly bytesPerVma: number;
}

/** One suite: how to get N VMAs into one index, and what to measure then. */
export interface Workload {
  readonly suite: BenchSuite;
  readonly indexes: readonly BenchIndex[];
  readonly operations: readonly WalkOperation[];
  /** The most VMAs that it can build. */
  readonly maxVmas: number;
  /** Sizes measured if none are asked for. */
  readonly sizes: readonly number[];
  /** Sizes measured by `--quick`. */
  readonly quickSizes: readonly number[];
  /**
   * Builds the state. The caller disposes of the kernel.
   *
   * @param index one of `indexes`.
   * @throws KernelError ENOMEM if linear memory does not suffice.
   */
  build(vmas: number, index: BenchIndex): Promise<WorkloadState>;
}
