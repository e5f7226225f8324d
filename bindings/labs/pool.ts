// Private huge pages of the pool that were cut: what labs about their units look at.

import { KernelError } from "../core/kernel-error.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import { at, HUGE, PAGE } from "./ground.js";
import type { MachineOptions, MakeKernel, Observables } from "./lab.js";

const PAGES = 4;
/** Small pages of the whole mapping, and of half of it, where it is cut. */
export const WHOLE = PAGES * HUGE;
export const HALF = WHOLE / 2;
/** The third page's index, which counts huge pages. */
export const INDEX = HALF / HUGE;

/** How the mapping came to have another VMA before its third page, or none. */
export type Cut = "split" | "unmapped";

/** The third of four huge pages of a private mapping, whose VMA was cut after the second. */
export interface Third {
  readonly kernel: Kernel;
  readonly process: Process;
  readonly page: Page;
}

export async function cutPool(
  makeKernel: MakeKernel,
  cut: Cut,
  options: MachineOptions = {},
): Promise<Third> {
  const hugePages = PAGES + 1;
  const kernel = await makeKernel({ hugePages, frames: (hugePages + 1) * HUGE, ...options });
  const process = kernel.spawn();
  process.mmap({ address: at(0), length: WHOLE * PAGE, fixed: true, hugetlb: true });
  for (let page = 0; page < PAGES; page++) process.write(at(page * HUGE), page + 1);
  if (cut === "split") process.mprotect(at(HALF), HALF * PAGE, "r");
  else process.munmap(at(0), HALF * PAGE);
  const page = process.pageAt(at(HALF));
  if (page === null) throw new Error("the third huge page is not there");
  kernel.resetCounters();
  return { kernel, process, page };
}

/** What is seen of it by a walk, in each lab that shows it. */
export const seenByWalk = {
  entriesFound: "page-table entries that a walk finds (one maps the page)",
  foundThrough: "VMA through which the entry is found",
  vmasInVain: "VMAs that the walk is handed and passes over",
  migration: "what becomes of a migration of the page",
  assertion: "what the kernel asserts in the walk",
};

/** What a walk finds of it. */
export function walked({ kernel, page }: Third): Observables {
  try {
    const foundThrough = through(page);
    kernel.resetCounters();
    const entriesFound = kernel.rmapWalk(page);
    const { irrelevantVmas: vmasInVain } = kernel.counters;
    const { result: migration } = kernel.migratePage(page);
    return { entriesFound, foundThrough, vmasInVain, migration };
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== "BUG") throw error;
    return { assertion: error.detail.replace(/ \(.*/, "") };
  }
}

/** The VMA that the walk found it through. */
function through(page: Page): string {
  const [first] = page.mappings();
  if (first === undefined) return "none";
  return first.vma.start === at(0) ? PREVIOUS : OWN;
}

/** Values of foundThrough. */
export const OWN = "its own VMA";
export const PREVIOUS = "the VMA that ends before it";
