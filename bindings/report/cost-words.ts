// What an operation costs, in words: counters by their names for people, locks by how often and how long.

import type { Counters } from "../kernel/counters.js";
import type { Difference } from "../scenario/dump-comparison.js";
import { formatCount } from "./numbers.js";

/** What each counter counts. */
const COUNTED: Readonly<Record<keyof Counters, string>> = {
  walks: "walks",
  nodesVisited: "nodes visited",
  nodesTouched: "nodes touched",
  irrelevantVmas: "irrelevant VMAs",
  entriesChecked: "entries checked",
  comparisons: "key comparisons",
  rotations: "rotations",
  maximaRewritten: "subtree maxima rewritten",
  indexInserts: "inserts into indexes",
  indexRemoves: "removals from indexes",
  vmaSplits: "VMA splits",
  vmaMerges: "VMA merges",
  anonVmasCreated: "anon_vmas made",
  chainsCreated: "anon_vma_chains made",
  faults: "faults",
  pagesCopied: "pages copied",
  clustersScanned: "clusters of 32 pages scanned",
  buffersMissing: "dirty pages without buffers",
};

const counterWords = new Map<string, string>(Object.entries(COUNTED));
/** All locks together, among costs. */
const ALL_STEPS = "steps";
const OF_A_LOCK = /^(.+) (taken|steps)$/;

/** "nodes visited", "anon_vma mutex: steps held": what is counted under a name of `readCosts`. */
export function costName(name: string): string {
  if (name === ALL_STEPS) return "steps of all paths";
  const [, lock, kind] = OF_A_LOCK.exec(name) ?? [];
  if (lock !== undefined) return `${lock}: ${kind === "taken" ? "times taken" : "steps held"}`;
  return counterWords.get(name) ?? name;
}

/** "nodes visited 8 → 3", for each counter that differs. */
export function counterChanges(cost: readonly Difference[]): string[] {
  return cost
    .filter(({ what }) => !isOfLocks(what))
    .map((one) => `${costName(one.what)} ${change(one)}`);
}

/** "anon_vma mutex taken 3 → 4 times, held 3 → 4 steps", for each lock that is used otherwise. */
export function lockChanges(cost: readonly Difference[]): string[] {
  const byLock = new Map<string, string[]>();
  for (const one of cost) {
    const [, lock, kind] = OF_A_LOCK.exec(one.what) ?? [];
    if (lock === undefined) continue;
    const words = kind === "taken" ? `taken ${change(one)} times` : `held ${change(one)} steps`;
    byLock.set(lock, [...(byLock.get(lock) ?? []), words]);
  }
  const all = cost.find(({ what }) => what === ALL_STEPS);
  return [
    ...[...byLock].map(([lock, words]) => `${lock} ${words.join(", ")}`),
    ...(all === undefined ? [] : [`${change(all)} steps of all paths`]),
  ];
}

/** "8 → 3" */
function change({ a, b }: Difference): string {
  return `${amount(a)} → ${amount(b)}`;
}

function isOfLocks(name: string): boolean {
  return name === ALL_STEPS || OF_A_LOCK.test(name);
}

function amount(value: number | string): string {
  return typeof value === "number" ? formatCount(value) : value;
}
