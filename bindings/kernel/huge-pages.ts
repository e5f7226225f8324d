import { Op } from "../../assembly/abi/operation.js";
import type { Core } from "../core/core.js";
import type { Machine } from "../core/machine.js";
import { poolSize } from "./options.js";

/** The pool of huge pages, as /proc/meminfo shows it; what is promised is among what is free. */
export interface HugePages {
  readonly total: number;
  readonly free: number;
  readonly reserved: number;
}

/** Sets the size of the pool. @returns how many it has then @throws KernelError EINVAL */
export function setHugePages(machine: Machine, pages: number): number {
  poolSize("setHugePages", pages);
  return machine.call(Op.SetHugePages, pages);
}

export function readHugePages(core: Core): HugePages {
  return { total: core.zoneStat(11), free: core.zoneStat(12), reserved: core.zoneStat(13) };
}
