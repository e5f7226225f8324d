// What cgroups are made and limited with.

import { Reclaim } from "../../assembly/abi/argument.js";
import { checkOptions, refused, type OptionTypes } from "./argument.js";
import type { MemoryCgroup } from "./memory-cgroup.js";

/** How to reclaim. */
export interface BackgroundOptions {
  /** As kswapd does, which also writes dirty pages of files; default: as an allocation does. */
  readonly background?: boolean;
}

/** Options of createCgroup. */
export interface CgroupOptions {
  /** Below which it is. Default: the root. */
  readonly parent?: MemoryCgroup;
  /** Is what is below it charged to it as well? Default: as its parent has it. */
  readonly hierarchy?: boolean;
  /** Pages that may be charged to it. Default: no limit. */
  readonly limit?: number | null;
}

const backgroundOptions: OptionTypes<BackgroundOptions> = { background: "flag" };

const cgroupOptions: OptionTypes<CgroupOptions> = {
  parent: "any",
  hierarchy: "flag",
  limit: "any",
};

/** The largest limit; null is none. */
const MAX_LIMIT = 2 ** 32 - 2;

/** Who reclaims a cgroup's pages. @throws KernelError EINVAL */
export function reclaimKind(options: BackgroundOptions): Reclaim {
  checkOptions("reclaim", options, backgroundOptions);
  return options.background ? Reclaim.Background : Reclaim.Direct;
}

/** @throws KernelError EINVAL for what createCgroup does not know */
export function checkCgroupOptions(options: CgroupOptions): void {
  checkOptions("createCgroup", options, cgroupOptions);
}

/** A limit as the core takes it: one more, as 0 is none. @throws KernelError EINVAL */
export function limitCode(call: string, pages: number | null): number {
  if (pages === null) return 0;
  if (Number.isInteger(pages) && pages >= 0 && pages <= MAX_LIMIT) return pages + 1;
  throw refused(call, "limit", pages, `integers from 0 to ${MAX_LIMIT}, null`);
}
