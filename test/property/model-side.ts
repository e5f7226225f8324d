import type { Device } from "../model/device.js";
import { fail, Failure } from "../model/failure.js";
import type { OpenFile } from "../model/file.js";
import { Machine, type MachineOptions } from "../model/machine.js";
import type { ModelProcess } from "../model/process.js";
import type { Stack } from "../model/stack.js";
import { copyOf } from "./copy.js";
import { ofDevice, ofFile, ofPages } from "./model-pages.js";
import {
  PAGE,
  type MachineOperation,
  type Operation,
  type Outcome,
  type ProcessOperation,
} from "./operation.js";

function stackOf({ stack }: Extract<Operation, { readonly op: "exec" }>): Stack | null {
  return stack === null ? null : { top: stack.top / PAGE, pages: stack.pages };
}

/** First word of page 0 of the first file; further files follow at a distance. */
export const FILE_WORD = 1_000_000_000;
export const FILE_WORD_STEP = 1_000_000;

/** All that a snapshot has. */
interface State {
  readonly machine: Machine;
  readonly files: OpenFile[];
}

type Name = ProcessOperation["op"];

/** Operations that name a process and are not its own: those on its pages, and on its place among cgroups. */
const DONE_TO_IT: ReadonlySet<Name> = new Set<Name>([
  ...(["move", "collapse", "swap-out", "migrate", "try-to-munlock", "page-mkclean"] as const),
  ...(["shrink", "pin", "unpin", "isolate", "putback", "release-buffers"] as const),
  ...(["test-clear-referenced", "test-clear-changed", "poison", "split"] as const),
  ...(["memory-failure", "page-in-vma", "page-referenced", "try-to-unmap"] as const),
]);

/** What needs mmap_sem for reading at most, or no address space at all. */
const SHARED: ReadonlySet<Name> = new Set<Name>([
  ...(["read", "write", "execute", "exec", "exit", "hold", "let-go"] as const),
]);

/** Would it be the doing of a process that is inside a fault, or have to wait for one? */
function isHeldBack(operation: ProcessOperation, { isHeld, space }: ModelProcess): boolean {
  const { op } = operation;
  if (DONE_TO_IT.has(op)) return op === "collapse" && space.processesHeld > 0;
  if (isHeld) return op !== "let-go";
  const waits = !SHARED.has(op) && !(operation.op === "fork" && operation.shareMemory);
  return waits && space.processesHeld > 0;
}

/** Performs operations on the naive model. */
export class ModelSide {
  private state: State;
  private saved: State | null = null;

  constructor(options: MachineOptions) {
    this.state = { machine: new Machine(options), files: [] };
  }

  get machine(): Machine {
    return this.state.machine;
  }

  get files(): OpenFile[] {
    return this.state.files;
  }

  get hasSnapshot(): boolean {
    return this.saved !== null;
  }

  get processes(): readonly ModelProcess[] {
    return this.machine.processes;
  }

  perform(operation: Operation): Outcome {
    try {
      return this.attempt(operation);
    } catch (error) {
      if (error instanceof Failure) return error.code;
      throw error;
    }
  }

  private attempt(operation: Operation): Outcome {
    switch (operation.op) {
      case "cgroup":
        this.machine.createCgroup(operation.parent, operation.hierarchy);
        return 0;
      case "limit":
        this.machine.limitCgroup(operation.cgroup, operation.pages ?? Infinity);
        return 0;
      case "hierarchy":
        this.machine.setHierarchy(operation.cgroup, operation.on);
        return 0;
      case "recount":
        this.machine.recountCgroup(operation.cgroup);
        return 0;
      case "empty":
        this.machine.emptyCgroup(operation.cgroup);
        return 0;
      case "rmdir":
        this.machine.removeCgroup(operation.cgroup);
        return 0;
      case "spawn":
        this.machine.spawn(operation.cgroup);
        return 0;
      case "file": {
        const word = operation.zeros ? null : FILE_WORD + this.files.length * FILE_WORD_STEP;
        this.files.push(this.machine.createFile(operation.kind, operation.pages, "", word));
        return 0;
      }
      case "close":
        this.file(operation.file).close();
        return 0;
      case "open":
        this.files.push(this.machine.open(this.file(operation.file)));
        return 0;
      default:
        if ("process" in operation)
          return this.onProcess(operation, this.process(operation.process));
        if ("file" in operation) return ofFile(operation, this.file(operation.file).inode);
        if ("device" in operation) return ofDevice(operation, this.device(operation.device));
        return this.ofMachine(operation);
    }
  }

  private ofMachine(operation: MachineOperation): Outcome {
    const { machine } = this;
    switch (operation.op) {
      case "snapshot":
        this.saved = copyOf(this.state);
        return 0;
      case "restore":
        if (this.saved === null) throw new Error("nothing to restore");
        this.state = copyOf(this.saved);
        return 0;
      case "ksm":
        return machine.ksm.settle();
      case "ksm-scan":
        return machine.ksm.scan();
      case "ksm-unmerge":
        return machine.ksm.unmerge();
      case "khugepaged":
        return machine.khugepaged();
      case "take-referenced":
        machine.forgetTouches();
        return 0;
      case "reclaim": {
        const by = operation.kind === "background" ? null : operation.by;
        return machine.memory.token.by(machine.spaceOf(by), () =>
          machine.reclaim(operation.pages, operation.kind, operation.cgroup),
        );
      }
      case "io":
        machine.holdIo(operation.hold);
        return 0;
      case "swapon":
        return machine.swapon(operation.pages, operation.priority);
      case "swapoff":
        machine.swapoff(operation.area);
        return 0;
    }
  }

  private onProcess(operation: ProcessOperation, process: ModelProcess): Outcome {
    if (process.alive && isHeldBack(operation, process)) fail("EBUSY");
    const own = process.alive && !DONE_TO_IT.has(operation.op);
    return this.machine.memory.token.by(own ? process.space : null, () =>
      this.performOn(operation, process),
    );
  }

  private performOn(operation: ProcessOperation, process: ModelProcess): Outcome {
    switch (operation.op) {
      case "device":
        this.machine.attach(process, operation.kind);
        return 0;
      case "fork":
        this.machine.fork(process, operation.shareMemory);
        return 0;
      case "exec":
        process.exec(operation.brk, stackOf(operation));
        return 0;
      case "exit":
        process.exit();
        return 0;
      case "hold":
        process.hold();
        return 0;
      case "let-go":
        process.letGo();
        return 0;
      case "move":
        this.machine.moveToCgroup(process, operation.cgroup);
        return 0;
      case "mmap":
        return process.mmap({
          ...(operation.address === null ? {} : { address: operation.address }),
          length: operation.length,
          prot: operation.prot,
          shared: operation.shared,
          fixed: operation.fixed,
          noReserve: operation.noReserve,
          locked: operation.locked,
          growsDown: operation.growsDown,
          stackSetup: operation.stackSetup,
          ...(operation.file === null
            ? {}
            : { file: this.file(operation.file), pgoff: operation.pgoff }),
        });
      case "munmap":
        process.munmap(operation.address, operation.length);
        return 0;
      case "mprotect":
        process.mprotect(operation.address, operation.length, operation.prot);
        return 0;
      case "madvise":
        process.madvise(operation.address, operation.length, operation.advice);
        return 0;
      case "mlock":
        process.mlock(operation.address, operation.length);
        return 0;
      case "munlock":
        process.munlock(operation.address, operation.length);
        return 0;
      case "mlockall":
        process.mlockall(operation);
        return 0;
      case "mremap":
        return process.mremap(operation.address, operation.length, operation.newLength, {
          mayMove: operation.mayMove,
          ...(operation.to === null ? {} : { to: operation.to }),
        });
      case "remap": {
        const { address, length, pgoff, nonBlock } = operation;
        process.remapFilePages(address, length, pgoff, nonBlock);
        return 0;
      }
      case "brk":
        return process.brk(operation.address);
      case "read":
      case "execute": {
        const word = process.access(operation.address, operation.op);
        return operation.op === "read" ? word : 0;
      }
      case "collapse":
        return process.collapse(operation.address);
      case "write":
        process.access(operation.address, "write", operation.word);
        return 0;
      default:
        return ofPages(this.machine, operation, process);
    }
  }

  private device(number: number): Device {
    const device = this.machine.devices[number];
    if (device === undefined) throw new Error(`no device ${String(number)}`);
    return device;
  }

  private process(number: number): ModelProcess {
    const process = this.processes[number];
    if (process === undefined) throw new RangeError(`no process ${String(number)}`);
    return process;
  }

  /** One that is open. ESTALE. */
  private file(number: number): OpenFile {
    const file = this.files[number];
    if (file === undefined) throw new RangeError(`no file ${String(number)}`);
    return file.isHeld ? file : fail("ESTALE");
  }
}
