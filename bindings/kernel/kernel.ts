import { Reclaim } from "../../assembly/abi/argument.js";
import { Arch } from "../../assembly/abi/machine.js";
import { Op } from "../../assembly/abi/operation.js";
import { Errno } from "../../assembly/abi/result.js";
import { MAX_SWAP_AREAS } from "../../assembly/abi/unit.js";
import {
  checkOptions,
  flag,
  integer,
  MAX_COUNT,
  numeric,
  refused,
  text,
  type OptionTypes,
} from "./argument.js";
import type { Core, Host } from "../core/core.js";
import { KernelError } from "../core/kernel-error.js";
import { BATCH_LIMIT, Machine, type MachineImage } from "../core/machine.js";
import { Batch } from "./batch.js";
import { CallbackTable } from "./mmu-notifier-callbacks.js";
import { failed, type Context } from "./context.js";
import { readCounters, type Counters } from "./counters.js";
import { EventRecorder } from "./event-recorder.js";
import { File } from "./file.js";
import { fileArguments, type FileOptions } from "./file-options.js";
import type { KernelEvent, RecordOptions } from "./kernel-event.js";
import { Ksm } from "./ksm.js";
import { Lineage, type Mark } from "./lineage.js";
import { readHeldLocks, type HeldLock } from "./held-locks.js";
import { readLockCounters, type LockCounters } from "./lock-counters.js";
import {
  cgroupOf,
  makeCgroup,
  MemoryCgroup,
  type BackgroundOptions,
  type CgroupOptions,
} from "./memory-cgroup.js";
import { ObjectTable } from "./object-table.js";
import { DEFAULT_HEAP } from "./operation.js";
import { hugePagePolicies, poolSize, type ResolvedOptions } from "./options.js";
import { Page } from "./page.js";
import { Process } from "./process.js";
import { exhausted } from "./reason.js";
import { switchCodes } from "./releases.js";
import { contextOf, ReverseMap, whyNoContext } from "./reverse-map.js";
import { setSample } from "./sample.js";
import { StorageKeys } from "./storage-keys.js";
import { readSwapAreas, type SwapArea } from "./swap-area.js";
import { readSwapToken, type SwapToken } from "./swap-token.js";
import { Thresholds } from "./threshold.js";
import { decodeViolations, type Violation } from "./violation.js";
import { readVmStat, type VmStatistics } from "./vm-statistics.js";

/** A kernel's state at one moment. Good for the kernel it was taken of. */
export interface Snapshot {
  readonly kernel: Kernel;
  readonly image: MachineImage;
  readonly mark: Mark;
}

/** Options of spawn. */
export interface SpawnOptions {
  /** Where the heap begins. Default DEFAULT_HEAP. */
  readonly brk?: number;
  /** To which its pages and those of its children are charged. Default the root's. */
  readonly cgroup?: MemoryCgroup;
}

/** Options of swapon. */
export interface SwapOptions {
  /** 0 to 32767; -1, as without it: lower than those of all areas so far. */
  readonly priority?: number;
}

/** Options of reclaim. */
export interface ReclaimOptions extends BackgroundOptions {
  /** Only pages of that cgroup. */
  readonly cgroup?: MemoryCgroup;
  /** Who reclaims, as its allocation does. Default: none of the processes. Not with `background`. */
  readonly process?: Process;
}

const spawnOptions: OptionTypes<SpawnOptions> = { brk: "number", cgroup: "any" };
const swapOptions: OptionTypes<SwapOptions> = { priority: "any" };
const reclaimOptions: OptionTypes<ReclaimOptions> = {
  background: "flag",
  cgroup: "any",
  process: "any",
};

const MAX_PRIORITY = 32767;

/** The pool of huge pages, as /proc/meminfo shows it; what is promised is among what is free. */
export interface HugePages {
  readonly total: number;
  readonly free: number;
  readonly reserved: number;
}

/** A machine: processes, their memory, the pages they share and the reverse map of it all. */
export class Kernel extends ReverseMap {
  /** What it was made with: every switch and size. */
  readonly options: ResolvedOptions;
  /** The merging of equal pages. */
  readonly ksm: Ksm;
  /** What an s390x notes of each frame. */
  readonly storageKeys: StorageKeys;
  readonly #machine: Machine;
  readonly #lineage = new Lineage();
  readonly #context: Context;
  readonly #recorder: EventRecorder;
  readonly #processes = new ObjectTable((handle) => new Process(this.#context, handle));
  readonly #files = new ObjectTable((handle) => new File(this.#context, handle, ""));
  readonly #cgroups = new ObjectTable((handle) => {
    const name = handle === this.core.memcgRoot() ? "root" : "";
    return new MemoryCgroup(this.#context, handle, name);
  });

  /** Made by createKernel(): not for users. */
  constructor(core: Core, options: ResolvedOptions, host: Host) {
    super();
    this.options = options;
    this.#machine = new Machine(core);
    this.#recorder = new EventRecorder(this.#machine);
    this.#context = {
      machine: this.#machine,
      lineage: this.#lineage,
      options,
      processOf: (handle) => this.#processes.of(handle),
      fileOf: (handle) => (handle ? this.#files.of(handle) : null),
      fileOfInode: (inode) => this.#fileOfInode(inode),
      adopt: (handle, file) => {
        this.#files.adopt(handle, file);
      },
      cgroupOf: (handle) => this.#cgroups.of(handle),
      hasCgroupsBelow: (cgroup) => [...this.#cgroups.values()].some((it) => isBelow(it, cgroup)),
      thresholds: new Thresholds(this.#machine),
      pageOf: (handle) => new Page(this.#context, handle),
      batchCapacity: BATCH_LIMIT,
      callbacks: new CallbackTable(this.#machine),
    };
    host.notifierCallback = (cookie, what, a, b) =>
      this.#context.callbacks.call(cookie, what, a, b);
    switchCodes(options).forEach((code, which) => {
      core.setSwitch(which, code);
    });
    const errno = core.kernelInit(
      options.frames,
      options.memory,
      options.maxMapCount,
      options.swap,
      options.memlock,
      options.arch === "s390x" ? Arch.S390x : Arch.X86,
      options.stack,
      hugePagePolicies.indexOf(options.transparentHugepage),
    );
    if (errno) {
      throw failed(
        -errno,
        "createKernel",
        `${options.frames} frames do not fit in ${options.memory} bytes of memory`,
      );
    }
    this.ksm = new Ksm(this.#machine);
    this.storageKeys = new StorageKeys(this.#context);
    if (options.hugePages > 0 && this.setHugePages(options.hugePages) < options.hugePages) {
      const what = `${options.hugePages} huge pages do not fit in ${options.frames} frames`;
      throw failed(-Errno.ENOMEM, "createKernel", what);
    }
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

  /** A process with an empty address space. @throws KernelError EINVAL, ENOMEM, ESTALE */
  spawn(options: SpawnOptions = {}): Process {
    checkOptions("spawn", options, spawnOptions);
    const { brk = DEFAULT_HEAP } = options;
    integer("spawn", "brk", brk);
    const cgroup = cgroupOf(this.#context, options.cgroup, "spawn");
    const handle = this.#machine.call(Op.Spawn, brk, cgroup);
    if (handle < 0) {
      const why = MemoryCgroup.whyGone(handle, options.cgroup) || exhausted(this.#context);
      throw failed(handle, "spawn()", why);
    }
    return this.#processes.of(handle);
  }

  /** A new file, open. @throws KernelError EINVAL, ENOMEM */
  createFile(options: FileOptions): File {
    const { kind, pages, word, name } = fileArguments(options);
    this.#machine.assertIdle();
    const handle = this.core.fileMake(kind, pages, word);
    if (handle < 0) throw failed(handle, "createFile()", exhausted(this.#context));
    const file = new File(this.#context, handle, name);
    this.#files.adopt(handle, file);
    return file;
  }

  /** The cgroup of whatever belongs to no other. */
  get rootCgroup(): MemoryCgroup {
    return this.#cgroups.of(this.core.memcgRoot());
  }

  /**
   * A new memory cgroup. With the first one pages begin to be charged: what there is belongs to the root.
   *
   * @throws KernelError EINVAL, ENOMEM, ESTALE
   */
  createCgroup(name = "", options: CgroupOptions = {}): MemoryCgroup {
    text("createCgroup", "name", name);
    const cgroup = makeCgroup(this.#context, name, options);
    this.#cgroups.adopt(cgroup.handle, cgroup);
    return cgroup;
  }

  /**
   * One more swap area. The one with the highest priority is filled first.
   *
   * @param pages 1 to 2^31-1 less what there is
   * @returns its number
   * @throws KernelError EINVAL, EPERM when there are eight
   */
  swapon(pages: number, options: SwapOptions = {}): number {
    integer("swapon", "pages", pages, 1, MAX_COUNT);
    checkOptions("swapon", options, swapOptions);
    const { priority = -1 } = options;
    integer("swapon", "priority", priority, -1, MAX_PRIORITY);
    const area = this.#machine.call(Op.SwapOn, pages, priority + 1);
    if (area >= 0) return area;
    const why =
      area === -Errno.EPERM
        ? `there are ${MAX_SWAP_AREAS} swap areas, and no more than that`
        : `pages is ${pages}, accepted: up to ${MAX_COUNT} in all swap areas together`;
    throw failed(area, `swapon(${pages})`, why);
  }

  /**
   * Takes a swap area out of use: everything in it is brought back first.
   *
   * @throws KernelError EINVAL for no area, ENOMEM when there are too few frames; it stays in use then
   */
  swapoff(area: number): void {
    integer("swapoff", "area", area, 0, MAX_SWAP_AREAS - 1);
    const result = this.#machine.call(Op.SwapOff, area);
    if (result >= 0) return;
    const why =
      result === -Errno.EINVAL
        ? `area is ${area}, accepted: a swap area in use`
        : this.#whyStaysOn(area);
    throw failed(result, `swapoff(${area})`, why);
  }

  /** A memory cgroup's limit sends pages back to where they came from. */
  #whyStaysOn(area: number): string {
    const used = this.swapAreas.find(({ number }) => number === area)?.used ?? 0;
    const limited =
      this.#context.hasCgroupsBelow(this.rootCgroup) && used <= this.vmstat().nr_free_pages;
    return limited
      ? "what is in it does not fit within the limits of memory cgroups"
      : "what is in it does not fit in the frames that are free";
  }

  /** The swap areas in use, by number: /proc/swaps. */
  get swapAreas(): readonly SwapArea[] {
    return readSwapAreas(this.core);
  }

  /**
   * Sets the size of the pool of huge pages (/proc/sys/vm/nr_hugepages). It gets as many as there are rows of
   * 512 free frames for, and keeps those that are in use or promised.
   *
   * @param pages 0 to 2^31-1, of 512 frames each
   * @returns how many it has then
   * @throws KernelError EINVAL
   */
  setHugePages(pages: number): number {
    poolSize("setHugePages", pages);
    return this.#machine.call(Op.SetHugePages, pages);
  }

  /** The pool of huge pages. */
  get hugePages(): HugePages {
    const [total, free, reserved] = [11, 12, 13].map((which) => this.core.zoneStat(which));
    return { total: total ?? 0, free: free ?? 0, reserved: reserved ?? 0 };
  }

  /** While held, pages that are being written stay under writeback, until somebody has to wait for one. */
  holdIo(hold: boolean): void {
    this.#machine.call(Op.HoldIo, flag("holdIo", "hold", hold) ? 1 : 0);
  }

  /**
   * Reclaims until so many pages were freed or everything was tried.
   *
   * @param pages 0 to 2^31-1
   * @returns pages reclaimed
   * @throws KernelError EINVAL, ESTALE, ESRCH when the process has exited
   */
  reclaim(pages: number, options: ReclaimOptions = {}): number {
    integer("reclaim", "pages", pages, 0, MAX_COUNT);
    checkOptions("reclaim", options, reclaimOptions);
    const cgroup = cgroupOf(this.#context, options.cgroup, "reclaim");
    const kind = options.background ? Reclaim.Background : Reclaim.Direct;
    if (options.background && options.process !== undefined) {
      throw refused(
        "reclaim",
        "process",
        options.process,
        "none, as background reclaim is kswapd's",
        options.process.name,
      );
    }
    const task = contextOf(this.#context, options.process, "reclaim");
    const result = this.#machine.call(Op.Reclaim, cgroup, pages, kind, task);
    if (result >= 0) return result;
    const why = MemoryCgroup.whyGone(result, options.cgroup) || whyNoContext(result);
    throw failed(result, `reclaim(${pages})`, why);
  }

  /**
   * One scan of khugepaged: every range that may be a huge page, and suits, is made one.
   *
   * @returns huge pages made
   * @throws KernelError EBUSY while a process is held inside a fault, for whose mmap_sem it would wait
   */
  khugepagedScan(): number {
    const result = this.#machine.call(Op.KhugepagedScan);
    if (result < 0) throw failed(result, "khugepagedScan()", "a process is held inside a fault");
    return result;
  }

  /** The swap token: null in releases that have none, and with `swapToken: "off"`. */
  get swapToken(): SwapToken | null {
    return readSwapToken(this.#context);
  }

  /** What /proc/vmstat shows. */
  vmstat(): VmStatistics {
    return readVmStat(this.core);
  }

  /** Pages of frames that are known to be broken: HardwareCorrupted of /proc/meminfo. */
  get hardwareCorrupted(): number {
    return this.core.zoneStat(10);
  }

  /** The processes that have not exited, by pid. @throws KernelError ENOMEM */
  override get processes(): Process[] {
    const at = this.core.taskList() >>> 0;
    if (!at) throw new KernelError("ENOMEM", "processes", "no room for the result");
    const { floats } = this.#machine;
    const n = floats[at / 8] ?? 0;
    const handles = Array.from(floats.subarray(at / 8 + 1, at / 8 + 1 + n));
    return handles.map((handle) => this.#processes.of(handle));
  }

  /** The page in a frame. @throws KernelError ESTALE when the frame is free or does not exist, EINVAL */
  page(frame: number): Page {
    numeric("page", "frame", frame);
    const exists = Number.isInteger(frame) && frame > 0 && frame <= this.options.frames;
    const handle = exists ? this.core.pageHandle(frame) : 0;
    if (!handle) throw new KernelError("ESTALE", `page(${frame})`, "no page in use");
    return new Page(this.#context, handle);
  }

  /** Exact counts since the last reset. */
  get counters(): Counters {
    return readCounters(this.#machine);
  }

  /**
   * How often locks were taken and for how many steps they were held, since the last reset. The builds `checked`
   * and `explore` count that, and the same; null in `release`, which has no locks.
   */
  get lockCounters(): LockCounters | null {
    return readLockCounters(this.#machine);
  }

  /**
   * Locks that the operation under way holds, the one taken first in front: for callbacks of mmu notifiers, as nothing
   * is held between operations. Null in `release`, which has no locks.
   */
  get heldLocks(): readonly HeldLock[] | null {
    return readHeldLocks(this.#machine);
  }

  /** Counts start from 0 again, peaks from what is there. */
  resetCounters(): void {
    this.core.countersReset();
  }

  /** VMAs of all processes. */
  get vmaCount(): number {
    return this.core.vmaCount() >>> 0;
  }

  /** anon_vmas that there are now. */
  get anonVmaCount(): number {
    return this.core.zoneStat(14);
  }

  /** Links of VMAs to anon_vmas that there are now. */
  get chainCount(): number {
    return this.core.zoneStat(15);
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
    if (typeof snapshot !== "object" || !(snapshot?.kernel instanceof Kernel)) {
      throw refused("restore", "snapshot", snapshot, "what snapshot() gave");
    }
    if (snapshot.kernel !== this) {
      throw new KernelError("EINVAL", "restore()", "the snapshot was taken of another kernel");
    }
    this.#machine.load(snapshot.image);
    this.#lineage.rewind(snapshot.mark);
    for (const table of [this.#processes, this.#files, this.#cgroups]) table.prune();
  }

  override get context(): Context {
    return this.#context;
  }

  /** Many operations in one call of the core. */
  batch(): Batch {
    return new Batch(this.#context, 0, this.#context.batchCapacity);
  }

  /**
   * Starts or stops recording what happens inside operations, and forgets what was recorded.
   *
   * @throws KernelError EINVAL, ENOMEM
   */
  recordEvents(on: boolean, options: RecordOptions = {}): void {
    this.#recorder.record(on, options);
  }

  /** What happened since the last call, oldest first: as many events as recordEvents() keeps. */
  takeEvents(): KernelEvent[] {
    return this.#recorder.take();
  }

  /** Events beyond those that the last takeEvents() returned. */
  get droppedEvents(): number {
    return this.#recorder.dropped;
  }

  /**
   * The pages that benchmark loops of the core go over: good until one of them is freed.
   *
   * @throws KernelError EINVAL for no frames, or one that holds no page; ENOMEM
   */
  setSample(frames: Uint32Array): void {
    setSample(this.core, frames);
  }

  /** Gives the memory back. Everything of this kernel is ESTALE afterwards. */
  dispose(): void {
    this.#machine.dispose();
    this.#processes.clear();
    this.#files.clear();
    this.#cgroups.clear();
  }
}

/** Is a cgroup right below another? Not one that was removed. */
function isBelow(cgroup: MemoryCgroup, parent: MemoryCgroup): boolean {
  return cgroup.exists && cgroup.parent === parent;
}
