// 1,000 children of a process with 1,000 pages: where pages that all share, and pages of each child's own, are looked for.

import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { at, lay } from "./ground.js";
import type { MakeKernel, Sight } from "./lab.js";

export const CHILDREN = 1000;
const PAGES = 1000;

/** A child makes all of its parent's pages its own. */
function writeAll(kernel: Kernel, child: Process): void {
  const batch = kernel.batch();
  for (let page = 0; page < PAGES; page++) {
    if (batch.length === batch.capacity) {
      batch.run();
      batch.clear();
    }
    batch.write(child, at(page), page);
  }
  batch.run();
}

/** What walks cost before and after the children have written to all pages. */
export async function familyPages(makeKernel: MakeKernel): Promise<Sight> {
  const frames = PAGES + CHILDREN * PAGES + 8;
  const kernel = await makeKernel({ frames, build: "release" });
  const parent = kernel.spawn();
  lay(parent, 0, PAGES);
  const young = Array.from({ length: CHILDREN }, () => parent.fork());
  const shared = costOfPage(kernel, parent, 0);
  for (const child of young) writeAll(kernel, child);
  const own = young.map((child, n) => costOfPage(kernel, child, n % PAGES));
  const pages = CHILDREN * PAGES;
  const inAll = shared.vmas * pages;
  return {
    observables: {
      vmasOfSharedPage: shared.vmas,
      visitedForSharedPage: shared.visited,
      vmasOfOwnPages: own.reduce((sum, { vmas }) => sum + vmas, 0),
      visitedForOwnPages: own.reduce((sum, { visited }) => sum + visited, 0),
    },
    shown: [
      `${words(pages)} pages that are the children's own; one was asked for in each child`,
      `with an anon_vma for each process: ${words(pages)} VMAs for one walk of each page`,
      `with one anon_vma for all: ${words(shared.vmas)} a page, ${words(inAll)} in all`,
    ],
  };
}

function costOfPage(
  kernel: Kernel,
  process: Process,
  n: number,
): { vmas: number; visited: number } {
  const page = process.pageAt(at(n));
  kernel.resetCounters();
  if (page !== null) kernel.rmapWalk(page);
  return { vmas: kernel.counters.entriesChecked, visited: kernel.counters.nodesVisited };
}

function words(count: number): string {
  return count.toLocaleString("en-US");
}
