import { BATCH_LIMIT, type Machine, type MachineImage } from "../core/machine.js";
import type { Context } from "./context.js";
import { File } from "./file.js";
import { Lineage, type Mark } from "./lineage.js";
import { MemoryCgroup } from "./memory-cgroup.js";
import { CallbackTable } from "./mmu-notifier-callbacks.js";
import { ObjectTable } from "./object-table.js";
import type { ResolvedOptions } from "./options.js";
import { Page } from "./page.js";
import { Process } from "./process.js";
import { Thresholds } from "./threshold.js";

/** A machine, and the objects of it that JavaScript has met. */
export class KernelContext implements Context {
  readonly lineage = new Lineage();
  readonly thresholds: Thresholds;
  readonly callbacks: CallbackTable;
  batchCapacity = BATCH_LIMIT;
  readonly #processes = new ObjectTable((handle) => new Process(this, handle));
  readonly #files = new ObjectTable((handle) => new File(this, handle, ""));
  readonly #cgroups = new ObjectTable((handle) => {
    const name = handle === this.machine.core.memcgRoot() ? "root" : "";
    return new MemoryCgroup(this, handle, name);
  });

  constructor(
    readonly machine: Machine,
    readonly options: ResolvedOptions,
  ) {
    this.thresholds = new Thresholds(machine);
    this.callbacks = new CallbackTable(machine);
  }

  processOf(handle: number): Process {
    return this.#processes.of(handle);
  }

  fileOf(handle: number): File | null {
    return handle ? this.#files.of(handle) : null;
  }

  fileOfInode(inode: number): File | null {
    if (!inode) return null;
    for (const file of this.#files.values()) if (file.inode === inode && file.current) return file;
    return null;
  }

  adopt(handle: number, file: File): void {
    this.#files.adopt(handle, file);
  }

  cgroupOf(handle: number): MemoryCgroup {
    return this.#cgroups.of(handle);
  }

  get rootCgroup(): MemoryCgroup {
    return this.#cgroups.of(this.machine.core.memcgRoot());
  }

  adoptCgroup(cgroup: MemoryCgroup): void {
    this.#cgroups.adopt(cgroup.handle, cgroup);
  }

  hasCgroupsBelow(cgroup: MemoryCgroup): boolean {
    return [...this.#cgroups.values()].some((it) => it.exists && it.parent === cgroup);
  }

  pageOf(handle: number): Page {
    return new Page(this, handle);
  }

  /** The machine, and which objects belong to its past, as a snapshot keeps them. */
  save(): { image: MachineImage; mark: Mark } {
    return { image: this.machine.save(), mark: this.lineage.mark() };
  }

  /** Back to what save() gave; what was met since then is forgotten. */
  load(image: MachineImage, mark: Mark): void {
    this.machine.load(image);
    this.lineage.rewind(mark);
    for (const table of this.#tables) table.prune();
  }

  /** Gives the memory back. */
  dispose(): void {
    this.machine.dispose();
    for (const table of this.#tables) table.clear();
  }

  get #tables(): readonly Pick<ObjectTable<Process>, "prune" | "clear">[] {
    return [this.#processes, this.#files, this.#cgroups];
  }
}
