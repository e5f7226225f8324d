// All labs, the ten commits first, from the oldest.

import type { Lab } from "./lab.js";
import { memcgStat } from "./memcg-stat.js";

/** Every lab that there is. */
export const labs: readonly Lab[] = [memcgStat];

/** The lab of that name. */
export function labNamed(name: string): Lab | undefined {
  return labs.find((lab) => lab.name === name);
}
