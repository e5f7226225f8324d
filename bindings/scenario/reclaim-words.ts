// What reclaim did with the pages that it looked at, in words.

import type { KernelEvent } from "../kernel/kernel-event.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Fate } from "../kernel/reverse-map.js";
import { whyStayed } from "./staying.js";
import { pageIn } from "./subject.js";
import { counted, listed, LISTED, placeOf } from "./wording.js";

/** By PageFate, as the events have it. */
const FATES: readonly Fate[] = ["reclaimed", "kept", "activated", "culled", "not-isolated"];

/** Pages that were looked at and stayed, by reason; a page that is met again counts as it was at last. */
export function leftByReclaim(kernel: Kernel, events: readonly KernelEvent[]): string[] {
  const fates = new Map<number, Fate>();
  for (const { a, b } of events) fates.set(a, FATES[b] ?? "kept");
  const places = new Map<string, string[]>();
  for (const [frame, fate] of fates) {
    const page = fate === "reclaimed" ? null : pageIn(kernel, frame);
    if (page === null) continue;
    const why = whyStayed(page, fate);
    const same = places.get(why);
    if (same === undefined) places.set(why, [placeOf(page)]);
    else same.push(placeOf(page));
  }
  const words = [...places].map(
    ([why, pages]) => `${listed(pages, "pages")} ${pages.length === 1 ? "stays" : "stay"}: ${why}`,
  );
  return words.slice(0, LISTED);
}

/** What reclaim freed for an operation that was about something else. */
export function freedOnTheWay(events: readonly KernelEvent[]): string[] {
  const freed = events.filter(({ b }) => FATES[b] === "reclaimed").length;
  return freed === 0 ? [] : [`${counted(freed, "page")} reclaimed to make room`];
}
