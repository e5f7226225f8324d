// The picture of a lab that has none of its own.

import type { Difference } from "../scenario/dump-comparison.js";
import { differingObservables, namesOf } from "./judgement.js";
import type { LabRun, ScenarioRun } from "./lab-run.js";
import type { Lab } from "./lab.js";
import type { Picture } from "./picture.js";

/** Counts that are so many times apart need a logarithmic scale. */
const FAR_APART = 40;
const MOST_GROUPS = 10;
const MOST_NOTES = 6;

/** The lab's own picture, or one of what its run found; null if nothing can be drawn. */
export function pictureOf(lab: Lab, run: LabRun): Picture | null {
  return lab.picture?.(run) ?? whereTheyPart(run) ?? counts(lab, run);
}

function whereTheyPart({ scenarios }: LabRun): Picture | null {
  const moment = scenarios.find(({ moment }) => (moment?.differences.length ?? 0) > 0)?.moment;
  if (!moment) return null;
  const { line, operation, before, after, differences } = moment;
  const marked = differences.flatMap(({ what }) => {
    const [, place] = /^frame of \[?([^\],:]+)/.exec(what) ?? [];
    const [, process, pages] = /^(\S+): VMA (\d+-\d+)/.exec(what) ?? [];
    return [...(place ? [place] : []), ...(process ? [`${process} ${pages}`] : [])];
  });
  return {
    kind: "space",
    title: `After line ${line}, ${operation}`,
    panels: [
      { title: "before", dump: before, marked, note: note(differences, "a") },
      { title: "after", dump: after, marked, note: note(differences, "b") },
    ],
  };
}

/** What one side shows of that in which they differ. */
function note(differences: readonly Difference[], side: "a" | "b"): string {
  const shown = differences.slice(0, MOST_NOTES).map((one) => `${one.what}: ${one[side]}`);
  const more = differences.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function counts({ title }: Lab, { scenarios }: LabRun): Picture | null {
  const all = scenarios.flatMap((scenario) => groupsOf(scenario));
  const parted = all.filter(({ differs }) => differs);
  const groups = (parted.length > 0 ? parted : all).slice(0, MOST_GROUPS);
  const found = groups.flatMap(({ bars }) => bars.map(({ count }) => count));
  const positive = found.filter((count) => count > 0);
  if (groups.length === 0) return null;
  const isFar = Math.max(...positive, 1) / Math.min(...positive, Infinity) > FAR_APART;
  return { kind: "bars", title, unit: "counts of both sides", log: isFar, groups };
}

function groupsOf({ name, before, after }: ScenarioRun) {
  const parted = new Set(differingObservables(before.observables, after.observables));
  return namesOf(before.observables, after.observables).flatMap((observable) => {
    const a = before.observables[observable];
    const b = after.observables[observable];
    if (typeof a !== "number" || typeof b !== "number") return [];
    const bars = [
      { name: "before", count: a },
      { name: "after", count: b },
    ];
    return [{ title: `${name}: ${observable}`, bars, differs: parted.has(observable) }];
  });
}
