// Operations on the pages that a range of a process shows.

import { KernelError } from "../core/kernel-error.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Collapse } from "../kernel/collapse.js";
import type { Process } from "../kernel/process.js";
import { addressOf, bytesOf, pageOf } from "./arena.js";
import { whyUnsuitable } from "./collapse-words.js";
import { type Stayed, whyForcedStayed, whyNotMoved } from "./staying.js";

/** What became of the pages of a range. */
export interface RangeOutcome {
  /** How many went. */
  readonly gone: number;
  /** Those that did not, by address. */
  readonly stayed: readonly Stayed[];
  /** The page number in the range of each frame that was looked at. */
  readonly numbers: ReadonlyMap<number, number>;
}

/** The pages of a range, each once, in the order of their addresses, with its first page number. */
function pagesOf(process: Process, page: number, count: number): [number, Page][] {
  const start = addressOf(page);
  const end = start + bytesOf(count);
  const pages = new Map<number, [number, Page]>();
  for (const { address, frame } of process.pages()) {
    if (frame < 0 || address < start || address >= end || pages.has(frame)) continue;
    const shown = process.pageAt(address);
    if (shown === null) continue;
    // A huge page of the pool is one page, and goes as one.
    const one = shown.hugetlb ? shown.hugePage : null;
    if (one === null) pages.set(frame, [pageOf(address), shown]);
    else if (!pages.has(one.frame)) pages.set(one.frame, [pageOf(address), one]);
  }
  return [...pages.values()];
}

/** Does something with every page of a range; `leave` gives why a page stayed, or null if it went. */
function forEachPage(
  process: Process,
  page: number,
  count: number,
  leave: (shown: Page) => string | null,
): RangeOutcome {
  const stayed: Stayed[] = [];
  const pages = pagesOf(process, page, count);
  const numbers = new Map(pages.map(([number, { frame }]) => [frame, number]));
  for (const [number, shown] of pages) {
    const why = leave(shown);
    if (why !== null) stayed.push({ page: number, why });
  }
  return { gone: pages.length - stayed.length, stayed, numbers };
}

/** Makes reclaim take every page of the range, used or not. */
export function swapOut(
  kernel: Kernel,
  process: Process,
  page: number,
  count: number,
): RangeOutcome {
  return forEachPage(process, page, count, (shown) => {
    const fate = kernel.shrinkPage(shown, { force: true });
    return fate === "reclaimed" ? null : whyForcedStayed(kernel, shown, fate);
  });
}

/** Moves every page of the range to another frame. @throws KernelError ENOMEM when there is none */
export function migrate(
  kernel: Kernel,
  process: Process,
  page: number,
  count: number,
): RangeOutcome {
  return forEachPage(process, page, count, (shown) => {
    const { result } = kernel.migratePage(shown);
    if (result === "no-memory") {
      const missing = shown.hugetlb
        ? "no huge page of the pool is free and not promised"
        : "no frame is free";
      throw new KernelError("ENOMEM", "migrate", missing);
    }
    return result === "moved" ? null : whyNotMoved(shown, result);
  });
}

/** What khugepaged says of a range that it leaves, as the error that a program would get of it. */
const UNCOLLAPSED: Readonly<Record<Exclude<Collapse, "collapsed">, readonly [string, string]>> = {
  "not-eligible": ["EINVAL", "not all of it is of one VMA that may have huge pages"],
  "nothing-there": ["EFAULT", "nothing of it was touched, or it is a huge page already"],
  unsuitable: ["EBUSY", ""],
  idle: ["EAGAIN", "no page of it was touched lately"],
  "no-memory": ["ENOMEM", "there are not so many free frames in a row"],
};

/** khugepaged's collapse of the range that a page lies in. @throws KernelError */
export function collapse(process: Process, page: number): void {
  const became = process.collapse(addressOf(page));
  if (became === "collapsed") return;
  const [code, why] = UNCOLLAPSED[became];
  throw new KernelError(code, "collapse", why || whyUnsuitable(process, page));
}

/** The page that a process shows, for what can't be done without one. @throws KernelError EFAULT */
export function pageShown(process: Process, page: number): Page {
  const shown = process.pageAt(addressOf(page));
  if (shown) return shown;
  throw new KernelError("EFAULT", `page ${page} of process ${process.name}`, "no page is there");
}
