import type { Place } from "../model/prio-tree.js";

/** What a search of a prio tree gives, and what it costs. */
export interface Search<T> {
  readonly found: readonly T[];
  /** Nodes in the order in which they became the current one, again on the way back up. */
  readonly visited: readonly T[];
  readonly touched: number;
}

/**
 * Searches for what meets [first, last], as spec/commits.md section 8 says, step by step.
 *
 * @param prunes false: the beginning of the first pgoffs to the right is not known, as in v3.4
 */
export function searchPrioTree<T>(
  root: Place<T> | null,
  first: number,
  last: number,
  prunes: boolean,
): Search<T> {
  const found: T[] = [];
  const visited: T[] = [];
  let touched = 0;

  const look = (below: Place<T> | null): below is Place<T> => {
    if (below === null) return false;
    touched++;
    return below.last >= first;
  };
  const come = (place: Place<T>): void => {
    visited.push(place.members[0] as T);
  };
  /** False when the search is over, as it has come to an end without a first find. */
  const descend = (place: Place<T>, prefix: number): boolean => {
    come(place);
    if (place.first <= last && place.last >= first) {
      const [, ...ring] = place.members;
      found.push(...place.members);
      visited.push(...ring);
      // The head is looked at once more to see that the ring is through.
      touched += ring.length === 0 ? 0 : ring.length + 1;
    }
    const begin = place.turn < 0 ? prefix : prefix + 2 ** place.turn;
    for (const side of ["left", "right"] as const) {
      if (side === "right" && begin > last) continue;
      const below = place[side];
      if (!look(below)) continue;
      if (!descend(below, side === "right" && prunes ? begin : prefix)) return false;
      if (found.length === 0) return false;
      come(place);
      touched++;
    }
    return true;
  };

  if (look(root)) descend(root, 0);
  return { found, visited, touched };
}
