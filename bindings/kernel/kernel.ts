import { Errno, Op, Reclaim } from "../../assembly/abi.js";
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
import { Ksm } from "./ksm.js";
import { Lineage, type Mark } from "./lineage.js";
import { MemoryCgroup } from "./memory-cgroup.js";
import {
  resolveBuild,
  resolveOptions,
  type KernelOptions,
  type ResolvedOptions,
} from "./options.js";
import { Page } from "./page.js";
import { DEFAULT_HEAP, Process } from "./process.js";
import { switchCodes } from "./releases.js";
import { ReverseMap } from "./reverse-map.js";
import { decodeViolations, type Violation } from "./violation.js";
import { readVmStat, type VmStatistics } from "./vm-statistics.js";

/** A kernel's state at one moment. Good for the kernel it was taken of. */
export interface Snapshot {
  readonly kernel: Kernel;
  readonly image: MachineImage;
  readonly mark: Mark;
}

/** A machine: processes, their memory, the pages they share and the reverse map of it all. */
export class Kernel extends ReverseMap {
  /** What it was made with: every switch and size. */
  readonly options: ResolvedOptions;
  /** The merging of equal pages. */
  readonly ksm: Ksm;
  readonly #machine: Machine;
  readonly #lineage = new Lineage();
  readonly #context: Context;
  readonly #rootCgroup: MemoryCgroup;
  #processes = new Map<number, Process>();
  #files = new Map<number, File>();
  #dropped = 0;

  /** Made by createKernel(): not for users. */
  constructor(core: Core, options: ResolvedOptions) {
    super();
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
      options.memlock,
    );
    if (errno) {
      throw failed(
        -errno,
        "createKernel",
        `${options.frames} frames do not fit in ${options.memory} bytes of memory`,
      );
    }
    this.#rootCgroup = new MemoryCgroup(this.#context, core.memcgRoot(), "root");
    this.ksm = new Ksm(this.#machine);
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
   * A process with an empty address space, whose heap begins at `brk` (default DEFAULT_HEAP), in a memory
   * cgroup (default the root's), to which its pages and those of its children are charged.
   *
   * @throws KernelError EINVAL, ENOMEM, ESTALE
   */
  spawn(options: { readonly brk?: number; readonly cgroup?: MemoryCgroup } = {}): Process {
    const cgroup = options.cgroup?.handleIn(this.#context) ?? 0;
    const handle = this.#machine.call(Op.Spawn, options.brk ?? DEFAULT_HEAP, cgroup);
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

  /** The cgroup of whatever belongs to no other. */
  get rootCgroup(): MemoryCgroup {
    return this.#rootCgroup;
  }

  /** A new memory cgroup, below none. @throws KernelError ENOMEM */
  createCgroup(name = ""): MemoryCgroup {
    const handle = this.core.memcgMake();
    if (handle < 0) throw failed(handle, "createCgroup");
    return new MemoryCgroup(this.#context, handle, name);
  }

  /**
   * One more swap area. The one with the highest priority is filled first.
   *
   * @param pages 1 to 2^31-1 less what there is; options.priority: 0 to 32767, or -1 (default), which is
   *   lower than those of all areas so far
   * @returns its number
   * @throws KernelError EINVAL, EPERM when there are eight
   */
  swapon(pages: number, options: { readonly priority?: number } = {}): number {
    const area = this.#machine.call(Op.SwapOn, pages, (options.priority ?? -1) + 1);
    if (area < 0) throw failed(area, `swapon(${pages})`);
    return area;
  }

  /**
   * Takes a swap area out of use: everything in it is brought back first.
   *
   * @throws KernelError EINVAL for no area, ENOMEM when there are too few frames; it stays in use then
   */
  swapoff(area: number): void {
    const result = this.#machine.call(Op.SwapOff, area);
    if (result < 0) throw failed(result, `swapoff(${area})`);
  }

  /** While held, pages that are being written stay under writeback, until somebody has to wait for one. */
  holdIo(hold: boolean): void {
    this.#machine.call(Op.HoldIo, hold ? 1 : 0);
  }

  /**
   * Reclaims until so many pages were freed or everything was tried: as an allocation does, or as kswapd
   * (`background`), which also writes dirty pages of files.
   *
   * @param pages 0 to 2^31-1; options.cgroup: only pages of that cgroup
   * @returns pages reclaimed
   * @throws KernelError EINVAL, ESTALE
   */
  reclaim(
    pages: number,
    options: { readonly background?: boolean; readonly cgroup?: MemoryCgroup } = {},
  ): number {
    const cgroup = options.cgroup?.handleIn(this.#context) ?? 0;
    const kind = options.background ? Reclaim.Background : Reclaim.Direct;
    const result = this.#machine.call(Op.Reclaim, cgroup, pages, kind);
    if (result < 0) throw failed(result, `reclaim(${pages})`);
    return result;
  }

  /** What /proc/vmstat shows. */
  vmstat(): VmStatistics {
    return readVmStat(this.core);
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

  override get context(): Context {
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
