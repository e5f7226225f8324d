import type { Machine } from "../core/machine.js";

/** Called when the usage of a group has come to a threshold, or has gone below it. */
export type ThresholdCallback = (reached: boolean, usage: number) => void;

/** A threshold of a memory cgroup's usage that somebody waits for. */
interface Threshold {
  readonly pages: number;
  /** Of the group; null when it is gone. */
  readonly usage: () => number | null;
  readonly callback: ThresholdCallback;
  reached: boolean;
}

/**
 * All thresholds of a kernel. They are looked at after each call of the core, which may be a batch of operations, as
 * v3.7 looks at them after some number of pages: callbacks may use the kernel as they like.
 */
export class Thresholds {
  readonly #machine: Machine;
  #thresholds: readonly Threshold[] = [];
  #calling = false;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** @returns takes the threshold away again */
  add(pages: number, usage: () => number | null, callback: ThresholdCallback): () => void {
    const threshold = { pages, usage, callback, reached: (usage() ?? 0) >= pages };
    this.#thresholds = [...this.#thresholds, threshold];
    this.#machine.watch = (completions) => this.#look(completions);
    return () => {
      this.#thresholds = this.#thresholds.filter((other) => other !== threshold);
      if (!this.#thresholds.length) this.#machine.watch = null;
    };
  }

  /** @param completions records that the caller of the core has not read yet */
  #look(completions: number): void {
    if (this.#calling) return;
    this.#calling = true;
    try {
      for (const threshold of this.#thresholds) {
        // One that was called may have ended another.
        if (this.#thresholds.includes(threshold)) this.#lookAt(threshold, completions);
      }
    } finally {
      this.#calling = false;
    }
  }

  #lookAt(threshold: Threshold, completions: number): void {
    const usage = threshold.usage();
    if (usage === null || usage >= threshold.pages === threshold.reached) return;
    threshold.reached = !threshold.reached;
    const kept = this.#machine.saveCompletions(completions);
    threshold.callback(threshold.reached, usage);
    this.#machine.loadCompletions(kept);
  }
}
