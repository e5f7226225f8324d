// What reverse-map walks cost in one state of the machine, by exact counters.

import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";

/** Most pages walked for each row; of more a sample is taken, evenly by frame number. */
const WALK_SAMPLE = 1024;
const FEWEST = 16;
const VISIT_LIMIT = 1e8;

/** Means per walk over the pages of one kind. */
export interface WalkCost {
  /** `stab`: the index alone; `rmap-walk`: a full walk over every mapping of the page. */
  operation: "stab" | "rmap-walk";
  pages: "anon" | "file";
  /** The structure that was searched. */
  index: string;
  /** Pages walked, of so many. */
  sampled: number;
  of: number;
  nodesVisited: number;
  nodesTouched: number;
  irrelevantVmas: number;
  entriesChecked: number;
}

/** Mapped pages of the machine. */
export interface MappedPages {
  anon: Page[];
  file: Page[];
}

/** Every page that one of the processes maps, once, by frame number. */
export function mappedPages(kernel: Kernel, processes: Iterable<Process>): MappedPages {
  const frames = new Set<number>();
  for (const process of processes) {
    for (const { frame } of process.pages()) if (frame >= 0) frames.add(frame);
  }
  const pages = [...frames].sort((a, b) => a - b).map((frame) => kernel.page(frame));
  return {
    anon: pages.filter((page) => page.anon),
    file: pages.filter((page) => !page.anon),
  };
}

/** How many pages are walked where a list has `vmas` entries at most: all together stay below a second. */
export function sampleSize(vmas: number): number {
  return Math.max(FEWEST, Math.min(WALK_SAMPLE, Math.floor(VISIT_LIMIT / Math.max(1, vmas))));
}

/** Walks `most` of the pages, or all. */
export function walkCosts(
  kernel: Kernel,
  pages: Page[],
  kind: WalkCost["pages"],
  most: number,
): WalkCost[] {
  const sample = evenly(pages, most);
  if (sample.length === 0) return [];
  const index = kind === "anon" ? kernel.options.anonIndex : kernel.options.fileIndex;
  const measure = (operation: WalkCost["operation"], walk: (page: Page) => unknown): WalkCost => {
    kernel.resetCounters();
    for (const page of sample) walk(page);
    const counters = kernel.counters;
    return {
      operation,
      pages: kind,
      index,
      sampled: sample.length,
      of: pages.length,
      nodesVisited: counters.nodesVisited / sample.length,
      nodesTouched: counters.nodesTouched / sample.length,
      irrelevantVmas: counters.irrelevantVmas / sample.length,
      entriesChecked: counters.entriesChecked / sample.length,
    };
  };
  return [
    measure("stab", (page) => kernel.stab(page)),
    measure("rmap-walk", (page) => kernel.rmapWalk(page)),
  ];
}

function evenly(pages: Page[], most: number): Page[] {
  if (pages.length <= most) return pages;
  const step = pages.length / most;
  return Array.from({ length: most }, (_, index) => pages[Math.floor(index * step)]).filter(
    (page) => page !== undefined,
  );
}
