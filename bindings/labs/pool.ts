// Private huge pages of the pool that were cut: what labs about their units look at.

import { KernelError } from "../core/kernel-error.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import { at, HUGE, PAGE } from "./ground.js";
import type { MachineOptions, MakeKernel, Observables } from "./lab.js";

const PAGES = 4;
const HALF = (PAGES / 2) * HUGE;

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
  process.mmap({ address: at(0), length: PAGES * HUGE * PAGE, fixed: true, hugetlb: true });
  for (let page = 0; page < PAGES; page++) process.write(at(page * HUGE), page + 1);
  if (cut === "split") process.mprotect(at(HALF), HALF * PAGE, "r");
  else process.munmap(at(0), HALF * PAGE);
  const page = process.pageAt(at(HALF));
  if (page === null) throw new Error("the third huge page is not there");
  kernel.resetCounters();
  return { kernel, process, page };
}

/** What walks find of it: entries, VMAs that they were handed in vain, where the first entry is said to be. */
export function walked({ kernel, page }: Third): Observables {
  try {
    const found = kernel.rmapWalk(page);
    const { irrelevantVmas } = kernel.counters;
    return { found, irrelevantVmas, through: through(page), migration: moved(kernel, page) };
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== "BUG") throw error;
    return { assertion: error.detail.replace(/ \(.*/, "") };
  }
}

/** The VMA that the walk found it through. */
function through(page: Page): string {
  const [first] = page.mappings();
  if (first === undefined) return "none";
  return first.vma.start === at(0) ? "the VMA that ends before it" : "its own VMA";
}

function moved(kernel: Kernel, page: Page): string {
  return kernel.migratePage(page).result;
}
