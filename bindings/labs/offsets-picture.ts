// A walk for the third of four huge pages of the pool, as a panel of a picture on an axis of page offsets.

import { HUGE } from "./ground.js";
import type { Observables } from "./lab.js";
import type { OffsetsPicture } from "./picture.js";
import { type Cut, HALF, OWN, WHOLE } from "./pool.js";

type Panel = OffsetsPicture["panels"][number];
type Vma = Panel["vmas"][number];

/**
 * @param seen what walked() has found
 * @param asked the offset that the walk asks an index for; none if it is a list
 */
export function poolPanel(title: string, cut: Cut, seen: Observables, asked?: number): Panel {
  const wrong = seen["assertion"] !== undefined || seen["entriesFound"] === 0;
  return {
    title,
    ...{ length: WHOLE, every: HUGE },
    vmas: [...(cut === "split" ? [first(seen)] : []), second(seen)],
    page: { first: HALF, end: HALF + HUGE },
    ...(asked === undefined ? {} : { asked }),
    end: ending(seen),
    ...(wrong ? { isWrong: true } : {}),
  };
}

function first({ assertion, vmasInVain }: Observables): Vma {
  const place = { first: 0, end: HALF };
  if (assertion !== undefined) {
    return {
      ...place,
      handed: "wrong",
      words: "handed out; the page's address lies behind its end",
    };
  }
  return vmasInVain === 1
    ? { ...place, handed: "in vain", words: "handed out, and passed over" }
    : { ...place, handed: "no", words: "not handed out" };
}

function second({ foundThrough }: Observables): Vma {
  const place = { first: HALF, end: WHOLE };
  return foundThrough === OWN
    ? { ...place, handed: "found", words: "handed out, and maps the page" }
    : { ...place, handed: "no", words: "not handed out" };
}

function ending({ assertion, entriesFound }: Observables): string {
  if (assertion !== undefined) return `The walk ends in an assertion: ${assertion}`;
  return entriesFound === 0
    ? "The walk finds nothing: the page can't migrate."
    : "The walk finds the page.";
}
