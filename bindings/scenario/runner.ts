// A script driving a kernel, one operation after another.

import type { File } from "../kernel/file.js";
import { KernelError } from "../core/kernel-error.js";
import type { HugePages, Kernel } from "../kernel/kernel.js";
import type { MemoryCgroup } from "../kernel/memory-cgroup.js";
import type { Process } from "../kernel/process.js";
import { addressOf, bytesOf } from "./arena.js";
import type { DumpDocument, DumpResult, NamedDevice, NamedProcess } from "./dump.js";
import { dumpCgroup, ShmemNames, entriesOf, takeDump } from "./dump.js";
import type {
  CgroupOperation,
  DumpOperation,
  FileOperation,
  LimitOperation,
  MemcgOperation,
  MmapOperation,
  MoveOperation,
  OfDeviceOperation,
  OfFileOperation,
  Operation,
  PageOperation,
  PoisonOperation,
  ProcessOperation,
  SpawnOperation,
  WriteOperation,
} from "./operation.js";
import type { Script } from "./script.js";
import { LineError } from "./line-error.js";
import { collapse, migrate, pageShown, type RangeOutcome, swapOut } from "./page-range.js";
import type { Stayed } from "./staying.js";

/** Result of an operation on a process or file that is not there any more, or never came to be. */
export const SKIPPED = "SKIP";
/** Most VMAs, runs and frames that all dumps of one run may hold. */
export const MAX_DUMP_ENTRIES = 2_000_000;
/** Page i of the k-th file starts with FIRST_WORD + k * WORDS_PER_FILE + i. */
const FIRST_WORD = 1_000_000_000;
const WORDS_PER_FILE = 1_000_000;
/** KernelError codes that are defects of a kernel or of this program, and never an operation's result. */
const DEFECTS: readonly string[] = ["BUG", "ESTALE"];

/** What a step that goes over no range has to say about one. */
const NO_RANGE: Omit<RangeOutcome, "gone"> = { stayed: [], numbers: new Map() };

/** One operation that has run. */
export interface Step {
  readonly operation: Operation;
  /** null for a dump. */
  readonly result: DumpResult | null;
  /** Why it failed, if it did. */
  readonly error: KernelError | null;
  /** Pages that it was to take or to move, and had to leave. */
  readonly stayed: readonly Stayed[];
  /** By which page number of its range it knew the frames that it looked at. */
  readonly numbers: ReadonlyMap<number, number>;
}

/** What the document says about who made it. */
export interface RunNames {
  /** The kernel, for example "rmaplab v3.7". */
  readonly kernel: string;
  /** The script's file name without directories. */
  readonly case: string;
}

/** A run of one script on one kernel, which nobody else uses meanwhile. */
export class ScriptRunner {
  readonly #kernel: Kernel;
  readonly #script: Script;
  readonly #document: DumpDocument;
  readonly #processes = new Map<string, NamedProcess>();
  readonly #files = new Map<string, File>();
  readonly #cgroups = new Map<string, MemoryCgroup>();
  readonly #devices = new Map<string, NamedDevice>();
  readonly #shmem = new ShmemNames();
  #range: Omit<RangeOutcome, "gone"> = NO_RANGE;
  #filesMade = 0;
  #dumped = 0;
  #next = 0;
  #finished = false;

  constructor(kernel: Kernel, script: Script, names: RunNames) {
    this.#kernel = kernel;
    this.#script = script;
    this.#document = { oracle: 1, ...names, dumps: [], results: [] };
  }

  /** Everything dumped and done so far; complete once `step` has returned null. */
  get document(): DumpDocument {
    return this.#document;
  }

  /** Processes of the script that ran so far, dead ones too, in the order in which they came to be. */
  get processes(): readonly NamedProcess[] {
    return [...this.#processes.values()];
  }

  /** The pool of huge pages. */
  get hugePages(): HugePages {
    return this.#kernel.hugePages;
  }

  /** A process by the name the script gave, or undefined if it never came to be. */
  process(name: string): Process | undefined {
    return this.#processes.get(name)?.process;
  }

  /** Devices of the script that came to be so far, those that were let go too. */
  get devices(): readonly NamedDevice[] {
    return [...this.#devices.values()];
  }

  /** A device by its name, or undefined if it never came to be. */
  device(name: string): NamedDevice | undefined {
    return this.#devices.get(name);
  }

  /** A file by its name, or undefined if it never came to be. */
  file(name: string): File | undefined {
    return this.#files.get(name);
  }

  /** The operation that `step` will run; undefined at the end. */
  get next(): Operation | undefined {
    return this.#script.operations[this.#next];
  }

  /**
   * Runs the next operation. At the end it takes the final dump, unless the last operation was a dump.
   * @returns null at the end of the script
   * @throws KernelError with code BUG when an assertion of the kernel fails
   * @throws LineError when the dumps grow beyond MAX_DUMP_ENTRIES
   */
  step(): Step | null {
    const operation = this.next;
    if (operation === undefined) {
      if (!this.#finished && this.#script.operations.at(-1)?.op !== "dump") this.#dump("final", 0);
      this.#finished = true;
      return null;
    }
    this.#next++;
    if (operation.op === "dump") return this.#dumpStep(operation);
    return this.#resultStep(operation);
  }

  #dumpStep(operation: DumpOperation): Step {
    this.#dump(operation.label, operation.line);
    return { operation, result: null, error: null, ...NO_RANGE };
  }

  #resultStep(operation: Exclude<Operation, DumpOperation>): Step {
    let outcome: number | string;
    let error: KernelError | null = null;
    this.#range = NO_RANGE;
    try {
      outcome = this.#run(operation);
    } catch (thrown) {
      if (!(thrown instanceof KernelError) || DEFECTS.includes(thrown.code)) throw thrown;
      error = thrown;
      outcome = thrown.code;
    }
    const result: DumpResult = [operation.line, operation.op, outcome];
    this.#document.results.push(result);
    return { operation, result, error, ...this.#range };
  }

  #run(operation: Exclude<Operation, DumpOperation>): number | string {
    switch (operation.op) {
      case "file":
        return this.#createFile(operation);
      case "spawn":
        return this.#spawn(operation);
      case "memcg":
      case "limit":
      case "empty":
      case "rmdir":
        return this.#ofCgroup(operation);
      case "ksm":
        this.#kernel.ksm.settle();
        return 0;
      case "reclaim":
        return this.#kernel.reclaim(operation.count, { background: operation.background });
      case "hugepages":
        return this.#kernel.setHugePages(operation.count);
      case "io":
        this.#kernel.holdIo(operation.hold);
        return 0;
      case "swapon":
        return this.#kernel.swapon(operation.count, { priority: operation.priority });
      case "swapoff":
        this.#kernel.swapoff(operation.area);
        return 0;
      case "device-read":
      case "device-write":
      case "unregister":
        return this.#ofDevice(operation);
      default:
        return "process" in operation ? this.#ofProcess(operation) : this.#ofFile(operation);
    }
  }

  #spawn({ process, cgroup }: SpawnOperation): number | string {
    const group = this.#cgroup(cgroup);
    if (group === undefined) return SKIPPED;
    this.#add(process, null, this.#kernel.spawn({ cgroup: group }));
    return 0;
  }

  /** A memory cgroup by its name, the root for null; undefined if it is gone, or never came to be. */
  #cgroup(name: string | null): MemoryCgroup | undefined {
    if (name === null) return this.#kernel.rootCgroup;
    const cgroup = this.#cgroups.get(name);
    return cgroup?.exists ? cgroup : undefined;
  }

  #ofCgroup(operation: MemcgOperation | LimitOperation | CgroupOperation): number | string {
    if (operation.op === "memcg") {
      const parent = this.#cgroup(operation.parent);
      if (parent === undefined) return SKIPPED;
      const { cgroup: name, hierarchy } = operation;
      const options = hierarchy ? { parent, hierarchy } : { parent };
      this.#cgroups.set(name, this.#kernel.createCgroup(name, options));
      return 0;
    }
    const cgroup = this.#cgroup(operation.cgroup);
    if (cgroup === undefined) return SKIPPED;
    if (operation.op === "limit") cgroup.setLimit(operation.pages);
    else if (operation.op === "empty") cgroup.forceEmpty();
    else cgroup.remove();
    return 0;
  }

  #move(process: Process, { cgroup }: MoveOperation): number | string {
    const group = this.#cgroup(cgroup);
    if (group === undefined) return SKIPPED;
    group.move(process);
    return 0;
  }

  #ofDevice(operation: OfDeviceOperation): number | string {
    const notifier = this.#devices.get(operation.device)?.notifier;
    if (!notifier?.registered) return SKIPPED;
    switch (operation.op) {
      case "device-read":
        return notifier.read(addressOf(operation.page));
      case "device-write":
        notifier.write(addressOf(operation.page), operation.value);
        return 0;
      case "unregister":
        notifier.unregister();
        return 0;
    }
  }

  #ofFile(operation: Exclude<OfFileOperation, FileOperation>): number | string {
    const file = this.#files.get(operation.file);
    if (file === undefined) return SKIPPED;
    switch (operation.op) {
      case "truncate":
        file.truncate(operation.pages);
        return 0;
      case "file-read":
        return file.read(operation.pgoff);
      case "file-write":
        file.write(operation.pgoff, operation.value);
        return 0;
      case "writeback":
        return file.writeback();
      case "punch":
        file.punchHole(operation.pgoff, operation.count);
        return 0;
      case "invalidate":
        return file.invalidate(operation.pgoff, operation.count, operation.how);
    }
  }

  #ofProcess(operation: Exclude<ProcessOperation, SpawnOperation>): number | string {
    const process = this.#processes.get(operation.process)?.process;
    if (!process?.alive) return SKIPPED;
    switch (operation.op) {
      case "fork":
        this.#add(operation.child, operation.process, process.fork());
        return 0;
      case "exit":
        process.exit();
        return 0;
      case "move":
        return this.#move(process, operation);
      case "exec": {
        const { stack } = operation;
        process.exec(stack ? { stack: { pages: stack.pages, top: addressOf(stack.end) } } : {});
        return 0;
      }
      case "notifier": {
        const { newDevice: name, model } = operation;
        const notifier = process.registerNotifier({ model });
        this.#devices.set(name, { name, owner: operation.process, notifier });
        return 0;
      }
      case "mlockall":
        process.mlockall({ current: operation.current, future: operation.future });
        return 0;
      case "munlockall":
        process.munlockall();
        return 0;
      default:
        return "count" in operation
          ? this.#onRange(process, operation)
          : this.#onPage(process, operation);
    }
  }

  /** How many processes hear of it. @throws KernelError EBUSY as memory_failure says of a page that is still used */
  #poison(process: Process, { page, early }: PoisonOperation): number {
    const failure = this.#kernel.memoryFailure(pageShown(process, page), { early });
    if (failure.result === "ignored" || failure.result === "failed") {
      const why = failure.result === "failed" ? "the page is still used" : "nothing could be done";
      throw new KernelError("EBUSY", "poison", why);
    }
    return failure.signalled.length;
  }

  #onPage(process: Process, operation: PageOperation | WriteOperation | PoisonOperation): number {
    const address = addressOf(operation.page);
    switch (operation.op) {
      case "poison":
        return this.#poison(process, operation);
      case "read":
        return process.read(address);
      case "write":
        process.write(address, operation.value);
        return 0;
      case "referenced":
        return this.#kernel.pageReferenced(pageShown(process, operation.page));
      case "rmap":
        return this.#kernel.rmapWalk(pageShown(process, operation.page));
      case "collapse":
        collapse(process, operation.page);
        return 0;
      case "split":
        this.#kernel.splitHugePage(pageShown(process, operation.page));
        return 0;
      case "pin":
        this.#kernel.pin(pageShown(process, operation.page));
        return 0;
      case "unpin":
        this.#kernel.unpin(pageShown(process, operation.page));
        return 0;
    }
  }

  #onRange(
    process: Process,
    operation: Extract<ProcessOperation, { readonly count: number }>,
  ): number | string {
    const address = addressOf(operation.page);
    const length = bytesOf(operation.count);
    switch (operation.op) {
      case "mmap":
        return this.#mmap(process, operation);
      case "munmap":
        process.munmap(address, length);
        return 0;
      case "stack":
        process.mmap({ address, length, fixed: true, growsDown: true });
        return 0;
      case "mprotect":
        process.mprotect(address, length, operation.prot);
        return 0;
      case "mremap": {
        const to = addressOf(operation.newPage);
        process.mremap(address, length, bytesOf(operation.newCount), { mayMove: true, to });
        return 0;
      }
      case "remap_file_pages": {
        const { pgoff, nonBlock } = operation;
        process.remapFilePages(address, length, pgoff, { nonBlock });
        return 0;
      }
      case "madvise":
        process.madvise(address, length, operation.advice);
        return 0;
      case "mlock":
        process.mlock(address, length);
        return 0;
      case "munlock":
        process.munlock(address, length);
        return 0;
      case "swap-out":
        return this.#gone(swapOut(this.#kernel, process, operation.page, operation.count));
      case "migrate":
        return this.#gone(migrate(this.#kernel, process, operation.page, operation.count));
    }
  }

  #gone({ gone, ...range }: RangeOutcome): number {
    this.#range = range;
    return gone;
  }

  #mmap(process: Process, operation: MmapOperation): number | string {
    const { page, count, prot, shared, backing, huge } = operation;
    const placed = { address: addressOf(page), length: bytesOf(count), fixed: true, prot, shared };
    if (backing === null) {
      process.mmap(huge ? { ...placed, hugetlb: true } : placed);
      return 0;
    }
    const file = this.#files.get(backing.file);
    if (file === undefined) return SKIPPED;
    process.mmap({ ...placed, file, pgoff: backing.pgoff, hugetlb: huge });
    return 0;
  }

  #createFile({ file: name, pages, kind }: FileOperation): number {
    const word = FIRST_WORD + this.#filesMade++ * WORDS_PER_FILE;
    // Huge pages start as zero, as there is no way to write a file of them but to map it.
    const contents = kind === "hugetlb" ? {} : { word };
    this.#files.set(name, this.#kernel.createFile({ name, pages, kind, ...contents }));
    return 0;
  }

  #add(name: string, parent: string | null, process: Process): void {
    process.name = name;
    this.#processes.set(name, { name, parent, process });
  }

  #dump(label: string, line: number): void {
    const living = this.processes.filter(({ process }) => process.alive);
    const dump = takeDump(this.#kernel, living, this.devices, this.#shmem, label);
    const cgroups = [...this.#cgroups.values()].filter(({ exists }) => exists);
    if (this.#cgroups.size > 0) dump.memcgs = cgroups.map(dumpCgroup);
    this.#dumped += entriesOf(dump);
    if (this.#dumped > MAX_DUMP_ENTRIES) {
      const accepted = `at most ${MAX_DUMP_ENTRIES} VMAs, runs of pages and frames in all dumps`;
      throw new LineError(this.#script.name, line, "the dumps grow too large", accepted);
    }
    this.#document.dumps.push(dump);
  }
}

/**
 * Runs a whole script.
 * @param kernel a fresh kernel; `machineFor` says how large it must be
 * @param afterStep called after every operation, for checks; what it throws ends the run
 * @param signal ends the run between two operations
 * @throws LineError, KernelError: see `ScriptRunner`
 */
export function runScript(
  kernel: Kernel,
  script: Script,
  names: RunNames,
  { afterStep, signal }: { afterStep?: (step: Step) => void; signal?: AbortSignal } = {},
): DumpDocument {
  const run = new ScriptRunner(kernel, script, names);
  for (let step = run.step(); step !== null; step = run.step()) {
    afterStep?.(step);
    signal?.throwIfAborted();
  }
  return run.document;
}
