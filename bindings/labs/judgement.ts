// What was seen against what was expected, and where two sides part.

import type { Disappointment, FirstDifference, ScenarioRun, SideRun } from "./lab-run.js";
import type { Observables } from "./lab.js";

/** Everything that is not as expected: other values, what was not seen, and what nobody named. */
export function disappointments(
  expected: { readonly before: Observables; readonly after: Observables },
  before: Observables,
  after: Observables,
): Disappointment[] {
  return [...ofSide("before", expected.before, before), ...ofSide("after", expected.after, after)];
}

function ofSide(
  side: "before" | "after",
  expected: Observables,
  found: Observables,
): Disappointment[] {
  return namesOf(expected, found)
    .filter((name) => expected[name] !== found[name])
    .map((name) => ({ side, observable: name, expected: expected[name], found: found[name] }));
}

/** Names of observables in the order in which they were seen; an assertion first, as it is why others were not. */
export function namesOf(a: Observables, b: Observables): string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return [
    ...names.filter((name) => name === "assertion"),
    ...names.filter((name) => name !== "assertion"),
  ];
}

/** The first observable of a scenario in which its sides differ. */
export function observableDifference(
  scenario: string,
  before: SideRun,
  after: SideRun,
): FirstDifference | null {
  const parted = differingObservables(before.observables, after.observables);
  const [what] = parted;
  if (what === undefined) return null;
  return {
    ...{ scenario, kind: "observable", line: null, operation: null },
    ...{ differences: parted.length, what },
    before: before.observables[what] ?? null,
    after: after.observables[what] ?? null,
  };
}

/** The observables in which two sides differ. */
export function differingObservables(before: Observables, after: Observables): string[] {
  return namesOf(before, after).filter((name) => before[name] !== after[name]);
}

/** That of the first scenario whose observables differ; if they all agree, of the first whose machines do. */
export function seenFirst(scenarios: readonly ScenarioRun[]): FirstDifference | null {
  const parted = scenarios.find(
    ({ before, after }) => differingObservables(before.observables, after.observables).length > 0,
  );
  const found = parted ?? scenarios.find(({ firstDifference }) => firstDifference !== null);
  return found?.firstDifference ?? null;
}
