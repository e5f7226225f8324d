import { RawRecord, type RawMachine } from "../check/raw-machine.js";
import type { Search } from "./prio-search.js";

const PAGE = 4096;

/** A node of an interval tree with the range of its VMA. */
export interface Interval {
  readonly first: number;
  readonly last: number;
  /** The largest last pgoff at and below it. */
  readonly furthest: number;
  readonly left: Interval | null;
  readonly right: Interval | null;
}

/** The shape of an interval tree as the core has it in memory, with maxima of our own. */
export function intervalShape(raw: RawMachine, root: number): Interval | null {
  if (root === 0) return null;
  const node = new RawRecord(raw, root, "IntervalNode");
  const vma = node.follow("vma", "Vma");
  const first = vma.get("pgoff");
  const last = first + (vma.get("end") - vma.get("start")) / PAGE - 1;
  const left = intervalShape(raw, node.get("left"));
  const right = intervalShape(raw, node.get("right"));
  const furthest = Math.max(last, left?.furthest ?? last, right?.furthest ?? last);
  return { first, last, furthest, left, right };
}

/** Searches for what meets [first, last], as spec/commits.md section 8 says, and goes on to the last one. */
export function searchIntervals(
  root: Interval | null,
  first: number,
  last: number,
): Search<Interval> {
  const found: Interval[] = [];
  const visited: Interval[] = [];
  let touched = 0;

  const look = (below: Interval | null): below is Interval => {
    if (below === null) return false;
    touched++;
    return below.furthest >= first;
  };
  /** False when the search is over: a node begins behind what is asked for. */
  const pass = (node: Interval): boolean => {
    visited.push(node);
    if (look(node.left)) {
      if (!pass(node.left)) return false;
      visited.push(node);
      touched++;
    }
    if (node.first > last) return false;
    if (node.last >= first) found.push(node);
    if (look(node.right)) {
      if (!pass(node.right)) return false;
      visited.push(node);
      touched++;
    }
    return true;
  };

  if (look(root)) pass(root);
  return { found, visited, touched };
}
