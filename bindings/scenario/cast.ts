// Whom and what a script has named so far.

import type { File } from "../kernel/file.js";
import type { Kernel } from "../kernel/kernel.js";
import type { MemoryCgroup } from "../kernel/memory-cgroup.js";
import type { Process } from "../kernel/process.js";
import type { NamedDevice, NamedProcess } from "./dump.js";
import type { RangeOutcome } from "./page-range.js";

/** Result of an operation on a process or file that is not there any more, or never came to be. */
export const SKIPPED = "SKIP";

/** What a step that goes over no range has to say about one. */
export const NO_RANGE: Omit<RangeOutcome, "gone"> = { stayed: [], numbers: new Map() };

/** The kernel that a script runs on, with everything that the script made there, by name. */
export class Cast {
  /** Processes, dead ones too, in the order in which they came to be. */
  readonly processes = new Map<string, NamedProcess>();
  readonly files = new Map<string, File>();
  readonly cgroups = new Map<string, MemoryCgroup>();
  /** Devices, those that were let go too. */
  readonly devices = new Map<string, NamedDevice>();
  /** Files that the script asked for so far, also in vain. */
  filesMade = 0;
  /** What the operation that is running left of its range. */
  range: Omit<RangeOutcome, "gone"> = NO_RANGE;

  constructor(readonly kernel: Kernel) {}

  /** Takes a new process in, under its name. */
  add(name: string, parent: string | null, process: Process): void {
    process.name = name;
    this.processes.set(name, { name, parent, process });
  }

  /** A memory cgroup by its name, the root for null; undefined if it is gone, or never came to be. */
  cgroup(name: string | null): MemoryCgroup | undefined {
    if (name === null) return this.kernel.rootCgroup;
    const cgroup = this.cgroups.get(name);
    return cgroup?.exists ? cgroup : undefined;
  }
}

/** In whose context something is done, by name; null: nobody's of the script; undefined: his who is gone. */
export function doneBy(
  { processes }: Cast,
  name: string | null,
): { readonly process?: Process } | undefined {
  if (name === null) return {};
  const process = processes.get(name)?.process;
  return process?.alive ? { process } : undefined;
}
