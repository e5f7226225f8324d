// What a walk cost: added up by the walk in locals, stored once at its end.

import { Counter } from "../abi/counter";
import { forgetLongStep } from "../index/step";
import { count, header } from "../memory/header";
import { traceCost } from "../struct/walk-trace";

/**
 * What one walk cost.
 * @param visited index nodes that became the current node
 * @param touched index nodes of which a field was read
 * @param irrelevant VMAs handed to the walk that do not hold the page's pgoff
 * @param entries page-table entries looked up
 */
export function countWalk(visited: u32, touched: u32, irrelevant: u32, entries: u32): void {
  countWalks(1, visited, touched, irrelevant, entries);
}

/** What n walks cost together. */
export function countWalks(
  n: u32,
  visited: u32,
  touched: u32,
  irrelevant: u32,
  entries: u32,
): void {
  if (CHECKED) {
    const state = header();
    traceCost(visited + state.longVisited, touched + state.longTouched, irrelevant);
  }
  count(Counter.Walks, n);
  count(Counter.NodesVisited, visited);
  count(Counter.NodesTouched, touched);
  if (irrelevant) count(Counter.IrrelevantVmas, irrelevant);
  if (entries) count(Counter.EntriesChecked, entries);
}

/** Was there a step of a prio tree that passed more nodes than it could say? Each walk of a file's VMAs asks. */
export function hasLongSteps(): bool {
  return header().longTouched != 0;
}

/** Counts what the steps of a walk could not say. Apart from countWalk(), which every walk calls. */
export function countLongSteps(): void {
  count(Counter.NodesVisited, header().longVisited);
  count(Counter.NodesTouched, header().longTouched);
  forgetLongStep();
}
