import type { Draws } from "./draws.js";
import type { MachineOperation } from "./operation.js";

/** An operation on the whole machine. */
export function onMachine(
  op: MachineOperation["op"],
  draws: Draws,
  cgroups: number,
): MachineOperation {
  switch (op) {
    case "ksm":
    case "ksm-scan":
    case "ksm-unmerge":
      return { op };
    case "reclaim":
      return {
        op,
        pages: draws.pick([1, 2, 4, 8, 32, 1000]),
        kind: draws.pick(["direct", "background"] as const),
        cgroup: draws.chance(1, 4) ? draws.below(cgroups) : null,
      };
    case "io":
      return { op, hold: draws.chance(1, 2) };
    case "swapon":
      return { op, pages: draws.pick([0, 1, 4, 16]), priority: draws.pick([-1, -1, 0, 3]) };
    case "swapoff":
      return { op, area: draws.below(4) };
  }
}
