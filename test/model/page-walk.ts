import type { PresentEntry } from "./address-space.js";
import { SharedContent } from "./ksm-content.js";
import type { WalkOrder } from "./memory.js";
import type { Page } from "./page.js";
import type { Vma } from "./vma.js";

/** A place where a page may be mapped. */
export interface Place {
  readonly vma: Vma;
  readonly address: number;
}

/** A place where it is. */
export interface Mapping extends Place {
  readonly entry: PresentEntry;
}

/** Every place that a walk of the page looks at, in its order. */
export function places(page: Page, order: WalkOrder = page.memory.walkOrder): readonly Place[] {
  const { owner, index } = page;
  if (owner instanceof SharedContent) return owner.places(order);
  return page.candidates(order).map((vma) => ({ vma, address: vma.addressOf(index) }));
}

export function entryFor(page: Page, { vma, address }: Place): PresentEntry | undefined {
  const entry = vma.space.entries.get(address);
  return entry !== undefined && "page" in entry && entry.page === page ? entry : undefined;
}

/** Every entry for the page that a walk finds; looked for anew at each step, as a walk changes what it passes. */
export function* mappings(page: Page): Generator<Mapping> {
  for (const place of places(page)) {
    const entry = entryFor(page, place);
    if (entry !== undefined) yield { ...place, entry };
  }
}
