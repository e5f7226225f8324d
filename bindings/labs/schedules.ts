// All schedules of two paths with two switches, counted; and the one in which they meet most closely.

import type { Ending, Overtaking } from "./overtaking.js";
import { meetsMove } from "./pass.js";

/** What came of all schedules. */
export interface Search {
  readonly schedules: number;
  /** Those in which something goes wrong. */
  readonly failing: number;
  /**
   * The schedule to show: the move goes as far as it can without moving an entry, and on again when the walk has looked
   * into one VMA in its last pass and is about to look into the next. Null if they can't meet like that.
   */
  readonly meeting: Ending | null;
}

/** Plays all schedules. */
export function search(paths: Overtaking): Search {
  let [schedules, failing] = [0, 0];
  let meeting: Ending | null = null;
  for (const ending of paths.endings()) {
    schedules++;
    if (ending.wrong !== null) failing++;
    if (meetsMove(ending.log)) meeting = ending;
  }
  return { schedules, failing, meeting };
}
