import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import { walksIn } from "../kernel/walk-trace.js";

/** A search as it went: the nodes at which it was, in order, each by the first page of its range. */
export interface SearchWay {
  readonly nodes: readonly number[];
  /** Entries that the walk found. */
  readonly found: number;
}

/** The way of a walk for the page through the index, in a build that records walks. */
export function searchWay(kernel: Kernel, page: Page): SearchWay {
  kernel.recordEvents(true, { walks: true });
  const found = kernel.rmapWalk(page);
  const [walk] = walksIn(kernel.takeEvents());
  kernel.recordEvents(false);
  const steps = walk?.steps ?? [];
  return { found, nodes: steps.flatMap((step) => (step.step === "node" ? [step.first] : [])) };
}

/** Visits of nodes at which the search was before: its ways back. */
export function returnsOf({ nodes }: SearchWay): number {
  return nodes.length - new Set(nodes).size;
}
