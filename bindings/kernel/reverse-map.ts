import { Op } from "../../assembly/abi/operation.js";
import { Errno, type PageFate, type UnmapResult } from "../../assembly/abi/result.js";
import type { KernelError } from "../core/kernel-error.js";
import { checkOptions } from "./argument.js";
import { whyGone } from "./cgroup-refusal.js";
import { failed } from "./context.js";
import { KernelState } from "./kernel-state.js";
import { cgroupOf } from "./memory-cgroup.js";
import {
  failureBits,
  failureTarget,
  readFailure,
  type Failure,
  type FailureOptions,
} from "./memory-failure.js";
import { readMigration, type Migration } from "./migration.js";
import { fates, shrinkOptions, type Fate, type ShrinkOptions } from "./page-fate.js";
import { Page } from "./page.js";
import { contextOf, whyNoContext } from "./process-context.js";
import { exhausted } from "./reason.js";
import { referencedOptions, type ReferencedOptions } from "./referenced-options.js";
import { unmapBits, unmapped, type Unmapped, type UnmapOptions } from "./unmap.js";
import { vmaPlace } from "./vma-place.js";
import type { Vma } from "./vma.js";

/** Why the core does not say whether a page may be reclaimed. */
function whyNotAsked(result: number): string {
  if (result === -Errno.EBUSY) return "it is on a list, so it is not new: isolate() it first";
  if (result === -Errno.EINVAL) return "nothing maps it, or it is a huge page of the pool";
  return "the page or the vma is gone";
}

/** What is done with one page, and the walks of the reverse map: the half of Kernel that is about pages. */
export abstract class ReverseMap extends KernelState {
  #run(op: Op, page: Page, name: string, argument = 0, invalid = "", second = 0): number {
    const handle = Page.handleOf(this.context, page, name, "page");
    const result = this.context.machine.call(op, handle, argument, second);
    if (result >= 0) return result;
    throw this.#failedOn(page, name, result, invalid);
  }

  #failedOn(page: Page, name: string, result: number, invalid = ""): KernelError {
    const others = result === -Errno.ENOMEM ? exhausted(this.context) : "it was freed";
    const why = whyNoContext(result) || (result === -Errno.EINVAL ? invalid : others);
    return failed(result, `${name}(page ${page.frame})`, why);
  }

  /**
   * page_referenced: through how many mappings the page was touched since it was last asked; clears the
   * marks. Stops when as many entries were found as the page has mappings.
   *
   * @throws KernelError EINVAL, ESTALE, ESRCH when the process that asks has exited
   */
  pageReferenced(page: Page, options: ReferencedOptions = {}): number {
    checkOptions("pageReferenced", options, referencedOptions);
    const cgroup = cgroupOf(this.context, options.cgroup, "pageReferenced");
    const handle = Page.handleOf(this.context, page, "pageReferenced", "page");
    const task = contextOf(this.context, options.process, "pageReferenced");
    const result = this.context.machine.call(Op.PageReferenced, handle, cgroup, task);
    if (result >= 0) return result;
    const why = whyGone(result, options.cgroup);
    if (why) throw failed(result, `pageReferenced(page ${page.frame})`, why);
    throw this.#failedOn(page, "pageReferenced", result);
  }

  /**
   * try_to_unmap: an anonymous page is put in the swap cache first. Without options as reclaim does it: an
   * entry that was touched is made old and makes it "fail", a locked VMA mlocks the page.
   *
   * @throws KernelError ESTALE
   */
  tryToUnmap(page: Page, options: UnmapOptions = {}): Unmapped {
    const result = this.#run(Op.TryToUnmap, page, "tryToUnmap", unmapBits(options));
    return unmapped[result as UnmapResult];
  }

  /** try_to_munlock: "mlock" if a locked VMA maps the page, which is mlocked then, else "again". @throws KernelError ESTALE */
  tryToMunlock(page: Page): Unmapped {
    return this.tryToUnmap(page, { action: "munlock" });
  }

  /** page_mkclean: entries of a file page that were dirty or writable, now protected. @throws KernelError ESTALE */
  pageMkclean(page: Page): number {
    return this.#run(Op.PageMkclean, page, "pageMkclean");
  }

  /**
   * page_evictable: false if reclaim has to leave the page alone. With a VMA as the kernel asks of a page that is new
   * there, and on no list yet: isolate() it first. Up to v3.6 (`pageEvictable: "with-vma"`) that mlocks the page if the
   * VMA is locked; from v3.7 on the VMA is not looked at, and nothing changes.
   *
   * @throws KernelError ESTALE; with a VMA EBUSY when the page is on a list, EINVAL when nothing maps it, and for a huge
   *   page of the pool
   */
  pageEvictable(page: Page, vma?: Vma): boolean {
    const handle = Page.handleOf(this.context, page, "pageEvictable", "page");
    const [task, start] = vma === undefined ? [0, 0] : vmaPlace(this.context, "pageEvictable", vma);
    const result = this.context.machine.call(Op.PageEvictable, handle, task, start);
    if (result >= 0) return result === 1;
    throw failed(result, `pageEvictable(page ${page.frame})`, whyNotAsked(result));
  }

  /** Moves the page to another frame, with all its mappings. @throws KernelError ESTALE */
  migratePage(page: Page): Migration {
    const result = this.#run(Op.MigratePage, page, "migratePage");
    return readMigration(this.context, result);
  }

  /**
   * What reclaim does with one page: looks whether it was touched, unmaps, writes and frees it.
   *
   * @throws KernelError EINVAL, ESTALE, ESRCH when the process that reclaims has exited
   */
  shrinkPage(page: Page, options: ShrinkOptions = {}): Fate {
    checkOptions("shrinkPage", options, shrinkOptions);
    const task = contextOf(this.context, options.process, "shrinkPage");
    const force = options.force ? 1 : 0;
    return fates[this.#run(Op.ShrinkPage, page, "shrinkPage", force, "", task) as PageFate];
  }

  /** A reference from outside, as get_user_pages takes: reclaim, migration and KSM leave the page alone. @throws KernelError ESTALE */
  pin(page: Page): void {
    this.#run(Op.PinPage, page, "pin");
  }

  /** Gives a pin back. @throws KernelError ESTALE, EINVAL without one */
  unpin(page: Page): void {
    this.#run(Op.UnpinPage, page, "unpin", 0, "it is not pinned");
  }

  /** isolate_lru_page: takes the page off its list, and holds it; false if it was on none. @throws KernelError ESTALE */
  isolate(page: Page): boolean {
    return this.#run(Op.IsolatePage, page, "isolate") === 1;
  }

  /** putback_lru_page, after isolate(). @throws KernelError ESTALE, EINVAL if it was not isolated */
  putback(page: Page): void {
    this.#run(Op.PutbackPage, page, "putback", 0, "it is not isolated");
  }

  /** try_to_release_page: takes a clean page's buffers; true if it has none then. @throws KernelError ESTALE */
  releaseBuffers(page: Page): boolean {
    return this.#run(Op.ReleaseBuffers, page, "releaseBuffers") === 1;
  }

  /**
   * split_huge_page: true if the page is part of no huge page afterwards. One that nothing maps any more can't be
   * split: false.
   *
   * @throws KernelError ESTALE
   */
  splitHugePage(page: Page): boolean {
    return this.#run(Op.SplitHugePage, page, "splitHugePage") === 1;
  }

  /**
   * memory_failure: a frame is broken, and must not be used again. What maps its page is taken away, those who would
   * miss something meet markers, which are SIGBUS, and the page leaves its caches.
   *
   * @param page a page, or the number of a frame, 1 to what the machine has, whatever is in it
   * @throws KernelError ESTALE, EINVAL, ENOMEM
   */
  memoryFailure(page: Page | number, options: FailureOptions = {}): Failure {
    const early = failureBits(options);
    const { machine } = this.context;
    const [handle, frame] = failureTarget(this.context, page);
    const value = machine.call(Op.MemoryFailure, handle, frame, early);
    if (value < 0) {
      const what = typeof page === "number" ? `frame ${page}` : `page ${page.frame}`;
      const why = value === -Errno.ENOMEM ? exhausted(this.context) : "it was freed";
      throw failed(value, `memoryFailure(${what})`, why);
    }
    return readFailure(value, machine.extra(0), this.processes);
  }

  /** Marks the frame as broken (PG_hwpoison) and does nothing else: what unmaps the page leaves markers, and whoever meets one gets SIGBUS. @throws KernelError ESTALE */
  poison(page: Page): void {
    this.#run(Op.PoisonPage, page, "poison");
  }

  /** A full rmap_walk that never stops early: entries found. @throws KernelError ESTALE, ENOMEM */
  rmapWalk(page: Page): number {
    const handle = Page.handleOf(this.context, page, "rmapWalk", "page");
    const found = this.context.machine.core.walkPage(handle);
    if (found < 0) throw this.#failedOn(page, "rmapWalk", found);
    return found;
  }

  /** The index alone: VMAs it offers that hold the page's pgoff. @throws KernelError ESTALE, ENOMEM */
  stab(page: Page): number {
    const handle = Page.handleOf(this.context, page, "stab", "page");
    const found = this.context.machine.core.stabPage(handle);
    if (found < 0) throw this.#failedOn(page, "stab", found);
    return found;
  }

  #inVma(call: string, page: Page, vma: Vma, mapped: boolean): number {
    const handle = Page.handleOf(this.context, page, call, "page");
    const [task, start] = vmaPlace(this.context, call, vma);
    const address = this.context.machine.core.pageInVma(handle, task, start, mapped ? 1 : 0);
    if (address < -1) {
      throw failed(address, `${call}(page ${page.frame})`, "the page or the vma is gone");
    }
    return address;
  }

  /**
   * page_address_in_vma: where any VMA would map the page, mapped there or not; null if it can't.
   *
   * @throws KernelError ESTALE when the page was freed or no VMA begins there any more
   */
  pageAddressInVma(page: Page, vma: Vma): number | null {
    const address = this.#inVma("pageAddressInVma", page, vma, false);
    return address < 0 ? null : address;
  }

  /** page_mapped_in_vma: does the VMA map the page right now? @throws KernelError ESTALE */
  pageMappedInVma(page: Page, vma: Vma): boolean {
    return this.#inVma("pageMappedInVma", page, vma, true) >= 0;
  }
}
