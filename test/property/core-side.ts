import {
  KernelError,
  type File,
  type Kernel,
  type MemoryCgroup,
  type MmuNotifier,
  type Process,
} from "../../bindings/index.js";
import { mmapOptions, mremapOptions } from "./core-options.js";
import { ofDevice, ofFile, ofPages } from "./core-pages.js";
import { FILE_WORD, FILE_WORD_STEP } from "./model-side.js";
import type {
  CgroupOperation,
  MachineOperation,
  Operation,
  Outcome,
  ProcessOperation,
} from "./operation.js";

/** Performs operations on the real core, through the public API. */
export class CoreSide {
  readonly processes: Process[] = [];
  readonly files: File[] = [];
  /** Of each file: it was not closed. */
  readonly held: boolean[] = [];
  readonly devices: MmuNotifier[] = [];
  readonly cgroups: MemoryCgroup[];
  private saved: (() => void) | null = null;

  constructor(
    readonly kernel: Kernel,
    /** For messages: build and index. */
    readonly name: string,
  ) {
    this.cgroups = [kernel.rootCgroup];
  }

  perform(operation: Operation): Outcome {
    try {
      return this.attempt(operation);
    } catch (error) {
      if (error instanceof KernelError && error.code !== "BUG") return error.code;
      throw error;
    }
  }

  private attempt(operation: Operation): Outcome {
    switch (operation.op) {
      case "cgroup":
      case "limit":
      case "hierarchy":
      case "recount":
      case "empty":
      case "rmdir":
        this.onCgroup(operation);
        return 0;
      case "spawn":
        this.processes.push(this.kernel.spawn({ brk: 0, cgroup: this.cgroup(operation.cgroup) }));
        return 0;
      case "file": {
        const word = FILE_WORD + this.files.length * FILE_WORD_STEP;
        const { pages, kind, zeros } = operation;
        this.files.push(this.kernel.createFile({ pages, kind, ...(zeros ? {} : { word }) }));
        this.held.push(true);
        return 0;
      }
      case "close":
        this.file(operation.file).close();
        this.held[operation.file] = false;
        return 0;
      case "open":
        this.files.push(this.file(operation.file).open());
        this.held.push(true);
        return 0;
      default:
        if ("process" in operation)
          return this.onProcess(operation, this.process(operation.process));
        if ("file" in operation) return ofFile(operation, this.file(operation.file));
        if ("device" in operation) return ofDevice(operation, this.device(operation.device));
        return this.ofMachine(operation);
    }
  }

  private onCgroup(operation: CgroupOperation): void {
    if (operation.op === "cgroup") {
      const { parent, hierarchy } = operation;
      const options = { parent: this.cgroup(parent), ...(hierarchy ? { hierarchy } : {}) };
      this.cgroups.push(this.kernel.createCgroup("", options));
      return;
    }
    const cgroup = this.cgroup(operation.cgroup);
    if (operation.op === "limit") cgroup.setLimit(operation.pages);
    else if (operation.op === "hierarchy") cgroup.setHierarchy(operation.on);
    else if (operation.op === "recount") {
      cgroup.resetMaxUsage();
      cgroup.resetFailcnt();
    } else if (operation.op === "empty") cgroup.forceEmpty();
    else cgroup.remove();
  }

  private ofMachine(operation: MachineOperation): Outcome {
    const { kernel } = this;
    switch (operation.op) {
      case "snapshot":
        this.saved = this.save();
        return 0;
      case "restore":
        this.saved?.();
        return 0;
      case "ksm":
        return kernel.ksm.settle();
      case "ksm-scan":
        return kernel.ksm.scan();
      case "ksm-unmerge":
        return kernel.ksm.unmerge();
      case "khugepaged":
        return kernel.khugepagedScan();
      case "take-referenced":
        kernel.storageKeys.takeReferenced();
        return 0;
      case "reclaim":
        return kernel.reclaim(operation.pages, {
          background: operation.kind === "background",
          ...(operation.cgroup === null ? {} : { cgroup: this.cgroup(operation.cgroup) }),
          ...this.by(operation.kind === "background" ? null : operation.by),
        });
      case "io":
        kernel.holdIo(operation.hold);
        return 0;
      case "swapon":
        return kernel.swapon(operation.pages, { priority: operation.priority });
      case "swapoff":
        kernel.swapoff(operation.area);
        return 0;
    }
  }

  /** Keeps the state of now; what it gives back goes back to it. */
  private save(): () => void {
    const { kernel, processes, files, held, devices, cgroups } = this;
    const snapshot = kernel.snapshot();
    const lists: [unknown[], unknown[]][] = [processes, files, held, devices, cgroups].map(
      (list: unknown[]) => [list, [...list]],
    );
    return () => {
      kernel.restore(snapshot);
      for (const [list, before] of lists) list.splice(0, Infinity, ...before);
    };
  }

  private onProcess(operation: ProcessOperation, process: Process): Outcome {
    switch (operation.op) {
      case "device":
        this.devices.push(process.registerNotifier({ model: operation.kind }));
        return 0;
      case "fork":
        this.processes.push(process.fork({ shareMemory: operation.shareMemory }));
        return 0;
      case "exec":
        process.exec({
          brk: operation.brk,
          ...(operation.stack === null ? {} : { stack: operation.stack }),
        });
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
        this.cgroup(operation.cgroup).move(process);
        return 0;
      case "mmap":
        return process.mmap(mmapOptions(operation, (number) => this.file(number)));
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
      case "mlockall": {
        const { current, future } = operation;
        if (current || future) process.mlockall({ current, future });
        else process.munlockall();
        return 0;
      }
      case "mremap":
        return process.mremap(
          operation.address,
          operation.length,
          operation.newLength,
          mremapOptions(operation),
        );
      case "remap": {
        const { address, length, pgoff, nonBlock } = operation;
        process.remapFilePages(address, length, pgoff, { nonBlock });
        return 0;
      }
      case "brk":
        return process.brk(operation.address);
      case "read":
        return process.read(operation.address);
      case "execute":
        process.execute(operation.address);
        return 0;
      case "collapse":
        return process.collapse(operation.address);
      case "write":
        process.write(operation.address, operation.word);
        return 0;
      default:
        return ofPages(this, operation, process);
    }
  }

  /** By number. */
  cgroup(number: number): MemoryCgroup {
    const cgroup = this.cgroups[number];
    if (cgroup === undefined) throw new RangeError(`no cgroup ${String(number)}`);
    return cgroup;
  }

  /** The option that says by whom something is done. */
  by(number: number | null): { readonly process?: Process } {
    return number === null ? {} : { process: this.process(number) };
  }

  /** By number. */
  device(number: number): MmuNotifier {
    const device = this.devices[number];
    if (device === undefined) throw new RangeError(`no device ${String(number)}`);
    return device;
  }

  /** By number. */
  process(number: number): Process {
    const process = this.processes[number];
    if (process === undefined) throw new RangeError(`no process ${String(number)}`);
    return process;
  }

  /** By number. */
  file(number: number): File {
    const file = this.files[number];
    if (file === undefined) throw new RangeError(`no file ${String(number)}`);
    return file;
  }
}
