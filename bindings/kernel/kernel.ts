import { Errno, Op, UnmapResult } from "../../assembly/abi.js";
import {
  compileCore,
  instantiateCore,
  instantiateCoreAsync,
  type Build,
  type Core,
  type YieldPoint,
} from "../core/core.js";
import { KernelError } from "../core/kernel-error.js";
import { BATCH_LIMIT, Machine, type MachineImage } from "../core/machine.js";
import { Batch } from "./batch.js";
import { failed, type Context } from "./context.js";
import { readCounters, type Counters } from "./counters.js";
import { File, kindCode, type Kind } from "./file.js";
import { readEvents, type KernelEvent } from "./kernel-event.js";
import { Lineage, type Mark } from "./lineage.js";
import {
  resolveBuild,
  resolveOptions,
  type KernelOptions,
  type ResolvedOptions,
} from "./options.js";
import { Page } from "./page.js";
import { DEFAULT_HEAP, Process } from "./process.js";
import { switchCodes } from "./releases.js";
import { decodeViolations, type Violation } from "./violation.js";
import type { Vma } from "./vma.js";

/** A kernel's state at one moment. Good for the kernel it was taken of. */
export interface Snapshot {
  readonly kernel: Kernel;
  readonly image: MachineImage;
  readonly mark: Mark;
}

/** What tryToUnmap found. */
export type Unmapped = "success" | "again" | "fail" | "mlock";

const unmapped: Record<UnmapResult, Unmapped> = {
  [UnmapResult.Success]: "success",
  [UnmapResult.Again]: "again",
  [UnmapResult.Fail]: "fail",
  [UnmapResult.Mlock]: "mlock",
};

/** A machine: processes, their memory, the pages they share and the reverse map of it all. */
export class Kernel {
  /** What it was made with: every switch and size. */
  readonly options: ResolvedOptions;
  readonly #machine: Machine;
  readonly #lineage = new Lineage();
  readonly #context: Context;
  #processes = new Map<number, Process>();
  #files = new Map<number, File>();
  #dropped = 0;

  /** Made by createKernel(): not for users. */
  constructor(core: Core, options: ResolvedOptions) {
    this.options = options;
    this.#machine = new Machine(core);
    this.#context = {
      machine: this.#machine,
      lineage: this.#lineage,
      processOf: (handle) => this.#processOf(handle),
      fileOf: (handle) => this.#fileOf(handle),
      fileOfInode: (inode) => this.#fileOfInode(inode),
      adopt: (handle, file) => this.#files.set(handle, file),
      pageOf: (handle) => new Page(this.#context, handle),
      batchCapacity: BATCH_LIMIT,
    };
    const codes = switchCodes(options);
    const errno = core.kernelInit(
      options.frames,
      options.memory,
      options.maxMapCount,
      options.swap,
      codes.anonIndex,
      codes.fileIndex,
      codes.vmaAddress,
      codes.mremapOrder,
    );
    if (errno) {
      throw failed(
        -errno,
        "createKernel",
        `${options.frames} frames do not fit in ${options.memory} bytes of memory`,
      );
    }
  }

  #processOf(handle: number): Process {
    let process = this.#processes.get(handle);
    if (!process?.current) {
      process = new Process(this.#context, handle);
      this.#processes.set(handle, process);
    }
    return process;
  }

  #fileOf(handle: number): File | null {
    if (!handle) return null;
    let file = this.#files.get(handle);
    if (!file?.current) {
      file = new File(this.#context, handle, "");
      this.#files.set(handle, file);
    }
    return file;
  }

  #fileOfInode(inode: number): File | null {
    if (!inode) return null;
    for (const file of this.#files.values()) if (file.inode === inode && file.current) return file;
    return null;
  }

  /** The raw exports of the core, for benchmarks and tools. */
  get core(): Core {
    return this.#machine.core;
  }

  /** The instance and its buffers, for what drives the core by itself. */
  get machine(): Machine {
    return this.#machine;
  }

  /**
   * A process with an empty address space, whose heap begins at `brk` (default DEFAULT_HEAP).
   *
   * @throws KernelError EINVAL, ENOMEM
   */
  spawn(options: { readonly brk?: number } = {}): Process {
    const handle = this.#machine.call(Op.Spawn, options.brk ?? DEFAULT_HEAP);
    if (handle < 0) throw failed(handle, "spawn()");
    return this.#processOf(handle);
  }

  /**
   * A new file, open.
   *
   * @param options pages: its size, 0 to 2^52; kind: default "disk"; word: page i starts with word + i,
   *   without it all pages are zero
   * @throws KernelError EINVAL, ENOMEM
   */
  createFile(options: {
    readonly pages: number;
    readonly kind?: Kind;
    readonly name?: string;
    readonly word?: number;
  }): File {
    const { pages, kind = "disk", name = "", word = -1 } = options;
    if (!Number.isInteger(pages) || pages < 0 || pages > 2 ** 52) {
      throw new KernelError("EINVAL", "createFile", `pages is ${pages}, accepted: 0 to 2^52`);
    }
    if (word !== -1 && !(Number.isSafeInteger(word) && word >= 0)) {
      throw new KernelError("EINVAL", "createFile", `word is ${word}, accepted: 0 to 2^53-1`);
    }
    const handle = this.core.fileMake(kindCode(kind), pages, word);
    if (handle < 0) throw failed(handle, "createFile");
    const file = new File(this.#context, handle, name);
    this.#files.set(handle, file);
    return file;
  }

  /** The processes that have not exited, by pid. @throws KernelError ENOMEM */
  get processes(): Process[] {
    const at = this.core.taskList() >>> 0;
    if (!at) throw new KernelError("ENOMEM", "processes", "no room for the result");
    const { floats } = this.#machine;
    const n = floats[at / 8] ?? 0;
    const handles = Array.from(floats.subarray(at / 8 + 1, at / 8 + 1 + n));
    return handles.map((handle) => this.#processOf(handle));
  }

  /** The page in a frame. @throws KernelError ESTALE when the frame is free or does not exist */
  page(frame: number): Page {
    const exists = Number.isInteger(frame) && frame > 0 && frame <= this.options.frames;
    const handle = exists ? this.core.pageHandle(frame) : 0;
    if (!handle) throw new KernelError("ESTALE", `page(${frame})`, "no page in use");
    return new Page(this.#context, handle);
  }

  #pageOperation(op: Op, page: Page, name: string): number {
    const result = this.#machine.call(op, page.handleIn(this.#context));
    if (result < 0) throw failed(result, `${name}(page ${page.frame})`, "it was freed");
    return result;
  }

  /**
   * page_referenced: through how many mappings the page was touched since it was last asked; clears the
   * marks. Stops when as many entries were found as the page has mappings. @throws KernelError ESTALE
   */
  pageReferenced(page: Page): number {
    return this.#pageOperation(Op.PageReferenced, page, "pageReferenced");
  }

  /**
   * try_to_unmap, as reclaim does it: an anonymous page is put in the swap cache first. An entry that was
   * touched is made old and makes it "fail". @throws KernelError ESTALE
   */
  tryToUnmap(page: Page): Unmapped {
    const result = this.#pageOperation(Op.TryToUnmap, page, "tryToUnmap") as UnmapResult;
    return unmapped[result];
  }

  /** page_mkclean: entries of a file page that were dirty or writable, now protected. @throws KernelError ESTALE */
  pageMkclean(page: Page): number {
    return this.#pageOperation(Op.PageMkclean, page, "pageMkclean");
  }

  /** A full rmap_walk that never stops early: entries found. @throws KernelError ESTALE */
  rmapWalk(page: Page): number {
    const found = this.core.walkPage(page.handleIn(this.#context));
    if (found < 0) throw failed(found, `rmapWalk(page ${page.frame})`, "it was freed");
    return found;
  }

  /** The index alone: VMAs it offers that hold the page's pgoff. @throws KernelError ESTALE */
  stab(page: Page): number {
    const found = this.core.stabPage(page.handleIn(this.#context));
    if (found < 0) throw failed(found, `stab(page ${page.frame})`, "it was freed");
    return found;
  }

  #inVma(page: Page, vma: Vma, mapped: boolean): number {
    const handle = page.handleIn(this.#context);
    const task = vma.process.handleIn(this.#context);
    const address = this.core.pageInVma(handle, task, vma.start, mapped ? 1 : 0);
    if (address < -1) {
      throw failed(address, `page ${page.frame} in a vma`, "the page or the vma is gone");
    }
    return address;
  }

  /**
   * page_address_in_vma: where any VMA would map the page, mapped there or not; null if it can't.
   *
   * @throws KernelError ESTALE when the page was freed or no VMA begins there any more
   */
  pageAddressInVma(page: Page, vma: Vma): number | null {
    const address = this.#inVma(page, vma, false);
    return address < 0 ? null : address;
  }

  /** page_mapped_in_vma: does the VMA map the page right now? @throws KernelError ESTALE */
  pageMappedInVma(page: Page, vma: Vma): boolean {
    return this.#inVma(page, vma, true) >= 0;
  }

  /** Exact counts since the last reset. */
  get counters(): Counters {
    return readCounters(this.#machine);
  }

  /** Counts start from 0 again, peaks from what is there. */
  resetCounters(): void {
    this.core.countersReset();
  }

  /** VMAs of all processes. */
  get vmaCount(): number {
    return this.core.vmaCount() >>> 0;
  }

  /** The most VMAs that all processes had at once since the last reset. */
  get peakVmaCount(): number {
    return this.core.peakVmaCount() >>> 0;
  }

  /** The most VMAs that one address space had since the last reset. */
  get peakMapCount(): number {
    return this.core.peakMapCount() >>> 0;
  }

  /** Bytes of linear memory in use, everything included. */
  get memoryInUse(): number {
    return this.core.memoryInUse() >>> 0;
  }

  /** The invariants that are broken: none in a healthy machine. @throws KernelError ENOMEM */
  verify(): Violation[] {
    const at = this.core.verify() >>> 0;
    if (!at) throw new KernelError("ENOMEM", "verify()", "no room for the recount");
    return decodeViolations(this.#machine.view, at);
  }

  /** Copies the machine's state. */
  snapshot(): Snapshot {
    return { kernel: this, image: this.#machine.save(), mark: this.#lineage.mark() };
  }

  /**
   * Goes back to a snapshot. Objects that were met after it was taken are ESTALE from now on.
   *
   * @throws KernelError EINVAL for a snapshot of another kernel
   */
  restore(snapshot: Snapshot): void {
    if (snapshot.kernel !== this) {
      throw new KernelError("EINVAL", "restore()", "the snapshot was taken of another kernel");
    }
    this.#machine.load(snapshot.image);
    this.#lineage.rewind(snapshot.mark);
    for (const [handle, process] of this.#processes) {
      if (!process.current) this.#processes.delete(handle);
    }
    for (const [handle, file] of this.#files) if (!file.current) this.#files.delete(handle);
  }

  /** What its objects share, for what drives the core by itself. */
  get context(): Context {
    return this.#context;
  }

  /** Many operations in one call of the core. */
  batch(): Batch {
    return new Batch(this.#context, 0, this.#context.batchCapacity);
  }

  /** Starts or stops recording what happens inside operations. @throws KernelError ENOMEM */
  recordEvents(on: boolean): void {
    const errno = this.core.eventsRecord(on ? 1 : 0);
    if (errno) throw failed(-Errno.ENOMEM, "recordEvents()");
  }

  /** What happened since the last call, oldest first; at most 2,048 events are kept. */
  takeEvents(): KernelEvent[] {
    const events = readEvents(this.#machine);
    this.#dropped = Math.max(0, (this.core.eventsRecorded() >>> 0) - events.length);
    this.core.eventsClear();
    return events;
  }

  /** Events beyond those that the last takeEvents() returned. */
  get droppedEvents(): number {
    return this.#dropped;
  }

  /**
   * The pages that benchmark loops of the core go over: good until one of them is freed.
   *
   * @throws KernelError EINVAL for no frames, or one that holds no page; ENOMEM
   */
  setSample(frames: Uint32Array): void {
    const free = frames.find((frame) => !this.core.pageHandle(frame));
    if (!frames.length || free !== undefined) {
      const what = frames.length ? `frame ${free} holds no page` : "no frames";
      throw new KernelError("EINVAL", "setSample()", `${what}; accepted: frames in use`);
    }
    const at = this.core.sampleReserve(frames.length) >>> 0;
    if (!at) throw new KernelError("ENOMEM", "setSample()", `${frames.length} frames`);
    new Uint32Array(this.core.memory.buffer, at, frames.length).set(frames);
    if (this.core.samplePrepare()) throw new KernelError("ENOMEM", "setSample()", "mappings");
  }

  /** Gives the memory back. Everything of this kernel is ESTALE afterwards. */
  dispose(): void {
    this.#machine.dispose();
    this.#processes.clear();
    this.#files.clear();
  }
}

const ignore: YieldPoint = () => {};

/**
 * A kernel of its own: one instance, one memory.
 *
 * @throws KernelError EINVAL for an option out of range, ENOMEM when it does not fit
 */
export async function createKernel(options: KernelOptions = {}): Promise<Kernel> {
  const resolved = resolveOptions(options);
  const module = await compileCore(resolveBuild(options.build));
  return new Kernel(await instantiateCoreAsync(module, ignore), resolved);
}

/**
 * createKernel for workers and tests, from a module of compileCore().
 *
 * @param yieldPoint called at the yield points of the explore build
 * @throws KernelError EINVAL, ENOMEM
 */
export function createKernelSync(
  module: WebAssembly.Module,
  options: Omit<KernelOptions, "build"> = {},
  yieldPoint: YieldPoint = ignore,
): Kernel {
  return new Kernel(instantiateCore(module, yieldPoint), resolveOptions(options));
}

export type { Build, KernelOptions };
