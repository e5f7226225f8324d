import { PAGE_SIZE } from "../assembly/abi/unit.js";
import type { Batch } from "../bindings/kernel/batch.js";
import type { Kernel } from "../bindings/kernel/kernel.js";
import type { Process } from "../bindings/kernel/process.js";
import { inBatches } from "./batches.js";
import type { BenchIndex, BenchRow, BenchTimes } from "./document.js";
import type { Effort } from "./effort.js";
import { splitAt, splitKernel, splitsFor, touchedMapping } from "./suites/split.js";
import { timesOf } from "./walks.js";

/** The counts of a row of splits. */
export type SplitCounts = Pick<BenchRow, "nodesVisited" | "nodesTouched" | "irrelevantVmas">;

/** A mapping that is going to be cut. */
interface Target {
  readonly process: Process;
  readonly start: number;
}

/** Fewer splits than this take too short a time: small sizes cut several mappings a round. */
const SPLITS_A_ROUND = 4096;

/**
 * The cost of a split. A split changes what it measures, so it cannot be repeated on the spot as the
 * `benchmark` package would: a round cuts whole mappings, and the next begins again from a snapshot.
 */
export class SplitRounds {
  /** mprotect calls in a round. */
  readonly splits: number;
  readonly #kernel: Kernel;
  readonly #batch: Batch;
  readonly #targets: readonly Target[];
  /** mprotect calls that cut one mapping. */
  readonly #each: number;

  private constructor(kernel: Kernel, targets: readonly Target[], each: number) {
    this.#kernel = kernel;
    this.#batch = kernel.batch();
    this.#targets = targets;
    this.#each = each;
    this.splits = each * targets.length;
  }

  /**
   * Mappings of `vmas` pages, each in a process of its own, as many as make a round worth timing.
   *
   * @param vmas from 2: one page cannot be split.
   */
  static async prepare(vmas: number, index: BenchIndex): Promise<SplitRounds> {
    const each = splitsFor(vmas);
    const mappings = Math.max(1, Math.floor(SPLITS_A_ROUND / each));
    const kernel = await splitKernel(index, vmas * mappings, vmas);
    const targets = Array.from({ length: mappings }, () => {
      const process = kernel.spawn();
      return { process, start: touchedMapping(kernel, process, vmas) };
    });
    return new SplitRounds(kernel, targets, each);
  }

  /** Exact means per mprotect over one round. */
  count(): SplitCounts {
    const uncut = this.#kernel.snapshot();
    this.#kernel.resetCounters();
    this.#cut();
    const counters = this.#kernel.counters;
    this.#kernel.restore(uncut);
    return {
      nodesVisited: counters.nodesVisited / this.splits,
      nodesTouched: counters.nodesTouched / this.splits,
      irrelevantVmas: counters.irrelevantVmas / this.splits,
    };
  }

  /** Nanoseconds per mprotect; a sample is the mean of a round, after one to warm up. */
  time(effort: Effort): BenchTimes {
    const uncut = this.#kernel.snapshot();
    const samples: number[] = [];
    const begin = performance.now();
    const enough = (): boolean =>
      samples.length >= effort.minSamples && performance.now() - begin >= effort.maxTime * 1000;
    this.#cut();
    while (!enough()) {
      this.#kernel.restore(uncut);
      samples.push((this.#cut() * 1e6) / this.splits);
    }
    this.#kernel.restore(uncut);
    return timesOf(samples);
  }

  /** Gives the kernel back. */
  dispose(): void {
    this.#kernel.dispose();
  }

  /** Cuts every mapping; the milliseconds that the core took, filling its buffer not included. */
  #cut(): number {
    let elapsed = 0;
    inBatches(
      this.#batch,
      this.splits,
      (i) => {
        const { process, start } = this.#targets[Math.floor(i / this.#each)] as Target;
        this.#batch.mprotect(process, splitAt(start, i % this.#each), PAGE_SIZE, "r");
      },
      () => {
        const start = performance.now();
        this.#batch.run();
        elapsed += performance.now() - start;
      },
    );
    return elapsed;
  }
}
