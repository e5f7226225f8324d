import type { OptionTypes } from "./argument.js";
import type { MemoryCgroup } from "./memory-cgroup.js";
import type { Process } from "./process.js";

/** Options of pageReferenced. */
export interface ReferencedOptions {
  /** Only its processes are asked. */
  readonly cgroup?: MemoryCgroup;
  /** Who asks. Default: none of the processes. */
  readonly process?: Process;
}

/** @internal */
export const referencedOptions: OptionTypes<ReferencedOptions> = { cgroup: "any", process: "any" };
