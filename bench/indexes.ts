import type { BenchIndex, BenchSuite } from "./document.js";

/** Every index, the oldest first. */
export const benchIndexes = ["list", "prio-tree", "prio-tree-3.4", "interval-tree"] as const;
/** Those that an anon_vma can have. */
export const anonIndexes = ["list", "interval-tree"] as const satisfies readonly BenchIndex[];
/** Those that a file can have. */
export const fileIndexes = [
  "prio-tree",
  "prio-tree-3.4",
  "interval-tree",
] as const satisfies readonly BenchIndex[];

/** What each suite compares the interval tree with: of files the prio tree that was still whole. */
export const olderIndex: Readonly<Record<BenchSuite, BenchIndex>> = {
  split: "list",
  fork: "list",
  file: "prio-tree",
};

/**
 * `index` as one of `accepted`.
 *
 * @throws Error if it is none of them.
 */
export function oneOf<Index extends BenchIndex>(
  accepted: readonly Index[],
  index: BenchIndex,
): Index {
  const found = accepted.find((name) => name === index);
  if (found === undefined) throw new Error(`${index} is none of ${accepted.join(", ")}`);
  return found;
}
