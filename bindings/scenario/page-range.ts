// Operations on the pages that a range of a process shows.

import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import { KernelError } from "../core/kernel-error.js";
import { addressOf, bytesOf } from "./arena.js";

/** The pages of a range, each once, in the order of their addresses. */
function pagesOf(process: Process, page: number, count: number): Page[] {
  const start = addressOf(page);
  const end = start + bytesOf(count);
  const pages = new Map<number, Page>();
  for (const { address, frame } of process.pages()) {
    if (frame < 0 || address < start || address >= end || pages.has(frame)) continue;
    const shown = process.pageAt(address);
    if (shown !== null) pages.set(frame, shown);
  }
  return [...pages.values()];
}

/** Makes reclaim take every page of the range, used or not; how many went. */
export function swapOut(kernel: Kernel, process: Process, page: number, count: number): number {
  return pagesOf(process, page, count).filter(
    (shown) => kernel.shrinkPage(shown, { force: true }) === "reclaimed",
  ).length;
}

/** Moves every page of the range to another frame; how many moved. @throws KernelError ENOMEM when there is none */
export function migrate(kernel: Kernel, process: Process, page: number, count: number): number {
  let moved = 0;
  for (const shown of pagesOf(process, page, count)) {
    const { result } = kernel.migratePage(shown);
    if (result === "no-memory") {
      throw new KernelError("ENOMEM", "migrate", `no frame for page ${shown.frame}`);
    }
    if (result === "moved") moved++;
  }
  return moved;
}

/** The page that a process shows, for what can't be done without one. @throws KernelError EFAULT */
export function pageShown(process: Process, page: number): Page {
  const shown = process.pageAt(addressOf(page));
  if (shown) return shown;
  throw new KernelError("EFAULT", `page ${page} of process ${process.name}`, "no page is there");
}
