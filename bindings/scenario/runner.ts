// A script driving a kernel, one operation after another.

import type { File } from "../kernel/file.js";
import { KernelError } from "../core/kernel-error.js";
import type { HugePages } from "../kernel/huge-pages.js";
import type { Kernel } from "../kernel/kernel.js";
import type { MemoryCgroup } from "../kernel/memory-cgroup.js";
import type { Process } from "../kernel/process.js";
import { Cast, NO_RANGE } from "./cast.js";
import type { Dump, DumpDocument, DumpResult, NamedDevice, NamedProcess } from "./dump.js";
import { dumpCgroup, ShmemNames, entriesOf, takeDump } from "./dump.js";
import { onMachine } from "./machine-operation.js";
import type { DumpOperation, Operation, ProcessOperation, SpawnOperation } from "./operation.js";
import { onProcess } from "./process-operation.js";
import type { Script } from "./script.js";
import { LineError } from "./line-error.js";
import type { Stayed } from "./staying.js";

/** Most VMAs, runs and frames that all dumps of one run may hold. */
export const MAX_DUMP_ENTRIES = 2_000_000;
/** KernelError codes that are defects of a kernel or of this program, and never an operation's result. */
const DEFECTS: readonly string[] = ["BUG", "ESTALE"];

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
  readonly #cast: Cast;
  readonly #script: Script;
  readonly #document: DumpDocument;
  readonly #shmem = new ShmemNames();
  readonly #seen = new ShmemNames();
  #dumped = 0;
  #next = 0;
  #finished = false;

  constructor(kernel: Kernel, script: Script, names: RunNames) {
    this.#cast = new Cast(kernel);
    this.#script = script;
    this.#document = { oracle: 1, ...names, dumps: [], results: [] };
  }

  /** Everything dumped and done so far; complete once `step` has returned null. */
  get document(): DumpDocument {
    return this.#document;
  }

  /** Processes of the script that ran so far, dead ones too, in the order in which they came to be. */
  get processes(): readonly NamedProcess[] {
    return [...this.#cast.processes.values()];
  }

  /** The pool of huge pages. */
  get hugePages(): HugePages {
    return this.#cast.kernel.hugePages;
  }

  /** A process by the name the script gave, or undefined if it never came to be. */
  process(name: string): Process | undefined {
    return this.#cast.processes.get(name)?.process;
  }

  /** Devices of the script that came to be so far, those that were let go too. */
  get devices(): readonly NamedDevice[] {
    return [...this.#cast.devices.values()];
  }

  /** A device by its name, or undefined if it never came to be. */
  device(name: string): NamedDevice | undefined {
    return this.#cast.devices.get(name);
  }

  /** A file by its name, or undefined if it never came to be. */
  file(name: string): File | undefined {
    return this.#cast.files.get(name);
  }

  /** A memory cgroup by its name, the root for null, or undefined if it is gone, or never came to be. */
  cgroup(name: string | null): MemoryCgroup | undefined {
    return this.#cast.cgroup(name);
  }

  /** Memory cgroups of the script that are there, without the root. */
  get cgroups(): readonly MemoryCgroup[] {
    return [...this.#cast.cgroups.values()].filter(({ exists }) => exists);
  }

  /** What the machine looks like now; no part of the document. */
  look(): Dump {
    return this.#take(this.#seen, "");
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
    this.#cast.range = NO_RANGE;
    try {
      outcome = isOfProcess(operation)
        ? onProcess(this.#cast, operation)
        : onMachine(this.#cast, operation);
    } catch (thrown) {
      if (!(thrown instanceof KernelError) || DEFECTS.includes(thrown.code)) throw thrown;
      error = thrown;
      outcome = thrown.code;
    }
    const result: DumpResult = [operation.line, operation.op, outcome];
    this.#document.results.push(result);
    return { operation, result, error, ...this.#cast.range };
  }

  #take(shmem: ShmemNames, label: string): Dump {
    const living = this.processes.filter(({ process }) => process.alive);
    const dump = takeDump(this.#cast.kernel, living, this.devices, shmem, label);
    if (this.#cast.cgroups.size > 0) dump.memcgs = this.cgroups.map(dumpCgroup);
    return dump;
  }

  #dump(label: string, line: number): void {
    const dump = this.#take(this.#shmem, label);
    this.#dumped += entriesOf(dump);
    if (this.#dumped > MAX_DUMP_ENTRIES) {
      const accepted = `at most ${MAX_DUMP_ENTRIES} VMAs, runs of pages and frames in all dumps`;
      throw new LineError(this.#script.name, line, "the dumps grow too large", accepted);
    }
    this.#document.dumps.push(dump);
  }
}

type OfProcess = Exclude<ProcessOperation, SpawnOperation>;

/** Is it an operation of a process that is there already? */
function isOfProcess(operation: Operation): operation is OfProcess {
  return "process" in operation && operation.op !== "spawn";
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
