import { Op } from "../../assembly/abi/operation.js";
import { checkOptions, integer, type OptionTypes } from "./argument.js";
import { whyGone } from "./cgroup-refusal.js";
import { failed, type Context } from "./context.js";
import { cgroupOf, type MemoryCgroup } from "./memory-cgroup.js";
import { DEFAULT_HEAP } from "./operation.js";
import type { Process } from "./process.js";
import { exhausted } from "./reason.js";

/** Options of spawn. */
export interface SpawnOptions {
  /** Where the heap begins. Default DEFAULT_HEAP. */
  readonly brk?: number;
  /** To which its pages and those of its children are charged. Default the root's. */
  readonly cgroup?: MemoryCgroup;
}

const spawnOptions: OptionTypes<SpawnOptions> = { brk: "number", cgroup: "any" };

/** Makes a process with an empty address space. @throws KernelError EINVAL, ENOMEM, ESTALE */
export function spawn(context: Context, options: SpawnOptions): Process {
  checkOptions("spawn", options, spawnOptions);
  const { brk = DEFAULT_HEAP } = options;
  integer("spawn", "brk", brk);
  const cgroup = cgroupOf(context, options.cgroup, "spawn");
  const handle = context.machine.call(Op.Spawn, brk, cgroup);
  if (handle >= 0) return context.processOf(handle);
  throw failed(handle, "spawn()", whyGone(handle, options.cgroup) || exhausted(context));
}
