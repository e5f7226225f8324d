// What happened to pages inside an operation, in words: each kind of event, told for all its pages at once.

import type { KernelEvent } from "../kernel/kernel-event.js";
import type { Kernel } from "../kernel/kernel.js";
import { pageOf } from "./arena.js";
import { copiesInWords } from "./copy-words.js";
import type { Operation } from "./operation.js";
import { isAccess, pageIn, subject } from "./subject.js";
import { counted, fileInWords, LISTED, pagesInWords, placesOf } from "./wording.js";

/** Events of one kind, in the order in which they happened; at least one. */
type Events = readonly KernelEvent[];

/** What is told of one kind of event. */
type Telling = (events: Events, kernel: Kernel, operation: Operation) => string[];

/** "page" where the operation says which, else "page 10" or "pages 10-12". */
function which(events: Events, operation: Operation): string {
  return subject(
    operation,
    events.map(({ a }) => pageOf(a)),
  );
}

/** At most LISTED sentences, and how many more there would be. */
export function shortened(words: readonly string[]): string[] {
  if (words.length <= LISTED) return [...words];
  return [...words.slice(0, LISTED), `and ${words.length - LISTED} more like it`];
}

/** Events with the same b, in order of appearance. */
function byFrame(events: Events): Map<number, KernelEvent[]> {
  const frames = new Map<number, KernelEvent[]>();
  for (const event of events) {
    const same = frames.get(event.b);
    if (same === undefined) frames.set(event.b, [event]);
    else same.push(event);
  }
  return frames;
}

function filePages(events: Events, kernel: Kernel): string[] {
  const byFile = new Map<string, number[]>();
  for (const { b } of events) {
    const page = pageIn(kernel, b);
    if (page === null) continue;
    const name = fileInWords(page.file);
    const pages = byFile.get(name);
    if (pages === undefined) byFile.set(name, [page.index]);
    else pages.push(page.index);
  }
  return shortened([...byFile].map(([name, pages]) => `${pagesInWords(pages)} of ${name} mapped`));
}

/** The number by which the operation knows a page that is mapped at several places. */
function numberOf(places: readonly number[], operation: Operation): number {
  const named =
    operation.op === "swap-out"
      ? places.find((page) => page >= operation.page && page < operation.page + operation.count)
      : undefined;
  return named ?? places[0] ?? 0;
}

/** "8 mappings of pages 0-3"; pages of several processes may have one number, and are counted then. */
function mappingsOf(mappings: number, pages: readonly number[]): string {
  const distinct = new Set(pages).size === pages.length;
  const which = distinct ? pagesInWords(pages) : counted(pages.length, "page");
  return `${counted(mappings, "mapping")} of ${which}`;
}

function swappedOut(events: Events, _: Kernel, operation: Operation): string[] {
  const pages = [...byFrame(events).values()].map((entries) =>
    numberOf(
      entries.map(({ a }) => pageOf(a)),
      operation,
    ),
  );
  const became = events.length === 1 ? "became a swap entry" : "became swap entries";
  return [`${mappingsOf(events.length, pages)} ${became}`];
}

function merged(events: Events, kernel: Kernel): string[] {
  const frames = new Map<number, number>();
  for (const { c } of events) frames.set(c, (frames.get(c) ?? 0) + 1);
  const words = [...frames].map(([frame, pages]) => {
    const shared = pageIn(kernel, frame);
    const places = shared === null ? "" : `: ${placesOf(shared)} share one frame now`;
    return `${counted(pages, "page")} gave way to an equal one${places}`;
  });
  return shortened(words);
}

function moved(events: Events, kernel: Kernel, operation: Operation): string[] {
  const own = "process" in operation ? operation.process : "";
  const pages = events.map(({ b }) => {
    const places = pageIn(kernel, b)?.mappings() ?? [];
    const place = places.find(({ process }) => process.name === own) ?? places[0];
    return place === undefined ? null : pageOf(place.address);
  });
  const mappings = events.reduce((sum, { c }) => sum + c, 0);
  const known = pages.filter((page) => page !== null);
  const lead = mappings === 1 ? "leads" : "lead";
  const frames = events.length === 1 ? "another frame" : "other frames";
  return [`${mappingsOf(mappings, known)} ${lead} to ${frames} now`];
}

/** @param reads SwapRead events of the same operation; what was in the swap cache still need not be read */
function swappedIn(events: Events, reads: Events, operation: Operation): string[] {
  const pages = which(events, operation);
  const frames = new Set(events.map(({ b }) => b)).size;
  const entries = events.length > frames ? `, ${counted(events.length, "mapping")}` : "";
  if (reads.length === 0) return [`${pages} mapped again, still in the swap cache${entries}`];
  const areas = [...new Set(reads.map(({ b }) => b))].sort((a, b) => a - b);
  const from = `read back from swap area ${areas.join(" and ")}`;
  if (reads.length >= frames) return [`${pages} ${from}${entries}`];
  return [`${pages} mapped again, ${counted(reads.length, "page")} of them ${from}${entries}`];
}

const TELLINGS: Partial<Record<KernelEvent["event"], Telling>> = {
  ZeroPage: (events, _, operation) =>
    isAccess(operation)
      ? ["zero page mapped, a read needs no page of its own"]
      : [`zero page mapped at ${which(events, operation)}`],
  AnonPage: (events, _, operation) =>
    isAccess(operation)
      ? ["new page, the first write there"]
      : [`${which(events, operation)} made, nothing was there`],
  FilePage: filePages,
  PageCopied: (events, kernel, operation) => shortened(copiesInWords(events, kernel, operation)),
  PageReused: (events, _, operation) => [
    `${which(events, operation)} written in place, nobody else maps ${them(events)} any more`,
  ],
  PageShared: (events, _, operation) => [
    isAccess(operation)
      ? "shared page made writable, all who map it see the write"
      : `shared ${which(events, operation)} made writable`,
  ],
  SwapOut: swappedOut,
  Mlocked: (events) => [
    `${counted(events.length, "page")} mlocked, reclaim leaves ${them(events)} alone`,
  ],
  Munlocked: (events) => [`${counted(events.length, "page")} no longer mlocked`],
  KsmMerged: merged,
  Migrated: moved,
  Written: (events) =>
    events.length === 1
      ? ["contents written out"]
      : [`contents of ${events.length} pages written out`],
};

function them(events: Events): string {
  return events.length === 1 ? "it" : "them";
}

/**
 * Events of one kind in words; null if they are not about pages.
 * @param reads what the same operation read from swap
 */
export function pageEventsInWords(
  kernel: Kernel,
  operation: Operation,
  events: Events,
  reads: Events,
): string[] | null {
  const kind = events[0]?.event;
  if (kind === undefined) return null;
  if (kind === "SwapIn") return swappedIn(events, reads, operation);
  return TELLINGS[kind]?.(events, kernel, operation) ?? null;
}
