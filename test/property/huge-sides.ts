// Machines that must look alike to programs, whether or not they have huge pages.

import { KernelError, type Kernel, type MmuNotifier, type Process } from "../../bindings/index.js";
import { PAGE } from "./operation.js";

/** Where the ground begins: on a boundary of huge pages. */
const BASE = 0x200000000000;
/** Pages of a huge page, and of the ground. */
export const HUGE = 512;
export const GROUND = 3 * HUGE;

/** What programs do: results must be the same everywhere. */
export type ProgramOperation =
  | { readonly op: "fork" | "exit" }
  | {
      readonly op: "mmap" | "munmap" | "mlock" | "munlock" | "dontneed" | "sequential" | "dontfork";
      readonly page: number;
      readonly count: number;
    }
  | {
      readonly op: "mprotect";
      readonly page: number;
      readonly count: number;
      readonly prot: "r" | "rw" | "none";
    }
  | { readonly op: "mremap"; readonly page: number; readonly count: number; readonly to: number }
  | { readonly op: "read" | "device-read"; readonly page: number }
  | { readonly op: "write" | "device-write"; readonly page: number; readonly word: number };

/** What the kernel does behind their backs. */
export type KernelOperation =
  | {
      readonly op: "collapse" | "split" | "swap-out" | "migrate" | "referenced" | "pin" | "unpin";
      readonly page: number;
    }
  | { readonly op: "reclaim"; readonly count: number }
  | { readonly op: "ksm" | "khugepaged" | "mergeable" };

export type HugeOperation = (ProgramOperation | KernelOperation) & { readonly process: number };

function at(page: number): number {
  return BASE + page * PAGE;
}

/** A machine, the processes that were made on it, and what it says. */
export class HugeSide {
  readonly processes: Process[];
  private readonly pinned: (() => void)[] = [];
  private readonly devices = new Map<Process, MmuNotifier>();

  constructor(
    readonly kernel: Kernel,
    readonly name: string,
  ) {
    this.processes = [kernel.spawn()];
  }

  /** The first process has a virtual machine's client, its first child a network card's. */
  private deviceOf(process: Process): MmuNotifier | undefined {
    const known = this.devices.get(process);
    const model = (["kvm", "rdma"] as const)[this.processes.indexOf(process)];
    if (known !== undefined || model === undefined) return known;
    const device = process.registerNotifier({ model });
    this.devices.set(process, device);
    return device;
  }

  /** The process that an operation means, null if nobody is left. */
  processOf(operation: HugeOperation): Process | null {
    const alive = this.processes.filter((process) => process.alive);
    return alive[operation.process % alive.length] ?? null;
  }

  /** What an operation gives, as programs see it. */
  perform(operation: HugeOperation): number | string {
    const process = this.processOf(operation);
    if (process === null) return "nobody";
    try {
      return this.attempt(operation, process);
    } catch (error) {
      if (error instanceof KernelError && error.code !== "BUG") return error.code;
      throw error;
    }
  }

  private attempt(operation: HugeOperation, process: Process): number | string {
    switch (operation.op) {
      case "fork":
        if (this.processes.filter(({ alive }) => alive).length < 4)
          this.processes.push(process.fork());
        return 0;
      case "exit":
        if (this.processes.filter(({ alive }) => alive).length > 1) process.exit();
        return 0;
      case "read":
        return process.read(at(operation.page));
      case "write":
        process.write(at(operation.page), operation.word);
        return 0;
      case "device-read":
        return this.deviceOf(process)?.read(at(operation.page)) ?? 0;
      case "device-write":
        this.deviceOf(process)?.write(at(operation.page), operation.word);
        return 0;
      case "mmap":
        return process.mmap({
          address: at(operation.page),
          length: operation.count * PAGE,
          fixed: true,
        });
      case "munmap":
        process.munmap(at(operation.page), operation.count * PAGE);
        return 0;
      case "mprotect":
        process.mprotect(at(operation.page), operation.count * PAGE, operation.prot);
        return 0;
      case "mlock":
        process.mlock(at(operation.page), operation.count * PAGE);
        return 0;
      case "munlock":
        process.munlock(at(operation.page), operation.count * PAGE);
        return 0;
      case "dontneed":
      case "sequential":
      case "dontfork":
        process.madvise(at(operation.page), operation.count * PAGE, operation.op);
        return 0;
      case "mremap":
        return this.move(process, operation.page, operation.count, operation.to);
      default:
        return this.behind(operation, process);
    }
  }

  /** Where VMAs are cut depends on anon_vmas, which a read of a huge page makes: only whole VMAs are moved. */
  private move(process: Process, page: number, count: number, to: number): number | string {
    const bytes = count * PAGE;
    return process.mremap(at(page), bytes, bytes, { to: at(to) });
  }

  private behind(operation: KernelOperation, process: Process): number {
    const { kernel } = this;
    if ("page" in operation) {
      const page = process.pageAt(at(operation.page));
      if (operation.op === "collapse") process.collapse(at(operation.page));
      else if (page === null) return 0;
      else if (operation.op === "split") kernel.splitHugePage(page);
      else if (operation.op === "swap-out") kernel.shrinkPage(page, { force: true });
      else if (operation.op === "migrate") kernel.migratePage(page);
      else if (operation.op === "referenced") kernel.pageReferenced(page);
      else if (operation.op === "pin") {
        kernel.pin(page);
        this.pinned.push(() => kernel.unpin(page));
      } else this.pinned.shift()?.();
      return 0;
    }
    if (operation.op === "reclaim") kernel.reclaim(operation.count);
    else if (operation.op === "ksm") kernel.ksm.scan();
    else if (operation.op === "khugepaged") kernel.khugepagedScan();
    else process.madvise(at(0), GROUND * PAGE, "mergeable");
    return 0;
  }

  /** May a range be moved: is it of one VMA, and the target apart from it? */
  isMovable({
    process,
    page,
    count,
    to,
  }: {
    process: number;
    page: number;
    count: number;
    to: number;
  }): boolean {
    const alive = this.processes.filter((it) => it.alive);
    const vma = alive[process % alive.length]?.vmaAt(at(page));
    return (
      vma !== null &&
      vma !== undefined &&
      vma.end >= at(page + count) &&
      (to + count <= page || page + count <= to)
    );
  }

  /** Everything that programs can know: what is mapped, how, and what it contains. */
  visible(): string[] {
    return this.processes.flatMap((process, number) => {
      if (!process.alive) return [];
      const lines: string[] = [];
      for (let page = 0; page < GROUND; page++) {
        const vma = process.vmaAt(at(page));
        if (vma === null) continue;
        const word = vma.prot === "none" ? "-" : this.wordAt(process, page);
        const locked = (vma.flags & 0x2000) !== 0 ? "locked" : "";
        lines.push(`P${number} ${page} ${vma.perms} ${locked} ${word}`);
      }
      return lines;
    });
  }

  private wordAt(process: Process, page: number): number {
    return process.pageAt(at(page))?.word ?? process.read(at(page));
  }

  unpinAll(): void {
    for (const unpin of this.pinned.splice(0)) unpin();
  }
}
