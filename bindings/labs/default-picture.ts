// The picture of a lab that has none of its own.

import type { Difference } from "../scenario/dump-comparison.js";
import { differingObservables, namesOf } from "./judgement.js";
import type { LabRun, Moment, ScenarioRun } from "./lab-run.js";
import type { Lab, Scenario, ScriptScenario } from "./lab.js";
import type { Picture, SequenceStep } from "./picture.js";

/** Counts that are so many times apart need a logarithmic scale. */
const FAR_APART = 40;
const MOST_GROUPS = 10;
const MOST_NOTES = 6;

/** The lab's own picture, or one of what its run found; null if nothing can be drawn. */
export function pictureOf(lab: Lab, run: LabRun): Picture | null {
  return lab.picture?.(run) ?? whereTheyPart(lab, run) ?? counts(lab, run);
}

function whereTheyPart(lab: Lab, { scenarios }: LabRun): Picture | null {
  const parted = scenarios.find(({ moment }) => (moment?.differences.length ?? 0) > 0);
  const moment = parted?.moment;
  if (!moment) return null;
  const { line, operation, before, after, differences } = moment;
  const marked = differences.flatMap(({ what }) => {
    const [, place] = /^frame of \[?([^\],:]+)/.exec(what) ?? [];
    const [, process, pages] = /^(\S+): VMA (\d+-\d+)/.exec(what) ?? [];
    return [...(place ? [place] : []), ...(process ? [`${process} ${pages}`] : [])];
  });
  const scenario = lab.scenarios.find(({ name }) => name === parted.name);
  // Machines that look the same, and count otherwise, are no sight; the way there is.
  if (marked.length === 0 && scenario && "script" in scenario) return wayTo(moment, scenario);
  return {
    kind: "space",
    title: `After line ${line}, ${operation}`,
    panels: [
      { title: "before", dump: before, marked, note: note(differences, "a") },
      { title: "after", dump: after, marked, note: note(differences, "b") },
    ],
  };
}

/** The script's lines up to that at which its sides part, and what each shows then. */
function wayTo(
  { line, operation, differences }: Moment,
  { script, shows }: ScriptScenario & Scenario,
): Picture {
  const told = script
    .split("\n")
    .slice(0, line)
    .map((one) => one.replace(/#.*/, "").trim())
    .filter((one) => one !== "");
  const after = (side: "a" | "b", actor: string): SequenceStep[] => [
    { actor, words: note(differences, side) },
  ];
  const steps = [
    ...told.map((words) => ({ actor: "script", words })),
    ...after("a", "before"),
    ...after("b", "after"),
  ];
  const title = `They part at line ${line}, ${operation}`;
  const actors = ["script", "before", "after"];
  return { kind: "sequence", title, panels: [{ title: shows, actors, steps }] };
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
