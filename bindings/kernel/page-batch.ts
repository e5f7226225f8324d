import { Op } from "../../assembly/abi/operation.js";
import { checkOptions, numeric } from "./argument.js";
import type { BatchRecords } from "./batch-records.js";
import type { Context } from "./context.js";
import { File } from "./file.js";
import { cgroupOf } from "./memory-cgroup.js";
import { failureBits, failureTarget, type FailureOptions } from "./memory-failure.js";
import { shrinkOptions, type ShrinkOptions } from "./page-fate.js";
import { Page } from "./page.js";
import { contextOf } from "./process-context.js";
import { referencedOptions, type ReferencedOptions } from "./referenced-options.js";
import { checkRange, type FrameRange } from "./storage-keys.js";
import { unmapBits, type UnmapOptions } from "./unmap.js";
import { vmaPlace } from "./vma-place.js";
import type { Vma } from "./vma.js";

/** Operations on pages, files and the machine as a whole: the half of Batch that is not about processes. */
export abstract class PageBatch {
  /** @internal */
  protected readonly context: Context;
  /** @internal */
  protected readonly records: BatchRecords;

  protected constructor(context: Context, records: BatchRecords) {
    this.context = context;
    this.records = records;
  }

  #page(page: Page, call: string): number {
    return Page.handleOf(this.context, page, call, "page");
  }

  #file(file: File, call: string): number {
    return File.handleOf(this.context, file, call, "file");
  }

  #pages(op: Op, file: File, pgoff: number, second: number, call: string, name: string): number {
    numeric(call, "pgoff", pgoff);
    numeric(call, name, second);
    return this.records.add(op, this.#file(file, call), pgoff, second);
  }

  #marks(op: Op, call: string, range: FrameRange): number {
    const { first, frames } = checkRange(call, range, this.context.options.frames);
    return this.records.add(op, first, frames);
  }

  /** Adds kernel.pageReferenced(). */
  pageReferenced(page: Page, options: ReferencedOptions = {}): number {
    const call = "pageReferenced";
    checkOptions(call, options, referencedOptions);
    const cgroup = cgroupOf(this.context, options.cgroup, call);
    const task = contextOf(this.context, options.process, call);
    return this.records.add(Op.PageReferenced, this.#page(page, call), cgroup, task);
  }

  /** The result is an UnmapResult: 0 success, 1 again, 2 fail, 3 mlock. */
  tryToUnmap(page: Page, options: UnmapOptions = {}): number {
    return this.records.add(Op.TryToUnmap, this.#page(page, "tryToUnmap"), unmapBits(options));
  }

  /** Adds kernel.pageMkclean(). */
  pageMkclean(page: Page): number {
    return this.records.add(Op.PageMkclean, this.#page(page, "pageMkclean"));
  }

  /** The result is 1 if reclaim may take the page: kernel.pageEvictable(). */
  pageEvictable(page: Page, vma?: Vma): number {
    const call = "pageEvictable";
    const handle = this.#page(page, call);
    const [task, start] = vma === undefined ? [0, 0] : vmaPlace(this.context, call, vma);
    return this.records.add(Op.PageEvictable, handle, task, start);
  }

  /** The result is a MigrateResult: 0 moved, 1 busy, 2 refused, 3 out of memory. */
  migratePage(page: Page): number {
    return this.records.add(Op.MigratePage, this.#page(page, "migratePage"));
  }

  /** The result is 1 if the page is part of no huge page afterwards. */
  splitHugePage(page: Page): number {
    return this.records.add(Op.SplitHugePage, this.#page(page, "splitHugePage"));
  }

  /** The result is a PageFate: 0 reclaimed, 1 kept, 2 activated, 3 culled, 4 not isolated. */
  shrinkPage(page: Page, options: ShrinkOptions = {}): number {
    const call = "shrinkPage";
    checkOptions(call, options, shrinkOptions);
    const task = contextOf(this.context, options.process, call);
    return this.records.add(Op.ShrinkPage, this.#page(page, call), options.force ? 1 : 0, task);
  }

  /** The result is what memory_failure came to: see MemoryFailure and FAILED_PAGE_UNIT of assembly/abi/result.ts. */
  memoryFailure(page: Page | number, options: FailureOptions = {}): number {
    const early = failureBits(options);
    const [handle, frame] = failureTarget(this.context, page);
    return this.records.add(Op.MemoryFailure, handle, frame, early);
  }

  /** The result is 1 if the page's storage key said referenced, which it does not any more. */
  testAndClearReferenced(page: Page): number {
    return this.records.add(Op.TestClearReferenced, this.#page(page, "testAndClearReferenced"));
  }

  /** The result is 1 if the page's storage key said changed, which it does not any more. */
  testAndClearChanged(page: Page): number {
    return this.records.add(Op.TestClearChanged, this.#page(page, "testAndClearChanged"));
  }

  /** Adds storageKeys.takeReferenced(): the result is how many frames had the mark. */
  takeReferenced(range: FrameRange = {}): number {
    return this.#marks(Op.TakeReferenced, "takeReferenced", range);
  }

  /** Adds storageKeys.takeChanged(): the result is how many frames had the mark. */
  takeChanged(range: FrameRange = {}): number {
    return this.#marks(Op.TakeChanged, "takeChanged", range);
  }

  /** Adds file.truncate(). */
  truncate(file: File, pages: number): number {
    numeric("truncate", "pages", pages);
    return this.records.add(Op.Truncate, this.#file(file, "truncate"), pages);
  }

  /** Adds file.punchHole(). */
  punchHole(file: File, pgoff: number, pages: number): number {
    return this.#pages(Op.PunchHole, file, pgoff, pages, "punchHole", "pages");
  }

  /** Adds file.read(). */
  fileRead(file: File, pgoff: number): number {
    numeric("fileRead", "pgoff", pgoff);
    return this.records.add(Op.FileRead, this.#file(file, "fileRead"), pgoff);
  }

  /** Adds file.write(). */
  fileWrite(file: File, pgoff: number, word: number): number {
    return this.#pages(Op.FileWrite, file, pgoff, word, "fileWrite", "word");
  }

  /** The result is how many pages were written. */
  writeback(file: File): number {
    return this.records.add(Op.Writeback, this.#file(file, "writeback"));
  }

  /** One scan of khugepaged; the result is how many huge pages were made. */
  khugepagedScan(): number {
    return this.records.add(Op.KhugepagedScan);
  }

  /** One scan of KSM; the result is how many places were merged. */
  ksmScan(): number {
    return this.records.add(Op.KsmScan);
  }

  /** Adds kernel.swapoff(). */
  swapoff(area: number): number {
    return this.records.add(Op.SwapOff, area);
  }
}
