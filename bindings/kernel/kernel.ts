import { Op } from "../../assembly/abi/operation.js";
import { flag, refused, text } from "./argument.js";
import type { Core, Host } from "../core/core.js";
import { KernelError } from "../core/kernel-error.js";
import { Machine, type MachineImage } from "../core/machine.js";
import { Batch } from "./batch.js";
import { boot } from "./boot.js";
import { makeCgroup } from "./cgroup-making.js";
import type { CgroupOptions } from "./cgroup-options.js";
import { failed, type Context } from "./context.js";
import { EventRecorder } from "./event-recorder.js";
import { File } from "./file.js";
import { fileArguments, type FileOptions } from "./file-options.js";
import { setHugePages } from "./huge-pages.js";
import { KernelContext } from "./kernel-context.js";
import type { KernelEvent, RecordOptions } from "./kernel-event.js";
import { Ksm } from "./ksm.js";
import type { Mark } from "./lineage.js";
import type { MemoryCgroup } from "./memory-cgroup.js";
import type { ResolvedOptions } from "./options.js";
import type { Process } from "./process.js";
import { exhausted } from "./reason.js";
import { reclaim, type ReclaimOptions } from "./reclaim.js";
import { ReverseMap } from "./reverse-map.js";
import { setSample } from "./sample.js";
import { spawn, type SpawnOptions } from "./spawn.js";
import { StorageKeys } from "./storage-keys.js";
import { swapoff, swapon, type SwapOptions } from "./swap-area.js";

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
  /** What an s390x notes of each frame. */
  readonly storageKeys: StorageKeys;
  readonly #context: KernelContext;
  readonly #recorder: EventRecorder;

  /** Made by createKernel(): not for users. */
  constructor(core: Core, options: ResolvedOptions, host: Host) {
    super();
    this.options = options;
    this.#context = new KernelContext(new Machine(core), options);
    this.#recorder = new EventRecorder(this.machine);
    host.notifierCallback = (cookie, what, a, b) =>
      this.#context.callbacks.call(cookie, what, a, b);
    boot(this.#context);
    this.ksm = new Ksm(this.machine);
    this.storageKeys = new StorageKeys(this.#context);
  }

  /** A process with an empty address space. @throws KernelError EINVAL, ENOMEM, ESTALE */
  spawn(options: SpawnOptions = {}): Process {
    return spawn(this.#context, options);
  }

  /** A new file, open. @throws KernelError EINVAL, ENOMEM */
  createFile(options: FileOptions): File {
    const { kind, pages, word, name } = fileArguments(options);
    this.machine.assertIdle();
    const handle = this.core.fileMake(kind, pages, word);
    if (handle < 0) throw failed(handle, "createFile()", exhausted(this.#context));
    const file = new File(this.#context, handle, name);
    this.#context.adopt(handle, file);
    return file;
  }

  /** The cgroup of whatever belongs to no other. */
  get rootCgroup(): MemoryCgroup {
    return this.#context.rootCgroup;
  }

  /**
   * A new memory cgroup. With the first one pages begin to be charged: what there is belongs to the root.
   *
   * @throws KernelError EINVAL, ENOMEM, ESTALE
   */
  createCgroup(name = "", options: CgroupOptions = {}): MemoryCgroup {
    text("createCgroup", "name", name);
    const cgroup = makeCgroup(this.#context, name, options);
    this.#context.adoptCgroup(cgroup);
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
    return swapon(this.#context, pages, options);
  }

  /**
   * Takes a swap area out of use: everything in it is brought back first.
   *
   * @throws KernelError EINVAL for no area, ENOMEM when there are too few frames; it stays in use then
   */
  swapoff(area: number): void {
    swapoff(this.#context, area);
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
    return setHugePages(this.machine, pages);
  }

  /** While held, pages that are being written stay under writeback, until somebody has to wait for one. */
  holdIo(hold: boolean): void {
    this.machine.call(Op.HoldIo, flag("holdIo", "hold", hold) ? 1 : 0);
  }

  /**
   * Reclaims until so many pages were freed or everything was tried.
   *
   * @param pages 0 to 2^31-1
   * @returns pages reclaimed
   * @throws KernelError EINVAL, ESTALE, ESRCH when the process has exited
   */
  reclaim(pages: number, options: ReclaimOptions = {}): number {
    return reclaim(this.#context, pages, options);
  }

  /**
   * One scan of khugepaged: every range that may be a huge page, and suits, is made one.
   *
   * @returns huge pages made
   * @throws KernelError EBUSY while a process is held inside a fault, for whose mmap_sem it would wait
   */
  khugepagedScan(): number {
    const result = this.machine.call(Op.KhugepagedScan);
    if (result < 0) throw failed(result, "khugepagedScan()", "a process is held inside a fault");
    return result;
  }

  /** Copies the machine's state. */
  snapshot(): Snapshot {
    return { kernel: this, ...this.#context.save() };
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
    this.#context.load(snapshot.image, snapshot.mark);
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
    this.#context.dispose();
  }
}
