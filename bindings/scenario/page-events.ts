// What happened to pages inside an operation, in words: each kind of event, told for all its pages at once.

import { HUGE_PAGES } from "../../assembly/abi/unit.js";
import type { KernelEvent } from "../kernel/kernel-event.js";
import { failureOf } from "../kernel/memory-failure.js";
import { pageOf } from "./arena.js";
import { copiesInWords } from "./copy-words.js";
import { hugeFaults, type Scene } from "./scene.js";
import { isAccess, numbered, pageIn, subject } from "./subject.js";
import { counted, fileInWords, LISTED, pagesInWords, placesOf } from "./wording.js";

/** Events of one kind, in the order in which they happened; at least one. */
type Events = readonly KernelEvent[];

/** What is told of one kind of event. */
type Telling = (events: Events, scene: Scene) => string[];

/** The pages at whose addresses events happened. */
function which(events: Events, scene: Scene): string {
  const pages = new Set(events.map(({ a }) => pageOf(a)));
  return subject(scene, [...pages]);
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

function filePages(events: Events, { kernel }: Scene): string[] {
  const byFile = new Map<string, number[]>();
  const huge: string[] = [];
  for (const { b } of events) {
    const page = pageIn(kernel, b);
    if (page === null) continue;
    if (page.hugetlb) {
      huge.push(`huge page ${page.index} of ${fileInWords(page.file)} mapped`);
      continue;
    }
    const name = fileInWords(page.file);
    const pages = byFile.get(name);
    if (pages === undefined) byFile.set(name, [page.index]);
    else pages.push(page.index);
  }
  const small = [...byFile].map(([name, pages]) => `${pagesInWords(pages)} of ${name} mapped`);
  return shortened([...huge, ...small]);
}

/** "8 mappings of pages 0-3", of entries that went. */
function lostMappings(events: Events, scene: Scene): string {
  const pages = [...byFrame(events)].map(
    ([frame, [first]]) => scene.step.numbers.get(frame) ?? pageOf(first?.a ?? 0),
  );
  return `${counted(events.length, "mapping")} of ${numbered(scene, pages)}`;
}

function swappedOut(events: Events, scene: Scene): string[] {
  const became = events.length === 1 ? "became a swap entry" : "became swap entries";
  return [`${lostMappings(events, scene)} ${became}`];
}

function merged(events: Events, { kernel }: Scene): string[] {
  const frames = new Map<number, number>();
  for (const { c } of events) frames.set(c, (frames.get(c) ?? 0) + 1);
  const words = [...frames].map(([frame, pages]) => {
    const shared = pageIn(kernel, frame);
    const places = shared === null ? "" : `: ${placesOf(shared)} share one frame now`;
    return `${counted(pages, "page")} gave way to an equal one${places}`;
  });
  return shortened(words);
}

function moved(events: Events, scene: Scene): string[] {
  const known = events.flatMap(({ a }) => scene.step.numbers.get(a) ?? []);
  // A migration that runs out of frames fails, without saying how far it came.
  const pages =
    known.length === events.length ? numbered(scene, known) : counted(events.length, "page");
  const mappings = events.reduce((sum, { c }) => sum + c, 0);
  const lead = mappings === 1 ? "leads" : "lead";
  const frames = events.length === 1 ? "another frame" : "other frames";
  return [`${counted(mappings, "mapping")} of ${pages} ${lead} to ${frames} now`];
}

/** @param reads SwapRead events of the same operation; what was in the swap cache still need not be read */
function swappedIn(events: Events, reads: Events, scene: Scene): string[] {
  const frames = byFrame(events);
  const pages = [...frames.values()].map(([first]) => pageOf(first?.a ?? 0));
  const entries =
    events.length > frames.size ? `, ${counted(events.length, "mapping")} in all` : "";
  const what = subject(scene, pages);
  if (reads.length === 0) return [`${what} mapped again, still in the swap cache${entries}`];
  const areas = [...new Set(reads.map(({ b }) => b))].sort((a, b) => a - b);
  const from = `read back from swap area ${areas.join(" and ")}`;
  return reads.length >= frames.size
    ? [`${what} ${from}${entries}`]
    : [`${what} mapped again, ${reads.length} of them ${from}${entries}`];
}

const TELLINGS: Partial<Record<KernelEvent["event"], Telling>> = {
  ZeroPage: (events, scene) =>
    isAccess(scene.step.operation)
      ? ["zero page mapped, a read needs no page of its own"]
      : [`zero page mapped at ${which(events, scene)}`],
  AnonPage: (events, scene) =>
    scene.step.operation.op === "exec"
      ? [`${counted(events.length, "page")} of arguments written`]
      : isAccess(scene.step.operation)
        ? [`new page, the first write there${notHuge(scene)}`]
        : [`${which(events, scene)} made, nothing was there`],
  FilePage: filePages,
  PageCopied: (events, scene) => shortened(copiesInWords(events, scene)),
  PageReused: (events, scene) => [
    `${which(events, scene)} written in place, nobody else maps ${them(events)} any more`,
  ],
  PageShared: (events, scene) => [
    isAccess(scene.step.operation)
      ? "shared page made writable, all who map it see the write"
      : `shared ${which(events, scene)} made writable`,
  ],
  HugePage: (events) => hugePages(events, "made"),
  HugePageCopied: (events) =>
    events.map(({ a, c }) =>
      c === 0
        ? `${hugeRange(a)} copied to small pages, there is no row of free frames`
        : `${hugeRange(a)} copied, others have it as well`,
    ),
  HugePageSplit: (events) => [
    `${counted(events.length, "huge page")} split, in ${counted(mappingsSplit(events), "page table")}`,
  ],
  Collapsed: (events) =>
    events.map(({ a, c }) => `${counted(c, "page")} copied into ${hugeRange(a)}`),
  SwapOut: swappedOut,
  OffsetKept: (events, scene) => [
    `${lostMappings(events, scene)} removed, ${events.length === 1 ? "its offset is" : "their offsets are"} kept`,
  ],
  Unmapped: (events, scene) => [`${lostMappings(events, scene)} removed`],
  Poisoned: (events, scene) => [
    `${lostMappings(events, scene)} ${events.length === 1 ? "became a marker" : "became markers"}`,
  ],
  MemoryFailed: (events) =>
    events.map(({ b }) => {
      const { result, page } = failureOf(b);
      return result === "known" ? "the frame was known to be broken" : `${page} page, ${result}`;
    }),
  Mlocked: (events) => [
    `${counted(events.length, "page")} mlocked, reclaim leaves ${them(events)} alone`,
  ],
  Munlocked: (events) => [`${counted(events.length, "page")} no longer mlocked`],
  MlockFreed: (events) => [`${counted(events.length, "page")} freed while still mlocked`],
  KsmMerged: merged,
  Migrated: moved,
  KeyDirty: (events) => [
    events.length === 1
      ? "the page is dirty: its storage key says that it was changed"
      : `${events.length} pages are dirty: their storage keys say that they were changed`,
  ],
  BuffersMissing: (events) => [
    `${counted(events.length, "page")} to be written without buffers: XFS would stop with an oops`,
  ],
  Written: (events) =>
    events.length === 1
      ? ["contents written out"]
      : [`contents of ${events.length} pages written out`],
};

/** Why a write that could have got a huge page has got a small one; empty if none was to be had. */
function notHuge({ kernel, before, events }: Scene): string {
  const { got, missed } = hugeFaults(kernel);
  if (missed > before.huge.missed) {
    return `; no huge page, there is no row of ${HUGE_PAGES} free frames`;
  }
  const made = events.filter(({ event }) => event === "HugePage").length;
  return got - before.huge.got > made ? "; no huge page, its cgroup has no room for one" : "";
}

/** "huge page 0-511" */
function hugeRange(address: number): string {
  const page = pageOf(address);
  return `huge page ${page}-${page + HUGE_PAGES - 1}`;
}

function hugePages(events: Events, what: string): string[] {
  return shortened(events.map(({ a }) => `${hugeRange(a)} ${what}`));
}

function mappingsSplit(events: Events): number {
  return events.reduce((sum, { b }) => sum + b, 0);
}

function them(events: Events): string {
  return events.length === 1 ? "it" : "them";
}

/**
 * Events of one kind in words; null if they are not about pages.
 * @param reads what the same operation read from swap
 */
export function pageEventsInWords(scene: Scene, events: Events, reads: Events): string[] | null {
  const kind = events[0]?.event;
  if (kind === undefined) return null;
  if (kind === "SwapIn") return swappedIn(events, reads, scene);
  return TELLINGS[kind]?.(events, scene) ?? null;
}
