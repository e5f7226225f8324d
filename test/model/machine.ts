import { AddressSpace, type Environment } from "./address-space.js";
import { zeroCounts, type Counts } from "./counts.js";
import { Inode, OpenFile } from "./file.js";
import { highestGap } from "./placement.js";
import type { Page } from "./page.js";
import { ModelProcess } from "./process.js";
import { pageMkclean, pageReferenced, tryToUnmap, type WalkOrder } from "./reclaim.js";

/** How a model differs from the next one: only the index's order shows, and the limit of VMAs. */
export interface MachineOptions {
  readonly walkOrder?: WalkOrder;
  readonly maxMapCount?: number;
  /** Chooses places for mappings without one; by default the highest gap. */
  readonly placement?: Environment["placement"];
}

/**
 * The naive model of the whole system: processes, VMAs, anon_vmas, pages, files and swap as plain objects in
 * arrays and maps. It shares no code with the core; the two are compared operation by operation.
 */
export class Machine {
  readonly counts: Counts = zeroCounts();
  /** Every process there ever was, in order of birth. */
  readonly processes: ModelProcess[] = [];
  private readonly environment: Environment;
  private readonly walkOrder: WalkOrder;

  constructor(options: MachineOptions = {}) {
    this.walkOrder = options.walkOrder ?? "interval-tree";
    this.environment = {
      maxMapCount: options.maxMapCount ?? 65530,
      counts: this.counts,
      placement: options.placement ?? highestGap,
    };
  }

  spawn(): ModelProcess {
    return this.register(
      new ModelProcess(this.nextPid(), null, new AddressSpace(this.environment)),
    );
  }

  fork(parent: ModelProcess, shareMemory = false): ModelProcess {
    return this.register(parent.fork(this.nextPid(), shareMemory));
  }

  /** A file whose page i starts with `word` + i, or with 0 without a word. */
  createFile(kind: "disk" | "tmpfs", pages: number, name: string, word?: number): OpenFile {
    const firstWord = (index: number): number => (word === undefined ? 0 : word + index);
    return new OpenFile(new Inode(kind, pages, firstWord), name);
  }

  /** Another open of the same file. */
  open(file: OpenFile): OpenFile {
    return new OpenFile(file.inode, file.name);
  }

  pageReferenced(page: Page): number {
    return pageReferenced(page);
  }

  tryToUnmap(page: Page): "success" | "again" | "fail" {
    return tryToUnmap(page, this.walkOrder);
  }

  pageMkclean(page: Page): number {
    return pageMkclean(page);
  }

  private register(process: ModelProcess): ModelProcess {
    this.processes.push(process);
    return process;
  }

  private nextPid(): number {
    return this.processes.length + 1;
  }
}
