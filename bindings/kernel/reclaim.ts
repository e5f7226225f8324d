import { Reclaim } from "../../assembly/abi/argument.js";
import { Op } from "../../assembly/abi/operation.js";
import { checkOptions, integer, MAX_COUNT, refused, type OptionTypes } from "./argument.js";
import type { BackgroundOptions } from "./cgroup-options.js";
import { whyGone } from "./cgroup-refusal.js";
import { failed, type Context } from "./context.js";
import { cgroupOf, type MemoryCgroup } from "./memory-cgroup.js";
import { contextOf, whyNoContext } from "./process-context.js";
import type { Process } from "./process.js";

/** Options of reclaim. */
export interface ReclaimOptions extends BackgroundOptions {
  /** Only pages of that cgroup. */
  readonly cgroup?: MemoryCgroup;
  /** Who reclaims, as its allocation does. Default: none of the processes. Not with `background`. */
  readonly process?: Process;
}

const reclaimOptions: OptionTypes<ReclaimOptions> = {
  background: "flag",
  cgroup: "any",
  process: "any",
};

/** @returns pages reclaimed @throws KernelError EINVAL, ESTALE, ESRCH when the process has exited */
export function reclaim(context: Context, pages: number, options: ReclaimOptions): number {
  integer("reclaim", "pages", pages, 0, MAX_COUNT);
  checkOptions("reclaim", options, reclaimOptions);
  const { background, process } = options;
  const cgroup = cgroupOf(context, options.cgroup, "reclaim");
  if (background && process !== undefined) {
    const accepted = "none, as background reclaim is kswapd's";
    throw refused("reclaim", "process", process, accepted, process.name);
  }
  const task = contextOf(context, process, "reclaim");
  const kind = background ? Reclaim.Background : Reclaim.Direct;
  const result = context.machine.call(Op.Reclaim, cgroup, pages, kind, task);
  if (result >= 0) return result;
  throw failed(
    result,
    `reclaim(${pages})`,
    whyGone(result, options.cgroup) || whyNoContext(result),
  );
}
