import type { SideRun } from "./lab-run.js";
import type { Observables, Sight } from "./lab.js";

/** What a scenario gave, whichever way it said it. */
export function sightOf(found: Observables | Sight): SideRun {
  if (isSight(found)) return { observables: found.observables, shown: found.shown ?? [] };
  return { observables: found, shown: [] };
}

function isSight(found: Observables | Sight): found is Sight {
  return typeof found["observables"] === "object";
}
