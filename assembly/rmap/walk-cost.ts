// What a walk cost: added up by the walk in locals, stored once at its end.

import { Counter } from "../abi";
import { count } from "../memory/header";

/**
 * @param handed nodes that the index handed to the walk
 * @param irrelevant those whose VMA does not hold the page's pgoff
 * @param entries page-table entries looked up
 */
export function countWalk(handed: u32, irrelevant: u32, entries: u32): void {
  count(Counter.Walks, 1);
  count(Counter.NodesVisited, handed);
  count(Counter.NodesTouched, handed);
  count(Counter.IrrelevantVmas, irrelevant);
  count(Counter.EntriesChecked, entries);
}
