// The README's table of headline numbers: each cell is what the named observables of its lab are expected to be on that
// side, and test/labs/labs.test.ts holds that they are.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { labNamed } from "../../bindings/labs/index.js";

type Side = "before" | "after";

/** The table's rows: the lab, and the scenario/observable of each number before and after. */
const HEADLINES: readonly [lab: string, before: readonly string[], after: readonly string[]][] = [
  ["memcg-stat", ["flag-left-behind/mappedFileTo"], ["flag-left-behind/mappedFileTo"]],
  ["swap-token", ["thrashing/readsFromSwap"], ["thrashing/readsFromSwap"]],
  ["file-index", ["point-queries/visitedPerQuery"], ["point-queries/visitedPerQuery"]],
  ["prio-pruning", ["point-queries/visitedPerQuery"], ["point-queries/visitedPerQuery"]],
  ["file-index", ["point-queries/differentPerQuery"], ["point-queries/differentPerQuery"]],
  ["prio-pruning", ["point-queries/differentPerQuery"], ["point-queries/differentPerQuery"]],
  [
    "mremap-order",
    ["four-states/noneSchedulesThatLose"],
    [
      "four-states/moveToTailSchedulesThatLose",
      "four-states/alwaysLockSchedulesThatLose",
      "four-states/lockIfNeededSchedulesThatLose",
    ],
  ],
  ["anon-index", ["visits/visitedPerWalk"], ["visits/visitedPerWalk"]],
  ["anon-index", [], ["crossover/visitsFewerFrom", "crossover/touchesFewerFrom"]],
  [
    "anon-index",
    ["children/vmasOfSharedPage", "children/visitedForOwnPages"],
    ["children/vmasOfSharedPage", "children/visitedForOwnPages"],
  ],
  ["vma-address", ["small-pages/vmasInVainOfList"], ["small-pages/vmasInVainOfTree"]],
  ["page-evictable", ["asked-twice/nrMlockAdded"], ["asked-twice/nrMlockAdded"]],
  ["clear-mlock", ["program/mlockfreed"], ["program/mlockfreed"]],
  [
    "notifier-calls",
    ["sleeping-client/placesThatSleepUnderSpinlock"],
    ["sleeping-client/placesThatSleepUnderSpinlock"],
  ],
  ["storage-key", ["next-writeback/buffersMissing"], ["next-writeback/buffersMissing"]],
  ["ksm-walk", ["headline/vmasHanded"], ["headline/vmasHanded"]],
  ["ksm-walk", ["after-mremap/foundNaively"], ["after-mremap/found"]],
  ["fork-chain", ["generations/anonVmasAfter1000"], ["generations/anonVmasAfter1000"]],
];

const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

const rows = page
  .split("\n")
  .map((line) => /^\| `lab ([a-z-]+)` +\|[^|]+\|([^|]+)\|([^|]+)\|/.exec(line))
  .filter((match) => match !== null)
  .map(([, lab = "", before = "", after = ""]) => [lab, before.trim(), after.trim()]);

function cell(lab: string, side: Side, names: readonly string[]): string {
  const numbers = names.map((name) => {
    const [scenario, observable = ""] = name.split("/");
    const found = labNamed(lab)?.scenarios.find((one) => one.name === scenario);
    const value = found?.expected[side][observable];
    return typeof value === "number" ? value.toLocaleString("en-US") : `no number: ${name}`;
  });
  return numbers.join("; ") || "–";
}

test("the README says of each headline what its lab expects, on the side it names", () => {
  const expected = HEADLINES.map(([lab, before, after]) => [
    lab,
    cell(lab, "before", before),
    cell(lab, "after", after),
  ]);
  expect(rows).toEqual(expected);
});
