import type { Machine } from "../model/machine.js";
import { anyCgroup } from "./cgroup-choice.js";
import type { Draws } from "./draws.js";
import type { MachineOperation } from "./operation.js";

/** As many as there can be. */
const AREAS = 8;

/** An operation on the whole machine. */
export function onMachine(
  op: MachineOperation["op"],
  draws: Draws,
  machine: Machine,
): MachineOperation {
  const areas = [...machine.memory.swap.areas.keys()];
  switch (op) {
    case "ksm":
    case "ksm-scan":
    case "ksm-unmerge":
    case "khugepaged":
    case "take-referenced":
      return { op };
    case "reclaim":
      return {
        op,
        pages: draws.pick([1, 2, 4, 8, 32, 1000]),
        kind: draws.pick(["direct", "background"] as const),
        cgroup: draws.chance(1, 4) ? anyCgroup(draws, machine) : null,
        by: anybody(draws, machine),
      };
    case "snapshot":
    case "restore":
      return { op };
    case "io":
      return { op, hold: draws.chance(1, 2) };
    case "swapon":
      return { op, pages: draws.pick([0, 1, 1, 2, 4, 16]), priority: draws.pick([-1, -1, 0, 3]) };
    case "swapoff":
      return { op, area: draws.chance(1, 4) ? draws.below(AREAS + 1) : draws.pick(areas) };
  }
}

/** In whose context something is done: a process that is alive, or, mostly, none; that shows only with a swap token. */
export function anybody(draws: Draws, { memory, processes }: Machine): number | null {
  if (!memory.token.exists || draws.chance(1, 2)) return null;
  const live = processes.flatMap(({ alive }, number) => (alive ? [number] : []));
  return live.length > 0 ? draws.pick(live) : null;
}
