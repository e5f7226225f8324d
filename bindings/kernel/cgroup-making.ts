import { Op } from "../../assembly/abi/operation.js";
import { KernelError } from "../core/kernel-error.js";
import { checkCgroupOptions, limitCode, type CgroupOptions } from "./cgroup-options.js";
import { whyGone } from "./cgroup-refusal.js";
import { failed, type Context } from "./context.js";
import { MemoryCgroup } from "./memory-cgroup.js";
import { NO_MEMORY } from "./reason.js";

/** Makes a cgroup with everything that its options say. @throws KernelError EINVAL, ENOMEM, ESTALE */
export function makeCgroup(context: Context, name: string, options: CgroupOptions): MemoryCgroup {
  const call = "createCgroup";
  checkCgroupOptions(options);
  const limit = options.limit === undefined ? 0 : limitCode(call, options.limit);
  const above = options.parent;
  const parent = above === undefined ? 0 : MemoryCgroup.handleOf(context, above, call, "parent");
  if (options.hierarchy === false && above?.hierarchy) {
    throw new KernelError(
      "EINVAL",
      `${call}()`,
      "hierarchy is false, accepted: true, as its parent has it",
    );
  }
  const handle = context.machine.call(Op.MakeMemcg, parent);
  if (handle < 0) throw failed(handle, `${call}()`, whyGone(handle, above) || NO_MEMORY);
  const cgroup = new MemoryCgroup(context, handle, name);
  // Neither can be refused: nothing is charged to it, and nothing is below it.
  if (options.hierarchy !== undefined) cgroup.setHierarchy(options.hierarchy);
  if (limit) context.machine.call(Op.LimitMemcg, handle, limit);
  return cgroup;
}
